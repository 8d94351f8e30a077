//! The stretch of time that the lanes show.

use crate::engine::Time;

/// From when to when. Never empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Picoseconds at the left edge.
    pub from: f64,
    /// Picoseconds at the right edge.
    pub to: f64,
}

impl Window {
    /// The shortest stretch: 100 ps across.
    const SHORTEST: f64 = 100.0;

    /// The whole of a run that ends at `end`, with a little room after it.
    pub fn whole(end: Time) -> Window {
        Window { from: 0.0, to: (end.as_ps() as f64 * 1.02).max(Self::SHORTEST) }
    }

    /// How long it is.
    pub fn length(&self) -> f64 {
        self.to - self.from
    }

    /// Where `time` lies, from 0 at the left edge to 1 at the right.
    pub fn share(&self, time: Time) -> f64 {
        (time.as_ps() as f64 - self.from) / self.length()
    }

    /// The instant at `share` of the way from left to right.
    pub fn time(&self, share: f64) -> Time {
        Time((self.from + share * self.length()).max(0.0) as u64)
    }

    /// Shows `factor` times less, with what lies at `share` staying where it is.
    pub fn zoom(&self, factor: f64, share: f64, end: Time) -> Window {
        let whole = Window::whole(end).length();
        let length = (self.length() / factor).clamp(Self::SHORTEST, whole.max(Self::SHORTEST));
        let fixed = self.from + share * self.length();
        Window { from: fixed - share * length, to: fixed + (1.0 - share) * length }.within(end)
    }

    /// Moves by so much of its own length.
    pub fn pan(&self, shares: f64, end: Time) -> Window {
        let by = shares * self.length();
        Window { from: self.from + by, to: self.to + by }.within(end)
    }

    /// Moves as little as possible so that `time` is visible, with room to come.
    pub fn follow(&self, time: Time, end: Time) -> Window {
        let share = self.share(time);
        if (0.0..=0.95).contains(&share) { *self } else { self.pan(share - 0.3, end) }
    }

    fn within(self, end: Time) -> Window {
        let whole = Window::whole(end);
        let length = self.length().min(whole.length());
        let from = self.from.clamp(0.0, whole.to - length);
        Window { from, to: from + length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_what_is_under_the_pointer_and_stays_within_the_run() {
        let end = Time::us(100);
        let window = Window::whole(end).zoom(4.0, 0.5, end);
        assert!((window.share(Time::us(51)) - 0.5).abs() < 1e-9);
        let out = window.zoom(1e-9, 0.5, end);
        assert_eq!(out, Window::whole(end));
        assert!(window.zoom(1e30, 0.2, end).length() >= 100.0);
        assert_eq!(window.pan(1e9, end).to, Window::whole(end).to);
        assert_eq!(window.pan(-1e9, end).from, 0.0);
    }
}
