//! The works, simulated.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::figure::rates;
use super::work::{CHUNK_CYCLES, PERIOD, PERIODIC_SLEEP, READ_BYTES, ROUND_CYCLES, WALK_BYTES};
use super::{GuestWork, Place, Work, work::Route};
use crate::costs::Table;
use crate::engine::Time;
use crate::machine::spec::{
    Backend, Cache, CgroupSpec, ContainerNetwork, ContainerSpec, CpuMax, HostSpec, NodeSpec, Operation, Peer,
    ProcessSpec, ProgramId, ProgramSpec, Spec, Statement, VmSpec,
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
    /// When this becomes true, the simulation under way ends; what it gave is worth nothing.
    pub stop: &'a AtomicBool,
}

/// Loads of a walk that are one simulated operation.
const LOADS: u64 = 10_000;
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
        };
        let missing = |what: &str| Err(format!("mechanism missing: {what}"));
        Ok(match work {
            Work::Calls(place) => {
                let call = |name: &str| Operation::SystemCall(name.to_owned());
                let round = vec![Operation::Cycles(ROUND_CYCLES), call("getppid"), call("getuid")];
                let outcome = self.simulate(Run { place, ..run(forever(round)) });
                rounds(&outcome, OperationKind::Compute)
            }
            Work::PingPong { place, across } => {
                let body = forever(vec![Operation::PingPong { across_cpus: across }]);
                latencies(&self.simulate(Run { place, ..run(body) }), OperationKind::PingPong)
            }
            Work::Late => {
                let sleep = Time::ms(1);
                let outcome = self.simulate(run(forever(vec![Operation::Sleep(sleep)])));
                latencies(&outcome, OperationKind::Sleep).into_iter().map(|ns| ns - nanoseconds(sleep)).collect()
            }
            Work::Throughput(percent) => {
                let body = forever(vec![Operation::Cycles(CHUNK_CYCLES)]);
                let outcome = self.simulate(Run { quota: quota(percent), until: Time::ms(3000), ..run(body) });
                rates(&ends(&outcome, OperationKind::Compute), PERIOD as f64)
            }
            Work::Periodic(percent) => {
                let sleep = Operation::Sleep(Time::ps(PERIODIC_SLEEP * 1000));
                let body = forever(vec![Operation::Cycles(3 * CHUNK_CYCLES), sleep]);
                let outcome = self.simulate(Run { quota: quota(percent), until: Time::ms(3000), ..run(body) });
                rounds(&outcome, OperationKind::Compute)
            }
            Work::CachedReads => latencies(&self.simulate(run(forever(vec![read(Cache::Warm)]))), OperationKind::Read),
            Work::DirectReads(depth) => {
                // The disk that was measured is the one that this kernel sees, with all that lies below in it.
                let body = forever(vec![read(Cache::Direct)]);
                let outcome = self.simulate(Run {
                    threads: depth,
                    pinned: false,
                    in_vm: false,
                    until: Time::ms(300),
                    ..run(body)
                });
                rates(&ends(&outcome, OperationKind::Read), 1e7)
            }
            Work::Walk => self.walk(run(Vec::new())),
            Work::RoundTrip(route) => {
                let request = Operation::Request { send: 1, receive: 1, think: Time::ZERO, peer: Peer::Local };
                let bridged = route == Route::Bridged;
                let run = run(forever(vec![request]));
                latencies(&self.simulate(Run { bridged, ..run }), OperationKind::Request)
            }
            Work::ForkExec => return missing("fork, exec and exit"),
            Work::ContainerStart => return missing("the start of a container"),
            Work::VmStart => return missing("the creation and start of a virtual machine"),
            Work::Guest(GuestWork::Compute) => {
                let outcome = self.simulate(Run { in_vm: true, ..run(forever(vec![Operation::Cycles(1_000_000)])) });
                latencies(&outcome, OperationKind::Compute).into_iter().map(|ns| ns / 1e6).collect()
            }
            Work::Guest(GuestWork::Exits) => {
                let body = forever(vec![Operation::Cpuid, Operation::Cycles(500)]);
                rounds(&self.simulate(Run { in_vm: true, ..run(body) }), OperationKind::Cpuid)
            }
            Work::Guest(GuestWork::Walk) => self.walk(Run { in_vm: true, ..run(Vec::new()) }),
        })
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
        // The machine is written here, with processors, programs and pins that it has.
        machine::run(&spec, &self.costs, 1, &options, |_, _| !self.stop.load(Relaxed))
            .expect("a machine that can be built")
    }

    fn spec(&self, run: Run) -> Spec {
        const GIB: u64 = 1 << 30;
        let cpu_max = run.quota.map(|quota| CpuMax { quota, period: Time::ps(PERIOD * 1000), burst: Time::ZERO });
        let process = ProcessSpec {
            name: "work".to_owned(),
            program: Some(ProgramId(0)),
            threads: run.threads,
            weight: 1024,
            cpu: run.pinned.then_some(0),
            cgroup: cpu_max.map(|max| CgroupSpec { cpu_max: Some(max) }),
        };
        let filters = u16::from(run.place == Place::Container);
        let network = if run.bridged { ContainerNetwork::Bridge } else { ContainerNetwork::Host };
        let node = if run.bridged || filters > 0 {
            NodeSpec::Container(ContainerSpec { process, seccomp_filters: filters, network, image_bytes: 0 })
        } else {
            NodeSpec::Process(process)
        };
        let node = if run.in_vm {
            NodeSpec::Vm(VmSpec {
                name: "this computer".to_owned(),
                vcpus: self.cores,
                memory: 4 * GIB,
                backend: Backend::Vhost,
                pin: (0..self.cores).collect(),
                preallocated: true,
                image_bytes: 0,
                stacks: vec![node],
            })
        } else {
            node
        };
        Spec {
            host: HostSpec {
                cores: self.cores,
                memory: 16 * GIB,
                disks: vec![("disk".to_owned(), 1 << 40)],
                nics: vec![("network".to_owned(), 10_000_000_000)],
                hypervisor: true,
            },
            programs: vec![ProgramSpec { name: "work".to_owned(), body: run.body }],
            stacks: vec![node],
        }
    }
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
    use crate::costs::{Primitive, Profile};
    use crate::validate::Figure;

    fn median(in_guest: bool, work: Work) -> f64 {
        let ground = Ground { costs: Profile::xeon_2017().table(), in_guest, cores: 2, stop: &AtomicBool::new(false) };
        Figure::of(&ground.predict(work).unwrap(), work.statistic()).unwrap().value
    }

    #[test]
    fn every_work_has_a_prediction_or_names_what_is_missing() {
        let ground =
            Ground { costs: Profile::xeon_2017().table(), in_guest: true, cores: 2, stop: &AtomicBool::new(false) };
        for work in Work::all() {
            match ground.predict(work) {
                Ok(samples) => assert!(samples.len() > 10, "{}: {}", work.name(), samples.len()),
                Err(why) => assert!(why.starts_with("mechanism missing: "), "{}", work.name()),
            }
        }
    }

    #[test]
    fn a_simulation_that_is_stopped_gives_nothing() {
        let (costs, stop) = (Profile::xeon_2017().table(), AtomicBool::new(true));
        let ground = Ground { costs, in_guest: true, cores: 2, stop: &stop };
        assert_eq!(ground.predict(Work::Walk), Ok(Vec::new()));
    }

    #[test]
    fn waking_a_core_that_has_idled_for_long_takes_its_deep_idle_state_into_account() {
        let mut profile = Profile::xeon_2017();
        let mut late = |deep: f64| {
            profile.set(Primitive::IdleExitDeep, deep, None, crate::costs::Provenance::Assumed("a test".to_owned()));
            let (costs, stop) = (profile.table(), AtomicBool::new(false));
            let ground = Ground { costs, in_guest: false, cores: 2, stop: &stop };
            Figure::of(&ground.predict(Work::Late).unwrap(), Work::Late.statistic()).unwrap().value
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
    fn a_bridge_between_two_namespaces_is_paid_in_both_directions() {
        let costs = Profile::xeon_2017().table();
        let hops =
            [Primitive::VethHop, Primitive::BridgeHop, Primitive::NatHop].map(|hop| costs.get(hop)).iter().sum::<u64>();
        let more = median(false, Work::RoundTrip(Route::Bridged)) - median(false, Work::RoundTrip(Route::Loopback));
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
