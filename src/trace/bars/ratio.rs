//! How two medians compare, and how sure that is.
//!
//! The interval is the bootstrap's: medians of samples drawn with replacement, 999 times. The median of such a sample
//! is the value at place `n * U`, where `U` is the k-th smallest of n uniform numbers, and that is a beta variable;
//! so one draw costs the same for ten operations and for a million, and is no approximation.

use super::prefix::{Prefix, place};
use crate::engine::Stream;

/// So many draws.
const DRAWS: usize = 999;
/// With so many, an interval of 95 % ends at the 25th from either side. Of several intervals that are looked at together
/// each ends further out, so that all of them hold in 95 of 100 cases (Bonferroni's correction): among eight machines
/// that are alike, one would otherwise seem to differ now and then.
const OUTSIDE: usize = 25;

/// What can be said of a stack's median beside that of the stack it is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ratio {
    /// It is what the others are measured by.
    Measure,
    /// One of them has no such operation.
    Nothing,
    /// One of them has only so many.
    TooFew(usize),
    /// The ratio, and its interval: in 95 of 100 cases those of all stacks hold.
    #[allow(missing_docs)]
    Times { ratio: f64, low: f64, high: f64 },
}

impl Ratio {
    /// Whether the interval leaves open that there is no difference.
    pub fn no_difference(self) -> bool {
        matches!(self, Ratio::Times { low, high, .. } if low <= 1.0 && high >= 1.0)
    }
}

/// `own` beside `first`, one of so many comparisons; both hold operations.
pub(super) fn compare(first: &Prefix, own: &Prefix, comparisons: usize, seed: u64, name: &str) -> Ratio {
    let median = |of: &Prefix| of.latency(place(of.count(), 50)) as f64;
    if median(first) <= 0.0 {
        return Ratio::Nothing;
    }
    let mut stream = Stream::new(seed, name);
    let mut ratios: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let (own, first) = (resampled(own, &mut stream), resampled(first, &mut stream));
            own / first.max(1.0)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let outside = (OUTSIDE / comparisons.max(1)).max(1) - 1;
    Ratio::Times { ratio: median(own) / median(first), low: ratios[outside], high: ratios[DRAWS - 1 - outside] }
}

/// The median of as many operations, drawn with replacement.
pub(super) fn resampled(of: &Prefix, stream: &mut Stream) -> f64 {
    let count = of.count();
    let k = place(count, 50) + 1;
    let (below, above) = (gamma(k as f64, stream), gamma((count - k + 1) as f64, stream));
    let at = (count as f64 * (below / (below + above))) as usize;
    of.latency(at.min(count - 1)) as f64
}

/// A gamma variable of a shape of at least 1, by Marsaglia and Tsang (2000).
fn gamma(shape: f64, stream: &mut Stream) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(stream);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && uniform(stream).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// A standard normal variable, by Box and Muller.
fn normal(stream: &mut Stream) -> f64 {
    (-2.0 * uniform(stream).ln()).sqrt() * (std::f64::consts::TAU * uniform(stream)).cos()
}

/// Between 0 and 1, neither of them.
fn uniform(stream: &mut Stream) -> f64 {
    (f64::from(stream.next_u32()) + 0.5) / 4_294_967_296.0
}
