//! What the parts of the machine hold at a moment, from the trace and the topology alone.
//!
//! The trace has no field for ring, mode or queue; they are derived:
//! - A core's **mode** is non-root while the processor that does the hop is a vCPU, and root otherwise; where a VM is
//!   interpreted there is no other mode, so there it is root.
//! - A core's **ring** is 3 while a program's own instructions run, and 0 otherwise. A device model's own instructions
//!   count as its kernel's: a hop does not tell them apart.
//! - A program's thread **waits to run** from its wake-up until its kernel has switched to it, and **sleeps** in its own
//!   kernel while what it has asked for is with others: [`super::standing`]. Whoever else has an operation to do waits
//!   at the kernel whose queue that is. A vCPU's thread waits while its operation waits for that vCPU to run, and sleeps
//!   after HLT until an interrupt is pending.
//! - A **place in a virtual disk's ring** is taken from when the driver has filled it in until it reaps it: the lowest
//!   that was free.
//! - An interrupt is **pending**, in a vCPU's mailbox, from when a back end has pushed what it is about, another vCPU's IPI
//!   has been handled, or, of those of which nothing else is told, it is injected; until it is delivered.
//! - A vCPU is **out** from a VM exit until it does anything again: [`crate::trace::exits`].
//!
//! Left out: what belongs to no operation and to no processor, since no hop speaks of it.

use std::collections::BTreeMap;

use super::doing::Standing;
use crate::app::index::Index;
use crate::costs::Primitive;
use crate::engine::Time;
use crate::machine::{Component, ComponentKind, Topology};
use crate::trace::exits::Exits;
use crate::trace::stays::Stays;
use crate::trace::{
    ComponentId, CpuId, Crossing, ExitReason, Hop, HopId, JourneyId, Layer, StackId, Token, Trace, Wait, What,
};

/// What a core does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doing {
    /// 3 or 0.
    pub ring: u8,
    /// Root mode; non-root is a guest's.
    pub root: bool,
    /// For whom; `None` is the host itself.
    pub stack: Option<StackId>,
    /// The layer of what it does.
    pub layer: Layer,
}

/// A place in a virtual disk's ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Which, from 0.
    pub place: usize,
    /// Whose request.
    pub stack: StackId,
    /// The operation.
    pub journey: JourneyId,
}

/// A thread that does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bead {
    /// Whose.
    pub stack: StackId,
    /// Whether it is a vCPU's thread, and not a program's.
    pub vcpu: bool,
}

/// The threads of a kernel that do not run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beads {
    /// Ready, in the order in which they began to wait.
    pub queue: Vec<Bead>,
    /// Asleep.
    pub asleep: Vec<Bead>,
}

/// Everything that can be asked; built once.
#[derive(Clone, Debug, Default)]
pub struct States {
    /// By core: its hops in the order of starting.
    lanes: Vec<Vec<HopId>>,
    exits: Exits,
    /// By processor: when an interrupt is pending for it, and on whose behalf.
    pending: Vec<Stays<StackId>>,
    /// By virtual disk.
    rings: BTreeMap<ComponentId, Stays<Slot>>,
    /// By processor: whether it is interpreted, and has no mode of its own.
    interpreted: Vec<bool>,
    /// The vCPUs, and the kernel whose threads they are.
    threads: Vec<(CpuId, ComponentId)>,
    /// By stack: its first program.
    apps: Vec<Option<ComponentId>>,
}

