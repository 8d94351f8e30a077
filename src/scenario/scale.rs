//! Many copies of the same stacks, for scaling runs.

use crate::machine::spec::{NodeSpec, Spec};

/// `spec` with `copies` of all its stacks, and as many times its memory so that what the copies are promised is
/// there. Cores, disks and network cards stay as they are: they are what the copies compete for. The first copy
/// keeps its names, so that what refers to a stack still finds it; the second's end in ` #2`.
pub fn scaled(spec: &Spec, copies: usize) -> Spec {
    let copies = copies.max(1);
    let mut scaled = spec.clone();
    scaled.host.memory = spec.host.memory.saturating_mul(copies as u64);
    scaled.stacks = (1..=copies).flat_map(|copy| spec.stacks.iter().map(move |stack| copy_of(stack, copy))).collect();
    scaled
}

/// Copy number `copy` (from 1) of a node.
pub(super) fn copy_of(node: &NodeSpec, copy: usize) -> NodeSpec {
    let mut node = node.clone();
    if copy > 1 {
        let name = match &mut node {
            NodeSpec::Process(process) => &mut process.name,
            NodeSpec::Container(container) => &mut container.process.name,
            NodeSpec::Vm(vm) => &mut vm.name,
        };
        name.push_str(&format!(" #{copy}"));
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, Source, find};

    #[test]
    fn sixteen_copies_of_four_stacks_are_sixty_four_and_the_first_keep_their_names() {
        let scenario = Scenario::parse(&find("one-read").unwrap()).unwrap();
        let spec = scaled(&scenario.spec, 16);
        let names: Vec<&str> = spec.stacks.iter().map(NodeSpec::name).collect();
        assert_eq!(names.len(), 64);
        assert_eq!(names[..5], ["process", "container", "vm", "container in a vm", "process #2"]);
        assert_eq!(spec.host.memory, 16 * scenario.spec.host.memory);
    }

    #[test]
    fn copies_in_a_file_are_those_of_the_whole_and_of_each_stack() {
        let text = r#"Scenario(format: 1, id: "many", title: "Many", copies: 2,
            host: Host(cores: 1, memory: "1 GiB", hypervisor: Kvm), programs: { "p": [Cpuid] },
            stacks: {
                "a": Process(run: "p", copies: 2),
                "b": Vm(memory: "64 MiB", stacks: { "c": Process(run: "p", copies: 3) }),
            })"#;
        let scenario = Scenario::parse(&Source { name: "many.ron".to_owned(), text: text.to_owned() }).unwrap();
        let names: Vec<&str> = scenario.spec.stacks.iter().map(NodeSpec::name).collect();
        assert_eq!(names, ["a", "b", "a #2", "b #2", "a #3", "a #4"]);
        let NodeSpec::Vm(vm) = &scenario.spec.stacks[3] else { panic!("a virtual machine is wanted") };
        let inside: Vec<&str> = vm.stacks.iter().map(NodeSpec::name).collect();
        assert_eq!(inside, ["c", "c #2", "c #3"]);
    }
}
