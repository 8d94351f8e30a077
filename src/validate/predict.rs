//! The works, simulated.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::figure::rates;
use super::work::{
    CACHED_WINDOW, CHUNK_CYCLES, DIRECT_TIME, DIRECT_WINDOW, PERIOD, PERIODIC_SLEEP, READ_BYTES, ROUND_CYCLES,
    WALK_BYTES,
};
use super::{Facts, Forks, GuestWork, Place, Work, work::Route};
use crate::costs::{Primitive, Table};
use crate::engine::Time;
use crate::machine::spec::{
    Backend, Cache, CgroupSpec, ContainerNetwork, ContainerSpec, ContainerStart, CpuMax, DiskKind, DiskSpec, HostSpec,
    HugePages, Image, NicSpec, NodeSpec, Operation, Peer, ProcessSpec, ProgramId, ProgramSpec, Spec, StartNetwork,
    Statement, Technique, VmSpec, VmStart,
};
use crate::machine::{self, Outcome, RunOptions};
use crate::trace::OperationKind;

/// What the simulated works stand on.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// What everything costs.
    pub costs: Table,
    /// Whether the kernel that is simulated is a virtual machine's, pinned to the cores.
    pub in_guest: bool,
    /// Cores of the hardware.
    pub cores: u16,
    /// Whether the virtual machines that are made on it are interpreted.
    pub interpreted: bool,
    /// Nanoseconds that a turn of the guests' arithmetic takes in a process, where the hardware runs guests: how many
    /// cycles it has is a fact of the program on this processor. What the guest adds to them is the prediction. Else why
    /// that is not known.
    pub arithmetic: Result<f64, String>,
    /// What the program is like that does the works.
    pub facts: Facts,
    /// When this becomes true, the simulation under way ends; what it gave is worth nothing.
    pub stop: &'a AtomicBool,
}

/// Loads of a walk that are one simulated operation.
const LOADS: u64 = 10_000;
/// Turns of the guest's arithmetic that are one simulated operation.
const TURNS: u64 = 100_000;
/// The same where each instruction takes long.
const FEW_TURNS: u64 = 1_000;
/// Instructions of a turn of the guest's arithmetic.
const ARITHMETIC_INSTRUCTIONS: u64 = 16;
/// Instructions of a turn of the guest's program with OUT, but for OUT itself.
const OUT_INSTRUCTIONS: u64 = 5;
/// Windows of cached reads that are simulated, the first and the last among them, which are not counted.
const CACHED_WINDOWS: u64 = 14;
/// Bytes of the virtual machine that is started.
const VM_BYTES: u64 = 2 << 20;
const PAGE: u64 = 4096;
/// What every simulation begins with is left out.
const WARM_UP: usize = 10;

/// How a program is run.
struct Run {
    body: Vec<Statement>,
    threads: u16,
    place: Place,
    /// In a container whose network namespace is joined to the kernel's by a bridge.
    bridged: bool,
    quota: Option<Time>,
    /// On the first core alone.
    pinned: bool,
    until: Time,
    in_vm: bool,
    /// In one more virtual machine, made by this computer.
    guest: Option<Technique>,
}

