//! Sequences: things that are done by many system calls one after the other, each with a cost of its own.

use crate::trace::{Crossing, Token};

use super::frame::{At, Frame, Kind, steps};
use super::step::{Place, Step};
use super::turn::Turn;
use super::{container, hypervisor};

steps! {
    /// One step that is a call; what is none needs the first alone.
    enum CallStep { Enter, Filters, Body }
}

impl Turn<'_> {
    /// [`Kind::Sequence`]: the next part of step number `index` of what the operation is.
    pub fn step_sequence(&mut self, at: At, operation: u16, index: u8, frame: Frame) {
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let entries = self.s.process_of(task).space.entries;
        let index = usize::from(index);
        let step = match (self.container_start(operation), self.vm_start(operation)) {
            (Some((start, _)), _) => container::step(&start, entries, index),
            (None, Some((start, runs))) => hypervisor::start::step(&start, runs, index),
            (None, None) => None,
        };
        let Some(step) = step else { return self.pop(at) };
        let parts = self.s.kernel_of(at.cpu).parts;
        // From here on the frame is that of the next step, but for what repeats.
        let next = Kind::Sequence { operation, index: index as u8 + 1 };
        let turn_to = |turn: &mut Self, kind, count| {
            if let Some(top) = turn.frames(at.context).last_mut() {
                (top.kind, top.count) = (kind, count);
            }
        };
        let pay = |turn: &mut Self, primitive, uses, place: Place| {
            let place = place.of(&parts);
            turn.pay(at, CallStep::Enter, primitive, uses, place, Crossing::None, Token::SystemCall);
        };
        match (step, CallStep::of(frame.pc)) {
            (Step::Call(..), CallStep::Enter) if self.is_doomed(task) => self.unwind(task),
            (Step::Call(..), CallStep::Enter) => self.enter_kernel(at, CallStep::Filters),
            (Step::Call(..), CallStep::Filters) => self.run_filters(at, task, CallStep::Body),
            (Step::Call(primitive, uses, place), CallStep::Body) => {
                pay(self, primitive, 1, place);
                match frame.count + 1 {
                    done if done >= uses => turn_to(self, next, 0),
                    done => turn_to(self, frame.kind, done),
                }
            }
            (Step::Work(primitive, place), _) => {
                pay(self, primitive, 1, place);
                turn_to(self, next, 0);
            }
            (Step::Times(_, 0, _) | Step::Skip, _) => turn_to(self, next, 0),
            (Step::Times(primitive, uses, place), _) => {
                pay(self, primitive, uses, place);
                turn_to(self, next, 0);
            }
            (Step::Touch(bytes), _) => {
                turn_to(self, next, 0);
                self.push(at, Kind::Touch(bytes));
            }
        }
    }
}
