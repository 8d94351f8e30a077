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
use crate::trace::{CpuId, Crossing, ExitReason, Token, What};

use crate::machine::Event;
use crate::machine::frame::{At, Frame, Irq, IrqKind, Kind, RequestId, TaskId};
use crate::machine::journal::Ride;
use crate::machine::state::{Origin, RequestKind, Timer};
use crate::machine::turn::Turn;

/// The step of an interrupt's frame at which it has been entered.
pub const ENTERED: u8 = 2;
const HANDLED: u8 = 3;
const COMPLETED: u8 = 4;
const FINISHED: u8 = 5;
const LEAVE: u8 = 6;

impl Turn<'_> {
    /// [`Kind::Interrupt`]: entry, handler, return.
    pub fn step_interrupt(&mut self, at: At, kind: IrqKind, pc: u8) {
        let component = self.s.cpu(at.cpu).component;
        match (pc, kind) {
            (0, _) => match self.s.cpu_mut(at.cpu).core.waking.take() {
                Some((depth, takes)) => {
                    let what = What::Pay(depth);
                    self.spend(at, 1, what, takes, 1, component, Crossing::None, Token::Interrupt);
                }
                None => self.goto(at, 1),
            },
            (1, _) => {
                self.pay(at, ENTERED, Primitive::InterruptEntry, 1, component, Crossing::Interrupt, Token::Interrupt);
            }
            (ENTERED, IrqKind::Timer(_)) => {
                let scheduler = self.s.kernel_of(at.cpu).parts.scheduler;
                self.pay(at, HANDLED, Primitive::TimerHandler, 1, scheduler, Crossing::None, Token::Interrupt);
            }
            (HANDLED, IrqKind::Timer(_)) => self.expire_timer(at),
            (_, IrqKind::Device(request)) => self.step_device_interrupt(at, request, pc),
            (ENTERED, IrqKind::Reschedule(task)) => {
                self.goto(at, LEAVE);
                self.rescheduled(at.cpu, task, at.ride);
            }
            _ => self.leave_interrupt(at),
        }
    }

    fn leave_interrupt(&mut self, at: At) {
        self.pop(at);
        if self.s.cpu(at.cpu).pending.is_empty() {
            self.start_charging(at.cpu);
        }
    }

    /// The handler of a disk's or network card's interrupt: reaps the request and tells who waits.
    fn step_device_interrupt(&mut self, at: At, request: RequestId, pc: u8) {
        let kernel = self.s.kernel_of(at.cpu);
        let parts = kernel.parts;
        let is_virtual = kernel.vm.is_some();
        let packet = matches!(self.s.request(request).kind, RequestKind::Packet { .. });
        match pc {
            ENTERED => {
                let primitive = match (is_virtual, packet) {
                    (true, _) => Primitive::VirtioReap,
                    (false, true) => Primitive::NicReceive,
                    (false, false) => Primitive::NvmeComplete,
                };
                let token = if packet { Token::Packet } else { Token::IoRequest };
                self.pay(at, HANDLED, primitive, 1, parts.driver, Crossing::None, token);
            }
            HANDLED if packet => self.receive_packet(at, request, COMPLETED),
            HANDLED => {
                let primitive = Primitive::BlockComplete;
                self.pay(at, COMPLETED, primitive, 1, parts.block, Crossing::None, Token::IoRequest);
            }
            COMPLETED if packet => self.receive_on_socket(at, request, FINISHED),
            COMPLETED | FINISHED => {
                let served = *self.s.request(request);
                match served.with {
                    Some(next) => self.go_on_with(at, next),
                    None => self.goto(at, LEAVE),
                }
                self.s.free_requests.push(request);
                match served.origin {
                    Origin::Task(task) => {
                        self.s.task_mut(task).arrived = true;
                        self.push(at, Kind::Wake(task));
                    }
                    Origin::Guest(vm, guest_request) => {
                        let ride = self.s.journal.hand_over(at.ride);
                        let worker = self.served_for_guest(vm, guest_request, ride);
                        self.push(At { ride, ..at }, Kind::Wake(worker));
                    }
                }
            }
            _ => self.leave_interrupt(at),
        }
    }

    /// The same interrupt tells of another request: its handler goes on with that one's journey.
    fn go_on_with(&mut self, at: At, next: RequestId) {
        let kind = IrqKind::Device(next);
        // Whoever was still bringing it is too late.
        let ride = self.pass_with(self.s.request(next).ride, kind);
        if let Some(frame) = self.frames(at.context).last_mut() {
            *frame = Frame::at(Kind::Interrupt(kind), ride, ENTERED);
        }
    }

    /// Takes the next timer that is due, and pushes what it does; the handler comes back here until none is.
    fn expire_timer(&mut self, at: At) {
        let now = self.now;
        let due = self.s.cpu(at.cpu).timers.first().copied().filter(|(deadline, _)| *deadline <= now);
        let Some((deadline, timer)) = due else {
            self.goto(at, LEAVE);
            self.push(At { ride: Ride::NONE, ..at }, Kind::ProgramTimer);
            return;
        };
        self.s.cpu_mut(at.cpu).timers.remove(&(deadline, timer));
        match timer {
            Timer::Wake(task) => {
                self.s.task_mut(task).arrived = true;
                let ride = self.sleepers_ride(task);
                self.push(At { ride, ..at }, Kind::Wake(task));
            }
            Timer::Tick | Timer::Quota => self.s.cpu_mut(at.cpu).reschedule = true,
            Timer::Refill(group) => self.unthrottle(at, group),
            Timer::Guest(vcpu) => {
                self.s.cpu_mut(vcpu).programmed = Time::MAX;
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
    pub fn step_program_timer(&mut self, at: At, pc: u8) {
        let cpu = self.s.cpu(at.cpu);
        let earliest = cpu.timers.first().map_or(Time::MAX, |&(deadline, _)| deadline);
        match pc {
            0 if earliest == cpu.programmed => self.pop(at),
            0 => match cpu.thread.some() {
                None => {
                    let component = self.s.kernel_of(at.cpu).parts.hw_timer;
                    self.pay(at, 1, Primitive::TimerProgram, 1, component, Crossing::None, Token::Instruction);
                }
                Some(thread) => {
                    self.goto(at, 2);
                    self.s.cpu_mut(at.cpu).programmed = earliest;
                    self.exit_guest(thread, ExitReason::MsrWrite, false, 0, at.ride);
                }
            },
            1 => {
                self.pop(at);
                let cpu = self.s.cpu_mut(at.cpu);
                cpu.programmed = earliest;
                cpu.core.timer_generation = cpu.core.timer_generation.wrapping_add(1);
                let generation = cpu.core.timer_generation;
                if earliest < Time::MAX {
                    self.scheduler.at(earliest.max(self.now), Event::Timer { core: at.cpu, generation });
                }
            }
            _ => self.pop(at),
        }
    }

    /// A core's timer has reached its deadline.
    pub fn timer_fired(&mut self, core: CpuId) {
        self.s.cpu_mut(core).programmed = Time::MAX;
        let irq = self.news(core);
        self.interrupt(core, irq);
    }
}
