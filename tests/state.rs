//! What the picture says that cores, vCPUs, rings and mailboxes hold, beside a plain scan of the whole trace.
#![cfg(feature = "app")]

#[path = "support/picture.rs"]
mod picture;

use std::collections::{BTreeMap, BTreeSet};

use egui::vec2;
use picture::{Node, built_in, four, many, run};
use strata::app::scene::doing::Standing;
use strata::app::scene::state::{Bead, Beads, Doing, States, kernel_of};
use strata::app::scene::{Drawing, Index, Scene, SceneOptions, Shape, View};
use strata::app::theme::Theme;
use strata::costs::Primitive;
use strata::engine::Time;
use strata::machine::{ComponentKind, Topology};
use strata::pace::{Moment, PaceMap};
use strata::scenario::library;
use strata::trace::exits::Exits;
use strata::trace::tallies::Tallies;
use strata::trace::{ComponentId, CpuId, Crossing, ExitReason, Hop, JourneyId, StackId, Token, Trace, Wait, What};

/// Runs whose states are looked at: the built-in ones, and two that are fuller.
fn runs() -> Vec<(String, Topology, Trace)> {
    let mut runs: Vec<(String, Topology, Trace)> = Vec::new();
    for built_in_one in library() {
        let (topology, trace) = built_in(built_in_one.id);
        runs.push((built_in_one.id.to_owned(), topology, trace));
    }
    let (topology, trace) = run(&many(12, &four()), 3, 3);
    runs.push(("twelve on three cores".to_owned(), topology, trace));
    let nested = [Node::Vm(vec![Node::Vm(vec![Node::Process(false)]), Node::Container(true)])];
    let (topology, trace) = run(&many(3, &nested), 2, 3);
    runs.push(("nested on two cores".to_owned(), topology, trace));
    runs
}

/// Beginnings, ends and middles of hops: where something changes, and in between.
fn moments(trace: &Trace, count: usize) -> Vec<Time> {
    let hops = trace.hops.len();
    let of = |i: usize| {
        let hop = &trace.hops[i * hops / count];
        match i % 4 {
            0 => hop.start,
            1 => hop.end,
            2 => Time(hop.start.as_ps() / 2 + hop.end.as_ps() / 2),
            _ => Time(hop.end.as_ps().saturating_sub(1)),
        }
    };
    (0..count.min(hops)).map(of).collect()
}

/// The hops of a core in the order in which they began.
fn lane(trace: &Trace, core: CpuId) -> Vec<&Hop> {
    let mut lane: Vec<&Hop> = trace.hops.iter().filter(|hop| hop.core == core).collect();
    lane.sort_by_key(|hop| hop.start);
    lane
}

fn journey_hops(trace: &Trace, journey: JourneyId) -> Vec<&Hop> {
    trace.hops_of(journey).into_iter().map(|id| &trace.hops[id.index()]).collect()
}

fn is_virtual(topology: &Topology, cpu: CpuId) -> bool {
    (usize::from(topology.cores)..topology.cpus.len()).contains(&cpu.index())
}

#[test]
fn a_core_shows_the_hop_that_it_is_in() {
    let mut never_idle = 0;
    for (name, topology, trace) in runs() {
        let index = Index::new(&trace, topology.stacks.len());
        let states = States::new(&topology, &trace, &index);
        let (mut seen, mut idle) = (BTreeSet::new(), 0);
        for time in moments(&trace, 200) {
            for core in (0..topology.cores).map(CpuId) {
                let shown = states.core(&topology, &trace, core, time);
                let scanned = trace.hops.iter().find(|hop| hop.core == core && hop.start <= time && time < hop.end);
                assert_eq!(shown.is_some(), scanned.is_some(), "{name}: {core:?} at {time}");
                let (Some(Doing { ring, root, stack, layer }), Some(hop)) = (shown, scanned) else {
                    idle += 1;
                    continue;
                };
                assert_eq!((stack, layer), (hop.stack.some(), hop.layer), "{name}: {core:?} at {time}");
                // Non-root mode is a vCPU's; ring 3 is a program's own code, and never a kernel's work.
                let interpreted = topology.iter().any(|(_, part)| part.note.contains("interpreted"));
                assert!(interpreted || root != is_virtual(&topology, hop.cpu), "{name}: {core:?} at {time}");
                let part = topology.component(hop.component).unwrap().kind;
                assert!(
                    ring == 0
                        || matches!(part, ComponentKind::App | ComponentKind::DeviceModels | ComponentKind::Memory),
                    "{name}: {hop:?}"
                );
                assert!(ring == 3 || hop.what != What::UserCode, "{name}: {hop:?}");
                seen.insert((ring, root));
            }
        }
        assert!(seen.len() >= 2, "{name}: {seen:?}");
        never_idle += usize::from(idle == 0);
    }
    assert!(never_idle <= 1, "{never_idle} runs in which no core is ever idle");
}

