//! The machine's state: arenas of plain structs, and what never changes during a run.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::costs::{Primitive, Table};
use crate::engine::{Stream, Time};
use crate::trace::{ComponentId, CpuId, Layer, OperationKind, StackId};

use super::arena::Arena;
use super::frame::{Frame, GroupId, Irq, ProcessId, RequestId, TaskId, Work};
use super::hardware::disk::Disk;
use super::hardware::wire::Nic;
use super::ids::NodeId;
use super::journal::{Journal, Ride};
use super::kernel::devices::Devices;
use super::kernel::queue::Queue;
use super::kernel::swap_area::Swap;
use super::plan::{GroupPlan, Plan};
use super::spec::{Backend, CpuMax, HugePages, Operation, Technique};

pub use super::ids::{KernelId, VmId};
pub use super::link::Link;

/// What changes while the machine runs.
#[derive(Clone, Debug, Hash)]
pub struct State {
    pub journal: Journal,
    /// By [`CpuId`]: the hardware's cores first, then vCPUs.
    pub cpus: Vec<Cpu>,
    pub processes: Arena<Process>,
    pub tasks: Arena<Task>,
    pub kernels: Vec<Kernel>,
    pub vms: Vec<Vm>,
    pub groups: Vec<Group>,
    /// By [`DiskId`](super::hardware::disk::DiskId): the disks of the hardware.
    pub disks: Vec<Disk>,
    /// By [`NicId`](super::hardware::wire::NicId): its network cards.
    pub nics: Vec<Nic>,
    pub requests: Arena<Request>,
    /// By [`NodeId`]: what is up.
    pub lives: Vec<Life>,
    /// By [`StackId`]: frames of the host.
    pub resident: Vec<Resident>,
    /// The host has lost its power, or its kernel has panicked: nothing happens any more.
    pub dark: bool,
    pub host: Host,
}

/// Bytes of the host's frames that are a stack's alone.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Resident {
    pub now: u64,
    /// The most so far.
    pub peak: u64,
}

/// Where the host is between its boot and its end.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Host {
    /// It has booted.
    pub up: bool,
    /// It is to be turned off.
    pub stopping: bool,
    /// The first process of its kernel, if it boots.
    pub init: TaskId,
}

/// Whether a process, container or virtual machine of the description is up.
#[derive(Clone, Debug, Hash)]
pub struct Life {
    pub phase: Phase,
    /// Its processes on the kernel that it stands on.
    pub processes: Vec<ProcessId>,
    /// The first of them.
    pub main: ProcessId,
    /// What ended that one.
    pub fate: Option<Signal>,
    /// How often it has been started: which of its lives this is.
    pub starts: u32,
    /// It has been asked to end.
    pub stopping: bool,
    /// It is to be started again when it has ended.
    pub again: bool,
    /// It was killed before its first process was born.
    pub doomed: bool,
    /// How often in a row it has been started again because it had ended.
    pub retries: u32,
    /// Since when it is up.
    pub since: Time,
}

impl Default for Life {
    fn default() -> Life {
        Life {
            phase: Phase::Down,
            processes: Vec::new(),
            main: ProcessId::NONE,
            fate: None,
            starts: 0,
            stopping: false,
            again: false,
            doomed: false,
            retries: 0,
            since: Time::ZERO,
        }
    }
}

/// Where something is between two ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It is not there.
    #[default]
    Down,
    /// Somebody is starting it.
    Starting,
    Up,
}

/// What never changes: costs, programs, names.
#[derive(Clone, Debug)]
pub struct Fixed {
    pub costs: Table,
    /// The ledger layer of each component.
    pub layers: Vec<Layer>,
    pub programs: Vec<Vec<Code>>,
    pub operations: Vec<FixedOperation>,
    /// On which disk of its kernel each file lies, by [`Process::mounts`] and [`FixedOperation::file`].
    pub mounts: Vec<Vec<u16>>,
    /// By [`NodeId`]: what may stand where.
    pub plans: Vec<Plan>,
    /// The plans by their paths; of those with the same, the first.
    pub by_path: HashMap<String, NodeId>,
    /// By [`GroupId`]: whose a cgroup is.
    pub groups: Vec<GroupPlan>,
    /// Those with names by their paths, as "batch" or "vm/batch".
    pub named_groups: HashMap<String, GroupId>,
    /// What stands on the host's kernel.
    pub top: Vec<NodeId>,
    /// By [`KernelId`]: what it does from power to its first process; nothing for one that stands there ready.
    pub boots: Vec<Vec<super::boot::Part>>,
}

