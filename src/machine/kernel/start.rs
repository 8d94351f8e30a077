//! Starting what is described: a process, a container, a virtual machine, at any time of a run.
//!
//! Real: a shell forks and executes a program; a container's runtime does what `container.rs` tells, then executes the
//! container's program in place of itself and ends, so that the container's first process is nobody's business but the
//! engine's; a virtual machine's device model is a program like any, which makes the machine by system calls, a thread for
//! each of its processors, and enters it (`hypervisor/start.rs`).
//! Modelled: that, on the journey of who starts it, until the program's first instruction has been told of, or the
//! machine has been entered; from there on a machine's start is its guest's (`init.rs`). Each further thread is a clone of
//! its own. Whoever starts it, the steps are these, and what stands in the end is what stands up at time zero.
//! Left out: the client, the engine and the shim, which wait for this; dynamic linking.

use crate::costs::Primitive;
use crate::trace::{ChangeKind, CpuId, Crossing, Refusal, Token};

use crate::machine::frame::{At, Frame, Kind, Pc, TaskId, steps};
use crate::machine::journal::Ride;
use crate::machine::life;
use crate::machine::plan::NodeId;
use crate::machine::spec::{ContainerNetwork, ContainerStart, Image, Operation, StartNetwork, VmStart};
use crate::machine::state::Phase;
use crate::machine::turn::Turn;

/// What is mapped and touched of a program before its first operation: a small one, linked statically.
const PROGRAM: Image = Image { bytes: 128 << 10, segments: 4 };
/// What the processes of a container's runtime write to of their memory.
const RUNTIME_WRITES: u64 = 64 << 10;

steps! {
    /// Who starts it.
    enum StartStep { Look, Wait, WaitFilters, Told }
}

steps! {
    /// [`Kind::TakeUp`].
    enum TakeUpStep { First, More, Thread, Up, Tell, Told }
}

