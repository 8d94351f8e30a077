//! The network: sockets, the way out of a network namespace, the driver, and back.
//!
//! Real: send() goes through TCP and IP to a device's queue. A container's device is a veth whose other end sits on
//! a bridge of the kernel's first network namespace. There it is for a process of that namespace, or it is routed to
//! another device: the network card, or a veth to a further namespace; netfilter translates the address of what is
//! routed. A VM's device is a virtio one whose back end hands the packet to a tap device on the host's bridge.
//! Modelled: a message and its answer, each in segments (`segments.rs`) that go all of this way on their own, one behind
//! the other: the copy, the pass through the stack and each of these hops as a cost for each segment, the poll of the card
//! for each frame. The journey goes with the last segment; what is done for those before it while the sender goes on is
//! unattributed. recv() returns what has come, and is called again. Left out: acknowledgements, windows and loss, TLS, the
//! tracking of connections that nothing translates, rules beyond one, routing tables of more than a few lines.

use crate::costs::Primitive;
use crate::engine::{Distribution, Time};
use crate::trace::{ComponentId, Crossing, Token};

use super::segments::{is_last, segment};
use crate::machine::frame::{At, Frame, Kind, Pc, RequestId, TaskId, steps};
use crate::machine::journal::Ride;
use crate::machine::spec::Peer;
use crate::machine::state::{Origin, RequestKind};
use crate::machine::turn::Turn;

/// What lies between a program's network namespace and its peer's, in the order of a packet out. `bridged`: the
/// program's is a container's own, joined by a bridge to the kernel's first one; otherwise it is that one.
fn way(bridged: bool, peer: Peer) -> &'static [Primitive] {
    use Primitive::{BridgeHop, ForwardHop, NatHop, VethHop};
    match (bridged, peer) {
        (false, Peer::Local | Peer::Remote) => &[],
        (false, Peer::Namespace) => &[VethHop],
        (true, Peer::Local) => &[VethHop, BridgeHop],
        (true, Peer::Remote) => &[VethHop, BridgeHop, ForwardHop, NatHop],
        (true, Peer::Namespace) => &[VethHop, BridgeHop, ForwardHop, NatHop, VethHop],
    }
}

steps! {
    /// A request to another computer, as its program sees it.
    enum RequestStep { Send, SendFilters, Copy, Socket, Out, Submit, Receive, ReceiveFilters, Wait, Got }
}

steps! {
    /// [`Kind::SubmitPacket`].
    enum SubmitStep { Tap, Driver, Doorbell, Done }
}

