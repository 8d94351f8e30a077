//! A program executes an instruction that touches the machine itself.
//!
//! Real: a fault in ring 3 enters the kernel by the exception's vector, the kernel makes a signal of it, and nobody handles
//! that one.
//! Modelled: that, by the table of `instruction.rs`; SIGSEGV ends the whole process (`life.rs`). Left out: what those
//! that run tell; each takes one cycle here, and some tens in reality.

use crate::costs::Primitive;
use crate::trace::{Crossing, Token, What};

use super::frame::{At, Pc, TaskId, steps};
use super::instruction::{InRing3, Instruction};
use super::state::Signal;
use super::turn::Turn;

steps! {
    enum InstructionStep { Execute, Kill, Dead, Done }
}

impl Turn<'_> {
    /// A program executes it.
    pub fn step_instruction(&mut self, at: At, task: TaskId, instruction: Instruction, pc: Pc) {
        let process = self.s.task(task).process;
        let component = self.s.kernel_of(at.cpu).parts.system_calls;
        match InstructionStep::of(pc) {
            InstructionStep::Execute => match (instruction.in_ring_3(self.s.process(process).ports), instruction) {
                (InRing3::Faults, _) => {
                    // The guest's kernel takes it as the host's does: no exit.
                    let (primitive, crossing) = (Primitive::Exception, Crossing::ProtectionFault);
                    self.pay(at, InstructionStep::Kill, primitive, 1, component, crossing, Token::PageFault);
                }
                (_, Instruction::Cpuid) => self.sensitive_cpuid(at, InstructionStep::Done),
                (_, Instruction::In | Instruction::Out) => self.sensitive_out(at, InstructionStep::Done),
                (InRing3::Runs | InRing3::IgnoresSilently, _) => {
                    let (what, left) = (What::Pay(Primitive::Cycle), self.f.time(Primitive::Cycle));
                    let component = self.user_component(at);
                    let (next, token) = (InstructionStep::Done, Token::Instruction);
                    self.spend(at, next, what, left, 1, component, Crossing::None, token);
                }
            },
            InstructionStep::Kill => {
                let primitive = Primitive::SignalKill;
                self.pay(at, InstructionStep::Dead, primitive, 1, component, Crossing::None, Token::SystemCall);
            }
            InstructionStep::Dead => {
                self.end_operation(at);
                self.kill(at, process, Signal::Segv);
            }
            InstructionStep::Done => self.end_operation(at),
        }
    }
}
