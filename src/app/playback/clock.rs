//! From the viewer's seconds to simulated time: proportional, or the same time on screen for each crossing.

use serde::{Deserialize, Serialize};

use super::Moments;
use crate::engine::Time;

/// How simulated time follows the viewer's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// A second shows a fixed length of simulated time.
    Proportional,
    /// A second shows a fixed number of crossings, whatever they cost.
    #[default]
    Paced,
}

/// The speed, and what was left over from the last frame.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Which of the two speeds counts.
    pub pace: Pace,
    ps_per_second: f64,
    crossings_per_second: f64,
    /// Picoseconds too few to show yet: below 1.
    rest: f64,
}

impl Default for Clock {
    fn default() -> Self {
        Clock { pace: Pace::Paced, ps_per_second: 1e7, crossings_per_second: 2.5, rest: 0.0 }
    }
}

impl Clock {
    /// The slowest proportional speed: a second shows 1 ns.
    pub const SLOWEST: Time = Time::ns(1);
    /// The fastest proportional speed: a second shows 10 minutes.
    pub const FASTEST: Time = Time::s(600);
    /// The slowest and fastest paced speeds, in crossings per second.
    pub const CROSSINGS: (f64, f64) = (0.1, 100.0);

    /// How much simulated time a second shows, when proportional.
    pub fn per_second(&self) -> Time {
        Time(self.ps_per_second as u64)
    }

    /// Sets [`Clock::per_second`], within the limits.
    pub fn set_per_second(&mut self, ps: f64) {
        if ps.is_finite() {
            self.ps_per_second = ps.clamp(Self::SLOWEST.as_ps() as f64, Self::FASTEST.as_ps() as f64);
        }
    }

    /// How many crossings a second shows, when paced.
    pub fn crossings_per_second(&self) -> f64 {
        self.crossings_per_second
    }

    /// Sets [`Clock::crossings_per_second`], within the limits.
    pub fn set_crossings_per_second(&mut self, rate: f64) {
        if rate.is_finite() {
            self.crossings_per_second = rate.clamp(Self::CROSSINGS.0, Self::CROSSINGS.1);
        }
    }

    /// Makes the speed that counts so many times faster.
    pub fn faster(&mut self, factor: f64) {
        match self.pace {
            Pace::Proportional => self.set_per_second(self.ps_per_second * factor),
            Pace::Paced => self.set_crossings_per_second(self.crossings_per_second * factor),
        }
    }

    /// In words: "1 s shows 10 µs", "1.5 crossings per second".
    pub fn label(&self) -> String {
        match self.pace {
            Pace::Proportional => format!("1 s shows {}", self.per_second()),
            Pace::Paced => format!("{} crossings/s", significant(self.crossings_per_second)),
        }
    }

    /// Forgets what was left over: after a jump.
    pub(super) fn rest(&mut self) {
        self.rest = 0.0;
    }

    /// The simulated time `seconds` after it was `from`.
    pub(super) fn advance(&mut self, from: Time, seconds: f64, moments: &Moments) -> Time {
        let seconds = seconds.max(0.0);
        let exact = match self.pace {
            Pace::Proportional => seconds * self.ps_per_second + self.rest,
            Pace::Paced => paced(from, self.rest, seconds * self.crossings_per_second, moments),
        };
        let whole = exact.floor();
        self.rest = exact - whole;
        from + Time(whole as u64)
    }
}

/// Picoseconds from `from + rest` on which `crossings` crossings (a fraction counts) lie, and `rest`.
fn paced(from: Time, rest: f64, mut crossings: f64, moments: &Moments) -> f64 {
    let instants = moments.crossings();
    let mut next = instants.partition_point(|&at| at <= from);
    let mut passed = rest;
    let mut at = from;
    loop {
        let before = next.checked_sub(1).map_or(Time::ZERO, |i| instants[i]);
        let after = instants.get(next).copied().unwrap_or(moments.end());
        let length = (after - before).as_ps() as f64;
        let left = (after - at).as_ps() as f64 - if at == from { rest } else { 0.0 };
        let share = if length > 0.0 { left / length } else { 0.0 };
        if crossings < share {
            return passed + crossings * length;
        }
        passed += left;
        crossings -= share;
        at = after;
        if next >= instants.len() {
            return passed.max(1.0);
        }
        next += 1;
    }
}

fn significant(value: f64) -> String {
    let digits = if value < 0.995 {
        2
    } else if value < 9.95 {
        1
    } else {
        0
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
