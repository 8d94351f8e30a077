//! The real host: what it is made of, and what its mechanisms cost.
//!
//! The inventory says where this program runs, layer by layer, each with its evidence. The measurements give the
//! primitives of a cost profile; some of them need a container and a virtual machine of the probe's own, which it
//! makes and removes. A few counters tell what happens right now. Nothing here knows the simulator: both meet in [`crate::costs::Profile`] only.

#[cfg(target_os = "linux")]
pub mod cleanup;
pub mod gather;
pub mod interrupt;
pub mod inventory;
pub mod live;
pub mod measure;
#[cfg(target_os = "linux")]
pub mod sandbox;
pub mod saved;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod vm;
