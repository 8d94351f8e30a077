//! What lies between power and the first program.

mod support;

use strata::costs::{Primitive, Profile};
use strata::engine::Time;
use strata::machine::spec::*;
use strata::machine::{self, End, Outcome, RunOptions};
use strata::trace::{BootPart, ChangeKind, Ended, ExitReason};
use support::*;

fn run(spec: &Spec, until: Time) -> Outcome {
    let options = RunOptions { until, keep_trace: false, ..RunOptions::default() };
    machine::run(spec, &Profile::xeon_2017().table(), 1, &options, |_, _| true).unwrap()
}

/// A machine that boots and starts one program, and what is done to it.
fn guest(boot: BootSpec, script: Vec<(Time, Order)>) -> Spec {
    let inner = vec![NodeSpec::Process(process("app", 0))];
    let vm = VmSpec { boot: Some(boot), memory: 512 << 20, ..vm("vm", 1, inner) };
    let program = program(repeat(100, vec![Operation::Sleep(Time::ms(10).into())]));
    Spec { host: host(2), programs: vec![program], stacks: vec![NodeSpec::Vm(vm)], script }
}

fn small(firmware: Firmware) -> BootSpec {
    let whole = BootSpec::installed(firmware);
    BootSpec { services: 3, initrd: 4 << 20, initrd_unpacked: 11 << 20, unpacked: 22 << 20, ..whole }
}

fn labels(outcome: &Outcome) -> Vec<&str> {
    outcome.boots.iter().map(|part| outcome.topology.operations[usize::from(part.label)].as_str()).collect()
}

#[test]
fn a_guest_boots_by_the_acts_of_its_kind_and_then_runs_what_is_in_it() {
    let direct = run(&guest(BootSpec::direct(), Vec::new()), Time::s(3));
    let bios = run(&guest(small(Firmware::Bios), Vec::new()), Time::s(3));
    assert!(labels(&direct).iter().all(|name| !name.starts_with("firmware") && !name.starts_with("loader")));
    let acts = ["firmware", "loader", "kernel", "init"];
    let stages = labels(&bios).into_iter().filter_map(|name| name.split(':').next()).collect::<Vec<_>>();
    assert!(stages.is_sorted_by_key(|stage| acts.iter().position(|act| act == stage)), "{stages:?}");
    for outcome in [&direct, &bios] {
        assert!(outcome.boots.iter().all(|part| part.took().is_some()));
        assert!(outcome.stats[0].operations_of(strata::trace::OperationKind::Sleep) > 0);
    }
    let sum = |outcome: &Outcome, of: fn(&BootPart) -> u64| outcome.boots.iter().map(of).sum::<u64>();
    // Each access to a register is an exit, each first touch of a page as well; a read by virtio is one doorbell.
    let registers: fn(&BootPart) -> u64 = |part| part.exits[ExitReason::IoInstruction as usize];
    assert!(sum(&bios, registers) > 10 * sum(&direct, registers));
    for part in &bios.boots {
        let doorbells = part.exits[ExitReason::Doorbell as usize];
        assert!(doorbells <= u64::from(part.reads), "{doorbells} for {} reads", part.reads);
    }
    // What is read has the sizes of what there is to read.
    let read = bios.boots.iter().map(|part| part.bytes).sum::<u64>();
    assert!(read >= (11 << 20) + (4 << 20) + 3 * (1 << 20), "{read}");
}

#[test]
fn a_doorbell_that_rings_before_the_device_model_serves_is_not_lost() {
    // On one core, with memory that is there already and hardly anything to do before its first read, the guest rings before the
    // device model's own thread has come to its turn. (Seen to fail with the doorbells bound only where it serves.)
    let mut costs = Profile::xeon_2017().table();
    costs.set(Primitive::Initcall, Time::ns(500).as_ps());
    let boot = BootSpec { kernel: 256 << 10, unpacked: 256 << 10, ..BootSpec::direct() };
    for backend in [Backend::UserSpace, Backend::Vhost] {
        let mut spec = guest(boot, Vec::new());
        spec.host.cores = 1;
        if let NodeSpec::Vm(vm) = &mut spec.stacks[0] {
            (vm.memory, vm.preallocated, vm.backend) = (64 << 20, true, backend);
        }
        let options = RunOptions { until: Time::s(1), ..RunOptions::default() };
        let outcome = machine::run(&spec, &costs, 1, &options, |_, _| true).unwrap();
        assert!(outcome.changes.iter().any(|change| change.node == 0 && change.what == ChangeKind::Up), "{backend:?}");
    }
}

