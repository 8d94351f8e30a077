//! The scheduler: weighted fair queueing on each processor, by groups (`run_queue.rs`).
//!
//! Real: Linux's fair class (CFS, since 6.6 EEVDF) gives each processor a queue ordered by weighted virtual run
//! time; a waking task goes to an idle processor if there is one, and may preempt; an idle processor pulls work.
//! Modelled: all of these, with a fixed slice and wake-up granularity, and the tick only while somebody waits (as
//! with nohz_full). Left out: periodic load balancing between busy processors, NUMA, deadlines, real-time classes.
//! More: Linux, Documentation/scheduler/sched-design-CFS.rst.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{CpuId, Crossing, Token, Wait};

use crate::machine::frame::{At, Context, Exit, Frame, GroupId, Irq, IrqKind, Kind, Pc, TaskId, steps};
use crate::machine::journal::Ride;
use crate::machine::state::{Asleep, KernelId, State, TaskState, Timer};
use crate::machine::turn::Turn;
use crate::machine::{Event, Ipi};

/// How long a task may run while another waits: Linux's default base slice on a machine with many processors.
pub const SLICE: Time = Time::ms(3);
/// A waking task preempts one that is ahead of it by more than this.
const WAKE_UP_GRANULARITY: u64 = Time::ms(1).as_ps();
/// The weight of nice 0.
pub const NICE_0: u32 = 1024;

steps! {
    /// [`Kind::Wake`] and [`Kind::Send`].
    enum WakeStep { Wake, Enqueue, Done }
}

steps! {
    /// [`Kind::Switch`].
    enum SwitchStep { Choose, Switch }
}

steps! {
    /// [`Kind::Idle`].
    pub enum IdleStep {
        Halt,
        /// In HLT, until an interrupt ends it.
        Halted,
    }
}

steps! {
    /// [`Kind::SendIpi`].
    enum IpiStep { Send, Sent }
}