impl Turn<'_> {
    /// Whether `node` can be started now.
    pub fn may_start(&self, node: NodeId) -> Result<(), Refusal> {
        let plan = &self.f.plans[node.index()];
        if plan.inside.is_some_and(|outer| self.s.life(outer).phase == Phase::Down) {
            return Err(Refusal::MachineIsDown);
        }
        if self.s.life(node).phase == Phase::Down && plan.runs() { Ok(()) } else { Err(Refusal::Runs) }
    }

    /// Somebody begins to start it.
    pub fn begin_start(&mut self, node: NodeId) {
        let life = self.s.life_mut(node);
        life.phase = Phase::Starting;
        life.starts += 1;
        self.change(node, ChangeKind::Starting);
    }

    /// [`Operation::Start`], as who starts it sees it. An order from outside has begun it already.
    pub fn step_start(&mut self, at: At, task: TaskId, operation: u16, pc: Pc) {
        let Some(node) = self.f.operations[usize::from(operation)].node else { return self.end_operation(at) };
        match StartStep::of(pc) {
            StartStep::Look => {
                if self.s.process_of(task).order.is_none() {
                    let here = self.f.plans[node.index()].kernel == self.s.task(task).kernel;
                    let may = if here { self.may_start(node) } else { Err(Refusal::OtherKernel) };
                    if let Err(why) = may {
                        self.change(node, ChangeKind::Refused(why));
                        return self.end_operation(at);
                    }
                    self.begin_start(node);
                }
                self.goto(at, StartStep::Wait);
                let vfork = self.f.plans[node.index()].program().is_none_or(|program| program.container.is_none());
                self.push(at, Kind::Clone { operation, vfork });
            }
            StartStep::Wait => self.enter_kernel(at, StartStep::WaitFilters),
            StartStep::WaitFilters => self.run_filters(at, task, StartStep::Told),
            StartStep::Told if self.take_message(task) => self.return_and_end(at),
            StartStep::Told => self.block(task),
        }
    }

    /// What a child does that was made by a fork, or to start a described process: whether it borrows its parent's memory,
    /// what it writes to, what it executes, and what it becomes then.
    pub fn child_of(&self, operation: u16) -> Option<(bool, u64, Option<Image>, Option<NodeId>)> {
        let made_for = &self.f.operations[usize::from(operation)];
        match &made_for.operation {
            Operation::Fork { vfork, writes, exec } => Some((*vfork, *writes, *exec, None)),
            Operation::Start(_) => Some((false, 0, Some(PROGRAM), made_for.node)),
            _ => None,
        }
    }

    /// How a container is started, and what its first process becomes.
    pub fn container_start(&self, operation: u16) -> Option<(ContainerStart, Option<NodeId>)> {
        let made_for = &self.f.operations[usize::from(operation)];
        match (&made_for.operation, made_for.node) {
            (Operation::StartContainer(start), _) => Some((*start, None)),
            (Operation::Start(_), Some(node)) => {
                let program = self.f.plans[node.index()].program()?;
                let network = match program.container?.network {
                    ContainerNetwork::Host => StartNetwork::Host,
                    ContainerNetwork::Bridge => StartNetwork::Bridge,
                };
                let cgroup = program.group.is_some();
                let start =
                    ContainerStart { rootless: false, cgroup, written: RUNTIME_WRITES, network, image: PROGRAM };
                Some((start, Some(node)))
            }
            _ => None,
        }
    }

    /// How a virtual machine is made.
    pub fn vm_start(&self, operation: u16) -> Option<(VmStart, bool)> {
        let made_for = &self.f.operations[usize::from(operation)];
        match (&made_for.operation, made_for.node) {
            (Operation::StartVm(start), _) => Some((*start, false)),
            (Operation::Start(_), Some(node)) => {
                let machine = self.f.plans[node.index()].machine()?;
                let technique = self.s.vm(machine.vm).technique;
                Some((VmStart { written: machine.loaded, vcpus: machine.vcpus, technique }, true))
            }
            _ => None,
        }
    }

    /// A child becomes the first process of what it was made for.
    pub fn take_up(&mut self, at: At, node: NodeId) {
        let frames = self.frames(at.context);
        frames.clear();
        frames.push(Frame::new(Kind::Program, Ride::NONE));
        frames.push(Frame::new(Kind::TakeUp(node), at.ride));
    }

    /// [`Kind::TakeUp`].
    pub fn step_take_up(&mut self, at: At, node: NodeId, frame: Frame) {
        let fixed = self.f;
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let Some((program, run)) =
            fixed.plans[node.index()].program().and_then(|program| Some((program, program.run.as_ref()?)))
        else {
            return self.pop(at);
        };
        match TakeUpStep::of(frame.pc) {
            // Who has got a fatal signal makes no more threads (`copy_process`).
            TakeUpStep::First | TakeUpStep::More | TakeUpStep::Thread if self.is_doomed(task) => self.unwind(task),
            TakeUpStep::First => {
                self.change_group(task, program.group, |state| {
                    let process = state.task(task).process;
                    life::clothe(state.process_mut(process), program);
                    state.give_program(task, run);
                });
                // Its program is below this frame.
                self.frames(at.context).push(Frame { count: 1, ..frame });
                self.goto(at, TakeUpStep::More);
                self.s.add_partners(task, run);
            }
            TakeUpStep::More if frame.count >= u32::from(run.threads) => self.goto(at, TakeUpStep::Up),
            TakeUpStep::More => {
                let (component, primitive) = (self.s.kernel_of(at.cpu).parts.scheduler, Primitive::CreateTask);
                self.pay(at, TakeUpStep::Thread, primitive, 1, component, Crossing::None, Token::SystemCall);
            }
            TakeUpStep::Thread => {
                self.again(at, TakeUpStep::More);
                let cpu = self.next_cpu(at.cpu, frame.count);
                let cpu = if run.cpu.is_some() { at.cpu } else { cpu };
                let process = self.s.task(task).process;
                let thread = self.s.program_thread(process, run, cpu, false);
                self.s.task_mut(thread).vruntime = self.s.min_vruntime(cpu, self.s.group_of(thread));
                self.push(At { ride: Ride::NONE, ..at }, Kind::Wake(thread));
            }
            TakeUpStep::Up => {
                self.goto(at, TakeUpStep::Tell);
                self.is_up(node);
            }
            TakeUpStep::Tell => {
                self.goto(at, TakeUpStep::Told);
                let parent = std::mem::replace(&mut self.s.task_mut(task).parent, TaskId::NONE);
                if parent.some().is_some() {
                    self.push(at, Kind::Send(parent));
                }
            }
            TakeUpStep::Told => self.pop(at),
        }
    }

    /// So many processors further, among those of the same kernel.
    pub fn next_cpu(&self, cpu: CpuId, further: u32) -> CpuId {
        let kernel = self.s.kernel_of(cpu);
        let place = (u32::from(cpu.0 - kernel.first_cpu.0) + further) % u32::from(kernel.cpus);
        // Less than the kernel's processors.
        CpuId(kernel.first_cpu.0 + place as u16)
    }

    /// It has been started.
    pub fn is_up(&mut self, node: NodeId) {
        let now = self.now;
        let life = self.s.life_mut(node);
        (life.phase, life.since) = (Phase::Up, now);
        self.change(node, ChangeKind::Up);
    }
}
