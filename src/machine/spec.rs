//! A machine as described: checked, complete, with nothing missing or negative. The scenario file is turned into
//! this, and [`super::Machine::new`] turns this into a machine.

use super::instruction::Instruction;
use crate::engine::{Distribution, Time};
use crate::trace::OperationKind;

/// The whole machine and what runs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The bare hardware and its kernel.
    pub host: HostSpec,
    /// The programs; [`ProgramId`] is an index.
    pub programs: Vec<ProgramSpec>,
    /// The stacks, in the order of the file.
    pub stacks: Vec<NodeSpec>,
    /// What is done to them from outside, and when.
    pub script: Vec<(Time, Order)>,
}

impl Spec {
    /// Whether any machine of it boots.
    pub fn boots(&self) -> bool {
        fn any(nodes: &[NodeSpec]) -> bool {
            nodes.iter().any(|node| node.boots() || any(node.inside()))
        }
        self.host.boot.is_some() || any(&self.stacks)
    }
}

/// Something that is done from outside. What it is done to is named by its path: `web 2`, or `vm/app` for what stands in
/// a virtual machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Starts what does not run.
    Start(String),
    /// Asks it to end when the operation under way is done; what has not ended after [`Order::GRACE`] is killed.
    Stop(String),
    /// Kills it (SIGKILL), as somebody with the rights for it can.
    Kill(String),
    /// Stops it, and starts it when it has ended; starts what does not run.
    Restart(String),
    /// Changes the `cpu.max` of a cgroup: of a process, container or virtual machine, or of a named one.
    SetCpuMax(String, CpuMax),
    /// Changes its `cpu.weight`, from 1 to 10,000.
    SetCpuWeight(String, u32),
    /// The kernel of a virtual machine panics.
    Panic(String),
    /// The kernel of the host panics, and all that stands on it stops.
    HostPanic,
    /// The host loses its power.
    PowerCut,
    /// The host is turned off in order: what runs is asked to end, and then the power is off.
    Shutdown,
}

impl Order {
    /// How long what was asked to end has for it: the default of container engines.
    pub const GRACE: Time = Time::s(10);

    /// The path of what it is done to; `None` for the whole machine.
    pub fn target(&self) -> Option<&str> {
        match self {
            Order::Start(path)
            | Order::Stop(path)
            | Order::Kill(path)
            | Order::Restart(path)
            | Order::SetCpuMax(path, _)
            | Order::SetCpuWeight(path, _)
            | Order::Panic(path) => Some(path),
            Order::HostPanic | Order::PowerCut | Order::Shutdown => None,
        }
    }
}

/// When something is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Upkeep {
    /// Whether it is up at time zero; otherwise it waits for somebody to start it.
    pub up: bool,
    /// Whether it is started again when it has ended.
    pub restart: Restart,
}

impl Default for Upkeep {
    fn default() -> Upkeep {
        Upkeep { up: true, restart: Restart::Never }
    }
}

/// What an engine does when something has ended that nobody asked it to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Restart {
    /// Nothing.
    #[default]
    Never,
    /// Starts it again if a signal or a panic has ended it.
    OnFailure,
    /// Starts it again.
    Always,
}

/// An index into [`Spec::programs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProgramId(pub u16);

/// The bare hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSpec {
    /// Cores, from 1 to [`HostSpec::MAX_CORES`].
    pub cores: u16,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of the first disk to which pages are swapped; 0 for none.
    pub swap: u64,
    /// When its kernel gives memory in pages of 2 MiB.
    pub huge_pages: HugePages,
    /// Disks. Files lie on the first one, unless a mount says otherwise.
    pub disks: Vec<DiskSpec>,
    /// Network cards. Requests leave by the first one, unless who makes them says otherwise.
    pub nics: Vec<NicSpec>,
    /// File systems on other disks than the first.
    pub mounts: Vec<MountSpec>,
    /// Cgroups around those of what stands on its kernel.
    pub groups: Vec<GroupSpec>,
    /// Whether the kernel contains a hypervisor (KVM). Without one no [`VmSpec`] may stand on it.
    pub hypervisor: bool,
    /// How it boots at time zero; `None`: it stands there, booted.
    pub boot: Option<BootSpec>,
}

