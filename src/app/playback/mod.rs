//! Where the picture stands in time, and how it moves: playing, stepping, seeking.
//!
//! The picture is a function of the trace and of [`Playback::position`] alone. Playing, stepping and dragging only
//! change that position, so going back looks exactly as it looked on the way forward.

mod clock;
mod moments;
mod step;

pub use clock::{Clock, Pace};
pub use moments::Moments;
pub use step::{Step, StepKind};

use crate::engine::{History, Model, Time};

/// A point of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The simulated time that is shown.
    pub time: Time,
    /// The state after exactly so many events; `None` for the state after everything up to `time`.
    pub events: Option<u64>,
}

impl Position {
    /// The state after everything up to `time`.
    pub const fn at(time: Time) -> Position {
        Position { time, events: None }
    }

    /// Brings `history` to this position.
    pub fn restore<M: Model>(self, history: &mut History<M>, sink: &mut M::Sink) {
        match self.events {
            Some(events) => history.seek_event(events, sink),
            None => history.seek(self.time, sink),
        }
    }
}

/// The position and how it moves.
#[derive(Clone, Debug, Default)]
pub struct Playback {
    position: Position,
    playing: bool,
    /// How fast playing goes.
    pub clock: Clock,
    /// How far a step goes.
    pub step: Step,
    /// Where playing stops by itself, if a walkthrough's step says so.
    pub stop_at: Option<Time>,
    trail: step::Trail,
}

impl Playback {
    /// Where the picture stands.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The simulated time that is shown.
    pub fn time(&self) -> Time {
        self.position.time
    }

    /// Whether time runs by itself.
    pub fn playing(&self) -> bool {
        self.playing
    }

    /// Starts playing; from the beginning if the end was reached.
    pub fn play(&mut self, moments: &Moments) {
        if self.position.time >= moments.end() {
            self.seek(Time::ZERO, moments);
        }
        if self.stop_at.is_some_and(|stop| stop <= self.position.time) {
            self.stop_at = None;
        }
        self.playing = moments.end() > Time::ZERO;
    }

    /// Stops playing and stays where it is.
    pub fn pause(&mut self) {
        self.playing = false;
    }

    /// Plays if paused, pauses if playing.
    pub fn toggle(&mut self, moments: &Moments) {
        if self.playing {
            self.pause();
        } else {
            self.play(moments);
        }
    }

    /// Goes to `time`, or to the end if that is earlier.
    pub fn seek(&mut self, time: Time, moments: &Moments) {
        self.trail.clear();
        self.clock.rest();
        self.position = Position::at(time.min(moments.end()));
    }

    /// Lets `seconds` of the viewer's time pass. Returns true if the picture changed.
    pub fn advance(&mut self, seconds: f64, moments: &Moments) -> bool {
        if !self.playing {
            return false;
        }
        let before = self.position;
        let limit = self.stop_at.unwrap_or(Time::MAX).min(moments.end());
        let reached = self.clock.advance(self.position.time, seconds, moments);
        self.trail.clear();
        self.position = Position::at(reached.min(limit));
        if reached >= limit {
            self.playing = false;
            self.clock.rest();
        }
        self.position != before || !self.playing
    }

    /// Steps forward by [`Playback::step`]. `last_event` is how many events the run has.
    pub fn step_forward<M: Model>(
        &mut self,
        history: &mut History<M>,
        sink: &mut M::Sink,
        moments: &Moments,
        last_event: u64,
    ) {
        self.pause();
        let before = self.position;
        let after = match self.step.kind {
            // What happens after the last operation's end, as timers that nobody waits for, is not shown.
            StepKind::Event => match step::events_forward(before, self.step.count, history, sink, last_event) {
                beyond if beyond.time > moments.end() => Position::at(moments.end()),
                after => after,
            },
            _ => Position::at(self.step.forward(before.time, moments)),
        };
        if after != before {
            self.trail.push(self.step, before);
            self.position = after;
            self.clock.rest();
        }
    }

    /// Steps back by [`Playback::step`]: exactly to where the last steps of this kind came from, if there were any.
    pub fn step_back<M: Model>(&mut self, history: &mut History<M>, sink: &mut M::Sink, moments: &Moments) {
        self.pause();
        self.clock.rest();
        let before = self.position;
        self.position = match (self.trail.pop(self.step), self.step.kind) {
            (Some(earlier), _) => earlier,
            (None, StepKind::Event) => step::events_back(before, self.step.count, history, sink),
            (None, _) => Position::at(self.step.back(before.time, moments)),
        };
    }
}

#[cfg(test)]
mod tests;
