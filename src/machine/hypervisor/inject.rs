//! Bringing interrupts into a guest.
//!
//! Real: KVM sets the interrupt in the virtual APIC and, if the vCPU runs, has the hardware deliver it (posted
//! interrupts, Intel SDM vol. 3C, 30.6) or kicks it out of guest mode; if its thread sleeps in HLT, it is woken.
//! Modelled: posted interrupts for running vCPUs, waking for halted ones, injection at the next entry otherwise.
//! Left out: priorities and masking inside the guest, lost-tick compensation.

use crate::costs::Primitive;
use crate::trace::{CpuId, Crossing, Token};

use crate::machine::frame::{At, IrqKind, Kind, Pc, TaskId};
use crate::machine::state::{Asleep, TaskState};
use crate::machine::turn::Turn;

impl Turn<'_> {
    /// [`Kind::Notify`]: an interrupt is pending for `vcpu`, whose thread belongs to this kernel.
    pub fn step_notify(&mut self, at: At, vcpu: CpuId) {
        self.pop(at);
        let Some(thread) = self.s.thread_of(vcpu).filter(|thread| self.s.lives(*thread)) else { return };
        let task = self.s.task(thread);
        match task.state {
            // In HLT. While it waits for a page of its guest it is not to be woken, and looks before it enters.
            TaskState::Blocked if task.asleep == Asleep::Interruptible => self.push(at, Kind::Wake(thread)),
            // In guest mode on another processor: the hardware delivers it, told by an IPI.
            TaskState::Running if task.guest.is_some() && task.cpu != at.cpu => {
                let cpu = task.cpu;
                self.push(at, Kind::SendIpi(cpu, IrqKind::Posted(vcpu)));
            }
            // Otherwise it is seen at the next entry.
            _ => {}
        }
    }

    /// Before entering: what is pending is injected.
    pub fn inject_before_entry(&mut self, at: At, thread: TaskId, next: impl Into<Pc>) {
        let vcpu = self.s.task(thread).vcpu;
        let Some(irq) = self.s.cpu(vcpu).pending.front().copied() else { return self.goto(at, next) };
        let vcpus = self.s.kernel_of(at.cpu).parts.vcpus;
        let mut at = at;
        if self.s.journal.carries(irq.ride) {
            // Whoever is still on the way to tell this thread is too late.
            let ride = self.pass_with(irq.ride, irq.kind);
            if let Some(first) = self.s.cpu_mut(vcpu).pending.front_mut() {
                first.ride = ride;
            }
            self.carry(&mut at, ride);
        }
        self.pay(at, next, Primitive::InjectInterrupt, 1, vcpus, Crossing::Injection, Token::Interrupt);
    }
}
