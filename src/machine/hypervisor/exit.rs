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
use crate::trace::{CpuId, Crossing, Token};

use crate::machine::frame::{At, Exit, Frame, Kind, Owner, Pc, TaskId, Work, steps};
use crate::machine::journal::Ride;
use crate::machine::state::{Signal, State, Timer};
use crate::machine::turn::Turn;

steps! {
    /// [`Kind::Exit`].
    pub enum ExitStep {
        Leave,
        Dispatch,
        Interrupt,
        /// From this step on interrupts are on.
        Handle,
        Effect,
        TrappedAccesses,
        Block,
        Inject,
        Enter,
        Done,
    }
}

impl Turn<'_> {
    /// Ends guest mode of a vCPU thread.
    pub fn exit_guest(&mut self, thread: TaskId, exit: Exit, reflect: bool, ride: Ride) {
        let interpreted = self.is_interpreted(self.s.task(thread).vcpu);
        let task = self.s.task_mut(thread);
        task.guest = None;
        // An interpreter is interrupted as any program is.
        if interpreted && exit == Exit::ExternalInterrupt && !reflect {
            return;
        }
        task.frames.push(Frame::new(Kind::Exit { exit, reflect }, ride));
    }

    /// [`Kind::Vcpu`] on top: into guest mode.
    pub fn enter_guest(&mut self, at: At) {
        if let Some(thread) = self.task_of(at) {
            if self.is_doomed(thread) {
                return self.unwind(thread);
            }
            let task = self.s.task_mut(thread);
            task.guest = Some(task.vcpu);
        }
    }

    /// Whether a task runs with interrupts off: the hypervisor between leaving guest mode and the handler.
    pub fn masked(&self, task: TaskId) -> bool {
        let top = self.s.task(task).frames.last();
        matches!(top, Some(Frame { kind: Kind::Exit { .. }, pc, .. }) if ExitStep::of(*pc) < ExitStep::Handle)
    }

    /// Whether the exit from guest mode has entered the handler of an interrupt already.
    pub fn is_entered_by_exit(&self, cpu: CpuId) -> bool {
        let current = self.s.cpu(cpu).current.some();
        let top = current.and_then(|task| self.s.task(task).frames.last());
        matches!(
            top,
            Some(Frame { kind: Kind::Exit { exit: Exit::ExternalInterrupt, reflect: false }, pc, .. })
                if ExitStep::of(*pc) == ExitStep::Handle
        )
    }

    /// [`Kind::Exit`], step by step.
    pub fn step_exit(&mut self, at: At, exit: Exit, reflect: bool, frame: Frame) {
        let Some(thread) = self.task_of(at) else { return self.pop(at) };
        let parts = self.s.kernel_of(at.cpu).parts;
        let interpreted = self.is_interpreted(self.s.task(thread).vcpu);
        match ExitStep::of(frame.pc) {
            // No world switch: the interpreter has come to an instruction that is not done by the guest's own means.
            ExitStep::Leave if interpreted => match exit {
                Exit::EptViolation(_) | Exit::SwappedOut => {
                    let primitive = Primitive::Exception;
                    let component = parts.nested_paging;
                    self.pay(at, ExitStep::Handle, primitive, 1, component, Crossing::PageFault, Token::PageFault);
                }
                _ => {
                    let (primitive, component) = (Primitive::EmulatedInstruction, parts.backends);
                    self.pay(at, ExitStep::Handle, primitive, 1, component, Crossing::None, Token::Instruction);
                }
            },
            ExitStep::TrappedAccesses if interpreted => self.goto(at, ExitStep::Block),
            ExitStep::Enter if interpreted => self.goto(at, ExitStep::Done),
            ExitStep::Leave => match self.s.thread_of(at.cpu) {
                None => self.pay(
                    at,
                    ExitStep::Dispatch,
                    Primitive::VmExit,
                    1,
                    parts.exits,
                    Crossing::VmExit(exit.reason()),
                    Token::VmExit,
                ),
                // The hardware knows only the lowest hypervisor: it gets the exit and reflects it to this one.
                Some(below) => {
                    self.goto(at, ExitStep::Dispatch);
                    self.exit_guest(below, exit, true, at.ride);
                }
            },
            ExitStep::Dispatch => {
                let interrupt = exit == Exit::ExternalInterrupt && !reflect;
                let next = if interrupt { ExitStep::Interrupt } else { ExitStep::Handle };
                self.pay(at, next, Primitive::ExitDispatch, 1, parts.exits, Crossing::None, Token::VmExit);
            }
            ExitStep::Interrupt => {
                // The handler itself runs when interrupts are on, from the next step.
                let primitive = Primitive::HandleExternalInterrupt;
                let crossing = match self.s.cpu(at.cpu).pending.is_empty() {
                    true => Crossing::None,
                    false => Crossing::Interrupt,
                };
                self.pay(at, ExitStep::Handle, primitive, 1, parts.exits, crossing, Token::Interrupt);
            }
            ExitStep::Handle => self.handle_exit(at, exit, reflect, interpreted),
            ExitStep::Effect => self.effect_of_exit(at, thread, exit, reflect),
            ExitStep::TrappedAccesses => {
                // VMCS fields and MSRs: plain instructions on bare hardware, exits of its own on virtual hardware.
                let accesses = self.f.count(Primitive::NestedTrappedAccesses);
                match self.s.thread_of(at.cpu) {
                    Some(below) if u64::from(frame.count) < accesses => {
                        if let Some(top) = self.frames(at.context).last_mut() {
                            top.count += 1;
                        }
                        self.exit_guest(below, Exit::VmcsAccess, false, at.ride);
                    }
                    _ => self.goto(at, ExitStep::Block),
                }
            }
            ExitStep::Block => {
                let vcpu = self.s.task(thread).vcpu;
                let halted = exit == Exit::Hlt && !reflect && self.s.cpu(vcpu).pending.is_empty();
                if halted {
                    // Goes on here when woken, and looks again.
                    self.block(thread);
                } else {
                    self.goto(at, ExitStep::Inject);
                }
            }
            ExitStep::Inject if self.is_doomed(thread) => self.unwind(thread),
            ExitStep::Inject => self.inject_before_entry(at, thread, ExitStep::Enter),
            ExitStep::Enter => match self.s.thread_of(at.cpu) {
                None => {
                    self.pay(at, ExitStep::Done, Primitive::VmEntry, 1, parts.exits, Crossing::VmEntry, Token::VmExit);
                }
                // VMRESUME of a guest hypervisor: the one below enters for it.
                Some(below) => {
                    self.goto(at, ExitStep::Done);
                    self.exit_guest(below, Exit::Vmresume, false, at.ride);
                }
            },
            ExitStep::Done => {
                self.pop(at);
                self.give_ride_to_guest(thread, at.ride);
            }
        }
    }

    /// What was done for a guest may have been waited for, and the journey come back in other hands: from the entry on the
    /// guest's own frames carry it again.
    fn give_ride_to_guest(&mut self, thread: TaskId, ride: Ride) {
        if !self.s.journal.carries(ride) {
            return;
        }
        let State { cpus, tasks, journal, .. } = &mut *self.s;
        let hand = |frames: &mut [Frame], work: &mut Option<Work>| {
            let rides =
                frames.iter_mut().map(|frame| &mut frame.ride).chain(work.iter_mut().map(|work| &mut work.ride));
            rides.filter(|own| journal.same(**own, ride)).for_each(|own| *own = ride);
        };
        let mut vcpu = tasks.at(thread.0).vcpu;
        while vcpu.some().is_some() {
            let cpu = &mut cpus[vcpu.index()];
            hand(&mut cpu.frames, &mut cpu.work);
            let Some(current) = cpu.current.some() else { return };
            let task = tasks.at_mut(current.0);
            hand(&mut task.frames, &mut task.work);
            // Of a guest's guest it is the innermost.
            vcpu = task.vcpu;
        }
    }

    /// What the handler of an exit costs.
    fn handle_exit(&mut self, at: At, exit: Exit, reflect: bool, interpreted: bool) {
        let parts = self.s.kernel_of(at.cpu).parts;
        let (primitive, component) = match exit {
            _ if reflect => (Primitive::NestedReflect, parts.exits),
            Exit::Cpuid if interpreted => (Primitive::EmulatedCpuid, parts.backends),
            // The guest's memory is the interpreter's own.
            Exit::EptViolation(_) | Exit::SwappedOut if interpreted => (Primitive::PageFault, parts.nested_paging),
            Exit::Cpuid => (Primitive::HandleCpuid, parts.exits),
            Exit::Hlt => (Primitive::HandleHlt, parts.vcpus),
            Exit::Doorbell(_) => (Primitive::HandleDoorbell, parts.backends),
            Exit::Io if interpreted => (Primitive::EmulatedExitToUserSpace, parts.device_models),
            Exit::Io => (Primitive::ExitToUserSpace, parts.device_models),
            Exit::EptViolation(_) | Exit::SwappedOut => (Primitive::HandleEptViolation, parts.nested_paging),
            Exit::Deadline => (Primitive::HandleMsr, parts.exits),
            Exit::Ipi(..) => (Primitive::HandleIcr, parts.exits),
            Exit::Vmresume => (Primitive::NestedMerge, parts.exits),
            Exit::ExternalInterrupt | Exit::VmcsAccess => return self.goto(at, ExitStep::Effect),
        };
        self.pay(at, ExitStep::Effect, primitive, 1, component, Crossing::None, Token::VmExit);
    }

    /// What the handler of an exit does.
    fn effect_of_exit(&mut self, at: At, thread: TaskId, exit: Exit, reflect: bool) {
        let parts = self.s.kernel_of(at.cpu).parts;
        self.goto(at, ExitStep::TrappedAccesses);
        if reflect {
            return;
        }
        match exit {
            Exit::Deadline => {
                let vcpu = self.s.task(thread).vcpu;
                self.set_guest_deadline(at, vcpu);
            }
            Exit::Ipi(target, irq) => {
                let ride = self.pass_with(at.ride, irq);
                self.post(target, irq, ride);
                self.push(At { ride, ..at }, Kind::Notify(target));
            }
            // The register of the machine's power.
            Exit::Io if self.is_off(thread) => {
                let model = self.s.task(thread).process;
                self.kill(at, model, Signal::PowerOff);
            }
            Exit::Io => {
                let (next, primitive) = (ExitStep::TrappedAccesses, Primitive::EmulateAccess);
                self.pay(at, next, primitive, 1, parts.backends, Crossing::Device, Token::IoRequest);
            }
            Exit::Doorbell(request) => self.doorbell(at, request),
            Exit::EptViolation(bytes) => {
                if let Some(vm) = self.s.process_of(thread).vm {
                    self.push(at, Kind::Populate { owner: Owner::Guest(vm), bytes });
                }
            }
            Exit::SwappedOut => {
                if let Some(vm) = self.s.process_of(thread).vm {
                    self.push(at, Kind::SwapIn { owner: Owner::Guest(vm), pages: 1 });
                }
            }
            _ => {}
        }
    }

    /// Whether the guest in a vCPU's thread has turned its machine off.
    fn is_off(&self, thread: TaskId) -> bool {
        self.s.process_of(thread).vm.is_some_and(|vm| self.s.vm(vm).off)
    }

    /// The guest programmed its timer: the hypervisor sets one of its own kernel's timers for it.
    fn set_guest_deadline(&mut self, at: At, vcpu: CpuId) {
        let deadline = self.s.cpu(vcpu).programmed;
        self.forget_deadline(vcpu);
        if deadline < crate::engine::Time::MAX {
            self.s.cpu_mut(at.cpu).timers.insert((deadline, Timer::Guest(vcpu)));
            self.s.cpu_mut(vcpu).deadline_below = Some((at.cpu, deadline));
            self.push(at, Kind::ProgramTimer);
        }
    }

    /// No processor below has a deadline for `vcpu` any more.
    pub fn forget_deadline(&mut self, vcpu: CpuId) {
        if let Some((below, deadline)) = self.s.cpu_mut(vcpu).deadline_below.take() {
            self.s.cpu_mut(below).timers.remove(&(deadline, Timer::Guest(vcpu)));
        }
    }

    /// Whether a step on this processor happens in non-root mode.
    pub fn is_virtual(&self, cpu: CpuId) -> bool {
        self.s.thread_of(cpu).is_some()
    }

    /// OUT: on bare hardware the device takes it; on virtual hardware it is an exit, and the device model below, a
    /// program, decodes it and does what the device would.
    pub fn sensitive_out(&mut self, at: At, next: impl Into<Pc>) {
        match self.s.thread_of(at.cpu) {
            Some(thread) => {
                self.goto(at, next);
                self.exit_guest(thread, Exit::Io, false, at.ride);
            }
            None => {
                let component = self.user_component(at);
                self.pay(at, next, Primitive::PortWrite, 1, component, Crossing::Device, Token::IoRequest);
            }
        }
    }

    /// A sensitive instruction of a program: by itself on bare hardware, an exit on virtual hardware.
    pub fn sensitive_cpuid(&mut self, at: At, next: impl Into<Pc>) {
        match self.s.thread_of(at.cpu) {
            Some(thread) => {
                self.goto(at, next);
                self.exit_guest(thread, Exit::Cpuid, false, at.ride);
            }
            None => {
                let component = self.user_component(at);
                self.pay(at, next, Primitive::Cpuid, 1, component, Crossing::None, Token::Instruction);
            }
        }
    }
}
