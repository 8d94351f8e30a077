//! The laws of the simulated machine, over random machines, programs and costs.

mod support;

use proptest::prelude::*;
use strata::costs::{Primitive, Profile, Table};
use strata::engine::{Distribution, History, Simulation, Time};
use strata::machine::instruction::Instruction;
use strata::machine::spec::*;
use strata::machine::{self, End, Machine, Outcome, RunOptions};
use strata::trace::{JourneyId, OperationKind, Recorder, StackId, What};
use support::*;

/// Of every second seed a disk that tells of many requests at once, and idle states that deepen bit by bit.
fn costs(seed: u64) -> Table {
    let mut costs = Profile::xeon_2017().table();
    // A boot is over in a run of some milliseconds.
    for (wait, time) in [
        (Primitive::MemoryTraining, Time::us(100)),
        (Primitive::PcieReady, Time::us(50)),
        (Primitive::UsbPort, Time::us(10)),
        (Primitive::SataReset, Time::us(30)),
        (Primitive::Initcall, Time::ns(500)),
        (Primitive::StartProcessor, Time::us(20)),
        (Primitive::GracePeriod, Time::us(20)),
        (Primitive::LinkUp, Time::us(200)),
        (Primitive::AddressOffer, Time::us(100)),
    ] {
        costs.set(wait, time.as_ps());
    }
    costs.set(Primitive::FlashRead, 100 << 30);
    costs.set(Primitive::UnpackDense, 100 << 30);
    costs.set(Primitive::Unpack, 10 << 30);
    if seed % 2 == 1 {
        costs.set(Primitive::DiskBatch, 8);
        costs.set(Primitive::IdleShallowUntil, Time::us(20).as_ps());
    }
    costs
}

fn run(spec: &Spec, seed: u64) -> Outcome {
    let options = RunOptions { until: Time::ms(40), max_events: 200_000, ..RunOptions::default() };
    machine::run(spec, &costs(seed), seed, &options, |_, _| true).unwrap()
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        drawn(300).prop_map(Operation::Compute),
        (1u64..64, 1u64..2000, any::<bool>()).prop_map(|(pages, accesses, huge_pages)| Operation::Memory {
            working_set: pages * 4096,
            accesses,
            huge_pages
        }),
        Just(Operation::SystemCall("getpid".to_owned())),
        (1u64..20_000, prop_oneof![Just(Cache::Cold), Just(Cache::Warm), Just(Cache::AsIs), Just(Cache::Direct)])
            .prop_map(|(bytes, cache)| Operation::Read { file: "data".to_owned(), bytes, cache }),
        (1u64..20_000, any::<bool>()).prop_map(|(bytes, sync)| Operation::Write {
            file: "log".to_owned(),
            bytes,
            sync
        }),
        proptest::sample::select(vec!["data", "log"]).prop_map(|file| Operation::Fsync(file.to_owned())),
        (message(), message(), drawn(50), peer())
            .prop_map(|(send, receive, think, peer)| { Operation::Request { send, receive, think, peer } }),
        (any::<bool>(), 1u64..=Operation::PIPE)
            .prop_map(|(across_cpus, bytes)| Operation::PingPong { across_cpus, bytes }),
        drawn(1500).prop_map(Operation::Sleep),
        Just(Operation::Cpuid),
        Just(Operation::Hlt),
        Just(Operation::Open("data".to_owned())),
        (any::<bool>(), 0u64..30_000, proptest::option::of(image()))
            .prop_map(|(vfork, writes, exec)| Operation::Fork { vfork, writes, exec }),
        image().prop_map(Operation::Exec),
        (any::<bool>(), any::<bool>(), network(), 0u64..30_000, image()).prop_map(
            |(rootless, cgroup, network, written, image)| {
                Operation::StartContainer(ContainerStart { rootless, cgroup, network, written, image })
            }
        ),
        (1u64..40_000, 1u16..4, technique()).prop_map(|(written, vcpus, technique)| Operation::StartVm(VmStart {
            written,
            vcpus,
            technique
        })),
        Just(Operation::Out),
        proptest::sample::select(Instruction::ALL.to_vec()).prop_map(Operation::Instruction),
    ]
}

/// A time of less than so many microseconds, or one drawn around such a time.
fn drawn(below: u64) -> impl Strategy<Value = Distribution> {
    let us = move || 0..below;
    prop_oneof![
        3 => us().prop_map(|us| Time::us(us).into()),
        1 => us().prop_map(|us| Distribution::Exponential { mean: Time::us(us) }),
        1 => (us(), us()).prop_map(|(from, more)| Distribution::Uniform { from: Time::us(from), to: Time::us(from + more) }),
    ]
}

/// Bytes of a message: mostly of one segment, sometimes of several.
fn message() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 1u64..5000, 1 => 60_000u64..300_000]
}

fn peer() -> impl Strategy<Value = Peer> {
    prop_oneof![Just(Peer::Remote), Just(Peer::Local), Just(Peer::Namespace)]
}

fn network() -> impl Strategy<Value = StartNetwork> {
    prop_oneof![Just(StartNetwork::Host), Just(StartNetwork::Own), Just(StartNetwork::Bridge)]
}

fn technique() -> impl Strategy<Value = Technique> {
    prop_oneof![3 => Just(Technique::Hardware), 1 => Just(Technique::Interpreted)]
}

fn image() -> impl Strategy<Value = Image> {
    (1u64..300_000, 1u16..9).prop_map(|(bytes, segments)| Image { bytes, segments })
}

fn programs() -> impl Strategy<Value = Vec<ProgramSpec>> {
    let body = (1u64..6, proptest::collection::vec(operation(), 1..5));
    proptest::collection::vec(body.prop_map(|(times, operations)| program(repeat(times, operations))), 3)
}

/// The names of cgroups in which others may lie.
const GROUPS: [&str; 3] = ["a", "b", "c"];

/// With a parent that a kernel may or may not have.
fn cgroup() -> impl Strategy<Value = CgroupSpec> {
    let max = (1u64..10, 1u64..10, 0u64..3).prop_map(|(quota, period, burst)| CpuMax {
        quota: Time::us(quota * 300),
        period: Time::ms(period),
        burst: Time::us(burst * 200),
    });
    let weight = prop_oneof![Just(1u32), Just(100), Just(300), Just(10_000)];
    let parent = proptest::option::of(prop::sample::select(GROUPS.to_vec()));
    (weight, proptest::option::of(max), parent).prop_map(|(cpu_weight, cpu_max, parent)| CgroupSpec {
        cpu_weight,
        cpu_max,
        parent: parent.map(str::to_owned),
    })
}

