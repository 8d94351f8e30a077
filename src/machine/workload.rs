//! Programs: flat code with loops, one journey per operation.
//!
//! Where an operation's time is drawn, each thread draws from a stream of its own, named by what runs the program, which
//! thread of it this is and which of its lives: so the draws do not depend on what else runs, nor on who comes first.

use crate::engine::{Distribution, Time};
use crate::trace::{ComponentId, Crossing, Token, What};

use super::frame::{At, Frame, Kind, Pc, TaskId, steps};
use super::instruction::Instruction;
use super::journal::Ride;
use super::kernel::pipe::Exchange;
use super::spec::{Operation, Peer, Statement};
use super::state::{Code, Link};
use super::turn::Turn;

/// Turns a program's body into flat code. `operation` gives each operation its number.
pub fn compile(body: &[Statement], operation: &mut impl FnMut(&Operation) -> u16, code: &mut Vec<Code>) {
    for statement in body {
        match statement {
            Statement::Do(what) => code.push(Code::Do(operation(what))),
            Statement::Repeat(times, body) => {
                let start = code.len() as u32;
                code.push(Code::Loop(times.unwrap_or(u64::MAX), 0));
                compile(body, operation, code);
                code.push(Code::EndLoop(start));
                let end = code.len() as u32;
                code[start as usize] = Code::Loop(times.unwrap_or(u64::MAX), end);
            }
        }
    }
}

/// Which kind of partner an operation needs.
pub fn link_of(operation: &Operation) -> Option<Link> {
    match operation {
        Operation::PingPong { across_cpus: false, .. } => Some(Link::PipeSameCpu),
        Operation::PingPong { across_cpus: true, .. } => Some(Link::PipeAcrossCpus),
        Operation::Request { peer: Peer::Local, .. } => Some(Link::Socket),
        Operation::Request { peer: Peer::Namespace, .. } => Some(Link::RoutedSocket),
        _ => None,
    }
}

steps! {
    /// An operation that is one thing in ring 3.
    enum UserStep { Do, Done }
}

