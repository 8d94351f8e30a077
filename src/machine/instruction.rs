//! Privileged and sensitive instructions, and what each is to a program.
//!
//! Real (Intel SDM vol. 2, and vol. 3A, 5.9): most instructions that touch the machine itself check the privilege level
//! and end in a general-protection fault in ring 3. That check comes before any VM exit (vol. 3C, 26.1.1), so in a
//! virtual machine the fault is the guest kernel's, and the hypervisor hears nothing of it. Some sensitive instructions
//! check nothing: POPF in ring 3 leaves the interrupt flag as it was and says nothing; SGDT and SMSW tell what the
//! kernel has set (until UMIP, which makes them fault); CPUID and RDTSC are meant for everybody. Popek and Goldberg's
//! condition (1974) is that all sensitive instructions be privileged, and x86 doesn't meet it.
//! IN and OUT are open to a process that its kernel has given the ports (ioperm, iopl).
//! Modelled: the table below; what then happens is in `execute.rs`. Left out: UMIP, the time stamp's CR4.TSD.

/// An instruction that touches the machine itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instruction {
    /// Disables interrupts.
    Cli,
    /// Enables interrupts.
    Sti,
    /// Stops the processor until an interrupt.
    Hlt,
    /// Reads from a device's register.
    In,
    /// Writes to a device's register.
    Out,
    /// Loads the global descriptor table's address.
    Lgdt,
    /// Changes the page tables.
    MovCr3,
    /// Changes the processor's mode.
    MovCr0,
    /// Writes a model-specific register.
    Wrmsr,
    /// Reads a model-specific register.
    Rdmsr,
    /// Forgets a page's translation.
    Invlpg,
    /// Loads the flags, the interrupt flag among them.
    Popf,
    /// Stores the global descriptor table's address.
    Sgdt,
    /// Stores the processor's mode.
    Smsw,
    /// Asks what the processor can do.
    Cpuid,
    /// Reads the time stamp counter.
    Rdtsc,
}

/// What an instruction is to a program in ring 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InRing3 {
    /// It does what it does in ring 0.
    Runs,
    /// It does part of it, and nobody is told: the interrupt flag stays as it was.
    IgnoresSilently,
    /// A general-protection fault.
    Faults,
}

impl Instruction {
    /// All of them.
    pub const ALL: [Instruction; 16] = [
        Instruction::Cli,
        Instruction::Sti,
        Instruction::Hlt,
        Instruction::In,
        Instruction::Out,
        Instruction::Lgdt,
        Instruction::MovCr3,
        Instruction::MovCr0,
        Instruction::Wrmsr,
        Instruction::Rdmsr,
        Instruction::Invlpg,
        Instruction::Popf,
        Instruction::Sgdt,
        Instruction::Smsw,
        Instruction::Cpuid,
        Instruction::Rdtsc,
    ];

    /// As an assembler writes it.
    pub const fn mnemonic(self) -> &'static str {
        match self {
            Instruction::Cli => "CLI",
            Instruction::Sti => "STI",
            Instruction::Hlt => "HLT",
            Instruction::In => "IN",
            Instruction::Out => "OUT",
            Instruction::Lgdt => "LGDT",
            Instruction::MovCr3 => "MOV CR3",
            Instruction::MovCr0 => "MOV CR0",
            Instruction::Wrmsr => "WRMSR",
            Instruction::Rdmsr => "RDMSR",
            Instruction::Invlpg => "INVLPG",
            Instruction::Popf => "POPF",
            Instruction::Sgdt => "SGDT",
            Instruction::Smsw => "SMSW",
            Instruction::Cpuid => "CPUID",
            Instruction::Rdtsc => "RDTSC",
        }
    }

    /// What a program gets for it. `ports`: its kernel has given it the device ports.
    pub const fn in_ring_3(self, ports: bool) -> InRing3 {
        use Instruction::*;
        match self {
            Cli | Sti | Hlt | Lgdt | MovCr3 | MovCr0 | Wrmsr | Rdmsr | Invlpg => InRing3::Faults,
            In | Out => match ports {
                true => InRing3::Runs,
                false => InRing3::Faults,
            },
            Popf => InRing3::IgnoresSilently,
            Sgdt | Smsw | Cpuid | Rdtsc => InRing3::Runs,
        }
    }
}
