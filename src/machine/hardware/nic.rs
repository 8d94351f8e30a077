//! What packets do at network cards: out, at the peer, and back. The cards themselves are in `wire.rs`.

use crate::costs::Primitive;
use crate::trace::{Crossing, Token, Wait, What};

use super::wire::{Nic, NicId};
use crate::engine::Time;
use crate::machine::frame::{Irq, IrqKind, RequestId};
use crate::machine::journal::Ride;
use crate::machine::kernel::segments::{is_last, segment};
use crate::machine::state::{Origin, RequestKind, State};
use crate::machine::turn::Turn;
use crate::machine::{Event, Served};

impl State {
    /// A request, and those of guests on whose behalf it is, from the lowest kernel up.
    fn chain(&self, id: RequestId) -> Vec<RequestId> {
        let mut chain = vec![id];
        let mut last = id;
        while let Origin::Guest(_, guest) = self.request(last).origin
            && self.requests.has(guest.0)
        {
            chain.push(guest);
            last = guest;
        }
        chain
    }

    /// A segment that nobody waits for is at the peer.
    fn forget_request(&mut self, id: RequestId) {
        self.chain(id).into_iter().for_each(|id| self.requests.remove(id.0));
    }

    /// One like it, which carries no journey: another segment of the same answer.
    fn copy_of_request(&mut self, id: RequestId) -> RequestId {
        let mut above = None;
        for id in self.chain(id).into_iter().rev() {
            let mut copy = *self.request(id);
            copy.ride = Ride::NONE;
            if let (Origin::Guest(_, guest), Some(above)) = (&mut copy.origin, above) {
                *guest = above;
            }
            above = Some(self.add_request(copy));
        }
        above.unwrap_or(id)
    }

    /// It is a segment of the answer from here on, for each kernel that it passes.
    fn becomes_answer(&mut self, id: RequestId, kind: RequestKind) {
        self.chain(id).into_iter().for_each(|id| self.request_mut(id).kind = kind);
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

    /// The peer has a segment; after a while its answer to the whole message leaves, segment by segment.
    pub fn packet_at_peer(&mut self, id: RequestId) {
        let request = *self.s.request(id);
        let RequestKind::Packet { receive, think, more } = request.kind else { return };
        if more {
            return self.s.forget_request(id);
        }
        let Some(nic) = self.hardware_nic(id) else { return };
        let component = self.nic(nic).component;
        let what = What::Pay(Primitive::NetworkOneWay);
        self.hardware_hop(request.ride, what, component, Crossing::Device, Token::Packet, request.started);
        self.s.journal.wait(self.sink, request.ride, Wait::Peer, Some(component), self.now);
        let ready = self.now + think;
        for index in 0.. {
            let more = !is_last(receive, index);
            // The last one is what the journey waits for.
            let segment_id = if more { self.s.copy_of_request(id) } else { id };
            let bytes = segment(receive, index);
            self.s.becomes_answer(segment_id, RequestKind::Packet { receive: bytes, think: Time::ZERO, more });
            let nic = self.nic(nic);
            let (start, sent) = nic.receiving.carry(bytes, nic.bandwidth, ready);
            self.s.request_mut(segment_id).started = start;
            let arrives = sent + self.f.time(Primitive::NetworkOneWay);
            self.scheduler.at(arrives, Event::PacketArrives(Served(segment_id)));
            if !more {
                break;
            }
        }
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