impl HostSpec {
    /// The most cores that a host may have.
    pub const MAX_CORES: u16 = 1024;
}

/// When a kernel gives memory in pages of 2 MiB by itself: Linux's transparent huge pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HugePages {
    /// Never.
    Never,
    /// To who asks for it by madvise(), as device models do for their guests' memory. What most kernels come with.
    #[default]
    Madvise,
    /// To whoever has a large area.
    Always,
}

/// A disk of the hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskSpec {
    /// The name in the file.
    pub name: String,
    /// What it is.
    pub kind: DiskKind,
    /// Its capacity in bytes.
    pub capacity: u64,
}

/// What kind of disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiskKind {
    /// Flash behind PCIe.
    Nvme,
    /// Flash behind SATA, with native command queueing.
    SataSsd,
    /// A spinning disk behind SATA, with so many revolutions a minute.
    #[allow(missing_docs)]
    Hdd { rpm: u32 },
}

impl DiskKind {
    /// As it is drawn: "NVMe", "SATA SSD", "7,200 rpm".
    pub fn text(self) -> String {
        match self {
            DiskKind::Nvme => "NVMe".to_owned(),
            DiskKind::SataSsd => "SATA SSD".to_owned(),
            DiskKind::Hdd { rpm } if rpm < 1_000 => format!("{rpm} rpm"),
            DiskKind::Hdd { rpm } => format!("{},{:03} rpm", rpm / 1_000, rpm % 1_000),
        }
    }
}

/// A network card of the hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NicSpec {
    /// The name in the file.
    pub name: String,
    /// Bits per second in each direction.
    pub bandwidth: u64,
}

/// A file system, or a volume: the file called `path`, or those whose paths begin with it, lie on a disk of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountSpec {
    /// A whole part of a path, as "/srv" is of "/srv/data" and not of "/srv2".
    pub path: String,
    /// The disk's number in its kernel.
    pub disk: u16,
}

/// A device of a virtual machine, which stands for one of the kernel below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualDevice {
    /// The name in the file.
    pub name: String,
    /// The number of the disk or network card of the kernel below that it is served by.
    pub on: u16,
}

/// Something that stands on a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeSpec {
    /// A process.
    Process(ProcessSpec),
    /// A container: a process with namespaces and a cgroup.
    Container(ContainerSpec),
    /// A virtual machine with a kernel of its own, on which more stands.
    Vm(VmSpec),
}

impl NodeSpec {
    /// When it is up.
    pub fn upkeep(&self) -> Upkeep {
        match self {
            NodeSpec::Process(p) => p.upkeep,
            NodeSpec::Container(c) => c.process.upkeep,
            NodeSpec::Vm(v) => v.upkeep,
        }
    }

    /// What stands in it, if it is a virtual machine.
    pub fn inside(&self) -> &[NodeSpec] {
        match self {
            NodeSpec::Vm(vm) => &vm.stacks,
            NodeSpec::Process(_) | NodeSpec::Container(_) => &[],
        }
    }

    /// Whether a program runs here, or a kernel: otherwise there is nothing to start.
    pub fn runs(&self) -> bool {
        match self {
            NodeSpec::Process(p) => p.program.is_some(),
            NodeSpec::Container(c) => c.process.program.is_some(),
            NodeSpec::Vm(_) => true,
        }
    }

    /// Whether it is a machine that boots.
    pub fn boots(&self) -> bool {
        matches!(self, NodeSpec::Vm(vm) if vm.boot.is_some())
    }

