//! A walkthrough: steps that say, ask before they show, and play to a moment of the run.

use crate::engine::Time;
use crate::machine::Outcome;
use crate::trace::{Crossing, ExitReason, JourneyId, OperationKind};

use super::{Quantity, Scenario, Subject, Value};

/// One scene of a walkthrough.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// A name by which other steps refer to it, if it has one.
    pub id: Option<String>,
    /// The heading.
    pub title: String,
    /// What is said, in Markdown.
    pub say: String,
    /// Parts to point at, as the end of a component's path: "vm/guest kernel".
    pub look_at: Vec<String>,
    /// What to ask before playing.
    pub predict: Option<Predict>,
    /// How far to play.
    pub play: Play,
    /// How fast to play.
    pub pace: Pace,
    /// What the model leaves out in this scene.
    pub leaves_out: Vec<String>,
}

/// A question whose answer the run computes.
#[derive(Clone, Debug, PartialEq)]
pub struct Predict {
    /// The question.
    pub ask: String,
    /// What a learner may pick. At least two.
    pub choices: Vec<Choice>,
    /// What is asked for.
    pub answer: Quantity,
    /// Which scene to go to after picking a choice (by its index) that is wrong.
    pub if_wrong: Vec<(usize, Scene)>,
}

impl Predict {
    /// The scene that corrects the belief behind choice `index`, if the author named one.
    pub fn correction(&self, index: usize) -> Option<&Scene> {
        self.if_wrong.iter().find(|(choice, _)| *choice == index).map(|(_, scene)| scene)
    }
}

/// One possible answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// As shown: "once: to ring the doorbell".
    pub label: String,
    /// The values for which it is right.
    pub range: Range,
}

/// Values for which a choice is right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// This number, within one part in twenty.
    About(f64),
    /// From the first up to but not including the second; picoseconds for times.
    Between(f64, f64),
}

impl Range {
    /// Whether `value` lies in it.
    pub fn contains(&self, value: f64) -> bool {
        match *self {
            // Background work (a timer tick) makes "2 exits per read" 2.05 in the long run.
            Range::About(n) => (value - n).abs() <= (n.abs() * 0.05).max(0.05),
            Range::Between(from, to) => (from..to).contains(&value),
        }
    }
}

/// Where a wrong prediction leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scene {
    /// A step of the same walkthrough, by its index.
    Step(usize),
    /// A built-in scenario, by its id.
    Scenario(String),
}

/// How far a step plays.
#[derive(Clone, Debug, PartialEq)]
pub enum Play {
    /// Not at all: it shows the moment at which the step before ended.
    Stay,
    /// Up to a moment.
    Until(Moment),
}

/// A moment of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    /// The beginning.
    Start,
    /// A time.
    Time(Time),
    /// The end of the run.
    End,
    /// When the `nth` (from 1) operation of a stack begins or ends.
    Operation {
        /// Whose.
        of: Subject,
        /// Of one kind only, if given.
        kind: Option<OperationKind>,
        /// Which, from 1.
        nth: u64,
        /// Its beginning instead of its end.
        begins: bool,
    },
    /// When a boundary is crossed on a stack's behalf for the `nth` time (from 1).
    Crossing {
        /// Whose.
        of: Subject,
        /// Which boundary.
        what: Boundary,
        /// Which time, from 1.
        nth: u64,
    },
}

/// A boundary that can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Ring 3 to ring 0 by SYSCALL.
    SystemCall,
    /// Ring 0 to ring 3.
    Return,
    /// A page fault.
    PageFault,
    /// A general-protection fault.
    ProtectionFault,
    /// A VM exit, for one reason or any.
    VmExit(Option<ExitReason>),
    /// A VM entry.
    VmEntry,
    /// An interrupt is taken.
    Interrupt,
    /// An interrupt is injected.
    Injection,
    /// Another task gets the CPU.
    ContextSwitch,
    /// A cgroup stops its tasks.
    Throttle,
    /// A packet changes its network namespace.
    Namespace,
    /// A device begins to serve.
    Device,
}

