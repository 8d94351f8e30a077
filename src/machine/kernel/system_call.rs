//! System calls: the way in, the filters, the way out.
//!
//! Real: SYSCALL switches to ring 0 at a fixed entry point, with page-table isolation also the page tables; seccomp
//! filters run before the dispatch. In a VM the same happens inside the guest: no exit.
//! Modelled: entry and return as one cost paid on the way in, each filter, the body of calls that do next to nothing
//! as part of the entry; nanosleep. Left out: ptrace, vDSO calls (which never enter the kernel), audit.

use crate::costs::Primitive;
use crate::engine::Distribution;
use crate::trace::{Crossing, Token, Wait};

use crate::machine::frame::{At, Kind, Pc, TaskId, steps};
use crate::machine::state::Timer;
use crate::machine::turn::Turn;

steps! {
    enum PlainStep { Enter, Filters, Return }
}

steps! {
    enum SleepStep { Enter, Filters, SetUp, Arm, Wait }
}

impl Turn<'_> {
    /// Into the kernel: goes on at `next`.
    pub fn enter_kernel(&mut self, at: At, next: impl Into<Pc>) {
        let component = self.s.kernel_of(at.cpu).parts.system_calls;
        self.pay(at, next, Primitive::SystemCall, 1, component, Crossing::SystemCall, Token::SystemCall);
    }

    /// The seccomp filters of the task: goes on at `next`.
    pub fn run_filters(&mut self, at: At, task: TaskId, next: impl Into<Pc>) {
        match self.s.process_of(task).filters {
            0 => self.goto(at, next),
            filters => {
                let component = self.s.kernel_of(at.cpu).parts.system_calls;
                let primitive = Primitive::SeccompFilter;
                self.pay(at, next, primitive, u32::from(filters), component, Crossing::None, Token::SystemCall);
            }
        }
    }

    /// Back to ring 3: the operation is done.
    pub fn return_and_end(&mut self, mut at: At) {
        self.reclaim(&mut at);
        let component = self.user_component(at);
        self.return_to_user(at, component);
        self.end_operation(at);
    }

    /// A system call that does next to nothing.
    pub fn step_plain_system_call(&mut self, at: At, task: TaskId, pc: Pc) {
        match PlainStep::of(pc) {
            PlainStep::Enter => self.enter_kernel(at, PlainStep::Filters),
            PlainStep::Filters => self.run_filters(at, task, PlainStep::Return),
            PlainStep::Return => self.return_and_end(at),
        }
    }

    /// nanosleep.
    pub fn step_sleep(&mut self, at: At, task: TaskId, time: Distribution, pc: Pc) {
        match SleepStep::of(pc) {
            SleepStep::Enter => self.enter_kernel(at, SleepStep::Filters),
            SleepStep::Filters => self.run_filters(at, task, SleepStep::SetUp),
            SleepStep::SetUp => {
                let (component, primitive) = (self.s.kernel_of(at.cpu).parts.system_calls, Primitive::SleepSetup);
                self.pay(at, SleepStep::Arm, primitive, 1, component, Crossing::None, Token::SystemCall);
            }
            SleepStep::Arm => {
                self.goto(at, SleepStep::Wait);
                let due = self.now + self.draw(task, time);
                self.s.cpu_mut(at.cpu).timers.insert((due, Timer::Wake(task)));
                self.s.task_mut(task).alarm = Some((at.cpu, due));
                self.push(at, Kind::ProgramTimer);
            }
            SleepStep::Wait if self.has_arrived(task) => self.return_and_end(at),
            SleepStep::Wait => {
                self.s.journal.wait(self.sink, at.ride, Wait::Sleep, None, self.now);
                self.block(task);
            }
        }
    }
}
