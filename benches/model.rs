//! The whole model on one thread: events per second on the four-stack read, with statistics only and with the full
//! trace, from 4 to 4,096 stacks; and seeking in a run of a million events.
//!
//! `cargo bench --no-default-features --bench model`

#[path = "../tests/support/mod.rs"]
mod support;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use strata::costs::{Profile, Table};
use strata::engine::Time;
use strata::machine::spec::Spec;
use strata::machine::{self, Outcome, RunOptions};
use strata::trace::{Hop, Recorder};
use support::{four_stacks, host, reader};

fn costs() -> Table {
    Profile::xeon_2017().table()
}

/// The four-stack read `copies` times, each program with `rounds` reads, on a core for each stack but at most 1,024.
fn machine_of(copies: usize, rounds: u64) -> Spec {
    Spec {
        host: host((4 * copies).min(1024) as u16),
        programs: vec![reader(rounds)],
        stacks: four_stacks(copies),
        script: Vec::new(),
    }
}

fn run(spec: &Spec, keep_trace: bool) -> Outcome {
    let options = RunOptions { keep_trace, ..RunOptions::default() };
    machine::run(spec, &costs(), 7, &options, |_, _| true).expect("a machine")
}

fn events_per_second(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("64 stacks");
    group.sample_size(10);
    let spec = machine_of(16, 200);
    let events = run(&spec, false).events;
    group.throughput(Throughput::Elements(events));
    group.bench_function("statistics only", |bencher| bencher.iter(|| run(&spec, false).events));
    group.bench_function("full trace", |bencher| bencher.iter(|| run(&spec, true).events));
    group.finish();
    let traced = run(&spec, true);
    let hops = traced.trace.as_ref().map_or(0, |trace| trace.hops.len());
    println!("64 stacks: {events} events, {hops} hops of {} bytes", std::mem::size_of::<Hop>());
}

fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("growth");
    group.sample_size(10);
    for copies in [1usize, 4, 16, 64, 256, 1024] {
        // About the same number of events whatever the number of stacks.
        let spec = machine_of(copies, (4096 / copies as u64).max(4));
        group.throughput(Throughput::Elements(run(&spec, false).events));
        group.bench_with_input(BenchmarkId::new("stacks", copies * 4), &spec, |bencher, spec| {
            bencher.iter(|| run(spec, false).events);
        });
    }
    group.finish();
}

fn seek(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("seek");
    group.sample_size(20);
    let outcome = run(&machine_of(16, 520), false);
    assert!(outcome.events >= 1_000_000, "a run of a million events is wanted, this one has {}", outcome.events);
    let end = outcome.simulated.as_ps();
    let mut sink = Recorder::discard();
    for percent in [1u64, 37, 50, 93, 99] {
        group.bench_function(BenchmarkId::new("to", format!("{percent} %")), |bencher| {
            // From the end each time: backwards over everything.
            let at_end = || outcome.history.clone();
            bencher.iter_batched_ref(
                at_end,
                |history| history.seek(Time(end / 100 * percent), &mut sink),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, events_per_second, growth, seek);
criterion_main!(benches);
