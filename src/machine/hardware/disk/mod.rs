//! Disks: what all kinds have in common, and which file has which kind.
//!
//! Real: a disk takes commands up to the depth of its queue, serves them in an order and a time of its own, moves the
//! data by DMA and interrupts. What kind it is decides all of that; what stands on it sees the same blocks.
//! Modelled: each kind in its file, by how long it is at work on a request ([`flash`] for NVMe and SATA SSDs, [`hdd`]
//! for spinning disks); one interrupt for each request, or one for a batch. Left out: write caches and their flushes,
//! errors and retries, power states.

pub mod flash;
pub mod hdd;

use std::collections::VecDeque;

use crate::costs::{Primitive, Table};
use crate::engine::{Stream, Time};
use crate::trace::{ComponentId, Crossing, Token, Wait, What};

use super::Load;
use crate::machine::frame::{Irq, IrqKind, RequestId};
use crate::machine::journal::Ride;
use crate::machine::spec::DiskKind;
use crate::machine::state::{Request, RequestKind};
use crate::machine::turn::Turn;
use crate::machine::{Event, Served};

/// An index into [`crate::machine::state::State::disks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiskId(pub u16);

/// A disk of the hardware.
#[derive(Clone, Debug, Hash)]
pub struct Disk {
    pub component: ComponentId,
    pub kind: DiskKind,
    /// How many requests it serves at the same time.
    pub channels: u32,
    /// How many it is serving.
    pub busy: u32,
    /// Until when the part that all requests pass is taken.
    pub shared_until: Time,
    /// Waiting for the device, in order of arrival.
    pub queue: VecDeque<RequestId>,
    /// Where the arm of a spinning disk is, and what the device holds for it.
    pub arm: hdd::Arm,
    /// Of how many requests it tells at once; 1: of each by itself.
    pub batch: u32,
    /// Served and not yet told of, if it tells of many at once.
    pub served: Vec<RequestId>,
    pub stream: Stream,
    /// Time with at least one request in service.
    pub load: Load,
    pub busy_since: Time,
}

impl Disk {
    /// A disk of this kind, number `index` of the machine.
    pub fn new(component: ComponentId, kind: DiskKind, costs: &Table, seed: u64, index: usize) -> Disk {
        let count = |primitive| u32::try_from(costs.get(primitive)).unwrap_or(u32::MAX).max(1);
        let batch = if kind == DiskKind::Nvme { count(Primitive::DiskBatch) } else { 1 };
        let channels = match kind {
            _ if batch > 1 => 1,
            DiskKind::Nvme => count(Primitive::DiskChannels),
            DiskKind::SataSsd => count(Primitive::SataQueue),
            DiskKind::Hdd { .. } => 1,
        };
        let name = if index == 0 { "disk".to_owned() } else { format!("disk {index}") };
        Disk {
            component,
            kind,
            channels,
            busy: 0,
            shared_until: Time::ZERO,
            queue: VecDeque::new(),
            arm: hdd::Arm::default(),
            batch,
            served: Vec::new(),
            stream: Stream::new(seed, &name),
            load: Load::default(),
            busy_since: Time::ZERO,
        }
    }

    /// How many requests wait in it, or for it.
    pub fn waiting(&self) -> usize {
        self.queue.len() + self.arm.held()
    }
}

/// Bytes over a path of so many bytes a second.
fn transfer(bytes: u64, per_second: u64) -> Time {
    let ps = u128::from(bytes) * 1_000_000_000_000 / u128::from(per_second.max(1));
    Time(u64::try_from(ps).unwrap_or(u64::MAX))
}

impl Turn<'_> {
    fn disk(&mut self, id: DiskId) -> &mut Disk {
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
        let served = std::mem::take(&mut self.disk(id).served);
        let (component, kind) = (self.disk(id).component, self.disk(id).kind);
        for (index, &id) in served.iter().enumerate() {
            let request = *self.s.request(id);
            if let DiskKind::Hdd { .. } = kind {
                self.hdd_hops(component, &request);
            } else {
                let what = What::Pay(flash::service(kind, request.kind));
                self.hardware_hop(request.ride, what, component, Crossing::Device, Token::IoRequest, request.started);
            }
            self.s.request_mut(id).with = served.get(index + 1).copied();
        }
        if let Some(&first) = served.first() {
            let Request { cpu, ride, .. } = *self.s.request(first);
            self.interrupt(cpu, Irq { kind: IrqKind::Device(first), ride });
        }
    }
}

/// Whether a request changes what lies on the disk.
fn writes(kind: RequestKind) -> bool {
    kind == RequestKind::Write
}
