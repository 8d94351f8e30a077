//! A journey: one operation on its way through the layers.

use serde::{Deserialize, Serialize};

use super::{HopId, StackId};
use crate::engine::Time;

/// What kind of operation a journey is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum OperationKind {
    /// Arithmetic in ring 3.
    Compute,
    /// Loads from a working set.
    Memory,
    /// A system call by name.
    SystemCall,
    /// Reading a file.
    Read,
    /// Writing a file.
    Write,
    /// A request over the network and its response.
    Request,
    /// One round trip through a pair of pipes.
    PingPong,
    /// nanosleep.
    Sleep,
    /// CPUID.
    Cpuid,
    /// HLT tried in ring 3.
    Hlt,
    /// Opening and closing a file.
    Open,
    /// A child process, from its making to its end.
    Fork,
    /// Becoming another program.
    Exec,
    /// Starting a container.
    StartContainer,
    /// Starting a virtual machine.
    StartVm,
    /// OUT.
    Out,
    /// Another instruction that touches the machine itself.
    Instruction,
    /// Starting something that the scenario describes: a process, a container, a virtual machine.
    Start,
    /// A part of a machine's boot.
    Boot,
    /// Waiting until a file is on the disk.
    Fsync,
}

impl OperationKind {
    /// All kinds.
    pub const ALL: [OperationKind; 20] = [
        OperationKind::Compute,
        OperationKind::Memory,
        OperationKind::SystemCall,
        OperationKind::Read,
        OperationKind::Write,
        OperationKind::Request,
        OperationKind::PingPong,
        OperationKind::Sleep,
        OperationKind::Cpuid,
        OperationKind::Hlt,
        OperationKind::Open,
        OperationKind::Fork,
        OperationKind::Exec,
        OperationKind::StartContainer,
        OperationKind::StartVm,
        OperationKind::Out,
        OperationKind::Instruction,
        OperationKind::Start,
        OperationKind::Boot,
        OperationKind::Fsync,
    ];

    /// The name in scenario files (`Operation("read")`) and reports.
    pub const fn key(self) -> &'static str {
        match self {
            OperationKind::Compute => "compute",
            OperationKind::Memory => "memory",
            OperationKind::SystemCall => "system_call",
            OperationKind::Read => "read",
            OperationKind::Write => "write",
            OperationKind::Request => "request",
            OperationKind::PingPong => "ping_pong",
            OperationKind::Sleep => "sleep",
            OperationKind::Cpuid => "cpuid",
            OperationKind::Hlt => "hlt",
            OperationKind::Open => "open",
            OperationKind::Fork => "fork",
            OperationKind::Exec => "exec",
            OperationKind::StartContainer => "start_container",
            OperationKind::StartVm => "start_vm",
            OperationKind::Out => "out",
            OperationKind::Instruction => "instruction",
            OperationKind::Start => "start",
            OperationKind::Boot => "boot",
            OperationKind::Fsync => "fsync",
        }
    }
}

/// One operation on its way through the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Journey {
    /// The stack whose program does it.
    pub stack: StackId,
    /// What it is.
    pub kind: OperationKind,
    /// The text of the operation: an index into the topology's operation labels ("read(data, 4 KiB)").
    pub label: u16,
    /// When it began.
    pub start: Time,
    /// When it ended; [`Time::MAX`] if it had not when the run ended.
    pub end: Time,
    /// Its last hop so far; the earlier ones follow by [`Hop::cause`].
    pub last_hop: HopId,
}

impl Journey {
    /// How long it took, if it has ended.
    pub fn latency(&self) -> Option<Time> {
        (self.end != Time::MAX).then(|| self.end - self.start)
    }
}