/// An operation of a program, made ready to run.
#[derive(Clone, Debug)]
pub struct FixedOperation {
    pub operation: Operation,
    pub kind: OperationKind,
    /// The index of its text in the topology.
    pub label: u16,
    /// Which file of its kernel it uses: an index into [`Kernel::cached`].
    pub file: u16,
    /// What it starts, if it starts something that is described.
    pub node: Option<NodeId>,
}

/// A program's flat code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Do an operation: an index into [`Fixed::operations`].
    Do(u16),
    /// Begin a loop of so many rounds (`u64::MAX`: without end) whose end is at this index.
    Loop(u64, u32),
    /// End of the loop that begins at this index.
    EndLoop(u32),
}

/// A processor as its kernel sees it.
#[derive(Clone, Debug, Hash)]
pub struct Cpu {
    pub kernel: KernelId,
    /// The vCPU thread that stands behind it; [`TaskId::NONE`] for a core of the hardware.
    pub thread: TaskId,
    pub component: ComponentId,
    pub stack: StackId,
    /// Interrupt handlers and the scheduler.
    pub frames: Vec<Frame>,
    pub work: Option<Work>,
    /// Interrupts that have arrived and are not yet taken.
    pub pending: VecDeque<Irq>,
    pub current: TaskId,
    /// The task that a context switch is going to.
    pub next: TaskId,
    /// The run queue of the root group, and those of the other groups that have threads here.
    pub root: Queue,
    pub queues: BTreeMap<GroupId, Queue>,
    /// Nothing to run.
    pub idle: bool,
    /// Idle, but a task has been sent here.
    pub claimed: bool,
    pub reschedule: bool,
    /// Deadlines of this processor's kernel.
    pub timers: BTreeSet<(Time, Timer)>,
    /// When among them the current task's slice ends, and its grant of quota; [`Time::MAX`] for neither.
    pub tick_at: Time,
    pub quota_at: Time,
    /// Of a virtual processor: which processor below has its deadline among its own, and for when.
    pub deadline_below: Option<(CpuId, Time)>,
    /// The deadline that the timer is programmed for; [`Time::MAX`] for none.
    pub programmed: Time,
    /// Since when the current task is being charged; [`Time::MAX`] while it is not.
    pub charged_from: Time,
    /// What the current task may still use of the quotas of its groups.
    pub grant: Time,
    /// When that was granted: it is of the periods of that moment.
    pub granted_at: Time,
    /// Only for cores of the hardware.
    pub core: Core,
}

/// What only a core of the hardware has.
#[derive(Clone, Debug, Default, Hash)]
pub struct Core {
    pub segment: Option<Segment>,
    /// Tells a segment's end from that of one that was interrupted.
    pub generation: u32,
    pub timer_generation: u32,
    pub idle_since: Option<Time>,
    pub idle_total: Time,
    /// Woken from idle and not yet paid for: from which depth, and how long that takes.
    pub waking: Option<(Primitive, Time)>,
}

/// A stretch of work under way on a core.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Segment {
    pub context: super::frame::Context,
    pub cpu: CpuId,
    pub start: Time,
    pub end: Time,
}

/// What happens at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A sleeping task is due.
    Wake(TaskId),
    /// The current task's slice is over.
    Tick,
    /// The current task's grant of quota is used up.
    Quota,
    /// A cgroup's next period begins.
    Refill(GroupId),
    /// The deadline that a guest programmed for this vCPU.
    Guest(CpuId),
}

/// What a task is doing, for the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// In a run queue.
    Ready,
    /// On a processor.
    Running,
    /// Waiting to be woken.
    Blocked,
    /// Its cgroup has no quota left.
    Throttled,
    /// Ended.
    Dead,
}

/// Why a task is not running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Asleep {
    /// It is not asleep.
    #[default]
    No,
    /// It waits for something that may never come, and a fatal signal ends the waiting.
    Interruptible,
    /// It waits for a device that is at work on its memory: nothing ends it before.
    Uninterruptible,
}

