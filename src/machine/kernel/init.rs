//! A guest's first process: what the kernel executes when it has booted, and what starts and ends all others.
//!
//! Real (systemd, init): the kernel executes it as process 1; it starts what is to run, and waits for it. Asked to turn
//! the machine off (the power button of ACPI, an interrupt) it asks what it has started to end, waits, and has the kernel
//! turn the power off: a write to a port of ACPI, in a virtual machine an exit to the device model, which ends.
//! Modelled: that. What is up in a machine is started one after the other, each on a journey of its own. Left out: boot up
//! to here; services that start at the same time; what takes too long to end is killed with the whole machine.

use crate::costs::Primitive;
use crate::trace::{ChangeKind, CpuId, Crossing, OperationKind, Token};

use crate::machine::frame::{At, Exit, Frame, Kind, TaskId, steps};
use crate::machine::journal::Ride;
use crate::machine::plan::NodeId;
use crate::machine::spec::Image;
use crate::machine::state::Phase;
use crate::machine::turn::Turn;

/// The program of a device model: what is touched of it, and how many segments it has.
pub const DEVICE_MODEL: Image = Image { bytes: 4 << 20, segments: 8 };

steps! {
    /// [`Kind::Init`].
    pub enum InitStep {
        /// What is to be up is started, one after the other.
        Start,
        Up,
        /// Asleep, until something is wanted.
        Wait,
        /// One after the other is asked to end.
        Ask,
        Asked,
        /// They end.
        Last,
        PowerOff,
        Off,
    }
}

