//! A run as the app holds it: the outcome, and what is looked up in it over and over, computed once.

use std::sync::Arc;

use crate::costs::Profile;
use crate::engine::Time;
use crate::machine::{End, Machine, Outcome, Presences, Topology};
use crate::scenario::{self, Answer, Asked, Filled, Knob, KnobPlace, Played, Scenario, Source, Value};
use crate::trace::exits::Exits;
use crate::trace::tallies::Tallies;
use crate::trace::{ComponentId, HopId, JourneyId, Recorder, StackId, Trace};

use super::index::Index;
use super::lanes::Lane;
use super::playback::{Moments, Position};
use super::scene::Scene;
use super::totals::Totals;

static NOTHING: Trace = Trace { hops: Vec::new(), journeys: Vec::new(), left_out: 0 };

/// What a scenario was before a knob was turned.
#[derive(Clone, Debug)]
pub struct Written {
    /// The scenario, with the numbers of its own run in its texts.
    pub scenario: Scenario,
    /// The costs it ran with.
    pub profile: Profile,
    /// What each knob shows in that run, by step and knob.
    shown: Vec<Vec<Value>>,
}

/// That a run is one with a knob turned, and how.
#[derive(Clone, Debug)]
pub struct TurnedTo {
    /// Which knob.
    pub place: KnobPlace,
    /// To which of its stops.
    pub stop: usize,
    /// In words: "quota at 25 ms, in the file 50 ms".
    pub words: String,
    /// What was turned.
    pub written: Arc<Written>,
}

/// A scenario that was run.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What was run.
    pub scenario: Scenario,
    /// The text of the file, in which no knob is turned.
    pub source: Source,
    /// Whether a knob is turned.
    pub turned: Option<TurnedTo>,
    /// With whose costs.
    pub profile: Profile,
    /// What came out.
    pub outcome: Outcome,
    /// Where stepping and pacing stop.
    pub moments: Moments,
    /// The swim lanes.
    pub lanes: Vec<Lane>,
    /// What they fold into: the hardware, and each stack.
    pub heads: Vec<Lane>,
    /// The totals at any moment.
    pub totals: Totals,
    /// What was done at each part and on each processor, at any moment.
    pub tallies: Tallies,
    /// The exits of virtual processors, at any moment.
    pub exits: Exits,
    /// By walkthrough step: from when and up to when it plays.
    pub played: Vec<Played>,
    /// By walkthrough step: the answer to its question, if it asks one.
    pub answers: Vec<Option<Answer>>,
    /// By walkthrough step: what it asks, in figures of the whole run.
    pub asked: Vec<Option<Asked>>,
    /// By walkthrough step: the parts that it speaks of.
    pub looked_at: Vec<Vec<ComponentId>>,
    /// What of the machine is there at a time.
    pub presences: Presences,
    index: Arc<Index>,
}

impl Recording {
    /// Looks up everything that stays the same from now on.
    pub fn new(scenario: Scenario, source: Source, profile: Profile, outcome: Outcome) -> Recording {
        let trace = outcome.trace.as_ref().unwrap_or(&NOTHING);
        let moments = Moments::new(outcome.simulated);
        let lanes = super::lanes::lanes(&outcome.topology, trace);
        let heads = super::lanes::heads(&outcome.topology, trace);
        let index = Arc::new(Index::new(trace, outcome.topology.stacks.len()));
        let totals = Totals::new(trace, &outcome.topology, outcome.simulated);
        let scenario = scenario.told(&outcome, &profile, Filled::Linked);
        let stacks: Vec<Option<StackId>> = outcome.topology.cpus.iter().map(|cpu| cpu.stack).collect();
        let exits = Exits::new(trace, usize::from(outcome.topology.cores), &stacks);
        let tallies = Tallies::new(trace);
        let steps = &scenario.walkthrough;
        let played = scenario::all_played(&scenario, &outcome);
        let answer = |step: &scenario::Step| step.predict.as_ref().map(|p| scenario::answer(p, &outcome));
        let answers = steps.iter().map(answer).collect();
        let figures = |step: &scenario::Step| scenario::asked(&step.predict.as_ref()?.answer, &outcome);
        let asked = steps.iter().map(figures).collect();
        let parts = scenario::Parts::of(&outcome.topology);
        let part = |path: &String| parts.find(path);
        let looked_at = steps.iter().map(|step| step.look_at.iter().filter_map(part).collect()).collect();
        drop(parts);
        let presences = Presences::new(&outcome.topology, &outcome.changes);
        Recording {
            presences,
            looked_at,
            scenario,
            source,
            turned: None,
            profile,
            outcome,
            moments,
            lanes,
            heads,
            totals,
            tallies,
            exits,
            played,
            answers,
            asked,
            index,
        }
    }

    /// The scenario as its file has it, and its costs.
    pub fn as_written(&self) -> (&Scenario, &Profile) {
        self.turned
            .as_ref()
            .map_or((&self.scenario, &self.profile), |turned| (&turned.written.scenario, &turned.written.profile))
    }

    /// What turning a knob of this run begins with.
    pub fn written(&self) -> Arc<Written> {
        if let Some(turned) = &self.turned {
            return Arc::clone(&turned.written);
        }
        let shown = |knobs: &[Knob]| knobs.iter().map(|knob| knob.shows.value(&self.outcome)).collect();
        let steps = 0..=self.scenario.walkthrough.len();
        Arc::new(Written {
            scenario: self.scenario.clone(),
            profile: self.profile.clone(),
            shown: steps.map(|scene| shown(self.knobs(scene))).collect(),
        })
    }

    /// The knobs of a step, or of the page at the end, as the file has them.
    pub fn knobs(&self, scene: usize) -> &[Knob] {
        let scenario = self.as_written().0;
        match scenario.walkthrough.get(scene) {
            Some(step) => &step.knobs,
            None => scenario.closing.as_ref().map_or(&[], |closing| &closing.knobs),
        }
    }

    /// What a knob shows where it stands in the file, and where it stands in this run.
    pub fn shown(&self, place: KnobPlace) -> Option<(Value, Value)> {
        let now = self.knobs(place.scene).get(place.knob)?.shows.value(&self.outcome);
        let written = self.turned.as_ref().and_then(|turned| turned.written.shown.get(place.scene)?.get(place.knob));
        Some((written.copied().unwrap_or(now), now))
    }

    /// What a scene asks, as far as it may be seen: its figures once it is `answered`; before that only what they are, where
    /// bars of operations would say something else, or while it is `open`, when they could give the answer away.
    pub fn asked(&self, scene: usize, answered: bool, open: bool) -> Option<Asked> {
        let asked = self.asked.get(scene)?.as_ref()?;
        match (answered, open) {
            (true, _) => Some(asked.clone()),
            (false, true) => Some(asked.withheld()),
            (false, false) => asked.awaited(),
        }
    }

    /// The picture of it.
    pub fn scene(&self) -> Scene {
        Scene::indexed(self.topology(), self.trace(), Arc::clone(&self.index)).seeded(self.scenario.seed)
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
        self.index.latest(self.trace(), stack, time).map(|(_, journey)| journey)
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
