//! Starting a virtual machine, up to the first instruction in it.
//!
//! Real (Linux, Documentation/virt/kvm/api.rst): a device model opens /dev/kvm, makes a VM and its interrupt
//! controller, maps memory, writes a kernel into it and gives it to the VM, asks which CPUID leaves a processor can have,
//! makes processors and sets their registers, and enters. The guest's first touches of its memory find nested tables
//! empty: EPT violations.
//! Modelled: these steps, each with its own cost, and the first touches of the pages that the first instruction needs.
//! The machine that [`crate::machine::spec::Operation::StartVm`] starts does nothing more and is gone at once: its exits
//! are bought and not made. One that is described among the stacks is made by the same calls, and then entered
//! (`kernel/init.rs`). Left out: firmware, devices; for the former, starting the device model itself, and on virtual
//! hardware the exits below that entering and leaving are.

use crate::costs::Primitive::*;

use crate::machine::frame::{At, Kind, Pc, steps};
use crate::machine::spec::{Technique, VmStart};
use crate::machine::step::{Place, Step};
use crate::machine::turn::Turn;

/// Pages of guest memory that the first instruction needs: four levels of tables and itself.
const FIRST_PAGES: usize = 5;

const BEFORE: usize = 8;
const PER_PAGE: usize = 4;
const AFTER: usize = 5;

steps! {
    /// The operation that it is.
    enum StartStep { Sequence, Started }
}

/// Step number `index`. `runs`: the machine goes on to run what is in it, so that entering it is no step of this.
pub fn step(start: &VmStart, runs: bool, index: usize) -> Option<Step> {
    let steps = steps(start);
    let last = if runs { BEFORE } else { steps.len() };
    steps[..last].get(index).copied()
}

fn steps(start: &VmStart) -> [Step; BEFORE + FIRST_PAGES * PER_PAGE + AFTER] {
    use Place::{Backends, DeviceModels, Files, Memory, Vcpus};
    let mut steps = [Step::Skip; BEFORE + FIRST_PAGES * PER_PAGE + AFTER];
    steps[..BEFORE].copy_from_slice(&[
        Step::Call(OpenFile, 1, Files),
        Step::Call(KvmCreateVm, 1, Vcpus),
        Step::Call(KvmCreateIrqchip, 1, Vcpus),
        Step::Touch(start.written),
        Step::Call(KvmMemorySlot, 1, Memory),
        Step::Call(KvmSupportedCpuid, 1, Vcpus),
        Step::Call(KvmCreateVcpu, u32::from(start.vcpus), Vcpus),
        // KVM_RUN.
        Step::Call(SystemCall, 1, Vcpus),
    ]);
    let (pages, last) = steps[BEFORE..].split_at_mut(FIRST_PAGES * PER_PAGE);
    let out = match start.technique {
        Technique::Hardware => {
            for page in pages.chunks_mut(PER_PAGE) {
                let violation = [VmEntry, VmExit, ExitDispatch, HandleEptViolation];
                page.copy_from_slice(&violation.map(|primitive| Step::Work(primitive, Vcpus)));
            }
            last[..3].copy_from_slice(&[VmEntry, VmExit, ExitDispatch].map(|primitive| Step::Work(primitive, Vcpus)));
            ExitToUserSpace
        }
        Technique::Interpreted => {
            last[0] = Step::Work(EmulatedInstruction, Backends);
            EmulatedExitToUserSpace
        }
    };
    last[AFTER - 2] = Step::Work(out, DeviceModels);
    steps
}

impl Turn<'_> {
    /// [`crate::machine::spec::Operation::StartVm`].
    pub fn step_start_vm(&mut self, at: At, operation: u16, pc: Pc) {
        match StartStep::of(pc) {
            StartStep::Sequence => {
                self.goto(at, StartStep::Started);
                self.push(at, Kind::Sequence { operation, index: 0 });
            }
            StartStep::Started => self.return_and_end(at),
        }
    }
}
