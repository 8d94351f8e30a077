//! A kernel's first process: what it executes when it has booted, and what starts and ends all others.
//!
//! Real (systemd, init): the kernel executes it as process 1; it starts what is to run, and waits for it. Asked to turn
//! the machine off (the power button of ACPI, an interrupt) it asks what it has started to end, waits, has the file system
//! told that all is written, and the kernel turn the power off: a write to a port of ACPI, in a virtual machine an exit to
//! the device model, which ends.
//! Modelled: that. What is up in a machine is started one after the other, each on a journey of its own. A machine that
//! boots has done that before (`boot/`). Left out: services that start at the same time; what takes too long to end is
//! killed with the whole machine; the end of the services that a boot has started.

use crate::costs::Primitive;
use crate::trace::{ChangeKind, CpuId, Crossing, OperationKind, Token};

use crate::machine::frame::{At, Exit, Frame, Kind, TaskId, steps};
use crate::machine::journal::Ride;
use crate::machine::plan::{NodeId, Plan};
use crate::machine::spec::Image;
use crate::machine::state::{Phase, RequestKind};
use crate::machine::turn::Turn;

/// The program of a device model: what is touched of it, and how many segments it has.
pub const DEVICE_MODEL: Image = Image { bytes: 4 << 20, segments: 8 };

/// What says of a file system that it has been left in order.
const SUPERBLOCK: u64 = 4096;

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
        /// The file system is told that all is written.
        Sync,
        Write,
        Written,
        PowerOff,
        Off,
    }
}

/// What the first task of a machine has before it when the power comes: to boot, and to be the first process then.
pub fn booting(node: NodeId) -> Vec<Frame> {
    vec![Frame::new(Kind::Init(node), Ride::NONE), Frame::new(Kind::Boot { part: 0, act: 0 }, Ride::NONE)]
}

impl Turn<'_> {
    /// [`Kind::Init`].
    pub fn step_init(&mut self, at: At, node: NodeId, frame: Frame) {
        let fixed = self.f;
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let machine = fixed.plans.get(node.index()).and_then(|plan| plan.machine());
        let nodes = machine.map_or(&fixed.top, |machine| &machine.nodes);
        let inner = nodes.get(frame.count as usize).copied();
        match (InitStep::of(frame.pc), inner) {
            (InitStep::Start, None) => self.goto(at, InitStep::Up),
            (InitStep::Start, Some(inner)) => {
                self.again(at, InitStep::Start);
                let plan = &fixed.plans[inner.index()];
                if plan.upkeep.up && self.may_start(inner).is_ok() {
                    self.start_by_init(at, task, plan);
                }
            }
            (InitStep::Up, _) => {
                self.first(at, InitStep::Wait);
                match machine {
                    None => self.s.host.up = true,
                    Some(_) if self.s.life(node).phase == Phase::Starting => self.is_up(node),
                    Some(_) => {}
                }
            }
            (InitStep::Wait, _) if self.is_to_be_off(node) => self.first(at, InitStep::Ask),
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
                if !nodes.iter().all(down) {
                    return self.block(task);
                }
                // What stands there without having booted has mounted nothing.
                let booted = !fixed.boots[usize::from(self.s.cpu(at.cpu).kernel.0)].is_empty();
                self.goto(at, if booted { InitStep::Sync } else { InitStep::PowerOff });
            }
            (InitStep::Sync, _) => self.enter_kernel(at, InitStep::Write),
            (InitStep::Write, _) => {
                self.goto(at, InitStep::Written);
                let request = self.make_request(at, task, RequestKind::Write, 0, SUPERBLOCK);
                self.push(at, Kind::SubmitBlock(request));
            }
            (InitStep::Written, _) if self.has_arrived(task) => self.goto(at, InitStep::PowerOff),
            (InitStep::Written, _) => self.block_for_device(task),
            (InitStep::PowerOff, _) => self.enter_kernel(at, InitStep::Off),
            (InitStep::Off, _) => {
                self.first(at, InitStep::Wait);
                match (machine, self.s.thread_of(at.cpu)) {
                    (Some(machine), Some(thread)) => {
                        self.s.vm_mut(machine.vm).off = true;
                        self.exit_guest(thread, Exit::Io, false, Ride::NONE);
                    }
                    _ => {
                        self.s.host.stopping = false;
                        self.switch_off();
                    }
                }
            }
        }
    }

    fn is_to_be_off(&self, node: NodeId) -> bool {
        if node == NodeId::HOST { self.s.host.stopping } else { self.s.life(node).stopping }
    }

    /// One of what is to be up is started, on a journey of its own.
    fn start_by_init(&mut self, at: At, task: TaskId, plan: &Plan) {
        // What is started is nobody's burden but its own.
        let (stack, component) = match plan.inside {
            Some(_) => (self.s.task(task).stack, self.s.task(task).component),
            None => (plan.stack, self.s.task(task).component),
        };
        let label = self.f.operations[usize::from(plan.start)].label;
        let ride = self.s.journal.begin(self.sink, stack, OperationKind::Start, label, component, self.now);
        self.s.task_mut(task).journey = ride;
        self.frames(at.context).push(Frame::new(Kind::Operation(plan.start), ride));
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
        let init = match fixed.plans[node.index()].inside {
            None if self.s.host.stopping => self.s.host.init,
            Some(outer) if self.s.life(outer).stopping => self.s.vm(fixed.plans[outer.index()].machine()?.vm).init,
            _ => return None,
        };
        Some(init).filter(|init| self.s.lives(*init))
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
            // The signal may have come while the next thread was being made: then that is none (`copy_process`).
            ModelStep::Threads | ModelStep::Thread if self.is_doomed(task) => self.unwind(task),
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
                    of.frames = match machine.boots {
                        true => booting(node),
                        false => vec![Frame::new(Kind::Init(node), Ride::NONE)],
                    };
                    of.state = crate::machine::state::TaskState::Ready;
                    self.s.insert(init);
                    let first = self.s.cpu_mut(machine.first_cpu);
                    (first.reschedule, first.idle) = (true, false);
                }
                // At most as many as the machine's vCPUs.
                let index = frame.count as u16;
                let first = self.s.kernel_of(at.cpu).first_cpu;
                let pin = machine.pin.get(usize::from(index)).map(|pin| CpuId(first.0 + pin));
                let cpu = pin.unwrap_or_else(|| self.next_cpu(at.cpu, frame.count + 1));
                let thread = self.s.vcpu_thread(process, machine, index, cpu, index == 0);
                self.s.task_mut(thread).vruntime = self.s.min_vruntime(cpu, self.s.group_of(thread));
            }
            ModelStep::Enter => {
                self.goto(at, ModelStep::Serve);
                // The guest may run, and ring, before this thread does again.
                self.s.bind_doorbells(machine.vm, task);
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