impl Ground<'_> {
    /// The samples of a work, in its unit.
    ///
    /// # Errors
    /// The mechanism that the simulated machine has not.
    pub fn predict(&self, work: Work) -> Result<Vec<f64>, String> {
        let forever = |body: Vec<Operation>| vec![repeat(None, body)];
        let run = |body| Run {
            body,
            threads: 1,
            place: Place::Process,
            bridged: false,
            quota: None,
            pinned: true,
            until: Time::ms(100),
            in_vm: self.in_guest,
            guest: None,
        };
        Ok(match work {
            Work::Calls(place) => {
                let call = |name: &str| Operation::SystemCall(name.to_owned());
                let round = vec![Operation::Cycles(ROUND_CYCLES), call("getppid"), call("getuid")];
                let outcome = self.simulate(Run { place, ..run(forever(round)) });
                rounds(&outcome, OperationKind::Compute)
            }
            Work::PingPong { place, across } => {
                let body = forever(vec![Operation::PingPong { across_cpus: across, bytes: 1 }]);
                latencies(&self.simulate(Run { place, ..run(body) }), OperationKind::PingPong)
            }
            Work::Late => {
                let sleep = Time::ms(1);
                let outcome = self.simulate(run(forever(vec![Operation::Sleep(sleep.into())])));
                latencies(&outcome, OperationKind::Sleep).into_iter().map(|ns| ns - nanoseconds(sleep)).collect()
            }
            Work::Throughput(percent) => {
                let body = forever(vec![Operation::Cycles(CHUNK_CYCLES)]);
                let outcome = self.simulate(Run { quota: quota(percent), until: Time::ms(3000), ..run(body) });
                rates(&ends(&outcome, OperationKind::Compute), PERIOD as f64)
            }
            Work::Periodic(percent) => {
                let sleep = Operation::Sleep(Time::ps(PERIODIC_SLEEP * 1000).into());
                let body = forever(vec![Operation::Cycles(3 * CHUNK_CYCLES), sleep]);
                let outcome = self.simulate(Run { quota: quota(percent), until: Time::ms(3000), ..run(body) });
                rounds(&outcome, OperationKind::Compute)
            }
            Work::CachedReads(depth) => {
                let body = forever(vec![read(Cache::Warm)]);
                let until = Time::ps(CACHED_WINDOW * CACHED_WINDOWS * 1000);
                let outcome = self.simulate(Run { threads: depth, pinned: false, until, ..run(body) });
                rates(&ends(&outcome, OperationKind::Read), CACHED_WINDOW as f64)
            }
            Work::DirectReads(depth) => {
                // The disk that was measured is the one that this kernel sees, with all that lies below in it.
                let body = forever(vec![read(Cache::Direct)]);
                let outcome = self.simulate(Run {
                    threads: depth,
                    pinned: false,
                    in_vm: false,
                    until: Time::ps(DIRECT_TIME * 1000),
                    ..run(body)
                });
                rates(&ends(&outcome, OperationKind::Read), DIRECT_WINDOW as f64)
            }
            Work::Walk => self.walk(run(Vec::new())),
            Work::RoundTrip(route) => {
                let bridged = route == Route::Translated;
                let peer = if bridged { Peer::Namespace } else { Peer::Local };
                let request = Operation::Request { send: 1, receive: 1, think: Time::ZERO.into(), peer };
                let run = run(forever(vec![request]));
                latencies(&self.simulate(Run { bridged, ..run }), OperationKind::Request)
            }
            Work::ForkExec => {
                let forks = self.facts.fork_exec;
                let exec = Some(Image { bytes: 160, segments: 1 });
                let body = forking(forks, Operation::Fork { vfork: false, writes: forks.faults * PAGE, exec });
                latencies(&self.simulate(Run { body, ..run(vec![]) }), OperationKind::Fork)
            }
            Work::ContainerStart => {
                // In a network namespace that is joined to nothing, as the one that is measured.
                let Facts { container: forks, rootless, cgroup, .. } = self.facts;
                let (network, written) = (StartNetwork::Own, forks.faults * PAGE);
                let image = Image { bytes: 160, segments: 1 };
                let start = ContainerStart { rootless, cgroup, network, written, image };
                let body = forking(forks, Operation::StartContainer(start));
                latencies(
                    &self.simulate(Run { body, until: Time::ms(1000), ..run(vec![]) }),
                    OperationKind::StartContainer,
                )
            }
            Work::VmStart => {
                let technique = if self.interpreted { Technique::Interpreted } else { Technique::Hardware };
                let start = VmStart { written: VM_BYTES, vcpus: 1, technique };
                let outcome =
                    self.simulate(Run { until: Time::ms(1000), ..run(forever(vec![Operation::StartVm(start)])) });
                latencies(&outcome, OperationKind::StartVm)
            }
            Work::Guest(work) if self.interpreted => self.interpreted(work, run(Vec::new())),
            Work::Guest(work) => self.assisted(work, run(Vec::new()))?,
        })
    }

    /// The guest works on a machine that the hardware runs.
    fn assisted(&self, work: GuestWork, run: Run) -> Result<Vec<f64>, String> {
        let run = |body| Run { body: vec![repeat(None, body)], guest: Some(Technique::Hardware), ..run };
        Ok(match work {
            GuestWork::Compute => {
                let turn = self.arithmetic.clone()?;
                let cycles = turn * 1000.0 * TURNS as f64 / self.costs.get(Primitive::Cycle).max(1) as f64;
                let outcome = self.simulate(run(vec![Operation::Cycles(cycles.round() as u64)]));
                latencies(&outcome, OperationKind::Compute).into_iter().map(|ns| ns / TURNS as f64).collect()
            }
            GuestWork::Exits => {
                let body = vec![Operation::Cpuid, Operation::Cycles(500)];
                rounds(&self.simulate(run(body)), OperationKind::Cpuid)
            }
            GuestWork::Walk => self.walk(run(Vec::new())),
        })
    }

    /// The guest works on a machine that is interpreted, where what counts is instructions: those of its arithmetic;
    /// OUT and what is around it; a load, a decrement and a jump.
    fn interpreted(&self, work: GuestWork, run: Run) -> Vec<f64> {
        let guest = Some(Technique::Interpreted);
        let run = |body, until| Run { body: vec![repeat(None, body)], until, guest, ..run };
        match work {
            GuestWork::Compute => {
                let body = vec![Operation::Cycles(ARITHMETIC_INSTRUCTIONS * FEW_TURNS)];
                let outcome = self.simulate(run(body, Time::ms(3000)));
                let turns = latencies(&outcome, OperationKind::Compute);
                turns.into_iter().map(|ns| ns / FEW_TURNS as f64).collect()
            }
            GuestWork::Exits => {
                let body = vec![Operation::Out, Operation::Cycles(OUT_INSTRUCTIONS)];
                rounds(&self.simulate(run(body, Time::ms(300))), OperationKind::Out)
            }
            GuestWork::Walk => {
                let working_set = WALK_BYTES as u64;
                let loads = Operation::Memory { working_set, accesses: FEW_TURNS, huge_pages: false };
                // Long enough for the first touches, which are slow.
                let outcome = self.simulate(run(vec![loads, Operation::Cycles(2 * FEW_TURNS)], Time::ms(300_000)));
                let turns = rounds(&outcome, OperationKind::Memory);
                turns.into_iter().map(|ns| ns / FEW_TURNS as f64).collect()
            }
        }
    }

    /// Nanoseconds of one load, first touches left out.
    fn walk(&self, run: Run) -> Vec<f64> {
        let loads = Operation::Memory { working_set: WALK_BYTES as u64, accesses: LOADS, huge_pages: false };
        let outcome = self.simulate(Run { body: vec![repeat(None, vec![loads])], until: Time::ms(300), ..run });
        latencies(&outcome, OperationKind::Memory).into_iter().map(|ns| ns / LOADS as f64).collect()
    }

    fn simulate(&self, run: Run) -> Outcome {
        let until = run.until;
        let spec = self.spec(run);
        let options = RunOptions { until, max_events: 5_000_000, max_hops: 5_000_000, ..RunOptions::default() };
        // Building fails only on programs, processors, pins or sizes that a machine does not have. `spec` writes one
        // program, pins to processor 0 alone and has fixed sizes, whatever the costs; a test below builds every work's.
        machine::run(&spec, &self.costs, 1, &options, |_, _| !self.stop.load(Relaxed))
            .expect("a machine that can be built")
    }

    fn spec(&self, run: Run) -> Spec {
        const GIB: u64 = 1 << 30;
        let cpu_max = run.quota.map(|quota| CpuMax { quota, period: Time::ps(PERIOD * 1000), burst: Time::ZERO });
        let process = ProcessSpec {
            program: Some(ProgramId(0)),
            threads: run.threads,
            cpu: run.pinned.then_some(0),
            // What is measured beside it executes OUT in ring 0 of a guest of its own.
            io_ports: true,
            cgroup: cpu_max.map(|max| CgroupSpec { cpu_max: Some(max), ..CgroupSpec::default() }),
            ..ProcessSpec::new("work")
        };
        let filters = u16::from(run.place == Place::Container);
        let network = if run.bridged { ContainerNetwork::Bridge } else { ContainerNetwork::Host };
        let node = if run.bridged || filters > 0 {
            NodeSpec::Container(ContainerSpec { seccomp_filters: filters, network, ..ContainerSpec::new(process) })
        } else {
            NodeSpec::Process(process)
        };
        let node = match run.guest {
            Some(technique) => NodeSpec::Vm(VmSpec {
                technique,
                backend: Backend::UserSpace,
                pin: vec![0],
                preallocated: true,
                stacks: vec![node],
                ..VmSpec::new("guest", 1, GIB)
            }),
            None => node,
        };
        let node = if run.in_vm {
            NodeSpec::Vm(VmSpec {
                backend: Backend::Vhost,
                pin: (0..self.cores).collect(),
                preallocated: true,
                stacks: vec![node],
                ..VmSpec::new("this computer", self.cores, 4 * GIB)
            })
        } else {
            node
        };
        Spec {
            host: HostSpec {
                groups: Vec::new(),
                boot: None,
                cores: self.cores,
                memory: 16 * GIB,
                swap: 0,
                // What a walk's reference costs was computed for as many of them as tables of small pages take.
                huge_pages: HugePages::Never,
                disks: vec![DiskSpec { name: "disk".to_owned(), kind: DiskKind::Nvme, capacity: 1 << 40 }],
                nics: vec![NicSpec { name: "network".to_owned(), bandwidth: 10_000_000_000 }],
                mounts: Vec::new(),
                hypervisor: true,
            },
            programs: vec![ProgramSpec { name: "work".to_owned(), body: run.body }],
            stacks: vec![node],
            script: Vec::new(),
        }
    }
}