impl Boundary {
    /// Whether `crossing` crosses this boundary.
    pub fn matches(self, crossing: Crossing) -> bool {
        match (self, crossing) {
            (Boundary::VmExit(None), Crossing::VmExit(_)) => true,
            (Boundary::VmExit(Some(reason)), Crossing::VmExit(other)) => reason == other,
            (Boundary::SystemCall, Crossing::SystemCall)
            | (Boundary::Return, Crossing::Return)
            | (Boundary::PageFault, Crossing::PageFault)
            | (Boundary::ProtectionFault, Crossing::ProtectionFault)
            | (Boundary::VmEntry, Crossing::VmEntry)
            | (Boundary::Interrupt, Crossing::Interrupt)
            | (Boundary::Injection, Crossing::Injection)
            | (Boundary::ContextSwitch, Crossing::ContextSwitch)
            | (Boundary::Throttle, Crossing::Throttle)
            | (Boundary::Namespace, Crossing::Namespace)
            | (Boundary::Device, Crossing::Device) => true,
            _ => false,
        }
    }
}

/// How fast a step plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Each crossing takes the same time on screen.
    #[default]
    Paced,
    /// One second on screen shows so much simulated time.
    Proportional {
        /// Simulated time per second of watching.
        per_second: Time,
    },
}

/// The answer to a question, as one run gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The value.
    pub value: Value,
    /// A sentence: "VM exits of vm per read: 3".
    pub text: String,
    /// The index of the choice that is right; `None` if none is under these costs.
    pub correct_choice: Option<usize>,
}

/// Computes the answer to `predict` from a run of the scenario.
pub fn answer(predict: &Predict, _scenario: &Scenario, outcome: &Outcome) -> Answer {
    let value = predict.answer.value(outcome);
    Answer {
        value,
        text: format!("{}: {value}", predict.answer),
        correct_choice: predict.choices.iter().position(|choice| choice.range.contains(value.amount)),
    }
}

/// The moment up to which a step plays. What never happens in this run is at the run's end; a step that plays
/// nothing stays at the moment of the step before it.
pub fn play_until(step: &Step, scenario: &Scenario, outcome: &Outcome) -> Time {
    match &step.play {
        Play::Until(moment) => happens(moment, outcome).at,
        Play::Stay => before(step, scenario, outcome),
    }
}

/// The moment from which a step plays: where the step before it ended, or the beginning of the operation that it is
/// about if the step before it ended elsewhere.
pub fn play_from(step: &Step, scenario: &Scenario, outcome: &Outcome) -> Time {
    let before = before(step, scenario, outcome);
    let Play::Until(moment) = &step.play else { return before };
    let Happening { at, journey } = happens(moment, outcome);
    let begin = outcome.trace.as_ref().zip(journey).and_then(|(trace, id)| trace.journeys.get(id.index()));
    let begin = begin.map_or(Time::ZERO, |journey| journey.start);
    if (begin..at).contains(&before) { before } else { begin.min(at) }
}

/// When the last step before `step` that played ended.
fn before(step: &Step, scenario: &Scenario, outcome: &Outcome) -> Time {
    let earlier = scenario.walkthrough.iter().take_while(|other| *other != step);
    let moments = earlier.filter_map(|step| match &step.play {
        Play::Until(moment) => Some(moment),
        Play::Stay => None,
    });
    moments.last().map_or(Time::ZERO, |moment| happens(moment, outcome).at)
}

/// When something happens, and in which operation.
#[derive(Clone, Copy)]
struct Happening {
    at: Time,
    journey: Option<JourneyId>,
}

fn happens(moment: &Moment, outcome: &Outcome) -> Happening {
    let plain = |at: Time| Happening { at: at.min(outcome.simulated), journey: None };
    let nth = |mut times: Vec<(Time, JourneyId)>, nth: u64| {
        times.sort_unstable();
        let found = usize::try_from(nth - 1).ok().and_then(|n| times.get(n));
        found.map_or(plain(Time::MAX), |(at, id)| Happening { journey: id.some(), ..plain(*at) })
    };
    let (hops, journeys) = outcome.trace.as_ref().map_or((&[][..], &[][..]), |t| (&t.hops[..], &t.journeys[..]));
    match moment {
        Moment::Start => plain(Time::ZERO),
        Moment::Time(time) => plain(*time),
        Moment::End => plain(Time::MAX),
        Moment::Operation { of, kind, nth: n, begins } => {
            let numbered = (0..).map(JourneyId).zip(journeys);
            let these = numbered.filter(|(_, j)| j.stack == of.id && kind.is_none_or(|kind| kind == j.kind));
            nth(these.map(|(id, j)| (if *begins { j.start } else { j.end }, id)).collect(), *n)
        }
        Moment::Crossing { of, what, nth: n } => {
            let these = hops.iter().filter(|hop| hop.stack == of.id && what.matches(hop.crossing));
            nth(these.map(|hop| (hop.start, hop.journey)).collect(), *n)
        }
    }
}
