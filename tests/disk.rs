//! The disk of the simulated machine: what is served at the same time, what one after the other, and when it tells.

mod support;

use strata::costs::{Primitive, Profile, Table};
use strata::engine::Time;
use strata::machine::spec::*;
use strata::machine::{self, Outcome, RunOptions};
use strata::trace::{Crossing, StackId};
use support::*;

const READ: Time = Time::us(60);
const SHARED: Time = Time::us(20);

/// A disk that takes so long for a read, holds the shared part for so long, and tells of so many at once.
fn disk(batch: u64) -> Table {
    let mut costs = Profile::xeon_2017().table();
    costs.set(Primitive::DiskRead4k, READ.as_ps());
    costs.set(Primitive::DiskRequest, SHARED.as_ps());
    costs.set(Primitive::DiskBatch, batch);
    costs
}

/// So many threads, each on a processor of its own, read once past the page cache.
fn reads(costs: &Table, threads: u16) -> Outcome {
    let read = Operation::Read { file: "data".to_owned(), bytes: 4096, cache: Cache::Direct };
    let process = ProcessSpec { threads, cpu: None, ..process("app", 0) };
    let stacks = vec![NodeSpec::Process(process)];
    let spec = Spec { host: host(threads), programs: vec![program(repeat(1, vec![read]))], stacks, script: Vec::new() };
    machine::run(&spec, costs, 7, &RunOptions::default(), |_, _| true).unwrap()
}

fn latencies(outcome: &Outcome) -> Vec<Time> {
    let journeys = &outcome.trace.as_ref().expect("the trace is kept").journeys;
    journeys.iter().filter_map(|journey| journey.latency()).collect()
}

/// Interrupts of the disk: an interrupt from a device, not from another processor or a timer.
fn interrupts(outcome: &Outcome) -> usize {
    let hops = &outcome.trace.as_ref().expect("the trace is kept").hops;
    let device = hops.iter().filter(|hop| hop.crossing == Crossing::Device && hop.stack == StackId(0));
    let ends: std::collections::BTreeSet<Time> = device.map(|hop| hop.end).collect();
    ends.len()
}

#[test]
fn a_disk_that_tells_of_all_together_lets_the_first_wait_for_the_last() {
    let apart = latencies(&reads(&disk(1), 4));
    let together = latencies(&reads(&disk(32), 4));
    let (first, last) = (apart.iter().min().unwrap(), apart.iter().max().unwrap());
    assert!(*last - *first >= SHARED, "{first} {last}");
    // One alone, and three that follow it.
    let least = together.iter().min().unwrap();
    assert!(*least >= READ + SHARED.times(3), "{least}");
    assert_eq!(interrupts(&reads(&disk(1), 4)), 4);
    assert_eq!(interrupts(&reads(&disk(32), 4)), 1);
}

#[test]
fn a_full_batch_is_told_while_the_next_one_is_served() {
    let outcome = reads(&disk(2), 4);
    assert_eq!(interrupts(&outcome), 2);
    let least = *latencies(&outcome).iter().min().unwrap();
    assert!(least < READ + SHARED.times(2), "{least}");
}

#[test]
fn one_read_alone_takes_as_long_on_either_disk() {
    assert_eq!(latencies(&reads(&disk(1), 1)), latencies(&reads(&disk(32), 1)));
}