/// What threads share: an address space, namespaces, a cgroup, a parent.
#[derive(Clone, Debug, Hash)]
pub struct Process {
    pub kernel: KernelId,
    /// Who made it; [`ProcessId::NONE`] for what its kernel did.
    pub parent: ProcessId,
    /// Its number in its kernel's first pid namespace. Numbers only grow.
    pub pid: u32,
    pub component: ComponentId,
    pub stack: StackId,
    /// The membrane around it, if it has namespaces of its own.
    pub namespace: Option<ComponentId>,
    /// How it reaches the network: through a bridge of its own namespace.
    pub bridged: bool,
    /// Seccomp filters on each of its system calls.
    pub filters: u16,
    /// `None`: its kernel's root group.
    pub group: Option<GroupId>,
    /// Where its files lie: an index into [`Fixed::mounts`].
    pub mounts: u32,
    /// The network card of its kernel by which its requests leave.
    pub nic: u16,
    pub space: Space,
    pub threads: Vec<TaskId>,
    pub children: Vec<ProcessId>,
    /// The virtual machine whose device model it is.
    pub vm: Option<VmId>,
    /// Whether its kernel has given it the device ports (ioperm).
    pub ports: bool,
    /// The fatal signal that it has got.
    pub killed: Option<Signal>,
    /// It has been asked to end when the operation under way is done.
    pub stopping: bool,
    /// What of the description it is part of.
    pub node: Option<NodeId>,
    /// What it is there to do for somebody outside.
    pub order: Option<Action>,
}

/// An address space.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Space {
    /// Bytes of the working set touched so far.
    pub touched: u64,
    /// Entries in the page tables.
    pub entries: u64,
    /// Those of them whose page is its own alone.
    pub own_entries: u64,
    /// Bytes of frames that are its own alone.
    pub owned: u64,
    /// Bytes of its pages that lie in the swap area.
    pub swapped: u64,
    /// When it was used last, as far as the swap area has to know.
    pub used: Time,
    /// What chance owes: parts of a page that has been touched in the swap area (`kernel/swap.rs`).
    pub owing: u64,
}

/// A signal that ends a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// SIGSEGV, for a general-protection fault.
    Segv,
    /// SIGKILL, because the process that it was to die with has died.
    ParentDeath,
    /// None: its program has ended, and those that served it end as well.
    Exit,
    /// SIGKILL.
    Kill,
    /// None: a device model whose guest has turned its machine off.
    PowerOff,
    /// None: a device model whose guest's kernel has panicked.
    Panic,
    /// SIGKILL, because there was no memory left and it had the most.
    OutOfMemory,
}

/// A thread, as the scheduler knows it: of a program, of a device model, of a vCPU.
#[derive(Clone, Debug, Hash)]
pub struct Task {
    pub kernel: KernelId,
    pub process: ProcessId,
    pub cpu: CpuId,
    pub pinned: bool,
    pub state: TaskState,
    pub asleep: Asleep,
    /// Its process has got a fatal signal: it ends where it would go on in ring 3.
    pub doomed: bool,
    pub frames: Vec<Frame>,
    pub work: Option<Work>,
    /// In guest mode: the processor that this vCPU thread is.
    pub guest: Option<CpuId>,
    /// The processor that this thread is when it is in guest mode.
    pub vcpu: CpuId,
    /// The journey of its program's operation, as it began.
    pub journey: Ride,
    /// The journey that is on its way to it, by a wake-up or an interrupt.
    pub incoming: Ride,
    pub vruntime: u64,
    pub weight: u32,
    pub stack: StackId,
    pub component: ComponentId,
    pub program: u16,
    pub pc: u32,
    pub rounds: Vec<u64>,
    /// Messages that a partner has left (pipe, socket).
    pub messages: u32,
    /// The threads at the other end of its pipes and sockets, by [`Link`]; for such a thread itself, the first is the
    /// program's.
    pub partners: [TaskId; Link::KINDS],
    /// For the far end of a link: what kind, and what it was asked last.
    pub link: Link,
    pub asked: Asked,
    /// What it draws from, if anything of its program is drawn.
    pub chance: Option<Stream>,
    /// The first thread of the child that it made last.
    pub child: TaskId,
    /// Who waits for its end: the thread that made it.
    pub parent: TaskId,
    /// Which processor's timer is to wake it, and when.
    pub alarm: Option<(CpuId, Time)>,
    /// For a backend: the requests to take and to give back.
    pub inbox: VecDeque<RequestId>,
    /// A packet or request for which it waits has arrived.
    pub arrived: bool,
    /// Bytes of an answer that have come over the network and that it has not taken yet.
    pub received: u64,
}

/// What a partner is asked: so many bytes, to be answered by so many after it has thought.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Asked {
    pub bytes: u64,
    pub answer: u64,
    pub think: Time,
}