/// Some cgroups in one another, each in one before it.
fn groups() -> impl Strategy<Value = Vec<GroupSpec>> {
    proptest::collection::vec(cgroup(), 0..GROUPS.len() + 1).prop_map(|cgroups| {
        let named = cgroups.into_iter().zip(GROUPS).map(|(cgroup, name)| {
            let parent = cgroup.parent.filter(|parent| parent.as_str() < name);
            GroupSpec { name: name.to_owned(), cgroup: CgroupSpec { parent, ..cgroup } }
        });
        named.collect()
    })
}

fn any_process() -> impl Strategy<Value = ProcessSpec> {
    let weight = prop_oneof![Just(1u32), Just(512), Just(1024), Just(3000), Just(100_000)];
    let cpu = prop_oneof![3 => Just(None), 1 => (0u16..3).prop_map(Some)];
    let process_of = (0u16..3, 1u16..3, weight, cpu, proptest::option::of(cgroup()), any::<bool>(), 0u16..2);
    process_of.prop_map(|(program, threads, weight, cpu, cgroup, io_ports, nic)| ProcessSpec {
        threads,
        io_ports,
        nic,
        weight,
        cpu,
        cgroup,
        ..process("app", program)
    })
}

fn node() -> impl Strategy<Value = NodeSpec> {
    let leaf = prop_oneof![
        any_process().prop_map(NodeSpec::Process),
        (any_process(), 0u16..3, any::<bool>(), proptest::option::of(0u16..4), mounts()).prop_map(
            |(process, seccomp_filters, bridge, disk, volumes)| {
                let network = if bridge { ContainerNetwork::Bridge } else { ContainerNetwork::Host };
                let container = ContainerSpec::new(process);
                NodeSpec::Container(ContainerSpec { seccomp_filters, network, disk, volumes, ..container })
            }
        ),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        let pin = prop_oneof![3 => Just(Vec::new()), 1 => proptest::collection::vec(0u16..3, 4)];
        let devices = (virtual_devices(), virtual_devices(), mounts());
        let how = (any::<bool>(), any::<bool>(), technique(), pin, cgroup(), groups());
        (1u16..4, how, devices, proptest::collection::vec(inner, 0..3)).prop_map(|(vcpus, how, devices, stacks)| {
            let ((vhost, preallocated, technique, pin, cgroup, groups), (disks, nics, mounts)) = (how, devices);
            let backend = if vhost { Backend::Vhost } else { Backend::UserSpace };
            let vm = vm("vm", vcpus, stacks);
            NodeSpec::Vm(VmSpec { technique, backend, preallocated, pin, cgroup, groups, disks, nics, mounts, ..vm })
        })
    })
}

/// Only on processors, disks and network cards, and in cgroups, that the kernel has.
fn within(mut node: NodeSpec, cpus: u16, disks: u16, nics: u16, groups: &[GroupSpec]) -> NodeSpec {
    let cgroup_within = |cgroup: &mut CgroupSpec| {
        cgroup.parent = cgroup.parent.take().filter(|parent| groups.iter().any(|group| group.name == *parent));
    };
    let process_within = |process: &mut ProcessSpec| {
        process.cgroup.iter_mut().for_each(cgroup_within);
        process.cpu = process.cpu.map(|cpu| cpu % cpus);
        process.nic %= nics;
    };
    match &mut node {
        NodeSpec::Process(process) => process_within(process),
        NodeSpec::Container(container) => {
            process_within(&mut container.process);
            container.disk = container.disk.map(|disk| disk % disks);
            container.volumes.iter_mut().for_each(|volume| volume.disk %= disks);
        }
        NodeSpec::Vm(vm) => {
            cgroup_within(&mut vm.cgroup);
            vm.pin.iter_mut().for_each(|cpu| *cpu %= cpus);
            vm.disks.iter_mut().for_each(|disk| disk.on %= disks);
            vm.nics.iter_mut().for_each(|nic| nic.on %= nics);
            let (disks, nics) = (vm.disks.len().max(1) as u16, vm.nics.len().max(1) as u16);
            vm.mounts.iter_mut().for_each(|mount| mount.disk %= disks);
            vm.stacks = vm.stacks.drain(..).map(|inner| within(inner, vm.vcpus, disks, nics, &vm.groups)).collect();
        }
    }
    node
}

fn mounts() -> impl Strategy<Value = Vec<MountSpec>> {
    let one = (prop_oneof![Just("data"), Just("log"), Just("/")], 0u16..4);
    let mount = one.prop_map(|(path, disk)| MountSpec { path: path.to_owned(), disk });
    proptest::collection::vec(mount, 0..3)
}

fn virtual_devices() -> impl Strategy<Value = Vec<VirtualDevice>> {
    let device = (0u16..4).prop_map(|on| VirtualDevice { name: "device".to_owned(), on });
    proptest::collection::vec(device, 0..3)
}

/// A host with one disk or more, of all kinds, and one network card or two.
fn any_host() -> impl Strategy<Value = HostSpec> {
    let kind = prop_oneof![
        3 => Just(DiskKind::Nvme),
        1 => Just(DiskKind::SataSsd),
        // Fast for one that turns, so that a run sees many of its requests.
        1 => Just(DiskKind::Hdd { rpm: 30_000 }),
    ];
    let disks = proptest::collection::vec(kind, 1..4);
    (1u16..6, disks, 1usize..3, mounts(), groups()).prop_map(|(cores, disks, nics, mut mounts, groups)| {
        mounts.iter_mut().for_each(|mount| mount.disk %= disks.len() as u16);
        let disks = disks.into_iter().map(|kind| disk("disk", kind)).collect();
        let host = host(cores);
        HostSpec { disks, nics: vec![host.nics[0].clone(); nics], mounts, groups, ..host }
    })
}

fn spec() -> impl Strategy<Value = Spec> {
    (any_host(), programs(), proptest::collection::vec(node(), 1..5)).prop_map(|(host, programs, stacks)| {
        let (disks, nics) = (host.disks.len() as u16, host.nics.len() as u16);
        let stacks = stacks.into_iter().map(|node| within(node, host.cores, disks, nics, &host.groups)).collect();
        Spec { host, programs, stacks, script: Vec::new() }
    })
}

/// The paths of all that can be started and ended.
fn paths(nodes: &[NodeSpec], inside: &str) -> Vec<String> {
    let path = |node: &NodeSpec| format!("{inside}{}", node.name());
    nodes
        .iter()
        .flat_map(|node| std::iter::once(path(node)).chain(paths(node.inside(), &format!("{}/", path(node)))))
        .collect()
}

