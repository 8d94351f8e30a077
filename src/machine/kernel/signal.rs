//! Signals that end a process.
//!
//! Real (Linux, kernel/signal.c, exit.c, pid_namespace.c): a fatal signal is for all threads of a process: who sends it
//! marks each and wakes those that sleep, and each ends by itself, where it would go back to ring 3 or lie down. A thread
//! that waits for a device that is at work on its memory ends after that. The last one takes the address space down. The
//! first process of a pid namespace takes all others of it along. A vCPU's thread looks for signals before it enters
//! guest mode.
//! Modelled: that. A process that ends by itself takes the threads that serve it along. What a container's start made
//! dies with who started it (PR_SET_PDEATHSIG); other children live on as orphans. SIGTERM is a process that ends when
//! the operation under way is done, as servers do that drain. Left out: handlers, zombies that nobody waits for, what the
//! end of a program that comes to its end by itself costs.

use crate::trace::What;

use crate::machine::frame::{At, Frame, IrqKind, Kind, ProcessId, TaskId};
use crate::machine::journal::Ride;
use crate::machine::state::{Asleep, Signal, TaskState, Timer};
use crate::machine::turn::Turn;

use super::process::ExitStep;

impl Turn<'_> {
    /// A fatal signal for all threads of a process. Who sends it also wakes them, and tells the processors on which
    /// they run.
    pub fn kill(&mut self, at: At, id: ProcessId, signal: Signal) {
        if self.s.process(id).killed.is_some() {
            return;
        }
        self.s.process_mut(id).killed = Some(signal);
        let unattributed = At { ride: Ride::NONE, ..at };
        for index in 0..self.s.process(id).threads.len() {
            let thread = self.s.process(id).threads[index];
            let task = self.s.task_mut(thread);
            task.doomed = true;
            let cpu = task.cpu;
            match (task.state, task.asleep) {
                (TaskState::Blocked, Asleep::Interruptible) => self.push(unattributed, Kind::Wake(thread)),
                (TaskState::Running, _) if cpu != at.cpu => {
                    self.push(unattributed, Kind::SendIpi(cpu, IrqKind::Reschedule(thread)));
                }
                // It ends where it would lie down or go back to ring 3.
                _ => {}
            }
        }
    }

    /// Whether a thread has been told to end.
    pub fn is_doomed(&self, task: TaskId) -> bool {
        self.s.task(task).doomed
    }

    /// A doomed thread that has been interrupted in ring 3, or was asleep, ends instead of going on.
    pub fn heed_signal(&mut self, task: TaskId, was: Asleep) {
        if self.is_doomed(task) && (was == Asleep::Interruptible || self.in_ring_3(task)) {
            self.unwind(task);
        }
    }

    fn in_ring_3(&self, id: TaskId) -> bool {
        use crate::costs::Primitive::*;
        let task = self.s.task(id);
        task.work.is_some_and(|work| {
            matches!(
                work.what,
                What::UserCode
                    | What::Pay(L1Hit | L2Hit | L3Hit | DramAccess | Cycle | PageWalkReference | NestedWalkReference)
            )
        })
    }

    /// A doomed thread leaves all that it was in the middle of, and ends.
    pub fn unwind(&mut self, id: TaskId) {
        let task = self.s.task_mut(id);
        task.frames.clear();
        task.doomed = false;
        task.work = None;
        let process = self.s.task(id).process;
        if self.s.process(process).killed.is_some_and(|signal| signal != Signal::Exit) {
            let exit = Frame::at(Kind::ExitThread { lent: false }, Ride::NONE, ExitStep::Pages);
            self.s.task_mut(id).frames.push(exit);
        }
        self.forget(id);
    }

    /// The program of a process has come to its end in a thread: the last one takes along those that serve.
    pub fn end_program(&mut self, at: At, thread: TaskId) {
        let process = self.s.task(thread).process;
        let busy = |id: &TaskId| {
            let base = self.s.task(*id).frames.first().map(|frame| frame.kind);
            *id != thread && base.is_some_and(|kind| kind != Kind::Echo)
        };
        if self.s.process(process).threads.iter().any(busy) {
            return;
        }
        for id in self.s.process(process).threads.clone() {
            let (state, cpu) = (self.s.task(id).state, self.s.task(id).cpu);
            let task = self.s.task_mut(id);
            match state {
                _ if id == thread => {}
                TaskState::Blocked => {
                    task.frames.clear();
                    task.state = TaskState::Dead;
                    // Otherwise its processor is about to switch away from it. It is not the process's last one.
                    if self.s.cpu(cpu).current != id {
                        self.s.bury(id);
                    }
                }
                // It is on its way back to where it waits.
                _ => task.doomed = true,
            }
        }
        self.s.process_mut(process).killed.get_or_insert(Signal::Exit);
        self.kill_namespace(at, process);
    }

    /// Nothing is left that would lead to a thread that ends: its journey, its alarm.
    pub fn forget(&mut self, id: TaskId) {
        let task = self.s.task_mut(id);
        let journey = std::mem::replace(&mut task.journey, Ride::NONE);
        task.incoming = Ride::NONE;
        task.arrived = false;
        let (alarm, ride) = (task.alarm.take(), self.s.journal.reclaim(journey));
        if let Some((cpu, due)) = alarm {
            self.s.cpu_mut(cpu).timers.remove(&(due, Timer::Wake(id)));
        }
        self.s.journal.end(self.sink, ride, self.now);
    }

    /// What dies with a process: what a container's start made of it; and of a container's first process, the others in
    /// its pid namespace.
    pub fn kill_dependents(&mut self, at: At, process: ProcessId) {
        for child in self.s.process(process).children.clone() {
            let first = self.s.process(child).threads.first().copied();
            let base = first.and_then(|thread| self.s.task(thread).frames.first()).map(|frame| frame.kind);
            let described = self.s.process(child).node != self.s.process(process).node;
            if matches!(base, Some(Kind::ContainerChild(_))) && !described {
                self.kill(at, child, Signal::ParentDeath);
            }
        }
        self.kill_namespace(at, process);
    }

    /// The others in the pid namespace of which `first` may be the first process.
    fn kill_namespace(&mut self, at: At, first: ProcessId) {
        let process = self.s.process(first);
        let (Some(node), true) = (process.node, process.namespace.is_some()) else { return };
        if self.s.life(node).main != first {
            return;
        }
        for other in self.s.life(node).processes.clone() {
            if other != first {
                self.kill(at, other, Signal::Kill);
            }
        }
    }
}
