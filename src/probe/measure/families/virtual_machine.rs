//! A virtual machine: what making one costs, and what leaving its guest costs.
//!
//! First of all, whether the guest runs on the processor: the same loop inside and outside. If it is more than
//! a few times slower inside, this host's `/dev/kvm` interprets its guests, and every cost is one of
//! emulation: filed under names of its own, never as a cost of hardware assistance. A CPUID is a whole exit handled in
//! the kernel; an OUT or a write without memory goes on to user space, and the difference is the way there and back.
//! Left out: exits of a guest operating system, of several processors, of real devices.

#[cfg(target_arch = "x86_64")]
mod x86;

use super::super::bench::Bench;
use crate::costs::Unit;

pub const GIVES: &[(&str, Unit)] = &[
    ("vm_create", Unit::Ns),
    ("vm_interrupt_controller", Unit::Ns),
    ("vm_memory", Unit::Ns),
    ("vm_processor", Unit::Ns),
    ("vm_first_exit", Unit::Ns),
    ("vm_start", Unit::Ns),
    ("vm_destroy", Unit::Ns),
    ("kvm_create_vm", Unit::Ns),
    ("kvm_create_irqchip", Unit::Ns),
    ("kvm_memory_slot", Unit::Ns),
    ("kvm_supported_cpuid", Unit::Ns),
    ("kvm_create_vcpu", Unit::Ns),
    ("native_loop", Unit::Ns),
    ("native_walk_4k", Unit::Ns),
    ("native_walk_2m", Unit::Ns),
    ("guest_loop", Unit::Ns),
    ("guest_walk_4k", Unit::Ns),
    ("guest_walk_2m", Unit::Ns),
    ("exit_cpuid", Unit::Ns),
    ("exit_port", Unit::Ns),
    ("exit_mmio", Unit::Ns),
    ("exit_to_user_space", Unit::Ns),
    ("halt_wake", Unit::Ns),
    ("emulated_instruction", Unit::Ns),
    ("emulated_load", Unit::Ns),
    ("emulated_loop", Unit::Ns),
    ("emulated_walk_4k", Unit::Ns),
    ("emulated_walk_2m", Unit::Ns),
    ("emulated_cpuid", Unit::Ns),
    ("emulated_cpuid_loop", Unit::Ns),
    ("emulated_port", Unit::Ns),
    ("emulated_mmio", Unit::Ns),
    ("emulated_halt_wake", Unit::Ns),
];

#[cfg(target_arch = "x86_64")]
pub fn run(bench: &mut Bench) -> Result<(), String> {
    x86::run(bench)
}

#[cfg(not(target_arch = "x86_64"))]
pub fn run(_: &mut Bench) -> Result<(), String> {
    Err(format!("the probe's guest is written for x86-64; this is {}", std::env::consts::ARCH))
}