impl Turn<'_> {
    /// [`Kind::Init`].
    pub fn step_init(&mut self, at: At, node: NodeId, frame: Frame) {
        let fixed = self.f;
        let (Some(task), Some(machine)) = (self.task_of(at), fixed.plans[node.index()].machine()) else {
            return self.pop(at);
        };
        let inner = machine.nodes.get(frame.count as usize).copied();
        match (InitStep::of(frame.pc), inner) {
            (InitStep::Start, None) => self.goto(at, InitStep::Up),
            (InitStep::Start, Some(inner)) => {
                self.again(at, InitStep::Start);
                let plan = &fixed.plans[inner.index()];
                if plan.upkeep.up && self.may_start(inner).is_ok() {
                    let of = self.s.task(task);
                    let (stack, component) = (of.stack, of.component);
                    let label = fixed.operations[usize::from(plan.start)].label;
                    let kind = OperationKind::Start;
                    let ride = self.s.journal.begin(self.sink, stack, kind, label, component, self.now);
                    self.s.task_mut(task).journey = ride;
                    self.frames(at.context).push(Frame::new(Kind::Operation(plan.start), ride));
                }
            }
            (InitStep::Up, _) => {
                self.first(at, InitStep::Wait);
                if self.s.life(node).phase == Phase::Starting {
                    self.is_up(node);
                }
            }
            (InitStep::Wait, _) if self.s.life(node).stopping => self.first(at, InitStep::Ask),
            (InitStep::Wait, _) => self.block(task),
            (InitStep::Ask, None) => self.goto(at, InitStep::Last),
            (InitStep::Ask, Some(inner)) if self.s.life(inner).phase == Phase::Down => self.again(at, InitStep::Ask),
            (InitStep::Ask, Some(_)) => self.enter_kernel(at, InitStep::Asked),
            (InitStep::Asked, Some(inner)) => {
                self.again(at, InitStep::Ask);
                self.ask_to_stop(at, inner);
            }
            (InitStep::Asked, None) => self.goto(at, InitStep::Last),
            (InitStep::Last, _) => {
                let down = |inner: &NodeId| self.s.life(*inner).phase == Phase::Down;
                if machine.nodes.iter().all(down) {
                    self.goto(at, InitStep::PowerOff);
                } else {
                    self.block(task);
                }
            }
            (InitStep::PowerOff, _) => self.enter_kernel(at, InitStep::Off),
            (InitStep::Off, _) => {
                self.first(at, InitStep::Wait);
                self.s.vm_mut(machine.vm).off = true;
                if let Some(thread) = self.s.thread_of(at.cpu) {
                    self.exit_guest(thread, Exit::Io, false, Ride::NONE);
                }
            }
        }
    }

    /// The next step, from the first of what it is about.
    fn first(&mut self, at: At, step: InitStep) {
        if let Some(top) = self.frames(at.context).last_mut() {
            (top.pc, top.count) = (step.into(), 0);
        }
    }

    /// Something is asked to end, by a task of the kernel that it stands on: a program when the operation under way is
    /// done, a virtual machine by its power button.
    pub fn ask_to_stop(&mut self, at: At, node: NodeId) {
        let fixed = self.f;
        if self.s.life(node).phase == Phase::Down {
            return;
        }
        if !std::mem::replace(&mut self.s.life_mut(node).stopping, true) {
            self.change(node, ChangeKind::Stopping);
        }
        match fixed.plans[node.index()].machine() {
            None => {
                for process in self.s.life(node).processes.clone() {
                    self.s.process_mut(process).stopping = true;
                }
            }
            Some(machine) => {
                let init = self.s.vm(machine.vm).init;
                if self.s.lives(init) {
                    let vcpu = self.way_to(at.cpu, init);
                    if let Some(vcpu) = vcpu {
                        self.post(vcpu, crate::machine::frame::IrqKind::Order(init), Ride::NONE);
                        self.push(At { ride: Ride::NONE, ..at }, Kind::Notify(vcpu));
                    }
                }
            }
        }
    }

    /// The processor above `cpu`'s kernel that leads to where a task of a kernel further up is; `None` for one of this
    /// kernel's own, or if the way is broken.
    pub fn way_to(&self, cpu: CpuId, task: TaskId) -> Option<CpuId> {
        let here = self.s.cpu(cpu).kernel;
        let mut at = self.s.task(task).cpu;
        if self.s.cpu(at).kernel == here {
            return None;
        }
        loop {
            let thread = self.s.thread_of(at).filter(|thread| self.s.lives(*thread))?;
            let below = self.s.task(thread).cpu;
            if self.s.cpu(below).kernel == here {
                return Some(at);
            }
            at = below;
        }
    }

    /// Something in a guest has ended: if its machine is being turned off, the first process looks whether that was the
    /// last.
    pub fn who_waits_for(&self, node: NodeId) -> Option<TaskId> {
        let fixed = self.f;
        let outer = fixed.plans[node.index()].inside.filter(|outer| self.s.life(*outer).stopping)?;
        let machine = fixed.plans[outer.index()].machine()?;
        Some(self.s.vm(machine.vm).init).filter(|init| self.s.lives(*init))
    }

    /// [`Kind::Model`]: a device model, from its birth until the machine has been entered.
    pub fn step_model(&mut self, at: At, operation: u16, node: NodeId, frame: Frame) {
        let fixed = self.f;
        let (Some(task), Some(machine)) = (self.task_of(at), fixed.plans[node.index()].machine()) else {
            return self.pop(at);
        };
        let component = self.s.kernel_of(at.cpu).parts.vcpus;
        match ModelStep::of(frame.pc) {
            ModelStep::Born => {
                self.goto(at, ModelStep::Execute);
                let component = self.user_component(at);
                self.return_to_user(at, component);
            }
            ModelStep::Execute => self.exec(at, DEVICE_MODEL, false, ModelStep::Make),
            ModelStep::Make => {
                self.goto(at, ModelStep::Threads);
                self.push(at, Kind::Sequence { operation, index: 0 });
            }
            ModelStep::Threads if self.is_doomed(task) => self.unwind(task),
            ModelStep::Threads if frame.count >= u32::from(machine.vcpus) => self.goto(at, ModelStep::Enter),
            ModelStep::Threads => {
                let primitive = Primitive::CreateTask;
                self.pay(at, ModelStep::Thread, primitive, 1, component, Crossing::None, Token::SystemCall);
            }
            ModelStep::Thread => {
                self.again(at, ModelStep::Threads);
                let process = self.s.task(task).process;
                if frame.count == 0 {
                    // From here on it is the machine's device model.
                    self.s.process_mut(process).vm = Some(machine.vm);
                    self.s.vm_mut(machine.vm).model = process;
                    self.s.preallocate(machine);
                    let init = self.s.add_init(machine, node, self.s.task(task).stack);
                    let of = self.s.task_mut(init);
                    of.frames = vec![Frame::new(Kind::Init(node), Ride::NONE)];
                    of.state = crate::machine::state::TaskState::Ready;
                    let first = self.s.cpu_mut(machine.first_cpu);
                    first.ready.insert((0, init));
                    (first.reschedule, first.idle) = (true, false);
                }
                // At most as many as the machine's vCPUs.
                let index = frame.count as u16;
                let first = self.s.kernel_of(at.cpu).first_cpu;
                let pin = machine.pin.get(usize::from(index)).map(|pin| CpuId(first.0 + pin));
                let cpu = pin.unwrap_or_else(|| self.next_cpu(at.cpu, frame.count + 1));
                let thread = self.s.vcpu_thread(process, machine, index, cpu, index == 0);
                self.s.task_mut(thread).vruntime = self.s.cpu(cpu).min_vruntime;
            }
            ModelStep::Enter => {
                self.goto(at, ModelStep::Serve);
                if let Some(thread) = self.s.thread_of(machine.first_cpu) {
                    self.push(At { ride: Ride::NONE, ..at }, Kind::Wake(thread));
                }
            }
            ModelStep::Serve => {
                self.s.make_worker(machine.vm, task);
                let parent = std::mem::replace(&mut self.s.task_mut(task).parent, TaskId::NONE);
                if parent.some().is_some() {
                    self.push(at, Kind::Send(parent));
                }
            }
        }
    }
}

steps! {
    /// [`Kind::Model`].
    enum ModelStep { Born, Execute, Make, Threads, Thread, Enter, Serve }
}
