//! A message to a partner thread and one back: pipes, and a socket to a peer on the same kernel.
//!
//! Real: write() copies into the pipe's buffer and wakes the reader; read() blocks while there is nothing. Over
//! loopback the packet takes the same way through TCP and IP up to the loopback device and back up; between network
//! namespaces it goes through what `network.rs` puts there instead.
//! Modelled: the bodies' costs, the wake-up, the blocking read. The journey goes with the message: what the sender
//! does after its wake-up is nobody's journey. Left out: buffer sizes, partial transfers, Nagle, windows.

use crate::costs::Primitive;
use crate::trace::{ComponentId, Crossing, Token, What};

use crate::engine::{Distribution, Time};
use crate::machine::frame::{At, Kind, Pc, TaskId, steps};
use crate::machine::state::Link;
use crate::machine::turn::Turn;

steps! {
    /// The program's side.
    enum ExchangeStep { Send, SendFilters, Transfer, Out, Tell, Receive, ReceiveFilters, Wait, Return }
}

steps! {
    /// [`Kind::Echo`].
    pub enum EchoStep {
        Receive,
        ReceiveFilters,
        /// It waits for a message, in its read().
        Wait,
        Think,
        Send,
        SendFilters,
        Transfer,
        Out,
        Tell,
    }
}

/// What sending and receiving cost over a link.
fn transfer(link: Link) -> (Primitive, Primitive) {
    match link {
        Link::Socket | Link::RoutedSocket => (Primitive::SocketSend, Primitive::SocketReceive),
        Link::PipeSameCpu | Link::PipeAcrossCpus => (Primitive::PipeTransfer, Primitive::PipeTransfer),
    }
}

impl Turn<'_> {
    /// The program's side: a message out, and waiting for the one back.
    pub fn step_exchange(&mut self, at: At, task: TaskId, link: Link, think: Distribution, pc: Pc) {
        let (send, receive) = transfer(link);
        let (component, token) = self.place_of(at, link);
        match ExchangeStep::of(pc) {
            ExchangeStep::Send => self.enter_kernel(at, ExchangeStep::SendFilters),
            ExchangeStep::SendFilters => self.run_filters(at, task, ExchangeStep::Transfer),
            ExchangeStep::Transfer => self.pay(at, ExchangeStep::Out, send, 1, component, Crossing::None, token),
            ExchangeStep::Out => {
                self.goto(at, ExchangeStep::Tell);
                self.between_namespaces(at, task, link.peer(), false);
            }
            ExchangeStep::Tell => {
                self.goto(at, ExchangeStep::Receive);
                let partner = self.s.task(task).partners[link as usize];
                let think = self.draw(task, think);
                if self.s.lives(partner) {
                    self.s.task_mut(partner).think = think;
                }
                self.push(at, Kind::Send(partner));
            }
            ExchangeStep::Receive => self.enter_kernel(at, ExchangeStep::ReceiveFilters),
            ExchangeStep::ReceiveFilters => self.run_filters(at, task, ExchangeStep::Wait),
            ExchangeStep::Wait if self.take_message(task) => {
                self.pay(at, ExchangeStep::Return, receive, 1, component, Crossing::None, token);
            }
            ExchangeStep::Wait => self.block(task),
            ExchangeStep::Return => self.return_and_end(at),
        }
    }

    /// [`Kind::Echo`]: the far end, for ever: receive, think, answer.
    pub fn step_echo(&mut self, at: At, pc: Pc) {
        let Some(task_id) = self.task_of(at) else { return self.pop(at) };
        let task = self.s.task(task_id);
        let (link, think, partner) = (task.link, task.think, task.partners[0]);
        let (send, receive) = transfer(link);
        let (component, token) = self.place_of(at, link);
        // Who asks has ended: so does who answers.
        if !self.s.lives(partner) {
            return self.unwind(task_id);
        }
        match EchoStep::of(pc) {
            EchoStep::Receive => self.enter_kernel(at, EchoStep::ReceiveFilters),
            EchoStep::ReceiveFilters => self.run_filters(at, task_id, EchoStep::Wait),
            EchoStep::Wait if self.take_message(task_id) => {
                self.pay(at, EchoStep::Think, receive, 1, component, Crossing::None, token);
            }
            EchoStep::Wait => self.block(task_id),
            EchoStep::Think if think > Time::ZERO => {
                let app = self.user_component(at);
                self.spend(at, EchoStep::Send, What::UserCode, think, 1, app, Crossing::None, Token::Instruction);
            }
            EchoStep::Think | EchoStep::Send => self.enter_kernel(at, EchoStep::SendFilters),
            EchoStep::SendFilters => self.run_filters(at, task_id, EchoStep::Transfer),
            EchoStep::Transfer => self.pay(at, EchoStep::Out, send, 1, component, Crossing::None, token),
            EchoStep::Out => {
                self.goto(at, EchoStep::Tell);
                self.between_namespaces(at, partner, link.peer(), true);
            }
            EchoStep::Tell => {
                self.goto(at, EchoStep::Receive);
                self.push(at, Kind::Send(partner));
            }
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
