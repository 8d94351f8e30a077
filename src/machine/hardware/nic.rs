//! Network cards, the wire, and the peer at the other end.
//!
//! Real: packets leave one after the other at the link's bandwidth, cross switches, and arrive by DMA and interrupt.
//! Modelled: any number of cards, each with the bandwidth of each direction; a fixed one-way time; a peer that answers
//! after a given time. Left out: interrupt moderation, several queues, drops, the peer's own load.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{ComponentId, Crossing, Token, Wait, What};

use super::Load;
use crate::machine::frame::{Irq, IrqKind, RequestId};
use crate::machine::journal::Ride;
use crate::machine::state::RequestKind;
use crate::machine::turn::Turn;
use crate::machine::{Event, Served};

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
    fn carry(&mut self, bytes: u64, bits_per_second: u64, ready: Time) -> (Time, Time) {
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

impl Turn<'_> {
    fn nic(&mut self, id: NicId) -> &mut Nic {
        &mut self.s.nics[usize::from(id.0)]
    }

    /// The card has got a packet: it leaves when those before it have.
    pub fn wire_send(&mut self, nic: NicId, id: RequestId, ride: Ride) {
        let request = self.s.request_mut(id);
        request.ride = ride;
        let (bytes, now) = (request.bytes, self.now);
        let component = self.nic(nic).component;
        self.s.journal.wait(self.sink, ride, Wait::DeviceQueue, Some(component), now);
        let nic = self.nic(nic);
        let (start, sent) = nic.sending.carry(bytes, nic.bandwidth, now);
        self.s.request_mut(id).started = start;
        self.scheduler.at(sent + self.f.time(Primitive::NetworkOneWay), Event::PacketAtPeer(Served(id)));
    }

    /// The peer has the packet; after a while its answer leaves.
    pub fn packet_at_peer(&mut self, id: RequestId) {
        let request = *self.s.request(id);
        let RequestKind::Packet { receive, think } = request.kind else { return };
        let Some(nic) = self.hardware_nic(id) else { return };
        let component = self.nic(nic).component;
        let what = What::Pay(Primitive::NetworkOneWay);
        self.hardware_hop(request.ride, what, component, Crossing::Device, Token::Packet, request.started);
        self.s.journal.wait(self.sink, request.ride, Wait::Peer, Some(component), self.now);
        let ready = self.now + think;
        let nic = self.nic(nic);
        let (start, sent) = nic.receiving.carry(receive, nic.bandwidth, ready);
        self.s.request_mut(id).started = start;
        self.scheduler.at(sent + self.f.time(Primitive::NetworkOneWay), Event::PacketArrives(Served(id)));
    }

    /// The answer is in memory: interrupt.
    pub fn packet_arrives(&mut self, id: RequestId) {
        let request = *self.s.request(id);
        let Some(nic) = self.hardware_nic(id) else { return };
        let component = self.nic(nic).component;
        let what = What::Pay(Primitive::NetworkOneWay);
        self.hardware_hop(request.ride, what, component, Crossing::Device, Token::Packet, request.started);
        self.interrupt(request.cpu, Irq { kind: IrqKind::Device(id), ride: request.ride });
    }
}