    /// Its name in the file.
    pub fn name(&self) -> &str {
        match self {
            NodeSpec::Process(p) => &p.name,
            NodeSpec::Container(c) => &c.process.name,
            NodeSpec::Vm(v) => &v.name,
        }
    }
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessSpec {
    /// The name in the file.
    pub name: String,
    /// What it runs; `None` for one that does nothing, as an idle machine's.
    pub program: Option<ProgramId>,
    /// How many threads run the program, each from its beginning. At least 1.
    pub threads: u16,
    /// The scheduler's weight among the threads of its cgroup (nice 0 is 1024).
    pub weight: u32,
    /// Pinned to the kernel's CPU of this number, if any.
    pub cpu: Option<u16>,
    /// Whether its kernel has given it the device ports (ioperm), so that IN and OUT are its own.
    pub io_ports: bool,
    /// The number of its kernel's network card by which its requests to other computers leave.
    pub nic: u16,
    /// Its own cgroup. `None`: a container has one all the same, and a process stands in its kernel's root group.
    pub cgroup: Option<CgroupSpec>,
    /// When it is up.
    pub upkeep: Upkeep,
}

impl ProcessSpec {
    /// One that does nothing, with one thread of the usual weight.
    pub fn new(name: &str) -> ProcessSpec {
        ProcessSpec {
            name: name.to_owned(),
            program: None,
            threads: 1,
            weight: 1024,
            cpu: None,
            io_ports: false,
            nic: 0,
            cgroup: None,
            upkeep: Upkeep::default(),
        }
    }
}

/// A cgroup (cgroup v2): its share, its limits, its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupSpec {
    /// `cpu.weight` among its siblings, from 1 to 10,000.
    pub cpu_weight: u32,
    /// `cpu.max`, if it is limited.
    pub cpu_max: Option<CpuMax>,
    /// The named cgroup that it lies in; `None`: its kernel's root.
    pub parent: Option<String>,
}

impl CgroupSpec {
    /// The largest `cpu.weight`.
    pub const MAX_WEIGHT: u32 = 10_000;
}

impl Default for CgroupSpec {
    /// Without limits, below the root, of weight 100.
    fn default() -> CgroupSpec {
        CgroupSpec { cpu_weight: 100, cpu_max: None, parent: None }
    }
}

/// A cgroup in which others lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSpec {
    /// The name in the file, unlike those of the kernel's other groups, processes, containers and virtual machines.
    pub name: String,
    /// What it is.
    pub cgroup: CgroupSpec,
}

/// `cpu.max`: at most `quota` of CPU time in each `period`, and what was left over up to `burst` on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CpuMax {
    /// CPU time per period. Not zero.
    pub quota: Time,
    /// The period, from 1 ms to 1 s as in Linux.
    pub period: Time,
    /// What may be saved up.
    pub burst: Time,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerSpec {
    /// Its process.
    pub process: ProcessSpec,
    /// How many seccomp filters run on each system call.
    pub seccomp_filters: u16,
    /// How its network namespace is joined to the kernel's.
    pub network: ContainerNetwork,
    /// Bytes of its image.
    pub image_bytes: u64,
    /// The number of its kernel's disk on which its layers, and so its files, lie; `None`: where its kernel's are.
    pub disk: Option<u16>,
    /// What lies elsewhere.
    pub volumes: Vec<MountSpec>,
}

impl ContainerSpec {
    /// One without filters, image or volumes, in its kernel's network namespace.
    pub fn new(process: ProcessSpec) -> ContainerSpec {
        ContainerSpec {
            process,
            seccomp_filters: 0,
            network: ContainerNetwork::Host,
            image_bytes: 0,
            disk: None,
            volumes: Vec::new(),
        }
    }
}

/// How a container reaches the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContainerNetwork {
    /// It shares the kernel's network namespace.
    Host,
    /// A namespace of its own: a veth pair to a bridge in the kernel's. What goes further is routed, and its address
    /// translated (NAT).
    Bridge,
}

