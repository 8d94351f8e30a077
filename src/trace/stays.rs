//! Intervals by time: which of them hold a moment, found without looking at all of them.

use crate::engine::Time;

/// Things that are somewhere from one time up to another.
#[derive(Clone, Debug)]
pub struct Stays<T> {
    /// From, until, what; in the order of coming.
    all: Vec<(Time, Time, T)>,
    /// The latest end of an interval and all before it.
    latest: Vec<Time>,
}

impl<T> Default for Stays<T> {
    fn default() -> Self {
        Stays { all: Vec::new(), latest: Vec::new() }
    }
}

impl<T> Stays<T> {
    /// Sorts them; what comes at the same time stays in the order given.
    pub fn new(mut all: Vec<(Time, Time, T)>) -> Stays<T> {
        all.sort_by_key(|stay| stay.0);
        let mut latest = Time::ZERO;
        let latest = all.iter().map(|stay| {
            latest = latest.max(stay.1);
            latest
        });
        Stays { latest: latest.collect(), all }
    }

    /// Those that are there at `time`, in the order of coming. One that leaves at `time` has left.
    pub fn at(&self, time: Time) -> Vec<&(Time, Time, T)> {
        let begun = self.all.partition_point(|stay| stay.0 <= time);
        let still = (0..begun).rev().take_while(|&i| self.latest[i] > time);
        let mut found: Vec<&(Time, Time, T)> = still.map(|i| &self.all[i]).filter(|stay| stay.1 > time).collect();
        found.reverse();
        found
    }

    /// All of them, in the order of coming.
    pub fn all(&self) -> &[(Time, Time, T)] {
        &self.all
    }

    /// The last that has come by `time`, whether or not it has left.
    pub fn last(&self, time: Time) -> Option<&(Time, Time, T)> {
        self.all.get(self.all.partition_point(|stay| stay.0 <= time).checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_moment_finds_what_a_scan_finds(
            stays in prop::collection::vec((0..60u64, 0..40u64), 0..50), at in 0..110u64,
        ) {
            let all: Vec<(Time, Time, usize)> =
                stays.iter().enumerate().map(|(i, (from, long))| (Time(*from), Time(from + long), i)).collect();
            let mut scanned: Vec<_> = all.iter().filter(|s| s.0 <= Time(at) && Time(at) < s.1).copied().collect();
            scanned.sort_by_key(|s| s.0);
            let found: Vec<_> = Stays::new(all).at(Time(at)).into_iter().copied().collect();
            prop_assert_eq!(found, scanned);
        }
    }
}
