//! The hypervisor: KVM's mechanisms, inside whichever kernel has virtual machines on it.
//!
//! A vCPU is a thread of the kernel below. It is in guest mode while its base frame is on top of its stack; a VM
//! exit pushes a frame that leaves guest mode, handles the reason, and enters again. The same code serves a
//! hypervisor on bare hardware and one that is itself a guest: only leaving and entering guest mode, and the few
//! privileged accesses of a handler, ask the platform, and on virtual hardware each of these is an exit to the
//! hypervisor below. That is all there is to nested virtualization here.

pub mod exit;
pub mod inject;
pub mod interpreter;
pub mod start;
pub mod virtio;

pub use exit::ExitStep;
