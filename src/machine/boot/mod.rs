//! Boot: what lies between power and the first program, on bare hardware and in a virtual machine.
//!
//! Real: a processor begins in the firmware, which owns it. The firmware makes memory usable, finds devices with drivers of
//! its own, and reads a loader from a disk; the loader reads a kernel and an initial RAM disk with the firmware's drivers
//! and jumps into the kernel; the kernel unpacks itself, learns what machine it stands on, probes each device with each of
//! its drivers, mounts a root file system and executes the first process, which starts the rest. Whoever runs holds
//! ring 0 until the kernel has made ring 3. A virtual machine does all of that again, on devices that a program below
//! serves; one that is booted directly (a microVM) has its kernel put into memory by the device model, and no firmware.
//! Modelled: a list of [`Part`]s, each of a few [`Act`]s with costs of their own: bytes at a rate, accesses to registers,
//! reads of real sizes from the machine's disk, waits that a specification or a driver demands, programs that are
//! executed. The list follows from the description and from the devices that the machine has; it is the same code for a
//! host and for a guest, and only what an act *is* differs: an access to a device's register is an exit in a guest, and
//! memory that is written for the first time an EPT violation. No total is written down anywhere. Each part is a journey,
//! or several if it executes programs, and is told of in the record ([`crate::trace::ChangeKind::Booting`]).
//! Left out: system management mode, the security processor, microcode; network boot; secure boot's checks; suspended
//! images (hibernation, snapshots of a booted machine).

pub mod draft;
mod firmware;
mod init;
mod kernel;
mod loader;
mod run;

pub use draft::{Act, Draft, Part, Place, Platform, Stage};

use crate::machine::spec::BootSpec;

/// What a machine with this description does from power to readiness.
pub fn drafts(spec: &BootSpec, on: &Platform) -> Vec<Draft> {
    let mut drafts = firmware::parts(spec, on);
    drafts.extend(loader::parts(spec, on));
    drafts.extend(kernel::parts(spec, on));
    drafts.extend(init::parts(spec, on));
    drafts
}
