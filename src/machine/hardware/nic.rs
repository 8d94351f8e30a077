//! The network card, the wire, and the peer at the other end.
//!
//! Real: packets leave one after the other at the link's bandwidth, cross switches, and arrive by DMA and interrupt.
//! Modelled: the bandwidth of each direction, a fixed one-way time, a peer that answers after a given time.
//! Left out: interrupt moderation, several queues, drops, the peer's own load.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{Crossing, Token, Wait, What};

use crate::machine::frame::{Irq, IrqKind, RequestId};
use crate::machine::journal::Ride;
use crate::machine::state::RequestKind;
use crate::machine::turn::Turn;
use crate::machine::{Event, Served};

/// How long so many bytes take at so many bits per second.
fn serialization(bytes: u64, bits_per_second: u64) -> Time {
    let ps = u128::from(bytes) * 8 * 1_000_000_000_000 / u128::from(bits_per_second.max(1));
    Time(u64::try_from(ps).unwrap_or(u64::MAX))
}

impl Turn<'_> {
    /// The card has got a packet: it leaves when those before it have.
    pub fn wire_send(&mut self, id: RequestId, ride: Ride) {
        let request = self.s.request_mut(id);
        request.ride = ride;
        let bytes = request.bytes;
        let component = self.s.nic.component;
        self.s.journal.wait(self.sink, ride, Wait::DeviceQueue, Some(component), self.now);
        let start = self.s.nic.sending_until.max(self.now);
        let sent = start + serialization(bytes, self.f.bandwidth);
        self.s.nic.sending_until = sent;
        self.s.request_mut(id).started = start;
        let arrives = sent + self.f.time(Primitive::NetworkOneWay);
        self.scheduler.at(arrives, Event::PacketAtPeer(Served(id)));
    }

    /// The peer has the packet; after a while its answer leaves.
    pub fn packet_at_peer(&mut self, id: RequestId) {
        let request = *self.s.request(id);
        let RequestKind::Packet { receive, think } = request.kind else { return };
        let component = self.s.nic.component;
        let what = What::Pay(Primitive::NetworkOneWay);
        self.hardware_hop(request.ride, what, component, Crossing::Device, Token::Packet, request.started);
        self.s.journal.wait(self.sink, request.ride, Wait::Peer, Some(component), self.now);
        let start = self.s.nic.receiving_until.max(self.now + think);
        let sent = start + serialization(receive, self.f.bandwidth);
        self.s.nic.receiving_until = sent;
        self.s.request_mut(id).started = start;
        let arrives = sent + self.f.time(Primitive::NetworkOneWay);
        self.scheduler.at(arrives, Event::PacketArrives(Served(id)));
    }

    /// The answer is in memory: interrupt.
    pub fn packet_arrives(&mut self, id: RequestId) {
        let request = *self.s.request(id);
        let component = self.s.nic.component;
        let what = What::Pay(Primitive::NetworkOneWay);
        self.hardware_hop(request.ride, what, component, Crossing::Device, Token::Packet, request.started);
        self.interrupt(request.cpu, Irq { kind: IrqKind::Device(id), ride: request.ride });
    }
}
