//! Chance in programs: times that are drawn anew each time, held against the theory of queues.

mod support;

use strata::costs::{Primitive, Profile, Table, Unit};
use strata::engine::{Distribution, History, Simulation, Time};
use strata::machine::spec::*;
use strata::machine::{self, Machine, Outcome, RunOptions};
use strata::trace::{JourneyId, OperationKind, Recorder, StackId, Wait, What};
use support::*;

/// What a program sleeps and computes on average in each round.
const SLEEP: Time = Time::us(900);
const COMPUTE: Time = Time::us(100);

/// All mechanisms are free of cost, so that only waiting and computing are left.
fn free() -> Table {
    let mut costs = Profile::xeon_2017().table();
    for primitive in Primitive::ALL.iter().copied().filter(|primitive| primitive.unit() == Unit::Ns) {
        costs.set(primitive, 0);
    }
    costs
}

fn exponential(mean: Time) -> Distribution {
    Distribution::Exponential { mean }
}

/// So many programs that sleep and compute, `rounds` times each.
fn crowd(cores: u16, programs: u64, rounds: u64, of: fn(Time) -> Distribution) -> Spec {
    let body = repeat(rounds, vec![Operation::Sleep(of(SLEEP)), Operation::Compute(of(COMPUTE))]);
    let stacks = (0..programs).map(|i| NodeSpec::Process(process(&format!("p{i}"), 0))).collect();
    Spec { host: host(cores), programs: vec![program(body)], stacks, script: Vec::new() }
}

fn run(spec: &Spec, costs: &Table) -> Outcome {
    let options = RunOptions { until: Time::s(600), ..RunOptions::default() };
    machine::run(spec, costs, 7, &options, |_, _| true).unwrap()
}

/// The ends of all operations of a kind that a stack did, with their latencies in µs; of a sleep, what it took beyond the
/// time that was asked for.
fn operations(outcome: &Outcome, stack: usize, kind: OperationKind) -> Vec<(Time, f64)> {
    let trace = outcome.trace.as_ref().unwrap();
    let of = trace.journeys.iter().enumerate();
    of.filter(|(_, journey)| journey.stack == StackId(stack as u32) && journey.kind == kind)
        .filter_map(|(i, journey)| {
            let hops = trace.hops_of(JourneyId(i as u32)).into_iter().map(|hop| trace.hops[hop.index()]);
            let slept: Time = hops.filter(|hop| hop.what == What::Wait(Wait::Sleep)).map(|hop| hop.duration()).sum();
            Some((journey.end, (journey.latency()? - slept).as_ps() as f64 / 1e6))
        })
        .collect()
}

/// The response times of all rounds in µs, from the end of the time to sleep on, in the order in which they ended. The first
/// tenth of the run is left out, and what followed the end of the first program.
fn responses(outcome: &Outcome) -> Vec<f64> {
    let stacks = 0..outcome.topology.stacks.len();
    let all: Vec<Vec<(Time, f64)>> = stacks
        .map(|stack| {
            let late = operations(outcome, stack, OperationKind::Sleep);
            let work = operations(outcome, stack, OperationKind::Compute);
            late.iter().zip(&work).map(|((_, late), (end, work))| (*end, late + work)).collect()
        })
        .collect();
    let last = all.iter().filter_map(|rounds| rounds.last()).map(|(end, _)| *end).min().unwrap();
    let mut rounds: Vec<(Time, f64)> = all.into_iter().flatten().collect();
    rounds.sort_by_key(|(end, _)| *end);
    let within = rounds.into_iter().filter(|(end, _)| *end <= last && end.as_ps() >= last.as_ps() / 10);
    within.map(|(_, response)| response).collect()
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len() as f64
}

fn p99(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() * 99 / 100]
}

