//! A real, tiny virtual machine: one processor, a few MiB, and a guest of a few dozen bytes of machine code.
//!
//! KVM is asked through `/dev/kvm` for a VM, a processor and an interrupt controller; the guest starts in 64-bit mode
//! with paging on (so there is no firmware and no boot), runs one of [`Program`]'s loops, and says by an OUT that it is
//! done. That is enough to see what a VM costs to make, what each kind of exit costs, and whether the guest runs on
//! the processor at all: some hosts' `/dev/kvm` interprets it instead. Left out: a guest operating system, several
//! processors, devices other than a port, an address and the interrupt controller.

mod guest;
mod machine;
mod pace;

pub use guest::{LOADS, Program, SEED};
pub use machine::{Machine, Start, VmError};
pub use pace::{Pace, native_scramble, turns};
