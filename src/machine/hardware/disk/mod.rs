//! Disks: what all kinds have in common, and which file has which kind.
//!
//! Real: a disk takes commands up to the depth of its queue, serves them in an order and a time of its own, moves the
//! data by DMA and interrupts. What kind it is decides all of that; what stands on it sees the same blocks.
//! Modelled: each kind in its file, by how long it is at work on a request ([`flash`] for NVMe and SATA SSDs, [`hdd`]
//! for spinning disks); one interrupt for each request, or one for a batch. Left out: write caches and their flushes,
//! errors and retries, power states.

pub mod arm;
pub mod flash;
pub mod hdd;
mod serve;

use std::collections::VecDeque;

use crate::costs::{Primitive, Table};
use crate::engine::{Stream, Time};
use crate::trace::ComponentId;

use super::Load;
use crate::machine::frame::RequestId;
use crate::machine::spec::DiskKind;

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
    pub arm: arm::Arm,
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
            arm: arm::Arm::default(),
            batch,
            served: Vec::new(),
            stream: Stream::new(seed, &name),
            load: Load::default(),
            busy_since: Time::ZERO,
        }
    }

    /// It has lost its power: whatever it was asked for is forgotten.
    pub fn forget(&mut self, now: Time) {
        if std::mem::take(&mut self.busy) > 0 {
            self.load.busy += now - self.busy_since;
        }
        self.queue.clear();
        self.served.clear();
        self.arm = arm::Arm::default();
    }

    /// How many requests wait in it, or for it.
    pub fn waiting(&self) -> usize {
        self.queue.len() + self.arm.held()
    }
}

/// Bytes over a path of so many bytes a second.
pub fn transfer(bytes: u64, per_second: u64) -> Time {
    let ps = u128::from(bytes) * 1_000_000_000_000 / u128::from(per_second.max(1));
    Time(u64::try_from(ps).unwrap_or(u64::MAX))
}