#[test]
fn a_vcpu_is_out_from_its_exit_until_it_goes_on() {
    for (name, topology, trace) in runs() {
        let index = Index::new(&trace, topology.stacks.len());
        let states = States::new(&topology, &trace, &index);
        let vcpus: Vec<CpuId> = (topology.cores..topology.cpus.len() as u16).map(CpuId).collect();
        let lives = Lives::new(&topology, &trace);
        let mut out = 0;
        for time in moments(&trace, 24) {
            for &vcpu in vcpus.iter().take(8) {
                let shown = states.out(vcpu, time);
                assert_eq!(shown, lives.out(vcpu, time), "{name}: {vcpu:?} at {time}");
                out += usize::from(shown.is_some());
                let runs = |hop: &&Hop| hop.cpu == vcpu && hop.start < time && time < hop.end;
                assert!(shown.is_none() || !trace.hops.iter().any(|hop| runs(&hop)), "{name}: {vcpu:?} runs at {time}");
            }
        }
        // Arithmetic hardly ever leaves its guest: it may be in it at all of these moments.
        assert!(vcpus.is_empty() || out > 0 || name == "compute-only", "{name}");
    }
}

#[test]
fn exits_by_vcpu_add_up_to_the_reports_and_to_a_scan() {
    for (name, topology, trace) in runs() {
        let stacks: Vec<Option<StackId>> = topology.cpus.iter().map(|cpu| cpu.stack).collect();
        let exits = Exits::new(&trace, usize::from(topology.cores), &stacks);
        let vcpus = || (topology.cores..topology.cpus.len() as u16).map(CpuId);
        for time in moments(&trace, 12).into_iter().chain([Time::MAX]) {
            for (i, _) in topology.stacks.iter().enumerate() {
                let stack = StackId(i as u32);
                let own: Vec<CpuId> = vcpus().filter(|cpu| stacks[cpu.index()] == Some(stack)).collect();
                for reason in ExitReason::ALL {
                    let of = |hop: &&Hop| hop.stack == stack && hop.crossing == Crossing::VmExit(reason);
                    let scanned = trace.hops.iter().filter(|hop| of(hop) && hop.start <= time).count() as u64;
                    let counted: u64 = own.iter().map(|&vcpu| exits.spent(vcpu, reason, time).count).sum();
                    assert_eq!(counted, scanned, "{name}: {stack:?} {reason:?} at {time}");
                }
            }
        }
        // A vCPU is never out for two reasons at once, nor longer than the run lasts.
        let end = trace.hops.iter().map(|hop| hop.end).max().unwrap();
        for vcpu in vcpus() {
            let out: u64 = ExitReason::ALL.iter().map(|&reason| exits.spent(vcpu, reason, end).time.as_ps()).sum();
            assert!(out <= end.as_ps(), "{name}: {vcpu:?} {out} of {end}");
        }
    }
}

/// Whose interrupts are pending for a vCPU, by following every operation and every core from its beginning.
fn scan_mailbox(topology: &Topology, trace: &Trace, vcpu: CpuId, time: Time) -> Vec<(Time, StackId)> {
    let mut pending = Vec::new();
    let taken = |hop: &Hop| hop.crossing == Crossing::Interrupt && is_virtual(topology, hop.cpu);
    for id in (0..trace.journeys.len() as u32).map(JourneyId) {
        let mut since = None;
        for hop in journey_hops(trace, id) {
            if let What::Pay(Primitive::VirtioBackendPush | Primitive::HandleIcr) = hop.what {
                since = Some(hop.end);
            } else if hop.crossing == Crossing::Injection && since.is_none() {
                since = Some(hop.start);
            } else if taken(hop)
                && let Some(from) = since.take()
            {
                let now = from <= time && time < hop.start && hop.cpu == vcpu;
                pending.extend(now.then_some((from, hop.stack)));
            }
        }
    }
    for core in (0..topology.cores).map(CpuId) {
        let mut since: Option<(Time, StackId)> = None;
        for hop in lane(trace, core).into_iter().filter(|hop| hop.journey == JourneyId::NONE) {
            if hop.crossing == Crossing::Injection {
                since = Some((hop.start, hop.stack));
            } else if taken(hop)
                && let Some((from, stack)) = since.take()
            {
                let now = stack == hop.stack && from <= time && time < hop.start && hop.cpu == vcpu;
                pending.extend(now.then_some((from, stack)));
            }
        }
    }
    pending.sort_unstable();
    pending
}

