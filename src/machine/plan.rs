//! Where everything is to stand: of each process, container and virtual machine of a description its place, made once.
//!
//! A description names all that may ever stand on the machine, whether it is up at time zero or started later. Each has
//! its parts, processors and kernel from the beginning, so that it keeps its place however often it ends and is started
//! again. What lives there at a moment is `life.rs`'s.

use crate::trace::{ComponentId, CpuId, StackId};

use super::frame::GroupId;
use super::ids::{KernelId, VmId};
use super::link::Link;
use super::spec::{ContainerNetwork, Upkeep};

pub use super::ids::NodeId;

/// One process, container or virtual machine.
#[derive(Clone, Debug)]
pub struct Plan {
    /// As orders name it: "web 2", "vm/app".
    pub path: String,
    pub kernel: KernelId,
    pub stack: StackId,
    /// The outermost part of it.
    pub component: ComponentId,
    /// The virtual machine that it stands in.
    pub inside: Option<NodeId>,
    pub upkeep: Upkeep,
    /// The operation that starts it: an index into [`super::state::Fixed::operations`].
    pub start: u16,
    pub what: Planned,
}

/// Whose a cgroup is.
#[derive(Clone, Copy, Debug)]
pub struct GroupPlan {
    pub stack: StackId,
    /// The virtual machine on whose kernel it is.
    pub inside: Option<NodeId>,
    /// The process, container or virtual machine whose own it is; `None` for one with a name.
    pub node: Option<NodeId>,
}

/// What it is.
#[derive(Clone, Debug)]
pub enum Planned {
    Program(ProgramPlan),
    Machine(MachinePlan),
}

/// A process, or a container around one.
#[derive(Clone, Debug)]
pub struct ProgramPlan {
    pub app: ComponentId,
    /// What a container has that a bare process has not.
    pub container: Option<ContainerPlan>,
    pub group: Option<GroupId>,
    pub ports: bool,
    /// Which of its kernel's network cards it uses, and where its files lie.
    pub nic: u16,
    pub mounts: u32,
    /// `None`: nothing runs.
    pub run: Option<Run>,
}

/// A container's namespaces and filters.
#[derive(Clone, Copy, Debug)]
pub struct ContainerPlan {
    pub membrane: ComponentId,
    pub network: ContainerNetwork,
    pub filters: u16,
}

/// A program and its threads.
#[derive(Clone, Debug)]
pub struct Run {
    pub program: u16,
    pub threads: u16,
    pub weight: u32,
    /// The number of the kernel's processor that all are pinned to.
    pub cpu: Option<u16>,
    /// The partners that each thread needs.
    pub links: Vec<Link>,
    /// The seed and the name of what its threads draw from; `None`: nothing of it is drawn.
    pub chance: Option<(u64, String)>,
}

/// A virtual machine.
#[derive(Clone, Debug)]
pub struct MachinePlan {
    pub vm: VmId,
    pub guest: KernelId,
    pub first_cpu: CpuId,
    pub vcpus: u16,
    /// The group of its device model's threads.
    pub group: Option<GroupId>,
    pub pin: Vec<u16>,
    /// Bytes of its memory that have frames from the start.
    pub preallocated: u64,
    /// What stands on its kernel.
    pub nodes: Vec<NodeId>,
    /// Whether it boots when it is started; otherwise its first process runs at once.
    pub boots: bool,
    /// Bytes that the device model puts into its memory before it enters it: a kernel, or the firmware's beginning.
    pub loaded: u64,
}

impl Plan {
    pub fn program(&self) -> Option<&ProgramPlan> {
        match &self.what {
            Planned::Program(program) => Some(program),
            Planned::Machine(_) => None,
        }
    }

    pub fn machine(&self) -> Option<&MachinePlan> {
        match &self.what {
            Planned::Machine(machine) => Some(machine),
            Planned::Program(_) => None,
        }
    }

    /// Its own cgroup.
    pub fn group(&self) -> Option<GroupId> {
        match &self.what {
            Planned::Program(program) => program.group,
            Planned::Machine(machine) => machine.group,
        }
    }

    /// Whether there is anything to start.
    pub fn runs(&self) -> bool {
        self.program().is_none_or(|program| program.run.is_some())
    }
}
