//! Full emulation: the device model fetches, decodes and executes the guest's instructions one by one.
//!
//! Real (Bochs; QEMU without KVM translates whole blocks, which is faster): a loop reads the instruction at the guest's
//! program counter, finds what it means, and does it on the guest's registers and memory, which are variables of the
//! interpreter. The processor never enters guest mode: a sensitive instruction is one more case of the loop, and an
//! interrupt for the host interrupts a program like any other. It needs nothing of the hardware, and costs hundreds of
//! instructions for each one.
//! Modelled: what the guest does is done as on the processor (its work, its loads), and for each instruction of it the
//! interpreter pays on top, on the kernel below, where it is interpreted once more if that one is interpreted as well.
//! A cycle of work is one instruction; so is a load, and what the processor does by itself (an exception). After a
//! thousand instructions the interpreter looks for interrupts. Left out: caches of decoded instructions, translation of
//! blocks, the interpreter's own misses in caches and TLB.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{CpuId, Crossing, Token, What};

use crate::machine::frame::{At, Frame, Kind, Pc, TaskId, Work, steps};
use crate::machine::hardware::paging::page_bytes;
use crate::machine::spec::Technique;
use crate::machine::turn::Turn;

/// Instructions at a stretch.
const STRETCH: u64 = 1_000;

/// How work counts as instructions.
enum Instructions {
    /// One in each of these times.
    Each(Primitive, Time),
    /// As many as there are uses.
    Uses,
    None,
}

steps! {
    /// [`Kind::Interpret`].
    enum InterpretStep { Interpret, Done }
}

impl Turn<'_> {
    /// Whether the kernel of `cpu` stands on a machine that is interpreted.
    pub fn is_interpreted(&self, cpu: CpuId) -> bool {
        self.s.kernel_of(cpu).vm.is_some_and(|vm| self.s.vm(vm).technique == Technique::Interpreted)
    }

    /// The vCPU thread that interprets what `cpu` executes: the first one below, if there is one.
    pub fn interpreter_of(&self, mut cpu: CpuId) -> Option<TaskId> {
        loop {
            let thread = self.s.thread_of(cpu)?;
            if self.is_interpreted(cpu) {
                return Some(thread);
            }
            cpu = self.s.task(thread).cpu;
        }
    }

    /// Whether a page walk on `cpu` goes through nested tables, and whether their pages are of 2 MiB. The walk is the
    /// interpreter's own, if there is one. Of a guest's guest the tables are merged, and as small as the smallest.
    pub fn nested_pages(&self, cpu: CpuId) -> Option<bool> {
        if let Some(thread) = self.interpreter_of(cpu) {
            return self.nested_pages(self.s.task(thread).cpu);
        }
        let mut huge = None;
        let mut cpu = cpu;
        while let Some(thread) = self.s.thread_of(cpu) {
            let own = self.s.kernel_of(cpu).vm.is_some_and(|vm| self.s.backing_page(vm) > page_bytes(false));
            huge = Some(huge.unwrap_or(true) && own);
            cpu = self.s.task(thread).cpu;
        }
        huge
    }

    fn instructions(&self, what: What) -> Instructions {
        use Primitive::*;
        let each = |by, primitive| Instructions::Each(by, self.f.time(primitive).max(Time::ps(1)));
        match what {
            What::Pay(load @ (L1Hit | L2Hit | L3Hit | DramAccess)) => each(EmulatedLoad, load),
            What::Pay(Exception | InterruptEntry | IpiSend | TimerProgram) => Instructions::Uses,
            What::Pay(PageWalkReference | NestedWalkReference) | What::Return | What::Wait(_) => Instructions::None,
            What::Pay(_) | What::UserCode => each(EmulatedInstruction, Cycle),
        }
    }

    /// How much of `work` on `cpu` is done before something else may be looked at.
    pub fn stretch(&self, cpu: CpuId, work: &Work) -> Time {
        match (self.interpreter_of(cpu), self.instructions(work.what)) {
            (Some(_), Instructions::Each(_, time)) => work.left.min(time.times(STRETCH)),
            _ => work.left,
        }
    }

    /// `cpu` has worked for `done` on `work`: if that was interpreted, the interpreter pays for it next.
    pub fn interpret(&mut self, cpu: CpuId, work: &Work, done: Time) {
        let Some(thread) = self.interpreter_of(cpu) else { return };
        let (by, count) = match self.instructions(work.what) {
            Instructions::Each(by, time) => (by, done.as_ps().div_ceil(time.as_ps())),
            Instructions::Uses => (Primitive::EmulatedInstruction, u64::from(work.count)),
            Instructions::None => return,
        };
        let instructions = u32::try_from(count).unwrap_or(u32::MAX);
        if instructions > 0 {
            let task = self.s.task_mut(thread);
            task.guest = None;
            task.frames.push(Frame::new(Kind::Interpret { by, instructions }, work.ride));
        }
    }

    /// [`Kind::Interpret`]: the interpreter's own work.
    pub fn step_interpret(&mut self, at: At, by: Primitive, instructions: u32, pc: Pc) {
        match InterpretStep::of(pc) {
            InterpretStep::Interpret => {
                let (next, component) = (InterpretStep::Done, self.s.kernel_of(at.cpu).parts.backends);
                self.pay(at, next, by, instructions, component, Crossing::None, Token::Instruction);
            }
            InterpretStep::Done => self.pop(at),
        }
    }
}
