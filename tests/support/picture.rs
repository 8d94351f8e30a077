//! Machines and runs for tests of the picture: from scenario files, by the same way that the program takes.
#![allow(dead_code)]

use std::fmt::Write;

use strata::machine::{Presences, Topology};
use strata::scenario::{Scenario, Source};
use strata::trace::Trace;

/// What stands on a kernel.
#[derive(Clone, Debug)]
pub enum Node {
    /// A process, limited or not.
    Process(bool),
    /// A container, limited or not.
    Container(bool),
    /// A virtual machine.
    Vm(Vec<Node>),
}

impl Node {
    /// What a machine is promised: more than all within it.
    fn mebibytes(&self) -> u32 {
        match self {
            Node::Process(_) | Node::Container(_) => 0,
            Node::Vm(nodes) => 64 + nodes.iter().map(Node::mebibytes).sum::<u32>(),
        }
    }

    fn text(&self) -> String {
        let cgroup = |limited: bool| match limited {
            true => ", cgroup: Cgroup(cpu_max: CpuMax(quota: \"1 ms\", period: \"10 ms\"))",
            false => "",
        };
        match self {
            Node::Process(limited) => format!("Process(run: \"reader\"{})", cgroup(*limited)),
            Node::Container(limited) => format!("Container(run: \"reader\"{})", cgroup(*limited)),
            Node::Vm(nodes) => {
                let mut stacks = String::new();
                for (i, node) in nodes.iter().enumerate() {
                    let _ = write!(stacks, "\"c{i}\": {}, ", node.text());
                }
                format!("Vm(vcpus: 1, memory: \"{} MiB\", stacks: {{ {stacks} }})", self.mebibytes())
            }
        }
    }
}

/// A run of these stacks, each reading so many times.
pub fn run(stacks: &[(String, Node)], cores: u16, times: u32) -> (Topology, Trace) {
    let mut text = String::new();
    for (name, node) in stacks {
        let _ = writeln!(text, "\"{name}\": {},", node.text());
    }
    let text = format!(
        "Scenario(format: 1, id: \"drawn\", title: \"drawn\", teaches: \"how it is drawn\", seed: 7, costs: Default,
         host: Host(cores: {cores}, memory: \"4 TiB\", disks: {{ \"nvme0\": Nvme(capacity: \"1 TiB\") }},
                    nics: {{ \"eth0\": Nic(bandwidth: \"10 Gbit/s\") }}, hypervisor: Kvm),
         programs: {{ \"reader\": [Repeat(times: {times}, body: [Compute(\"2 us\"),
                     Read(file: \"data\", bytes: \"4 KiB\", cache: Cold)])] }},
         stacks: {{ {text} }})"
    );
    of(&Source { name: "drawn.ron".to_owned(), text })
}

/// A run of a scenario.
pub fn of(source: &Source) -> (Topology, Trace) {
    let (topology, trace, _) = lived(source);
    (topology, trace)
}

/// A run of a scenario, and what of its machine is there at a time.
pub fn lived(source: &Source) -> (Topology, Trace, Presences) {
    let scenario = Scenario::parse(source).unwrap_or_else(|errors| panic!("{errors:?}\n{}", source.text));
    let profile = scenario.costs.resolve(None).unwrap();
    let outcome = scenario.run(&profile, &scenario.options(), |_, _| true).unwrap();
    let presences = Presences::new(&outcome.topology, &outcome.changes);
    (outcome.topology, outcome.trace.unwrap(), presences)
}

/// A built-in scenario.
pub fn built_in(id: &str) -> (Topology, Trace) {
    of(&strata::scenario::find(id).unwrap())
}

/// So many stacks with names, of these kinds in turn.
pub fn many(count: usize, kinds: &[Node]) -> Vec<(String, Node)> {
    (0..count).map(|i| (format!("stack {i}"), kinds[i % kinds.len()].clone())).collect()
}

/// The four stacks of the first walkthrough.
pub fn four() -> Vec<Node> {
    vec![
        Node::Process(false),
        Node::Container(true),
        Node::Vm(vec![Node::Process(false)]),
        Node::Vm(vec![Node::Container(true)]),
    ]
}
