//! One kernel model, for the host and for every guest: it never knows what it stands on.
//!
//! Where it touches its platform (an IPI, its timer, a device, an idle processor) the step asks whether the
//! processor is a core of the hardware or a virtual one; the first pays the hardware's price, the second leaves
//! guest mode and lets the hypervisor below do it.

pub mod block;
pub mod copy;
pub mod cpu_max;
pub mod devices;
pub mod driver;
pub mod file;
pub mod frames;
pub mod init;
mod medium;
pub mod memory;
pub mod network;
pub mod pipe;
pub mod process;
pub mod queue;
pub mod run_queue;
pub mod scheduler;
pub mod segments;
pub mod signal;
pub mod start;
pub mod swap;
pub mod swap_area;
pub mod system_call;
pub mod timer;
