//! Simulated time: an unsigned 64-bit count of picoseconds, which lasts 213 days.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in simulated time, or a length of it, in picoseconds. Arithmetic saturates: it never wraps around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// The beginning of every run.
    pub const ZERO: Time = Time(0);
    /// Later than anything that happens.
    pub const MAX: Time = Time(u64::MAX);

    /// `n` picoseconds.
    pub const fn ps(n: u64) -> Time {
        Time(n)
    }
    /// `n` nanoseconds.
    pub const fn ns(n: u64) -> Time {
        Time(n.saturating_mul(1_000))
    }
    /// `n` microseconds.
    pub const fn us(n: u64) -> Time {
        Time(n.saturating_mul(1_000_000))
    }
    /// `n` milliseconds.
    pub const fn ms(n: u64) -> Time {
        Time(n.saturating_mul(1_000_000_000))
    }
    /// `n` seconds.
    pub const fn s(n: u64) -> Time {
        Time(n.saturating_mul(1_000_000_000_000))
    }
    /// Picoseconds as a number.
    pub const fn as_ps(self) -> u64 {
        self.0
    }
    /// Seconds, for showing and plotting only: no simulated state is decided by it.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-12
    }
    /// `self - earlier`, or zero if `earlier` is later.
    pub const fn since(self, earlier: Time) -> Time {
        Time(self.0.saturating_sub(earlier.0))
    }
    /// The same length `n` times.
    pub const fn times(self, n: u64) -> Time {
        Time(self.0.saturating_mul(n))
    }
}

impl std::ops::Add for Time {
    type Output = Time;
    fn add(self, other: Time) -> Time {
        Time(self.0.saturating_add(other.0))
    }
}
impl std::ops::AddAssign for Time {
    fn add_assign(&mut self, other: Time) {
        *self = *self + other;
    }
}
impl std::ops::Sub for Time {
    type Output = Time;
    fn sub(self, other: Time) -> Time {
        self.since(other)
    }
}
impl std::iter::Sum for Time {
    fn sum<I: Iterator<Item = Time>>(iter: I) -> Time {
        iter.fold(Time::ZERO, |a, b| a + b)
    }
}

/// Three significant digits in the unit that a person would choose: `1.31 µs`, `84.1 µs`, `2 ms`, `350 ps`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1u64, "ps"), (1_000, "ns"), (1_000_000, "µs"), (1_000_000_000, "ms"), (1_000_000_000_000, "s")];
        // The unit in which the rounded value stays below 1000.
        for (i, (size, name)) in units.iter().enumerate() {
            let value = self.0 as f64 / *size as f64;
            if value < 999.5 || i == units.len() - 1 {
                let digits = match value {
                    v if v >= 99.95 || *size == 1 => 0,
                    v if v >= 9.995 => 1,
                    _ => 2,
                };
                let text = format!("{value:.digits$}");
                let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
                return f.pad(&format!("{text} {name}"));
            }
        }
        Ok(())
    }
}

/// Why a text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// There is no number in front.
    #[error("\"{0}\" has no number: write a number and a unit, as in \"2 us\"")]
    NoNumber(String),
    /// There is a number and nothing after it.
    #[error("\"{0}\" has no unit: write ps, ns, us, ms, s or min, as in \"2 us\"")]
    NoUnit(String),
    /// There is something like a number, but not as this program writes them.
    #[error("\"{0}\" has no number that can be read: write digits and a point, as in \"1.5 us\"")]
    Number(String),
    /// The unit is not one of time.
    #[error("\"{unit}\" is not a unit of time: write ps, ns, us, ms, s or min")]
    Unit {
        /// What stands where the unit should be.
        unit: String,
    },
    /// The number is below zero.
    #[error("\"{0}\" is negative: simulated time only runs forward")]
    Negative(String),
    /// The number is more than simulated time can count (213 days).
    #[error("\"{0}\" is too long: simulated time ends after 213 days")]
    TooLong(String),
}

impl std::str::FromStr for Time {
    type Err = TimeError;

    /// Reads `2 us`, `2us`, `1.5 ms`, `0 ns`. Decimals are exact to the picosecond; below that they are cut off.
    fn from_str(text: &str) -> Result<Time, TimeError> {
        let trimmed = text.trim();
        if trimmed.starts_with('-') {
            return Err(TimeError::Negative(text.to_owned()));
        }
        let split = trimmed.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(trimmed.len());
        let (number, unit) = (trimmed[..split].replace('_', ""), trimmed[split..].trim());
        if number.is_empty() || !number.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(TimeError::NoNumber(text.to_owned()));
        }
        let digits: u32 = match unit {
            "ps" => 0,
            "ns" => 3,
            "us" | "µs" | "μs" => 6,
            "ms" => 9,
            "s" | "min" => 12,
            "" => return Err(TimeError::NoUnit(text.to_owned())),
            // "1,5 us", "0x10 s", "1e9 s": only a part of the number was read.
            _ if !is_a_word(unit) => return Err(TimeError::Number(text.to_owned())),
            _ => return Err(TimeError::Unit { unit: unit.to_owned() }),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
        if fraction.contains('.') {
            return Err(TimeError::Number(text.to_owned()));
        }
        let too_long = || TimeError::TooLong(text.to_owned());
        let scale = 10u128.pow(digits);
        let whole: u128 = whole.parse().map_err(|_| too_long())?;
        let mut ps = whole.checked_mul(scale).ok_or_else(too_long)?;
        let mut place = scale;
        for digit in fraction.chars().filter_map(|c| c.to_digit(10)) {
            place /= 10;
            ps += place * u128::from(digit);
        }
        if unit == "min" {
            ps = ps.checked_mul(60).ok_or_else(too_long)?;
        }
        u64::try_from(ps).map(Time).map_err(|_| too_long())
    }
}

/// Whether what stands behind a number can be the name of a unit and is no part of the number.
pub(crate) fn is_a_word(unit: &str) -> bool {
    unit.starts_with(char::is_alphabetic) && !unit.contains(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits_in_a_fitting_unit() {
        for (ps, text) in [
            (0, "0 ps"),
            (350, "350 ps"),
            (1_310_000, "1.31 µs"),
            (84_123_000, "84.1 µs"),
            (999_400, "999 ns"),
            (999_600, "1 µs"),
            (2_000_000_000, "2 ms"),
            (61_000_000_000_000, "61 s"),
        ] {
            assert_eq!(Time(ps).to_string(), text);
        }
    }

    #[test]
    fn a_duration_is_read_exactly_or_refused() {
        assert_eq!("1.5 us".parse(), Ok(Time(1_500_000)));
        assert_eq!("0.0005ns".parse(), Ok(Time(0)));
        assert_eq!("2 min".parse(), Ok(Time::s(120)));
        assert!(matches!("5".parse::<Time>(), Err(TimeError::NoUnit(_))));
        assert!(matches!("-5 us".parse::<Time>(), Err(TimeError::Negative(_))));
        assert!(matches!("5 parsecs".parse::<Time>(), Err(TimeError::Unit { .. })));
        assert!(matches!("us".parse::<Time>(), Err(TimeError::NoNumber(_))));
        for number in ["1.2.3 us", "1,5 us", "0x10 s", "1e308 s", "1 000 s", "1'000 ns"] {
            assert_eq!(number.parse::<Time>(), Err(TimeError::Number(number.to_owned())));
        }
        assert!(matches!("99999999999999999999 s".parse::<Time>(), Err(TimeError::TooLong(_))));
        assert!("400 min".parse::<Time>().is_ok());
        assert!(matches!("400000 min".parse::<Time>(), Err(TimeError::TooLong(_))));
    }
}
