//! Steps: how far one goes, and the trail that makes going back exact.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Moments, Position, PositionOn};
use crate::engine::{History, Model, Time};
use crate::pace::{PaceMap, Screen};

/// What a step counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepKind {
    /// One event of the simulation.
    Event,
    /// One crossing of a boundary between layers, seen to the end of its flash: in the column that is followed, or in
    /// any.
    #[default]
    Crossing,
    /// The end of one operation: of the column that is followed, or of any.
    Operation,
    /// A length of simulated time.
    Time,
}

impl StepKind {
    /// All kinds, finest first.
    pub const ALL: [StepKind; 4] = [StepKind::Event, StepKind::Crossing, StepKind::Operation, StepKind::Time];

    /// The label on screen.
    pub const fn label(self) -> &'static str {
        match self {
            StepKind::Event => "event",
            StepKind::Crossing => "layer crossing",
            StepKind::Operation => "operation",
            StepKind::Time => "time",
        }
    }
}

/// How far one step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// What is counted.
    pub kind: StepKind,
    /// How many, at least 1.
    pub count: u32,
    /// How long one is, for [`StepKind::Time`].
    pub time: Time,
}

impl Default for Step {
    fn default() -> Self {
        Step { kind: StepKind::default(), count: 1, time: Time::us(1) }
    }
}

impl Step {
    /// The most steps that are taken at once.
    pub const MAX_COUNT: u32 = 10_000;

    /// In words: "layer crossing", "5 operations", "2 × 1 µs".
    pub fn label(&self) -> String {
        match (self.kind, self.count) {
            (StepKind::Time, 1) => self.time.to_string(),
            (StepKind::Time, n) => format!("{n} × {}", self.time),
            (kind, 1) => kind.label().to_owned(),
            (kind, n) => format!("{n} {}s", kind.label()),
        }
    }

    /// Where one step after an instant of the screen is; the end of the run where there is none. Not for events.
    pub(super) fn forward(&self, from: Position, screen: Screen, map: &PaceMap, moments: &Moments) -> Position {
        let count = self.count.max(1) as usize;
        let found = match self.kind {
            StepKind::Time => {
                let to = from.time + self.time.times(count as u64);
                return Position::at(to.min(moments.end()));
            }
            StepKind::Operation => map.operation_after(screen, count),
            StepKind::Crossing | StepKind::Event => map.crossing_after(screen, count),
        };
        found.map_or(Position::at(moments.end()), |screen| map.position(screen))
    }

    /// Where one step before an instant of the screen is; the beginning where there is none. Not for events.
    pub(super) fn back(&self, from: Position, screen: Screen, map: &PaceMap) -> Position {
        let count = self.count.max(1) as usize;
        let found = match self.kind {
            StepKind::Time => return Position::at(from.time - self.time.times(count as u64)),
            StepKind::Operation => map.operation_before(screen, count),
            StepKind::Crossing | StepKind::Event => map.crossing_before(screen, count),
        };
        found.map_or(Position::default(), |screen| map.position(screen))
    }
}

pub(super) fn events_forward<M: Model>(
    from: Position,
    count: u32,
    history: &mut History<M>,
    sink: &mut M::Sink,
    last_event: u64,
) -> Position {
    from.restore(history, sink);
    let target = (history.current().events() + u64::from(count.max(1))).min(last_event);
    if target <= history.current().events() {
        return from;
    }
    history.seek_event(target, sink);
    stands_at(history)
}

pub(super) fn events_back<M: Model>(
    from: Position,
    count: u32,
    history: &mut History<M>,
    sink: &mut M::Sink,
) -> Position {
    from.restore(history, sink);
    history.step_back(u64::from(count.max(1)), sink);
    stands_at(history)
}

fn stands_at<M: Model>(history: &History<M>) -> Position {
    Position { time: history.current().now(), events: Some(history.current().events()), screen: None }
}

/// Where the last forward steps came from, so that stepping back returns exactly there even from a position
/// between two instants. Any other movement clears it.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail(VecDeque<(Step, Position)>);

impl Trail {
    const LIMIT: usize = 10_000;

    pub(super) fn push(&mut self, step: Step, before: Position) {
        if self.0.len() == Self::LIMIT {
            self.0.pop_front();
        }
        self.0.push_back((step, before));
    }

    /// Where the last step came from, if it was such a step; forgets everything otherwise.
    pub(super) fn pop(&mut self, step: Step) -> Option<Position> {
        match self.0.pop_back() {
            Some((taken, before)) if taken == step => Some(before),
            _ => {
                self.clear();
                None
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
