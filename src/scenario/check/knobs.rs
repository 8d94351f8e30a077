//! Knobs: what they turn must stand in the file, and the file must stay right at both ends.

use super::first_mistake;
use super::numbers::scalar;
use super::quantities::Names;
use crate::costs::{Primitive, Unit};
use crate::scenario::file::{KnobFile, Loose};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;
use crate::scenario::{Knob, Measure, Quantity, Scenario, Setting, Turn};

/// So many knobs a step or a page has at most.
const MOST: usize = 8;
/// Paths that begin so lead to costs, not into the file.
const COSTS: &str = "costs/";

/// The knobs of a step or of the last page. `answer` is what they show if they don't say.
pub(super) fn knobs(
    files: &[KnobFile],
    at: &Node,
    whole: (&str, &Node),
    answer: Option<&Quantity>,
    names: &mut Names,
) -> Vec<Knob> {
    if files.len() > MOST {
        let message = format!("{} knobs at one place: {MOST} at most", files.len());
        names.problems.add(at.item(MOST).span.clone(), message, None);
    }
    let each = files.iter().take(MOST).enumerate();
    each.filter_map(|(i, file)| knob(file, at.item(i), whole, answer, names)).collect()
}

fn knob(
    file: &KnobFile,
    at: &Node,
    whole: (&str, &Node),
    answer: Option<&Quantity>,
    names: &mut Names,
) -> Option<Knob> {
    let before = names.problems.len();
    if file.name.trim().is_empty() {
        names.problems.add(at.key("name").span.clone(), "the name is empty", None);
    }
    let shows = match (&file.shows, answer) {
        (Some(shows), _) => Some(names.quantity(shows, at.key("shows"))),
        (None, Some(answer)) => Some(answer.clone()),
        (None, None) => {
            let help = Some("add what comes of it, as in shows: Latency(\"vm\", P50)".to_owned());
            if let Some(problems) = names.problems.given_all_of(&whole.1.span) {
                problems.add(at.span.clone(), "this knob doesn't say what it shows", help);
            }
            None
        }
    };
    if file.turns.is_empty() {
        let help = Some("name what it turns, as in turns: [\"stacks/vm/memory\"] or [\"costs/vm_exit\"]".to_owned());
        names.problems.add(at.key("turns").span.clone(), "this knob turns nothing", help);
    }
    let (from, to) = (end(&file.from, at.key("from"), names.problems), end(&file.to, at.key("to"), names.problems));
    let turns = file.turns.iter().enumerate();
    let turns: Vec<Turn> =
        turns.filter_map(|(i, path)| turn(path, at.key("turns").item(i), whole, names.problems)).collect();
    if let (Some(from), Some(to), Some(problems)) = (&from, &to, names.problems.given_all_of(&whole.1.span)) {
        ends(from, to, &turns, at, problems);
    }
    (names.problems.len() == before).then_some(())?;
    let say = file.say.as_ref().map(|say| say.trim().to_owned());
    let shown_as = file.shown_as.as_ref().map(|words| words.trim().to_owned()).filter(|words| !words.is_empty());
    Some(Knob { name: file.name.trim().to_owned(), say, turns, from: from?, to: to?, shows: shows?, shown_as })
}

fn end(value: &Loose, at: &Node, problems: &mut Problems) -> Option<Setting> {
    let written = match value {
        Loose::Text(text) => text.clone(),
        number => number.to_string(),
    };
    let setting = Setting::read(&written).filter(|setting| match value {
        Loose::Text(_) => !matches!(setting.measure, Measure::Whole | Measure::Real),
        _ => true,
    });
    if setting.is_none() {
        let help = Some("write it as what the knob turns is written: 4, \"50 ms\" or \"4 KiB\"".to_owned());
        problems.add(at.span.clone(), format!("{value} is no value that a knob can have"), help);
    }
    setting
}

fn turn(path: &str, at: &Node, (text, root): (&str, &Node), problems: &mut Problems) -> Option<Turn> {
    if let Some(name) = path.strip_prefix(COSTS) {
        let primitive = Primitive::from_name(name.trim());
        if primitive.is_none() {
            let names = Primitive::ALL.iter().map(|primitive| primitive.name());
            problems.unknown(at.span.clone(), "cost", name, names);
        }
        return primitive.map(Turn::Cost);
    }
    if ["walkthrough", "closing", "expect"].iter().any(|part| path.split('/').next().map(str::trim) == Some(*part)) {
        let help = Some("turn what is simulated: the host, the programs, the stacks, or costs".to_owned());
        problems.add(at.span.clone(), format!("\"{path}\" is a part of the lesson, not of the machine"), help);
        return None;
    }
    match scalar(text, root, path) {
        Ok(node) => {
            let span = node.span.clone();
            let value = text.get(span.clone()).and_then(|written| Setting::read(written.trim_matches('"')));
            if value.is_none() {
                problems.add(at.span.clone(), format!("\"{path}\" is no number that can be turned"), None);
            }
            Some(Turn::Written { span, value: value? })
        }
        Err((message, help)) => {
            problems.given_all_of(&root.span)?.add(at.span.clone(), message, Some(help));
            None
        }
    }
}