#[test]
fn an_interrupt_lies_in_the_mailbox_until_the_guest_takes_it() {
    for (name, topology, trace) in runs() {
        let index = Index::new(&trace, topology.stacks.len());
        let states = States::new(&topology, &trace, &index);
        let vcpus: Vec<CpuId> = (topology.cores..topology.cpus.len() as u16).map(CpuId).collect();
        let mut waiting = 0;
        for time in moments(&trace, 24) {
            for &vcpu in vcpus.iter().take(6) {
                let mut scanned: Vec<StackId> =
                    scan_mailbox(&topology, &trace, vcpu, time).into_iter().map(|(_, stack)| stack).collect();
                let mut shown = states.mailbox(vcpu, time);
                waiting += shown.len();
                shown.sort_unstable();
                scanned.sort_unstable();
                assert_eq!(shown, scanned, "{name}: {vcpu:?} at {time}");
            }
        }
        // Injections take little time: of those that there are, one is found by looking at it.
        let injected = trace.hops.iter().find(|hop| hop.crossing == Crossing::Injection && hop.end > hop.start);
        if let Some(hop) = injected {
            let time = Time(hop.end.as_ps() - 1);
            waiting += vcpus.iter().map(|&vcpu| states.mailbox(vcpu, time).len()).sum::<usize>();
            assert!(waiting > 0, "{name}: {hop:?}");
        }
    }
}

/// The requests that lie in virtual disks' rings.
fn scan_rings(topology: &Topology, trace: &Trace, time: Time) -> BTreeMap<ComponentId, Vec<JourneyId>> {
    let disk = |hop: &Hop| {
        // Of a kernel's driver; a firmware's looks at its one request itself.
        topology.component(hop.component).filter(|part| part.kind == ComponentKind::KernelPart)?;
        let hardware = topology.component(kernel_of(topology, hop.component)?)?.parent?;
        topology.children(hardware).find(|(_, part)| part.kind == ComponentKind::Disk).map(|(id, _)| id)
    };
    let mut rings: BTreeMap<ComponentId, Vec<JourneyId>> = BTreeMap::new();
    for id in (0..trace.journeys.len() as u32).map(JourneyId) {
        let mut open: Vec<ComponentId> = Vec::new();
        for hop in journey_hops(trace, id).into_iter().filter(|hop| hop.end <= time && hop.token != Token::Packet) {
            match hop.what {
                What::Pay(Primitive::VirtioFill) => open.extend(disk(hop)),
                What::Pay(Primitive::VirtioReap) => {
                    let at = open.iter().rposition(|of| Some(*of) == disk(hop));
                    if let Some(at) = at {
                        open.remove(at);
                    }
                }
                _ => {}
            }
        }
        open.into_iter().for_each(|disk| rings.entry(disk).or_default().push(id));
    }
    rings
}

#[test]
fn a_request_lies_in_the_ring_from_filling_to_reaping() {
    for (name, topology, trace) in runs() {
        let index = Index::new(&trace, topology.stacks.len());
        let states = States::new(&topology, &trace, &index);
        let mut taken = 0;
        for time in moments(&trace, 40) {
            let scanned = scan_rings(&topology, &trace, time);
            for (disk, _) in topology.iter().filter(|(_, part)| part.kind == ComponentKind::Disk) {
                let slots = states.ring(disk, time);
                // (Seen to fail with a firmware's requests counted as its host's kernel's.)
                let of_host = topology.component(disk).is_some_and(|part| part.stack.is_none());
                assert!(!of_host || slots.is_empty(), "{name}: a disk of the hardware has no ring, at {time}");
                let places: BTreeSet<usize> = slots.iter().map(|slot| slot.place).collect();
                assert_eq!(places.len(), slots.len(), "{name}: two in one place at {time}: {slots:?}");
                let mut journeys: Vec<JourneyId> = slots.iter().map(|slot| slot.journey).collect();
                journeys.sort_unstable();
                assert_eq!(&journeys, scanned.get(&disk).unwrap_or(&Vec::new()), "{name}: {disk:?} at {time}");
                taken += slots.len();
            }
        }
        let virtual_disks = trace.hops.iter().any(|hop| hop.what == What::Pay(Primitive::VirtioFill));
        assert!(!virtual_disks || taken > 0, "{name}");
    }
}

