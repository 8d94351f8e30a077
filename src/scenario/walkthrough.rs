//! A walkthrough: steps that say, ask before they show, and play to a moment of the run.

use crate::engine::Time;
use crate::machine::Outcome;
use crate::pace::{PaceMap, Screen};
use crate::trace::{Crossing, ExitReason, HopId, JourneyId, OperationKind, StackId, Statistic};

use super::{Knob, Quantity, Scenario, Subject, Value};

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
    /// Whose hops set the pace; `None` for all alike.
    pub follow: Option<Subject>,
    /// What to ask before playing.
    pub predict: Option<Predict>,
    /// Where to begin, if not where the step before ended or what it is about begins.
    pub from: Option<Moment>,
    /// How far to play.
    pub play: Play,
    /// How fast to play.
    pub pace: Pace,
    /// What can be turned, to see what comes of it.
    pub knobs: Vec<Knob>,
    /// What the model leaves out in this scene.
    pub leaves_out: Vec<String>,
}

/// What a scene is about: what is shown beside it is of this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Topic {
    /// The kind of operation.
    pub kind: Option<OperationKind>,
    /// Whose the others are compared with.
    pub measure: Option<StackId>,
    /// Which figure of the operations: a question about the longest is not seen in medians.
    pub statistic: Statistic,
}

impl Step {
    /// The kind of operation that the answer counts, else the one that is played to; whose the answer divides by; and
    /// which figure it looks at.
    pub fn topic(&self) -> Topic {
        let answer = self.predict.as_ref().map(|predict| &predict.answer);
        let played = match self.play {
            Play::Until(Moment::Operation { kind, .. }) => kind,
            _ => None,
        };
        let kind = answer.and_then(Quantity::operation).or(played);
        let statistic = answer.and_then(Quantity::statistic).unwrap_or_default();
        Topic { kind, measure: answer.and_then(Quantity::measure), statistic }
    }
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
    /// What there is to say about it once the answer is known: why it is so, or why it isn't.
    pub why: Option<String>,
}

/// What stands on the page after the last step, beside what was predicted and what came.
#[derive(Clone, Debug, PartialEq)]
pub struct Closing {
    /// What to take along and what to do next, in Markdown.
    pub say: String,
    /// Changes to try: what can be turned.
    pub knobs: Vec<Knob>,
    /// The built-in scenario that goes on from here.
    pub next: Option<String>,
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
pub fn answer(predict: &Predict, outcome: &Outcome) -> Answer {
    let value = predict.answer.value(outcome);
    Answer {
        value,
        text: predict.answer.says(outcome),
        correct_choice: predict.choices.iter().position(|choice| choice.range.contains(value.amount)),
    }
}

/// What a step shows of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// Where it begins.
    pub from: Time,
    /// The last simulated time that belongs to it: what it waits for has been seen, the next thing has not begun.
    pub until: Time,
    /// What has to be seen before it stops.
    pub ends: Ends,
    /// Whether what it waits for happens in this run. If not, there is nothing to play.
    pub happens: bool,
}

impl Played {
    /// Where it stops on the screen: after what it ends with has been seen. `follows`: whether the map is one column's.
    pub fn stop(&self, map: &PaceMap, follows: bool) -> Screen {
        let seen = match self.ends {
            Ends::Time => None,
            Ends::Crossing(hop) => map.mark(hop).map(|mark| mark.seen),
            // Followed together, operations are not held.
            Ends::Operation(journey) => map.end_of(journey).filter(|_| follows),
        };
        seen.unwrap_or_else(|| map.screen_of(self.until))
    }
}

/// What a step stops after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// A time, whatever happens then.
    Time,
    /// A crossing.
    Crossing(HopId),
    /// The end of an operation.
    Operation(JourneyId),
}

/// What `step` shows of a run: from where the step before ended, if that was about the same stack and in the same
/// operation, or it stops where an operation begins; else from the beginning of the operation that it is about. A step
/// that plays nothing stays where the one before it ended.
pub fn played(step: &Step, scenario: &Scenario, outcome: &Outcome) -> Played {
    let earlier = scenario.walkthrough.iter().take_while(|other| *other != step);
    let before = earlier.filter(|step| step.play != Play::Stay).last();
    let ended = before.map_or(Time::ZERO, |step| happens(&step.play, outcome).until);
    played_after(before, ended, step, outcome)
}

/// What each step shows, as [`played`] says of one, in one pass.
pub fn all_played(scenario: &Scenario, outcome: &Outcome) -> Vec<Played> {
    let (mut before, mut ended) = (None, Time::ZERO);
    let steps = scenario.walkthrough.iter().map(|step| {
        let played = played_after(before, ended, step, outcome);
        if step.play != Play::Stay {
            before = Some(step);
            ended = happens(&step.play, outcome).until;
        }
        played
    });
    steps.collect()
}

