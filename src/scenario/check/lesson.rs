//! Walkthroughs and expectations.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::quantities::{Names, Stacks, kind_words};
use super::{knobs, scalar};
use crate::engine::Time;
use crate::near::did_you_mean;
use crate::scenario::file::{
    BoundaryFile, ChoiceFile, ClosingFile, EdgeFile, ExpectFile, Loose, MomentFile, PaceFile, PlayFile, PredictFile,
    StepFile,
};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;
use crate::scenario::{
    Bound, Boundary, Choice, Closing, Expectation, Kind, Moment, Pace, Play, Predict, Quantity, Range, Scene, Step,
    Subject, Value, library,
};

/// The steps of a walkthrough. `whole` is the text and its places.
pub(super) fn walkthrough(
    steps: &[StepFile],
    whole: (&str, &Node),
    stacks: &Stacks,
    problems: &mut Problems,
) -> Vec<Step> {
    let at = whole.1.key("walkthrough");
    let mut ids = IndexMap::new();
    for (i, step) in steps.iter().enumerate() {
        if let Some(id) = step.id.as_deref() {
            ids.entry(id).or_insert(i);
        }
    }
    let mut lesson = Lesson { names: Names { stacks, problems }, ids: &ids, whole };
    steps.iter().enumerate().map(|(i, step)| lesson.step(i, step, at.item(i))).collect()
}

/// What stands on the page after the last step.
pub(super) fn closing(file: &ClosingFile, whole: (&str, &Node), stacks: &Stacks, problems: &mut Problems) -> Closing {
    let at = whole.1.key("closing");
    let known = |id: &&String| library().iter().any(|built_in| built_in.id == id.as_str());
    if let Some(next) = file.next.as_ref().filter(|id| !known(id)) {
        problems.unknown(at.key("next").span.clone(), "built-in scenario", next, library().iter().map(|b| b.id));
    }
    let knobs = knobs::knobs(&file.knobs, at.key("knobs"), whole, None, &mut Names { stacks, problems });
    Closing { say: file.say.trim().to_owned(), knobs, next: file.next.clone() }
}

pub(super) fn expectations(
    files: &[ExpectFile],
    at: &Node,
    stacks: &Stacks,
    problems: &mut Problems,
) -> Vec<Expectation> {
    let mut names = Names { stacks, problems };
    files.iter().enumerate().map(|(i, file)| expectation(file, at.item(i), &mut names)).collect()
}

/// Written for no stack in particular.
const ALL: &str = "all";

struct Lesson<'a> {
    names: Names<'a>,
    /// The first step of each id, in the order of the file.
    ids: &'a IndexMap<&'a str, usize>,
    /// The text of the file, and its places.
    whole: (&'a str, &'a Node),
}

