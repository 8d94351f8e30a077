//! A crowd: 1,000 virtual machines of 20 containers each on 64 cores, one simulated second of a mixed load with sleeps,
//! reads, requests and faults; how long it takes, what memory, and how long a seek in it takes. And 100,000 processes that
//! start and end.
//!
//! `cargo bench --no-default-features --bench crowd`, or with a number of virtual machines behind `--`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use strata::costs::Profile;
use strata::engine::Time;
use strata::machine::spec::{Cache, NodeSpec, Operation, Peer, Spec, Statement};
use strata::machine::{self, Outcome, RunOptions};
use strata::trace::Recorder;
use support::{GIB, container, host, process, program, repeat, vm};

/// The most memory that this process had so far, in MiB; 0 where the kernel does not tell.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn crowd(machines: usize) -> Spec {
    let mixed = |think| {
        let body = [
            Operation::Compute(Time::us(20).into()),
            Operation::Sleep(Time::ms(think).into()),
            Operation::Read { file: format!("data {think}"), bytes: 4096, cache: Cache::Direct },
            Operation::Memory { working_set: 64 << 10, accesses: 100, huge_pages: false },
            Operation::Request { send: 500, receive: 2000, think: Time::us(100).into(), peer: Peer::Remote },
        ];
        program(vec![Statement::Repeat(None, body.into_iter().map(Statement::Do).collect())])
    };
    let inside = || (0..20).map(|i| NodeSpec::Container(container(&format!("c{i}"), i % 4))).collect();
    let stacks = (0..machines).map(|i| {
        let mut vm = vm(&format!("vm {i}"), 1, inside());
        vm.memory = GIB;
        NodeSpec::Vm(vm)
    });
    let mut host = host(64);
    host.memory = 2048 * GIB;
    Spec { host, programs: [190, 200, 210, 220].map(mixed).into(), stacks: stacks.collect(), script: Vec::new() }
}

fn run(spec: &Spec, until: Time) -> Outcome {
    let options = RunOptions { keep_trace: false, until, max_events: u64::MAX, ..RunOptions::default() };
    machine::run(spec, &Profile::xeon_2017().table(), 7, &options, |_, _| true).expect("a machine")
}

fn births(count: u64) {
    let fork = Operation::Fork { vfork: false, writes: 4096, exec: None };
    let spec = Spec {
        host: host(2),
        programs: vec![program(repeat(count, vec![fork]))],
        stacks: vec![NodeSpec::Process(process("parent", 0))],
        script: Vec::new(),
    };
    let start = Instant::now();
    let events = run(&spec, Time::MAX).events;
    println!(
        "{count:>7} processes: {events:>9} events {:6.2} s, at most {} MiB",
        start.elapsed().as_secs_f64(),
        peak_mib()
    );
}

fn main() {
    let machines = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1000);
    births(1_000);
    births(100_000);
    let start = Instant::now();
    let outcome = run(&crowd(machines), Time::ms(1000));
    let seconds = start.elapsed().as_secs_f64();
    let operations: u64 = outcome.stats.iter().map(|stack| stack.operations).sum();
    println!(
        "{machines} virtual machines of 20 containers, until {}: {} events, {operations} operations",
        outcome.simulated, outcome.events
    );
    println!("  {seconds:.1} s, {:.0} ns an event, at most {} MiB", seconds * 1e9 / outcome.events as f64, peak_mib());
    let mut history = outcome.history;
    let mut sink = Recorder::discard();
    for percent in [50, 1, 99, 37, 93] {
        let start = Instant::now();
        history.seek(Time(outcome.simulated.as_ps() / 100 * percent), &mut sink);
        println!("  seek to {percent} %: {:.0} ms", start.elapsed().as_secs_f64() * 1000.0);
    }
    println!("  at most {} MiB", peak_mib());
}
