//! The disks of the simulated machine: what is served at the same time, what one after the other, when it tells, and
//! which of several serves it.

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

/// A process that reads `times` from a file past the page cache, with so many threads.
fn reader(file: &str, threads: u16, times: u64) -> (ProgramSpec, ProcessSpec) {
    let read = Operation::Read { file: file.to_owned(), bytes: 4096, cache: Cache::Direct };
    (program(repeat(times, vec![read])), ProcessSpec { threads, ..process("app", 0) })
}

/// A run of one process on a host with these disks, on the first of which its file lies.
fn on_disks(kinds: &[DiskKind], threads: u16, times: u64) -> Outcome {
    let (program, process) = reader("data", threads, times);
    let disks = kinds.iter().enumerate().map(|(i, kind)| support::disk(&format!("disk{i}"), *kind)).collect();
    let host = HostSpec { disks, ..host(threads) };
    let spec = Spec { host, programs: vec![program], stacks: vec![NodeSpec::Process(process)], script: Vec::new() };
    let costs = Profile::xeon_2017().table();
    machine::run(&spec, &costs, 7, &RunOptions::default(), |_, _| true).unwrap()
}

fn mean(outcome: &Outcome) -> f64 {
    let latencies = latencies(outcome);
    latencies.iter().map(|latency| latency.as_ps() as f64).sum::<f64>() / latencies.len() as f64
}

#[test]
fn a_spinning_disk_takes_a_seek_and_half_a_turn_on_average() {
    for (rpm, turn) in [(7_200, 8.333e9), (15_000, 4.0e9)] {
        let n = 2_000;
        let mean = mean(&on_disks(&[DiskKind::Hdd { rpm }], 1, n));
        // The spread of a seek and a rotation together is about 5 ms: five standard errors, and 50 us of software.
        let expected = 8.5e9 + turn / 2.0;
        let margin = 5.0 * 5.0e9 / (n as f64).sqrt() + 0.2e9;
        assert!((mean - expected).abs() < margin, "{rpm}: {mean} for {expected}");
    }
}

#[test]
fn a_spinning_disk_that_may_choose_among_many_travels_less() {
    let rate = |threads: u16| {
        let outcome = on_disks(&[DiskKind::Hdd { rpm: 7_200 }], threads, 1_600 / u64::from(threads));
        1_600.0 / outcome.simulated.as_secs_f64()
    };
    let (one, many) = (rate(1), rate(32));
    assert!((70.0..90.0).contains(&one), "{one}");
    // What is published of such disks is 1.5 to 2.5 times as many.
    assert!(many > 1.4 * one && many < 3.0 * one, "{one} {many}");
}

#[test]
fn a_sata_disk_serves_no_more_than_its_controller_lets_pass() {
    let outcome = on_disks(&[DiskKind::SataSsd], 64, 200);
    let rate = 64.0 * 200.0 / outcome.simulated.as_secs_f64();
    assert!(rate > 60_000.0 && rate <= 75_100.0, "{rate}");
    let alone = mean(&on_disks(&[DiskKind::SataSsd], 1, 200));
    assert!((50.0e6..75.0e6).contains(&alone), "{alone}");
}

/// Requests that each part served: by name and direction.
fn served(outcome: &Outcome) -> Vec<(String, u64)> {
    let devices = outcome.utilization.iter().filter(|used| used.of != machine::Hardware::Core);
    let name = |used: &machine::Utilization| outcome.topology.component(used.component).unwrap().name.clone();
    devices.filter(|used| used.requests > 0).map(|used| (name(used), used.requests)).collect()
}