impl Lesson<'_> {
    fn step(&mut self, index: usize, step: &StepFile, at: &Node) -> Step {
        if step.title.trim().is_empty() {
            self.names.problems.add(
                at.key("title").span.clone(),
                "the title is empty",
                Some("write what the step is called".to_owned()),
            );
        }
        if let Some(id) = &step.id
            && self.ids.get(id.as_str()).is_some_and(|first| *first < index)
        {
            let message = format!("an earlier step has the id \"{id}\" as well");
            let help = Some("give one of them another id".to_owned());
            self.names.problems.add(at.key("id").span.clone(), message, help);
        }
        let play = match &step.play {
            PlayFile::Stay => Play::Stay,
            PlayFile::Until(moment) => Play::Until(self.moment(moment, at.key("play").item(0))),
        };
        let from = step.from.as_ref().map(|moment| self.moment(moment, at.key("from")));
        if from.is_some()
            && play == Play::Stay
            && let Some(problems) = self.names.problems.given_all_of(&at.span)
        {
            let help = Some("say up to when it plays, as in play: Until(End)".to_owned());
            problems.add(at.key("from").span.clone(), "a step that plays nothing begins nowhere", help);
        }
        let predict = step.predict.as_ref().map(|predict| self.predict(predict, at.key("predict")));
        let answer = predict.as_ref().map(|predict| &predict.answer);
        let knobs = knobs::knobs(&step.knobs, at.key("knobs"), self.whole, answer, &mut self.names);
        Step {
            knobs,
            from,
            follow: self.follow(step.follow.as_deref(), &play, at),
            id: step.id.clone(),
            title: step.title.clone(),
            say: step.say.trim().to_owned(),
            look_at: step.look_at.clone(),
            predict,
            play,
            pace: match &step.pace {
                PaceFile::Paced => Pace::Paced,
                PaceFile::Proportional { per_second } => {
                    let at = at.key("pace").key("per_second");
                    let per_second = scalar::duration(per_second, at, "per_second", self.names.problems);
                    if per_second == Time::ZERO {
                        self.names.problems.add(
                            at.span.clone(),
                            "per_second is zero: nothing would move",
                            Some("write how much of the run one second shows, as in \"10 us\"".to_owned()),
                        );
                    }
                    Pace::Proportional { per_second }
                }
            },
            leaves_out: step.leaves_out.clone(),
        }
    }

    /// Whose hops set the pace: the stack named, or the one that the step plays for.
    fn follow(&mut self, name: Option<&str>, play: &Play, at: &Node) -> Option<Subject> {
        match name {
            Some(ALL) if !self.names.stacks.has(ALL) => None,
            Some(name) => Some(self.names.subject(name, at.key("follow"))),
            None => match play {
                Play::Until(Moment::Operation { of, .. } | Moment::Crossing { of, .. }) => Some(of.clone()),
                _ => None,
            },
        }
    }

    fn predict(&mut self, file: &PredictFile, at: &Node) -> Predict {
        let answer = self.names.quantity(&file.answer, at.key("answer"));
        let kind = self.names.kind_of(&answer, at.key("answer"));
        if file.choices.len() < 2 {
            let help = Some("give at least two choices".to_owned());
            self.names.problems.add(at.key("choices").span.clone(), "there is nothing to choose", help);
        }
        let places = at.key("choices");
        let choice = |(i, choice): (usize, &ChoiceFile)| {
            let place = places.item(i);
            let range = range(choice, place, kind, self.names.problems);
            let why = match choice {
                ChoiceFile::Choice { why, .. } => why.as_deref().map(|why| why.trim().to_owned()),
                _ => None,
            };
            Choice { label: label(choice, range, answer.kind()), range, why }
        };
        let choices = file.choices.iter().enumerate().map(choice).collect();
        let corrections = at.key("if_wrong");
        let mut known = HashMap::new();
        for (i, choice) in file.choices.iter().enumerate() {
            known.entry(choice.key()).or_insert(i);
        }
        let if_wrong = file.if_wrong.0.iter().enumerate().filter_map(|(i, (choice, scene))| {
            let index = known.get(&choice.key()).copied();
            if index.is_none()
                && let Some(problems) = self.names.problems.given_all_of(&places.span)
            {
                let help = Some("repeat one of the choices here, without its label".to_owned());
                problems.add(corrections.key_span(i), "this is none of the choices", help);
            }
            Some((index?, self.scene(scene, corrections.item(i))?))
        });
        let mut if_wrong: Vec<(usize, Scene)> = if_wrong.collect();
        let corrected: HashSet<usize> = if_wrong.iter().map(|(i, _)| *i).collect();
        for (i, choice) in file.choices.iter().enumerate() {
            let ChoiceFile::Choice { see: Some(scene), .. } = choice else { continue };
            let place = places.item(i).key("see");
            if corrected.contains(&i) {
                let help = Some("keep one of the two".to_owned());
                let message = "if_wrong names a scene for this choice as well";
                self.names.problems.add(place.span.clone(), message, help);
            }
            if_wrong.extend(self.scene(scene, place).map(|scene| (i, scene)));
        }
        Predict { ask: file.ask.clone(), choices, answer: answer.clone(), if_wrong }
    }

    /// A step of this walkthrough, or a built-in scenario.
    fn scene(&mut self, name: &str, at: &Node) -> Option<Scene> {
        if let Some(index) = self.ids.get(name) {
            return Some(Scene::Step(*index));
        }
        if library().iter().any(|built_in| built_in.id == name) {
            return Some(Scene::Scenario(name.to_owned()));
        }
        let known = self.ids.keys().copied().chain(library().iter().map(|b| b.id));
        let problems = self.names.problems.given_all_of(&self.whole.1.key("walkthrough").span)?;
        let message = format!("no step and no built-in scenario has the id \"{name}\"");
        problems.add_with(at.span.clone(), message, || did_you_mean(name, known));
        None
    }

    fn moment(&mut self, file: &MomentFile, at: &Node) -> Moment {
        match file {
            MomentFile::Start => Moment::Start,
            MomentFile::End => Moment::End,
            MomentFile::Time(time) => Moment::Time(scalar::time(time, at.item(0), "the time", self.names.problems)),
            MomentFile::Operation { of, kind, nth, at: edge } => Moment::Operation {
                of: self.names.subject(of, at.key("of")),
                kind: kind.as_ref().and_then(|kind| self.names.operation(kind, at.key("kind"))),
                nth: self.nth(nth, at),
                begins: *edge == EdgeFile::Begin,
            },
            MomentFile::Crossing { of, what, nth } => Moment::Crossing {
                of: self.names.subject(of, at.key("of")),
                what: self.boundary(what, at.key("what")),
                nth: self.nth(nth, at),
            },
        }
    }

    fn nth(&mut self, nth: &Option<Loose>, at: &Node) -> u64 {
        let whole = |n| scalar::whole(n, at.key("nth"), "nth", 1..=u64::MAX, self.names.problems);
        nth.as_ref().map_or(1, whole)
    }

    fn boundary(&mut self, file: &BoundaryFile, at: &Node) -> Boundary {
        match file {
            BoundaryFile::SystemCall => Boundary::SystemCall,
            BoundaryFile::Return => Boundary::Return,
            BoundaryFile::PageFault => Boundary::PageFault,
            BoundaryFile::ProtectionFault => Boundary::ProtectionFault,
            BoundaryFile::VmExit => Boundary::VmExit(None),
            BoundaryFile::VmExitFor(reason) => Boundary::VmExit(self.names.reason(reason, at.item(0))),
            BoundaryFile::VmEntry => Boundary::VmEntry,
            BoundaryFile::Interrupt => Boundary::Interrupt,
            BoundaryFile::Injection => Boundary::Injection,
            BoundaryFile::ContextSwitch => Boundary::ContextSwitch,
            BoundaryFile::Throttle => Boundary::Throttle,
            BoundaryFile::Namespace => Boundary::Namespace,
            BoundaryFile::Device => Boundary::Device,
        }
    }
}