impl States {
    /// Reads the trace once.
    pub fn new(topology: &Topology, trace: &Trace, index: &Index) -> States {
        let cpus = topology.cpus.len();
        let cores = usize::from(topology.cores).min(cpus);
        let stacks: Vec<Option<StackId>> = topology.cpus.iter().map(|cpu| cpu.stack).collect();
        let mut lanes: Vec<Vec<HopId>> = vec![Vec::new(); cores];
        for (i, hop) in trace.hops.iter().enumerate() {
            lanes.get_mut(hop.core.index()).into_iter().for_each(|lane| lane.push(HopId(i as u32)));
        }
        lanes.iter_mut().for_each(|lane| lane.sort_by_key(|id| trace.hops[id.index()].start));
        let ids = (0..cpus as u16).map(CpuId);
        let below = |cpu: CpuId| Some((cpu, machine_of(topology, cpu).and_then(|wall| kernel_of(topology, wall))?));
        States {
            exits: Exits::new(trace, cores, &stacks),
            pending: pending(trace, index, &lanes, (cores, cpus)),
            rings: rings(topology, trace, index),
            interpreted: ids.clone().map(|cpu| interpreted(topology, cpu)).collect(),
            threads: ids.skip(cores).filter_map(below).collect(),
            apps: first_apps(topology),
            lanes,
        }
    }

    /// What a core does; `None` if it is idle.
    pub fn core(&self, topology: &Topology, trace: &Trace, core: CpuId, time: Time) -> Option<Doing> {
        let hop = self.doing(trace, core, time)?;
        Some(Doing {
            ring: ring(topology, hop),
            root: hop.cpu == hop.core || self.is_interpreted(hop.cpu),
            stack: hop.stack.some(),
            layer: hop.layer,
        })
    }

    /// What the core does that has just returned to a program.
    pub(super) fn user(&self, hop: &Hop) -> Doing {
        let root = hop.cpu == hop.core || self.is_interpreted(hop.cpu);
        Doing { ring: 3, root, stack: hop.stack.some(), layer: Layer::User }
    }

