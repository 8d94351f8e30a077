//! The bare hardware: what devices and page walks do, below every kernel.

pub mod disk;
pub mod idle;
pub mod nic;
pub mod paging;
