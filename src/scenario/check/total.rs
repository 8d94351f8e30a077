//! How large a machine is going to be, counted before any copy of anything is made.

use crate::machine::spec::NodeSpec;

/// The most processes, containers and virtual machines: enough for [`crate::scenario::MAX_STACKS`] stacks of two.
const MAX_NODES: u64 = 8_192;
/// The most vCPUs.
const MAX_VCPUS: u64 = 16_384;
/// The most threads of programs.
const MAX_THREADS: u64 = 16_384;
/// The most parts that can be drawn: they are numbered by a u16.
const MAX_PARTS: u64 = 60_000;

/// Counts over a node and all that stands in it, copies included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Total {
    nodes: u64,
    vcpus: u64,
    threads: u64,
    parts: u64,
}

impl Total {
    /// One node without what stands in it.
    pub(super) fn of(node: &NodeSpec) -> Total {
        let (vcpus, threads, parts) = match node {
            NodeSpec::Process(process) => (0, u64::from(process.threads), 2),
            NodeSpec::Container(container) => (0, u64::from(container.process.threads), 3),
            // A wall, virtual hardware with four devices, a kernel with seven parts, a hypervisor with four.
            NodeSpec::Vm(vm) => (u64::from(vm.vcpus), 0, 19 + u64::from(vm.vcpus)),
        };
        Total { nodes: 1, vcpus, threads, parts }
    }

    pub(super) fn plus(self, other: Total) -> Total {
        Total {
            nodes: self.nodes.saturating_add(other.nodes),
            vcpus: self.vcpus.saturating_add(other.vcpus),
            threads: self.threads.saturating_add(other.threads),
            parts: self.parts.saturating_add(other.parts),
        }
    }

    pub(super) fn times(self, n: u64) -> Total {
        Total {
            nodes: self.nodes.saturating_mul(n),
            vcpus: self.vcpus.saturating_mul(n),
            threads: self.threads.saturating_mul(n),
            parts: self.parts.saturating_mul(n),
        }
    }

    /// The first count that is too large, with the most that it may be, and what it counts.
    pub(super) fn too_many(self) -> Option<(u64, u64, &'static str)> {
        let limits = [
            (self.nodes, MAX_NODES, "processes, containers and virtual machines"),
            (self.vcpus, MAX_VCPUS, "vCPUs"),
            (self.threads, MAX_THREADS, "threads"),
            (self.parts, MAX_PARTS, "parts of the machine"),
        ];
        limits.into_iter().find(|(n, most, _)| n > most)
    }
}