/// A virtual machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmSpec {
    /// The name in the file.
    pub name: String,
    /// Virtual processors, at least 1.
    pub vcpus: u16,
    /// Bytes of memory.
    pub memory: u64,
    /// How its instructions are executed.
    pub technique: Technique,
    /// Where its virtio devices are served.
    pub backend: Backend,
    /// Its disks; none written is one on the first disk of the kernel below.
    pub disks: Vec<VirtualDevice>,
    /// Its network cards; none written is one behind the first card of the kernel below.
    pub nics: Vec<VirtualDevice>,
    /// File systems on other disks of it than the first.
    pub mounts: Vec<MountSpec>,
    /// The cgroup of its device model's threads, vCPUs among them, on the kernel below.
    pub cgroup: CgroupSpec,
    /// Cgroups around those of what stands on its own kernel.
    pub groups: Vec<GroupSpec>,
    /// Whether vCPU `i` is pinned to the CPU below with number `cpus[i]`; empty for no pinning.
    pub pin: Vec<u16>,
    /// Whether all guest memory has its frames from the start, so that no EPT violation happens later.
    pub preallocated: bool,
    /// Bytes of its first disk to which its kernel swaps pages; 0 for none.
    pub swap: u64,
    /// When its kernel gives memory in pages of 2 MiB. Whether its own memory comes in such pages is the kernel's below.
    pub huge_pages: HugePages,
    /// Bytes of its disk image.
    pub image_bytes: u64,
    /// What stands on its kernel.
    pub stacks: Vec<NodeSpec>,
    /// How it boots whenever it is started; `None`: its first process runs at once.
    pub boot: Option<BootSpec>,
    /// When it is up.
    pub upkeep: Upkeep,
}

impl VmSpec {
    /// One with a disk and a network card, served by vhost, in which nothing runs.
    pub fn new(name: &str, vcpus: u16, memory: u64) -> VmSpec {
        VmSpec {
            name: name.to_owned(),
            vcpus,
            memory,
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
            stacks: Vec::new(),
            boot: None,
            upkeep: Upkeep::default(),
        }
    }
}

/// How a machine gets from power to its first process, and what it reads for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BootSpec {
    /// What its processor finds first.
    pub firmware: Firmware,
    /// How long the loader shows its menu.
    pub menu: Time,
    /// Bytes of the kernel's image, and of what it unpacks itself to; the same for one that is not packed.
    pub kernel: u64,
    /// See [`BootSpec::kernel`].
    pub unpacked: u64,
    /// Bytes of the initial RAM disk, and of what it is unpacked to; 0 for none.
    pub initrd: u64,
    /// See [`BootSpec::initrd`].
    pub initrd_unpacked: u64,
    /// Services that the first process starts; 0 for a machine that runs one program.
    pub services: u16,
    /// Bytes that each of them reads from the disk: its program, and libraries that nobody has read before.
    pub service_bytes: u64,
    /// How long each of them computes until it is ready.
    pub service_work: Time,
}

impl BootSpec {
    /// A machine as distributions install it: a packed kernel of 11 MiB that becomes 60 MiB, an initial RAM disk of 40 MiB
    /// with the drivers of many machines, and services (sizes of Ubuntu 22.04's `vmlinuz` and `initrd.img`, and the
    /// services that `systemd-analyze` counts on its server, rounded; about the median of what its `blame` says of each).
    pub fn installed(firmware: Firmware) -> BootSpec {
        BootSpec {
            firmware,
            menu: Time::ZERO,
            kernel: 11 << 20,
            unpacked: 60 << 20,
            initrd: 40 << 20,
            initrd_unpacked: 110 << 20,
            services: 60,
            service_bytes: 1 << 20,
            service_work: Time::ms(20),
        }
    }

