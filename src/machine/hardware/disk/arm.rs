//! The arm of a spinning disk, and the commands that the device holds for it: see [`hdd`](super::hdd).

use std::collections::BTreeSet;

use crate::machine::frame::RequestId;

/// The arm, and the commands that the device holds.
#[derive(Clone, Debug, Default, Hash)]
pub struct Arm {
    /// Where it is, in 2^-32 of the way over the disk.
    place: u32,
    /// By place.
    held: BTreeSet<(u32, RequestId)>,
}

impl Arm {
    /// How many commands the device holds.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Takes a command for what lies at `place`.
    pub fn take(&mut self, place: u32, request: RequestId) {
        self.held.insert((place, request));
    }

    /// Goes to the next one in the direction of travel, or to the first of all: how far that is, and which.
    pub fn go(&mut self) -> Option<(u64, RequestId)> {
        let here = (self.place, RequestId::FIRST);
        let next = self.held.range(here..).next().or_else(|| self.held.first()).copied()?;
        self.held.remove(&next);
        let distance = u64::from(self.place.abs_diff(next.0));
        self.place = next.0;
        Some((distance, next.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arm_serves_all_that_it_holds_in_one_sweep() {
        let id = |slot: u32| RequestId(crate::machine::arena::Key::of_slot(slot));
        let mut arm = Arm { place: 50, held: [(10, id(0)), (60, id(1)), (55, id(2)), (90, id(3))].into() };
        let order: Vec<(u32, u64)> = std::iter::from_fn(|| {
            let (distance, _) = arm.go()?;
            Some((arm.place, distance))
        })
        .collect();
        assert_eq!(order, [(55, 5), (60, 5), (90, 30), (10, 80)]);
    }
}
