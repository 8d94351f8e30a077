//! Frames: what a processor is in the middle of, at every level at once.
//!
//! A task and a processor each have a stack of frames. Entering a lower layer pushes a frame (on the same stack, or
//! on the stack of the vCPU thread below when a guest exits), coming back pops it. A frame is a small state machine:
//! `pc` says which step comes next, and each step either pays for work, pushes another frame, blocks or pops. The
//! frames of a journey are what a debugger's backtrace would show if it could see through all layers.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{ComponentId, CpuId, Crossing, ExitReason, Token, What};

use super::journal::Ride;
use super::spec::{Image, Peer};

/// An index into [`super::State::tasks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u32);

/// An index into [`super::State::requests`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// An index into [`super::State::groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u16);

impl TaskId {
    /// Stands for "none".
    pub const NONE: TaskId = TaskId(u32::MAX);
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
    /// `None` for [`TaskId::NONE`].
    pub fn some(self) -> Option<TaskId> {
        (self != TaskId::NONE).then_some(self)
    }
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
    /// Nothing but a nudge: an interrupt is pending for this virtual processor, which runs here.
    Posted(CpuId),
}

/// Marks an inter-processor interrupt's message as [`IrqKind::Posted`].
const POSTED: u32 = 1 << 31;

impl IrqKind {
    /// An inter-processor interrupt's message as a number, for the interrupt command register.
    pub fn message(self) -> u32 {
        match self {
            IrqKind::Reschedule(task) => task.0,
            IrqKind::Posted(vcpu) => POSTED | u32::from(vcpu.0),
            // Never sent between processors; no task has this number.
            IrqKind::Timer(_) | IrqKind::Device(_) => POSTED - 1,
        }
    }

    /// The message back from the number.
    pub fn from_message(message: u32) -> IrqKind {
        if message & POSTED != 0 {
            IrqKind::Posted(CpuId((message & 0xFFFF) as u16))
        } else {
            IrqKind::Reschedule(TaskId(message))
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
    /// A task's base: a child process of a program.
    Child,
    /// Executes a program: replaces the task's memory, which may be another's.
    Exec { image: Image, lent: bool },
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
    /// Touches a newly allocated page of so many bytes.
    Populate(u64),
    /// Touches so many bytes of fresh memory, page by page.
    Touch(u64),
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
    Exit { reason: ExitReason, reflect: bool, argument: u64 },
    /// Interprets so many instructions of a guest, each at this price.
    Interpret { by: Primitive, instructions: u32 },
    /// An interrupt handler.
    Interrupt(IrqKind),
    /// The scheduler, changing tasks.
    Switch,
    /// A virtual processor with nothing to do.
    Idle,
}

/// A frame: what it does, where it stands, whose journey it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    pub kind: Kind,
    /// The next step.
    pub pc: u8,
    /// A counter for steps that repeat.
    pub count: u32,
    pub ride: Ride,
}

impl Frame {
    pub fn new(kind: Kind, ride: Ride) -> Frame {
        Frame { kind, pc: 0, count: 0, ride }
    }

    pub fn at(kind: Kind, ride: Ride, pc: u8) -> Frame {
        Frame { kind, pc, count: 0, ride }
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
