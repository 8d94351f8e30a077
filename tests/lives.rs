//! What is born and what ends: processes and their threads, and programs that reach for the machine itself.

mod support;

use proptest::prelude::*;
use strata::costs::Profile;
use strata::engine::{Simulation, Time};
use strata::machine::instruction::{InRing3, Instruction};
use strata::machine::spec::*;
use strata::machine::{self, End, Machine, Outcome, RunOptions};
use strata::trace::{Crossing, JourneyId, OperationKind, Recorder};
use support::*;

fn run(node: NodeSpec, programs: Vec<Vec<Operation>>) -> Outcome {
    let programs = programs.into_iter().map(|body| program(repeat(1, body))).collect();
    let spec = Spec { host: host(2), programs, stacks: vec![node], script: Vec::new() };
    machine::run(&spec, &Profile::xeon_2017().table(), 7, &RunOptions::default(), |_, _| true).unwrap()
}

/// A program's process by itself, and in virtual machines of either technique and of two depths.
fn places(app: &ProcessSpec) -> Vec<NodeSpec> {
    let guest = |technique, node| NodeSpec::Vm(VmSpec { technique, ..vm("vm", 1, vec![node]) });
    let app = || NodeSpec::Process(app.clone());
    vec![
        app(),
        NodeSpec::Container(ContainerSpec {
            process: match app() {
                NodeSpec::Process(process) => process,
                _ => unreachable!("it is a process"),
            },
            ..container("app", 0)
        }),
        guest(Technique::Hardware, app()),
        guest(Technique::Interpreted, app()),
        guest(Technique::Hardware, guest(Technique::Hardware, app())),
    ]
}

fn operation(instruction: Instruction) -> Operation {
    match instruction {
        Instruction::Cpuid => Operation::Cpuid,
        Instruction::Hlt => Operation::Hlt,
        Instruction::Out => Operation::Out,
        other => Operation::Instruction(other),
    }
}

/// What the journey of the first operation crosses.
fn crossings(outcome: &Outcome) -> Vec<Crossing> {
    let trace = outcome.trace.as_ref().expect("the trace is kept");
    trace.hops_of(JourneyId(0)).into_iter().map(|hop| trace.hops[hop.index()].crossing).collect()
}

/// Seen to fail with the fault's `kill` left out, and with IN and OUT exiting before the check of the privilege level.
#[test]
fn no_program_takes_over_what_it_may_not_have_ends_it_and_no_hypervisor_hears_of_it() {
    for instruction in Instruction::ALL {
        for (ports, place) in [false, true].into_iter().flat_map(|ports| {
            let app = ProcessSpec { io_ports: ports, ..process("app", 0) };
            places(&app).into_iter().map(move |place| (ports, place))
        }) {
            let outcome = run(place, vec![vec![operation(instruction), Operation::Compute(Time::us(1).into())]]);
            let what = format!("{instruction:?}, ports {ports}, {}", outcome.topology.stacks[0].kind);
            let went_on = outcome.stats[0].operations_of(OperationKind::Compute) == 1;
            let crossed = crossings(&outcome);
            let faulted = crossed.contains(&Crossing::ProtectionFault);
            let exited = crossed.iter().any(|crossing| matches!(crossing, Crossing::VmExit(_)));
            match instruction.in_ring_3(ports) {
                InRing3::Faults => assert!(faulted && !went_on && !exited, "{what}: {crossed:?}"),
                InRing3::Runs | InRing3::IgnoresSilently => assert!(!faulted && went_on, "{what}: {crossed:?}"),
            }
            assert_eq!(outcome.end, End::Finished, "{what}");
            assert_eq!(outcome.history.current().model.leftover(), None, "{what}");
        }
    }
}

