//! What the drivers of disk and network card have in common: a task's request, and the doorbell that starts it.
//!
//! Real: a driver writes a descriptor into a ring that it shares with its device, then a register of the device.
//! Modelled: the request, its submitting processor, and what the device behind the doorbell is bound to
//! (`devices.rs`). Left out: full rings; doorbells that are saved because the device is already at work, but for virtio.

use super::medium::Medium;
use crate::costs::Primitive;
use crate::engine::Time;
use crate::machine::frame::{At, RequestId, TaskId};
use crate::machine::hardware::disk::DiskId;
use crate::machine::hardware::wire::{NicId, frames};
use crate::machine::journal::Ride;
use crate::machine::spec::DiskKind;
use crate::machine::state::{Origin, Request, RequestKind};
use crate::machine::turn::Turn;

impl Turn<'_> {
    /// A request of `task`, which no device knows yet.
    pub fn make_request(&mut self, at: At, task: TaskId, kind: RequestKind, device: u16, bytes: u64) -> RequestId {
        self.s.add_request(Request {
            kind,
            bytes,
            ride: Ride::NONE,
            origin: Origin::Task(task),
            kernel: self.s.cpu(at.cpu).kernel,
            cpu: at.cpu,
            stack: self.s.task(task).stack,
            device,
            started: Time::ZERO,
            seek: Time::ZERO,
            rotation: Time::ZERO,
            done: false,
            with: None,
        })
    }

    /// The device learns of the request: a virtual one through the hypervisor, the hardware's at once.
    pub fn ring_doorbell(&mut self, at: At, request: RequestId) {
        // The processor may have changed since the request was made.
        self.s.request_mut(request).cpu = at.cpu;
        match self.s.medium(request) {
            Medium::Virtual => {
                if let Some(vm) = self.s.kernel_of(at.cpu).vm {
                    self.kick(at, vm, request);
                }
            }
            Medium::Disk(disk, _) => {
                let ride = self.s.journal.hand_over(at.ride);
                self.disk_submit(disk, request, ride);
            }
            Medium::Nic(nic) => {
                let ride = self.hand_on(at.ride, request);
                self.wire_send(nic, request, ride);
            }
        }
    }

    /// What handing a request to its driver costs.
    pub fn submit_cost(&self, request: RequestId) -> Primitive {
        match self.s.medium(request) {
            Medium::Virtual => Primitive::VirtioFill,
            Medium::Disk(_, DiskKind::Nvme) => Primitive::NvmeSubmit,
            Medium::Disk(_, DiskKind::SataSsd | DiskKind::Hdd { .. }) => Primitive::AhciSubmit,
            Medium::Nic(_) => Primitive::NicTransmit,
        }
    }

    /// What taking it back costs, and how often.
    pub fn complete_cost(&self, request: RequestId) -> (Primitive, u32) {
        match (self.s.medium(request), self.s.request(request).kind) {
            (Medium::Virtual, _) => (Primitive::VirtioReap, 1),
            (Medium::Disk(_, DiskKind::Nvme), _) => (Primitive::NvmeComplete, 1),
            (Medium::Disk(_, DiskKind::SataSsd | DiskKind::Hdd { .. }), _) => (Primitive::AhciComplete, 1),
            // No more than those of a segment.
            (Medium::Nic(_), RequestKind::Packet { receive, .. }) => (Primitive::NicReceive, frames(receive) as u32),
            (Medium::Nic(_), RequestKind::Read | RequestKind::Write) => (Primitive::NicReceive, 1),
        }
    }

    /// The disk of the hardware that serves a request.
    pub fn hardware_disk(&self, request: RequestId) -> Option<DiskId> {
        match self.s.medium(request) {
            Medium::Disk(disk, _) => Some(disk),
            _ => None,
        }
    }

    /// The network card of the hardware that serves a request.
    pub fn hardware_nic(&self, request: RequestId) -> Option<NicId> {
        match self.s.medium(request) {
            Medium::Nic(nic) => Some(nic),
            _ => None,
        }
    }
}
