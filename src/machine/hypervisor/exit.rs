//! VM exits, from leaving guest mode to entering it again.
//!
//! Real (Intel SDM vol. 3C, chapters 26 to 28; KVM's `vmx_vcpu_run` and `vmx_handle_exit`): the processor saves the
//! guest's state in the VMCS and loads the host's; KVM saves the rest, runs the handler for the reason, delivers
//! what is pending and resumes. When the hypervisor is itself a guest, hardware always exits to the lowest one,
//! which finds that the exit belongs to its guest hypervisor and reflects it; the guest hypervisor's VMRESUME exits
//! again, and the two VMCSs are merged (`nested_vmx_reflect_vmexit`, `nested_vmx_run`).
//! Modelled: the world switches, the dispatch, one handler per reason, reflection and merging, and a number of
//! privileged accesses per handler that trap when the hypervisor is a guest.
//! Left out: PAUSE and halt polling, CR and exception exits (nested paging makes them rare), SMM, TSC scaling.

use crate::costs::Primitive;
use crate::trace::{CpuId, Crossing, ExitReason, Token};

use crate::machine::frame::{At, Frame, IrqKind, Kind, RequestId, TaskId};
use crate::machine::journal::Ride;
use crate::machine::state::Timer;
use crate::machine::turn::Turn;

const EXIT_LEAVE: u8 = 0;
const EXIT_DISPATCH: u8 = 1;
const EXIT_INTERRUPT: u8 = 2;
/// From this step on interrupts are on.
pub const EXIT_HANDLE: u8 = 3;
const EXIT_EFFECT: u8 = 4;
const EXIT_TRAPPED_ACCESSES: u8 = 5;
pub const EXIT_BLOCK: u8 = 6;
pub const EXIT_INJECT: u8 = 7;
const EXIT_ENTER: u8 = 8;
const EXIT_DONE: u8 = 9;

