//! Times that may be drawn: `"2 us"`, `Exponential("2 us")`, `Uniform("1 us", "3 us")`.

use super::scalar;
use crate::engine::{Distribution, Time};
use crate::scenario::file::{DrawnFile, Loose};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;

/// The names of what can be drawn from, and how each is written.
const NAMES: [(&str, &str); 2] = [("Exponential", "Exponential(\"2 us\")"), ("Uniform", "Uniform(\"1 us\", \"3 us\")")];

/// The largest mean with which no draw is longer than a day.
const LARGEST_MEAN: Time = Time(scalar::LONGEST.0 / Distribution::MOST_MEANS);

/// A time, or what it is drawn from.
pub(super) fn time(value: &DrawnFile, at: &Node, what: &str, problems: &mut Problems) -> Distribution {
    match value {
        DrawnFile::Fixed(value) => scalar::duration(value, at, what, problems).into(),
        DrawnFile::From(values) => distribution(Some(values), at, what, problems).unwrap_or(Time::ZERO.into()),
        DrawnFile::Named => distribution(None, at, what, problems).unwrap_or(Time::ZERO.into()),
    }
}

/// `values`: none if they have names.
fn distribution(values: Option<&Vec<Loose>>, at: &Node, what: &str, problems: &mut Problems) -> Option<Distribution> {
    let at = at.without_some();
    let written = problems.written(&at.span).to_owned();
    let name = written.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
    let examples = || format!("write it as in \"2 us\", {} or {}", NAMES[0].1, NAMES[1].1);
    if name.is_empty() {
        problems.add(at.span.clone(), format!("{what} is a list or brackets without a name"), Some(examples()));
        return None;
    }
    let Some((_, example)) = NAMES.iter().find(|(known, _)| *known == name) else {
        let place = at.span.start..at.span.start + name.len();
        let known = NAMES.iter().map(|(name, _)| *name);
        let help = crate::near::nearest(name, known).map(|near| format!("did you mean {near}?"));
        problems.add(place, format!("no distribution is called \"{name}\""), Some(help.unwrap_or_else(examples)));
        return None;
    };
    let Some(values) = values else {
        let place = at.span.start..at.span.start + name.len();
        let help = Some(format!("write it as in {example}"));
        problems.add(place, format!("what stands in the brackets of {name} has no name"), help);
        return None;
    };
    match (name, values.as_slice()) {
        ("Exponential", [mean]) => exponential(mean, at.item(0), what, problems),
        ("Uniform", [from, to]) => uniform([from, to], at, what, problems),
        _ => {
            let given = match values.len() {
                0 => "there is no value in it".to_owned(),
                1 => "there is only one value in it".to_owned(),
                n => format!("there are {n} values in it"),
            };
            problems.add(at.span.clone(), format!("{name}: {given}"), Some(format!("write it as in {example}")));
            None
        }
    }
}

fn exponential(mean: &Loose, at: &Node, what: &str, problems: &mut Problems) -> Option<Distribution> {
    let before = problems.len();
    let mean_time = scalar::time_in(mean, at, &format!("the mean of {what}"), Time(1)..=LARGEST_MEAN, problems);
    let wrong = match mean_time {
        Time::ZERO => "is 0: nothing could be drawn from it".to_owned(),
        mean if mean > LARGEST_MEAN => {
            format!("of {mean} is too long: a draw may be {} times as long", Distribution::MOST_MEANS)
        }
        mean => return Some(Distribution::Exponential { mean }),
    };
    // A text that can't be read has been told.
    if problems.len() == before {
        let help = Some(format!("write a mean of more than 0 and at most {LARGEST_MEAN}"));
        problems.add(at.span.clone(), format!("the mean of {what} {wrong}"), help);
    }
    None
}

fn uniform(ends: [&Loose; 2], at: &Node, what: &str, problems: &mut Problems) -> Option<Distribution> {
    let before = problems.len();
    let [from, to] = [(0, "the shortest of"), (1, "the longest of")]
        .map(|(i, which)| scalar::duration(ends[i], at.item(i), &format!("{which} {what}"), problems));
    if problems.len() > before {
        return None;
    }
    if from >= to {
        let help = Some("the shorter one comes first".to_owned());
        problems.add(at.item(0).span.clone(), format!("nothing lies between {from} and {to}"), help);
        return None;
    }
    Some(Distribution::Uniform { from, to })
}