/// What the thread of an operation's program does, told from the beginning of the operation on.
#[derive(Clone, Copy, PartialEq)]
enum Thread {
    Awake,
    Woken,
    Asleep,
}

/// By processor: when it began to do anything, and when and why it left its guest.
struct Lives {
    begins: BTreeMap<CpuId, Vec<Time>>,
    exits: BTreeMap<CpuId, Vec<(Time, ExitReason)>>,
}

impl Lives {
    fn new(topology: &Topology, trace: &Trace) -> Lives {
        let mut lives = Lives { begins: BTreeMap::new(), exits: BTreeMap::new() };
        trace.hops.iter().for_each(|hop| lives.begins.entry(hop.cpu).or_default().push(hop.start));
        let vcpus = || (topology.cores..topology.cpus.len() as u16).map(CpuId);
        for core in (0..topology.cores).map(CpuId) {
            let mut last: BTreeMap<StackId, CpuId> = BTreeMap::new();
            for hop in lane(trace, core) {
                if let Crossing::VmExit(reason) = hop.crossing {
                    let first = || vcpus().find(|cpu| topology.cpus[cpu.index()].stack == Some(hop.stack));
                    if let Some(vcpu) = last.get(&hop.stack).copied().or_else(first) {
                        lives.exits.entry(vcpu).or_default().push((hop.start, reason));
                    }
                }
                if is_virtual(topology, hop.cpu) {
                    last.extend(topology.cpus[hop.cpu.index()].stack.map(|stack| (stack, hop.cpu)));
                }
            }
        }
        lives.begins.values_mut().for_each(|all| all.sort_unstable());
        lives.exits.values_mut().for_each(|all| all.sort_by_key(|(at, _)| *at));
        lives
    }

    /// Why and since when it is out: the last exit, unless it has done anything since.
    fn out(&self, vcpu: CpuId, time: Time) -> Option<(Time, ExitReason)> {
        let exits = self.exits.get(&vcpu)?;
        let last = *exits.get(exits.partition_point(|(at, _)| *at <= time).checked_sub(1)?)?;
        let begins = self.begins.get(&vcpu).map_or(&[][..], Vec::as_slice);
        let since = begins.partition_point(|at| *at <= last.0);
        begins.get(since).is_none_or(|at| *at > time).then_some(last)
    }
}

/// The kernel of an operation's program, and what its thread does; none of what no program does.
fn scan_thread(
    (topology, trace): (&Topology, &Trace),
    lives: &Lives,
    id: JourneyId,
    time: Time,
) -> Option<(ComponentId, Thread)> {
    let hops = journey_hops(trace, id);
    let is_app = |id: &ComponentId| topology.component(*id).unwrap().kind == ComponentKind::App;
    let ends = [hops.last().unwrap().component, hops[0].component];
    let stack = trace.journeys[id.index()].stack;
    let first = || topology.iter().find(|(id, c)| c.stack == Some(stack) && is_app(id)).map(|(id, _)| id);
    let own = kernel_of(topology, ends.into_iter().find(is_app).or_else(first)?)?;
    let mut thread = Thread::Awake;
    for hop in hops.iter().filter(|hop| hop.start <= time) {
        let (over, part) = (hop.end <= time, topology.component(hop.component).unwrap().kind);
        let on_own = topology.cpus.get(hop.cpu.index()).is_some_and(|cpu| cpu.kernel == own);
        thread = match hop.what {
            What::UserCode => Thread::Awake,
            What::Wait(Wait::Throttled) if !over => Thread::Awake,
            What::Pay(Primitive::ContextSwitch) if on_own => {
                if over {
                    Thread::Awake
                } else {
                    Thread::Woken
                }
            }
            What::Wait(Wait::RunQueue) if kernel_of(topology, hop.component) == Some(own) && !over => Thread::Woken,
            What::Pay(Primitive::WakeUp) if on_own && over && thread == Thread::Asleep => Thread::Woken,
            What::Wait(Wait::DeviceQueue | Wait::WorkerQueue | Wait::Sleep | Wait::Peer) => Thread::Asleep,
            What::Pay(Primitive::HandleDoorbell) if over => Thread::Asleep,
            _ if matches!(part, ComponentKind::Disk | ComponentKind::Nic) => Thread::Asleep,
            _ => thread,
        };
    }
    // A doorbell leads out first: the thread lies down when its vCPU has gone on.
    let on_own = |hop: &&&Hop| topology.cpus.get(hop.cpu.index()).is_some_and(|cpu| cpu.kernel == own);
    let last = hops.iter().filter(|hop| hop.start <= time).rfind(on_own);
    if let Some(hop) = last.filter(|hop| thread == Thread::Asleep && is_virtual(topology, hop.cpu)) {
        let out = lives.out(hop.cpu, time);
        if out.is_some_and(|(since, reason)| reason == ExitReason::Doorbell && since >= hop.start) {
            thread = Thread::Awake;
        }
    }
    Some((own, thread))
}

