//! System calls: the way in, the filters, the way out; and what happens to a program that tries what ring 3 may not.
//!
//! Real: SYSCALL switches to ring 0 at a fixed entry point, with page-table isolation also the page tables; seccomp
//! filters run before the dispatch. In a VM the same happens inside the guest: no exit.
//! Modelled: entry and return as one cost paid on the way in, each filter, the body of calls that do next to nothing
//! as part of the entry; nanosleep. Left out: signals other than the fatal one, ptrace, vDSO calls (which never
//! enter the kernel), audit.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{Crossing, Token, Wait};

use crate::machine::frame::{At, Kind, TaskId};
use crate::machine::state::Timer;
use crate::machine::turn::Turn;

impl Turn<'_> {
    /// Into the kernel: goes on at `pc`.
    pub fn enter_kernel(&mut self, at: At, pc: u8) {
        let component = self.s.kernel_of(at.cpu).parts.system_calls;
        self.pay(at, pc, Primitive::SystemCall, 1, component, Crossing::SystemCall, Token::SystemCall);
    }

    /// The seccomp filters of the task: goes on at `pc`.
    pub fn run_filters(&mut self, at: At, task: TaskId, pc: u8) {
        match self.s.task(task).filters {
            0 => self.goto(at, pc),
            filters => {
                let component = self.s.kernel_of(at.cpu).parts.system_calls;
                let primitive = Primitive::SeccompFilter;
                self.pay(at, pc, primitive, u32::from(filters), component, Crossing::None, Token::SystemCall);
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
    pub fn step_plain_system_call(&mut self, at: At, task: TaskId, pc: u8) {
        match pc {
            0 => self.enter_kernel(at, 1),
            1 => self.run_filters(at, task, 2),
            _ => self.return_and_end(at),
        }
    }

    /// nanosleep.
    pub fn step_sleep(&mut self, at: At, task: TaskId, time: Time, pc: u8) {
        match pc {
            0 => self.enter_kernel(at, 1),
            1 => self.run_filters(at, task, 2),
            2 => {
                let component = self.s.kernel_of(at.cpu).parts.system_calls;
                self.pay(at, 3, Primitive::SleepSetup, 1, component, Crossing::None, Token::SystemCall);
            }
            3 => {
                self.goto(at, 4);
                let due = self.now + time;
                self.s.cpu_mut(at.cpu).timers.insert((due, Timer::Wake(task)));
                self.push(at, Kind::ProgramTimer);
            }
            4 if !self.s.task(task).arrived => {
                self.s.journal.wait(self.sink, at.ride, Wait::Sleep, None, self.now);
                self.block(task);
            }
            _ => {
                self.s.task_mut(task).arrived = false;
                self.return_and_end(at);
            }
        }
    }

    /// HLT in ring 3: a general-protection fault, and the kernel ends the program.
    pub fn step_forbidden(&mut self, at: At, task: TaskId, pc: u8) {
        let component = self.s.kernel_of(at.cpu).parts.system_calls;
        match pc {
            0 => {
                let primitive = Primitive::Exception;
                self.pay(at, 1, primitive, 1, component, Crossing::ProtectionFault, Token::PageFault);
            }
            1 => self.pay(at, 2, Primitive::SignalKill, 1, component, Crossing::None, Token::SystemCall),
            _ => {
                self.end_operation(at);
                self.s.task_mut(task).frames.clear();
            }
        }
    }
}
