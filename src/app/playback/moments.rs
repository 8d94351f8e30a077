//! How long a run is.

use crate::engine::Time;

/// Where stepping and playing stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    end: Time,
}

impl Moments {
    /// Of a run that ends at `end`.
    pub fn new(end: Time) -> Moments {
        Moments { end }
    }

    /// When the run ends.
    pub fn end(&self) -> Time {
        self.end
    }
}
