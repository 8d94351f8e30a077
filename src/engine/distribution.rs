//! Amounts of time that are the same each time, or drawn anew from a [`Stream`].
//!
//! By integers alone: an exponential one is the mean times the natural logarithm of one over an even number between 0 and
//! 1 (inversion: L. Devroye, Non-Uniform Random Variate Generation, 1986, II.2), and that logarithm is computed digit by
//! digit from squares, so that it is the same on every machine.

use std::fmt;

use super::{Stream, Time};

/// A time as it is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// The same each time.
    Constant(Time),
    /// Exponential: how long it still lasts does not depend on how long it has lasted.
    Exponential {
        /// The mean, which is the standard deviation too.
        mean: Time,
    },
    /// Any time between two as likely as any other, both included.
    Uniform {
        /// The shortest.
        from: Time,
        /// The longest; not before `from`.
        to: Time,
    },
}

impl Distribution {
    /// No exponential draw is longer than so many means: it is made of 64 random bits.
    pub const MOST_MEANS: u64 = 45;

    /// Whether it has to be drawn.
    pub fn is_drawn(&self) -> bool {
        !matches!(self, Distribution::Constant(_))
    }

    /// The next time. A constant one takes nothing from the stream.
    pub fn draw(&self, stream: &mut Stream) -> Time {
        match *self {
            Distribution::Constant(time) => time,
            Distribution::Exponential { mean } => {
                let times_mean = u128::from(mean.as_ps()) * u128::from(minus_ln(stream.next_u64()));
                Time(u64::try_from(times_mean >> 32).unwrap_or(u64::MAX))
            }
            Distribution::Uniform { from, to } => {
                Time(from.as_ps() + stream.below((to - from).as_ps().saturating_add(1)).min((to - from).as_ps()))
            }
        }
    }

    /// What it is on average.
    pub fn mean(&self) -> Time {
        match *self {
            Distribution::Constant(time) => time,
            Distribution::Exponential { mean } => mean,
            Distribution::Uniform { from, to } => Time(from.as_ps() / 2 + to.as_ps() / 2),
        }
    }
}

impl From<Time> for Distribution {
    fn from(time: Time) -> Distribution {
        Distribution::Constant(time)
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distribution::Constant(time) => write!(f, "{time}"),
            Distribution::Exponential { mean } => write!(f, "exponential {mean}"),
            Distribution::Uniform { from, to } => write!(f, "{from} to {to}"),
        }
    }
}

/// The natural logarithm of 2, in 2^-32.
const LN_2: u128 = 2_977_044_472;

/// Minus the natural logarithm of `draw` of 2^64, in 2^-32; of 0 that of 1. At most 45.
fn minus_ln(draw: u64) -> u64 {
    let draw = draw.max(1);
    let zeros = draw.leading_zeros();
    // Between 1 and 2, in 2^-63: each squaring doubles its logarithm, whose next binary digit is whether it passes 2.
    let mut left = draw << zeros;
    let mut log2: u64 = 0;
    for _ in 0..32 {
        let square = (u128::from(left) * u128::from(left)) >> 63;
        let passes = square >> 64;
        log2 = (log2 << 1) | passes as u64;
        left = (square >> passes) as u64;
    }
    let minus_log2 = ((u64::from(zeros) + 1) << 32) - log2;
    ((u128::from(minus_log2) * LN_2) >> 32) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right_to_a_billionth_and_never_more_than_is_said() {
        for draw in [1, 2, 3, 12_345, 1 << 31, 1 << 63, (1 << 63) + 1, u64::MAX / 3, u64::MAX] {
            let right = -(draw as f64 / 2f64.powi(64)).ln();
            let off = (minus_ln(draw) as f64 / 2f64.powi(32) - right).abs();
            assert!(off < 2e-9 * right.max(1.0), "{draw}: {off}");
        }
        assert!(minus_ln(0) == minus_ln(1) && minus_ln(1) >> 32 < Distribution::MOST_MEANS);
    }

    /// Of many draws the mean, the deviation and the share beyond given multiples of the mean are those of the formula, to
    /// within four of their own standard errors.
    #[test]
    fn draws_have_the_mean_the_deviation_and_the_tail_of_their_distribution() {
        let n = 400_000;
        let mut stream = Stream::new(7, "test");
        let mut draws = |of: Distribution| (0..n).map(|_| of.draw(&mut stream).as_ps() as f64).collect::<Vec<_>>();
        let mean = |of: &[f64]| of.iter().sum::<f64>() / n as f64;
        let exponential = draws(Distribution::Exponential { mean: Time::us(2) });
        assert!((mean(&exponential) / 2e6 - 1.0).abs() < 4.0 / (n as f64).sqrt());
        for means in [0.1, 0.5, 1.0, 2.0, 4.6, 7.0] {
            let share = exponential.iter().filter(|draw| **draw > means * 2e6).count() as f64 / n as f64;
            let right = (-means).exp();
            assert!((share - right).abs() < 4.0 * (right * (1.0 - right) / n as f64).sqrt(), "{means}: {share}");
        }
        let even = draws(Distribution::Uniform { from: Time::us(1), to: Time::us(3) });
        assert!((mean(&even) / 2e6 - 1.0).abs() < 4.0 * (1.0 / 12f64.sqrt()) / (n as f64).sqrt());
        assert!(even.iter().all(|draw| (1e6..=3e6).contains(draw)));
        let below = even.iter().filter(|draw| **draw < 1.2e6).count() as f64 / n as f64;
        assert!((below - 0.1).abs() < 4.0 * (0.09 / n as f64).sqrt(), "{below}");
    }

    #[test]
    fn what_can_be_drawn_at_the_ends_is_drawn_and_nothing_overflows() {
        let mut stream = Stream::new(7, "test");
        let mut drawn =
            |from, to| (0..64).map(|_| Distribution::Uniform { from, to }.draw(&mut stream)).collect::<Vec<_>>();
        assert!(drawn(Time(5), Time(5)).iter().all(|time| *time == Time(5)));
        let two = drawn(Time(5), Time(6));
        assert!(two.contains(&Time(5)) && two.contains(&Time(6)));
        assert!(drawn(Time::ZERO, Time::MAX).iter().any(|time| *time > Time::s(1)));
        let mut stream = Stream::new(7, "test");
        for _ in 0..64 {
            Distribution::Exponential { mean: Time::MAX }.draw(&mut stream);
        }
    }

    #[test]
    fn a_constant_takes_nothing_from_the_stream() {
        let (mut stream, untouched) = (Stream::new(7, "test"), Stream::new(7, "test"));
        assert_eq!(Distribution::from(Time::us(2)).draw(&mut stream), Time::us(2));
        assert_eq!(stream, untouched);
    }
}
