//! How a message is cut up for the network.
//!
//! Real (Linux, net/ipv4/tcp_output.c, net/core/gro.c): a message longer than a packet goes through sockets, TCP and IP in
//! segments of up to 64 KiB; the network card cuts each into frames (TCP segmentation offload), or nobody does, on the
//! loopback device, over a veth pair and into a virtual machine. The receiving card's driver polls frame by frame, and
//! puts them together again for one pass of the stack (generic receive offload).
//! Modelled: that, with frames of 1,500 bytes (`hardware/wire.rs`). Left out: acknowledgements and the packets that they are, windows, jumbo
//! frames, segments that are sent before they are full, what putting together costs beside the poll.

/// The most bytes of a message that go through the stack as one: Linux's `GSO_LEGACY_MAX_SIZE`.
const SEGMENT: u64 = 64 << 10;

/// Bytes of segment number `index` of a message.
pub fn segment(message: u64, index: u32) -> u64 {
    message.saturating_sub(u64::from(index) * SEGMENT).min(SEGMENT)
}

/// Whether nothing comes after segment number `index`.
pub fn is_last(message: u64, index: u32) -> bool {
    (u64::from(index) + 1) * SEGMENT >= message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_segments_of_a_message_are_the_message() {
        for message in [1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 10 * SEGMENT, (1 << 30) + 7] {
            let last = (0..).find(|index| is_last(message, *index)).unwrap();
            assert_eq!((0..=last).map(|index| segment(message, index)).sum::<u64>(), message);
            assert!((0..=last).all(|index| segment(message, index) > 0) && segment(message, last + 1) == 0);
        }
    }
}
