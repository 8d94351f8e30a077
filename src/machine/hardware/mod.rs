//! The bare hardware: what devices and page walks do, below every kernel.

pub mod disk;
pub mod idle;
pub mod nic;
pub mod paging;
pub mod wire;

use crate::engine::Time;

/// What a device, or one direction of it, has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Load {
    /// Time at work.
    pub busy: Time,
    pub requests: u64,
    pub bytes: u64,
}

impl Load {
    /// One more request of so many bytes.
    pub fn count(&mut self, bytes: u64) {
        self.requests += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}