/// A process that has touched memory of its own forks again and again.
fn forking(forks: Forks, operation: Operation) -> Vec<Statement> {
    let touched = Operation::Memory { working_set: forks.pages * PAGE, accesses: 1, huge_pages: false };
    vec![Statement::Do(touched), repeat(None, vec![operation])]
}

fn repeat(times: Option<u64>, operations: Vec<Operation>) -> Statement {
    Statement::Repeat(times, operations.into_iter().map(Statement::Do).collect())
}

fn read(cache: Cache) -> Operation {
    Operation::Read { file: "data".to_owned(), bytes: READ_BYTES as u64, cache }
}

fn quota(percent: u64) -> Option<Time> {
    Some(Time::ps(PERIOD * 1000 / 100 * percent))
}

fn nanoseconds(time: Time) -> f64 {
    time.as_ps() as f64 / 1000.0
}

/// How long each operation of a kind took, the first ones left out.
fn latencies(outcome: &Outcome, kind: OperationKind) -> Vec<f64> {
    let journeys = outcome.trace.iter().flat_map(|trace| &trace.journeys).filter(|journey| journey.kind == kind);
    journeys.filter_map(|journey| journey.latency()).skip(WARM_UP).map(nanoseconds).collect()
}

/// When each operation of a kind ended.
fn ends(outcome: &Outcome, kind: OperationKind) -> Vec<f64> {
    let journeys = outcome.trace.iter().flat_map(|trace| &trace.journeys).filter(|journey| journey.kind == kind);
    journeys.filter(|journey| journey.latency().is_some()).map(|journey| nanoseconds(journey.end)).collect()
}