impl Turn<'_> {
    /// Ends guest mode of a vCPU thread.
    pub fn exit_guest(&mut self, thread: TaskId, reason: ExitReason, reflect: bool, argument: u64, ride: Ride) {
        let interpreted = self.is_interpreted(self.s.task(thread).vcpu);
        let task = self.s.task_mut(thread);
        task.guest = None;
        // An interpreter is interrupted as any program is.
        if interpreted && reason == ExitReason::ExternalInterrupt && !reflect {
            return;
        }
        task.frames.push(Frame::new(Kind::Exit { reason, reflect, argument }, ride));
    }

    /// [`Kind::Vcpu`] on top: into guest mode.
    pub fn enter_guest(&mut self, at: At) {
        if let Some(thread) = self.task_of(at) {
            let task = self.s.task_mut(thread);
            task.guest = Some(task.vcpu);
        }
    }

    /// [`Kind::Exit`], step by step.
    pub fn step_exit(&mut self, at: At, reason: ExitReason, reflect: bool, argument: u64, frame: Frame) {
        let Some(thread) = self.task_of(at) else { return self.pop(at) };
        let parts = self.s.kernel_of(at.cpu).parts;
        let interpreted = self.is_interpreted(self.s.task(thread).vcpu);
        match frame.pc {
            // No world switch: the interpreter has come to an instruction that is not done by the guest's own means.
            EXIT_LEAVE if interpreted => match reason {
                ExitReason::EptViolation => {
                    let primitive = Primitive::Exception;
                    let component = parts.nested_paging;
                    self.pay(at, EXIT_HANDLE, primitive, 1, component, Crossing::PageFault, Token::PageFault);
                }
                _ => {
                    let (primitive, component) = (Primitive::EmulatedInstruction, parts.backends);
                    self.pay(at, EXIT_HANDLE, primitive, 1, component, Crossing::None, Token::Instruction);
                }
            },
            EXIT_TRAPPED_ACCESSES if interpreted => self.goto(at, EXIT_BLOCK),
            EXIT_ENTER if interpreted => self.goto(at, EXIT_DONE),
            EXIT_LEAVE => match self.s.thread_of(at.cpu) {
                None => self.pay(
                    at,
                    EXIT_DISPATCH,
                    Primitive::VmExit,
                    1,
                    parts.exits,
                    Crossing::VmExit(reason),
                    Token::VmExit,
                ),
                // The hardware knows only the lowest hypervisor: it gets the exit and reflects it to this one.
                Some(below) => {
                    self.goto(at, EXIT_DISPATCH);
                    self.exit_guest(below, reason, true, 0, at.ride);
                }
            },
            EXIT_DISPATCH => {
                let next =
                    if reason == ExitReason::ExternalInterrupt && !reflect { EXIT_INTERRUPT } else { EXIT_HANDLE };
                self.pay(at, next, Primitive::ExitDispatch, 1, parts.exits, Crossing::None, Token::VmExit);
            }
            EXIT_INTERRUPT => {
                // The handler itself runs when interrupts are on, from the next step.
                let primitive = Primitive::HandleExternalInterrupt;
                let crossing = match self.s.cpu(at.cpu).pending.is_empty() {
                    true => Crossing::None,
                    false => Crossing::Interrupt,
                };
                self.pay(at, EXIT_HANDLE, primitive, 1, parts.exits, crossing, Token::Interrupt);
            }
            EXIT_HANDLE => self.handle_exit(at, reason, reflect, interpreted),
            EXIT_EFFECT => self.effect_of_exit(at, thread, reason, reflect, argument),
            EXIT_TRAPPED_ACCESSES => {
                // VMCS fields and MSRs: plain instructions on bare hardware, exits of its own on virtual hardware.
                let accesses = self.f.count(Primitive::NestedTrappedAccesses);
                match self.s.thread_of(at.cpu) {
                    Some(below) if u64::from(frame.count) < accesses => {
                        if let Some(top) = self.frames(at.context).last_mut() {
                            top.count += 1;
                        }
                        self.exit_guest(below, ExitReason::VmcsAccess, false, 0, at.ride);
                    }
                    _ => self.goto(at, EXIT_BLOCK),
                }
            }
            EXIT_BLOCK => {
                let vcpu = self.s.task(thread).vcpu;
                let halted = reason == ExitReason::Hlt && !reflect && self.s.cpu(vcpu).pending.is_empty();
                if halted {
                    // Goes on here when woken, and looks again.
                    self.block(thread);
                } else {
                    self.goto(at, EXIT_INJECT);
                }
            }
            EXIT_INJECT => self.inject_before_entry(at, thread, EXIT_ENTER),
            EXIT_ENTER => match self.s.thread_of(at.cpu) {
                None => {
                    self.pay(at, EXIT_DONE, Primitive::VmEntry, 1, parts.exits, Crossing::VmEntry, Token::VmExit);
                }
                // VMRESUME of a guest hypervisor: the one below enters for it.
                Some(below) => {
                    self.goto(at, EXIT_DONE);
                    self.exit_guest(below, ExitReason::Vmresume, false, 0, at.ride);
                }
            },
            _ => self.pop(at),
        }
    }

    /// What the handler of an exit costs.
    fn handle_exit(&mut self, at: At, reason: ExitReason, reflect: bool, interpreted: bool) {
        let parts = self.s.kernel_of(at.cpu).parts;
        let (primitive, component) = match reason {
            _ if reflect => (Primitive::NestedReflect, parts.exits),
            ExitReason::Cpuid if interpreted => (Primitive::EmulatedCpuid, parts.backends),
            // The guest's memory is the interpreter's own.
            ExitReason::EptViolation if interpreted => (Primitive::PageFault, parts.nested_paging),
            ExitReason::Cpuid => (Primitive::HandleCpuid, parts.exits),
            ExitReason::Hlt => (Primitive::HandleHlt, parts.vcpus),
            ExitReason::Doorbell => (Primitive::HandleDoorbell, parts.backends),
            ExitReason::IoInstruction if interpreted => (Primitive::EmulatedExitToUserSpace, parts.backends),
            ExitReason::IoInstruction => (Primitive::ExitToUserSpace, parts.backends),
            ExitReason::EptViolation => (Primitive::HandleEptViolation, parts.nested_paging),
            ExitReason::MsrWrite => (Primitive::HandleMsr, parts.exits),
            ExitReason::ApicWrite => (Primitive::HandleIcr, parts.exits),
            ExitReason::Vmresume => (Primitive::NestedMerge, parts.exits),
            ExitReason::ExternalInterrupt | ExitReason::VmcsAccess => return self.goto(at, EXIT_EFFECT),
        };
        self.pay(at, EXIT_EFFECT, primitive, 1, component, Crossing::None, Token::VmExit);
    }

    /// What the handler of an exit does.
    fn effect_of_exit(&mut self, at: At, thread: TaskId, reason: ExitReason, reflect: bool, argument: u64) {
        let parts = self.s.kernel_of(at.cpu).parts;
        self.goto(at, EXIT_TRAPPED_ACCESSES);
        if reflect {
            return;
        }
        match reason {
            ExitReason::MsrWrite => {
                let vcpu = self.s.task(thread).vcpu;
                self.set_guest_deadline(at, vcpu);
            }
            ExitReason::ApicWrite => {
                let target = CpuId((argument >> 32) as u16);
                let irq = IrqKind::from_message(argument as u32);
                let ride = self.pass_with(at.ride, irq);
                self.post(target, irq, ride);
                self.push(At { ride, ..at }, Kind::Notify(target));
            }
            ExitReason::IoInstruction => {
                let pc = EXIT_TRAPPED_ACCESSES;
                let primitive = Primitive::EmulateAccess;
                self.pay(at, pc, primitive, 1, parts.backends, Crossing::Device, Token::IoRequest);
            }
            ExitReason::Doorbell => self.doorbell(at, RequestId(argument as u32)),
            ExitReason::EptViolation => self.push(at, Kind::Populate(argument)),
            _ => {}
        }
    }

    /// The guest programmed its timer: the hypervisor sets one of its own kernel's timers for it.
    fn set_guest_deadline(&mut self, at: At, vcpu: CpuId) {
        let deadline = self.s.cpu(vcpu).programmed;
        for cpu in self.s.kernel_of(at.cpu).cpu_ids() {
            self.s.cpu_mut(cpu).timers.retain(|(_, timer)| *timer != Timer::Guest(vcpu));
        }
        if deadline < crate::engine::Time::MAX {
            self.s.cpu_mut(at.cpu).timers.insert((deadline, Timer::Guest(vcpu)));
            self.push(at, Kind::ProgramTimer);
        }
    }

    /// Whether a step on this processor happens in non-root mode.
    pub fn is_virtual(&self, cpu: CpuId) -> bool {
        self.s.thread_of(cpu).is_some()
    }

    /// OUT: on bare hardware the device takes it; on virtual hardware it is an exit, and the device model below, a
    /// program, decodes it and does what the device would.
    pub fn sensitive_out(&mut self, at: At, pc: u8) {
        match self.s.thread_of(at.cpu) {
            Some(thread) => {
                self.goto(at, pc);
                self.exit_guest(thread, ExitReason::IoInstruction, false, 0, at.ride);
            }
            None => {
                let component = self.user_component(at);
                self.pay(at, pc, Primitive::PortWrite, 1, component, Crossing::Device, Token::IoRequest);
            }
        }
    }

    /// A sensitive instruction of a program: by itself on bare hardware, an exit on virtual hardware.
    pub fn sensitive_cpuid(&mut self, at: At, pc: u8) {
        match self.s.thread_of(at.cpu) {
            Some(thread) => {
                self.goto(at, pc);
                self.exit_guest(thread, ExitReason::Cpuid, false, 0, at.ride);
            }
            None => {
                let component = self.user_component(at);
                self.pay(at, pc, Primitive::Cpuid, 1, component, Crossing::None, Token::Instruction);
            }
        }
    }
}
