//! An NVMe disk.
//!
//! Real: requests are served by many flash channels at once, each with a service time that varies; more requests
//! than channels wait in the device. All pass the controller and the link to memory one after the other; for a virtual
//! disk that part is the back end's thread, and whatever rate the provider allows. Modelled: so many servers with
//! service times drawn from the profile's distribution, plus transfer time beyond the first 4 KiB; the shared part,
//! held by each request for a fixed time and for its transfer, which lie within its service; one queue in order of
//! arrival. A virtual disk whose back end is one thread without a queue of its own works otherwise: it takes what the
//! ring holds, serves one request after the other, and interrupts once, when the ring is empty. Modelled too, for a
//! profile whose `disk_batch` is more than one: a request that follows another right away takes only the shared part's
//! time, and all that were served wait for the last. Left out: garbage collection, write caches, fairness between
//! submission queues, limits that allow bursts, SATA and spinning disks.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{Crossing, Token, Wait, What};

use crate::machine::frame::{Irq, IrqKind, RequestId};
use crate::machine::journal::Ride;
use crate::machine::state::{Request, RequestKind};
use crate::machine::turn::Turn;
use crate::machine::{Event, Served};

const FIRST_BLOCK: u64 = 4096;

impl Turn<'_> {
    /// The device has got a command.
    pub fn disk_submit(&mut self, request: RequestId, ride: Ride) {
        self.s.request_mut(request).ride = ride;
        let component = self.s.disk.component;
        self.s.journal.wait(self.sink, ride, Wait::DeviceQueue, Some(component), self.now);
        let disk = &self.s.disk;
        let channels = if disk.batch > 1 { 1 } else { disk.channels };
        if disk.busy < channels {
            self.disk_start(request, false);
        } else {
            self.s.disk.queue.push_back(request);
        }
    }

    /// The device begins to serve a request; `follows`: right after another one, in the same batch.
    fn disk_start(&mut self, id: RequestId, follows: bool) {
        let draw = self.s.disk.stream.next_u32();
        let request = *self.s.request(id);
        let more = u128::from(request.bytes.saturating_sub(FIRST_BLOCK)) * 1_000_000_000_000;
        let bandwidth = u128::from(self.f.count(Primitive::DiskBandwidth).max(1));
        let transfer = Time(u64::try_from(more / bandwidth).unwrap_or(u64::MAX));
        let shared = self.f.time(Primitive::DiskRequest) + transfer;
        let service = Time(self.f.costs.sample(service(request.kind), draw)) + transfer;
        let start = self.s.disk.shared_until.max(self.now);
        let takes = if follows { shared } else { service.max(shared) };
        self.s.disk.busy += 1;
        self.s.disk.shared_until = start + shared;
        self.s.request_mut(id).started = start;
        self.scheduler.at(start + takes, Event::DiskDone(Served(id)));
    }

    /// The device has served a request: it starts the next one and interrupts, or goes on with its batch.
    pub fn disk_done(&mut self, id: RequestId) {
        self.s.disk.busy -= 1;
        self.s.disk.served.push(id);
        let full = self.s.disk.served.len() >= self.s.disk.batch as usize;
        let next = self.s.disk.queue.pop_front();
        if let Some(next) = next {
            self.disk_start(next, self.s.disk.batch > 1);
        }
        if full || next.is_none() {
            self.disk_tell();
        }
    }

    /// One interrupt, at the processor that submitted the first of the requests that it tells of.
    fn disk_tell(&mut self) {
        let served = std::mem::take(&mut self.s.disk.served);
        let component = self.s.disk.component;
        for (index, &id) in served.iter().enumerate() {
            let request = *self.s.request(id);
            let what = What::Pay(service(request.kind));
            self.hardware_hop(request.ride, what, component, Crossing::Device, Token::IoRequest, request.started);
            self.s.request_mut(id).with = served.get(index + 1).copied();
        }
        if let Some(&first) = served.first() {
            let Request { cpu, ride, .. } = *self.s.request(first);
            self.interrupt(cpu, Irq { kind: IrqKind::Device(first), ride });
        }
    }
}

fn service(kind: RequestKind) -> Primitive {
    match kind {
        RequestKind::Write => Primitive::DiskWrite4k,
        RequestKind::Read | RequestKind::Packet { .. } => Primitive::DiskRead4k,
    }
}
