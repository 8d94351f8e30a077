//! Births and ends: everything that comes into being or passes away during a run does so here.

use crate::engine::Time;
use crate::trace::{ComponentId, CpuId, StackId};

use super::frame::{Frame, Kind, ProcessId, TaskId};
use super::journal::Ride;
use super::kernel::scheduler::NICE_0;
use super::spec::Operation;
use super::state::{Asleep, KernelId, Link, Process, Space, State, Task, TaskState};
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
        space: Space::default(),
        threads: Vec::new(),
        children: Vec::new(),
        vm: None,
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
            group: of.group,
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
}
