//! The machine's state: arenas of plain structs, and what never changes during a run.

use std::collections::{BTreeSet, VecDeque};

use crate::costs::{Primitive, Table};
use crate::engine::{Stream, Time};
use crate::trace::{ComponentId, CpuId, Layer, OperationKind, StackId};

use super::frame::{Frame, GroupId, Irq, RequestId, TaskId, Work};
use super::journal::{Journal, Ride};
use super::spec::{Backend, CpuMax, Operation, Peer, Technique};

/// An index into [`State::kernels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KernelId(pub u16);

/// An index into [`State::vms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VmId(pub u16);

/// What changes while the machine runs.
#[derive(Clone, Debug, Hash)]
pub struct State {
    pub journal: Journal,
    /// By [`CpuId`]: the hardware's cores first, then vCPUs.
    pub cpus: Vec<Cpu>,
    pub tasks: Vec<Task>,
    pub kernels: Vec<Kernel>,
    pub vms: Vec<Vm>,
    pub groups: Vec<Group>,
    pub disk: Disk,
    pub nic: Nic,
    pub requests: Vec<Request>,
    pub free_requests: Vec<RequestId>,
}

/// What never changes: costs, programs, names.
#[derive(Clone, Debug)]
pub struct Fixed {
    pub costs: Table,
    /// The ledger layer of each component.
    pub layers: Vec<Layer>,
    pub programs: Vec<Vec<Instruction>>,
    pub operations: Vec<FixedOperation>,
    /// Bits per second of the network card.
    pub bandwidth: u64,
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
}

/// A program's flat code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction {
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
    /// Ready tasks by virtual run time.
    pub ready: BTreeSet<(u64, TaskId)>,
    pub min_vruntime: u64,
    /// Nothing to run.
    pub idle: bool,
    /// Idle, but a task has been sent here.
    pub claimed: bool,
    pub reschedule: bool,
    /// Deadlines of this processor's kernel.
    pub timers: BTreeSet<(Time, Timer)>,
    /// The deadline that the timer is programmed for; [`Time::MAX`] for none.
    pub programmed: Time,
    /// Since when the current task is being charged; [`Time::MAX`] while it is not.
    pub charged_from: Time,
    /// What the current task may still use of its cgroup's quota.
    pub grant: Time,
    /// The period that the grant is of.
    pub grant_period: u64,
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

/// A schedulable thread: of a program, of a device model, of a vCPU.
#[derive(Clone, Debug, Hash)]
pub struct Task {
    pub kernel: KernelId,
    pub cpu: CpuId,
    pub pinned: bool,
    pub state: TaskState,
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
    pub group: Option<GroupId>,
    pub stack: StackId,
    pub component: ComponentId,
    pub namespace: Option<ComponentId>,
    pub program: u16,
    pub pc: u32,
    pub rounds: Vec<u64>,
    pub filters: u16,
    /// Messages that a partner has left (pipe, socket).
    pub messages: u32,
    /// The threads at the other end of its pipes and sockets and its child, by [`Link`]; for such a task itself, the
    /// first is the program's.
    pub partners: [TaskId; Link::KINDS],
    /// For the far end of a link: what kind, and how long it thinks before it answers.
    pub link: Link,
    pub think: Time,
    /// The operation for which its next child is to live; a child keeps it as its program.
    pub errand: u16,
    /// Bytes of its working set touched so far.
    pub touched: u64,
    /// Entries in its page tables for that.
    pub entries: u64,
    /// Those of them whose page is its own alone.
    pub own_entries: u64,
    /// Bytes of frames that are its own alone.
    pub owned: u64,
    /// For a backend: its VM, and the requests to take and to give back.
    pub vm: Option<VmId>,
    pub inbox: VecDeque<RequestId>,
    /// A packet or request for which it waits has arrived.
    pub arrived: bool,
    /// How its program reaches the network: through a bridge of its own namespace.
    pub bridged: bool,
}

impl Link {
    /// How many there are.
    pub const KINDS: usize = 5;

    /// Where the other end of a socket is; `None` for what is none.
    pub fn peer(self) -> Option<Peer> {
        match self {
            Link::Socket => Some(Peer::Local),
            Link::RoutedSocket => Some(Peer::Namespace),
            Link::PipeSameCpu | Link::PipeAcrossCpus | Link::Child => None,
        }
    }

    /// Whether both ends have places of their own, on which the point of the pair depends.
    pub fn is_pipe(self) -> bool {
        matches!(self, Link::PipeSameCpu | Link::PipeAcrossCpus)
    }
}

/// How a task and its partner are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Link {
    /// A pair of pipes, both on one processor.
    #[default]
    PipeSameCpu,
    /// A pair of pipes between two processors.
    PipeAcrossCpus,
    /// A socket to the kernel's first network namespace.
    Socket,
    /// From a child process to its parent.
    Child,
    /// A socket to another network namespace.
    RoutedSocket,
}

