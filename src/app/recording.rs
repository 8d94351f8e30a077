//! A run as the app holds it: the outcome, and what is looked up in it over and over, computed once.

use std::sync::Arc;

use crate::costs::Profile;
use crate::engine::Time;
use crate::machine::{End, Machine, Outcome, Topology};
use crate::scenario::{self, Answer, Played, Scenario, Source};
use crate::trace::{ComponentId, HopId, JourneyId, Recorder, StackId, Trace};

use super::index::Index;
use super::lanes::Lane;
use super::playback::{Moments, Position};
use super::totals::Totals;

static NOTHING: Trace = Trace { hops: Vec::new(), journeys: Vec::new(), left_out: 0 };

/// A scenario that was run.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What was run.
    pub scenario: Scenario,
    /// Its text.
    pub source: Source,
    /// With whose costs.
    pub profile: Profile,
    /// What came out.
    pub outcome: Outcome,
    /// Where stepping and pacing stop.
    pub moments: Moments,
    /// The swim lanes.
    pub lanes: Vec<Lane>,
    /// The totals at any moment.
    pub totals: Totals,
    /// By walkthrough step: from when and up to when it plays.
    pub played: Vec<Played>,
    /// By walkthrough step: the answer to its question, if it asks one.
    pub answers: Vec<Option<Answer>>,
    /// By walkthrough step: the parts that it speaks of.
    pub looked_at: Vec<Vec<ComponentId>>,
    /// The trace by time.
    pub index: Arc<Index>,
}

impl Recording {
    /// Looks up everything that stays the same from now on.
    pub fn new(scenario: Scenario, source: Source, profile: Profile, outcome: Outcome) -> Recording {
        let trace = outcome.trace.as_ref().unwrap_or(&NOTHING);
        let moments = Moments::new(outcome.simulated);
        let lanes = super::lanes::lanes(&outcome.topology, trace);
        let index = Arc::new(Index::new(trace, outcome.topology.stacks.len()));
        let totals = Totals::new(trace, &outcome.topology, outcome.simulated);
        let steps = &scenario.walkthrough;
        let played = scenario::all_played(&scenario, &outcome);
        let answer = |step: &scenario::Step| step.predict.as_ref().map(|p| scenario::answer(p, &scenario, &outcome));
        let answers = steps.iter().map(answer).collect();
        let parts = scenario::Parts::of(&outcome.topology);
        let part = |path: &String| parts.find(path);
        let looked_at = steps.iter().map(|step| step.look_at.iter().filter_map(part).collect()).collect();
        drop(parts);
        Recording { looked_at, scenario, source, profile, outcome, moments, lanes, totals, played, answers, index }
    }

    /// The hops and journeys.
    pub fn trace(&self) -> &Trace {
        self.outcome.trace.as_ref().unwrap_or(&NOTHING)
    }

    /// The parts that hops refer to.
    pub fn topology(&self) -> &Topology {
        &self.outcome.topology
    }

    /// The machine as it stood at `position`.
    pub fn machine_at(&mut self, position: Position) -> &Machine {
        position.restore(&mut self.outcome.history, &mut Recorder::discard());
        &self.outcome.history.current().model
    }

    /// The hash of the whole state at `position`.
    pub fn state_hash_at(&mut self, position: Position) -> u64 {
        position.restore(&mut self.outcome.history, &mut Recorder::discard());
        self.outcome.history.current().state_hash()
    }

    /// A stack's operations that are under way at `time`, at most `limit` of them, latest first.
    pub fn active(&self, stack: StackId, time: Time, limit: usize) -> Vec<JourneyId> {
        self.index.active(self.trace(), stack, time, limit)
    }

    /// A stack's latest operation that began by `time`, whether or not it has ended.
    pub fn latest(&self, stack: StackId, time: Time) -> Option<JourneyId> {
        self.index.latest(self.trace(), stack, time).map(|(_, id)| id)
    }

    /// The hop in which `journey` is at `time`: the last that had begun.
    pub fn hop_at(&self, journey: JourneyId, time: Time) -> Option<HopId> {
        let at = self.index.hop_at(self.trace(), journey, time)?;
        self.index.hops(journey).get(at).copied()
    }

    /// Why there is no more to see than there is, if a limit or a cancellation ended the run.
    pub fn cut_short(&self) -> Option<String> {
        let after = self.outcome.simulated;
        match self.outcome.end {
            End::Finished | End::Until => None,
            End::EventLimit => Some(format!("Stopped after {} events, at {after}", self.outcome.events)),
            End::TimeLimit => Some(format!("Stopped where simulated time can't be counted any further, at {after}")),
            End::HopLimit => Some(format!("Stopped at {} hops kept, at {after}", self.trace().hops.len())),
            End::Cancelled => Some(format!("Cancelled at {after}")),
        }
    }
}