/// Names of their own, so that each is meant by one path.
fn named(nodes: &mut [NodeSpec]) {
    for (i, node) in nodes.iter_mut().enumerate() {
        match node {
            NodeSpec::Process(process) | NodeSpec::Container(ContainerSpec { process, .. }) => {
                process.name = format!("p{i}")
            }
            NodeSpec::Vm(vm) => {
                vm.name = format!("vm{i}");
                named(&mut vm.stacks);
            }
        }
    }
}

/// What is up at first, and what brings it back: by the bits of a number, another for each.
fn kept_up(nodes: &mut [NodeSpec], bits: &mut u64) {
    for node in nodes {
        let restart = [Restart::Never, Restart::OnFailure, Restart::Always][(*bits >> 2) as usize % 3];
        let upkeep = Upkeep { up: !bits.is_multiple_of(3), restart };
        *bits = bits.rotate_right(5) ^ 0x9e37;
        match node {
            NodeSpec::Process(process) | NodeSpec::Container(ContainerSpec { process, .. }) => process.upkeep = upkeep,
            NodeSpec::Vm(vm) => {
                vm.upkeep = upkeep;
                kept_up(&mut vm.stacks, bits);
            }
        }
    }
}

/// A boot of a few milliseconds, of one of the kinds; by the bits of a number none.
fn boot(bits: u64, guest: bool) -> Option<BootSpec> {
    let firmware = match bits % 4 {
        0 => Firmware::Bios,
        1 => Firmware::Uefi,
        2 if guest => Firmware::None,
        _ => return None,
    };
    let many = firmware != Firmware::None;
    Some(BootSpec {
        firmware,
        menu: Time::us(bits % 300),
        kernel: 256 << 10,
        unpacked: if many { 512 << 10 } else { 256 << 10 },
        initrd: (bits % 3) << 16,
        initrd_unpacked: (bits % 3) << 17,
        services: (bits / 8 % 3) as u16,
        service_bytes: 128 << 10,
        service_work: Time::us(50),
    })
}

/// Some of the virtual machines boot.
fn booting(nodes: &mut [NodeSpec], bits: &mut u64) {
    for node in nodes {
        *bits = bits.rotate_right(7) ^ 0x2f5b;
        if let NodeSpec::Vm(vm) = node {
            vm.boot = boot(*bits, true);
            if vm.boot.is_some() {
                vm.memory = 64 << 20;
            }
            booting(&mut vm.stacks, bits);
        }
    }
}

/// Hardly any memory for the host and for each guest, and a place to swap to.
fn scarce(spec: &mut Spec, memory: u64, swap: u64) {
    fn guests(nodes: &mut [NodeSpec], memory: u64, swap: u64) {
        for node in nodes {
            if let NodeSpec::Vm(vm) = node {
                (vm.memory, vm.swap) = (memory, swap);
                guests(&mut vm.stacks, memory, swap);
            }
        }
    }
    (spec.host.memory, spec.host.swap) = (memory, swap);
    guests(&mut spec.stacks, memory, swap);
}

/// So many orders at random, some at the same instant, some to what is not there.
fn script(paths: &[String], groups: &[String], draws: &[(u64, u8, usize)]) -> Vec<(Time, Order)> {
    let order = |&(at, what, which): &(u64, u8, usize)| {
        let (path, group) = (paths[which % paths.len()].clone(), groups[which % groups.len()].clone());
        let max = CpuMax { quota: Time::us(300 + 200 * (at % 7)), period: Time::ms(1 + at % 4), burst: Time::ZERO };
        let order = match what {
            0..=5 => Order::Start(path),
            6..=8 => Order::Kill(path),
            9 | 10 => Order::Stop(path),
            11 | 12 => Order::Restart(path),
            13 => Order::SetCpuMax(group, max),
            14 => Order::SetCpuWeight(group, [1, 30, 100, 10_000][at as usize % 4]),
            15 => Order::Panic(path),
            17 => Order::Shutdown,
            _ if at.is_multiple_of(3) => Order::PowerCut,
            _ => Order::HostPanic,
        };
        (Time::us(at * 100), order)
    };
    let mut script: Vec<(Time, Order)> = draws.iter().map(order).collect();
    script.sort_by_key(|(at, _)| *at);
    script
}

/// A random machine, and what is done to it while it runs.
fn living() -> impl Strategy<Value = Spec> {
    let draws = proptest::collection::vec((0u64..250, 0u8..18, 0usize..1000), 1..14);
    (spec(), draws, any::<u64>()).prop_map(|(mut spec, draws, mut bits)| {
        named(&mut spec.stacks);
        kept_up(&mut spec.stacks, &mut bits);
        booting(&mut spec.stacks, &mut bits);
        if bits.is_multiple_of(3) {
            spec.host.boot = boot(bits / 3, false);
            spec.host.memory = 256 << 20;
        }
        if bits.is_multiple_of(5) {
            scarce(&mut spec, 1 << 20, (bits / 5 % 4) << 18);
        }
        let known = paths(&spec.stacks, "");
        let groups = spec.host.groups.iter().map(|group| group.name.clone());
        spec.script = script(&known, &known.iter().cloned().chain(groups).collect::<Vec<_>>(), &draws);
        // Programs start things as well, which may run or not.
        let beside = spec.stacks[bits as usize % spec.stacks.len()].name().to_owned();
        if bits.is_multiple_of(2) {
            spec.programs[0].body.insert(0, Statement::Do(Operation::Start(beside)));
        }
        spec
    })
}

fn start(spec: &Spec, seed: u64) -> Simulation<Machine> {
    let (machine, _, first) = Machine::new(spec, &costs(seed), seed).unwrap();
    Simulation::new(machine, first)
}

/// What is wrong by those words is so after no event of a machine's first milliseconds.
fn never(spec: &Spec, seed: u64, wrong: impl Fn(&Machine) -> Option<String>) -> Result<(), TestCaseError> {
    let mut simulation = start(spec, seed);
    let mut sink = Recorder::discard();
    for _ in 0..6_000 {
        if !simulation.step(&mut sink) || simulation.now() > Time::ms(40) {
            break;
        }
        prop_assert_eq!(wrong(&simulation.model), None, "at {}: {:?}", simulation.now(), spec.script);
    }
    Ok(())
}