#[test]
fn a_host_boots_before_anything_stands_on_it_and_an_order_before_that_is_refused() {
    let mut spec = guest(BootSpec::direct(), vec![(Time::s(1), Order::Start("vm".to_owned()))]);
    spec.host = HostSpec { boot: Some(small(Firmware::Uefi)), memory: GIB, ..spec.host };
    let outcome = run(&spec, Time::s(60));
    let host: Vec<&BootPart> = outcome.boots.iter().filter(|part| part.node == BootPart::HOST).collect();
    let last = host.last().expect("it boots");
    let first_above = outcome.changes.iter().find(|change| change.what == ChangeKind::Starting).expect("it starts");
    assert!(host.len() > 8 && first_above.at >= last.end, "{} and {}", first_above.at, last.end);
    assert!(outcome.changes.iter().any(|change| matches!(change.what, ChangeKind::Refused(_))));
    assert_eq!(outcome.end, End::Finished);
}

#[test]
fn a_machine_that_is_killed_while_it_boots_leaves_nothing_and_boots_anew() {
    for at in [2, 5, 20, 60, 90, 200, 400] {
        let kill = (Time::ms(at), Order::Kill("vm".to_owned()));
        let spec = guest(small(Firmware::Bios), vec![kill.clone()]);
        let outcome = run(&spec, Time::s(2));
        assert_eq!(outcome.end, End::Finished, "killed at {at} ms");
        let machine = &outcome.history.current().model;
        assert_eq!(machine.leftover(), None, "killed at {at} ms");
        assert_eq!(machine.living().processes, 0, "killed at {at} ms");
        let again = (Time::ms(500), Order::Start("vm".to_owned()));
        let outcome = run(&guest(small(Firmware::Bios), vec![kill, again]), Time::s(4));
        let boots = labels(&outcome).iter().filter(|name| **name == "firmware: memory").count();
        assert!(boots == 2 || at == 2, "{boots} boots, killed at {at} ms");
        assert!(outcome.boots.last().is_some_and(|part| part.took().is_some()));
    }
}

#[test]
fn a_shutdown_asks_what_runs_to_end_writes_and_turns_the_power_off() {
    let mut spec = guest(BootSpec::direct(), vec![(Time::s(30), Order::Shutdown)]);
    spec.host = HostSpec { boot: Some(small(Firmware::Uefi)), memory: GIB, ..spec.host };
    spec.programs[0] =
        program(vec![Statement::Repeat(None, vec![Statement::Do(Operation::Sleep(Time::ms(10).into()))])]);
    let outcome = run(&spec, Time::s(60));
    let ends: Vec<&ChangeKind> =
        outcome.changes.iter().map(|change| &change.what).filter(|what| matches!(what, ChangeKind::Ended(_))).collect();
    assert_eq!(ends, [&ChangeKind::Ended(Ended::Stopped); 2]);
    assert_eq!(outcome.end, End::Finished);
    assert!(outcome.simulated > Time::s(30) && outcome.simulated < Time::s(31), "{}", outcome.simulated);
    assert_eq!(outcome.history.current().model.living().processes, 0);
}

#[test]
fn a_kernel_is_not_there_before_it_has_been_loaded() {
    use strata::machine::{ComponentKind, Presences};
    use strata::scenario::{self, Scenario};
    let scenario = Scenario::parse(&scenario::find("boot").unwrap()).unwrap();
    let options = RunOptions { keep_trace: false, ..scenario.options() };
    let outcome = scenario.run(&Profile::xeon_2017(), &options, |_, _| true).unwrap();
    let presences = Presences::new(&outcome.topology, &outcome.changes);
    let (host, _) = outcome.topology.iter().find(|(_, part)| part.kind == ComponentKind::Kernel).unwrap();
    assert!(!presences.is_loaded(host, Time::ZERO), "firmware runs");
    assert!(!presences.is_loaded(host, Time::s(8)), "the loader's menu stands");
    assert!(presences.is_loaded(host, outcome.simulated));
    let read = Scenario::parse(&scenario::find("one-read").unwrap()).unwrap();
    let outcome =
        read.run(&Profile::xeon_2017(), &RunOptions { keep_trace: false, ..read.options() }, |_, _| true).unwrap();
    let presences = Presences::new(&outcome.topology, &outcome.changes);
    let mut kernels = outcome.topology.iter().filter(|(_, part)| part.kind == ComponentKind::Kernel);
    assert!(kernels.all(|(id, _)| presences.is_loaded(id, Time::ZERO)), "where nothing boots all is loaded");
}

#[test]
fn a_kernel_that_boots_has_the_records_of_its_pages_once() {
    // (Seen to fail with those of a kernel that stands there booted beside those that the boot fills.)
    let kept = |memory: u64| {
        let mut spec = guest(BootSpec::direct(), Vec::new());
        spec.host = HostSpec { boot: Some(small(Firmware::Uefi)), memory, ..spec.host };
        spec.stacks = vec![NodeSpec::Process(process("app", 0))];
        run(&spec, Time::s(60)).memory.kernel
    };
    assert_eq!(kept(2 * GIB) - kept(GIB), GIB / 64);
}