#[test]
fn each_file_volume_machine_and_card_uses_the_device_that_it_is_bound_to() {
    let named = |name: &str| name.to_owned();
    let disks = vec![support::disk("nvme0", DiskKind::Nvme), support::disk("hdd0", DiskKind::Hdd { rpm: 7_200 })];
    let nics = ["eth0", "eth1"].map(|name| NicSpec { name: named(name), bandwidth: 1_000_000_000 }).to_vec();
    let mounts = vec![MountSpec { path: named("/srv"), disk: 1 }];
    let host = HostSpec { disks, nics, mounts, ..host(4) };
    let read = |file: &str| Operation::Read { file: named(file), bytes: 4096, cache: Cache::Direct };
    let request = Operation::Request { send: 100, receive: 100, think: Time::ZERO.into(), peer: Peer::Remote };
    let programs = vec![
        program(repeat(3, vec![read("/srv/data")])),
        program(repeat(5, vec![read("/var/data")])),
        program(repeat(7, vec![read("data")])),
        program(repeat(2, vec![request])),
    ];
    let run = |node: NodeSpec| {
        let spec = Spec { host: host.clone(), programs: programs.clone(), stacks: vec![node], script: Vec::new() };
        let costs = Profile::xeon_2017().table();
        served(&machine::run(&spec, &costs, 7, &RunOptions::default(), |_, _| true).unwrap())
    };
    let process_of = |program| NodeSpec::Process(process("app", program));
    assert_eq!(run(process_of(0)), [(named("hdd0"), 3)]);
    assert_eq!(run(process_of(1)), [(named("nvme0"), 5)]);
    // A container's layers on the one, a volume of it on the other.
    let volumes = vec![MountSpec { path: named("/var"), disk: 0 }];
    let inside = |program| ContainerSpec { disk: Some(1), volumes: volumes.clone(), ..container("app", program) };
    assert_eq!(run(NodeSpec::Container(inside(1))), [(named("nvme0"), 5)]);
    assert_eq!(run(NodeSpec::Container(inside(2))), [(named("hdd0"), 7)]);
    // A virtual machine's second disk, through two levels.
    let device = |name: &str, on| VirtualDevice { name: named(name), on };
    let guest = |inner: NodeSpec| {
        let disks = vec![device("vda", 0), device("vdb", 1)];
        let mounts = vec![MountSpec { path: named("/srv"), disk: 1 }];
        NodeSpec::Vm(VmSpec { disks, mounts, nics: vec![device("eth0", 1)], ..vm("vm", 1, vec![inner]) })
    };
    assert_eq!(run(guest(process_of(0))), [(named("hdd0"), 3)]);
    assert_eq!(run(guest(process_of(1))), [(named("nvme0"), 5)]);
    let inner = VmSpec { disks: vec![device("vda", 1)], ..vm("vm", 1, vec![process_of(2)]) };
    assert_eq!(run(guest(NodeSpec::Vm(inner))), [(named("hdd0"), 7)]);
    // Packets out, and back.
    let out = [(named("eth1"), 2), (named("eth1"), 2)];
    assert_eq!(run(NodeSpec::Process(ProcessSpec { nic: 1, ..process("app", 3) })), out);
    assert_eq!(run(guest(process_of(3))), out);
}

#[test]
fn what_is_read_from_one_disk_does_not_wait_for_another() {
    let (program, process) = reader("data", 1, 50);
    let busy = ProcessSpec { threads: 16, ..ProcessSpec { program: Some(ProgramId(1)), ..process.clone() } };
    let other = self::program(repeat(
        50,
        vec![Operation::Read { file: "other".to_owned(), bytes: 1 << 20, cache: Cache::Direct }],
    ));
    let alone = |mounts: Vec<MountSpec>, stacks: Vec<NodeSpec>| {
        let disks = vec![support::disk("a", DiskKind::Nvme), support::disk("b", DiskKind::Nvme)];
        let host = HostSpec { disks, mounts, ..host(32) };
        let spec = Spec { host, programs: vec![program.clone(), other.clone()], stacks, script: Vec::new() };
        let costs = Profile::xeon_2017().table();
        let outcome = machine::run(&spec, &costs, 7, &RunOptions::default(), |_, _| true).unwrap();
        outcome.stats[0].latency().mean
    };
    let both = vec![NodeSpec::Process(process.clone()), NodeSpec::Process(busy)];
    let quiet = alone(Vec::new(), vec![NodeSpec::Process(process)]);
    let beside = alone(vec![MountSpec { path: "other".to_owned(), disk: 1 }], both.clone());
    let together = alone(Vec::new(), both);
    assert!(beside < quiet + quiet / 20, "{quiet} {beside}");
    assert!(together > 2 * quiet, "{quiet} {together}");
}