fn trace(outcome: &Outcome) -> &strata::trace::Trace {
    outcome.trace.as_ref().expect("the trace is kept")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(96), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn law_1_a_journeys_hops_add_up_to_its_latency_without_gap_or_overlap(spec in spec(), seed in any::<u64>()) {
        let outcome = run(&spec, seed);
        for (id, journey) in trace(&outcome).journeys.iter().enumerate() {
            let mut at = journey.start;
            for hop in trace(&outcome).hops_of(JourneyId(id as u32)) {
                let hop = trace(&outcome).hops[hop.index()];
                prop_assert_eq!(hop.start, at, "{}", describe(&outcome, id as u32));
                prop_assert!(hop.end >= hop.start);
                prop_assert_eq!(hop.stack, journey.stack);
                at = hop.end;
            }
            if journey.end != Time::MAX {
                prop_assert_eq!(at, journey.end, "journey {} ({:?})", id, journey.kind);
            }
        }
    }

    #[test]
    fn law_1_the_ledger_is_the_sum_of_the_hops(spec in spec(), seed in any::<u64>()) {
        let outcome = run(&spec, seed);
        for (index, stats) in outcome.stats.iter().enumerate() {
            prop_assert_eq!(stats.ledger.iter().sum::<u64>(), stats.latency().total);
            let mut by_layer = [0; 8];
            for hop in &trace(&outcome).hops {
                let ended = trace(&outcome).journeys.get(hop.journey.index()).is_some_and(|j| j.end != Time::MAX);
                if hop.stack == StackId(index as u32) && ended {
                    by_layer[hop.layer as usize] += hop.duration().as_ps();
                }
            }
            prop_assert_eq!(by_layer, stats.ledger);
        }
    }

    #[test]
    fn law_1_busy_and_idle_time_of_a_core_add_up_to_elapsed_time(spec in spec(), seed in any::<u64>()) {
        let outcome = run(&spec, seed);
        prop_assume!(outcome.end == End::Finished);
        let now = outcome.history.current().now();
        let machine = &outcome.history.current().model;
        for core in 0..spec.host.cores {
            let idle = machine.idle(strata::trace::CpuId(core), now);
            prop_assert_eq!(Time(outcome.core_busy[usize::from(core)]) + idle, now);
        }
    }

    #[test]
    fn every_journey_of_a_run_that_ends_has_ended(spec in spec(), seed in any::<u64>()) {
        let outcome = run(&spec, seed);
        prop_assume!(outcome.end == End::Finished);
        for (id, journey) in trace(&outcome).journeys.iter().enumerate() {
            prop_assert!(journey.end != Time::MAX, "lost: {}", describe(&outcome, id as u32));
        }
    }

    #[test]
    fn law_2_no_hop_starts_before_its_cause_ended(spec in spec(), seed in any::<u64>()) {
        let outcome = run(&spec, seed);
        for (id, hop) in trace(&outcome).hops.iter().enumerate() {
            prop_assert!(hop.start <= hop.end);
            if let Some(cause) = trace(&outcome).hops.get(hop.cause.index()) {
                prop_assert!(hop.cause.index() < id);
                prop_assert!(cause.end <= hop.start, "{} {}", hop.start, describe(&outcome, hop.journey.0));
            }
        }
    }

    #[test]
    fn no_core_and_no_vcpu_does_two_things_at_once(spec in spec(), seed in any::<u64>()) {
        let outcome = run(&spec, seed);
        let mut until = vec![Time::ZERO; outcome.topology.cpus.len()];
        for hop in trace(&outcome).hops.iter().filter(|hop| hop.core.some().is_some()) {
            for cpu in if hop.cpu == hop.core { vec![hop.core] } else { vec![hop.core, hop.cpu] } {
                prop_assert!(hop.start >= until[cpu.index()], "{} at {}", outcome.topology.cpus[cpu.index()].name, hop.start);
                until[cpu.index()] = hop.end;
            }
        }
    }

    #[test]
    fn law_4_no_cgroup_uses_more_than_its_quota_and_burst_in_a_period(
        quota in 1u64..9, period in 1u64..4, burst in 0u64..3, threads in 1u16..4, cores in 1u16..4,
        compute in 50u64..3000, neighbour in any::<bool>(), seed in any::<u64>(),
    ) {
        let max = CpuMax { quota: Time::us(quota * 250), period: Time::ms(period), burst: Time::us(burst * 200) };
        let mut limited = container("limited", 0);
        limited.process.threads = threads;
        limited.process.cgroup = Some(CgroupSpec { cpu_max: Some(max), ..CgroupSpec::default() });
        let mut stacks = vec![NodeSpec::Container(limited)];
        if neighbour {
            stacks.push(NodeSpec::Process(process("free", 0)));
        }
        let body = vec![Operation::Compute(Time::us(compute).into()), Operation::SystemCall("getpid".to_owned())];
        let spec = Spec { host: host(cores), programs: vec![program(repeat(50, body))], stacks, script: Vec::new() };
        let outcome = run(&spec, seed);
        // What its program and its system calls used, from the hops alone, in each period.
        let mut used = std::collections::BTreeMap::<u64, u64>::new();
        for hop in trace(&outcome).hops.iter().filter(|hop| hop.stack == StackId(0)) {
            if matches!(hop.what, What::UserCode | What::Pay(Primitive::SystemCall)) {
                let (mut at, length) = (hop.start.0, max.period.0);
                while at < hop.end.0 {
                    let stop = hop.end.0.min((at / length + 1) * length);
                    *used.entry(at / length).or_default() += stop - at;
                    at = stop;
                }
            }
        }
        for (period, used) in used {
            prop_assert!(used <= (max.quota + max.burst).0, "period {period}: {} of {}", Time(used), max.quota);
        }
        for (most, limit, _) in outcome.history.current().model.quota_use() {
            prop_assert!(most <= limit, "{most} of {limit}");
        }
    }

    #[test]
    fn law_6_no_processor_idles_while_a_task_that_may_run_on_it_is_ready(spec in spec(), seed in any::<u64>()) {
        let (machine, topology, first) = Machine::new(&spec, &costs(seed), seed).unwrap();
        let mut simulation = Simulation::new(machine, first);
        let mut sink = Recorder::discard();
        for _ in 0..20_000 {
            if !simulation.step(&mut sink) {
                // A processor that is still told to take something up would hide an idle one from this law.
                prop_assert_eq!(simulation.model.told_for_nothing(), None);
                break;
            }
            // Several things may happen at one instant; the law is about what remains.
            if simulation.next_at() != Some(simulation.now()) {
                let idle = simulation.model.idle_beside_ready();
                prop_assert_eq!(idle.map(|cpu| &topology.cpus[cpu.index()].name), None, "at {}", simulation.now());
            }
        }
    }

    #[test]
    fn law_9_without_virtualization_costs_a_vm_takes_exactly_as_long_as_a_process(
        operations in proptest::collection::vec(stays_inside(), 1..6), seed in any::<u64>(),
        interpreted in proptest::collection::vec(any::<bool>(), 1..4),
    ) {
        let mut costs = costs(seed);
        for &primitive in Primitive::VIRTUALIZATION {
            costs.set(primitive, 0);
        }
        // What a hypervisor answers instead of the processor, and the walk that one in two dimensions takes the place of.
        costs.set(Primitive::Cpuid, 0);
        costs.set(Primitive::PortWrite, 0);
        costs.set(Primitive::PageWalkReference, 0);
        // Small, so that some programs reach beyond it and walk.
        costs.set(Primitive::TlbEntries4k, 16);
        let mut inner = NodeSpec::Process(process("app", 0));
        for interpreted in interpreted {
            let technique = if interpreted { Technique::Interpreted } else { Technique::Hardware };
            inner = NodeSpec::Vm(VmSpec { technique, preallocated: true, ..vm("vm", 1, vec![inner]) });
        }
        let spec = |node| Spec { host: host(1), programs: vec![program(repeat(3, operations.clone()))], stacks: vec![node], script: Vec::new() };
        let options = RunOptions::default();
        let native = machine::run(&spec(NodeSpec::Process(process("app", 0))), &costs, seed, &options, |_, _| true).unwrap();
        let virtual_ = machine::run(&spec(inner), &costs, seed, &options, |_, _| true).unwrap();
        let latencies = |outcome: &Outcome| trace(outcome).journeys.iter().map(|j| j.latency()).collect::<Vec<_>>();
        prop_assert_eq!(latencies(&native), latencies(&virtual_));
    }

    #[test]
    fn law_9_within_the_tlbs_reach_nested_paging_costs_nothing(pages in 1u64..1536, accesses in 1u64..100_000) {
        let load = Operation::Memory { working_set: pages * 4096, accesses, huge_pages: false };
        // The first time touches the pages; the second is about the TLB.
        let programs = vec![program(repeat(2, vec![load]))];
        let inner = VmSpec { preallocated: true, ..vm("vm", 1, vec![NodeSpec::Process(process("app", 0))]) };
        let stacks = vec![NodeSpec::Process(process("app", 0)), NodeSpec::Vm(inner)];
        let outcome = run(&Spec { host: host(2), programs, stacks, script: Vec::new() }, 7);
        let second = |stack| {
            let of = trace(&outcome).journeys.iter().filter(|j| j.stack == StackId(stack));
            of.map(|j| j.latency()).nth(1)
        };
        prop_assert_eq!(second(0), second(1));
    }

    #[test]
    fn law_10_the_same_description_and_seed_give_the_same_trace(spec in spec(), seed in any::<u64>()) {
        let (first, second) = (run(&spec, seed), run(&spec, seed));
        prop_assert_eq!(first.trace_hash, second.trace_hash);
        let statistics_only = RunOptions { until: Time::ms(40), max_events: 200_000, keep_trace: false, ..RunOptions::default() };
        let bare = machine::run(&spec, &costs(seed), seed, &statistics_only, |_, _| true).unwrap();
        prop_assert_eq!(first.trace_hash, bare.trace_hash);
    }

    #[test]
    fn law_10_stepping_back_restores_the_state_and_seeking_equals_running(
        spec in spec(), seed in any::<u64>(), interval in 1u64..200, walk in proptest::collection::vec((0u8..3, 0u64..60), 1..12),
    ) {
        let (machine, _, first) = Machine::new(&spec, &costs(seed), seed).unwrap();
        let simulation = Simulation::new(machine, first);
        let mut sink = Recorder::discard();
        // The hash after each number of events, by running straight on.
        let mut straight = simulation.clone();
        let mut hashes = vec![straight.state_hash()];
        let mut times = vec![straight.now()];
        while hashes.len() < 800 && straight.step(&mut sink) {
            hashes.push(straight.state_hash());
            times.push(straight.now());
        }
        let last = hashes.len() as u64 - 1;
        let mut history = History::new(simulation, interval, 5);
        for (what, n) in walk {
            match what {
                0 => {
                    for _ in 0..n {
                        if history.current().events() < last {
                            history.step(&mut sink);
                        }
                    }
                }
                1 => history.step_back(n, &mut sink),
                _ => {
                    let time = times[((n * 13) % (last + 1)) as usize];
                    // Only instants all of whose events are known here.
                    if time < times[last as usize] {
                        history.seek(time, &mut sink);
                        let events = times.partition_point(|&t| t <= time) as u64 - 1;
                        prop_assert_eq!(history.current().events(), events);
                    }
                }
            }
            let at = history.current().events();
            prop_assert_eq!(history.current().state_hash(), hashes[at as usize], "after {} events", at);
        }
        // After any number of seeks the trace is the same.
        history.seek_event(last, &mut sink);
        prop_assert_eq!(history.current().model.trace_hash(), straight.model.trace_hash());
    }

    /// Seen to fail with `forget_deadline` left out of a guest's end (a timer for what has ended), with a thread's journey
    /// not ended by `forget`, and, with some hundred cases, with the requests of a guest left in the arena and with
    /// `end_guest` left out of `bury`.
    #[test]
    fn what_has_ended_is_never_run_and_leaves_no_frame_timer_request_or_message(spec in living(), seed in any::<u64>()) {
        never(&spec, seed, Machine::leftover)?;
    }

    /// Seen to fail with what an ended process has in the swap area not given up, and, of a journey that ended in other
    /// hands, with `give_ride_to_guest` left out and with a vCPU thread woken while it waits for a page.
    #[test]
    fn every_frame_is_somebodys_or_free_at_every_event(
        spec in living(),
        seed in any::<u64>(),
        memory in proptest::option::of((1u64..4, 0u64..4)),
    ) {
        let mut spec = spec;
        if let Some((memory, swap)) = memory {
            scarce(&mut spec, memory << 20, swap << 18);
        }
        never(&spec, seed, |machine| machine.frames_adrift().or_else(|| machine.leftover()))?;
    }

    #[test]
    fn nothing_is_reported_of_what_has_ended(spec in living(), seed in any::<u64>()) {
        let outcome = run(&spec, seed);
        let presences = machine::Presences::new(&outcome.topology, &outcome.changes);
        for hop in &trace(&outcome).hops {
            let Some(part) = outcome.topology.component(hop.component) else { continue };
            // What is at work in a guest, or is a program of its own; who starts and ends it works beside it.
            let inside = hop.cpu.index() >= usize::from(outcome.topology.cores);
            if part.stack.is_some() && inside && hop.end > hop.start {
                let presence = presences.at(hop.component, hop.start);
                let gone = matches!(presence, machine::Presence::Gone(_) | machine::Presence::NotYet);
                let machine_gone = gone && outcome.topology.cpus[hop.cpu.index()].stack == part.stack
                    && !matches!(part.kind, machine::ComponentKind::App | machine::ComponentKind::Container | machine::ComponentKind::Cgroup);
                prop_assert!(!machine_gone, "{} at {}: {:?}", outcome.topology.path(hop.component), hop.start, presence);
            }
        }
        // A life begins before it ends, and after the one before.
        for life in presences.lives() {
            prop_assert!(life.up.is_none_or(|up| up >= life.from));
            prop_assert!(life.end.is_none_or(|(end, _)| end >= life.up.unwrap_or(life.from)));
        }
    }

    /// Seen to fail with inputs pushed as any event: what was scheduled for the same instant before came first.
    #[test]
    fn the_same_orders_by_script_and_by_hand_give_the_same_run(spec in living(), seed in any::<u64>()) {
        let mut scripted = start(&spec, seed);
        let mut by_hand = start(&Spec { script: Vec::new(), ..spec.clone() }, seed);
        let mut sink = Recorder::discard();
        let end = Time::ms(40);
        for (at, order) in &spec.script {
            while by_hand.next_at().is_some_and(|next| next < *at) && by_hand.events() < 20_000 {
                by_hand.step(&mut sink);
            }
            if by_hand.events() >= 20_000 {
                return Ok(());
            }
            let event = by_hand.model.input(order).expect("it is there");
            prop_assert_eq!(by_hand.give(*at, event), *at);
        }
        while scripted.next_at().is_some_and(|next| next <= end) && scripted.events() < 20_000 {
            scripted.step(&mut sink);
        }
        while by_hand.events() < scripted.events() && by_hand.step(&mut sink) {}
        prop_assert_eq!(scripted.model.trace_hash(), by_hand.model.trace_hash());
        prop_assert_eq!(scripted.state_hash(), by_hand.state_hash());
    }

    /// Seen to fail with a history that does not give again, after a seek, what was given by hand.
    #[test]
    fn step_back_and_seek_restore_births_and_ends(
        spec in living(), seed in any::<u64>(), interval in 1u64..400, walk in proptest::collection::vec((0u8..3, 0u64..900), 1..10),
        late in (1u64..200, 0u8..17, 0usize..1000),
    ) {
        let simulation = start(&spec, seed);
        let mut sink = Recorder::discard();
        let mut straight = simulation.clone();
        let mut hashes = vec![straight.state_hash()];
        let mut times = vec![straight.now()];
        while hashes.len() < 1_500 && straight.step(&mut sink) {
            hashes.push(straight.state_hash());
            times.push(straight.now());
        }
        let last = hashes.len() as u64 - 1;
        let mut history = History::new(simulation, interval, 6);
        for (what, n) in walk {
            match what {
                0 => history.seek_event((history.current().events() + n).min(last), &mut sink),
                1 => history.step_back(n, &mut sink),
                _ => {
                    let time = times[((n * 13) % (last + 1)) as usize];
                    if time < times[last as usize] {
                        history.seek(time, &mut sink);
                    }
                }
            }
            let at = history.current().events();
            prop_assert_eq!(history.current().state_hash(), hashes[at as usize], "after {} events", at);
        }
        // An order by hand in the past cuts off the future, and is kept over seeks.
        let paths = paths(&spec.stacks, "");
        let (at, order) = script(&paths, &paths, &[late]).remove(0);
        let event = history.current().model.input(&order).expect("it is there");
        let given = history.give(at, event, &mut sink);
        history.seek_event(history.current().events() + 200, &mut sink);
        let (events, hash) = (history.current().events(), history.current().state_hash());
        history.step_back(150, &mut sink);
        history.seek_event(events, &mut sink);
        prop_assert_eq!(history.current().state_hash(), hash);
        let mut again = start(&spec, seed);
        while again.next_at().is_some_and(|next| next < given) {
            again.step(&mut sink);
        }
        again.give(given, event);
        while again.events() < events && again.step(&mut sink) {}
        prop_assert_eq!(again.state_hash(), hash);
    }

    /// Seen to fail with the first period after a change counted as any.
    #[test]
    fn law_4_holds_where_a_limit_is_changed(
        limits in proptest::collection::vec((1u64..9, 1u64..5, 0u64..3, 0u64..20), 1..6), threads in 1u16..4, cores in 1u16..4,
        seed in any::<u64>(),
    ) {
        let max = |&(quota, period, burst, _): &(u64, u64, u64, u64)| {
            CpuMax { quota: Time::us(quota * 250), period: Time::ms(period), burst: Time::us(burst * 200) }
        };
        let mut limited = container("limited", 0);
        limited.process.threads = threads;
        limited.process.cgroup = Some(CgroupSpec { cpu_max: Some(max(&limits[0])), ..CgroupSpec::default() });
        let body = vec![Operation::Compute(Time::us(170).into()), Operation::SystemCall("getpid".to_owned())];
        let mut script: Vec<(Time, Order)> = Vec::new();
        for limit in &limits[1..] {
            script.push((Time::us(limit.3 * 977), Order::SetCpuMax("limited".to_owned(), max(limit))));
        }
        script.sort_by_key(|(at, _)| *at);
        let stacks = vec![NodeSpec::Container(limited), NodeSpec::Process(process("free", 0))];
        let spec = Spec { host: host(cores), programs: vec![program(repeat(90, body))], stacks, script };
        let outcome = run(&spec, seed);
        for (most, limit, _) in outcome.history.current().model.quota_use() {
            prop_assert!(most <= limit, "{most} of {limit}");
        }
    }

    /// With some thousand cases seen to fail, of machines with hardly any memory, where a device model that has been killed
    /// makes another thread, where the last one of its threads is not told that its disk is done, and where who has memory
    /// in the swap area alone is killed again and again.
    #[test]
    fn law_1_holds_where_things_are_started_and_ended(spec in living(), seed in any::<u64>()) {
        let outcome = run(&spec, seed);
        for (id, journey) in trace(&outcome).journeys.iter().enumerate() {
            let mut at = journey.start;
            for hop in trace(&outcome).hops_of(JourneyId(id as u32)) {
                let hop = trace(&outcome).hops[hop.index()];
                prop_assert_eq!(hop.start, at, "{}", describe(&outcome, id as u32));
                at = hop.end;
            }
            if journey.end != Time::MAX {
                prop_assert_eq!(at, journey.end, "journey {} ({:?})", id, journey.kind);
            }
        }
        if outcome.end == End::Finished {
            for (id, journey) in trace(&outcome).journeys.iter().enumerate() {
                prop_assert!(journey.end != Time::MAX, "lost: {}", describe(&outcome, id as u32));
            }
            let machine = &outcome.history.current().model;
            let now = outcome.history.current().now();
            for core in 0..spec.host.cores {
                let idle = machine.idle(strata::trace::CpuId(core), now);
                prop_assert_eq!(Time(outcome.core_busy[usize::from(core)]) + idle, now);
            }
        }
    }

    #[test]
    fn law_11_an_idle_vm_changes_no_other_journey(spec in spec(), seed in any::<u64>(), first in any::<bool>()) {
        let without = run(&spec, seed);
        let mut more = spec.clone();
        let idle = NodeSpec::Vm(vm("idle", 2, Vec::new()));
        more.stacks.insert(if first { 0 } else { spec.stacks.len() }, idle);
        let with = run(&more, seed);
        let journeys = |outcome: &Outcome| {
            trace(outcome).journeys.iter().map(|j| (j.kind, j.start, j.end)).collect::<Vec<(OperationKind, Time, Time)>>()
        };
        prop_assert_eq!(journeys(&without), journeys(&with));
    }
}

