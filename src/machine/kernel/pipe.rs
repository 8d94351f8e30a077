//! A message to a partner thread and one back: pipes, and a socket to a peer on the same kernel.
//!
//! Real: write() copies into the pipe's buffer and wakes the reader; read() blocks while there is nothing. Over
//! loopback the packet takes the same way through TCP and IP up to the loopback device and back up; between network
//! namespaces it goes through what `network.rs` puts there instead.
//! Modelled: the bodies' costs, the wake-up, the blocking read. The journey goes with the message: what the sender
//! does after its wake-up is nobody's journey. Left out: buffer sizes, partial transfers, Nagle, windows.

use crate::costs::Primitive;
use crate::trace::{ComponentId, Crossing, Token, What};

use crate::engine::Time;
use crate::machine::frame::{At, Kind, TaskId};
use crate::machine::state::Link;
use crate::machine::turn::Turn;

/// The step of the far end at which it waits for a message, in its read().
pub const ECHO_READ: u8 = 2;

/// What sending and receiving cost over a link.
fn transfer(link: Link) -> (Primitive, Primitive) {
    match link {
        Link::Socket | Link::RoutedSocket => (Primitive::SocketSend, Primitive::SocketReceive),
        Link::PipeSameCpu | Link::PipeAcrossCpus | Link::Child => (Primitive::PipeTransfer, Primitive::PipeTransfer),
    }
}

impl Turn<'_> {
    /// The program's side: a message out, and waiting for the one back.
    pub fn step_exchange(&mut self, at: At, task: TaskId, link: Link, pc: u8) {
        let (send, receive) = transfer(link);
        let (component, token) = self.place_of(at, link);
        match pc {
            0 => self.enter_kernel(at, 1),
            1 => self.run_filters(at, task, 2),
            2 => self.pay(at, 3, send, 1, component, Crossing::None, token),
            3 => {
                self.goto(at, 4);
                self.between_namespaces(at, task, link.peer(), false);
            }
            4 => {
                self.goto(at, 5);
                let partner = self.s.task(task).partners[link as usize];
                self.send_message(at, partner);
            }
            5 => self.enter_kernel(at, 6),
            6 => self.run_filters(at, task, 7),
            7 if self.s.task(task).messages == 0 => self.block(task),
            7 => {
                self.s.task_mut(task).messages -= 1;
                self.pay(at, 8, receive, 1, component, Crossing::None, token);
            }
            _ => self.return_and_end(at),
        }
    }

    /// [`Kind::Echo`]: the far end, for ever: receive, think, answer.
    pub fn step_echo(&mut self, at: At, pc: u8) {
        let Some(task_id) = self.task_of(at) else { return self.pop(at) };
        let task = self.s.task(task_id);
        let (link, think, partner) = (task.link, task.think, task.partners[0]);
        let (send, receive) = transfer(link);
        let (component, token) = self.place_of(at, link);
        match pc {
            0 => self.enter_kernel(at, 1),
            1 => self.run_filters(at, task_id, ECHO_READ),
            ECHO_READ if task.messages == 0 => self.block(task_id),
            ECHO_READ => {
                self.s.task_mut(task_id).messages -= 1;
                self.pay(at, 3, receive, 1, component, Crossing::None, token);
            }
            3 if think > Time::ZERO => {
                let app = self.user_component(at);
                self.spend(at, 4, What::UserCode, think, 1, app, Crossing::None, Token::Instruction);
            }
            3 | 4 => self.enter_kernel(at, 5),
            5 => self.run_filters(at, task_id, 6),
            6 => self.pay(at, 7, send, 1, component, Crossing::None, token),
            7 => {
                self.goto(at, 8);
                self.between_namespaces(at, partner, link.peer(), true);
            }
            8 => {
                self.goto(at, 0);
                self.send_message(at, partner);
            }
            _ => self.goto(at, 0),
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

    fn send_message(&mut self, at: At, to: TaskId) {
        self.push(at, Kind::Send(to));
    }
}
