//! From the viewer's seconds to simulated time: proportional, or by the map that gives each hop its time.

use serde::{Deserialize, Serialize};

use crate::engine::Time;

/// How simulated time follows the viewer's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// A second shows a fixed length of simulated time.
    Proportional,
    /// Each hop of the column that is followed has its time on the screen, whatever it costs.
    #[default]
    Paced,
}

/// The speed, and what was left over from the last frame.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Which of the two speeds counts.
    pub pace: Pace,
    ps_per_second: f64,
    speed: f64,
    /// Picoseconds too few to show yet: below 1.
    rest: f64,
}

impl Default for Clock {
    fn default() -> Self {
        Clock { pace: Pace::Paced, ps_per_second: 1e7, speed: 1.0, rest: 0.0 }
    }
}

impl Clock {
    /// The slowest proportional speed: a second shows 1 ns.
    pub const SLOWEST: Time = Time::ns(1);
    /// The fastest proportional speed: a second shows 10 minutes.
    pub const FASTEST: Time = Time::s(600);
    /// The paced speeds.
    pub const SPEEDS: [f64; 4] = [0.25, 0.5, 1.0, 2.0];

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

    /// How many times as fast as at 1× time passes on the screen, when paced.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Sets [`Clock::speed`] to the nearest of [`Clock::SPEEDS`].
    pub fn set_speed(&mut self, speed: f64) {
        let far = |a: &f64| (a / speed).ln().abs();
        if speed.is_finite() && speed > 0.0 {
            self.speed = Self::SPEEDS.into_iter().min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(1.0);
        }
    }

    /// Makes the speed that counts so many times faster.
    pub fn faster(&mut self, factor: f64) {
        match self.pace {
            Pace::Proportional => self.set_per_second(self.ps_per_second * factor),
            Pace::Paced => self.set_speed(self.speed * factor),
        }
    }

    /// In words: "1 s shows 10 µs", "½×".
    pub fn label(&self) -> String {
        match self.pace {
            Pace::Proportional => format!("1 s shows {}", self.per_second()),
            Pace::Paced => speed_label(self.speed),
        }
    }

    /// Forgets what was left over: after a jump.
    pub(super) fn rest(&mut self) {
        self.rest = 0.0;
    }

    /// The simulated time `seconds` after it was `from`, in proportion.
    pub(super) fn advance(&mut self, from: Time, seconds: f64) -> Time {
        let exact = seconds.max(0.0) * self.ps_per_second + self.rest;
        let whole = exact.floor();
        self.rest = exact - whole;
        from + Time(whole as u64)
    }
}

/// "¼×", "½×", "1×", "2×".
pub fn speed_label(speed: f64) -> String {
    match speed {
        0.25 => "¼×".to_owned(),
        0.5 => "½×".to_owned(),
        s => format!("{s}×"),
    }
}