impl Turn<'_> {
    /// Adds the time since charging began to the current task's virtual run time, and to what its groups have used.
    pub fn stop_charging(&mut self, cpu_id: CpuId) {
        let now = self.now;
        let cpu = self.s.cpu_mut(cpu_id);
        let from = std::mem::replace(&mut cpu.charged_from, Time::MAX);
        let (Some(task_id), true) = (cpu.current.some(), from < now) else { return };
        let used = now - from;
        self.s.charge_run(cpu_id, task_id, used);
        self.charge_groups(cpu_id, task_id, used);
    }

    /// From now on the current task is charged.
    pub fn start_charging(&mut self, cpu_id: CpuId) {
        let now = self.now;
        let cpu = self.s.cpu_mut(cpu_id);
        if cpu.current.some().is_some() && cpu.charged_from == Time::MAX {
            cpu.charged_from = now;
        }
    }

    /// The journeys that stand still while `task` does: its own, and that of what runs in its guest.
    pub fn set_wait(&mut self, task: TaskId, wait: Wait) {
        let top = self.s.task(task).frames.last().map_or(Ride::NONE, |frame| frame.ride);
        let component = self.s.kernel(self.s.task(task).kernel).parts.scheduler;
        self.s.journal.wait(self.sink, top, wait, Some(component), self.now);
        if self.s.task(task).vcpu.some().is_some() {
            let ride = self.leaf_ride(task);
            if ride != top {
                self.s.journal.wait(self.sink, ride, Wait::VcpuPreempted, None, self.now);
            }
        }
    }

    /// The journey of the innermost thing that runs in a vCPU thread, or the task's own.
    fn leaf_ride(&self, task: TaskId) -> Ride {
        let mut task = self.s.task(task);
        loop {
            let top = task.frames.last().map_or(Ride::NONE, |frame| frame.ride);
            let Some(vcpu) = task.vcpu.some() else { return top };
            let cpu = self.s.cpu(vcpu);
            if let Some(frame) = cpu.frames.last() {
                return frame.ride;
            }
            match cpu.current.some() {
                Some(inner) => task = self.s.task(inner),
                None => return top,
            }
        }
    }

    /// Which processor a waking task goes to: the one it was on if that is idle, else the first idle one, else the
    /// one it was on.
    fn select_cpu(&self, task_id: TaskId) -> CpuId {
        let task = self.s.task(task_id);
        let free = |cpu: CpuId| self.s.cpu(cpu).idle && !self.s.cpu(cpu).claimed;
        if task.pinned || free(task.cpu) {
            return task.cpu;
        }
        self.s.kernel(task.kernel).cpu_ids().find(|&cpu| free(cpu)).unwrap_or(task.cpu)
    }

    /// Puts a ready task into a processor's queue.
    pub fn enqueue(&mut self, task_id: TaskId, cpu_id: CpuId) {
        self.s.move_task(task_id, cpu_id);
        self.s.catch_up(cpu_id, task_id);
        self.s.task_mut(task_id).state = TaskState::Ready;
        self.s.insert(task_id);
    }

    /// The running task, its process's only one, comes into another group; `change` changes whatever else its place in the
    /// queues depends on.
    pub fn change_group(&mut self, task: TaskId, group: Option<GroupId>, change: impl FnOnce(&mut State)) {
        let cpu = self.s.task(task).cpu;
        self.stop_charging(cpu);
        self.return_grant(cpu, task);
        let ahead = self.s.task(task).vruntime.saturating_sub(self.s.min_vruntime(cpu, self.s.group_of(task)));
        self.s.remove(task);
        self.s.leave(task);
        change(self.s);
        let process = self.s.task(task).process;
        self.s.process_mut(process).group = group;
        self.s.join(task);
        self.s.task_mut(task).vruntime = self.s.min_vruntime(cpu, group).saturating_add(ahead);
        self.s.insert(task);
        self.s.take_out(task);
        self.start_charging(cpu);
        match self.grant(cpu, task) {
            Ok(()) => self.arm_quota(cpu),
            Err(_) => self.s.cpu_mut(cpu).reschedule = true,
        }
    }

    /// Another `cpu.weight` of a group. What has run so far is charged by the old one.
    pub fn set_cpu_weight(&mut self, group: GroupId, weight: u32) {
        self.settle_charges(self.s.group(group).kernel);
        self.s.set_weight(group, weight);
    }

    /// Whatever runs on a kernel's processors is charged for what it has run so far.
    pub fn settle_charges(&mut self, kernel: KernelId) {
        for cpu in self.s.kernel(kernel).cpu_ids() {
            if self.s.cpu(cpu).charged_from < self.now {
                self.stop_charging(cpu);
                self.start_charging(cpu);
            }
        }
    }

    /// A task that has lain down leaves its processor's queue, if that has not been noticed yet.
    fn dequeue(&mut self, task_id: TaskId) {
        let cpu = self.s.task(task_id).cpu;
        if self.s.is_out_to_run(cpu, task_id) {
            self.stop_charging(cpu);
            self.s.remove(task_id);
        }
    }

    /// [`Kind::Wake`], and [`Kind::Send`] with messages: makes a task ready and tells the processor that is to run it.
    /// A message is there from the instant at which the journey is handed over, so that no reader takes it before.
    pub fn step_wake(&mut self, mut at: At, task_id: TaskId, messages: u32, pc: Pc) {
        let scheduler = self.s.kernel_of(at.cpu).parts.scheduler;
        match WakeStep::of(pc) {
            // It has ended in the meantime, and with it whatever waited for it.
            WakeStep::Wake | WakeStep::Enqueue if !self.s.lives(task_id) => self.pop(at),
            WakeStep::Wake => {
                let primitive = Primitive::WakeUp;
                self.pay(at, WakeStep::Enqueue, primitive, 1, scheduler, Crossing::None, Token::Instruction);
            }
            WakeStep::Enqueue => {
                self.goto(at, WakeStep::Done);
                self.s.task_mut(task_id).messages += messages;
                let ride = self.pass_to(at.ride, task_id);
                self.carry(&mut at, ride);
                if self.s.task(task_id).state != TaskState::Blocked {
                    // It was not asleep: it finds what it wanted by itself, a backend in its inbox, a vCPU thread
                    // among its guest's pending interrupts. Both may be at work on another journey.
                    self.s.task_mut(task_id).incoming = Ride::NONE;
                    if self.s.process_of(task_id).vm.is_none() {
                        self.give_ride(task_id, ride);
                    }
                    if messages > 0 && self.s.task(task_id).state == TaskState::Running {
                        // It is at work on what came before.
                        let component = self.s.task(task_id).component;
                        self.s.journal.wait(self.sink, ride, Wait::Peer, Some(component), self.now);
                    }
                    return;
                }
                let target = self.select_cpu(task_id);
                self.dequeue(task_id);
                self.enqueue(task_id, target);
                let cpu = self.s.cpu_mut(target);
                if cpu.idle {
                    cpu.claimed = true;
                }
                if target == at.cpu {
                    self.give_ride(task_id, ride);
                    self.set_wait(task_id, Wait::RunQueue);
                    self.check_preempt(target, task_id);
                } else {
                    self.push(at, Kind::SendIpi(target, IrqKind::Reschedule(task_id)));
                }
            }
            WakeStep::Done => self.pop(at),
        }
    }

    /// Hands a journey over for a task to carry on. What waits for that task with the same journey follows.
    pub fn pass_to(&mut self, ride: Ride, task_id: TaskId) -> Ride {
        let new = self.s.journal.hand_over(ride);
        if self.s.journal.carries(new) {
            self.s.task_mut(task_id).incoming = new;
            self.follow_task(task_id, new);
        }
        new
    }

    /// What is on its way to a task with this journey has it by the new baton: a request in a backend's inbox, an
    /// interrupt pending in a guest.
    fn follow_task(&mut self, task_id: TaskId, ride: Ride) {
        for index in 0..self.s.task(task_id).inbox.len() {
            let request = self.s.task(task_id).inbox[index];
            if self.s.journal.same(self.s.request(request).ride, ride) {
                self.s.request_mut(request).ride = ride;
            }
        }
        if let Some(vcpu) = self.s.task(task_id).vcpu.some() {
            self.follow_pending(vcpu, ride);
        }
    }

    fn follow_pending(&mut self, vcpu: CpuId, ride: Ride) {
        for index in 0..self.s.cpu(vcpu).pending.len() {
            let irq = self.s.cpu(vcpu).pending[index];
            if self.s.journal.same(irq.ride, ride) {
                self.s.cpu_mut(vcpu).pending[index].ride = ride;
                self.follow_irq(irq.kind, ride);
            }
        }
    }

    fn follow_irq(&mut self, irq: IrqKind, ride: Ride) {
        match irq {
            IrqKind::Reschedule(task) | IrqKind::Order(task) if self.s.lives(task) => {
                self.s.task_mut(task).incoming = ride;
                self.follow_task(task, ride);
            }
            IrqKind::Posted(vcpu) => self.follow_pending(vcpu, ride),
            IrqKind::Timer(sleeper) => {
                if let Some(sleeper) = sleeper.some().filter(|&sleeper| self.s.lives(sleeper)) {
                    self.s.task_mut(sleeper).incoming = ride;
                }
            }
            IrqKind::Reschedule(_) | IrqKind::Order(_) | IrqKind::Device(_) => {}
        }
    }

    /// Hands a journey over for an interrupt to carry on.
    pub fn pass_with(&mut self, ride: Ride, irq: IrqKind) -> Ride {
        let new = self.s.journal.hand_over(ride);
        if self.s.journal.carries(new) {
            self.follow_irq(irq, new);
        }
        new
    }

    /// The task is about to run: if its journey is still on the way to it (the interrupt that brings it has not
    /// arrived, and another processor took the task), it has arrived now.
    fn collect_ride(&mut self, task_id: TaskId) {
        let incoming = std::mem::replace(&mut self.s.task_mut(task_id).incoming, Ride::NONE);
        if self.s.journal.carries(incoming) {
            let ride = self.pass_to(incoming, task_id);
            self.s.task_mut(task_id).incoming = Ride::NONE;
            self.give_ride(task_id, ride);
        }
    }

    /// The task carries the journey on.
    pub fn give_ride(&mut self, task: TaskId, ride: Ride) {
        if self.s.journal.carries(ride) {
            for frame in &mut self.s.task_mut(task).frames {
                frame.ride = ride;
            }
            let task = self.s.task_mut(task);
            if let (Some(work), true) = (&mut task.work, task.state != TaskState::Running) {
                work.ride = ride;
            }
        }
    }

    /// Whether a task that has just become ready on `cpu` should have it at once; if not, a tick will see to it.
    pub fn check_preempt(&mut self, cpu_id: CpuId, task_id: TaskId) {
        let cpu = self.s.cpu(cpu_id);
        let Some(current) = cpu.current.some() else {
            self.s.cpu_mut(cpu_id).reschedule = true;
            return;
        };
        let uncharged = if cpu.charged_from < self.now { self.now - cpu.charged_from } else { Time::ZERO };
        if self.s.lead(cpu_id, current, uncharged, task_id) > WAKE_UP_GRANULARITY {
            self.s.cpu_mut(cpu_id).reschedule = true;
        } else {
            self.arm_tick(cpu_id);
        }
    }

    /// While others wait the current task's slice ends.
    fn arm_tick(&mut self, cpu_id: CpuId) {
        let due = self.now + SLICE;
        let cpu = self.s.cpu_mut(cpu_id);
        if cpu.waiting() > 0 && cpu.tick_at == Time::MAX {
            cpu.timers.insert((due, Timer::Tick));
            cpu.tick_at = due;
            self.push_program_timer(cpu_id);
        }
    }

    /// The processor's own frames program its timer, if its earliest deadline is new.
    pub fn push_program_timer(&mut self, cpu_id: CpuId) {
        let cpu = self.s.cpu_mut(cpu_id);
        let earliest = cpu.timers.first().map_or(Time::MAX, |&(at, _)| at);
        if earliest < cpu.programmed {
            let place = cpu.frames.len().saturating_sub(1);
            // Below the frame that is running, so that it happens when that one is done.
            let frame = Frame::new(Kind::ProgramTimer, Ride::NONE);
            cpu.frames.insert(if cpu.frames.is_empty() { 0 } else { place }, frame);
        }
    }

    /// The ready task that a processor should run next, taken from its queue; it pulls one from another if its own
    /// is empty.
    fn pick(&mut self, cpu_id: CpuId) -> Option<TaskId> {
        loop {
            if self.s.cpu(cpu_id).waiting() == 0 && !self.steal(cpu_id) {
                return None;
            }
            let task = self.s.pick(cpu_id)?;
            match self.grant(cpu_id, task) {
                Ok(()) => return Some(task),
                Err(group) => {
                    self.s.remove(task);
                    self.throttle(task, group);
                }
            }
        }
    }

    /// The processor of the same kernel with the longest queue that has a task which may run here.
    fn busiest(&self, cpu_id: CpuId) -> Option<CpuId> {
        let kernel = self.s.kernel_of(cpu_id);
        kernel
            .cpu_ids()
            // A processor that was woken for its only task keeps it.
            .filter(|&cpu| cpu != cpu_id && !(self.s.cpu(cpu).claimed && self.s.cpu(cpu).waiting() == 1))
            .filter(|&cpu| self.s.cpu(cpu).root.movable > 0)
            .max_by_key(|&cpu| (self.s.cpu(cpu).waiting(), std::cmp::Reverse(cpu)))
    }

    /// Takes the first task that may run here from the longest queue of the same kernel, if there is one.
    fn steal(&mut self, cpu_id: CpuId) -> bool {
        let Some(task) = self.busiest(cpu_id).and_then(|victim| self.s.first_movable(victim)) else { return false };
        self.s.remove(task);
        self.s.move_task(task, cpu_id);
        self.s.insert(task);
        true
    }

    /// [`Kind::Switch`]: chooses the next task and changes to it.
    pub fn step_switch(&mut self, at: At, pc: Pc) {
        match SwitchStep::of(pc) {
            SwitchStep::Choose => self.choose(at),
            SwitchStep::Switch => self.switch_to(at),
        }
    }

    fn choose(&mut self, at: At) {
        let cpu_id = at.cpu;
        self.stop_charging(cpu_id);
        self.s.cpu_mut(cpu_id).reschedule = false;
        let previous = self.s.cpu(cpu_id).current;
        // A task that has meanwhile been woken elsewhere is no longer this processor's.
        let here = |task: &TaskId| self.s.task(*task).state == TaskState::Running && self.s.task(*task).cpu == cpu_id;
        let runnable = previous.some().filter(here);
        if let Some(task) = runnable {
            let granted = self.s.is_first(cpu_id, task).then(|| self.grant(cpu_id, task));
            if granted == Some(Ok(())) {
                self.pop(at);
                self.start_charging(cpu_id);
                self.arm_tick(cpu_id);
                self.arm_quota(cpu_id);
                return;
            }
            self.s.cpu_mut(cpu_id).current = TaskId::NONE;
            self.return_grant(cpu_id, task);
            self.s.remove(task);
            if let Some(Err(group)) = granted {
                self.throttle(task, group);
            } else {
                self.set_wait(task, Wait::RunQueue);
                self.enqueue(task, cpu_id);
            }
        } else if let Some(task) = previous.some() {
            self.return_grant(cpu_id, task);
            self.s.cpu_mut(cpu_id).current = TaskId::NONE;
            if self.s.is_out_to_run(cpu_id, task) {
                self.s.remove(task);
            }
            if self.s.task(task).state == TaskState::Dead
                && let Some(init) = self.bury(task)
            {
                // And then this goes on.
                return self.push(At { ride: Ride::NONE, ..at }, Kind::Wake(init));
            }
        }
        let next = self.pick(cpu_id);
        let was_idle = self.s.cpu(cpu_id).idle;
        let cpu = self.s.cpu_mut(cpu_id);
        for (due, timer) in [(&mut cpu.tick_at, Timer::Tick), (&mut cpu.quota_at, Timer::Quota)] {
            cpu.timers.remove(&(std::mem::replace(due, Time::MAX), timer));
        }
        if next.is_some() {
            cpu.idle = false;
            cpu.claimed = false;
        }
        cpu.next = next.unwrap_or(TaskId::NONE);
        if let Some(task) = next {
            self.collect_ride(task);
        }
        if next.is_none() && was_idle {
            // It was woken for nothing.
            self.s.cpu_mut(cpu_id).claimed = false;
            self.goto(at, SwitchStep::Switch);
            return;
        }
        let ride = next.map_or(Ride::NONE, |task| {
            let top = self.s.task(task).frames.last().map_or(Ride::NONE, |frame| frame.ride);
            if self.s.journal.carries(top) { top } else { self.leaf_ride(task) }
        });
        let mut at = at;
        self.carry(&mut at, ride);
        let scheduler = self.s.kernel_of(cpu_id).parts.scheduler;
        let crossing = if next.is_some() { Crossing::ContextSwitch } else { Crossing::None };
        self.pay(at, SwitchStep::Switch, Primitive::ContextSwitch, 1, scheduler, crossing, Token::Instruction);
        self.offer_to_idle(at);
    }

    /// Tasks that are left in the queue while other processors are idle go there.
    fn offer_to_idle(&mut self, at: At) {
        loop {
            let Some(task) = self.s.first_movable(at.cpu) else { return };
            let mut others = self.s.kernel_of(at.cpu).cpu_ids();
            let free = others.find(|&cpu| self.s.cpu(cpu).idle && !self.s.cpu(cpu).claimed);
            let Some(target) = free else { return };
            self.s.remove(task);
            self.enqueue(task, target);
            self.s.cpu_mut(target).claimed = true;
            let frame = Frame::new(Kind::SendIpi(target, IrqKind::Reschedule(task)), Ride::NONE);
            self.s.cpu_mut(at.cpu).frames.insert(0, frame);
        }
    }

    fn switch_to(&mut self, at: At) {
        let cpu_id = at.cpu;
        let next = self.s.cpu(cpu_id).next;
        if next.some().is_none() && (self.s.cpu(cpu_id).waiting() > 0 || self.busiest(cpu_id).is_some()) {
            // Something became ready on the way to idle.
            self.goto(at, SwitchStep::Choose);
            return;
        }
        self.pop(at);
        let cpu = self.s.cpu_mut(cpu_id);
        cpu.current = next;
        cpu.next = TaskId::NONE;
        match next.some() {
            Some(task) => {
                let running = self.s.task_mut(task);
                running.state = TaskState::Running;
                let was = std::mem::take(&mut running.asleep);
                self.heed_signal(task, was);
                self.start_charging(cpu_id);
                self.arm_tick(cpu_id);
                // The switch took time: a new period may have begun.
                self.return_grant(cpu_id, task);
                if self.grant(cpu_id, task).is_ok() {
                    self.arm_quota(cpu_id);
                } else {
                    self.s.cpu_mut(cpu_id).reschedule = true;
                }
            }
            None => {
                let cpu = self.s.cpu_mut(cpu_id);
                cpu.idle = true;
                cpu.claimed = false;
                let virtual_cpu = cpu.thread.some().is_some();
                let stale = cpu.programmed != cpu.timers.first().map_or(Time::MAX, |&(at, _)| at);
                if virtual_cpu {
                    cpu.frames.push(Frame::new(Kind::Idle, Ride::NONE));
                }
                if stale {
                    cpu.frames.push(Frame::new(Kind::ProgramTimer, Ride::NONE));
                }
            }
        }
    }

    /// [`Kind::Idle`]: a virtual processor with nothing to do executes HLT, which ends guest mode.
    pub fn step_idle(&mut self, at: At, pc: Pc) {
        let cpu = self.s.cpu(at.cpu);
        if IdleStep::of(pc) == IdleStep::Halt
            && cpu.pending.is_empty()
            && !cpu.reschedule
            && let Some(thread) = cpu.thread.some()
        {
            self.goto(at, IdleStep::Halted);
            self.exit_guest(thread, Exit::Hlt, false, Ride::NONE);
            return;
        }
        self.pop(at);
        if self.s.cpu(at.cpu).pending.is_empty() && !self.s.cpu(at.cpu).reschedule {
            // Woken for nothing: halt again.
            self.s.cpu_mut(at.cpu).frames.push(Frame::new(Kind::Idle, Ride::NONE));
        }
    }

    /// The current task stops until it is woken, or a fatal signal ends it.
    pub fn block(&mut self, task_id: TaskId) {
        self.sleep(task_id, Asleep::Interruptible);
    }

    /// The current task stops until a device has done what it does to its memory.
    pub fn block_for_device(&mut self, task_id: TaskId) {
        self.sleep(task_id, Asleep::Uninterruptible);
    }

    fn sleep(&mut self, task_id: TaskId, asleep: Asleep) {
        if asleep == Asleep::Interruptible && self.is_doomed(task_id) {
            return self.unwind(task_id);
        }
        let task = self.s.task_mut(task_id);
        (task.state, task.asleep) = (TaskState::Blocked, asleep);
        let cpu = task.cpu;
        self.s.cpu_mut(cpu).reschedule = true;
    }

    /// The task has nothing more to do, ever.
    pub fn end_task(&mut self, task_id: TaskId) {
        let cpu = self.s.task(task_id).cpu;
        let task = self.s.task_mut(task_id);
        task.state = TaskState::Dead;
        task.work = None;
        self.s.cpu_mut(cpu).reschedule = true;
    }

    /// [`Kind::SendIpi`]: an interrupt to another processor of the same kernel. On virtual hardware the write to the
    /// interrupt command register ends guest mode, and the hypervisor makes the interrupt pending.
    pub fn step_send_ipi(&mut self, at: At, target: CpuId, irq: IrqKind, pc: Pc) {
        let step = IpiStep::of(pc);
        if let Some(thread) = self.s.thread_of(at.cpu) {
            if step == IpiStep::Send {
                self.goto(at, IpiStep::Sent);
                self.exit_guest(thread, Exit::Ipi(target, irq), false, at.ride);
            } else {
                self.pop(at);
            }
            return;
        }
        if step == IpiStep::Send {
            let component = self.s.cpu(at.cpu).component;
            self.pay(at, IpiStep::Sent, Primitive::IpiSend, 1, component, Crossing::None, Token::Interrupt);
        } else {
            self.pop(at);
            let ride = self.pass_with(at.ride, irq);
            // Unless the interrupt is what brings the news, the journey waits for a processor.
            self.s.journal.wait(self.sink, ride, Wait::RunQueue, Some(self.s.cpu(target).component), self.now);
            let delivery = self.f.time(Primitive::IpiDelivery);
            let event = Event::Ipi(Ipi { core: target, irq: Irq { kind: irq, ride }, sent: self.now });
            self.scheduler.after(delivery, event);
        }
    }

    /// A reschedule interrupt has been handled on `cpu`: the woken task carries its journey on.
    pub fn rescheduled(&mut self, cpu: CpuId, task_id: TaskId, ride: Ride) {
        if !self.s.lives(task_id) {
            if self.s.cpu(cpu).idle {
                self.s.cpu_mut(cpu).reschedule = true;
            }
            return;
        }
        // If another processor has taken the task in the meantime, its journey has gone with it.
        if self.s.journal.carries(ride) {
            let ride = self.pass_to(ride, task_id);
            self.give_ride(task_id, ride);
            self.set_wait(task_id, Wait::RunQueue);
        }
        if self.s.task(task_id).cpu == cpu && self.s.task(task_id).state == TaskState::Ready {
            self.check_preempt(cpu, task_id);
        } else if self.s.cpu(cpu).idle || self.has_lost_its_grant(cpu, task_id) {
            self.s.cpu_mut(cpu).reschedule = true;
        }
    }

    /// Whether what runs on `cpu` has been granted nothing of its groups' quotas: a limit was changed meanwhile.
    fn has_lost_its_grant(&self, cpu: CpuId, task: TaskId) -> bool {
        let state = self.s.cpu(cpu);
        state.current == task && state.grant == Time::ZERO && self.is_limited(task)
    }

    /// Whether the step happens in a task that may sleep.
    pub fn task_of(&self, at: At) -> Option<TaskId> {
        match at.context {
            Context::Task(task) => Some(task),
            Context::Cpu(_) => None,
        }
    }
}