/// Who waits and who sleeps, from every operation of the run.
fn scan_beads(
    (topology, trace): (&Topology, &Trace),
    lives: &Lives,
    states: &States,
    time: Time,
) -> BTreeMap<ComponentId, Beads> {
    let mut beads: BTreeMap<ComponentId, Beads> = BTreeMap::new();
    let mut queues: BTreeMap<ComponentId, Vec<(Time, Bead)>> = BTreeMap::new();
    for (i, journey) in trace.journeys.iter().enumerate().filter(|(_, j)| j.start <= time && time < j.end) {
        let id = JourneyId(i as u32);
        let hops = journey_hops(trace, id);
        let Some(hop) = hops.iter().rfind(|hop| hop.start <= time) else { continue };
        let bead = |vcpu: bool| Bead { stack: journey.stack, vcpu };
        let waits = matches!(hop.what, What::Wait(Wait::RunQueue | Wait::VcpuPreempted));
        if let Some(kernel) = kernel_of(topology, hop.component).filter(|_| waits) {
            let vcpu = hop.what == What::Wait(Wait::VcpuPreempted);
            queues.entry(kernel).or_default().push((hop.start, bead(vcpu)));
        }
        match scan_thread((topology, trace), lives, id, time) {
            Some((own, Thread::Asleep)) => beads.entry(own).or_default().asleep.push(bead(false)),
            Some((own, Thread::Woken)) if !waits => queues.entry(own).or_default().push((hop.start, bead(false))),
            _ => {}
        }
    }
    for vcpu in (topology.cores..topology.cpus.len() as u16).map(CpuId) {
        let halted = states.out(vcpu, time).is_some_and(|(_, reason)| reason == ExitReason::Hlt);
        if halted && states.mailbox(vcpu, time).is_empty() {
            let kernel = topology.cpus[vcpu.index()].kernel;
            let up = std::iter::successors(Some(kernel), |id| topology.component(*id)?.parent);
            let below = up.skip(1).find(|id| topology.component(*id).unwrap().kind == ComponentKind::Kernel).unwrap();
            let stack = topology.cpus[vcpu.index()].stack.unwrap();
            beads.entry(below).or_default().asleep.push(Bead { stack, vcpu: true });
        }
    }
    for (kernel, mut queue) in queues {
        queue.sort_unstable();
        beads.entry(kernel).or_default().queue = queue.into_iter().map(|(_, bead)| bead).collect();
    }
    beads.values_mut().for_each(|beads| beads.asleep.sort_unstable());
    beads
}

#[test]
fn threads_that_do_not_run_wait_or_sleep_in_their_kernels() {
    for (name, topology, trace) in runs() {
        let index = Index::new(&trace, topology.stacks.len());
        let states = States::new(&topology, &trace, &index);
        let lives = Lives::new(&topology, &trace);
        // Among the moments are some at which somebody is sure to wait or to sleep, in a run in which anybody does.
        let idle = |hop: &&Hop| {
            use Wait::{DeviceQueue, Peer, RunQueue, Sleep, WorkerQueue};
            matches!(hop.what, What::Wait(RunQueue | DeviceQueue | WorkerQueue | Sleep | Peer))
        };
        let rests: Vec<Time> =
            trace.hops.iter().filter(idle).filter(|hop| hop.start < hop.end).map(|hop| hop.start).collect();
        let some = rests.iter().step_by(rests.len().div_ceil(20).max(1)).copied();
        let mut seen = 0;
        for time in moments(&trace, 60).into_iter().chain(some) {
            let shown = states.beads(&topology, (&trace, &index), time);
            assert_eq!(shown, scan_beads((&topology, &trace), &lives, &states, time), "{name} at {time}");
            seen += shown.len();
        }
        assert!(seen > 0 || rests.is_empty(), "{name}");
    }
}

