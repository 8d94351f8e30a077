//! The smallest recorded thing: one stretch of work or waiting.

use serde::{Deserialize, Serialize};

use crate::costs::Primitive;
use crate::engine::{StableHasher, Time};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// Stands for "none".
            pub const NONE: $name = $name(<$inner>::MAX);
            /// As an index into an arena.
            #[inline(always)]
            pub fn index(self) -> usize {
                self.0 as usize
            }
            /// `None` for [`Self::NONE`].
            pub fn some(self) -> Option<$name> {
                (self != Self::NONE).then_some(self)
            }
        }
    };
}

id!(
    /// One operation on its way. Counts up from 0 in the order of starting; an index into [`super::Trace::journeys`].
    JourneyId(u32)
);
id!(
    /// An index into [`super::Trace::hops`].
    HopId(u32)
);
id!(
    /// A part of the machine that can be drawn: an index into the machine's topology.
    ComponentId(u32)
);
id!(
    /// A processor as some kernel sees it: a core of the hardware or a vCPU. The machine's cores come first.
    CpuId(u16)
);
id!(
    /// One of the scenario's stacks, in the order of the file.
    StackId(u32)
);

/// Where time is spent: the lines of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Layer {
    /// Program code in ring 3.
    User,
    /// A kernel on virtual hardware.
    GuestKernel,
    /// Any hypervisor's own work, its device models included.
    Hypervisor,
    /// The kernel on the bare hardware.
    HostKernel,
    /// Devices, wires, world switches and interrupts as the hardware does them.
    Hardware,
    /// What a namespace makes necessary on the way (veth, bridge, NAT).
    Namespaces,
    /// Waiting at a cgroup's limit.
    Throttled,
    /// Waiting for anything else.
    Waiting,
}

impl Layer {
    /// All layers, in the order of ledgers and legends.
    pub const ALL: [Layer; 8] = [
        Layer::User,
        Layer::GuestKernel,
        Layer::Hypervisor,
        Layer::HostKernel,
        Layer::Hardware,
        Layer::Namespaces,
        Layer::Throttled,
        Layer::Waiting,
    ];

    /// The key in JSON reports.
    pub const fn key(self) -> &'static str {
        match self {
            Layer::User => "user",
            Layer::GuestKernel => "guest_kernel",
            Layer::Hypervisor => "hypervisor",
            Layer::HostKernel => "host_kernel",
            Layer::Hardware => "hardware",
            Layer::Namespaces => "namespaces",
            Layer::Throttled => "throttled",
            Layer::Waiting => "waiting",
        }
    }

    /// The label on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Layer::User => "user",
            Layer::GuestKernel => "guest kernel",
            Layer::Hypervisor => "hypervisor",
            Layer::HostKernel => "host kernel",
            Layer::Hardware => "hardware",
            Layer::Namespaces => "namespaces",
            Layer::Throttled => "throttled",
            Layer::Waiting => "waiting",
        }
    }
}

/// Why a VM left guest mode, by the names of the Intel SDM, appendix C, where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ExitReason {
    /// CPUID executed.
    Cpuid,
    /// HLT: the guest kernel's idle loop.
    Hlt,
    /// A write to a virtio device's notify register.
    Doorbell,
    /// An access to a register of an emulated device.
    IoInstruction,
    /// A guest-physical page that has no frame yet.
    EptViolation,
    /// WRMSR, mostly the TSC deadline.
    MsrWrite,
    /// A write to the interrupt command register: an IPI.
    ApicWrite,
    /// An interrupt for the host arrived in guest mode.
    ExternalInterrupt,
    /// A guest hypervisor resumed its own guest.
    Vmresume,
    /// A guest hypervisor touched a VMCS field or MSR that is not shadowed.
    VmcsAccess,
}

impl ExitReason {
    /// All reasons, in the order of reports.
    pub const ALL: [ExitReason; 10] = [
        ExitReason::Cpuid,
        ExitReason::Hlt,
        ExitReason::Doorbell,
        ExitReason::IoInstruction,
        ExitReason::EptViolation,
        ExitReason::MsrWrite,
        ExitReason::ApicWrite,
        ExitReason::ExternalInterrupt,
        ExitReason::Vmresume,
        ExitReason::VmcsAccess,
    ];