/// Stacks of processes that all run their own program, on one core.
fn beside(processes: Vec<ProcessSpec>, programs: Vec<ProgramSpec>) -> Spec {
    Spec { host: host(1), programs, stacks: processes.into_iter().map(NodeSpec::Process).collect(), script: Vec::new() }
}

#[test]
fn law_5_tasks_that_always_run_share_a_core_by_weight() {
    for weights in [[1024, 1024], [1024, 3072], [100, 1000], [5000, 300]] {
        let always = || vec![Statement::Repeat(None, vec![Statement::Do(Operation::Compute(Time::us(100).into()))])];
        let heavy = |weight| ProcessSpec { weight, ..process("app", 0) };
        let spec = beside(weights.map(heavy).to_vec(), vec![program(always())]);
        let options = RunOptions { until: Time::ms(500), ..RunOptions::default() };
        let outcome = machine::run(&spec, &costs(7), 7, &options, |_, _| true).unwrap();
        let weighted = |i: usize| outcome.stats[i].ledger[0] as f64 * 1024.0 / f64::from(weights[i]);
        let apart = (weighted(0) - weighted(1)).abs();
        let slices = 2.0 * Time::ms(3).as_ps() as f64 * 1024.0 / f64::from(weights[0].min(weights[1]));
        assert!(apart <= slices, "{weights:?}: {} and {} ps", weighted(0), weighted(1));
    }
}

