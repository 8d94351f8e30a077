//! What is started, ended and changed during a run, by a script or by hand.

mod support;

use strata::costs::Profile;
use strata::engine::Time;
use strata::machine::spec::*;
use strata::machine::{self, End, Outcome, RunOptions};
use strata::trace::{ChangeKind, Ended, OperationKind, Refusal, StackId};
use support::*;

fn run(spec: &Spec, until: Time) -> Outcome {
    let options = RunOptions { until, ..RunOptions::default() };
    let outcome = machine::run(spec, &Profile::xeon_2017().table(), 7, &options, |_, _| true).unwrap();
    let leftover = outcome.history.current().model.leftover();
    assert_eq!(leftover, None, "{:#?}", outcome.changes);
    outcome
}

/// A program that works for ever: a little, then asleep for a while.
fn for_ever() -> ProgramSpec {
    let body = [Operation::Compute(Time::us(50).into()), cold_read(), Operation::Sleep(Time::us(200).into())];
    program(vec![Statement::Repeat(None, body.into_iter().map(Statement::Do).collect())])
}

fn later() -> Upkeep {
    Upkeep { up: false, restart: Restart::Never }
}

fn of(outcome: &Outcome, node: &str) -> Vec<(Time, ChangeKind)> {
    let id = outcome.topology.iter().find(|(_, part)| part.name == node && part.node.is_some()).map(|(id, _)| id);
    outcome
        .changes
        .iter()
        .filter(|change| Some(change.component) == id)
        .map(|change| (change.at, change.what))
        .collect()
}

fn kinds(outcome: &Outcome, node: &str) -> Vec<ChangeKind> {
    of(outcome, node).into_iter().map(|(_, what)| what).collect()
}

/// A process, a container and a machine with one of each in it; none is up at first.
fn three(script: Vec<(Time, Order)>) -> Spec {
    let app = |name: &str| ProcessSpec { upkeep: later(), ..process(name, 0) };
    let contained = |name: &str| ContainerSpec { process: app(name), seccomp_filters: 1, ..container(name, 0) };
    let inner = vec![
        NodeSpec::Process(process("inner app", 0)),
        NodeSpec::Container(container("inner box", 0)),
        NodeSpec::Process(app("inner later")),
    ];
    let machine = VmSpec { upkeep: later(), backend: Backend::UserSpace, ..vm("vm", 2, inner) };
    Spec {
        host: host(2),
        programs: vec![for_ever()],
        stacks: vec![NodeSpec::Process(app("app")), NodeSpec::Container(contained("box")), NodeSpec::Vm(machine)],
        script,
    }
}

fn at(ms: u64, order: Order) -> (Time, Order) {
    (Time::ms(ms), order)
}

fn start(name: &str) -> Order {
    Order::Start(name.to_owned())
}

fn kill(name: &str) -> Order {
    Order::Kill(name.to_owned())
}

fn stop(name: &str) -> Order {
    Order::Stop(name.to_owned())
}

#[test]
fn what_is_started_in_the_run_runs_its_program_from_then_on() {
    let outcome = run(&three(vec![at(10, start("app")), at(20, start("box")), at(30, start("vm"))]), Time::ms(100));
    assert_eq!(outcome.end, End::Until);
    for (index, name, from) in [(0, "app", 10), (1, "box", 20), (2, "vm", 30)] {
        let changes = of(&outcome, name);
        assert_eq!(changes[0], (Time::ms(from), ChangeKind::Starting), "{name}");
        assert_eq!(changes[1].1, ChangeKind::Up, "{name}: {changes:?}");
        let stats = &outcome.stats[index];
        assert!(stats.operations_of(OperationKind::Read) > 20, "{name}");
        let trace = outcome.trace.as_ref().unwrap();
        let first = trace.hops.iter().find(|hop| hop.stack == StackId(index as u32)).unwrap();
        assert!(first.start >= Time::ms(from), "{name}");
    }
    assert!(outcome.stats[2].exits_total() > 20);
    assert_eq!(kinds(&outcome, "inner later"), []);
    assert_eq!(kinds(&outcome, "inner app"), [ChangeKind::Starting, ChangeKind::Up]);
}

/// Seen to fail with a vCPU's thread that enters guest mode though it has been told to end.
#[test]
fn what_is_killed_ends_with_all_that_stands_in_it_and_can_be_started_again() {
    for how in [kill, stop] {
        for name in ["app", "box", "vm"] {
            let script = vec![at(10, start(name)), at(50, how(name)), at(100, start(name)), at(150, kill(name))];
            let outcome = run(&three(script), Time::ms(200));
            let ended = if how(name) == kill(name) { Ended::Killed } else { Ended::Stopped };
            let changes: Vec<ChangeKind> =
                kinds(&outcome, name).into_iter().filter(|what| *what != ChangeKind::Stopping).collect();
            let life = [ChangeKind::Starting, ChangeKind::Up];
            let all = [life[0], life[1], ChangeKind::Ended(ended), life[0], life[1], ChangeKind::Ended(Ended::Killed)];
            assert_eq!(changes, all, "{name}");
            let living = outcome.history.current().model.living();
            assert_eq!((living.processes, living.threads, living.requests), (0, 0, 0), "{name}");
        }
    }
}

#[test]
fn an_order_that_can_not_be_followed_is_refused_and_changes_nothing() {
    let outcome = run(
        &three(vec![at(1, kill("app")), at(2, start("vm/inner app")), at(10, start("app")), at(20, start("app"))]),
        Time::ms(40),
    );
    let refused = ChangeKind::Refused;
    assert_eq!(
        kinds(&outcome, "app"),
        [refused(Refusal::DoesNotRun), ChangeKind::Starting, ChangeKind::Up, refused(Refusal::Runs)]
    );
    assert_eq!(kinds(&outcome, "inner app"), [refused(Refusal::MachineIsDown)]);
}