/// A kernel, on bare or virtual hardware.
#[derive(Clone, Debug, Hash)]
pub struct Kernel {
    /// The virtual machine that it runs in; `None` on the bare hardware.
    pub vm: Option<VmId>,
    pub first_cpu: CpuId,
    pub cpus: u16,
    pub parts: Parts,
    /// Bytes in the page cache, by file, from the file's beginning.
    pub cached: Vec<u64>,
    /// Bytes of its physical memory that it has given out so far.
    pub allocated: u64,
    pub stack: StackId,
}

impl Kernel {
    pub fn cpu_ids(&self) -> impl Iterator<Item = CpuId> + use<> {
        (self.first_cpu.0..self.first_cpu.0 + self.cpus).map(CpuId)
    }
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
    pub hw_disk: ComponentId,
    pub hw_nic: ComponentId,
    pub hw_timer: ComponentId,
    /// Of its hypervisor, if it has one; otherwise the scheduler.
    pub exits: ComponentId,
    pub nested_paging: ComponentId,
    pub vcpus: ComponentId,
    pub backends: ComponentId,
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
    /// The thread that serves its virtio devices.
    pub worker: TaskId,
    /// Bytes of guest memory that have frames.
    pub backed: u64,
    pub stack: StackId,
}

/// A cgroup with `cpu.max`.
#[derive(Clone, Debug, Hash)]
pub struct Group {
    pub kernel: KernelId,
    pub max: CpuMax,
    /// What is left of this period's quota and not granted to a processor.
    pub pool: Time,
    /// The number of the period that `pool` belongs to.
    pub period: u64,
    pub throttled: Vec<TaskId>,
    pub refill_armed: bool,
    pub component: ComponentId,
    /// Used in the current period, in the one before, and the most used in any: what law 4 is about.
    pub used: Time,
    pub used_before: Time,
    pub most_used: Time,
}

/// The disk of the hardware.
#[derive(Clone, Debug, Hash)]
pub struct Disk {
    pub component: ComponentId,
    pub channels: u32,
    pub busy: u32,
    /// Until when the part that all requests pass is taken.
    pub shared_until: Time,
    pub queue: VecDeque<RequestId>,
    /// Of how many requests it tells at once; 1: of each by itself.
    pub batch: u32,
    /// Served and not yet told of, if it tells of many at once.
    pub served: Vec<RequestId>,
    pub stream: Stream,
}

/// The network card of the hardware.
#[derive(Clone, Debug, Hash)]
pub struct Nic {
    pub component: ComponentId,
    /// Until when each direction of the wire is taken.
    pub sending_until: Time,
    pub receiving_until: Time,
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
    pub started: Time,
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
    /// A packet out, `receive` bytes back after `think`.
    Packet {
        receive: u64,
        think: Time,
    },
}

/// Who waits for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A task of the kernel that issued it.
    Task(TaskId),
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
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id.index()]
    }
    pub fn task_mut(&mut self, id: TaskId) -> &mut Task {
        &mut self.tasks[id.index()]
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
        &self.groups[usize::from(id.0)]
    }
    pub fn group_mut(&mut self, id: GroupId) -> &mut Group {
        &mut self.groups[usize::from(id.0)]
    }
    pub fn request(&self, id: RequestId) -> &Request {
        &self.requests[id.0 as usize]
    }
    pub fn request_mut(&mut self, id: RequestId) -> &mut Request {
        &mut self.requests[id.0 as usize]
    }

    /// Puts a request into the arena.
    pub fn add_request(&mut self, request: Request) -> RequestId {
        match self.free_requests.pop() {
            Some(id) => {
                *self.request_mut(id) = request;
                id
            }
            None => {
                self.requests.push(request);
                RequestId(self.requests.len() as u32 - 1)
            }
        }
    }

    /// About how many bytes a copy takes.
    pub fn bytes(&self) -> usize {
        // A set that is not empty has at least a node, of eleven places.
        let set = |len: usize| len.div_ceil(11) * 11 * size_of::<(Time, Timer)>();
        let cpu = |cpu: &Cpu| {
            let frames = cpu.frames.len() * size_of::<Frame>() + cpu.pending.len() * size_of::<Irq>();
            size_of::<Cpu>() + frames + set(cpu.ready.len()) + set(cpu.timers.len())
        };
        let task = |task: &Task| {
            let frames = task.frames.len() * size_of::<Frame>() + task.rounds.len() * size_of::<u64>();
            size_of::<Task>() + frames + task.inbox.len() * size_of::<RequestId>()
        };
        let kernel = |kernel: &Kernel| size_of::<Kernel>() + kernel.cached.len() * size_of::<u64>();
        let group = |group: &Group| size_of::<Group>() + group.throttled.len() * size_of::<TaskId>();
        size_of::<State>()
            + self.journal.bytes()
            + self.cpus.iter().map(cpu).sum::<usize>()
            + self.tasks.iter().map(task).sum::<usize>()
            + self.kernels.iter().map(kernel).sum::<usize>()
            + self.vms.len() * size_of::<Vm>()
            + self.groups.iter().map(group).sum::<usize>()
            + self.requests.len() * size_of::<Request>()
            + (self.free_requests.len() + self.disk.queue.len() + self.disk.served.len()) * size_of::<RequestId>()
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