#[test]
fn a_task_that_wakes_preempts_by_weighted_run_time() {
    // A light task ages fast: one that wakes soon finds it ahead by more than the granularity, though it has run for
    // less than that.
    let always = vec![Statement::Repeat(None, vec![Statement::Do(Operation::Compute(Time::ms(1).into()))])];
    let sleeper = repeat(50, vec![Operation::Sleep(Time::us(300).into()), Operation::Compute(Time::us(1).into())]);
    let light = ProcessSpec { weight: 64, ..process("light", 0) };
    let spec = beside(vec![light, process("sleeper", 1)], vec![program(always), program(sleeper)]);
    let options = RunOptions { until: Time::ms(200), ..RunOptions::default() };
    let outcome = machine::run(&spec, &costs(7), 7, &options, |_, _| true).unwrap();
    let sleep = outcome.stats[1].latency_of(OperationKind::Sleep).expect("it sleeps");
    assert!(sleep.p50 < Time::us(320).0, "{}", Time(sleep.p50));
}

#[test]
fn a_stack_that_is_done_early_has_the_throughput_that_it_has_alone() {
    let short = program(repeat(10, vec![Operation::Sleep(Time::us(50).into())]));
    let long = program(repeat(1000, vec![Operation::Sleep(Time::us(50).into())]));
    let spec = |stacks: u16| Spec {
        host: host(2),
        ..beside(
            (0..stacks).map(|i| ProcessSpec { cpu: Some(i), ..process("app", i) }).collect(),
            vec![short.clone(), long.clone()],
        )
    };
    let throughput = |outcome: Outcome| outcome.stats[0].throughput(outcome.simulated);
    let alone = throughput(run(&spec(1), 7));
    assert_eq!(alone, throughput(run(&spec(2), 7)));
    assert!((10_000.0..20_000.0).contains(&alone), "{alone}");
    // Cut off in the middle, it was active to the end.
    let options = RunOptions { until: Time::us(500), ..RunOptions::default() };
    let cut = machine::run(&spec(1), &costs(7), 7, &options, |_, _| true).unwrap();
    assert_eq!(cut.stats[0].active(cut.simulated), Time::us(500) - trace(&cut).journeys[0].start);
}