#[test]
fn what_was_done_so_far_is_the_sum_of_the_hops() {
    for (name, topology, trace) in runs() {
        let tallies = Tallies::new(&trace);
        for time in moments(&trace, 10).into_iter().chain([Time::MAX]) {
            for (id, _) in topology.iter().step_by(3) {
                for (primitive, uses, spent) in tallies.done_at(id, time) {
                    let of = |hop: &&Hop| hop.component == id && hop.what == What::Pay(primitive) && hop.end <= time;
                    let hops: Vec<&Hop> = trace.hops.iter().filter(of).collect();
                    assert_eq!(uses, hops.iter().map(|hop| u64::from(hop.count)).sum::<u64>(), "{name}: {primitive:?}");
                    assert_eq!(spent, hops.iter().map(|hop| hop.duration()).sum::<Time>(), "{name}: {primitive:?}");
                }
            }
            for cpu in (0..topology.cpus.len() as u16).map(CpuId).step_by(2) {
                for (stack, ran) in tallies.ran_on(cpu, time) {
                    let of =
                        |hop: &&Hop| (hop.cpu == cpu || hop.core == cpu) && hop.stack == stack && hop.start <= time;
                    let scanned: Time = trace.hops.iter().filter(of).map(|hop| hop.end.min(time) - hop.start).sum();
                    assert_eq!(ran, scanned, "{name}: {cpu:?} {stack:?} at {time}");
                }
            }
        }
    }
}

