//! A message to a partner thread and one back: pipes, and a socket to a peer on the same kernel.
//!
//! Real: write() copies into the pipe's buffer, page by page, and wakes the reader; read() blocks while there is nothing.
//! Over loopback a message goes through TCP and IP up to the loopback device and back up, segment by segment
//! (`segments.rs`), and the reader takes what has come while the sender goes on; between network namespaces it goes through
//! what `network.rs` puts there instead.
//! Modelled: the copies at both ends, the bodies' costs for each page of a pipe and each segment of a socket, the wake-up,
//! the blocking read, which returns what has come. The journey goes with the message's last segment: what the sender does
//! after its wake-up, and the reader before that, is unattributed. A message through a pipe is no longer than its buffer.
//! Left out: the size of a socket's buffers, partial transfers through a pipe, Nagle, windows.

use crate::costs::Primitive;
use crate::trace::{ComponentId, Crossing, Token, What};

use super::segments::{is_last, segment};
use crate::engine::{Distribution, Time};
use crate::machine::frame::{At, Frame, Kind, Pc, TaskId, steps};
use crate::machine::journal::Ride;
use crate::machine::state::{Asked, Link};
use crate::machine::turn::Turn;

steps! {
    /// The program's side.
    enum ExchangeStep {
        Send,
        SendFilters,
        Copy,
        Transfer,
        Out,
        Tell,
        Receive,
        ReceiveFilters,
        Wait,
        CopyOut,
        Got,
    }
}

steps! {
    /// [`Kind::Echo`].
    pub enum EchoStep {
        Receive,
        ReceiveFilters,
        /// It waits for a message, in its read().
        Wait,
        CopyOut,
        Got,
        Think,
        Send,
        SendFilters,
        Copy,
        Transfer,
        Out,
        Tell,
    }
}

/// What is said over a link: bytes out, bytes back, and how long the partner thinks in between.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    pub link: Link,
    pub send: u64,
    pub receive: u64,
    pub think: Distribution,
}

/// A page of a pipe's buffer.
const PAGE: u64 = 4096;

impl Link {
    /// What sending and receiving so many bytes at once costs over it, the copies aside, and how often.
    fn transfer(self, bytes: u64) -> (Primitive, Primitive, u32) {
        match self {
            Link::Socket | Link::RoutedSocket => (Primitive::SocketSend, Primitive::SocketReceive, 1),
            Link::PipeSameCpu | Link::PipeAcrossCpus => {
                // At most a segment.
                let pages = bytes.div_ceil(PAGE) as u32;
                (Primitive::PipeTransfer, Primitive::PipeTransfer, pages)
            }
        }
    }
}