/// A kernel, on bare or virtual hardware.
#[derive(Clone, Debug, Hash)]
pub struct Kernel {
    /// The virtual machine that it runs in; `None` on the bare hardware.
    pub vm: Option<VmId>,
    pub first_cpu: CpuId,
    pub cpus: u16,
    pub parts: Parts,
    pub devices: Devices,
    /// Bytes in the page cache, by file and disk, from the file's beginning.
    pub cached: Vec<u64>,
    /// Bytes of these that have been written and that no disk has, by the same index.
    pub dirty: Vec<u64>,
    /// Bytes of its physical memory, and of these what processes and the machines on it have.
    pub memory: u64,
    pub allocated: u64,
    /// Bytes of these that it has taken for itself in the course of its boot.
    pub kept: u64,
    /// Bytes of its records of pages, if it stands there booted; one that boots makes them, and keeps them, in its boot.
    pub records: u64,
    /// When each file of the page cache was used last, by the same index as `cached`.
    pub used: Vec<Time>,
    /// Threads that wait for memory until who was killed for it has given it back.
    pub short: Vec<TaskId>,
    /// Who was killed for memory last.
    pub victim: ProcessId,
    /// Where pages lie whose frames others have.
    pub swap: Swap,
    /// When it gives pages of 2 MiB by itself.
    pub huge_pages: HugePages,
    pub processes: BTreeSet<ProcessId>,
    /// The number of the next process.
    pub next_pid: u32,
    /// Where its boot stands.
    pub boot: Booting,
    pub stack: StackId,
}

impl Kernel {
    pub fn cpu_ids(&self) -> impl Iterator<Item = CpuId> + use<> {
        (self.first_cpu.0..self.first_cpu.0 + self.cpus).map(CpuId)
    }
}

/// A part of a machine's boot that is under way.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Booting {
    /// Reads from the disk so far, and their bytes.
    pub reads: u32,
    pub bytes: u64,
    /// How often the firmware has looked whether the disk is done with the last one.
    pub looks: u32,
}

/// The components that a kernel's work shows at.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Parts {
    pub system_calls: ComponentId,
    pub files: ComponentId,
    pub block: ComponentId,
    pub scheduler: ComponentId,
    pub memory: ComponentId,
    pub network: ComponentId,
    pub driver: ComponentId,
    /// The hardware that it takes for real.
    pub hw_memory: ComponentId,
    pub hw_timer: ComponentId,
    /// Of its hypervisor, if it has one; otherwise the scheduler.
    pub exits: ComponentId,
    pub nested_paging: ComponentId,
    pub vcpus: ComponentId,
    pub backends: ComponentId,
    /// Of the programs that play its machines' devices; its driver, if it has no machines.
    pub device_models: ComponentId,
}

/// A virtual machine.
#[derive(Clone, Debug, Hash)]
pub struct Vm {
    /// The kernel that it runs on.
    pub host: KernelId,
    /// The kernel that runs in it.
    pub guest: KernelId,
    pub backend: Backend,
    pub technique: Technique,
    /// What of the description it is.
    pub node: NodeId,
    /// Its device model; [`ProcessId::NONE`] while there is none.
    pub model: ProcessId,
    /// The thread that serves its virtio devices.
    pub worker: TaskId,
    /// The first process of its kernel.
    pub init: TaskId,
    /// Bytes of guest memory that have frames.
    pub backed: u64,
    /// Bytes for which its guest has left guest mode, and which have no frames yet.
    pub asked: u64,
    /// Bytes of guest memory that lie in the swap area of the kernel below.
    pub swapped: u64,
    /// As [`Space::owing`].
    pub owing: u64,
    /// Its memory is not swapped.
    pub locked: bool,
    /// Its device model has asked for large pages (madvise): QEMU does (`ram_block_add`), a microVM's, as Firecracker, does
    /// not.
    pub asks_for_huge: bool,
    /// Requests of its guest that are at devices of the kernel below, on behalf of its device model.
    pub at_devices: u32,
    /// Its guest has turned it off.
    pub off: bool,
    pub stack: StackId,
}

/// A cgroup. Its queues are its processors' ([`Cpu::queues`]).
#[derive(Clone, Debug, Hash)]
pub struct Group {
    pub kernel: KernelId,
    /// `None`: its kernel's root group.
    pub parent: Option<GroupId>,
    /// How many groups it lies in, itself counted.
    pub depth: u16,
    /// `cpu.weight`.
    pub weight: u32,
    /// The load of its queues on all processors together.
    pub load: u64,
    /// CPU time that its threads and those of the groups in it have used.
    pub used: Time,
    pub limit: Option<Limit>,
    /// The valve, if it has one; otherwise its kernel's scheduler.
    pub component: ComponentId,
}

