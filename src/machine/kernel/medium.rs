//! What a request goes to next: a device of the hardware, or a hypervisor.

use super::devices::Binding;
use crate::machine::frame::RequestId;
use crate::machine::hardware::disk::DiskId;
use crate::machine::hardware::wire::NicId;
use crate::machine::spec::DiskKind;
use crate::machine::state::{RequestKind, State};

/// What a request goes to next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Disk(DiskId, DiskKind),
    Nic(NicId),
    /// A device of a hypervisor.
    Virtual,
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