#[test]
fn snapshots_of_a_large_machine_stay_within_their_bytes() {
    let spec = Spec { host: host(4), programs: vec![reader(20)], stacks: four_stacks(16), script: Vec::new() };
    let (machine, _, first) = Machine::new(&spec, &costs(7), 7).unwrap();
    let simulation = Simulation::new(machine, first);
    let start = simulation.bytes();
    // At least what its tasks and processors take: some hundred bytes each.
    assert!(start > 64 * 500, "{start}");
    let most = 8 * start;
    let mut history = History::new(simulation, 100, 128).within(most);
    let mut sink = Recorder::discard();
    while history.step(&mut sink) {
        let taken = history.snapshots() * history.current().bytes();
        assert!(taken <= 2 * most, "{taken} of {most}");
    }
    assert!(history.snapshots() <= 8);
    let end = history.current().state_hash();
    history.step_back(500, &mut sink);
    history.seek(Time::MAX, &mut sink);
    assert_eq!(history.current().state_hash(), end);
}

#[test]
fn both_ends_of_a_pipe_pass_the_seccomp_filters_of_their_container() {
    for operation in [
        Operation::PingPong { across_cpus: false, bytes: 1 },
        Operation::Request { send: 1, receive: 1, think: Time::ZERO.into(), peer: Peer::Local },
    ] {
        let stacks = vec![NodeSpec::Container(ContainerSpec { seccomp_filters: 1, ..container("app", 0) })];
        let outcome = run(
            &Spec { host: host(1), programs: vec![program(repeat(10, vec![operation]))], stacks, script: Vec::new() },
            7,
        );
        let calls = outcome.stats[0].system_calls;
        let filters = trace(&outcome).hops.iter().filter(|hop| hop.what == What::Pay(Primitive::SeccompFilter));
        assert_eq!(filters.map(|hop| u64::from(hop.count)).sum::<u64>(), calls);
    }
}