/// A cgroup's `cpu.max`, and what `cpu.stat` tells of it.
#[derive(Clone, Debug, Hash)]
pub struct Limit {
    pub max: CpuMax,
    /// What is left of this period's quota and not granted to a processor.
    pub pool: Time,
    /// Used without a grant, and to be taken from the next period's quota.
    pub owed: Time,
    /// The number of the period that `pool` belongs to.
    pub period: u64,
    /// Who waits for the next one.
    pub throttled: Vec<TaskId>,
    /// Which processor's timer is to begin the next period, and when.
    pub refill_at: Option<(CpuId, Time)>,
    /// Used in the current period, in the one before, and the most used in any: what law 4 is about.
    pub used: Time,
    pub used_before: Time,
    pub most_used: Time,
    /// The most that was ever owed: no more than processors run until they learn that there is nothing left.
    pub most_owed: Time,
    /// The period in which the limit was changed last.
    pub changed_in: Option<u64>,
    /// Periods in which anything of it ran, and those at whose end somebody was held.
    pub periods: u64,
    pub throttled_periods: u64,
    /// How long it was held, summed over processors.
    pub throttled_time: Time,
}

/// A request to a disk, or a packet and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    pub kind: RequestKind,
    pub bytes: u64,
    pub ride: Ride,
    /// Who waits for it.
    pub origin: Origin,
    /// The kernel that issued it, and the processor that its interrupt goes to.
    pub kernel: KernelId,
    pub cpu: CpuId,
    pub stack: StackId,
    /// Which disk, or which network card, of the kernel that issued it.
    pub device: u16,
    pub started: Time,
    /// Of a spinning disk: how long the arm moved, and how long it then waited for the sector.
    pub seek: Time,
    pub rotation: Time,
    /// Served: on its way back.
    pub done: bool,
    /// The next one that the same interrupt tells of.
    pub with: Option<RequestId>,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    Read,
    Write,
    /// A segment out; unless there is `more` of the message, `receive` bytes back after `think`. On the way back, a
    /// segment of that answer.
    Packet {
        receive: u64,
        think: Time,
        more: bool,
    },
}

/// Who waits for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A task of the kernel that issued it.
    Task(TaskId),
    /// A firmware's driver on this task, which looks by itself and is not interrupted.
    Polled(TaskId),
    /// A VM's backend, on behalf of this request of its guest.
    Guest(VmId, RequestId),
}

impl State {
    pub fn cpu(&self, id: CpuId) -> &Cpu {
        &self.cpus[id.index()]
    }
    pub fn cpu_mut(&mut self, id: CpuId) -> &mut Cpu {
        &mut self.cpus[id.index()]
    }
    /// A thread that is known to live.
    pub fn task(&self, id: TaskId) -> &Task {
        self.tasks.at(id.0)
    }
    pub fn task_mut(&mut self, id: TaskId) -> &mut Task {
        self.tasks.at_mut(id.0)
    }
    /// A process that is known to live.
    pub fn process(&self, id: ProcessId) -> &Process {
        self.processes.at(id.0)
    }
    pub fn process_mut(&mut self, id: ProcessId) -> &mut Process {
        self.processes.at_mut(id.0)
    }
    pub fn life(&self, node: NodeId) -> &Life {
        &self.lives[node.index()]
    }
    pub fn life_mut(&mut self, node: NodeId) -> &mut Life {
        &mut self.lives[node.index()]
    }
    /// The process of a thread.
    pub fn process_of(&self, task: TaskId) -> &Process {
        self.process(self.task(task).process)
    }
    /// The address space of a thread.
    pub fn space_mut(&mut self, task: TaskId) -> &mut Space {
        let process = self.task(task).process;
        &mut self.process_mut(process).space
    }
    /// Whether a thread still lives.
    pub fn lives(&self, task: TaskId) -> bool {
        self.tasks.has(task.0)
    }
    pub fn kernel(&self, id: KernelId) -> &Kernel {
        &self.kernels[usize::from(id.0)]
    }
    pub fn kernel_mut(&mut self, id: KernelId) -> &mut Kernel {
        &mut self.kernels[usize::from(id.0)]
    }
    pub fn kernel_of(&self, cpu: CpuId) -> &Kernel {
        self.kernel(self.cpu(cpu).kernel)
    }
    pub fn vm(&self, id: VmId) -> &Vm {
        &self.vms[usize::from(id.0)]
    }
    pub fn vm_mut(&mut self, id: VmId) -> &mut Vm {
        &mut self.vms[usize::from(id.0)]
    }
    pub fn group(&self, id: GroupId) -> &Group {
        &self.groups[id.index()]
    }
    pub fn group_mut(&mut self, id: GroupId) -> &mut Group {
        &mut self.groups[id.index()]
    }
    /// A request that is known to be under way.
    pub fn request(&self, id: RequestId) -> &Request {
        self.requests.at(id.0)
    }
    pub fn request_mut(&mut self, id: RequestId) -> &mut Request {
        self.requests.at_mut(id.0)
    }