/// Each of the other threads is somewhere else when the signal comes: asleep, computing, waiting for a disk, for a
/// packet, for a message, for a child.
#[test]
fn a_fatal_signal_ends_every_thread_of_the_process_wherever_it_is() {
    let request = |peer| Operation::Request { send: 1, receive: 1, think: Time::ms(50).into(), peer };
    for busy in [
        Operation::Sleep(Time::s(1).into()),
        Operation::Compute(Time::s(1).into()),
        Operation::Memory { working_set: 1 << 30, accesses: 1, huge_pages: false },
        cold_read(),
        request(Peer::Remote),
        request(Peer::Local),
        Operation::PingPong { across_cpus: true, bytes: 1 },
        Operation::Fork { vfork: false, writes: 40 << 20, exec: None },
        Operation::Fork { vfork: true, writes: 0, exec: Some(Image { bytes: 20 << 20, segments: 1 }) },
    ] {
        for cores in [1, 3] {
            for limited in [false, true] {
                let max = CpuMax { quota: Time::ms(1), period: Time::ms(5), burst: Time::ZERO };
                let cgroup = limited.then_some(CgroupSpec { cpu_max: Some(max), ..CgroupSpec::default() });
                // Of two threads of one program both come to the fault; the second one is in the middle of something.
                let body = vec![Operation::Compute(Time::us(300).into()), busy.clone(), Operation::Hlt];
                let app = ProcessSpec { threads: 3, cgroup, ..process("app", 0) };
                let spec = Spec {
                    host: host(cores),
                    programs: vec![program(repeat(1, body))],
                    stacks: vec![NodeSpec::Process(app)],
                    script: Vec::new(),
                };
                let outcome =
                    machine::run(&spec, &Profile::xeon_2017().table(), 7, &RunOptions::default(), |_, _| true).unwrap();
                let machine = &outcome.history.current().model;
                assert_eq!(machine.leftover(), None, "{busy:?}");
                let living = machine.living();
                assert_eq!((living.processes, living.threads, living.requests), (0, 0, 0), "{busy:?} on {cores}");
                let trace = outcome.trace.as_ref().expect("the trace is kept");
                assert!(trace.journeys.iter().all(|journey| journey.end != Time::MAX), "{busy:?} on {cores}");
            }
        }
    }
}

#[test]
fn threads_share_the_memory_that_they_touch() {
    let touch = Operation::Memory { working_set: 100 * 4096, accesses: 1, huge_pages: false };
    let app = |threads| NodeSpec::Process(ProcessSpec { threads, cpu: Some(0), ..process("app", 0) });
    let [one, four] = [1, 4].map(|threads| run(app(threads), vec![vec![touch.clone()]]).stats[0].page_faults);
    assert_eq!((one, four), (100, 100));
}

#[test]
fn starting_and_ending_processes_leaves_memory_flat() {
    let places = |times| {
        let fork = Operation::Fork { vfork: false, writes: 4096, exec: None };
        let spec = Spec {
            host: host(2),
            programs: vec![program(repeat(times, vec![fork]))],
            stacks: vec![NodeSpec::Process(process("app", 0))],
            script: Vec::new(),
        };
        let outcome =
            machine::run(&spec, &Profile::xeon_2017().table(), 7, &RunOptions::default(), |_, _| true).unwrap();
        assert_eq!(outcome.stats[0].operations, times);
        outcome.history.current().model.living()
    };
    let (few, many) = (places(10), places(2_000));
    assert_eq!(few, many);
    assert_eq!((many.processes, many.threads), (0, 0));
}

