//! What a kernel's devices stand for.
//!
//! Real: a kernel's driver finds a device on a bus and does not know what is behind it: hardware, or a hypervisor that
//! serves the same registers or ring with something of the kernel below.
//! Modelled: a list of disks and one of network cards for each kernel, each bound to a device of the hardware or, by
//! virtio, to a device of the kernel below; whose thread serves that is the virtual machine's back end
//! (`hypervisor/virtio.rs`). A file lies on the disk that its mount says. Left out: partitions, RAID, devices that are
//! plugged in during a run, passthrough.

use crate::machine::frame::RequestId;
use crate::machine::hardware::disk::DiskId;
use crate::machine::hardware::nic::NicId;
use crate::machine::spec::DiskKind;
use crate::machine::state::{RequestKind, State};
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

/// What a request goes to next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Disk(DiskId, DiskKind),
    Nic(NicId),
    /// A device of a hypervisor.
    Virtual,
}

impl Devices {
    /// About how many bytes a copy takes beside itself.
    pub fn bytes(&self) -> usize {
        self.disks.len() * size_of::<Device<DiskId>>() + self.nics.len() * size_of::<Device<NicId>>()
    }
}

impl State {
    /// What the device of a request is bound to, in the kernel that issued it.
    pub fn medium(&self, request: RequestId) -> Medium {
        let request = self.request(request);
        let devices = &self.kernel(request.kernel).devices;
        let device = usize::from(request.device);
        match request.kind {
            RequestKind::Packet { .. } => match devices.nics.get(device).map(|nic| nic.binding) {
                Some(Binding::Hardware(nic)) => Medium::Nic(nic),
                _ => Medium::Virtual,
            },
            RequestKind::Read | RequestKind::Write => match devices.disks.get(device).map(|disk| disk.binding) {
                Some(Binding::Hardware(disk)) => Medium::Disk(disk, self.disks[usize::from(disk.0)].kind),
                _ => Medium::Virtual,
            },
        }
    }

    /// The device of the kernel below that serves a guest's request.
    pub fn device_below(&self, request: RequestId) -> u16 {
        let request = self.request(request);
        let devices = &self.kernel(request.kernel).devices;
        let device = usize::from(request.device);
        let below = |binding: Option<u16>| binding.unwrap_or_default();
        match request.kind {
            RequestKind::Packet { .. } => below(devices.nics.get(device).and_then(|nic| nic.binding.below())),
            RequestKind::Read | RequestKind::Write => {
                below(devices.disks.get(device).and_then(|disk| disk.binding.below()))
            }
        }
    }
}

impl<H> Binding<H> {
    fn below(&self) -> Option<u16> {
        match self {
            Binding::Hardware(_) => None,
            Binding::Virtio { below } => Some(*below),
        }
    }
}