    /// The hop that a core is in.
    fn doing<'a>(&self, trace: &'a Trace, core: CpuId, time: Time) -> Option<&'a Hop> {
        let lane = self.lanes.get(core.index())?;
        let at = lane.partition_point(|id| trace.hops[id.index()].start <= time).checked_sub(1)?;
        trace.hops.get(lane[at].index()).filter(|hop| hop.end > time)
    }

    /// The hops that cores are in.
    pub(super) fn running<'a>(&self, trace: &'a Trace, time: Time) -> impl Iterator<Item = &'a Hop> {
        (0..self.lanes.len() as u16).filter_map(move |core| self.doing(trace, CpuId(core), time))
    }

    /// The vCPU that a world switch leads out of its guest, or back into it.
    pub(super) fn switches(&self, topology: &Topology, hop: &Hop) -> Option<CpuId> {
        let vcpus = self.threads.iter().map(|(vcpu, _)| *vcpu);
        let mut own = vcpus.filter(|vcpu| topology.cpus[vcpu.index()].stack == hop.stack.some());
        own.find(|&vcpu| match hop.crossing {
            Crossing::VmExit(_) => self.exits.out(vcpu, hop.start).is_some_and(|(since, ..)| since == hop.start),
            Crossing::VmEntry => {
                let before = Time(hop.end.as_ps().saturating_sub(1));
                self.exits.out(vcpu, before).is_some_and(|(_, until, _)| until == hop.end)
            }
            _ => false,
        })
    }

    /// Whether a processor is interpreted, and has no mode of its own.
    pub(super) fn is_interpreted(&self, cpu: CpuId) -> bool {
        self.interpreted.get(cpu.index()).copied().unwrap_or(false)
    }

    /// The first program of a stack.
    pub(super) fn first_app(&self, stack: StackId) -> Option<ComponentId> {
        self.apps.get(stack.index()).copied().flatten()
    }

    /// Since when and why a vCPU is out of guest mode; `None` if it is not.
    pub fn out(&self, vcpu: CpuId, time: Time) -> Option<(Time, ExitReason)> {
        self.exits.out(vcpu, time).map(|(since, _, reason)| (since, reason))
    }

    /// Whose interrupts are pending for a vCPU.
    pub fn mailbox(&self, vcpu: CpuId, time: Time) -> Vec<StackId> {
        let pending = self.pending.get(vcpu.index());
        pending.map_or(Vec::new(), |stays| stays.at(time).into_iter().map(|mail| mail.2).collect())
    }

    /// The places of a virtual disk's ring that are taken.
    pub fn ring(&self, disk: ComponentId, time: Time) -> Vec<Slot> {
        self.rings.get(&disk).map_or(Vec::new(), |stays| stays.at(time).into_iter().map(|stay| stay.2).collect())
    }

    /// The threads that do not run, by kernel.
    pub fn beads(
        &self,
        topology: &Topology,
        (trace, index): (&Trace, &Index),
        time: Time,
    ) -> BTreeMap<ComponentId, Beads> {
        let mut queues: BTreeMap<ComponentId, Vec<(Time, Bead)>> = BTreeMap::new();
        let mut asleep: BTreeMap<ComponentId, Vec<Bead>> = BTreeMap::new();
        for journey in index.under_way(trace, time) {
            let Some(at) = index.hop_at(trace, journey, time) else { continue };
            let Some(hop) = index.hops(journey).get(at).and_then(|id| trace.hops.get(id.index())) else { continue };
            let Some(stack) = trace.journeys.get(journey.index()).map(|journey| journey.stack) else { continue };
            let bead = Bead { stack, vcpu: matches!(hop.what, What::Wait(Wait::VcpuPreempted)) };
            let waits = matches!(hop.what, What::Wait(Wait::RunQueue | Wait::VcpuPreempted));
            if let Some(kernel) = kernel_of(topology, hop.component).filter(|_| waits) {
                queues.entry(kernel).or_default().push((hop.start, bead));
            }
            let Some((app, standing)) = self.standing(topology, (trace, index), journey, time) else { continue };
            let own = Bead { stack, vcpu: false };
            match (standing, kernel_of(topology, app)) {
                (Standing::Asleep, Some(kernel)) => asleep.entry(kernel).or_default().push(own),
                (Standing::Ready, Some(kernel)) if !waits => {
                    queues.entry(kernel).or_default().push((hop.start, own));
                }
                _ => {}
            }
        }
        for &(vcpu, kernel) in &self.threads {
            let halted = self.out(vcpu, time).is_some_and(|(_, reason)| reason == ExitReason::Hlt);
            let stack = topology.cpus.get(vcpu.index()).and_then(|cpu| cpu.stack);
            if let Some(stack) = stack.filter(|_| halted && self.mailbox(vcpu, time).is_empty()) {
                asleep.entry(kernel).or_default().push(Bead { stack, vcpu: true });
            }
        }
        let mut beads: BTreeMap<ComponentId, Beads> = BTreeMap::new();
        for (kernel, mut queue) in queues {
            queue.sort_unstable();
            beads.entry(kernel).or_default().queue = queue.into_iter().map(|(_, bead)| bead).collect();
        }
        for (kernel, mut sleepers) in asleep {
            sleepers.sort_unstable();
            beads.entry(kernel).or_default().asleep = sleepers;
        }
        beads
    }
}

/// Follows each operation: what has been pushed or sent is pending until the guest takes an interrupt. Then each core:
/// what is injected and belongs to no operation is what the guest takes next.
fn pending(trace: &Trace, index: &Index, lanes: &[Vec<HopId>], (cores, cpus): (usize, usize)) -> Vec<Stays<StackId>> {
    let mut pending: Vec<Vec<(Time, Time, StackId)>> = vec![Vec::new(); cpus];
    let hop = |id: &HopId| &trace.hops[id.index()];
    let taken = |hop: &Hop| hop.crossing == Crossing::Interrupt && (cores..cpus).contains(&hop.cpu.index());
    for journey in 0..trace.journeys.len() {
        let mut since = None;
        for hop in index.hops(JourneyId(journey as u32)).iter().map(hop) {
            match (hop.what, hop.crossing) {
                (What::Pay(Primitive::VirtioBackendPush | Primitive::HandleIcr), _) => since = Some(hop.end),
                (_, Crossing::Injection) => since = since.or(Some(hop.start)),
                _ if taken(hop) => {
                    pending[hop.cpu.index()].extend(since.take().map(|from| (from, hop.start, hop.stack)));
                }
                _ => {}
            }
        }
    }
    for lane in lanes {
        let mut since = None;
        for hop in lane.iter().map(hop).filter(|hop| hop.journey == JourneyId::NONE) {
            match hop.crossing {
                Crossing::Injection => since = Some((hop.start, hop.stack)),
                _ if taken(hop) => {
                    let mail = since.take().filter(|(_, stack)| *stack == hop.stack);
                    pending[hop.cpu.index()].extend(mail.map(|(from, stack)| (from, hop.start, stack)));
                }
                _ => {}
            }
        }
    }
    pending.into_iter().map(Stays::new).collect()
}

