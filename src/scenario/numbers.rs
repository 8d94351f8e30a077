//! Numbers in texts: `{OperationLatency('vm', 'read', P50)}` in what a walkthrough says is replaced by what the run
//! gives, so that no text claims a number that the run beside it contradicts.
//!
//! Between the braces stands a quantity as in predictions and expectations, its names in single quotation marks, since
//! the text itself stands in double ones; or `Written('stacks/vm/memory')`, a number of the file itself. A brace that no
//! name and bracket follow is a brace. A file's check reads every one of them ([`Numbers`]), so filling a text in
//! ([`Scenario::told`]) can't fail.

use std::collections::HashMap;
use std::ops::Range;

use super::quantity::Quantity;
use super::{Choice, Closing, Scenario, Step};
use crate::costs::Profile;
use crate::machine::Outcome;

/// A number that a text names.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// Read off the run.
    Run(Quantity),
    /// A number of the file, as a person would write it, and where it stands.
    Written(String, String),
}

/// The numbers that a scenario's texts name, by how they are written between the braces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers(pub(super) HashMap<String, Number>);

/// How a filled-in number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// The number alone.
    Plain,
    /// As a Markdown link to [`NUMBER`] whose title says where the number comes from.
    Linked,
}

/// Where the link of a filled-in number leads: nowhere. Whoever draws it shows the title instead.
pub const NUMBER: &str = "=";

/// A place in a text where a number stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From the opening brace to behind the closing one.
    pub span: Range<usize>,
    /// Whether it is closed.
    pub closed: bool,
}

impl Place {
    /// What stands between the braces.
    pub fn expression<'a>(&self, text: &'a str) -> &'a str {
        &text[self.inside(text)]
    }

    /// Where that is.
    pub fn inside(&self, text: &str) -> Range<usize> {
        let end = if self.closed { self.span.end - 1 } else { self.span.end };
        let (start, between) = (self.span.start + 1, &text[self.span.start + 1..end]);
        let before = between.len() - between.trim_start().len();
        start + before..start + before + between.trim().len()
    }
}

/// Where numbers stand in a text: at each brace that a name and an opening bracket follow.
pub(super) fn places(text: &str) -> Vec<Place> {
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find('{').map(|i| from + i) {
        let inside = &text[start + 1..];
        let name = inside.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(inside.len());
        if name == 0 || !inside[name..].starts_with('(') {
            from = start + 1;
            continue;
        }
        let end = closing(inside).map(|i| start + 1 + i);
        from = end.unwrap_or(text.len());
        places.push(Place { span: start..from, closed: end.is_some() });
    }
    places
}

/// Where the brace behind `inside` is closed: outside of quotation marks.
fn closing(inside: &str) -> Option<usize> {
    let mut quoted = false;
    for (i, c) in inside.char_indices() {
        match c {
            '\'' | '"' => quoted = !quoted,
            '}' if !quoted => return Some(i + 1),
            // An expression stands in one paragraph.
            '{' if !quoted => return None,
            _ => {}
        }
    }
    None
}

/// An expression as RON reads it.
pub(super) fn as_ron(expression: &str) -> String {
    expression.replace('\'', "\"")
}

impl Numbers {
    /// `text` with its numbers.
    fn fill(&self, text: &str, run: Run, filled: Filled) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for place in places(text) {
            let Some(number) = self.0.get(place.expression(text)) else { continue };
            out += &text[from..place.span.start];
            from = place.span.end;
            let (value, source) = number.told(run);
            match filled {
                Filled::Plain => out += &value,
                Filled::Linked => out += &format!("[{value}]({NUMBER} \"{}\")", titled(&source)),
            }
        }
        out + &text[from..]
    }
}

