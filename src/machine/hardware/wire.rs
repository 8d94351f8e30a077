//! Network cards, the wire, and the peer at the other end.
//!
//! Real: packets leave one after the other at the link's bandwidth, cross switches, and arrive by DMA and interrupt.
//! Modelled: any number of cards, each with the bandwidth of each direction, of which frames take as much as their headers
//! and gaps say; a fixed one-way time; a peer that answers
//! after a given time. Left out: interrupt moderation, several queues, drops, the peer's own load.

use super::Load;
use crate::engine::Time;
use crate::trace::ComponentId;

/// Bytes of a message in a frame: 1,500 less the headers of IPv4 and of TCP with its time stamps (RFC 791, 9293, 7323).
const IN_FRAME: u64 = 1_448;
/// What a frame takes on the wire beside them: those headers, Ethernet's and its checksum, the preamble and the gap between
/// two frames (IEEE 802.3).
const AROUND: u64 = 20 + 32 + 14 + 4 + 8 + 12;

/// Frames that so many bytes of a message are sent in.
pub fn frames(bytes: u64) -> u64 {
    bytes.div_ceil(IN_FRAME).max(1)
}

/// Bytes that they take on the wire.
pub fn on_the_wire(bytes: u64) -> u64 {
    bytes.saturating_add(frames(bytes).saturating_mul(AROUND))
}

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
    /// So many bytes of a message leave in their frames as soon as those before them have, from `ready` on. Returns from
    /// when and until when.
    pub fn carry(&mut self, bytes: u64, bits_per_second: u64, ready: Time) -> (Time, Time) {
        let ps = u128::from(on_the_wire(bytes)) * 8 * 1_000_000_000_000 / u128::from(bits_per_second.max(1));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_carries_as_much_of_a_long_message_as_frames_of_1500_bytes_let_through() {
        // What remains of 10 Gbit/s: 9.41.
        let share = (1 << 30) as f64 / on_the_wire(1 << 30) as f64;
        assert!((share - 1448.0 / 1538.0).abs() < 1e-6, "{share}");
        assert_eq!((on_the_wire(1), frames(1448), frames(1449)), (91, 1, 2));
    }
}