#[test]
fn a_packet_pays_for_what_lies_between_two_network_namespaces_and_is_translated_only_where_it_is_routed() {
    use ContainerNetwork::{Bridge, Host};
    use Primitive::{BridgeHop, ForwardHop, NatHop, VethHop};
    for (network, peer, veths, bridges, routed) in [
        (Host, Peer::Local, 0, 0, 0),
        (Host, Peer::Remote, 0, 0, 0),
        (Host, Peer::Namespace, 1, 0, 0),
        (Bridge, Peer::Local, 1, 1, 0),
        (Bridge, Peer::Remote, 1, 1, 1),
        (Bridge, Peer::Namespace, 2, 1, 1),
    ] {
        let request = Operation::Request { send: 1, receive: 1, think: Time::ZERO.into(), peer };
        let stacks = vec![NodeSpec::Container(ContainerSpec { network, ..container("app", 0) })];
        let outcome = run(
            &Spec { host: host(2), programs: vec![program(repeat(10, vec![request]))], stacks, script: Vec::new() },
            7,
        );
        let times = |hop| trace(&outcome).hops.iter().filter(|seen| seen.what == What::Pay(hop)).count();
        // Ten requests, each out and back.
        let expected = [veths, bridges, routed, routed].map(|hops| 20 * hops);
        assert_eq!([VethHop, BridgeHop, ForwardHop, NatHop].map(times), expected, "{network:?}, {peer:?}");
    }
}

/// Operations that never leave the guest for a device or its hypervisor's scheduler.
fn stays_inside() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (0u64..300).prop_map(|us| Operation::Compute(Time::us(us).into())),
        (1u64..64, 1u64..2000).prop_map(|(pages, accesses)| Operation::Memory {
            working_set: pages * 4096,
            accesses,
            huge_pages: false
        }),
        Just(Operation::SystemCall("getpid".to_owned())),
        Just(Operation::Read { file: "data".to_owned(), bytes: 8192, cache: Cache::Warm }),
        Just(Operation::Write { file: "log".to_owned(), bytes: 5000, sync: false }),
        Just(Operation::PingPong { across_cpus: false, bytes: 9000 }),
        Just(Operation::Cpuid),
        Just(Operation::Hlt),
        Just(Operation::Open("data".to_owned())),
        (any::<bool>(), 0u64..30_000, proptest::option::of(image()))
            .prop_map(|(vfork, writes, exec)| Operation::Fork { vfork, writes, exec }),
        image().prop_map(Operation::Exec),
        Just(Operation::Out),
    ]
}

#[test]
fn a_description_that_breaks_a_limit_makes_an_error_and_no_machine() {
    use strata::machine::SpecError;
    let good = || {
        let programs = vec![program(vec![Statement::Do(Operation::Cpuid)])];
        Spec { host: host(2), programs, stacks: vec![NodeSpec::Process(process("app", 0))], script: Vec::new() }
    };
    let with = |change: &dyn Fn(&mut Spec)| {
        let mut spec = good();
        change(&mut spec);
        Machine::new(&spec, &costs(7), 7).map(|_| ())
    };
    let of_process = |change: &dyn Fn(&mut ProcessSpec)| {
        with(&|spec| match &mut spec.stacks[0] {
            NodeSpec::Process(process) => change(process),
            _ => unreachable!("it is a process"),
        })
    };
    assert_eq!(with(&|_| {}), Ok(()));
    assert!(matches!(with(&|spec| spec.host.cores = 0), Err(SpecError::Cpus { n: 0, .. })));
    assert!(matches!(with(&|spec| spec.host.cores = u16::MAX), Err(SpecError::Cpus { .. })));
    assert!(matches!(with(&|spec| spec.programs.clear()), Err(SpecError::NoSuchProgram { program: 0, has: 0, .. })));
    let many = |spec: &mut Spec| spec.stacks = vec![spec.stacks[0].clone(); 70_000];
    assert!(matches!(with(&many), Err(SpecError::TooMany { n: 70_000, .. })));
    assert!(matches!(of_process(&|p| p.cpu = Some(2)), Err(SpecError::NoSuchCpu { cpu: 2, has: 2, .. })));
    let no_device =
        |what: Result<(), SpecError>| matches!(what, Err(SpecError::NoSuchDevice { device: 1, has: 1, .. }));
    assert!(no_device(of_process(&|p| p.nic = 1)));
    let mount = MountSpec { path: "/".to_owned(), disk: 1 };
    assert!(no_device(with(&|spec| spec.host.mounts.push(mount.clone()))));
    let on = VirtualDevice { name: "vda".to_owned(), on: 1 };
    let guest = VmSpec { disks: vec![on], ..vm("vm", 1, Vec::new()) };
    assert!(no_device(with(&|spec| spec.stacks.push(NodeSpec::Vm(guest.clone())))));
    let far = ContainerSpec { disk: Some(1), ..container("app", 0) };
    assert!(no_device(with(&|spec| spec.stacks.push(NodeSpec::Container(far.clone())))));
    assert!(matches!(of_process(&|p| p.weight = 0), Err(SpecError::Zero { .. })));
    let max = CpuMax { quota: Time::ms(1), period: Time::ZERO, burst: Time::ZERO };
    let group = CgroupSpec { cpu_max: Some(max), ..CgroupSpec::default() };
    assert!(matches!(of_process(&|p| p.cgroup = Some(group.clone())), Err(SpecError::Zero { .. })));
}

#[test]
fn a_message_whose_sender_is_preempted_on_the_way_to_waking_its_reader_keeps_its_journey() {
    // In an interpreted guest waking takes long enough for a quota to end in the middle of it.
    let request = Operation::Request { send: 1, receive: 900, think: Time::us(4).into(), peer: Peer::Local };
    let (open, call) = (Operation::Open("data".to_owned()), Operation::SystemCall("getpid".to_owned()));
    let asking = program(repeat(2, vec![open.clone(), call, request, open]));
    let max = CpuMax { quota: Time::us(900), period: Time::ms(1), burst: Time::us(200) };
    let cgroup = Some(CgroupSpec { cpu_max: Some(max), ..CgroupSpec::default() });
    let app = ProcessSpec { threads: 2, weight: 1, cpu: Some(0), cgroup, ..process("app", 0) };
    let inner = vec![NodeSpec::Process(app)];
    let guest = VmSpec { technique: Technique::Interpreted, backend: Backend::UserSpace, ..vm("vm", 2, inner) };
    let short = program(repeat(1, vec![Operation::Hlt]));
    let stacks = vec![NodeSpec::Process(process("short", 1)), NodeSpec::Vm(guest)];
    let outcome = run(&Spec { host: host(1), programs: vec![asking, short], stacks, script: Vec::new() }, 0);
    assert_eq!(outcome.end, End::Finished);
    assert!(trace(&outcome).journeys.iter().all(|journey| journey.end != Time::MAX));
}
