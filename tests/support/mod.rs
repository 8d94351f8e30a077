//! Small machines for tests.
#![allow(dead_code)]

use strata::engine::Time;
use strata::machine::spec::*;

pub const GIB: u64 = 1 << 30;

pub fn host(cores: u16) -> HostSpec {
    HostSpec {
        boot: None,
        cores,
        memory: 64 * GIB,
        swap: 0,
        huge_pages: HugePages::default(),
        disks: vec![disk("nvme0", DiskKind::Nvme)],
        nics: vec![NicSpec { name: "eth0".to_owned(), bandwidth: 10_000_000_000 }],
        mounts: Vec::new(),
        groups: Vec::new(),
        hypervisor: true,
    }
}

pub fn disk(name: &str, kind: DiskKind) -> DiskSpec {
    DiskSpec { name: name.to_owned(), kind, capacity: 1 << 40 }
}

pub fn process(name: &str, program: u16) -> ProcessSpec {
    ProcessSpec {
        name: name.to_owned(),
        program: Some(ProgramId(program)),
        threads: 1,
        weight: 1024,
        io_ports: true,
        nic: 0,
        cpu: None,
        cgroup: None,
        upkeep: Upkeep::default(),
    }
}

pub fn container(name: &str, program: u16) -> ContainerSpec {
    ContainerSpec {
        process: process(name, program),
        seccomp_filters: 0,
        network: ContainerNetwork::Host,
        image_bytes: 0,
        disk: None,
        volumes: Vec::new(),
    }
}

pub fn vm(name: &str, vcpus: u16, stacks: Vec<NodeSpec>) -> VmSpec {
    VmSpec {
        name: name.to_owned(),
        vcpus,
        memory: 4 * GIB,
        technique: Technique::Hardware,
        backend: Backend::Vhost,
        disks: Vec::new(),
        nics: Vec::new(),
        mounts: Vec::new(),
        cgroup: CgroupSpec::default(),
        groups: Vec::new(),
        pin: Vec::new(),
        preallocated: false,
        swap: 0,
        huge_pages: HugePages::default(),
        image_bytes: 0,
        boot: None,
        stacks,
        upkeep: Upkeep::default(),
    }
}

pub fn program(body: Vec<Statement>) -> ProgramSpec {
    ProgramSpec { name: "p".to_owned(), body }
}

pub fn repeat(times: u64, operations: Vec<Operation>) -> Vec<Statement> {
    vec![Statement::Repeat(Some(times), operations.into_iter().map(Statement::Do).collect())]
}

pub fn cold_read() -> Operation {
    Operation::Read { file: "data".to_owned(), bytes: 4096, cache: Cache::Cold }
}

/// The four stacks of the first walkthrough, each running program 0, `copies` times.
pub fn four_stacks(copies: usize) -> Vec<NodeSpec> {
    (0..copies)
        .flat_map(|i| {
            [
                NodeSpec::Process(process(&format!("process {i}"), 0)),
                NodeSpec::Container(container(&format!("container {i}"), 0)),
                NodeSpec::Vm(vm(&format!("vm {i}"), 2, vec![NodeSpec::Process(process("app", 0))])),
                NodeSpec::Vm(vm(&format!("cvm {i}"), 2, vec![NodeSpec::Container(container("app", 0))])),
            ]
        })
        .collect()
}

pub fn reader(times: u64) -> ProgramSpec {
    program(repeat(times, vec![Operation::Compute(Time::us(2).into()), cold_read()]))
}

/// A journey hop by hop, for a failing test's message.
pub fn describe(outcome: &strata::machine::Outcome, id: u32) -> String {
    use std::fmt::Write;
    let (Some(trace), id) = (&outcome.trace, strata::trace::JourneyId(id)) else { return String::new() };
    let journey = trace.journeys[id.index()];
    let mut text = format!("\n{:?} of stack {} from {}", journey.kind, journey.stack.0, journey.start);
    for hop in trace.hops_of(id) {
        let hop = trace.hops[hop.index()];
        let (what, place) = (hop.what.label(), outcome.topology.path(hop.component));
        let _ = write!(
            text,
            "\n{:>12} +{:>8} {what:28} {:?} cpu {} core {} {place}",
            hop.start.0,
            hop.duration().0,
            hop.crossing,
            hop.cpu.0,
            hop.core.0
        );
    }
    text
}