fn range(choice: &ChoiceFile, at: &Node, kind: Option<Kind>, problems: &mut Problems) -> Range {
    match choice {
        ChoiceFile::Number(n) => Range::About(amount(n, at.item(0), kind, problems)),
        ChoiceFile::Between(from, to) => {
            let (from, to) = bounds(from, at.item(0), to, at.item(1), kind, problems);
            Range::Between(from, to)
        }
        ChoiceFile::Label(_, inner) => range(inner, at.item(1), kind, problems),
        ChoiceFile::Choice { when, .. } => range(when, at.key("when"), kind, problems),
    }
}

/// The label given, or the values in words.
fn label(choice: &ChoiceFile, range: Range, kind: Kind) -> String {
    let value = |amount: f64| Value { amount, kind };
    match (choice, range) {
        (ChoiceFile::Label(label, _) | ChoiceFile::Choice { label, .. }, _) => label.clone(),
        (_, Range::About(n)) => value(n).to_string(),
        (_, Range::Between(from, to)) => format!("{} to {}", value(from), value(to)),
    }
}

/// A number for a count, rate or ratio; a text with a unit for a time, in picoseconds, and for a size. Zero for what is not
/// known to be any of them.
fn amount(value: &Loose, at: &Node, kind: Option<Kind>, problems: &mut Problems) -> f64 {
    let Some(kind) = kind else { return 0.0 };
    match (value, kind) {
        (Loose::Text(_), Kind::Time) => scalar::time(value, at, "this", problems).0 as f64,
        (_, Kind::Time) => scalar::time(value, at, "this time", problems).0 as f64,
        (_, Kind::Bytes) => scalar::size(value, at, "this size", 0..=u64::MAX, problems) as f64,
        (Loose::Text(_), _) => {
            let help = Some("write a number without quotation marks and unit".to_owned());
            problems.add(at.span.clone(), format!("{} is compared with a text", kind_words(kind)), help);
            0.0
        }
        (Loose::Whole(n), _) => *n as f64,
        (Loose::Real(n), _) if n.is_finite() => *n,
        (Loose::Real(n), _) => {
            problems.add(
                at.span.clone(),
                format!("{n} is not a number to compare with"),
                Some("write a number, as in 2 or 0.5".to_owned()),
            );
            0.0
        }
    }
}