    /// A new request.
    pub fn add_request(&mut self, request: Request) -> RequestId {
        RequestId(self.requests.insert(request))
    }

    /// About how many bytes a copy takes.
    pub fn bytes(&self) -> usize {
        // A set that is not empty has at least a node, of eleven places.
        let set = |len: usize| len.div_ceil(11) * 11 * size_of::<(Time, Timer)>();
        let queue = |queue: &Queue| size_of::<Queue>() + set(queue.ready.len());
        let cpu = |cpu: &Cpu| {
            let frames = cpu.frames.len() * size_of::<Frame>() + cpu.pending.len() * size_of::<Irq>();
            size_of::<Cpu>()
                + frames
                + queue(&cpu.root)
                + cpu.queues.values().map(queue).sum::<usize>()
                + set(cpu.timers.len())
        };
        let task = |task: &Task| {
            let frames = task.frames.len() * size_of::<Frame>() + task.rounds.len() * size_of::<u64>();
            size_of::<Task>() + frames + task.inbox.len() * size_of::<RequestId>()
        };
        let process = |process: &Process| {
            let kin = process.threads.len() * size_of::<TaskId>() + process.children.len() * size_of::<ProcessId>();
            size_of::<Process>() + kin + size_of::<ProcessId>()
        };
        let kernel =
            |kernel: &Kernel| size_of::<Kernel>() + kernel.cached.len() * 3 * size_of::<u64>() + kernel.devices.bytes();
        let disk = |disk: &Disk| size_of::<Disk>() + (disk.waiting() + disk.served.len()) * size_of::<RequestId>();
        let life = |life: &Life| size_of::<Life>() + size_of::<ProcessId>() * life.processes.len();
        let held = |group: &Group| group.limit.as_ref().map_or(0, |limit| limit.throttled.len());
        let group = |group: &Group| size_of::<Group>() + held(group) * size_of::<TaskId>();
        size_of::<State>()
            + self.journal.bytes()
            + self.cpus.iter().map(cpu).sum::<usize>()
            + self.processes.iter().map(|(_, each)| process(each)).sum::<usize>()
            + self.tasks.iter().map(|(_, each)| task(each)).sum::<usize>()
            + self.kernels.iter().map(kernel).sum::<usize>()
            + self.vms.len() * size_of::<Vm>()
            + self.groups.iter().map(group).sum::<usize>()
            + self.requests.slots() * (size_of::<Request>() + size_of::<u32>())
            + self.lives.iter().map(life).sum::<usize>()
            + self.disks.iter().map(disk).sum::<usize>()
            + self.nics.len() * size_of::<Nic>()
    }

    /// The vCPU thread behind a virtual processor; `None` for a core of the hardware.
    pub fn thread_of(&self, cpu: CpuId) -> Option<TaskId> {
        self.cpu(cpu).thread.some()
    }
}

impl Fixed {
    pub fn time(&self, primitive: Primitive) -> Time {
        Time(self.costs.get(primitive))
    }
    pub fn count(&self, primitive: Primitive) -> u64 {
        self.costs.get(primitive)
    }
    pub fn layer(&self, component: ComponentId) -> Layer {
        self.layers.get(component.index()).copied().unwrap_or(Layer::Hardware)
    }
}

/// An order, or what follows from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Start(NodeId),
    Stop(NodeId),
    Kill(NodeId),
    Restart(NodeId),
    SetCpuMax(GroupId, CpuMax),
    SetCpuWeight(GroupId, u32),
    /// It has no cgroup that anything could be set of.
    NoGroup(NodeId),
    Panic(NodeId),
    HostPanic,
    PowerCut,
    Shutdown,
    /// The host has turned its power off.
    Off,
    /// What has ended is started again, unless that has been done since.
    Revive {
        node: NodeId,
        starts: u32,
    },
    /// What was asked to end has had its time.
    GraceOver {
        node: NodeId,
        starts: u32,
    },
}
