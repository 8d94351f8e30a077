//! Where the picture stands in time, and how it moves: playing, stepping, seeking.
//!
//! The picture is a function of the trace, of [`Playback::position`] and of the map that sets the pace
//! ([`crate::pace`]). Playing, stepping and dragging only change that position, so going back looks exactly as it
//! looked on the way forward. A stop is held: what a scene ends with stays in view for a moment before time is said
//! to stand.

mod clock;
mod moments;
mod step;

pub use clock::{Clock, Pace, speed_label};
pub use moments::Moments;
pub use step::{Step, StepKind};

use std::sync::Arc;
use std::time::Duration;

use crate::engine::{History, Model, Time};
use crate::pace::{Moment, PaceMap, Screen};

/// A point of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The simulated time that is shown.
    pub time: Time,
    /// The state after exactly so many events; `None` for the state after everything up to `time`.
    pub events: Option<u64>,
    /// The instant of the screen, where the time alone doesn't tell how far what is shown has come.
    pub screen: Option<Screen>,
}

impl Position {
    /// The state after everything up to `time`.
    pub const fn at(time: Time) -> Position {
        Position { time, events: None, screen: None }
    }

    /// Brings `history` to this position.
    pub fn restore<M: Model>(self, history: &mut History<M>, sink: &mut M::Sink) {
        match self.events {
            Some(events) => history.seek_event(events, sink),
            None => history.seek(self.time, sink),
        }
    }
}

/// A map's instants as positions.
trait PositionOn {
    /// The position at an instant of the screen.
    fn position(&self, screen: Screen) -> Position;
}

impl PositionOn for PaceMap {
    fn position(&self, screen: Screen) -> Position {
        Position { time: self.at(screen).time, events: None, screen: Some(screen) }
    }
}

/// How long the stop of a scene is held, in seconds of the screen.
const HELD: f64 = 0.8;
/// A frame that comes later than this goes no further than the next flash.
const LATE: f64 = 1.0 / 8.0;

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
    pub stop_at: Option<Position>,
    map: Arc<PaceMap>,
    /// Seconds for which the stop is still held, once it is reached.
    held: Option<f64>,
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

    /// The map that sets the pace.
    pub fn map(&self) -> &PaceMap {
        &self.map
    }

    /// Goes on by another map: of another run, or of another column. The simulated time stays.
    pub fn set_map(&mut self, map: Arc<PaceMap>) {
        self.map = map;
        self.position.screen = None;
        self.trail.clear();
    }

    /// Where the picture stands on the screen.
    pub fn screen(&self) -> Screen {
        self.position.screen.unwrap_or_else(|| self.map.screen_of(self.position.time))
    }

    /// What is shown: `still` for pictures in which nothing is on its way.
    pub fn moment(&self, still: bool) -> Moment {
        match (still, self.position.screen) {
            (true, _) => self.map.still(self.screen()),
            (false, Some(screen)) => self.map.at(screen),
            (false, None) => Moment { time: self.position.time, ..self.map.at(self.screen()) },
        }
    }

    /// Whether time runs by itself.
    pub fn playing(&self) -> bool {
        self.playing
    }

    /// How much simulated time a second shows, while it runs in proportion.
    pub fn rushes(&self) -> Option<Time> {
        (self.playing && self.clock.pace == Pace::Proportional).then(|| self.clock.per_second())
    }

    /// Whether it stands where it is to stop, and what is to be seen there has been seen.
    pub fn stopped(&self) -> bool {
        !self.playing && self.stop_at.is_some() && self.reached()
    }

    /// Whether the stop has been reached or passed, if there is one.
    pub fn reached(&self) -> bool {
        self.stop_at.is_some_and(|stop| match (stop.screen, self.position.screen) {
            (Some(stop), Some(now)) => now >= stop,
            _ => self.position.time >= stop.time,
        })
    }

    /// Whether nothing more is to be seen: it stands at its stop or behind it, or at no stop and plays nothing.
    pub fn seen_to_its_end(&self) -> bool {
        !self.playing && (self.stop_at.is_none() || self.reached())
    }

    /// Starts playing; from the beginning if the end was reached.
    pub fn play(&mut self, moments: &Moments) {
        if self.position.time >= moments.end() && self.screen() >= self.map.length() {
            self.seek(Time::ZERO, moments);
        }
        if self.reached() {
            self.stop_at = None;
        }
        self.held = None;
        self.playing = moments.end() > Time::ZERO;
    }

    /// Stops playing and stays where it is.
    pub fn pause(&mut self) {
        (self.playing, self.held) = (false, None);
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
        self.held = None;
        self.position = Position::at(time.min(moments.end()));
    }

    /// Lets `seconds` of the viewer's time pass. Returns true if the picture changed.
    pub fn advance(&mut self, seconds: f64, moments: &Moments) -> bool {
        if !self.playing {
            return false;
        }
        if let Some(held) = &mut self.held {
            *held -= seconds * self.clock.speed();
            if *held <= 0.0 {
                self.pause();
            }
            return !self.playing;
        }
        let before = self.position;
        self.trail.clear();
        self.position = match self.clock.pace {
            Pace::Proportional => Position::at(self.clock.advance(before.time, seconds).min(moments.end())),
            Pace::Paced => self.paced(seconds),
        };
        if self.reached() {
            self.position = self.stop_at.unwrap_or(self.position);
            self.clock.rest();
            self.held = Some(HELD);
        } else if self.at_end(moments) {
            self.pause();
            self.clock.rest();
        }
        self.position != before || !self.playing
    }

    /// Where the map leads `seconds` later. A frame that comes late stops at the next flash, so that none is missed.
    fn paced(&self, seconds: f64) -> Position {
        let from = self.screen();
        let passed = Duration::try_from_secs_f64((seconds * self.clock.speed()).max(0.0)).unwrap_or_default();
        let late = if seconds > LATE { self.map.next_flash(from) } else { None };
        let to = (from + passed).min(late.unwrap_or(Screen::MAX)).min(self.map.length());
        self.map.position(to)
    }

    fn at_end(&self, moments: &Moments) -> bool {
        let over = self.position.screen.is_none_or(|screen| screen >= self.map.length());
        self.position.time >= moments.end() && over
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
            _ => self.step.forward(before, self.screen(), &self.map, moments),
        };
        if after != before {
            self.trail.push(self.step, before);
            self.position = after;
            self.clock.rest();
        }
    }

    /// Steps back by [`Playback::step`]: exactly to where the last steps of this kind came from, if there were any.
    pub fn step_back<M: Model>(&mut self, history: &mut History<M>, sink: &mut M::Sink) {
        self.pause();
        self.clock.rest();
        let before = self.position;
        self.position = match (self.trail.pop(self.step), self.step.kind) {
            (Some(earlier), _) => earlier,
            (None, StepKind::Event) => step::events_back(before, self.step.count, history, sink),
            (None, _) => self.step.back(before, self.screen(), &self.map),
        };
    }
}

#[cfg(test)]
mod tests;
