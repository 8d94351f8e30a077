//! Births and ends: everything that comes into being or passes away during a run does so here.
//!
//! Real (Linux, kernel/fork.c, signal.c, exit.c): a process is its threads and what they share. A fatal signal is for
//! all of them: who sends it marks each thread and wakes those that sleep, and each ends by itself, where it would go
//! back to ring 3 or lie down. A thread that waits for a device that is at work on its memory ends after that. The last
//! one takes the address space down. A thread that has ended is forgotten when its processor has switched away from it.
//! Modelled: that. A process that ends by itself takes the threads that serve it along. What a container's start made
//! dies with who started it (PR_SET_PDEATHSIG); other children live on as orphans. Left out: handlers, zombies that
//! nobody waits for, what the end of a program that comes to its end by itself costs.

use crate::engine::Time;
use crate::trace::{ComponentId, CpuId, StackId, What};

use super::frame::{At, Frame, IrqKind, Kind, ProcessId, TaskId};
use super::journal::Ride;
use super::kernel::process::ExitStep;
use super::kernel::scheduler::NICE_0;
use super::spec::Operation;
use super::state::{Asleep, KernelId, Link, Process, Signal, Space, State, Task, TaskState, Timer};
use super::turn::Turn;

/// The number of the first process of a kernel that is not its own.
pub const FIRST_PID: u32 = 1201;

/// A process that has nothing of its own yet.
pub fn process(kernel: KernelId, stack: StackId, component: ComponentId) -> Process {
    Process {
        kernel,
        parent: ProcessId::NONE,
        pid: 0,
        component,
        stack,
        namespace: None,
        bridged: false,
        filters: 0,
        group: None,
        mounts: 0,
        nic: 0,
        space: Space::default(),
        threads: Vec::new(),
        children: Vec::new(),
        vm: None,
        ports: false,
        killed: None,
    }
}

impl State {
    /// A process is born: it gets the next number of its kernel, and is known to its parent.
    pub fn spawn(&mut self, mut process: Process) -> ProcessId {
        let (kernel, parent) = (process.kernel, process.parent);
        process.pid = self.kernel(kernel).next_pid;
        let id = ProcessId(self.processes.insert(process));
        let kernel = self.kernel_mut(kernel);
        kernel.next_pid += 1;
        kernel.processes.insert(id);
        if parent.some().is_some() {
            self.process_mut(parent).children.push(id);
        }
        id
    }

    /// A thread of `process` on `cpu` that has nothing to do yet.
    pub fn thread(&self, process: ProcessId, cpu: CpuId) -> Task {
        let of = self.process(process);
        Task {
            kernel: of.kernel,
            process,
            cpu,
            pinned: false,
            state: TaskState::Blocked,
            asleep: Asleep::Interruptible,
            doomed: false,
            frames: Vec::new(),
            work: None,
            guest: None,
            vcpu: CpuId::NONE,
            journey: Ride::NONE,
            incoming: Ride::NONE,
            vruntime: 0,
            weight: NICE_0,
            stack: of.stack,
            component: of.component,
            program: 0,
            pc: 0,
            rounds: Vec::new(),
            messages: 0,
            partners: [TaskId::NONE; Link::KINDS],
            link: Link::default(),
            think: Time::ZERO,
            child: TaskId::NONE,
            parent: TaskId::NONE,
            alarm: None,
            inbox: std::collections::VecDeque::new(),
            arrived: false,
        }
    }

    /// A thread is born.
    pub fn add_thread(&mut self, task: Task) -> TaskId {
        let process = task.process;
        let id = TaskId(self.tasks.insert(task));
        self.process_mut(process).threads.push(id);
        id
    }

    /// A thread that has ended is forgotten, and with the last one its process.
    pub fn bury(&mut self, id: TaskId) {
        let process = self.task(id).process;
        self.tasks.remove(id.0);
        let of = self.process_mut(process);
        of.threads.retain(|thread| *thread != id);
        if of.threads.is_empty() {
            self.end_process(process);
        }
    }

    fn end_process(&mut self, id: ProcessId) {
        let process = self.process_mut(id);
        let (kernel, parent) = (process.kernel, process.parent);
        let children = std::mem::take(&mut process.children);
        // Orphans belong to their kernel's first process.
        for child in children {
            self.process_mut(child).parent = ProcessId::NONE;
        }
        if parent.some().is_some() {
            self.process_mut(parent).children.retain(|child| *child != id);
        }
        self.kernel_mut(kernel).processes.remove(&id);
        self.processes.remove(id.0);
    }
}

impl Turn<'_> {
    /// A child of `parent`'s process, made for an operation: it has what its parent has, and a copy of its memory
    /// unless that is only lent (`vfork`). It does not run yet.
    pub fn fork(&mut self, parent: TaskId, operation: u16, vfork: bool) -> TaskId {
        let maker = self.s.task(parent).process;
        let of = self.s.process(maker);
        let entries = if vfork { 0 } else { of.space.entries };
        let child = Process {
            parent: maker,
            namespace: of.namespace,
            bridged: of.bridged,
            filters: of.filters,
            ports: of.ports,
            group: of.group,
            mounts: of.mounts,
            nic: of.nic,
            space: Space { entries, ..Space::default() },
            ..process(of.kernel, of.stack, of.component)
        };
        let process = self.s.spawn(child);
        let maker = self.s.task(parent);
        let kind = match &self.f.operations[usize::from(operation)].operation {
            Operation::StartContainer(_) => Kind::ContainerChild(operation),
            _ => Kind::Child(operation),
        };
        let child = Task {
            pinned: maker.pinned,
            weight: maker.weight,
            vruntime: maker.vruntime,
            parent,
            frames: vec![Frame::new(kind, Ride::NONE)],
            ..self.s.thread(process, maker.cpu)
        };
        let child = self.s.add_thread(child);
        self.s.task_mut(parent).child = child;
        child
    }

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
        if matches!(self.s.process(process).killed, Some(Signal::Segv | Signal::ParentDeath)) {
            let exit = Frame::at(Kind::ExitThread { lent: false }, Ride::NONE, ExitStep::Pages);
            self.s.task_mut(id).frames.push(exit);
        }
        self.forget(id);
    }

    /// The program of a process has come to its end in `thread`: the last of its threads takes along those that serve.
    pub fn end_program(&mut self, thread: TaskId) {
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
                    // Otherwise its processor is about to switch away from it.
                    if self.s.cpu(cpu).current != id {
                        self.s.bury(id);
                    }
                }
                // It is on its way back to where it waits.
                _ => task.doomed = true,
            }
        }
        self.s.process_mut(process).killed.get_or_insert(Signal::Exit);
    }

    /// Nothing is left that would lead to a thread that ends: its journey, its alarm.
    fn forget(&mut self, id: TaskId) {
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

    /// What dies with a process: what a container's start made of it.
    pub fn kill_dependents(&mut self, at: At, process: ProcessId) {
        for child in self.s.process(process).children.clone() {
            let first = self.s.process(child).threads.first().copied();
            let base = first.and_then(|thread| self.s.task(thread).frames.first()).map(|frame| frame.kind);
            if matches!(base, Some(Kind::ContainerChild(_))) {
                self.kill(at, child, Signal::ParentDeath);
            }
        }
    }
}
