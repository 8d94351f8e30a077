//! Network cards, the wire, and the peer at the other end.
//!
//! Real: packets leave one after the other at the link's bandwidth, cross switches, and arrive by DMA and interrupt.
//! Modelled: any number of cards, each with the bandwidth of each direction; a fixed one-way time; a peer that answers
//! after a given time. Left out: interrupt moderation, several queues, drops, the peer's own load.

use super::Load;
use crate::engine::Time;
use crate::trace::ComponentId;

/// An index into [`crate::machine::state::State::nics`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NicId(pub u16);

/// A network card of the hardware.
#[derive(Clone, Debug, Hash)]
pub struct Nic {
    pub component: ComponentId,
    /// Bits per second in each direction.
    pub bandwidth: u64,
    pub sending: Wire,
    pub receiving: Wire,
}

/// One direction of a wire.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Wire {
    /// Until when it is taken.
    pub until: Time,
    /// What it carries, up to then.
    pub load: Load,
}

impl Nic {
    pub fn new(component: ComponentId, bandwidth: u64) -> Nic {
        Nic { component, bandwidth, sending: Wire::default(), receiving: Wire::default() }
    }
}

impl Wire {
    /// So many bytes leave as soon as those before them have, from `ready` on. Returns from when and until when.
    pub fn carry(&mut self, bytes: u64, bits_per_second: u64, ready: Time) -> (Time, Time) {
        let ps = u128::from(bytes) * 8 * 1_000_000_000_000 / u128::from(bits_per_second.max(1));
        let takes = Time(u64::try_from(ps).unwrap_or(u64::MAX));
        let start = self.until.max(ready);
        self.until = start + takes;
        self.load.busy += takes;
        self.load.count(bytes);
        (start, self.until)
    }

    /// How long it was taken up to `now`.
    pub fn busy(&self, now: Time) -> Time {
        self.load.busy - (self.until - now)
    }
}