/// From one operation of a kind to the next.
fn rounds(outcome: &Outcome, kind: OperationKind) -> Vec<f64> {
    let ends = ends(outcome, kind);
    ends.windows(2).skip(WARM_UP).map(|pair| pair[1] - pair[0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::{Profile, Quantiles, Unit};
    use crate::probe::measure::{self, Measured, Measurement, Plan, Stability};
    use crate::validate::Figure;

    fn median(in_guest: bool, work: Work) -> f64 {
        let ground = Ground {
            costs: Profile::xeon_2017().table(),
            in_guest,
            cores: 2,
            interpreted: false,
            arithmetic: Ok(6.0),
            facts: Facts::default(),
            stop: &AtomicBool::new(false),
        };
        Figure::of(&ground.predict(work).unwrap(), work.statistic()).unwrap().value
    }

    #[test]
    fn every_work_has_a_prediction_or_names_what_is_missing() {
        let ground = Ground {
            costs: Profile::xeon_2017().table(),
            in_guest: true,
            cores: 2,
            interpreted: false,
            arithmetic: Ok(6.0),
            facts: Facts::default(),
            stop: &AtomicBool::new(false),
        };
        for work in Work::all() {
            match ground.predict(work) {
                Ok(samples) => assert!(samples.len() > 10, "{}: {}", work.name(), samples.len()),
                Err(why) => assert!(why.starts_with("mechanism missing: "), "{}", work.name()),
            }
        }
    }

    /// A profile with these wholes measured, in nanoseconds.
    fn measured(wholes: &[(&str, f64)]) -> Profile {
        let entry = |&(name, value): &(&str, f64)| {
            let spread = Quantiles { min: value, p50: value, p90: value, p99: value, max: value };
            let method = "a test".to_owned();
            let measured = Measured { value, spread, runs: 3, method, formula: None, stability: Stability::Stable };
            Measurement { primitive: name.to_owned(), unit: Unit::Ns, outcome: measure::Outcome::Measured(measured) }
        };
        let (host, when) = ("a test".to_owned(), "2026-11-23".to_owned());
        let measurements = wholes.iter().map(entry).collect();
        let in_guest = wholes.iter().any(|(name, _)| *name == "cpuid_exit_below");
        measure::Report { plan: Plan::Quick, host, when, seconds: 0.0, cancelled: false, in_guest, measurements }
            .profile(&Profile::xeon_2017())
    }

    fn with(profile: &Profile, in_guest: bool, work: Work) -> f64 {
        let (costs, stop) = (profile.table(), AtomicBool::new(false));
        let ground = Ground {
            costs,
            in_guest,
            cores: 2,
            interpreted: false,
            arithmetic: Ok(6.0),
            facts: Facts::default(),
            stop: &stop,
        };
        Figure::of(&ground.predict(work).unwrap(), work.statistic()).unwrap().value
    }

    #[test]
    fn what_is_derived_from_a_wake_up_is_paid_again_as_a_whole_by_whatever_wakes_a_core() {
        const WAKE: f64 = 40_000.0;
        let hardware = measured(&[("idle_wake", WAKE)]);
        let guest = measured(&[("cpuid_exit_below", 3000.0), ("idle_wake", WAKE), ("idle_wake_paid", 9000.0)]);
        for (profile, in_guest) in [(hardware, false), (guest, true)] {
            let pipes = 4.0 * profile.cost(Primitive::PipeTransfer).value;
            let round_trip = with(&profile, in_guest, Work::PingPong { place: Place::Process, across: true });
            assert!((round_trip - pipes - 2.0 * WAKE).abs() < 1.0, "{round_trip} ns");
        }
    }

    #[test]
    fn what_is_derived_from_a_direct_read_is_paid_again_as_a_whole_by_one() {
        const READ: f64 = 90_000.0;
        for wholes in [&[("direct_read_4k", READ)][..], &[("direct_read_4k", READ), ("cpuid_exit_below", 3000.0)]] {
            let profile = measured(wholes);
            let transfer = (READ_BYTES as f64 - 4096.0) * 1e9 / profile.cost(Primitive::DiskBandwidth).value;
            let each = 1e9 / with(&profile, wholes.len() > 1, Work::DirectReads(1));
            assert!((each / (READ + transfer) - 1.0).abs() < 0.02, "{each} ns");
        }
    }

    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    #[test]
    fn the_guests_programs_have_as_many_instructions_as_are_simulated() {
        use crate::probe::vm::Program;
        assert_eq!(u64::from(Program::Scramble.instructions()), ARITHMETIC_INSTRUCTIONS);
        assert_eq!(u64::from(Program::Outs.instructions()), OUT_INSTRUCTIONS + 1);
    }

    #[test]
    fn what_is_derived_from_an_interpreted_write_is_paid_again_as_a_whole_by_an_out() {
        const WRITE: f64 = 9_000.0;
        let profile = measured(&[("emulated_mmio", WRITE), ("emulated_instruction", 700.0), ("emulated_load", 1000.0)]);
        let (costs, stop) = (profile.table(), AtomicBool::new(false));
        let ground = Ground {
            costs,
            in_guest: false,
            cores: 2,
            interpreted: true,
            arithmetic: Err(String::new()),
            facts: Facts::default(),
            stop: &stop,
        };
        let out = ground.predict(Work::Guest(GuestWork::Exits)).unwrap();
        // Six instructions instead of a store and two others; besides, their own cycles.
        let cycles = OUT_INSTRUCTIONS as f64 * profile.cost(Primitive::Cycle).value;
        let expected = WRITE - 1000.0 + 4.0 * 700.0 + cycles;
        assert!((out[0] - expected).abs() < 10.0, "{} of {expected} ns", out[0]);
    }

    #[test]
    fn an_exit_of_a_guest_on_the_hardware_takes_what_the_probes_own_guest_took_on_either_kind_of_host() {
        let bare: &[(&str, f64)] = &[("exit_cpuid", 1_000.0)];
        let guest: &[(&str, f64)] = &[("exit_cpuid", 7_100.0), ("cpuid_exit_below", 600.0)];
        for (wholes, in_guest) in [(bare, false), (guest, true)] {
            let profile = measured(wholes);
            let work = 500.0 * profile.cost(Primitive::Cycle).value;
            let round = with(&profile, in_guest, Work::Guest(GuestWork::Exits));
            assert!((round - wholes[0].1 - work).abs() < 5.0, "{round} ns");
        }
    }

    #[test]
    fn arithmetic_in_a_guest_on_the_hardware_takes_what_it_takes_in_a_process() {
        for in_guest in [false, true] {
            let turn = with(&Profile::xeon_2017(), in_guest, Work::Guest(GuestWork::Compute));
            assert!((turn - 6.0).abs() < 0.06, "{turn} ns");
        }
    }

    #[test]
    fn a_simulation_that_is_stopped_gives_nothing() {
        let (costs, stop) = (Profile::xeon_2017().table(), AtomicBool::new(true));
        let ground = Ground {
            costs,
            in_guest: true,
            cores: 2,
            interpreted: false,
            arithmetic: Ok(6.0),
            facts: Facts::default(),
            stop: &stop,
        };
        assert_eq!(ground.predict(Work::Walk), Ok(Vec::new()));
    }

    #[test]
    fn waking_a_core_that_has_idled_for_long_takes_its_deep_idle_state_into_account() {
        let mut profile = Profile::xeon_2017();
        let mut late = |deep: f64| {
            profile.set(Primitive::IdleExitDeep, deep, None, crate::costs::Provenance::Assumed("a test".to_owned()));
            with(&profile, false, Work::Late)
        };
        assert!((late(90_000.0) - late(40_000.0) - 50_000.0).abs() < 1.0);
    }

    #[test]
    fn direct_reads_at_great_depth_pass_the_shared_part_of_the_disk_one_after_the_other() {
        let costs = Profile::xeon_2017().table();
        let transfer = (READ_BYTES as f64 - 4096.0) / costs.get(Primitive::DiskBandwidth) as f64;
        let most = 1.0 / (costs.get(Primitive::DiskRequest) as f64 / 1e12 + transfer);
        let many = median(false, Work::DirectReads(64));
        assert!(many < most * 1.01 && many > 0.8 * most.min(17.0 / 70e-6), "{many} of {most}");
    }

    #[test]
    fn cached_reads_at_once_are_limited_by_the_cores_alone() {
        let one = median(false, Work::CachedReads(1));
        for (depth, cores) in [(2, 2.0), (4, 2.0), (8, 2.0)] {
            let times = median(false, Work::CachedReads(depth)) / one;
            assert!((times / cores - 1.0).abs() < 0.05, "{times} at depth {depth}");
        }
    }

    #[test]
    fn a_quota_lets_through_its_share_and_holds_the_periodic_task_for_the_rest_of_a_period() {
        let whole = median(false, Work::Throughput(80)) / 0.8;
        for percent in [20, 50] {
            let share = median(false, Work::Throughput(percent)) / whole;
            assert!((share - percent as f64 / 100.0).abs() < 0.03, "{share}");
            let held = median(false, Work::Periodic(percent)) / PERIOD as f64;
            assert!(held > 0.9 - percent as f64 / 100.0 && held < 1.1 - percent as f64 / 100.0, "{held}");
        }
    }

    #[test]
    fn what_lies_between_two_namespaces_is_paid_in_both_directions() {
        use Primitive::{BridgeHop, ForwardHop, NatHop, VethHop};
        let costs = Profile::xeon_2017().table();
        let hops = [VethHop, BridgeHop, ForwardHop, NatHop, VethHop].map(|hop| costs.get(hop)).iter().sum::<u64>();
        let more = median(false, Work::RoundTrip(Route::Translated)) - median(false, Work::RoundTrip(Route::Loopback));
        assert!((more - 2.0 * hops as f64 / 1000.0).abs() < 1.0, "{more} ns");
    }

    #[test]
    fn what_wakes_another_core_costs_exits_in_a_guest_and_what_does_not_costs_none() {
        let call = Work::Calls(Place::Process);
        assert!((median(true, call) / median(false, call) - 1.0).abs() < 0.01);
        let across = Work::PingPong { place: Place::Process, across: true };
        assert!(median(true, across) > 1.5 * median(false, across));
    }
}
