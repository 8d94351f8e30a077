//! What a kernel knows of its swap area: see [`swap`](super::swap).

use std::collections::BTreeSet;

use crate::engine::Time;
use crate::machine::frame::ProcessId;

/// The swap area of a kernel.
#[derive(Clone, Debug, Default, Hash)]
pub struct Swap {
    /// Its bytes.
    pub size: u64,
    /// Of these, how many hold pages, or are about to.
    pub used: u64,
    /// Of these, pages on their way out: their frames are still somebody's.
    pub leaving: u64,
    /// Bytes written to it and read from it so far.
    pub written: u64,
    pub read: u64,
    /// Processes by when they last used their memory: whose can be taken.
    pub coldest: BTreeSet<(Time, ProcessId)>,
}

impl Swap {
    /// All that lay in the area is forgotten: its kernel is no more.
    pub fn forget(&mut self) {
        (self.used, self.leaving) = (0, 0);
        self.coldest.clear();
    }
}