/// What `step` shows where `before` is the last step that played, up to `ended`.
fn played_after(before: Option<&Step>, ended: Time, step: &Step, outcome: &Outcome) -> Played {
    if step.play == Play::Stay {
        return Played { from: ended, until: ended, ends: Ends::Time, happens: true };
    }
    let Happening { begins, until, ends, happens: it } = happens(&step.play, outcome);
    if !it {
        return Played { from: ended, until: ended, ends, happens: false };
    }
    if let Some(moment) = &step.from {
        let from = happens(&Play::Until(moment.clone()), outcome).until;
        return Played { from: from.min(until), until, ends, happens: true };
    }
    let goes_on = before.is_some_and(|before| before.follow == step.follow) && (begins..until).contains(&ended);
    // To the beginning of an operation leads what was before it.
    let leads = begins >= until && ended < until;
    Played { from: if goes_on || leads { ended } else { begins.min(until) }, until, ends, happens: true }
}

/// When something happens, and where what leads to it begins.
#[derive(Clone, Copy)]
struct Happening {
    begins: Time,
    until: Time,
    ends: Ends,
    happens: bool,
}

/// So long after its beginning a crossing has been seen, if it lasts longer.
const CROSSED: Time = Time::us(10);

fn happens(play: &Play, outcome: &Outcome) -> Happening {
    let end = outcome.simulated;
    let plain = |at: Time| Happening { begins: Time::ZERO, until: at.min(end), ends: Ends::Time, happens: true };
    let never = Happening { happens: false, ..plain(Time::ZERO) };
    let Play::Until(moment) = play else { return plain(Time::ZERO) };
    let (hops, journeys) = outcome.trace.as_ref().map_or((&[][..], &[][..]), |t| (&t.hops[..], &t.journeys[..]));
    match moment {
        Moment::Start => plain(Time::ZERO),
        Moment::Time(time) => plain(*time),
        Moment::End => plain(Time::MAX),
        Moment::Operation { of, kind, nth, begins } => {
            let numbered = (0..).map(JourneyId).zip(journeys);
            let these = numbered.filter(|(_, j)| j.stack == of.id && kind.is_none_or(|kind| kind == j.kind));
            let times = these.map(|(id, j)| (if *begins { j.start } else { j.end }, id)).collect();
            let Some((at, id)) = nth_of(times, *nth).filter(|(at, _)| *at <= end) else { return never };
            let ends = if *begins { Ends::Time } else { Ends::Operation(id) };
            Happening { begins: journeys[id.index()].start, until: at, ends, happens: true }
        }
        Moment::Crossing { of, what, nth } => {
            let numbered = (0..).map(HopId).zip(hops);
            let these = numbered.filter(|(_, hop)| hop.stack == of.id && what.matches(hop.crossing));
            let times = these.map(|(id, hop)| (hop.start, id)).collect();
            let Some((at, id)) = nth_of(times, *nth).filter(|(at, _)| *at <= end) else { return never };
            let hop = &hops[id.index()];
            let of_hop = journeys.get(hop.journey.index()).map(|journey| journey.start);
            // What no operation waits for is told from the operation that was under way.
            let under_way = || journeys.iter().filter(|j| j.stack == of.id && j.start <= at).map(|j| j.start).max();
            let begins = of_hop.or_else(under_way).unwrap_or(Time::ZERO);
            let until = at + (hop.duration() - Time(1)).min(CROSSED);
            Happening { begins, until: until.min(end), ends: Ends::Crossing(id), happens: true }
        }
    }
}

fn nth_of<T: Ord + Copy>(mut times: Vec<(Time, T)>, nth: u64) -> Option<(Time, T)> {
    times.sort_unstable();
    usize::try_from(nth).ok()?.checked_sub(1).and_then(|n| times.get(n)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::Profile;
    use crate::scenario::{find, library};

    #[test]
    fn all_steps_in_one_pass_show_what_each_shows_alone() {
        for built_in in library() {
            let scenario = Scenario::parse(&find(built_in.id).unwrap()).unwrap();
            let outcome = scenario.run(&Profile::xeon_2017(), &scenario.options(), |_, _| true).unwrap();
            let alone: Vec<Played> =
                scenario.walkthrough.iter().map(|step| played(step, &scenario, &outcome)).collect();
            assert_eq!(all_played(&scenario, &outcome), alone, "{}", built_in.id);
        }
    }
}
