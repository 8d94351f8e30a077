//! What all disks do with a request: take it, begin it, tell of it.

use crate::trace::{Crossing, Token, Wait, What};

use super::{Disk, DiskId, flash};
use crate::machine::frame::{Irq, IrqKind, RequestId};
use crate::machine::journal::Ride;
use crate::machine::spec::DiskKind;
use crate::machine::state::Request;
use crate::machine::turn::Turn;
use crate::machine::{Event, Served};

impl Turn<'_> {
    pub(super) fn disk(&mut self, id: DiskId) -> &mut Disk {
        &mut self.s.disks[usize::from(id.0)]
    }

    /// The device has got a command.
    pub fn disk_submit(&mut self, id: DiskId, request: RequestId, ride: Ride) {
        self.s.request_mut(request).ride = ride;
        let component = self.disk(id).component;
        self.s.journal.wait(self.sink, ride, Wait::DeviceQueue, Some(component), self.now);
        let disk = self.disk(id);
        disk.queue.push_back(request);
        if disk.busy < disk.channels {
            self.disk_start_next(id, false);
        }
    }

    /// The device begins to serve the next request, if one waits; `follows`: right after another one, in the same batch.
    fn disk_start_next(&mut self, id: DiskId, follows: bool) -> bool {
        let now = self.now;
        let next = match self.disk(id).kind {
            DiskKind::Hdd { .. } => self.hdd_next(id),
            _ => self.disk(id).queue.pop_front(),
        };
        let Some(request) = next else { return false };
        let disk = self.disk(id);
        if disk.busy == 0 {
            disk.busy_since = now;
        }
        disk.busy += 1;
        let done = match disk.kind {
            DiskKind::Hdd { rpm } => self.hdd_start(id, request, rpm),
            DiskKind::Nvme | DiskKind::SataSsd => self.flash_start(id, request, follows),
        };
        self.scheduler.at(done, Event::DiskDone(Served(request)));
        true
    }

    /// The device has served a request: it starts the next one and interrupts, or goes on with its batch.
    pub fn disk_done(&mut self, request: RequestId) {
        let Some(id) = self.hardware_disk(request) else { return };
        let (now, bytes) = (self.now, self.s.request(request).bytes);
        let disk = self.disk(id);
        disk.busy -= 1;
        disk.load.count(bytes);
        if disk.busy == 0 {
            disk.load.busy += now - disk.busy_since;
        }
        disk.served.push(request);
        let batch = disk.batch as usize;
        let full = disk.served.len() >= batch;
        let started = self.disk_start_next(id, batch > 1);
        if full || !started {
            self.disk_tell(id);
        }
    }

    /// One interrupt, at the processor that submitted the first of the requests that it tells of.
    fn disk_tell(&mut self, id: DiskId) {
        let mut served = std::mem::take(&mut self.disk(id).served);
        let (component, kind) = (self.disk(id).component, self.disk(id).kind);
        for &id in &served {
            let request = *self.s.request(id);
            if let DiskKind::Hdd { .. } = kind {
                self.hdd_hops(component, &request);
            } else {
                let what = What::Pay(flash::service(kind, request.kind));
                self.hardware_hop(request.ride, what, component, Crossing::Device, Token::IoRequest, request.started);
            }
        }
        served.retain(|request| !self.is_polled(*request));
        for (index, &id) in served.iter().enumerate() {
            self.s.request_mut(id).with = served.get(index + 1).copied();
        }
        if let Some(&first) = served.first() {
            let Request { cpu, ride, .. } = *self.s.request(first);
            self.interrupt(cpu, Irq { kind: IrqKind::Device(first), ride });
        }
    }
}