/// As a title in Markdown: one line, without what would end it.
fn titled(text: &str) -> String {
    let text = text.replace('"', "'").replace('\\', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A run and its costs.
#[derive(Clone, Copy)]
struct Run<'a> {
    outcome: &'a Outcome,
    profile: &'a Profile,
}

impl Number {
    /// Its value, and where it comes from.
    fn told(&self, run: Run) -> (String, String) {
        match self {
            Number::Written(value, path) => (value.clone(), format!("As it stands in the scenario: {path}")),
            Number::Run(Quantity::Cost(primitive)) => {
                let cost = run.profile.cost(*primitive);
                let from = format!("{}, {}", cost.provenance.word(), cost.provenance.detail());
                let value = Quantity::Cost(*primitive).value(run.outcome);
                (value.to_string(), format!("{}: {}. {from}", primitive.label(), primitive.meaning()))
            }
            Number::Run(quantity) => {
                let from = format!("Computed by this run, with the costs of {}.", run.profile.title);
                (quantity.told(run.outcome).to_string(), format!("{} {from}", quantity.says(run.outcome)))
            }
        }
    }

    /// Whether it has a value in a run.
    pub fn has_value(&self, outcome: &Outcome) -> bool {
        match self {
            Number::Run(quantity) => quantity.value(outcome).amount.is_finite(),
            Number::Written(..) => true,
        }
    }
}

impl Scenario {
    /// The scenario with the numbers of a run in its texts.
    pub fn told(&self, outcome: &Outcome, profile: &Profile, filled: Filled) -> Scenario {
        let run = Run { outcome, profile };
        let mut told = self.clone();
        // What is Markdown, and what is not.
        let text = |text: &mut String| *text = self.numbers.fill(text, run, filled);
        let plain = |text: &mut String| *text = self.numbers.fill(text, run, Filled::Plain);
        for step in &mut told.walkthrough {
            fill_step(step, &text, &plain);
        }
        if let Some(Closing { say, knobs, .. }) = &mut told.closing {
            text(say);
            knobs.iter_mut().filter_map(|knob| knob.say.as_mut()).for_each(text);
        }
        told.leaves_out.iter_mut().for_each(text);
        told
    }

    /// The numbers of the texts that have no value in a run, as they are written.
    pub fn without_value(&self, outcome: &Outcome) -> Vec<&str> {
        let without = self.numbers.0.iter().filter(|(_, number)| !number.has_value(outcome));
        let mut without: Vec<&str> = without.map(|(written, _)| written.as_str()).collect();
        without.sort_unstable();
        without
    }
}

fn fill_step(step: &mut Step, text: &impl Fn(&mut String), plain: &impl Fn(&mut String)) {
    text(&mut step.say);
    step.leaves_out.iter_mut().for_each(text);
    step.knobs.iter_mut().filter_map(|knob| knob.say.as_mut()).for_each(text);
    let Some(predict) = &mut step.predict else { return };
    plain(&mut predict.ask);
    for Choice { label, why, .. } in &mut predict.choices {
        plain(label);
        why.iter_mut().for_each(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, bool)> {
        places(text).iter().map(|place| (place.expression(text), place.closed)).collect()
    }

    #[test]
    fn only_a_name_and_a_bracket_after_a_brace_are_a_number() {
        assert_eq!(found("{ } {} {a} {{.Names}} {'x'} f{1(} {é(}"), []);
        assert_eq!(found("It took {Latency('v}m', P50)}."), [("Latency('v}m', P50)", true)]);
        assert_eq!(found("{A(1)}{B(2)}"), [("A(1)", true), ("B(2)", true)]);
        assert_eq!(found("{A(1) and no end"), [("A(1) and no end", false)]);
        assert_eq!(found("{A(1) {B(2)}"), [("A(1) {B(2)}", false)]);
    }

    #[cfg(feature = "app")]
    #[test]
    fn what_a_number_says_of_itself_ends_no_link() {
        let title = titled("The \"read\" of [a](b) `c`\n\nd \\ e");
        assert!(!title.contains(['"', '\n', '\\']), "{title}");
        let markdown = format!("[1 µs]({NUMBER} \"{title}\")");
        let mut links = 0;
        for event in pulldown_cmark::Parser::new(&markdown) {
            if let pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) = event {
                assert_eq!(dest_url.as_ref(), NUMBER);
                links += 1;
            }
        }
        assert_eq!(links, 1);
    }
}
