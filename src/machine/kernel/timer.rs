//! Interrupt handlers and the local timer.
//!
//! Real: an interrupt enters through the IDT, is acknowledged, and its handler runs with interrupts off; the local
//! timer is programmed for the earliest of the kernel's high-resolution timers (TSC deadline).
//! A core that was idle first leaves its idle state (`idle.rs`).
//! Modelled: entry and return as one cost, the handler of each kind, one deadline per processor. One interrupt of a
//! device may tell of many requests, whose handler then goes on from one to the next. A guest's write of the deadline
//! is an exit; the hypervisor sets a timer of its own kernel, whose interrupt it injects.
//! Left out: softirq threads, interrupt moderation and affinity, timer slack, the tick of a busy processor.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{CpuId, Crossing, Token, What};

use crate::machine::Event;
use crate::machine::frame::{At, Exit, Frame, Irq, IrqKind, Kind, Pc, RequestId, TaskId, steps};
use crate::machine::journal::Ride;
use crate::machine::state::{Asleep, Origin, RequestKind, Timer};
use crate::machine::turn::Turn;

steps! {
    /// [`Kind::Interrupt`].
    enum InterruptStep {
        Wake,
        Enter,
        /// It has been entered.
        Entered,
        Handled,
        Completed,
        Finished,
        Leave,
    }
}

steps! {
    /// [`Kind::ProgramTimer`].
    enum ProgramStep { Look, Programmed, Done }
}