    /// The key in JSON reports.
    pub const fn key(self) -> &'static str {
        match self {
            ExitReason::Cpuid => "cpuid",
            ExitReason::Hlt => "hlt",
            ExitReason::Doorbell => "doorbell",
            ExitReason::IoInstruction => "io_instruction",
            ExitReason::EptViolation => "ept_violation",
            ExitReason::MsrWrite => "msr_write",
            ExitReason::ApicWrite => "apic_write",
            ExitReason::ExternalInterrupt => "external_interrupt",
            ExitReason::Vmresume => "vmresume",
            ExitReason::VmcsAccess => "vmcs_access",
        }
    }

    /// The label on screen.
    pub const fn label(self) -> &'static str {
        match self {
            ExitReason::Cpuid => "CPUID",
            ExitReason::Hlt => "HLT",
            ExitReason::Doorbell => "I/O doorbell",
            ExitReason::IoInstruction => "device register",
            ExitReason::EptViolation => "EPT violation",
            ExitReason::MsrWrite => "MSR write",
            ExitReason::ApicWrite => "IPI (APIC write)",
            ExitReason::ExternalInterrupt => "external interrupt",
            ExitReason::Vmresume => "VMRESUME",
            ExitReason::VmcsAccess => "VMCS access",
        }
    }
}

/// What a journey waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Wait {
    /// Ready, another task has the CPU.
    RunQueue,
    /// An interrupt, or work for another journey, has taken the CPU for a moment.
    Interrupted,
    /// The core it interrupts is in guest mode for somebody else: it is delivered after the VM exit that it causes.
    GuestMode,
    /// The vCPU's thread is not running.
    VcpuPreempted,
    /// The cgroup has used its quota.
    Throttled,
    /// The device is busy with others.
    DeviceQueue,
    /// A worker thread is busy with others.
    WorkerQueue,
    /// The program asked to sleep.
    Sleep,
    /// The partner at the other end.
    Peer,
    /// It is done, and a driver that looks now and then has not looked since.
    Polling,
}

impl Wait {
    /// The label on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Wait::RunQueue => "wait for a CPU",
            Wait::Interrupted => "interrupted",
            Wait::GuestMode => "wait for a VM exit",
            Wait::VcpuPreempted => "vCPU not running",
            Wait::Throttled => "throttled by cpu.max",
            Wait::DeviceQueue => "device queue",
            Wait::WorkerQueue => "worker busy",
            Wait::Sleep => "sleep",
            Wait::Peer => "wait for the peer",
            Wait::Polling => "not looked at yet",
        }
    }

    /// The ledger line it counts under.
    pub const fn layer(self) -> Layer {
        match self {
            Wait::Throttled => Layer::Throttled,
            _ => Layer::Waiting,
        }
    }
}

/// What a hop is: one primitive paid, the program's own code, or a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// The program's own instructions, as long as the scenario says.
    UserCode,
    /// `count` uses of one primitive.
    Pay(Primitive),
    /// Returning to ring 3; its cost is part of the entry's.
    Return,
    /// Nothing is done.
    Wait(Wait),
}

impl What {
    /// The label on screen.
    pub fn label(self) -> &'static str {
        match self {
            What::UserCode => "user code",
            What::Pay(primitive) => of_any_size(primitive),
            What::Return => "return to user mode",
            What::Wait(wait) => wait.label(),
        }
    }

    fn code(self) -> u64 {
        match self {
            What::UserCode => 0,
            What::Return => 1,
            What::Wait(wait) => 2 + wait as u64,
            What::Pay(primitive) => 0x100 + primitive as u64,
        }
    }
}

/// The boundary that is crossed at the start of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Crossing {
    /// None.
    None,
    /// Ring 3 to ring 0 by SYSCALL.
    SystemCall,
    /// Ring 0 to ring 3.
    Return,
    /// Ring 3 to ring 0 by a page fault.
    PageFault,
    /// Ring 3 to ring 0 by a general-protection fault.
    ProtectionFault,
    /// Non-root to root mode.
    VmExit(ExitReason),
    /// Root to non-root mode.
    VmEntry,
    /// An interrupt is delivered: a kernel's handler begins.
    Interrupt,
    /// A hypervisor hands a pending interrupt over with the next VM entry.
    Injection,
    /// Another task gets the CPU.
    ContextSwitch,
    /// A cgroup stops its tasks.
    Throttle,
    /// A packet passes from one network namespace to another.
    Namespace,
    /// A device begins to serve a request.
    Device,
}