fn step() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (0u64..300).prop_map(|us| Operation::Compute(Time::us(us).into())),
        (0u64..900).prop_map(|us| Operation::Sleep(Time::us(us).into())),
        (1u64..300).prop_map(|pages| Operation::Memory { working_set: pages * 4096, accesses: 9, huge_pages: false }),
        Just(cold_read()),
        prop_oneof![Just(Peer::Remote), Just(Peer::Local), Just(Peer::Namespace)].prop_map(|peer| Operation::Request {
            send: 1,
            receive: 1,
            think: Time::us(30).into(),
            peer
        }),
        any::<bool>().prop_map(|across_cpus| Operation::PingPong { across_cpus, bytes: 1 }),
        (any::<bool>(), 0u64..90_000).prop_map(|(vfork, writes)| Operation::Fork { vfork, writes, exec: None }),
        Just(Operation::StartContainer(ContainerStart {
            rootless: false,
            cgroup: true,
            written: 4096,
            network: StartNetwork::Own,
            image: Image { bytes: 4096, segments: 1 },
        })),
        Just(Operation::Instruction(Instruction::MovCr3)),
        Just(Operation::Instruction(Instruction::Popf)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Seen to fail with the alarm of a thread that ends left in its processor's timers.
    #[test]
    fn what_has_ended_is_never_run_or_waited_for_and_leaves_nothing(
        bodies in proptest::collection::vec(proptest::collection::vec(step(), 1..6), 2),
        threads in 1u16..4, cores in 1u16..4, vcpus in 1u16..4, limited in any::<bool>(), seed in any::<u64>(),
    ) {
        let max = CpuMax { quota: Time::us(700), period: Time::ms(2), burst: Time::ZERO };
        let cgroup = limited.then_some(CgroupSpec { cpu_max: Some(max), ..CgroupSpec::default() });
        let app = |program| ProcessSpec { threads, cgroup: cgroup.clone(), ..process("app", program) };
        let contained = ContainerSpec { process: app(0), ..container("contained", 0) };
        let spec = Spec {
            host: host(cores),
            programs: bodies.into_iter().map(|body| program(repeat(2, body))).collect(),
            stacks: vec![
                NodeSpec::Container(contained),
                NodeSpec::Vm(vm("vm", vcpus, vec![NodeSpec::Process(app(1))])),
            ],
            script: Vec::new(),
        };
        let (machine, _, first) = Machine::new(&spec, &Profile::xeon_2017().table(), seed).unwrap();
        let mut simulation = Simulation::new(machine, first);
        let mut sink = Recorder::discard();
        let mut finished = false;
        for _ in 0..30_000 {
            finished = !simulation.step(&mut sink);
            if finished {
                break;
            }
            prop_assert_eq!(simulation.model.leftover(), None, "at {}", simulation.now());
        }
        if finished {
            // The device model stands, and the first process of its guest; what ran programs is gone.
            let living = simulation.model.living();
            prop_assert_eq!((living.processes, living.threads, living.requests), (2, usize::from(vcpus) + 2, 0));
        }
    }
}

#[test]
fn the_processors_of_a_machine_that_is_down_are_no_cores_of_the_hardware() {
    // (Seen to fail with "no thread behind it" taken for "a core of the hardware".)
    let down = VmSpec { upkeep: Upkeep { up: false, ..Upkeep::default() }, ..vm("vm", 2, Vec::new()) };
    for node in [NodeSpec::Vm(down), NodeSpec::Vm(vm("vm", 2, Vec::new()))] {
        let outcome = run(node, Vec::new());
        let cores = outcome.utilization.iter().filter(|used| used.of == machine::Hardware::Core).count();
        assert_eq!(cores, 2);
    }
}

#[test]
fn what_is_killed_at_any_moment_of_its_start_makes_no_more_threads() {
    // (Seen to fail, for the virtual machine, with the signal looked for only before a thread is made, not when it has been.)
    let down = Upkeep { up: false, ..Upkeep::default() };
    let machine = VmSpec { upkeep: down, ..vm("it", 4, Vec::new()) };
    let mut four = container("it", 0);
    (four.process.threads, four.process.upkeep) = (4, down);
    let body = vec![Statement::Repeat(None, vec![Statement::Do(Operation::Sleep(Time::ms(1).into()))])];
    for (node, until) in [(NodeSpec::Vm(machine), 2_600), (NodeSpec::Container(four), 4_600)] {
        for at in (0..until).step_by(7) {
            let script = vec![(Time::ZERO, Order::Start("it".into())), (Time::us(at), Order::Kill("it".into()))];
            let programs = vec![ProgramSpec { name: "p".to_owned(), body: body.clone() }];
            let spec = Spec { host: host(2), programs, stacks: vec![node.clone()], script };
            let options = RunOptions { until: Time::ms(20), keep_trace: false, ..RunOptions::default() };
            let outcome = machine::run(&spec, &Profile::xeon_2017().table(), 7, &options, |_, _| true).unwrap();
            let model = &outcome.history.current().model;
            assert_eq!((model.leftover(), model.living().threads), (None, 0), "killed at {at} us");
        }
    }
}
