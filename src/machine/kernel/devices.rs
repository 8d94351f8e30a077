//! What a kernel's devices stand for.
//!
//! Real: a kernel's driver finds a device on a bus and does not know what is behind it: hardware, or a hypervisor that
//! serves the same registers or ring with something of the kernel below.
//! Modelled: a list of disks and one of network cards for each kernel, each bound to a device of the hardware or, by
//! virtio, to a device of the kernel below; whose thread serves that is the virtual machine's back end
//! (`hypervisor/virtio.rs`). A file lies on the disk that its mount says. Left out: partitions, RAID, devices that are
//! plugged in during a run, passthrough.

use crate::machine::hardware::disk::DiskId;
use crate::machine::hardware::wire::NicId;
use crate::trace::ComponentId;

/// The disks and network cards that a kernel sees, by number.
#[derive(Clone, Debug, Default, Hash)]
pub struct Devices {
    pub disks: Vec<Device<DiskId>>,
    pub nics: Vec<Device<NicId>>,
}

/// A device as its kernel sees it.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Device<H> {
    pub component: ComponentId,
    pub binding: Binding<H>,
}

/// What is behind a device.
#[derive(Clone, Copy, Debug, Hash)]
pub enum Binding<H> {
    /// A device of the hardware.
    Hardware(H),
    /// A ring that the kernel below serves with its device of this number.
    Virtio { below: u16 },
}

impl Devices {
    /// About how many bytes a copy takes beside itself.
    pub fn bytes(&self) -> usize {
        self.disks.len() * size_of::<Device<DiskId>>() + self.nics.len() * size_of::<Device<NicId>>()
    }
}

impl<H> Binding<H> {
    /// The number of the device below, if it is one of the kernel below.
    pub fn below(&self) -> Option<u16> {
        match self {
            Binding::Hardware(_) => None,
            Binding::Virtio { below } => Some(*below),
        }
    }
}
