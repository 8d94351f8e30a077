//! The instants of a run that stepping and pacing go by.

use crate::engine::Time;
use crate::trace::{Crossing, Trace};

/// Sorted, without repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    crossings: Vec<Time>,
    operations: Vec<Time>,
    end: Time,
}

impl Moments {
    /// The instants of `trace`, which ends at `end`.
    pub fn new(trace: &Trace, end: Time) -> Moments {
        let crossings = trace.hops.iter().filter(|hop| hop.crossing != Crossing::None).map(|hop| hop.start);
        let operations = trace.journeys.iter().map(|journey| journey.end);
        Moments {
            crossings: sorted(crossings.filter(|&at| at <= end).collect()),
            operations: sorted(operations.filter(|&at| at <= end).collect()),
            end,
        }
    }

    /// When a boundary between layers is crossed.
    pub fn crossings(&self) -> &[Time] {
        &self.crossings
    }

    /// When an operation is done.
    pub fn operations(&self) -> &[Time] {
        &self.operations
    }

    /// When the run ends.
    pub fn end(&self) -> Time {
        self.end
    }
}

fn sorted(mut times: Vec<Time>) -> Vec<Time> {
    times.sort_unstable();
    times.dedup();
    times
}
