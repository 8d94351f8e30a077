//! Frames: what a processor is in the middle of, at every level at once.
//!
//! A task and a processor each have a stack of frames. Entering a lower layer pushes a frame (on the same stack, or
//! on the stack of the vCPU thread below when a guest exits), coming back pops it. A frame is a small state machine:
//! its [`Pc`] says which step comes next, and each step either pays for work, pushes another frame, blocks or pops.
//! The steps of a mechanism are an enum of that mechanism ([`steps`]), which nobody else can read. The frames of a
//! journey are what a debugger's backtrace would show if it could see through all layers.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{ComponentId, CpuId, Crossing, ExitReason, Token, What};

use super::arena::Key;
use super::ids::{NodeId, VmId};
use super::journal::Ride;
use super::spec::{Image, Peer};

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Key);

        impl $name {
            /// Stands for "none".
            #[allow(dead_code)]
            pub const NONE: $name = $name(Key::NONE);
            /// Not after any other.
            #[allow(dead_code)]
            pub const FIRST: $name = $name(Key::FIRST);
            /// `None` for [`Self::NONE`].
            #[inline]
            #[allow(dead_code)]
            pub fn some(self) -> Option<$name> {
                (self != Self::NONE).then_some(self)
            }
        }
    };
}

key!(
    /// A thread, in [`super::State::tasks`].
    TaskId
);
key!(
    /// A process, in [`super::State::processes`].
    ProcessId
);
key!(
    /// A request to a device, in [`super::State::requests`].
    RequestId
);

/// An index into [`super::State::groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

impl GroupId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Who has frames, beside the page cache and the kernel itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Pages that are a process's alone.
    Process(ProcessId),
    /// The memory of a machine that runs on this kernel.
    Guest(VmId),
    /// The kernel, for what it has taken in the course of its boot.
    Kernel,
}

/// An interrupt on its way to a processor, with the journey that it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Irq {
    pub kind: IrqKind,
    pub ride: Ride,
}

/// What an interrupt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IrqKind {
    /// The local timer, with the news for this sleeper if that is what it was set for.
    Timer(TaskId),
    /// Another processor made this task ready here.
    Reschedule(TaskId),
    /// A disk or network request has been served.
    Device(RequestId),
    /// Somebody outside wants something of this thread, of this kernel or of one above: it is woken.
    Order(TaskId),
    /// Nothing but a nudge: an interrupt is pending for this virtual processor, which runs here.
    Posted(CpuId),
}

/// Why a guest leaves guest mode, with what the handler has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    Cpuid,
    Hlt,
    /// A guest's driver has filled a ring.
    Doorbell(RequestId),
    Io,
    /// So many bytes of guest memory have no frames yet.
    EptViolation(u64),
    /// A page of guest memory is touched that the kernel below has written out.
    SwappedOut,
    /// A guest's timer is programmed.
    Deadline,
    /// An inter-processor interrupt to another virtual processor.
    Ipi(CpuId, IrqKind),
    ExternalInterrupt,
    Vmresume,
    VmcsAccess,
}

impl Exit {
    pub fn reason(self) -> ExitReason {
        match self {
            Exit::Cpuid => ExitReason::Cpuid,
            Exit::Hlt => ExitReason::Hlt,
            Exit::Doorbell(_) => ExitReason::Doorbell,
            Exit::Io => ExitReason::IoInstruction,
            Exit::EptViolation(_) | Exit::SwappedOut => ExitReason::EptViolation,
            Exit::Deadline => ExitReason::MsrWrite,
            Exit::Ipi(..) => ExitReason::ApicWrite,
            Exit::ExternalInterrupt => ExitReason::ExternalInterrupt,
            Exit::Vmresume => ExitReason::Vmresume,
            Exit::VmcsAccess => ExitReason::VmcsAccess,
        }
    }
}

