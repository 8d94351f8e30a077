//! Solid-state disks: NVMe, and SATA.
//!
//! Real: requests are served by many flash channels at once, each with a service time that varies; more requests
//! than channels wait in the device. All pass the controller and the link to memory one after the other; for a virtual
//! disk that part is the back end's thread, and whatever rate the provider allows. A SATA device takes 32 commands at
//! most (native command queueing), over a link of 6 Gbit/s in one direction at a time.
//! Modelled: so many servers with service times drawn from the profile's distribution, plus transfer time beyond the
//! first 4 KiB; the shared part, held by each request for a fixed time and for its transfer, which lie within its
//! service; one queue in order of arrival. A virtual disk whose back end is one thread without a queue of its own works
//! otherwise: it takes what the ring holds, serves one request after the other, and interrupts once, when the ring is
//! empty. Modelled too, for a profile whose `disk_batch` is more than one: a request that follows another right away
//! takes only the shared part's time, and all that were served wait for the last. Left out: garbage collection, write
//! caches, fairness between submission queues, limits that allow bursts.

use crate::costs::Primitive;
use crate::engine::Time;

use super::{DiskId, transfer};
use crate::machine::frame::RequestId;
use crate::machine::spec::DiskKind;
use crate::machine::state::RequestKind;
use crate::machine::turn::Turn;

const FIRST_BLOCK: u64 = 4096;

/// What the service of one request of 4 KiB is called.
pub fn service(disk: DiskKind, request: RequestKind) -> Primitive {
    match (disk, writes(request)) {
        (DiskKind::SataSsd, false) => Primitive::SataRead4k,
        (DiskKind::SataSsd, true) => Primitive::SataWrite4k,
        (_, false) => Primitive::DiskRead4k,
        (_, true) => Primitive::DiskWrite4k,
    }
}

/// What one request costs of the part that all pass, and the bandwidth of its data.
fn shared(disk: DiskKind, request: RequestKind) -> (Primitive, Primitive) {
    match (disk, writes(request)) {
        (DiskKind::SataSsd, false) => (Primitive::SataRequest, Primitive::SataBandwidth),
        (DiskKind::SataSsd, true) => (Primitive::SataWriteRequest, Primitive::SataWriteBandwidth),
        (_, false) => (Primitive::DiskRequest, Primitive::DiskBandwidth),
        (_, true) => (Primitive::DiskRequest, Primitive::DiskWriteBandwidth),
    }
}

/// Whether a request changes what lies on the disk.
fn writes(kind: RequestKind) -> bool {
    kind == RequestKind::Write
}

impl Turn<'_> {
    /// Begins to serve a request; returns when that is done.
    pub(super) fn flash_start(&mut self, id: DiskId, request: RequestId, follows: bool) -> Time {
        let (kind, bytes) = (self.s.request(request).kind, self.s.request(request).bytes);
        let disk = &mut self.s.disks[usize::from(id.0)];
        let draw = disk.stream.next_u32();
        let (each, bandwidth) = shared(disk.kind, kind);
        let transfer = transfer(bytes.saturating_sub(FIRST_BLOCK), self.f.count(bandwidth));
        let shared = self.f.time(each) + transfer;
        let service = Time(self.f.costs.sample(service(disk.kind, kind), draw)) + transfer;
        let start = disk.shared_until.max(self.now);
        disk.shared_until = start + shared;
        self.s.request_mut(request).started = start;
        start + if follows { shared } else { service.max(shared) }
    }
}