#[test]
fn reads_hit_the_cache_or_miss_it() {
    let text = "Scenario(format: 1, id: \"caches\", title: \"caches\", teaches: \"caches\", seed: 7, costs: Default,
         host: Host(cores: 2, memory: \"64 GiB\", disks: { \"nvme0\": Nvme(capacity: \"1 TiB\") }, hypervisor: Kvm),
         programs: { \"reader\": [Read(file: \"a\", bytes: \"4 KiB\"), Read(file: \"a\", bytes: \"4 KiB\"),
                                  Read(file: \"a\", bytes: \"4 KiB\"), Read(file: \"b\", bytes: \"4 KiB\", cache: Cold),
                                  Read(file: \"b\", bytes: \"4 KiB\", cache: Direct)] },
         stacks: { \"p\": Process(run: \"reader\") })";
    let source = strata::scenario::Source { name: "caches.ron".to_owned(), text: text.to_owned() };
    let (topology, trace) = picture::of(&source);
    let tallies = Tallies::new(&trace);
    let files = topology.iter().find(|(_, part)| part.name.starts_with("files")).unwrap().0;
    assert_eq!(tallies.cache(files, Time::ZERO), Some((0, 0)));
    // The first finds nothing, two find it there, the fourth is told to find nothing, the fifth asks past the cache.
    assert_eq!(tallies.cache(files, Time::MAX), Some((2, 2)));
}

fn draw(
    topology: &Topology,
    trace: &Trace,
    time: Time,
    follow: Option<StackId>,
) -> (Drawing, strata::app::scene::Layout) {
    draw_at(topology, trace, time, follow, None)
}

fn draw_at(
    topology: &Topology,
    trace: &Trace,
    time: Time,
    follow: Option<StackId>,
    moment: Option<Moment>,
) -> (Drawing, strata::app::scene::Layout) {
    let theme = Theme::dark();
    let options = SceneOptions { follow, moment, ..SceneOptions::plain(&theme, &|_| "assumed") };
    let mut scene = Scene::new(topology, trace);
    let drawing = scene.draw(topology, trace, vec2(1600.0, 950.0), &View::default(), time, &options);
    let layout = scene.layout().unwrap().clone();
    (drawing, layout)
}

#[test]
fn at_the_doorbell_the_core_is_in_root_mode_and_the_card_is_out() {
    let (topology, trace) = built_in("one-read");
    let vm = StackId(2);
    let exit = trace.hops.iter().find(|hop| hop.stack == vm && hop.crossing == Crossing::VmExit(ExitReason::Doorbell));
    let exit = exit.unwrap();
    let middle = Time((exit.start.as_ps() + exit.end.as_ps()) / 2);
    let (drawing, _) = draw(&topology, &trace, middle, Some(vm));
    let texts: Vec<&str> = drawing.text_boxes().map(|(text, _)| text).collect();
    assert!(texts.iter().any(|text| text.starts_with("VMCS")), "{texts:?}");
    assert!(texts.contains(&"exit: I/O doorbell"), "{texts:?}");
    // Before it the guest runs, and nothing is saved.
    let (drawing, _) = draw(&topology, &trace, Time(exit.start.as_ps() - 1), Some(vm));
    assert!(!drawing.text_boxes().any(|(text, _)| text.starts_with("VMCS")));
    // The request lies in the ring, with its column's letter.
    let (drawing, layout) = draw(&topology, &trace, middle, None);
    let in_ring = drawing.trails.iter().any(|shape| match shape {
        Shape::Token { center, token: Token::IoRequest, mark, .. } => {
            let slot = layout.slots.iter().find(|(_, slots)| slots.iter().any(|slot| slot.contains(*center)));
            mark == "C" && slot.is_some_and(|(id, _)| topology.component(*id).unwrap().stack == Some(vm))
        }
        _ => false,
    });
    assert!(in_ring);
}

#[test]
fn an_injected_interrupt_raises_the_flag() {
    let (topology, trace) = built_in("one-read");
    let hop = trace.hops.iter().find(|hop| hop.crossing == Crossing::Injection && hop.stack == StackId(2)).unwrap();
    let bolts = |time: Time| {
        let (drawing, layout) = draw(&topology, &trace, time, None);
        let boxes: Vec<egui::Rect> = layout
            .mailboxes
            .iter()
            .filter(|(id, _)| topology.component(**id).unwrap().stack == Some(StackId(2)))
            .map(|(_, rect)| *rect)
            .collect();
        assert!(!boxes.is_empty());
        let bolt = |shape: &&Shape| match shape {
            Shape::Token { center, token: Token::Interrupt, .. } => boxes.iter().any(|at| at.contains(*center)),
            _ => false,
        };
        drawing.shapes().filter(bolt).count()
    };
    // The flag's own bolt, or the token that brings it: never one on the other.
    assert_eq!(bolts(Time(hop.end.as_ps() - 1)), 1);
    assert_eq!(bolts(Time::ZERO), 0);
}

#[test]
fn a_box_says_no_ring_or_mode_that_no_core_is_in() {
    let mut seen = BTreeSet::new();
    for (name, topology, trace) in runs() {
        let index = Index::new(&trace, topology.stacks.len());
        let states = States::new(&topology, &trace, &index);
        for time in moments(&trace, 150) {
            let running: Vec<&Hop> = trace
                .hops
                .iter()
                .filter(|hop| (..topology.cores).contains(&hop.core.0) && hop.start <= time && time < hop.end)
                .collect();
            let doing = |core: CpuId| states.core(&topology, &trace, core, time).unwrap();
            for (app, standings) in states.programs(&topology, (&trace, &index), time) {
                let stack = topology.component(app).unwrap().stack;
                let own = kernel_of(&topology, app).unwrap();
                let on_own = |hop: &&&Hop| topology.cpus[hop.cpu.index()].kernel == own && hop.stack.some() == stack;
                let rings: BTreeSet<u8> = running.iter().filter(on_own).map(|hop| doing(hop.core).ring).collect();
                let says = |standing: Standing| standings.contains(&standing);
                assert!(!says(Standing::User) || rings.contains(&3), "{name} at {time}: {standings:?}, {rings:?}");
                assert!(!says(Standing::Kernel) || rings.contains(&0), "{name} at {time}: {standings:?}, {rings:?}");
                // And a core in ring 3 runs a program that says so.
                let alone =
                    topology.iter().filter(|(_, c)| c.kind == ComponentKind::App && c.stack == stack).count() == 1;
                assert!(!alone || !rings.contains(&3) || says(Standing::User), "{name} at {time}: {standings:?}");
                seen.extend(standings);
            }
            for (machine, part) in topology.iter().filter(|(_, part)| part.kind == ComponentKind::VirtualMachine) {
                let Some(inside) = states.inside(&topology, &trace, machine, time) else { continue };
                let outer = !topology.path(machine).contains("virtual hardware");
                let non_root = running.iter().filter(|hop| !doing(hop.core).root && hop.stack.some() == part.stack);
                assert!(!outer || inside.running == non_root.count(), "{name} at {time}: {inside:?}");
            }
        }
    }
    let all =
        [Standing::User, Standing::Kernel, Standing::Ready, Standing::Stopped, Standing::Throttled, Standing::Asleep];
    assert!(all.iter().all(|standing| seen.contains(standing)), "{seen:?}");
}

#[test]
fn the_words_in_a_box_change_with_what_it_does() {
    let (topology, trace) = built_in("one-read");
    let vm = StackId(2);
    let says = |hop: &Hop| {
        let (drawing, layout) = draw(&topology, &trace, Time((hop.start.as_ps() + hop.end.as_ps()) / 2), Some(vm));
        let own = |kind: ComponentKind| {
            let (id, _) = topology.iter().find(|(_, c)| c.kind == kind && c.stack == Some(vm)).unwrap();
            let place = layout.place(id);
            // A program's words stand on either side of its way.
            let rect = if kind == ComponentKind::App { place.rect } else { place.name };
            let texts = drawing.text_boxes().filter(|(_, bounds)| rect.expand(3.0).contains_rect(*bounds));
            texts.map(|(text, _)| text.to_owned()).collect::<Vec<_>>().join(" · ")
        };
        (own(ComponentKind::App), own(ComponentKind::VirtualMachine))
    };
    let hops = || trace.hops.iter().filter(|hop| hop.stack == vm && hop.journey != JourneyId::NONE);
    let user = hops().find(|hop| hop.what == What::UserCode).unwrap();
    let (app, machine) = says(user);
    assert!(app.contains("ring 3") && machine.contains("non-root mode"), "{app}, {machine}");
    let call = hops().find(|hop| hop.crossing == Crossing::SystemCall).unwrap();
    let (app, machine) = says(call);
    assert!(app.contains("ring 0") && machine.contains("non-root mode"), "{app}, {machine}");
    let exit = hops().find(|hop| hop.crossing == Crossing::VmExit(ExitReason::Doorbell)).unwrap();
    let (app, machine) = says(exit);
    assert!(app.contains("stopped") && machine.contains("out: I/O doorbell"), "{app}, {machine}");
    let disk = hops().find(|hop| hop.crossing == Crossing::Device).unwrap();
    let (app, machine) = says(disk);
    assert!(app.contains("asleep") && machine.contains("out: HLT"), "{app}, {machine}");
}

#[test]
fn at_the_beginning_nothing_is_told_of_what_has_not_begun() {
    for built_in_one in library() {
        let (topology, trace) = built_in(built_in_one.id);
        let end = trace.hops.iter().map(|hop| hop.end).max().unwrap();
        for stack in (0..topology.stacks.len() as u32).map(StackId) {
            let first = trace.hops.iter().filter(|hop| hop.stack == stack && hop.journey != JourneyId::NONE);
            if first.map(|hop| hop.start).min().is_none_or(|start| start == Time::ZERO) {
                continue;
            }
            let map = PaceMap::new(&trace, end, Some(stack));
            let moment = Moment { time: Time::ZERO, ..map.at(map.screen_of(Time::ZERO)) };
            let (drawing, layout) = draw_at(&topology, &trace, Time::ZERO, Some(stack), Some(moment));
            let column = &layout.columns[layout.column(stack)];
            let in_rail = |bounds: egui::Rect| column.rail.is_some_and(|rail| rail.contains_rect(bounds));
            let told: Vec<&str> =
                drawing.text_boxes().filter(|(_, bounds)| in_rail(*bounds)).map(|(text, _)| text).collect();
            assert!(told.is_empty(), "{} {stack:?}: {told:?}", built_in_one.id);
        }
    }
}

#[test]
fn a_return_that_is_seen_is_one_to_ring_3_on_the_core_and_in_the_box() {
    let (topology, trace) = built_in("ping-pong");
    let stack = StackId(0);
    let end = trace.hops.iter().map(|hop| hop.end).max().unwrap();
    let map = PaceMap::new(&trace, end, Some(stack));
    let last = trace.journeys.iter().find(|journey| journey.stack == stack).unwrap().last_hop;
    assert_eq!(trace.hops[last.index()].what, What::Return);
    let moment = map.at(map.mark(last).unwrap().moved);
    let (drawing, layout) = draw_at(&topology, &trace, moment.time, Some(stack), Some(moment));
    let inside = |rect: egui::Rect| {
        let texts = drawing.text_boxes().filter(|(_, bounds)| rect.expand(3.0).contains_rect(*bounds));
        texts.map(|(text, _)| text.to_owned()).collect::<Vec<_>>().join(" · ")
    };
    let of_stack = |kind: ComponentKind| {
        topology.iter().find(|(_, c)| c.kind == kind && c.stack == Some(stack)).map(|(id, _)| id).unwrap()
    };
    let app = inside(layout.place(of_stack(ComponentKind::App)).name);
    assert!(app.contains("ring 3"), "{app}");
    let core = layout.cpus[&trace.hops[last.index()].core];
    assert!(inside(layout.cores[&core]).contains("A · ring 3"), "{}", inside(layout.cores[&core]));
}
