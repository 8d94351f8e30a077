//! What packets do at network cards: out, at the peer, and back. The cards themselves are in `wire.rs`.

use crate::costs::Primitive;
use crate::trace::{Crossing, Token, Wait, What};

use super::wire::{Nic, NicId};
use crate::machine::frame::{Irq, IrqKind, RequestId};
use crate::machine::journal::Ride;
use crate::machine::state::RequestKind;
use crate::machine::turn::Turn;
use crate::machine::{Event, Served};

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