impl Turn<'_> {
    /// [`Kind::Program`]: fetches the next instruction.
    pub fn step_program(&mut self, at: At) {
        let Some(task_id) = self.task_of(at) else { return self.pop(at) };
        if self.is_doomed(task_id) {
            return self.unwind(task_id);
        }
        if self.s.process_of(task_id).stopping {
            return self.leave_program(at, task_id);
        }
        let task = self.s.task_mut(task_id);
        let code = self.f.programs.get(usize::from(task.program));
        let Some(&instruction) = code.and_then(|code| code.get(task.pc as usize)) else {
            return self.leave_program(at, task_id);
        };
        task.pc += 1;
        match instruction {
            Code::Do(index) => {
                let operation = &self.f.operations[usize::from(index)];
                let (stack, component) = (task.stack, task.component);
                let (kind, label) = (operation.kind, operation.label);
                let ride = self.s.journal.begin(self.sink, stack, kind, label, component, self.now);
                self.s.task_mut(task_id).journey = ride;
                self.frames(at.context).push(Frame::new(Kind::Operation(index), ride));
            }
            Code::Loop(0, end) => task.pc = end,
            Code::Loop(rounds, _) => task.rounds.push(rounds),
            Code::EndLoop(start) => match task.rounds.last_mut() {
                Some(left) if *left == u64::MAX => task.pc = start + 1,
                Some(left) if *left > 1 => {
                    *left -= 1;
                    task.pc = start + 1;
                }
                _ => {
                    task.rounds.pop();
                }
            },
        }
    }

    /// The thread has nothing more to do.
    fn leave_program(&mut self, at: At, task: TaskId) {
        self.pop(at);
        self.end_program(at, task);
    }

    /// [`Kind::Operation`]: one operation, step by step.
    pub fn step_operation(&mut self, at: At, index: u16, frame: Frame) {
        let (fixed, pc) = (self.f, frame.pc);
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let operation = &fixed.operations[usize::from(index)];
        match &operation.operation {
            Operation::Compute(time) => self.compute(at, task, *time, pc),
            Operation::Cycles(cycles) => {
                self.compute(at, task, self.f.time(crate::costs::Primitive::Cycle).times(*cycles).into(), pc)
            }
            Operation::Memory { working_set, accesses, huge_pages } => {
                self.step_memory(at, task, *working_set, *accesses, *huge_pages, pc);
            }
            Operation::SystemCall(_) => self.step_plain_system_call(at, task, pc),
            Operation::Read { bytes, cache, .. } => self.step_read(at, task, operation.file, *bytes, *cache, pc),
            Operation::Write { bytes, sync, .. } => self.step_write(at, task, operation.file, *bytes, *sync, pc),
            Operation::Request { send, receive, think, peer: Peer::Remote } => {
                self.step_request(at, task, (*send, *receive, *think), frame);
            }
            Operation::Request { send, receive, think, peer: Peer::Local | Peer::Namespace } => {
                let link = link_of(&operation.operation).unwrap_or_default();
                self.step_exchange(at, task, Exchange { link, send: *send, receive: *receive, think: *think }, frame);
            }
            Operation::PingPong { bytes, .. } => {
                let link = link_of(&operation.operation).unwrap_or_default();
                let of = Exchange { link, send: *bytes, receive: *bytes, think: Time::ZERO.into() };
                self.step_exchange(at, task, of, frame);
            }
            Operation::Sleep(time) => self.step_sleep(at, task, *time, pc),
            Operation::Cpuid => self.step_instruction(at, task, Instruction::Cpuid, pc),
            Operation::Hlt => self.step_instruction(at, task, Instruction::Hlt, pc),
            Operation::Out => self.step_instruction(at, task, Instruction::Out, pc),
            Operation::Instruction(instruction) => self.step_instruction(at, task, *instruction, pc),
            Operation::Open(_) => self.step_open(at, task, pc),
            Operation::Fsync(_) => self.step_fsync(at, task, operation.file, pc),
            Operation::Fork { vfork, .. } => self.step_fork(at, task, index, *vfork, pc),
            Operation::StartContainer(_) => self.step_start_container(at, task, index, pc),
            Operation::StartVm(_) => self.step_start_vm(at, index, pc),
            Operation::Start(_) => self.step_start(at, task, index, pc),
            Operation::Exec(image) => match UserStep::of(pc) {
                UserStep::Do => self.exec(at, *image, false, UserStep::Done),
                UserStep::Done => self.end_operation(at),
            },
        }
    }

    /// How long something of a thread's operation takes this time. Call it once for each.
    pub fn draw(&mut self, task: TaskId, of: Distribution) -> Time {
        match &mut self.s.task_mut(task).chance {
            Some(stream) => of.draw(stream),
            // It has one as soon as any operation of its program is drawn.
            None => of.mean(),
        }
    }

    fn compute(&mut self, at: At, task: TaskId, time: Distribution, pc: Pc) {
        match UserStep::of(pc) {
            UserStep::Do => {
                let (next, component) = (UserStep::Done, self.user_component(at));
                let time = self.draw(task, time);
                self.spend(at, next, What::UserCode, time, 1, component, Crossing::None, Token::Instruction);
            }
            UserStep::Done => self.end_operation(at),
        }
    }

    /// The journey has arrived.
    pub fn end_operation(&mut self, mut at: At) {
        self.reclaim(&mut at);
        self.s.journal.end(self.sink, at.ride, self.now);
        if let Some(task) = self.task_of(at) {
            self.s.task_mut(task).journey = Ride::NONE;
        }
        self.pop(at);
    }

    /// At its operation's end a task carries the operation's journey, whoever else may still believe to.
    pub fn reclaim(&mut self, at: &mut At) {
        let Some(task) = self.task_of(*at) else { return };
        let own = self.s.task(task).journey;
        if !(self.s.journal.same(own, at.ride) && self.s.journal.carries(at.ride)) {
            let ride = self.s.journal.reclaim(own);
            self.carry(at, ride);
        }
    }

    /// Where the program's own code shows.
    pub fn user_component(&self, at: At) -> ComponentId {
        self.task_of(at).map_or(ComponentId(0), |task: TaskId| self.s.task(task).component)
    }
}