/// What a frame does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A task's base: its program.
    Program,
    /// One operation of a program; an index into the program's operations.
    Operation(u16),
    /// A task's base: the far end of a pipe pair or a loopback socket.
    Echo,
    /// clone(): makes a child process for the operation of this index. `vfork`: that borrows the memory.
    Clone { operation: u16, vfork: bool },
    /// A task's base: a child process, made for the operation of this index.
    Child(u16),
    /// A task's base: the first process of a container that is started, by the operation of this index.
    ContainerChild(u16),
    /// A process becomes the first one of what it was made for: its program's, with the threads that it needs.
    TakeUp(NodeId),
    /// A task's base: the first thread of a device model, until the virtual machine has been entered.
    Model { operation: u16, node: NodeId },
    /// A task's base: the first process of a kernel; of the host's ([`NodeId::HOST`]) if that boots.
    Init(NodeId),
    /// Above it, until the machine has booted: an act of a part of that.
    Boot { part: u16, act: u16 },
    /// A task's base: does what somebody outside has ordered.
    Act,
    /// Copies so many bytes of pages that are shared with another process, as they are written to.
    CopyOnWrite(u64),
    /// Executes a program: replaces the task's memory, which may be another's.
    Exec { image: Image, lent: bool },
    /// Step number `index` of the sequence that the operation is.
    Sequence { operation: u16, index: u8 },
    /// A thread ends, and with the last one its process. `lent`: its memory is another's.
    ExitThread { lent: bool },
    /// A task's base: serves a VM's virtio devices.
    Backend,
    /// A task's base: a vCPU thread, in guest mode while it is the top frame.
    Vcpu,
    /// Hands a request to the block layer and the driver.
    SubmitBlock(RequestId),
    /// Hands a packet to the network stack and the driver.
    SubmitPacket(RequestId),
    /// Takes a packet on its way from a program to its peer (or back, `inward`) through what lies between their network
    /// namespaces. `bridged`: the program's is a container's own.
    BetweenNamespaces { bridged: bool, peer: Peer, inward: bool, place: ComponentId },
    /// Takes a page of so many bytes for somebody, and touches it.
    Populate { owner: Owner, bytes: u64 },
    /// The page cache comes to hold so many bytes of a file, from its beginning: page by page where each may lack a frame.
    Cache { file: u32, bytes: u64 },
    /// Touches so many bytes of fresh memory, page by page.
    Touch(u64),
    /// Writes so many bytes of somebody's pages to the swap area.
    SwapOut { owner: Owner, bytes: u64 },
    /// Reads so many of somebody's pages back from it, one after the other.
    SwapIn { owner: Owner, pages: u32 },
    /// Touches so many pages of a guest's memory that the kernel below has written out.
    TouchSwapped { pages: u32 },
    /// Makes a task ready.
    Wake(TaskId),
    /// Leaves a message for a task and makes it ready.
    Send(TaskId),
    /// Sends an interrupt to another processor of the same kernel.
    SendIpi(CpuId, IrqKind),
    /// Makes the thread of a vCPU notice that an interrupt is pending for it.
    Notify(CpuId),
    /// Programs the processor's timer for its earliest deadline.
    ProgramTimer,
    /// A VM exit: from leaving guest mode to entering it again. `reflect`: the exit belongs to a guest hypervisor.
    Exit { exit: Exit, reflect: bool },
    /// Interprets so many instructions of a guest, each at this price.
    Interpret { by: Primitive, instructions: u32 },
    /// An interrupt handler.
    Interrupt(IrqKind),
    /// The scheduler, changing tasks.
    Switch,
    /// A virtual processor with nothing to do.
    Idle,
}

/// Where a frame stands among the steps of its mechanism. Only that mechanism can read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pc(u8);

impl Pc {
    pub fn new(step: u8) -> Pc {
        Pc(step)
    }

    /// The step of this number; the last one for a number beyond.
    pub fn among<S: Copy>(self, steps: &[S]) -> S {
        steps[usize::from(self.0).min(steps.len() - 1)]
    }
}

/// The steps of a mechanism, in order, the one that a new frame begins with first.
macro_rules! steps {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$step_doc:meta])* $step:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        $vis enum $name { $($(#[$step_doc])* $step),+ }

        impl $name {
            /// The step at which a frame of this mechanism stands.
            $vis fn of(pc: $crate::machine::frame::Pc) -> $name {
                pc.among(&[$($name::$step),+])
            }
        }

        impl From<$name> for $crate::machine::frame::Pc {
            fn from(step: $name) -> $crate::machine::frame::Pc {
                $crate::machine::frame::Pc::new(step as u8)
            }
        }
    };
}
pub(in crate::machine) use steps;

/// A frame: what it does, where it stands, whose journey it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    pub kind: Kind,
    /// The next step.
    pub pc: Pc,
    /// A counter for steps that repeat.
    pub count: u32,
    pub ride: Ride,
}

impl Frame {
    pub fn new(kind: Kind, ride: Ride) -> Frame {
        Frame { kind, pc: Pc::default(), count: 0, ride }
    }

    pub fn at(kind: Kind, ride: Ride, step: impl Into<Pc>) -> Frame {
        Frame { kind, pc: step.into(), count: 0, ride }
    }
}

/// Work that has been begun: what remains of it, and the hop that it will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Work {
    pub left: Time,
    pub what: What,
    pub count: u32,
    pub component: ComponentId,
    pub crossing: Crossing,
    pub token: Token,
    pub ride: Ride,
}

/// Whose stack of frames is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// A task's.
    Task(TaskId),
    /// A processor's own: interrupt handlers and the scheduler.
    Cpu(CpuId),
}

/// Where a step happens: whose frames, on which processor of which core.
#[derive(Clone, Copy, Debug)]
pub struct At {
    pub context: Context,
    pub cpu: CpuId,
    pub core: CpuId,
    /// The ride of the frame that is stepped.
    pub ride: Ride,
}