impl Turn<'_> {
    /// Pushes the frame of an interrupt's handler; `entered`: by the exit from guest mode.
    pub fn begin_handler(&mut self, cpu: CpuId, kind: IrqKind, ride: Ride, entered: bool) {
        let step = if entered { InterruptStep::Entered } else { InterruptStep::Wake };
        self.s.cpu_mut(cpu).frames.push(Frame::at(Kind::Interrupt(kind), ride, step));
    }

    /// [`Kind::Interrupt`]: entry, handler, return.
    pub fn step_interrupt(&mut self, at: At, kind: IrqKind, pc: Pc) {
        let component = self.s.cpu(at.cpu).component;
        match (InterruptStep::of(pc), kind) {
            (InterruptStep::Wake, _) => match self.s.cpu_mut(at.cpu).core.waking.take() {
                Some((depth, takes)) => {
                    let (next, what) = (InterruptStep::Enter, What::Pay(depth));
                    self.spend(at, next, what, takes, 1, component, Crossing::None, Token::Interrupt);
                }
                None => self.goto(at, InterruptStep::Enter),
            },
            (InterruptStep::Enter, _) => {
                let (next, primitive) = (InterruptStep::Entered, Primitive::InterruptEntry);
                self.pay(at, next, primitive, 1, component, Crossing::Interrupt, Token::Interrupt);
            }
            (InterruptStep::Entered, IrqKind::Timer(_)) => {
                let scheduler = self.s.kernel_of(at.cpu).parts.scheduler;
                let (next, primitive) = (InterruptStep::Handled, Primitive::TimerHandler);
                self.pay(at, next, primitive, 1, scheduler, Crossing::None, Token::Interrupt);
            }
            (InterruptStep::Handled, IrqKind::Timer(_)) => self.expire_timer(at),
            (step, IrqKind::Device(request)) => self.step_device_interrupt(at, request, step),
            (InterruptStep::Entered, IrqKind::Reschedule(task)) => {
                self.goto(at, InterruptStep::Leave);
                self.rescheduled(at.cpu, task, at.ride);
            }
            (InterruptStep::Entered, IrqKind::Order(task)) => {
                self.goto(at, InterruptStep::Leave);
                self.pass_order(at, task);
            }
            _ => self.leave_interrupt(at),
        }
    }

    fn leave_interrupt(&mut self, at: At) {
        self.pop(at);
        let cpu = self.s.cpu(at.cpu);
        if let (true, Some(current)) = (cpu.frames.is_empty(), cpu.current.some()) {
            self.heed_signal(current, Asleep::No);
        }
        let cpu = self.s.cpu_mut(at.cpu);
        if cpu.quota_at <= self.now {
            // The time for which quota was granted is over; its timer is about to say so.
            cpu.reschedule = true;
        }
        if cpu.pending.is_empty() {
            self.start_charging(at.cpu);
        }
    }

    /// The handler of a disk's or network card's interrupt: reaps the request and tells who waits.
    fn step_device_interrupt(&mut self, at: At, request: RequestId, step: InterruptStep) {
        if step == InterruptStep::Leave {
            return self.leave_interrupt(at);
        }
        let parts = self.s.kernel_of(at.cpu).parts;
        let packet = matches!(self.s.request(request).kind, RequestKind::Packet { .. });
        match step {
            InterruptStep::Entered => {
                let (primitive, uses) = self.complete_cost(request);
                let token = if packet { Token::Packet } else { Token::IoRequest };
                self.pay(at, InterruptStep::Handled, primitive, uses, parts.driver, Crossing::None, token);
            }
            InterruptStep::Handled if packet => self.receive_packet(at, request, InterruptStep::Completed),
            InterruptStep::Handled => {
                let (next, primitive) = (InterruptStep::Completed, Primitive::BlockComplete);
                self.pay(at, next, primitive, 1, parts.block, Crossing::None, Token::IoRequest);
            }
            InterruptStep::Completed if packet => self.receive_on_socket(at, request, InterruptStep::Finished),
            _ => {
                let served = *self.s.request(request);
                match served.with {
                    Some(next) => self.go_on_with(at, next),
                    None => self.goto(at, InterruptStep::Leave),
                }
                self.s.requests.remove(request.0);
                if let Origin::Guest(vm, _) = served.origin
                    && !packet
                    && let Some(thread) = self.back_from_device(vm)
                {
                    self.push(At { ride: Ride::NONE, ..at }, Kind::Wake(thread));
                }
                match served.origin {
                    // Who asked for it has ended.
                    origin if !self.is_waited_for(origin) => {}
                    Origin::Task(task) | Origin::Polled(task) => {
                        self.deliver(task, served.kind);
                        self.push(at, Kind::Wake(task));
                    }
                    Origin::Guest(vm, guest_request) => {
                        let ride = self.s.journal.hand_over(at.ride);
                        let worker = self.served_for_guest(vm, guest_request, ride);
                        self.push(At { ride, ..at }, Kind::Wake(worker));
                    }
                }
            }
        }
    }

    /// The same interrupt tells of another request: its handler goes on with that one's journey.
    fn go_on_with(&mut self, at: At, next: RequestId) {
        let kind = IrqKind::Device(next);
        // Whoever was still bringing it is too late.
        let ride = self.pass_with(self.s.request(next).ride, kind);
        if let Some(frame) = self.frames(at.context).last_mut() {
            *frame = Frame::at(Kind::Interrupt(kind), ride, InterruptStep::Entered);
        }
    }

    /// Takes the next timer that is due, and pushes what it does; the handler comes back here until none is.
    fn expire_timer(&mut self, at: At) {
        let now = self.now;
        let due = self.s.cpu(at.cpu).timers.first().copied().filter(|(deadline, _)| *deadline <= now);
        let Some((deadline, timer)) = due else {
            self.goto(at, InterruptStep::Leave);
            self.push(At { ride: Ride::NONE, ..at }, Kind::ProgramTimer);
            return;
        };
        self.s.cpu_mut(at.cpu).timers.remove(&(deadline, timer));
        match timer {
            Timer::Wake(task) => {
                let sleeper = self.s.task_mut(task);
                (sleeper.arrived, sleeper.alarm) = (true, None);
                let ride = self.sleepers_ride(task);
                self.push(At { ride, ..at }, Kind::Wake(task));
            }
            Timer::Tick | Timer::Quota => {
                let cpu = self.s.cpu_mut(at.cpu);
                cpu.reschedule = true;
                *(if timer == Timer::Tick { &mut cpu.tick_at } else { &mut cpu.quota_at }) = Time::MAX;
            }
            Timer::Refill(group) => self.unthrottle(at, group),
            Timer::Guest(vcpu) => {
                let cpu = self.s.cpu_mut(vcpu);
                (cpu.programmed, cpu.deadline_below) = (Time::MAX, None);
                let irq = self.news(vcpu);
                let ride = irq.ride;
                self.s.cpu_mut(vcpu).pending.push_back(irq);
                self.push(At { ride, ..at }, Kind::Notify(vcpu));
            }
        }
    }

    /// The journey of a sleeper: with the interrupt that brings it the news, or still with itself.
    fn sleepers_ride(&self, task: TaskId) -> Ride {
        let incoming = self.s.task(task).incoming;
        match self.s.journal.carries(incoming) {
            true => incoming,
            false => self.s.task(task).frames.last().map_or(Ride::NONE, |frame| frame.ride),
        }
    }

    /// The sleeper that a processor's timer is about to wake, through all levels.
    fn first_sleeper(&self, cpu: CpuId) -> Option<TaskId> {
        match self.s.cpu(cpu).timers.first() {
            Some(&(at, Timer::Wake(task))) if at <= self.now => Some(task),
            Some(&(at, Timer::Guest(vcpu))) if at <= self.now => self.first_sleeper(vcpu),
            _ => None,
        }
    }

    /// The timer interrupt for a processor. It takes the journey of the sleeper that it wakes out of its sleep, so
    /// that the way of the news is part of the journey and not of the sleep.
    fn news(&mut self, cpu: CpuId) -> Irq {
        let sleeper = self.first_sleeper(cpu);
        let kind = IrqKind::Timer(sleeper.unwrap_or(TaskId::NONE));
        let ride = sleeper.map_or(Ride::NONE, |task| self.sleepers_ride(task));
        Irq { kind, ride: self.pass_with(ride, kind) }
    }

    /// [`Kind::ProgramTimer`]: the processor's timer is set for its earliest deadline.
    pub fn step_program_timer(&mut self, at: At, pc: Pc) {
        let cpu = self.s.cpu(at.cpu);
        let earliest = cpu.timers.first().map_or(Time::MAX, |&(deadline, _)| deadline);
        match ProgramStep::of(pc) {
            ProgramStep::Look if earliest == cpu.programmed => self.pop(at),
            ProgramStep::Look => match cpu.thread.some() {
                None => {
                    let component = self.s.kernel_of(at.cpu).parts.hw_timer;
                    let (next, primitive) = (ProgramStep::Programmed, Primitive::TimerProgram);
                    self.pay(at, next, primitive, 1, component, Crossing::None, Token::Instruction);
                }
                Some(thread) => {
                    self.goto(at, ProgramStep::Done);
                    self.s.cpu_mut(at.cpu).programmed = earliest;
                    self.exit_guest(thread, Exit::Deadline, false, at.ride);
                }
            },
            ProgramStep::Programmed => {
                self.pop(at);
                let cpu = self.s.cpu_mut(at.cpu);
                cpu.programmed = earliest;
                cpu.core.timer_generation = cpu.core.timer_generation.wrapping_add(1);
                let generation = cpu.core.timer_generation;
                if earliest < Time::MAX {
                    self.scheduler.at(earliest.max(self.now), Event::Timer { core: at.cpu, generation });
                }
            }
            ProgramStep::Done => self.pop(at),
        }
    }

    /// A core's timer has reached its deadline.
    pub fn timer_fired(&mut self, core: CpuId) {
        self.s.cpu_mut(core).programmed = Time::MAX;
        let irq = self.news(core);
        self.interrupt(core, irq);
    }
}