/// The standard error of the mean of what depends on what came before: from the means of 30 stretches.
fn standard_error(of: &[f64]) -> f64 {
    let means: Vec<f64> = of.chunks_exact(of.len() / 30).map(mean).collect();
    let (all, n) = (mean(&means), means.len() as f64);
    (means.iter().map(|each| (each - all).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt()
}

/// The mean response time in µs of `n` programs on `cores` when both times are exponential (M/M/c//N, the machine
/// repairman; L. Kleinrock, Queueing Systems 1, 1975, 3.8). It holds for each order of service that knows nothing of what is
/// left to compute.
fn repairman(n: u64, cores: u64) -> f64 {
    let (z, s) = (SLEEP.as_ps() as f64 / 1e6, COMPUTE.as_ps() as f64 / 1e6);
    // The weight of k programs that want to compute.
    let mut weights = vec![1.0];
    for k in 1..=n {
        weights.push(weights[k as usize - 1] * (n - k + 1) as f64 / z * s / k.min(cores) as f64);
    }
    let busy: f64 = weights.iter().zip(0u64..).map(|(weight, k)| weight * k.min(cores) as f64).sum();
    n as f64 * s * weights.iter().sum::<f64>() / busy - z
}

/// How many of its standard errors the measured mean lies from the theory's, and how large one is of the mean.
fn errors_from_theory(cores: u16, programs: u64, of: fn(Time) -> Distribution) -> (f64, f64) {
    let responses = responses(&run(&crowd(cores, programs, 60_000 / programs, of), &free()));
    let (measured, error) = (mean(&responses), standard_error(&responses));
    let theory = repairman(programs, u64::from(cores));
    println!("{cores} cores, {programs} programs: {measured:.2} ± {error:.2} µs, theory {theory:.2}");
    ((measured - theory).abs() / error.max(1e-9), error / measured)
}

/// Below, at and beyond the knee, which lies at ten programs for each core. Four standard errors (30 stretches: one in 2,500
/// by chance), none larger than a twentieth of the mean.
fn agrees(cores: u16, of: fn(Time) -> Distribution) -> Vec<bool> {
    let loads = [5, 10, 15].map(|each| each * u64::from(cores));
    loads
        .map(|programs| {
            let (apart, error) = errors_from_theory(cores, programs, of);
            apart < 4.0 && error < 0.05
        })
        .into()
}

/// Seen to fail with constant times, which is what the last lines do.
#[test]
fn one_core_answers_as_slowly_as_the_theory_of_queues_says_and_constants_do_not() {
    assert_eq!(agrees(1, exponential), [true; 3]);
    assert_eq!(agrees(1, Distribution::from)[..2], [false; 2]);
}

#[test]
fn four_cores_answer_as_slowly_as_the_theory_of_queues_says_and_constants_do_not() {
    assert_eq!(agrees(4, exponential), [true; 3]);
    assert_eq!(agrees(4, Distribution::from)[..2], [false; 2]);
}

/// The load at which the ninety-ninth response in a hundred has become longer by one time to compute, and the one at which
/// the mean has. With constants both are the same: nobody waits before the knee.
#[test]
fn the_p99_grows_long_before_the_mean() {
    for cores in [1u16, 4] {
        let alone = responses(&run(&crowd(cores, 1, 20_000, exponential), &free()));
        let more = COMPUTE.as_ps() as f64 / 1e6;
        let mut first = [None, None];
        for programs in (1..=14).map(|each| each * u64::from(cores)) {
            let all = responses(&run(&crowd(cores, programs, 30_000 / programs, exponential), &free()));
            println!("{cores} cores, {programs} programs: mean {:.1}, p99 {:.1} µs", mean(&all), p99(&all));
            let grown = [p99(&all) - p99(&alone), mean(&all) - mean(&alone)];
            for (first, grown) in first.iter_mut().zip(grown) {
                if grown > more {
                    first.get_or_insert(programs);
                }
            }
        }
        let [Some(p99), Some(mean)] = first else { panic!("{first:?}") };
        println!("{cores} cores: the p99 at {p99} programs, the mean at {mean}");
        assert!(p99 * 4 <= mean * 3, "{p99} {mean}");
    }
}

/// Under the real costs: with constants all eight do the same at the same time for ever.
#[test]
fn eight_equal_programs_do_not_stay_in_lock_step() {
    // Of the rounds of one program, how many end within a tenth of a time to compute of a round of another.
    let together = |of: fn(Time) -> Distribution| {
        let outcome = run(&crowd(4, 8, 400, of), &Profile::xeon_2017().table());
        let ends = [0, 1].map(|stack| operations(&outcome, stack, OperationKind::Compute));
        let near = |at: Time| ends[1].iter().any(|(end, _)| at.since(*end).max(end.since(at)) < Time::us(10));
        ends[0].iter().filter(|(at, _)| near(*at)).count() as f64 / ends[0].len() as f64
    };
    let (constant, drawn) = (together(Distribution::from), together(exponential));
    println!("rounds together: constant {constant}, drawn {drawn}");
    assert!(constant > 0.9 && drawn < 0.1);
}

/// Fails with one stream for all programs.
#[test]
fn another_program_does_not_change_what_one_draws() {
    let body = |n| program(repeat(n, vec![Operation::Compute(exponential(COMPUTE))]));
    let on = |name: &str, program, cpu| ProcessSpec { cpu: Some(cpu), ..process(name, program) };
    let drawn = |programs: Vec<ProgramSpec>, stacks: Vec<ProcessSpec>| {
        let stacks: Vec<NodeSpec> = stacks.into_iter().map(NodeSpec::Process).collect();
        let at = stacks.iter().position(|node| node.name() == "a").unwrap();
        let outcome = run(&Spec { host: host(2), programs, stacks, script: Vec::new() }, &free());
        operations(&outcome, at, OperationKind::Compute).into_iter().map(|(_, took)| took).collect::<Vec<_>>()
    };
    let alone = drawn(vec![body(50)], vec![on("a", 0, 0)]);
    let beside = drawn(vec![body(70), body(50)], vec![on("b", 0, 1), on("a", 1, 0)]);
    assert_eq!(alone, beside);
    assert!(alone.iter().any(|took| *took != alone[0]));
}

/// Fails where threads or lives draw the same.
#[test]
fn each_thread_and_each_life_draws_anew() {
    let sleeps = vec![Operation::Compute(exponential(COMPUTE))];
    let threads = ProcessSpec { threads: 2, cpu: None, ..process("a", 0) };
    let spec = Spec {
        host: host(2),
        programs: vec![program(repeat(1, sleeps.clone()))],
        stacks: vec![NodeSpec::Process(threads)],
        script: Vec::new(),
    };
    let first = operations(&run(&spec, &free()), 0, OperationKind::Compute);
    assert!(first.len() == 2 && first[0].1 != first[1].1, "{first:?}");
    let again = ProcessSpec { upkeep: Upkeep { up: true, restart: Restart::Always }, ..process("a", 0) };
    let spec = Spec { stacks: vec![NodeSpec::Process(again)], ..spec };
    let lives = operations(&run(&spec, &free()), 0, OperationKind::Compute);
    assert!(lives.len() > 2 && lives[0].1 != lives[1].1 && lives[1].1 != lives[2].1, "{lives:?}");
}

/// Fails where a snapshot does not have what is drawn next.
#[test]
fn a_run_with_chance_is_the_same_stepped_sought_and_straight() {
    let spec = crowd(2, 3, 30, exponential);
    let costs = Profile::xeon_2017().table();
    let straight = run(&spec, &costs);
    let (machine, _, first) = Machine::new(&spec, &costs, 7).unwrap();
    let mut recorder = Recorder::discard();
    let mut history = History::new(Simulation::new(machine, first), 50, 8);
    while history.current().next_at().is_some() {
        history.step(&mut recorder);
    }
    assert_eq!(history.current().model.trace_hash(), straight.trace_hash);
    let end = history.current().now();
    for part in [7, 3, 9, 1] {
        history.seek(Time(end.as_ps() / 10 * part), &mut Recorder::discard());
        history.step_back(3, &mut Recorder::discard());
    }
    while history.current().next_at().is_some() {
        history.step(&mut recorder);
    }
    assert_eq!(history.current().model.trace_hash(), straight.trace_hash);
    assert_ne!(run(&crowd(2, 3, 30, Distribution::from), &costs).trace_hash, straight.trace_hash);
}

/// Fails where a peer thinks as long as the longest of its program's requests says.
#[test]
fn a_peer_thinks_as_long_as_the_request_says_and_not_another_one() {
    for peer in [Peer::Local, Peer::Namespace, Peer::Remote] {
        let ask = |think: Time| Operation::Request { send: 1, receive: 1, think: think.into(), peer };
        let body = repeat(2, vec![ask(Time::ZERO), ask(Time::ms(1)), ask(Time::ZERO), ask(Time::us(300))]);
        let spec = Spec {
            host: host(2),
            programs: vec![program(body)],
            stacks: vec![NodeSpec::Process(process("a", 0))],
            script: Vec::new(),
        };
        let took = operations(&run(&spec, &Profile::xeon_2017().table()), 0, OperationKind::Request);
        let took: Vec<f64> = took.into_iter().map(|(_, took)| took).collect();
        assert_eq!(took.len(), 8);
        for (i, think) in [0.0, 1000.0, 0.0, 300.0, 0.0, 1000.0, 0.0, 300.0].into_iter().enumerate() {
            assert!((think..think + 200.0).contains(&took[i]), "{peer:?} {took:?}");
        }
    }
}