impl Turn<'_> {
    /// The program's side: a message out, and waiting for the one back.
    pub fn step_exchange(&mut self, at: At, task: TaskId, of: Exchange, frame: Frame) {
        let Exchange { link, send, receive, think } = of;
        let (component, token) = self.place_of(at, link);
        let (out, back) = (segment(send, frame.count), segment(receive, frame.count));
        match ExchangeStep::of(frame.pc) {
            ExchangeStep::Send => self.enter_kernel(at, ExchangeStep::SendFilters),
            ExchangeStep::SendFilters => self.run_filters(at, task, ExchangeStep::Copy),
            ExchangeStep::Copy => self.copy_message(at, ExchangeStep::Transfer, (out, send), component, token),
            ExchangeStep::Transfer => {
                let (primitive, _, uses) = link.transfer(out);
                self.pay(at, ExchangeStep::Out, primitive, uses, component, Crossing::None, token);
            }
            ExchangeStep::Out => {
                self.goto(at, ExchangeStep::Tell);
                self.between_namespaces(at, task, link.peer(), false);
            }
            ExchangeStep::Tell => {
                let partner = self.s.task(task).partners[link as usize];
                if frame.count == 0 {
                    let asked = Asked { bytes: send, answer: receive, think: self.draw(task, think) };
                    if self.s.lives(partner) {
                        self.s.task_mut(partner).asked = asked;
                    }
                }
                self.tell(at, partner, is_last(send, frame.count), ExchangeStep::Receive, ExchangeStep::Copy);
            }
            ExchangeStep::Receive => self.enter_kernel(at, ExchangeStep::ReceiveFilters),
            ExchangeStep::ReceiveFilters => self.run_filters(at, task, ExchangeStep::Wait),
            ExchangeStep::Wait if self.take_message(task) => {
                let (_, primitive, uses) = link.transfer(back);
                self.pay(at, ExchangeStep::CopyOut, primitive, uses, component, Crossing::None, token);
            }
            ExchangeStep::Wait => self.block(task),
            ExchangeStep::CopyOut => self.copy_message(at, ExchangeStep::Got, (back, receive), component, token),
            ExchangeStep::Got if is_last(receive, frame.count) => self.return_and_end(at),
            ExchangeStep::Got => self.again(at, ExchangeStep::Receive),
        }
    }

    /// A segment is at the other end. The last one takes the journey along, and this goes on at `next`; otherwise with
    /// another segment at `more`.
    fn tell(&mut self, at: At, partner: TaskId, last: bool, next: impl Into<Pc>, more: impl Into<Pc>) {
        if last {
            self.anew(at, next);
            self.push(at, Kind::Send(partner));
        } else {
            self.again(at, more);
            self.push(At { ride: Ride::NONE, ..at }, Kind::Send(partner));
        }
    }

    /// [`Kind::Echo`]: the far end, for ever: receive, think, answer.
    pub fn step_echo(&mut self, at: At, frame: Frame) {
        let Some(task_id) = self.task_of(at) else { return self.pop(at) };
        let task = self.s.task(task_id);
        let (link, partner) = (task.link, task.partners[0]);
        let Asked { bytes, answer, think } = task.asked;
        let (component, token) = self.place_of(at, link);
        let (got, back) = (segment(bytes, frame.count), segment(answer, frame.count));
        // Who asks has ended: so does who answers.
        if !self.s.lives(partner) {
            return self.unwind(task_id);
        }
        match EchoStep::of(frame.pc) {
            EchoStep::Receive => self.enter_kernel(at, EchoStep::ReceiveFilters),
            EchoStep::ReceiveFilters => self.run_filters(at, task_id, EchoStep::Wait),
            EchoStep::Wait if self.take_message(task_id) => {
                let (_, primitive, uses) = link.transfer(got);
                self.pay(at, EchoStep::CopyOut, primitive, uses, component, Crossing::None, token);
            }
            EchoStep::Wait => self.block(task_id),
            EchoStep::CopyOut => self.copy_message(at, EchoStep::Got, (got, bytes), component, token),
            EchoStep::Got if is_last(bytes, frame.count) => self.anew(at, EchoStep::Think),
            EchoStep::Got => self.again(at, EchoStep::Receive),
            EchoStep::Think if think > Time::ZERO => {
                let app = self.user_component(at);
                self.spend(at, EchoStep::Send, What::UserCode, think, 1, app, Crossing::None, Token::Instruction);
            }
            EchoStep::Think | EchoStep::Send => self.enter_kernel(at, EchoStep::SendFilters),
            EchoStep::SendFilters => self.run_filters(at, task_id, EchoStep::Copy),
            EchoStep::Copy => self.copy_message(at, EchoStep::Transfer, (back, answer), component, token),
            EchoStep::Transfer => {
                let (primitive, _, uses) = link.transfer(back);
                self.pay(at, EchoStep::Out, primitive, uses, component, Crossing::None, token);
            }
            EchoStep::Out => {
                self.goto(at, EchoStep::Tell);
                self.between_namespaces(at, partner, link.peer(), true);
            }
            EchoStep::Tell => self.tell(at, partner, is_last(answer, frame.count), EchoStep::Receive, EchoStep::Copy),
        }
    }

    /// Where sending and receiving over a link show, and as what.
    fn place_of(&self, at: At, link: Link) -> (ComponentId, Token) {
        let parts = self.s.kernel_of(at.cpu).parts;
        match link.peer() {
            Some(_) => (parts.network, Token::Packet),
            None => (parts.files, Token::SystemCall),
        }
    }
}