    /// A microVM: a kernel of 21 MiB that is not packed (Firecracker's example), which is put into memory from outside and
    /// starts one program.
    pub fn direct() -> BootSpec {
        BootSpec {
            firmware: Firmware::None,
            menu: Time::ZERO,
            kernel: 21 << 20,
            unpacked: 21 << 20,
            initrd: 0,
            initrd_unpacked: 0,
            services: 0,
            service_bytes: 0,
            service_work: Time::ZERO,
        }
    }
}

/// What a processor finds first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Firmware {
    /// The kernel, put into memory by the device model.
    None,
    /// A BIOS: a small firmware whose disk driver is a software interrupt. SeaBIOS in a virtual machine.
    Bios,
    /// UEFI: a larger one with drivers for whole devices. OVMF in a virtual machine.
    Uefi,
}

/// How a virtual machine's instructions are executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Technique {
    /// By the processor, in guest mode, with nested paging; what it may not do there is an exit.
    #[default]
    Hardware,
    /// One by one by a program: full emulation.
    Interpreted,
}

/// Where a virtio device's other end lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// In the user-space device model: the doorbell wakes a thread of it, which makes system calls.
    UserSpace,
    /// In a kernel thread of the kernel below (vhost).
    Vhost,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramSpec {
    /// The name in the file.
    pub name: String,
    /// What it does, in order.
    pub body: Vec<Statement>,
}

/// A step of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// One operation: one journey.
    Do(Operation),
    /// The body so many times; `None` for without end.
    Repeat(Option<u64>, Vec<Statement>),
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Instructions in ring 3 that take this long on an idle core.
    Compute(Distribution),
    /// So many processor cycles in ring 3.
    Cycles(u64),
    /// Dependent loads spread at random over a working set; pages are touched for the first time on demand.
    Memory {
        /// Bytes of the working set.
        working_set: u64,
        /// How many loads.
        accesses: u64,
        /// Whether it is mapped by 2 MiB pages whatever its kernel does by itself, and not by 4 KiB ones.
        huge_pages: bool,
    },
    /// A system call that does next to nothing, by name.
    SystemCall(String),
    /// Reads from a file.
    Read {
        /// The file's name: each kernel has its own page cache by name.
        file: String,
        /// Bytes, at least 1.
        bytes: u64,
        /// What the page cache holds.
        cache: Cache,
    },
    /// Writes to a file.
    Write {
        /// The file's name.
        file: String,
        /// Bytes, at least 1.
        bytes: u64,
        /// Whether it waits until the device has it (O_SYNC); otherwise it is left in the page cache.
        sync: bool,
    },
    /// Sends a request to a peer and waits for its response.
    Request {
        /// Bytes sent.
        send: u64,
        /// Bytes that come back.
        receive: u64,
        /// How long the peer thinks.
        think: Distribution,
        /// Where the peer is.
        peer: Peer,
    },
    /// A message to a partner thread through a pipe and one back through another.
    PingPong {
        /// Whether the partner is pinned to the next CPU, or shares the program's.
        across_cpus: bool,
        /// Bytes of each of the two messages, from 1 to [`Operation::PIPE`].
        bytes: u64,
    },
    /// nanosleep.
    Sleep(Distribution),
    /// Opens a file by its path and closes it.
    Open(String),
    /// Waits until the disk has all that has been written to a file (fsync).
    Fsync(String),
    /// Makes a child process, which may execute another program, ends, and is waited for.
    Fork {
        /// The child borrows the memory until it executes a program or ends, and the parent stands still meanwhile
        /// (vfork, posix_spawn). Otherwise it gets a copy whose pages are copied when they are written to.
        vfork: bool,
        /// Bytes of its copy that the child writes to.
        writes: u64,
        /// What it executes then, if anything.
        exec: Option<Image>,
    },
    /// Replaces the program's memory by that of an executable file; the rest of the program is what that file does.
    Exec(Image),
    /// Starts a container, until its program's first instruction.
    StartContainer(ContainerStart),
    /// Starts a virtual machine, until its first instruction has exited.
    StartVm(VmStart),
    /// Starts what is described among the stacks, by its path, until its program's first instruction; of a virtual
    /// machine, until all that stands in it has been started.
    Start(String),
    /// OUT to a register of a device that is emulated where there is a hypervisor; a general-protection fault without
    /// [`ProcessSpec::io_ports`].
    Out,
    /// CPUID in ring 3.
    Cpuid,
    /// HLT in ring 3: a general-protection fault; the kernel ends the program.
    Hlt,
    /// Another instruction that touches the machine itself.
    Instruction(Instruction),
}

