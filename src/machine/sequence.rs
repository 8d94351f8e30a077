//! Sequences: things that are done by many system calls one after the other, each with a cost of its own.

use crate::costs::Primitive;
use crate::trace::{ComponentId, Crossing, Token};

use super::frame::{At, Frame, Kind, TaskId};
use super::state::Parts;
use super::turn::Turn;

/// Where a step's work shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Calls,
    Tasks,
    Memory,
    Files,
    Network,
    /// Of the hypervisor, where the kernel has one.
    Vcpus,
    Backends,
}

impl Place {
    fn of(self, parts: &Parts) -> ComponentId {
        match self {
            Place::Calls => parts.system_calls,
            Place::Tasks => parts.scheduler,
            Place::Memory => parts.memory,
            Place::Files => parts.files,
            Place::Network => parts.network,
            Place::Vcpus => parts.vcpus,
            Place::Backends => parts.backends,
        }
    }
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A system call with this as its body, so many times.
    Call(Primitive, u32, Place),
    /// Work without a call: more of the same one's, or of the hardware.
    Work(Primitive, Place),
    /// The same, so often.
    Times(Primitive, u32, Place),
    /// So many bytes are touched for the first time.
    Touch(u64),
    /// Not here.
    Skip,
}

/// From one step's first program counter to the next one's.
const PHASES: u8 = 3;

impl Turn<'_> {
    /// Takes the next part of a sequence that begins at the program counter `first`. False when all steps are done.
    pub fn step_sequence(&mut self, at: At, task: TaskId, steps: &[Step], first: u8, frame: Frame) -> bool {
        let (index, phase) = ((frame.pc - first) / PHASES, (frame.pc - first) % PHASES);
        let Some(&step) = steps.get(usize::from(index)) else { return false };
        let next = first + (index + 1) * PHASES;
        let parts = self.s.kernel_of(at.cpu).parts;
        match (step, phase) {
            (Step::Call(..), 0) => self.enter_kernel(at, frame.pc + 1),
            (Step::Call(..), 1) => self.run_filters(at, task, frame.pc + 1),
            (Step::Call(primitive, uses, place), _) => {
                let last = frame.count + 1 >= uses;
                let pc = if last { next } else { next - PHASES };
                self.pay(at, pc, primitive, 1, place.of(&parts), Crossing::None, Token::SystemCall);
                if let Some(top) = self.frames(at.context).last_mut() {
                    top.count = if last { 0 } else { frame.count + 1 };
                }
            }
            (Step::Work(primitive, place), _) => {
                self.pay(at, next, primitive, 1, place.of(&parts), Crossing::None, Token::SystemCall);
            }
            (Step::Times(_, 0, _), _) => self.goto(at, next),
            (Step::Times(primitive, uses, place), _) => {
                self.pay(at, next, primitive, uses, place.of(&parts), Crossing::None, Token::SystemCall);
            }
            (Step::Touch(bytes), _) => {
                self.goto(at, next);
                self.push(at, Kind::Touch(bytes));
            }
            (Step::Skip, _) => self.goto(at, next),
        }
        true
    }
}