/// Both ends must be of the kind of what is turned, the smaller one first, and what stands in the file between them.
fn ends(from: &Setting, to: &Setting, turns: &[Turn], at: &Node, problems: &mut Problems) {
    if from.amount >= to.amount {
        let help = Some("the smaller one comes first".to_owned());
        problems.add(at.key("from").span.clone(), format!("nothing lies between {from} and {to}"), help);
    }
    for (i, turn) in turns.iter().enumerate() {
        let place = at.key("turns").item(i).span.clone();
        let (measure, value) = match turn {
            Turn::Written { value, .. } => (value.measure, Some(value)),
            Turn::Cost(primitive) if primitive.unit() == Unit::Ns => (Measure::Time, None),
            Turn::Cost(_) => (Measure::Real, None),
        };
        let number = |measure: Measure| matches!(measure, Measure::Whole | Measure::Real);
        for (end, key) in [(from, "from"), (to, "to")] {
            if end.measure != measure && !(measure == Measure::Real && number(end.measure)) {
                let (what, help) = (words(measure), format!("write {}", example(measure)));
                let message = format!("{end} is not {what}, as what the knob turns is");
                problems.add(at.key(key).span.clone(), message, Some(help));
            }
        }
        let of_a_kind = from.measure == measure && to.measure == measure;
        if let Some(value) =
            value.filter(|_| of_a_kind).filter(|value| !(from.amount..=to.amount).contains(&value.amount))
        {
            let help = Some(format!("it stands at {value}: let the knob go from {from} to {to} around it"));
            problems.add(place, format!("what this turns is {value}, outside of {from} to {to}"), help);
        }
    }
}

fn words(measure: Measure) -> &'static str {
    match measure {
        Measure::Time => "a time",
        Measure::Size => "a size",
        Measure::Bandwidth => "a bandwidth",
        Measure::Whole => "a whole number",
        Measure::Real => "a number",
    }
}

fn example(measure: Measure) -> &'static str {
    match measure {
        Measure::Time => "a number and a unit, as in \"2 us\"",
        Measure::Size => "a number and a unit, as in \"4 KiB\"",
        Measure::Bandwidth => "a number and a unit, as in \"10 Gbit/s\"",
        Measure::Whole => "a whole number without quotation marks",
        Measure::Real => "a number without quotation marks",
    }
}

/// With each knob at its ends the file must still be right. `remarks` tells of those that are not tried.
pub(super) fn try_ends(scenario: &Scenario, text: &str, root: &Node, problems: &mut Problems, remarks: &mut Problems) {
    let steps = root.key("walkthrough");
    let of_steps = scenario.walkthrough.iter().enumerate();
    let of_steps = of_steps.flat_map(|(i, step)| step.knobs.iter().zip(0..).map(move |(k, n)| (k, steps.item(i), n)));
    let closing = scenario.closing.iter().flat_map(|closing| &closing.knobs).zip(0..);
    let closing = closing.map(|(knob, n)| (knob, root.key("closing"), n));
    let written = |knob: &Knob| knob.turns.iter().any(|turn| matches!(turn, Turn::Written { .. }));
    let all: Vec<_> = of_steps.chain(closing).filter(|(knob, ..)| written(knob)).collect();
    let (tried, untried) = all.split_at(all.len().min(MOST_READ_AGAIN / (2 * text.len().max(1))));
    if let Some((_, at, n)) = untried.first() {
        let message = format!("{} knobs from here on are not tried at their ends: the file is too long", untried.len());
        remarks.add(at.key("knobs").item(*n).span.clone(), message, None);
    }
    for (knob, at, n) in tried {
        for (setting, key) in [(&knob.from, "from"), (&knob.to, "to")] {
            if let Some(mistake) = first_mistake(&knob.text(text, setting)) {
                let message = format!("with this knob at {setting} the file is wrong: {mistake}");
                let place = at.key("knobs").item(*n).key(key).span.clone();
                problems.add(place, message, Some("let it end where the file is still right".to_owned()));
            }
        }
    }
}

/// So many bytes are read again, all in all: each end of a knob reads the whole file.
const MOST_READ_AGAIN: usize = 4 << 20;