/// How a container is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContainerStart {
    /// By an ordinary user, in a user namespace.
    pub rootless: bool,
    /// In a cgroup made for it.
    pub cgroup: bool,
    /// Bytes of their memory that the runtime's processes write to before the program is executed: stacks, tables.
    pub written: u64,
    /// What network it gets.
    pub network: StartNetwork,
    /// Its program.
    pub image: Image,
}

/// The network of a container that is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StartNetwork {
    /// The kernel's own namespace.
    Host,
    /// A namespace of its own, joined to nothing.
    Own,
    /// A namespace of its own, with a veth pair.
    #[default]
    Bridge,
}

/// How a virtual machine is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VmStart {
    /// Bytes of its memory that the device model writes before the first instruction.
    pub written: u64,
    /// Processors.
    pub vcpus: u16,
    /// How its instructions are executed.
    pub technique: Technique,
}

/// An executable file, in the page cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Image {
    /// Bytes of it that the program touches.
    pub bytes: u64,
    /// Segments that are mapped.
    pub segments: u16,
}

/// What the page cache is to hold before a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cache {
    /// Nothing of it: the read goes to the disk.
    Cold,
    /// All of it.
    Warm,
    /// Whatever earlier operations left there.
    AsIs,
    /// Past the page cache (O_DIRECT): the disk writes into the reader's memory, and nothing stays in the cache.
    Direct,
}

/// Who answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// Another computer, across the network card.
    Remote,
    /// A thread on the same kernel, in its first network namespace.
    Local,
    /// A thread on the same kernel, in another network namespace behind a veth pair, to which the kernel routes.
    Namespace,
}

impl Operation {
    /// Bytes of a pipe's buffer: Linux's default of 16 pages (pipe(7)).
    pub const PIPE: u64 = 64 << 10;

    /// Whether anything of it is drawn each time that it is done.
    pub fn is_drawn(&self) -> bool {
        match self {
            Operation::Compute(time) | Operation::Sleep(time) | Operation::Request { think: time, .. } => {
                time.is_drawn()
            }
            _ => false,
        }
    }

    /// What kind of journey it makes.
    pub fn kind(&self) -> OperationKind {
        match self {
            Operation::Compute(_) | Operation::Cycles(_) => OperationKind::Compute,
            Operation::Memory { .. } => OperationKind::Memory,
            Operation::SystemCall(_) => OperationKind::SystemCall,
            Operation::Read { .. } => OperationKind::Read,
            Operation::Write { .. } => OperationKind::Write,
            Operation::Request { .. } => OperationKind::Request,
            Operation::PingPong { .. } => OperationKind::PingPong,
            Operation::Sleep(_) => OperationKind::Sleep,
            Operation::Cpuid => OperationKind::Cpuid,
            Operation::Hlt => OperationKind::Hlt,
            Operation::Open(_) => OperationKind::Open,
            Operation::Fsync(_) => OperationKind::Fsync,
            Operation::Fork { .. } => OperationKind::Fork,
            Operation::Exec(_) => OperationKind::Exec,
            Operation::StartContainer(_) => OperationKind::StartContainer,
            Operation::StartVm(_) => OperationKind::StartVm,
            Operation::Start(_) => OperationKind::Start,
            Operation::Out => OperationKind::Out,
            Operation::Instruction(_) => OperationKind::Instruction,
        }
    }
}