/// The requests in virtual disks' rings. Where drivers of several kernels are in one operation, the inner one's request
/// stays while the outer one's comes and goes.
fn rings(topology: &Topology, trace: &Trace, index: &Index) -> BTreeMap<ComponentId, Stays<Slot>> {
    let disks = disks(topology);
    let mut stays: BTreeMap<ComponentId, Vec<(Time, Time, JourneyId)>> = BTreeMap::new();
    for id in (0..trace.journeys.len() as u32).map(JourneyId) {
        let mut open: Vec<(ComponentId, ComponentId, Time)> = Vec::new();
        let hops = index.hops(id);
        for (i, hop) in hops.iter().map(|id| &trace.hops[id.index()]).enumerate() {
            let driver = matches!(hop.what, What::Pay(Primitive::VirtioFill | Primitive::VirtioReap));
            if !driver || hop.token == Token::Packet {
                continue;
            }
            // A firmware's driver has no kernel to reap for it: it looks at its one request itself.
            let of_kernel = |part: &Component| part.kind == ComponentKind::KernelPart;
            if !topology.component(hop.component).is_some_and(of_kernel) {
                continue;
            }
            let Some(kernel) = kernel_of(topology, hop.component) else { continue };
            if hop.what == What::Pay(Primitive::VirtioFill) {
                let real = hops[i..].iter().map(|id| trace.hops[id.index()].component);
                let real = real.into_iter().find(|id| topology.component(*id).is_some_and(is_real_disk));
                let own = disks.get(&kernel).map_or(&[][..], Vec::as_slice);
                let disk = own.iter().find(|(_, below)| Some(*below) == real).or(own.first());
                open.extend(disk.map(|(disk, _)| (kernel, *disk, hop.end)));
            } else if let Some(at) = open.iter().rposition(|(of, ..)| *of == kernel) {
                let (_, disk, since) = open.remove(at);
                stays.entry(disk).or_default().push((since, hop.end, id));
            }
        }
        // Not yet reaped when the run ended.
        open.into_iter().for_each(|(_, disk, since)| stays.entry(disk).or_default().push((since, Time::MAX, id)));
    }
    let placed = |(disk, mut stays): (ComponentId, Vec<(Time, Time, JourneyId)>)| {
        stays.sort_unstable();
        let mut until: Vec<Time> = Vec::new();
        let slots = stays.into_iter().map(|(from, to, journey)| {
            let place = until.iter().position(|taken| *taken <= from).unwrap_or(until.len());
            match until.get_mut(place) {
                Some(taken) => *taken = to,
                None => until.push(to),
            }
            (from, to, Slot { place, stack: trace.journeys[journey.index()].stack, journey })
        });
        (disk, Stays::new(slots.collect()))
    };
    stays.into_iter().map(placed).collect()
}

/// By stack: its first program.
fn first_apps(topology: &Topology) -> Vec<Option<ComponentId>> {
    let mut first = vec![None; topology.stacks.len()];
    for (id, part) in topology.iter().filter(|(_, part)| part.kind == ComponentKind::App) {
        if let Some(slot) = part.stack.and_then(|stack| first.get_mut(stack.index())) {
            slot.get_or_insert(id);
        }
    }
    first
}

