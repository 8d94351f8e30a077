//! What the drivers of disk and network card have in common: a task's request, and the doorbell that starts it.
//!
//! Real: a driver writes a descriptor into a ring that it shares with its device, then a register of the device.
//! Modelled: the request, its submitting processor, and whether the device behind the doorbell is hardware or a
//! hypervisor's. Left out: full rings; doorbells that are saved because the device is already at work, but for virtio.

use crate::engine::Time;
use crate::machine::frame::{At, RequestId, TaskId};
use crate::machine::journal::Ride;
use crate::machine::state::{Origin, Request, RequestKind};
use crate::machine::turn::Turn;

impl Turn<'_> {
    /// A request of `task`, which no device knows yet.
    pub fn make_request(&mut self, at: At, task: TaskId, kind: RequestKind, bytes: u64) -> RequestId {
        self.s.add_request(Request {
            kind,
            bytes,
            ride: Ride::NONE,
            origin: Origin::Task(task),
            kernel: self.s.cpu(at.cpu).kernel,
            cpu: at.cpu,
            stack: self.s.task(task).stack,
            started: Time::ZERO,
            done: false,
            with: None,
        })
    }

    /// The device learns of the request: a virtual machine's through its hypervisor, the hardware's at once.
    pub fn ring_doorbell(&mut self, at: At, request: RequestId) {
        // The processor may have changed since the request was made.
        self.s.request_mut(request).cpu = at.cpu;
        if let Some(vm) = self.s.kernel_of(at.cpu).vm {
            return self.kick(at, vm, request);
        }
        let ride = self.s.journal.hand_over(at.ride);
        match self.s.request(request).kind {
            RequestKind::Read | RequestKind::Write => self.disk_submit(request, ride),
            RequestKind::Packet { .. } => self.wire_send(request, ride),
        }
    }
}
