//! What the texts of a file name: numbers, each read as a quantity, with the place of the braces; and links.

use std::ops::Range;

use indexmap::IndexSet;
use ron::Error;
use ron::extensions::Extensions;

use super::links;
use super::quantities::{Names, Stacks};
use crate::scenario::file::{ChoiceFile, KnobFile, QuantityFile, ScenarioFile, StepFile};
use crate::scenario::locate::Node;
use crate::scenario::numbers::{Number, Numbers, as_ron, places};
use crate::scenario::problem::Problems;
use crate::syntax::words;

/// All numbers that the texts of a file name.
pub(super) fn find(file: &ScenarioFile, text: &str, root: &Node, stacks: &Stacks, problems: &mut Problems) -> Numbers {
    let steps = file.walkthrough.iter().filter_map(|step| step.id.as_deref()).collect();
    let mut reader = Reader { names: Names { stacks, problems }, text, root, steps, numbers: Numbers::default() };
    let steps = root.key("walkthrough");
    file.walkthrough.iter().enumerate().for_each(|(i, step)| reader.step(step, steps.item(i)));
    if let Some(closing) = &file.closing {
        let at = root.key("closing");
        reader.read(&closing.say, at.key("say"));
        reader.knobs(&closing.knobs, at);
    }
    reader.all(&file.leaves_out, root.key("leaves_out"));
    reader.numbers
}

struct Reader<'a> {
    names: Names<'a>,
    text: &'a str,
    root: &'a Node,
    /// The ids of the steps, for links.
    steps: IndexSet<&'a str>,
    numbers: Numbers,
}

impl Reader<'_> {
    fn step(&mut self, step: &StepFile, at: &Node) {
        self.read(&step.say, at.key("say"));
        self.all(&step.leaves_out, at.key("leaves_out"));
        self.knobs(&step.knobs, at);
        let Some(predict) = &step.predict else { return };
        let at = at.key("predict");
        self.read(&predict.ask, at.key("ask"));
        for (i, choice) in predict.choices.iter().enumerate() {
            let at = at.key("choices").item(i);
            match choice {
                ChoiceFile::Choice { label, why, .. } => {
                    self.read(label, at.key("label"));
                    why.iter().for_each(|why| self.read(why, at.key("why")));
                }
                ChoiceFile::Label(label, _) => self.read(label, at.item(0)),
                ChoiceFile::Number(_) | ChoiceFile::Between(..) => {}
            }
        }
    }

    fn knobs(&mut self, knobs: &[KnobFile], at: &Node) {
        for (i, knob) in knobs.iter().enumerate() {
            knob.say.iter().for_each(|say| self.read(say, at.key("knobs").item(i).key("say")));
        }
    }

    fn all(&mut self, texts: &[String], at: &Node) {
        texts.iter().enumerate().for_each(|(i, text)| self.read(text, at.item(i)));
    }

    fn read(&mut self, said: &str, at: &Node) {
        links::check(said, at, &self.steps, self.names.problems);
        let places = places(said);
        let spans = self.spans(places.len(), at);
        for (place, span) in places.iter().zip(spans) {
            let written = place.expression(said);
            if self.numbers.0.contains_key(written) {
                continue;
            }
            let at = Node::within(span);
            if !place.closed {
                let help = "close it, as in {Latency('vm', P50)}, or put a blank after a brace that is meant as one";
                let message = format!("the number \"{{{}\" has no closing brace", short(written));
                self.names.problems.add(at.span, message, Some(help.to_owned()));
                continue;
            }
            if let Some(number) = self.number(written, &at) {
                self.numbers.0.insert(written.to_owned(), number);
            }
        }
    }

    /// Where in the file the numbers of a text stand, of which there are so many: as it is written there, with its
    /// escapes. Where these hide a number, each stands for the whole text.
    fn spans(&self, numbers: usize, at: &Node) -> Vec<Range<usize>> {
        if numbers == 0 {
            return Vec::new();
        }
        // Without the end of the text, which no number reaches beyond.
        let written = self.text.get(at.span.clone()).unwrap_or_default().trim_end_matches(['"', '#']);
        let places = places(written);
        if places.len() != numbers {
            return vec![at.span.clone(); numbers];
        }
        let in_file = |inside: Range<usize>| at.span.start + inside.start..at.span.start + inside.end;
        places.iter().map(|place| in_file(place.inside(written))).collect()
    }

    fn number(&mut self, written: &str, at: &Node) -> Option<Number> {
        if let Some(path) = written.strip_prefix("Written(").and_then(|rest| rest.strip_suffix(')')) {
            let path = path.trim().trim_matches(['\'', '"']);
            return self.written(path, at);
        }
        let options =
            ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME).with_recursion_limit(16);
        match options.from_str::<QuantityFile>(&as_ron(written)) {
            Ok(file) => {
                let before = self.names.problems.len();
                let quantity = self.names.quantity(&file, at);
                (self.names.problems.len() == before).then_some(Number::Run(quantity))
            }
            Err(error) => {
                let (wrong, help) = words(&error.code);
                let example = "write a quantity as in an expectation, with names in single quotation marks, as in \
                               {OperationLatency('vm', 'read', P50)} or {Exits(of: 'vm')}, a cost as in \
                               {Cost('vm_exit')}, or a number of this file as in {Written('stacks/vm/memory')}";
                // What else is said of a shape is said of texts in double quotation marks.
                let named = matches!(error.code, Error::NoSuchEnumVariant { .. } | Error::NoSuchStructField { .. });
                let help = help.filter(|_| named).map_or(example.to_owned(), |help| format!("{help}; {example}"));
                self.names.problems.add(at.span.clone(), format!("this number can't be read: {wrong}"), Some(help));
                None
            }
        }
    }

    /// A number of the file.
    fn written(&mut self, path: &str, at: &Node) -> Option<Number> {
        match scalar(self.text, self.root, path) {
            Ok(node) => {
                let value = self.text.get(node.span.clone()).unwrap_or_default().trim_matches('"');
                Some(Number::Written(value.replace(" us", " µs"), path.to_owned()))
            }
            Err((message, help)) => {
                self.names.problems.given_all_of(&self.root.span)?.add(at.span.clone(), message, Some(help));
                None
            }
        }
    }
}

/// What is longer is no number, in bytes.
const LONGEST: usize = 64;

/// The number at a path, or why there is none and what to do.
pub(super) fn scalar<'a>(text: &str, root: &'a Node, path: &str) -> Result<&'a Node, (String, String)> {
    let help = || {
        "name fields, keys, and operations by their names, from the outermost in, as in \"stacks/vm/memory\" or \
         \"programs/reader/Repeat/body/Read/bytes\"; what the file leaves out has to be written to be named"
            .to_owned()
    };
    let node = root.at_path(text, path).map_err(|word| (format!("\"{word}\" leads nowhere in this file"), help()))?;
    let written = text.get(node.span.clone()).unwrap_or_default();
    let number = written.len() <= LONGEST
        && written.trim_matches('"').trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if node.is_scalar() && number && !written.starts_with('\'') {
        return Ok(node);
    }
    Err((format!("\"{path}\" is no number"), help()))
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
