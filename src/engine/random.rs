//! Named random streams: one per component, all from the scenario's seed.
//!
//! A stream depends on the seed and its own name alone, so adding a component never changes what another one draws.
//! Only integers are drawn: what decides simulated state must be the same bit for bit on every machine.

use std::hash::{Hash, Hasher};

use rand::Rng;
use rand_pcg::Pcg64Mcg;

use super::StableHasher;

/// One component's source of chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream(Pcg64Mcg);

impl Hash for Stream {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The generator does not show its state; the number it would draw next stands for it.
        self.0.clone().next_u64().hash(state);
    }
}

impl Stream {
    /// The stream called `name` under the scenario's `seed`.
    pub fn new(seed: u64, name: &str) -> Stream {
        let mut hasher = StableHasher::default();
        hasher.word(seed);
        hasher.write(name.as_bytes());
        let low = hasher.value();
        hasher.word(0x5742_4154_4100_0001);
        Stream(Pcg64Mcg::new(u128::from(low) | (u128::from(hasher.value()) << 64)))
    }

    /// A uniform 64-bit number.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A uniform 32-bit number.
    pub fn next_u32(&mut self) -> u32 {
        (self.0.next_u64() >> 32) as u32
    }

    /// A number below `bound` (0 if `bound` is 0), uniform to within 2^-64.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_and_name_alone() {
        let draw = |seed, name: &str| {
            let mut stream = Stream::new(seed, name);
            (0..4).map(|_| stream.next_u32()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, "nvme0"), draw(7, "nvme0"));
        assert_ne!(draw(7, "nvme0"), draw(7, "nvme1"));
        assert_ne!(draw(7, "nvme0"), draw(8, "nvme0"));
    }

    #[test]
    fn the_streams_are_the_same_on_every_machine() {
        let mut stream = Stream::new(7, "nvme0");
        let drawn: Vec<u32> = (0..3).map(|_| stream.next_u32()).collect();
        insta::assert_debug_snapshot!(drawn);
    }
}