/// Whether a program's own instructions run: its code, its loads and the walks that they make.
pub(super) fn ring(topology: &Topology, hop: &Hop) -> u8 {
    let kind = topology.component(hop.component).map(|part| part.kind);
    let loads = kind == Some(ComponentKind::Memory) && hop.token == Token::Instruction;
    let program = matches!(kind, Some(ComponentKind::App | ComponentKind::DeviceModels));
    let own = hop.what == What::UserCode || hop.what == What::Return || program || loads;
    if own { 3 } else { 0 }
}

pub(super) fn is_device(topology: &Topology, id: ComponentId) -> bool {
    topology.component(id).is_some_and(|part| matches!(part.kind, ComponentKind::Disk | ComponentKind::Nic))
}

pub(super) fn sleeps(what: What) -> bool {
    matches!(what, What::Wait(Wait::DeviceQueue | Wait::WorkerQueue | Wait::Sleep | Wait::Peer))
}

/// The kernel that a part is, lies in, or stands on.
pub fn kernel_of(topology: &Topology, part: ComponentId) -> Option<ComponentId> {
    let up = std::iter::successors(Some(part), |id| topology.component(*id)?.parent);
    up.into_iter().find(|id| topology.component(*id).is_some_and(|part| part.kind == ComponentKind::Kernel))
}

/// The virtual machine that a vCPU belongs to.
pub(super) fn machine_of(topology: &Topology, vcpu: CpuId) -> Option<ComponentId> {
    let hardware = topology.component(topology.cpus.get(vcpu.index())?.kernel)?.parent?;
    let wall = topology.component(hardware)?.parent?;
    topology.component(wall).filter(|part| part.kind == ComponentKind::VirtualMachine).map(|_| wall)
}

fn is_real_disk(part: &Component) -> bool {
    part.kind == ComponentKind::Disk && part.stack.is_none()
}

/// By kernel: the disks of the hardware that it stands on, each with the real one that is behind it.
fn disks(topology: &Topology) -> BTreeMap<ComponentId, Vec<(ComponentId, ComponentId)>> {
    let mut of_hardware: BTreeMap<ComponentId, Vec<ComponentId>> = BTreeMap::new();
    for (id, disk) in topology.iter().filter(|(_, part)| part.kind == ComponentKind::Disk) {
        if let Some(hardware) = disk.parent {
            of_hardware.entry(hardware).or_default().push(id);
        }
    }
    let mut of_kernel: BTreeMap<ComponentId, Vec<(ComponentId, ComponentId)>> = BTreeMap::new();
    // A kernel comes after the one below it.
    for (id, kernel) in topology.iter().filter(|(_, part)| part.kind == ComponentKind::Kernel) {
        let Some(hardware) = kernel.parent else { continue };
        let below = topology.component(hardware).and_then(|part| kernel_of(topology, part.parent?));
        let lower = below.and_then(|below| of_kernel.get(&below)).map_or(&[][..], Vec::as_slice);
        let name = |id: ComponentId| topology.component(id).map_or("", |part| part.name.as_str());
        let real = |disk: ComponentId| {
            let note = topology.component(disk).map_or("", |part| part.note.as_str());
            let on = note.strip_prefix("virtio, on ");
            let behind = lower.iter().find(|(of, _)| Some(name(*of)) == on).or(lower.first());
            behind.map_or(disk, |(_, real)| *real)
        };
        let own = of_hardware.get(&hardware).map_or(Vec::new(), Clone::clone);
        let own = own.into_iter().map(|disk| (disk, real(disk))).collect();
        of_kernel.insert(id, own);
    }
    of_kernel
}

fn interpreted(topology: &Topology, cpu: CpuId) -> bool {
    let wall = machine_of(topology, cpu).and_then(|wall| topology.component(wall));
    wall.is_some_and(|wall| wall.note.contains("interpreted"))
}
