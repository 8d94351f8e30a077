//! What a boot is made of, as plain data.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::machine::spec::Image;
use crate::trace::ComponentId;

/// Who owns the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Code in the machine's own chip.
    Firmware,
    /// A program that the firmware has read from the disk.
    Loader,
    /// The kernel, up to its first process.
    Kernel,
    /// The first process, up to what it starts.
    Init,
}

/// Where a part shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the firmware or the loader, whose part it is.
    Own,
    /// In the kernel, by what is at work.
    Memory,
    Drivers,
    Files,
    Tasks,
}

/// One thing that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// So many uses of a primitive, on the processor; a wait that is waited for by looking at a clock among them.
    Work(Primitive, u64),
    /// So many bytes, at the rate that the primitive gives.
    Bytes(Primitive, u64),
    /// So many accesses to registers of devices: exits in a virtual machine.
    Registers(u32),
    /// CPUID so many times.
    Cpuid(u32),
    /// So many bytes of memory are written for the first time.
    Fill(u64),
    /// Instructions of a program, for so long.
    Compute(Time),
    /// The processor has nothing to do for so many uses of the primitive.
    Rest(Primitive, u64),
    /// The same for a time that is written in the description.
    Sleep(Time),
    /// So many reads of so many bytes each from the first disk, one after the other. `polled`: by the firmware's driver,
    /// which looks again and again whether the disk is done; otherwise by the kernel's, which is interrupted.
    Read { bytes: u64, times: u32, polled: bool },
    /// So many programs are started in turn, and waited for.
    Programs(Image, u32),
    /// The first process becomes this program.
    Become(Image),
}

/// A part of a boot that has a name: what a report has a line for.
#[derive(Clone, Debug)]
pub struct Draft {
    pub stage: Stage,
    /// As "firmware: memory".
    pub name: &'static str,
    pub place: Place,
    pub acts: Vec<Act>,
}

/// The same, ready to run.
#[derive(Clone, Debug)]
pub struct Part {
    /// The number of its name among the texts of operations.
    pub label: u16,
    pub component: ComponentId,
    /// For [`Act::Compute`]: the programs whose instructions they are.
    pub programs: ComponentId,
    pub acts: Vec<Act>,
    /// For [`Act::Programs`]: the operation that starts one, an index into the machine's operations.
    pub operation: u16,
}

/// The machine that boots, as its devices tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    pub cpus: u16,
    pub memory: u64,
    /// NVMe disks and SATA disks of the hardware; disks that a program below serves.
    pub nvme: u32,
    pub sata: u32,
    pub virtio: u32,
    pub nics: u32,
    /// Whether it is virtual.
    pub guest: bool,
}

impl Platform {
    pub fn disks(&self) -> u32 {
        self.nvme + self.sata + self.virtio
    }
}
