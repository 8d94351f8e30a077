//! The machine as a tree of parts that can be drawn and named: what the scene lays out, the inspector opens and
//! reports refer to. It is built once with the machine: whatever may ever stand on it has its place, and what of it is there
//! at a time is told by [`super::Presences`].

use crate::trace::{ComponentId, CpuId, Layer, StackId};

/// What a part of the machine is. The scene draws by this and by the tree alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComponentKind {
    /// The ground floor: the bare hardware. One, the root.
    Hardware,
    /// A core of the hardware; or, under virtual hardware, a vCPU.
    Core,
    /// Memory.
    Memory,
    /// A disk, real or virtual.
    Disk,
    /// A network card, real or virtual.
    Nic,
    /// The timer.
    Timer,
    /// Its firmware, or the loader that this has read: only of a machine that boots.
    Firmware,
    /// A kernel: a floor. On the hardware or on virtual hardware.
    Kernel,
    /// A part inside a kernel: system calls, files and page cache, block layer, scheduler, network, drivers.
    KernelPart,
    /// A hypervisor: a floor inside its kernel.
    Hypervisor,
    /// A part inside a hypervisor: exits, nested paging, vCPU threads, virtio back ends.
    HypervisorPart,
    /// The device models on a kernel: programs in ring 3, one process for each virtual machine, that play the machines'
    /// devices. Drawn together as one box that stands on the kernel.
    DeviceModels,
    /// A virtual machine: a double wall around its virtual hardware and all above. Rests on a hypervisor.
    VirtualMachine,
    /// A virtual machine's virtual hardware: a floor that the guest takes for real.
    VirtualHardware,
    /// A container: a dashed membrane (its namespaces) around its app. Rests on a kernel.
    Container,
    /// A cgroup: a valve where its container or process meets the kernel.
    Cgroup,
    /// A program in ring 3.
    App,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Component {
    /// As drawn: "host kernel", "block layer", "core 0", "app".
    pub name: String,
    /// What it is.
    pub kind: ComponentKind,
    /// What it stands on or lies in. Only the hardware has none.
    ///
    /// Hardware parts lie in the hardware (or virtual hardware); a kernel stands on (virtual) hardware; kernel
    /// parts and a hypervisor lie in their kernel; device models stand on it; a virtual machine stands on a hypervisor; its virtual hardware
    /// lies in it; containers and apps stand on a kernel, or an app in a container; a cgroup lies in the container
    /// or beside the app that it limits.
    pub parent: Option<ComponentId>,
    /// The stack it belongs to; `None` for what all share.
    pub stack: Option<StackId>,
    /// The layer whose colour it wears.
    pub layer: Layer,
    /// A few words below the name: "2 vCPU · 4 GiB", "sees pid 1", "cpu.max 50 %".
    pub note: String,
    /// The processor it stands for, if it is a core or vCPU.
    pub cpu: Option<CpuId>,
    /// The number of the process, container or virtual machine whose outermost part it is: what comes and goes as one.
    pub node: Option<u32>,
}

/// What a stack is, for reports: the word of its outermost part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StackInfo {
    /// The name in the scenario file.
    pub name: String,
    /// `process`, `container`, `vm`, `container in vm`, `vm in vm`, `process in vm in vm`, and so on, from the tree.
    pub kind: String,
    /// Its outermost component (an app, container or virtual machine).
    pub component: ComponentId,
    /// Memory promised to it or taken by it at the start, in bytes.
    pub memory_bytes: u64,
    /// Bytes of its image on disk, if the scenario gives one.
    pub image_bytes: u64,
}

/// A process, container or virtual machine: what comes and goes as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeInfo {
    /// As a script names it: "web 2", "vm/app".
    pub path: String,
    /// Its outermost part.
    pub component: ComponentId,
    /// The number of the virtual machine that it stands in.
    pub outer: Option<u32>,
    /// Whether it is up at time zero, if what it stands in is.
    pub up: bool,
}

/// A cgroup.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupInfo {
    /// As a script names it: "web", "batch", "vm/app".
    pub path: String,
    /// The number of the cgroup that it lies in; `None` for its kernel's root.
    pub parent: Option<u32>,
    /// Its kernel.
    pub kernel: ComponentId,
    /// The number of the process, container or virtual machine whose own it is; `None` for one with a name.
    pub node: Option<u32>,
}

/// A processor of some kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CpuInfo {
    /// As a lane is labelled: "core 0", "vm vCPU 1".
    pub name: String,
    /// The kernel that schedules on it.
    pub kernel: ComponentId,
    /// The stack it belongs to; `None` for the hardware's cores.
    pub stack: Option<StackId>,
}

/// The tree, and the tables of names that hops refer to by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Topology {
    /// By [`ComponentId`]. A parent comes before its children.
    pub components: Vec<Component>,
    /// By [`StackId`].
    pub stacks: Vec<StackInfo>,
    /// By [`Component::node`].
    pub nodes: Vec<NodeInfo>,
    /// The cgroups of all kernels, each behind the one that it lies in.
    pub groups: Vec<GroupInfo>,
    /// By [`CpuId`]: the hardware's cores first.
    pub cpus: Vec<CpuInfo>,
    /// How many of the processors are cores of the hardware.
    pub cores: u16,
    /// The texts of operations, by [`crate::trace::Journey::label`].
    pub operations: Vec<String>,
}

impl Topology {
    /// A part by its id.
    pub fn component(&self, id: ComponentId) -> Option<&Component> {
        self.components.get(id.index())
    }

    /// The parts that stand on or lie in `id`, in order.
    pub fn children(&self, id: ComponentId) -> impl Iterator<Item = (ComponentId, &Component)> {
        self.iter().filter(move |(_, component)| component.parent == Some(id))
    }

    /// All parts with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (ComponentId, &Component)> {
        self.components.iter().enumerate().map(|(i, component)| (ComponentId(i as u32), component))
    }

    /// The way from the root to `id`, as "hardware/host kernel/block layer".
    pub fn path(&self, id: ComponentId) -> String {
        let mut names = Vec::new();
        let mut at = Some(id);
        while let Some(component) = at.and_then(|id| self.component(id)) {
            names.push(component.name.as_str());
            at = component.parent;
        }
        names.reverse();
        names.join("/")
    }
}