impl Crossing {
    /// The label of the flash: what crossed and why.
    pub fn label(self) -> String {
        match self {
            Crossing::None => String::new(),
            Crossing::SystemCall => "System call: ring 3 to ring 0".to_owned(),
            Crossing::Return => "Return to ring 3".to_owned(),
            Crossing::PageFault => "Page fault".to_owned(),
            Crossing::ProtectionFault => "General-protection fault".to_owned(),
            Crossing::VmExit(reason) => format!("VM exit: {}", reason.label()),
            Crossing::VmEntry => "VM entry".to_owned(),
            Crossing::Interrupt => "Interrupt delivered".to_owned(),
            Crossing::Injection => "Pending interrupt injected".to_owned(),
            Crossing::ContextSwitch => "Context switch".to_owned(),
            Crossing::Throttle => "Throttled by cpu.max".to_owned(),
            Crossing::Namespace => "Into another network namespace".to_owned(),
            Crossing::Device => "Device starts".to_owned(),
        }
    }

    fn code(self) -> u64 {
        match self {
            Crossing::None => 0,
            Crossing::SystemCall => 1,
            Crossing::Return => 2,
            Crossing::PageFault => 3,
            Crossing::ProtectionFault => 4,
            Crossing::VmEntry => 5,
            Crossing::Interrupt => 6,
            Crossing::Injection => 7,
            Crossing::ContextSwitch => 8,
            Crossing::Throttle => 9,
            Crossing::Namespace => 10,
            Crossing::Device => 11,
            Crossing::VmExit(reason) => 0x20 + reason as u64,
        }
    }
}

/// What a token is at the moment: its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Token {
    /// A dot.
    Instruction,
    /// A triangle pointing down.
    SystemCall,
    /// A triangle pointing up.
    Return,
    /// A diamond.
    PageFault,
    /// A hexagon.
    IoRequest,
    /// A square.
    VmExit,
    /// A lightning bolt.
    Interrupt,
    /// An envelope.
    Packet,
}

/// One stretch of work or waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    /// When it began.
    pub start: Time,
    /// When it ended.
    pub end: Time,
    /// The operation it belongs to, or [`JourneyId::NONE`].
    pub journey: JourneyId,
    /// The hop that led to it: the one before it in the same journey, or what started the journey.
    pub cause: HopId,
    /// How many uses of the primitive were paid. 0 for a wait, and for the rest of work that was interrupted.
    pub count: u32,
    /// Where: the part of the machine at which the token stands.
    pub component: ComponentId,
    /// The innermost processor that does it; [`CpuId::NONE`] for devices and waits.
    pub cpu: CpuId,
    /// The hardware core that does it; [`CpuId::NONE`] for devices and waits.
    pub core: CpuId,
    /// The stack on whose behalf; [`StackId::NONE`] if on nobody's.
    pub stack: StackId,
    /// What is done.
    pub what: What,
    /// The boundary crossed at its start.
    pub crossing: Crossing,
    /// The ledger line.
    pub layer: Layer,
    /// The token's shape.
    pub token: Token,
}

// A run of a million hops is meant to fit in 48 MB.
const _: () = assert!(std::mem::size_of::<Hop>() <= 48);

impl Hop {
    /// How long it lasted.
    pub fn duration(&self) -> Time {
        self.end - self.start
    }

    /// Whether it is waiting.
    pub fn is_wait(&self) -> bool {
        matches!(self.what, What::Wait(_))
    }

    /// Adds every field to the trace hash.
    #[inline]
    pub fn hash_into(&self, hasher: &mut StableHasher) {
        hasher.word(self.start.0);
        hasher.word(self.end.0);
        hasher.word(u64::from(self.journey.0) | u64::from(self.cause.0) << 32);
        hasher.word(u64::from(self.count) | u64::from(self.component.0 & 0xffff) << 32 | u64::from(self.cpu.0) << 48);
        hasher.word(
            u64::from(self.core.0)
                | u64::from(self.stack.0 & 0xffff) << 16
                | self.what.code() << 32
                | self.crossing.code() << 48
                | (self.layer as u64) << 56
                | (self.token as u64) << 60,
        );
        // The numbers of small machines have room above; the rest of large ones stands alone.
        let above = |id: u32| u64::from(id >> 16);
        let (part, stack) =
            (self.component.some().map_or(0, |id| above(id.0)), self.stack.some().map_or(0, |id| above(id.0)));
        if part | stack != 0 {
            hasher.word(part | stack << 16);
        }
    }
}

/// What a hop that pays a primitive is called. A transfer's cost is named after its least size; the hop may be of more.
fn of_any_size(primitive: Primitive) -> &'static str {
    let label = primitive.label();
    label.strip_suffix(", 4 KiB").unwrap_or(label)
}