impl Turn<'_> {
    /// A request to a peer on another computer, and its response.
    pub fn step_request(
        &mut self,
        at: At,
        task: TaskId,
        (send, receive, think): (u64, u64, Distribution),
        frame: Frame,
    ) {
        let network = self.s.kernel_of(at.cpu).parts.network;
        let bytes = segment(send, frame.count);
        match RequestStep::of(frame.pc) {
            RequestStep::Send => self.enter_kernel(at, RequestStep::SendFilters),
            RequestStep::SendFilters => self.run_filters(at, task, RequestStep::Copy),
            RequestStep::Copy => {
                self.copy_message(at, RequestStep::Socket, (bytes, send), network, Token::Packet);
            }
            RequestStep::Socket => {
                let primitive = Primitive::SocketSend;
                self.pay(at, RequestStep::Out, primitive, 1, network, Crossing::None, Token::Packet);
            }
            RequestStep::Out => {
                self.goto(at, RequestStep::Submit);
                self.between_namespaces(at, task, Some(Peer::Remote), false);
            }
            RequestStep::Submit => {
                let nic = self.s.process_of(task).nic;
                let kind = if is_last(send, frame.count) {
                    self.anew(at, RequestStep::Receive);
                    RequestKind::Packet { receive, think: self.draw(task, think), more: false }
                } else {
                    self.again(at, RequestStep::Copy);
                    RequestKind::Packet { receive: 0, think: Time::ZERO, more: true }
                };
                let request = self.make_request(at, task, kind, nic, bytes);
                self.push(at, Kind::SubmitPacket(request));
            }
            RequestStep::Receive => self.enter_kernel(at, RequestStep::ReceiveFilters),
            RequestStep::ReceiveFilters => self.run_filters(at, task, RequestStep::Wait),
            RequestStep::Wait => match std::mem::take(&mut self.s.task_mut(task).received) {
                0 => self.block(task),
                bytes => self.copy_message(at, RequestStep::Got, (bytes, receive), network, Token::Packet),
            },
            RequestStep::Got if self.s.task(task).received == 0 && self.has_arrived(task) => self.return_and_end(at),
            RequestStep::Got => self.goto(at, RequestStep::Receive),
        }
    }

    /// The journey that goes with a request when it is handed on: none with a segment that others follow.
    pub fn hand_on(&mut self, ride: Ride, request: RequestId) -> Ride {
        match self.s.request(request).kind {
            RequestKind::Packet { more: true, .. } => Ride::NONE,
            _ => self.s.journal.hand_over(ride),
        }
    }

    /// A segment of an answer has come up to the task that it is for.
    pub fn deliver(&mut self, task: TaskId, kind: RequestKind) {
        let task = self.s.task_mut(task);
        match kind {
            RequestKind::Packet { receive, more, .. } => {
                task.received += receive;
                task.arrived |= !more;
            }
            RequestKind::Read | RequestKind::Write => task.arrived = true,
        }
    }

    /// A packet goes from a task to its peer, or back: through what lies between their network namespaces, if anything.
    pub fn between_namespaces(&mut self, at: At, task: TaskId, peer: Option<Peer>, inward: bool) {
        let Some(peer) = peer else { return };
        let process = self.s.process_of(task);
        let bridged = process.bridged;
        if !way(bridged, peer).is_empty() {
            let place = process.namespace.unwrap_or(self.s.kernel_of(at.cpu).parts.network);
            self.push(at, Kind::BetweenNamespaces { bridged, peer, inward, place });
        }
    }

    /// [`Kind::BetweenNamespaces`]: one hop after the other, back to front on the way back.
    pub fn step_between_namespaces(
        &mut self,
        at: At,
        (bridged, peer): (bool, Peer),
        inward: bool,
        place: ComponentId,
        frame: Frame,
    ) {
        let (way, step) = (way(bridged, peer), frame.count as usize);
        let hop = if inward { way.iter().rev().nth(step) } else { way.get(step) };
        let Some(&primitive) = hop else { return self.pop(at) };
        let crossing = if primitive == Primitive::VethHop { Crossing::Namespace } else { Crossing::None };
        self.pay(at, frame.pc, primitive, 1, place, crossing, Token::Packet);
        self.again(at, frame.pc);
    }

    /// [`Kind::SubmitPacket`]: through the driver onto the wire, or into a virtio ring.
    pub fn step_submit_packet(&mut self, at: At, request: RequestId, pc: Pc) {
        let parts = self.s.kernel_of(at.cpu).parts;
        match SubmitStep::of(pc) {
            SubmitStep::Tap => match self.s.request(request).origin {
                // From a VM's tap device over the bridge.
                Origin::Guest(..) => {
                    let primitive = Primitive::BridgeHop;
                    self.pay(at, SubmitStep::Driver, primitive, 1, parts.network, Crossing::None, Token::Packet);
                }
                Origin::Task(_) | Origin::Polled(_) => self.goto(at, SubmitStep::Driver),
            },
            SubmitStep::Driver => {
                let primitive = self.submit_cost(request);
                self.pay(at, SubmitStep::Doorbell, primitive, 1, parts.driver, Crossing::None, Token::Packet);
            }
            SubmitStep::Doorbell => {
                self.goto(at, SubmitStep::Done);
                self.ring_doorbell(at, request);
            }
            SubmitStep::Done => self.pop(at),
        }
    }

    /// The response has come off the device: over the bridge to a VM's tap, or into the container's namespace.
    pub fn receive_packet(&mut self, at: At, request: RequestId, next: impl Into<Pc>) {
        match self.s.request(request).origin {
            Origin::Guest(..) => {
                let network = self.s.kernel_of(at.cpu).parts.network;
                self.pay(at, next, Primitive::BridgeHop, 1, network, Crossing::None, Token::Packet);
            }
            Origin::Task(task) | Origin::Polled(task) if !self.s.lives(task) => self.goto(at, next),
            Origin::Task(task) | Origin::Polled(task) => {
                self.goto(at, next);
                self.between_namespaces(at, task, Some(Peer::Remote), true);
            }
        }
    }

    /// Up to the socket, if the packet is for a task of this kernel.
    pub fn receive_on_socket(&mut self, at: At, request: RequestId, next: impl Into<Pc>) {
        match self.s.request(request).origin {
            Origin::Guest(..) => self.goto(at, next),
            Origin::Task(_) | Origin::Polled(_) => {
                let network = self.s.kernel_of(at.cpu).parts.network;
                self.pay(at, next, Primitive::SocketReceive, 1, network, Crossing::None, Token::Packet);
            }
        }
    }
}