fn bounds(
    from: &Loose,
    from_at: &Node,
    to: &Loose,
    to_at: &Node,
    kind: Option<Kind>,
    problems: &mut Problems,
) -> (f64, f64) {
    let (low, high) = (amount(from, from_at, kind, problems), amount(to, to_at, kind, problems));
    if low > high {
        let help = Some("the smaller one comes first".to_owned());
        problems.add(from_at.span.clone(), format!("nothing lies between {from} and {to}"), help);
    }
    (low, high)
}

fn expectation(file: &ExpectFile, at: &Node, names: &mut Names) -> Expectation {
    let (quantity, bound) = match file {
        ExpectFile::Ratio { of, to, between: (low, high) } => {
            let (of, to) = (names.quantity(of, at.key("of")), names.quantity(to, at.key("to")));
            names.same_kind(&of, &to, at);
            let place = at.key("between");
            let (low, high) = bounds(low, place.item(0), high, place.item(1), Some(Kind::Ratio), names.problems);
            (Quantity::Ratio(Box::new(of), Box::new(to)), Bound::Between(low, high))
        }
        ExpectFile::Between(quantity, low, high) => {
            let quantity = names.quantity(quantity, at.item(0));
            let kind = names.kind_of(&quantity, at.item(0));
            let (low, high) = bounds(low, at.item(1), high, at.item(2), kind, names.problems);
            (quantity, Bound::Between(low, high))
        }
        ExpectFile::Equal(quantity, n) => single(quantity, n, at, names, Bound::Equal),
        ExpectFile::AtLeast(quantity, n) => single(quantity, n, at, names, Bound::AtLeast),
        ExpectFile::AtMost(quantity, n) => single(quantity, n, at, names, Bound::AtMost),
        ExpectFile::Less(a, b) => {
            let (a, b) = (names.quantity(a, at.item(0)), names.quantity(b, at.item(1)));
            names.same_kind(&a, &b, at);
            (a, Bound::LessThan(b))
        }
    };
    Expectation { text: text(&quantity, &bound), quantity, bound }
}

fn single(
    quantity: &crate::scenario::file::QuantityFile,
    n: &Loose,
    at: &Node,
    names: &mut Names,
    bound: impl Fn(f64) -> Bound,
) -> (Quantity, Bound) {
    let quantity = names.quantity(quantity, at.item(0));
    let kind = names.kind_of(&quantity, at.item(0));
    let n = amount(n, at.item(1), kind, names.problems);
    (quantity, bound(n))
}

/// An expectation in words. Bounds are written with all their digits.
fn text(quantity: &Quantity, bound: &Bound) -> String {
    let value = |amount: f64| match quantity.kind() {
        Kind::Time => Time(amount.round() as u64).to_string(),
        Kind::Bytes => Value { amount, kind: Kind::Bytes }.to_string(),
        _ => amount.to_string(),
    };
    match bound {
        Bound::Between(low, high) => format!("{quantity} is from {} to {}", value(*low), value(*high)),
        Bound::Equal(n) => format!("{quantity} is {}", value(*n)),
        Bound::AtLeast(n) => format!("{quantity} is at least {}", value(*n)),
        Bound::AtMost(n) => format!("{quantity} is at most {}", value(*n)),
        Bound::LessThan(other) => format!("{quantity} is less than {other}"),
    }
}
