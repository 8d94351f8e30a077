//! From a text to a checked scenario: read the shape, then check what it means, collecting every problem.
//!
//! Checks never stop at the first mistake. Where a value is wrong, a harmless one stands in for it so that the rest
//! can be checked too; the stand-ins never get out, because with any problem there is no scenario.

mod around;
mod boot;
mod drawn;
mod groups;
mod host;
mod knobs;
mod lesson;
mod links;
mod names;
mod numbers;
mod programs;
mod quantities;
mod scalar;
mod script;
mod shape;
mod stacks;
mod unused;

use std::ops::Range;

use super::file::{CostsFile, ScenarioFile};
use super::locate::Node;
use super::problem::Problems;
use super::{CLAIMS, CostChoice, FORMAT, Remarks, Scenario, ScenarioErrors, Source};
use crate::costs::Profile;
use crate::machine::spec::Spec;

pub(super) fn parse(source: &Source) -> Result<Scenario, ScenarioErrors> {
    let mut problems = Problems::new(source);
    let file = match shape::read(&source.text) {
        Ok(file) => file,
        Err(unreadable) => {
            // A file for a newer program may well have what this one can't read: that alone is to be told.
            let written = Node::of(&source.text).key("format").span.clone();
            if let Ok(format) = problems.written(&written).parse::<u32>()
                && format != FORMAT
            {
                wrong_format(&written, &format.to_string(), &mut problems);
                return Err(problems.into_errors());
            }
            return Err(beside(source, unreadable).into_errors());
        }
    };
    let root = Node::of(&source.text);
    let mut scenario = whole(&file, &source.text, &root, &mut problems);
    let mut remarks = problems.of_the_same_file();
    if problems.is_empty() {
        knobs::try_ends(&scenario, &source.text, &root, &mut problems, &mut remarks);
    }
    if !problems.is_empty() {
        return Err(problems.into_errors());
    }
    unused::find(&file, &root, &mut remarks);
    scenario.remarks = remarks.into_remarks();
    Ok(scenario)
}

/// What is wrong with the shape of a text, and beside that with what could be read of it.
fn beside(source: &Source, unreadable: shape::Unreadable) -> Problems {
    let mut problems = match unreadable.rest {
        None => Problems::new(source),
        Some(rest) => {
            let read = Source { name: source.name.clone(), text: rest.text().to_owned() };
            let root = Node::of(&read.text);
            let mut problems = Problems::of_the_rest(&read, &root, rest.unread());
            whole(&rest.file, &read.text, &root, &mut problems);
            problems.back_in(source, |at| rest.original(at))
        }
    };
    problems.stopped = unreadable.stopped;
    unreadable.mistakes.into_iter().for_each(|mistake| problems.add(mistake.span, mistake.message, mistake.help));
    problems
}

/// The first thing wrong with a text that differs from a right one by a number.
fn first_mistake(text: &str) -> Option<String> {
    let source = Source { name: String::new(), text: text.to_owned() };
    let file = match shape::read(text) {
        Ok(file) => file,
        Err(shape) => return Some(shape.mistakes.into_iter().next().map_or(String::new(), |first| first.message)),
    };
    let mut problems = Problems::new(&source);
    whole(&file, text, &Node::of(text), &mut problems);
    (!problems.is_empty())
        .then(|| problems.into_errors())
        .and_then(|errors| errors.problems.first().map(|first| format!("line {}: {}", first.line, first.message)))
}

fn whole(file: &ScenarioFile, text: &str, root: &Node, problems: &mut Problems) -> Scenario {
    header(file, root, problems);
    let until = file.until.as_ref().map(|until| {
        let at = root.key("until");
        let before = problems.len();
        let time = scalar::time(until, at, "until", problems);
        if time.0 == 0 && problems.len() == before {
            problems.add(
                at.span.clone(),
                "until is zero: nothing would be simulated",
                Some("write a time, as in \"10 ms\", or leave until out".to_owned()),
            );
        }
        time
    });
    let host = host::check(&file.host, root.key("host"), problems);
    let programs = programs::check(&file.programs, root.key("programs"), problems);
    let stacks = stacks::check(file, root, &host, &programs, until.is_some(), problems);
    let script = script::check(&file.script, root.key("script"), (&host, &stacks), &programs, until, problems);
    let names = quantities::Stacks::of(&stacks);
    if let Some(name) = names.twice().filter(|_| problems.is_empty()) {
        let help = Some("copies are called as the second of them, \"vm #2\"; give it another name".to_owned());
        problems.add(root.key("stacks").span.clone(), format!("copies make two stacks called \"{name}\""), help);
    }
    Scenario {
        id: file.id.clone(),
        title: file.title.clone(),
        teaches: file.teaches.clone(),
        claims: file.claims.clone(),
        seed: file
            .seed
            .as_ref()
            .map_or(0, |seed| scalar::whole(seed, root.key("seed"), "seed", 0..=u64::MAX, problems)),
        costs: costs(&file.costs, root, problems),
        until,
        numbers: numbers::find(file, text, root, &names, problems),
        walkthrough: lesson::walkthrough(&file.walkthrough, (text, root), &names, problems),
        closing: file.closing.as_ref().map(|closing| lesson::closing(closing, (text, root), &names, problems)),
        expectations: lesson::expectations(&file.expect, root.key("expect"), &names, problems),
        spec: Spec { host, programs: programs.into_iter().map(|program| program.spec).collect(), stacks, script },
        leaves_out: file.leaves_out.clone(),
        remarks: Remarks::default(),
    }
}

fn header(file: &ScenarioFile, root: &Node, problems: &mut Problems) {
    let format = scalar::whole(&file.format, root.key("format"), "format", 0..=u64::from(u32::MAX), problems);
    if format != u64::from(FORMAT) {
        wrong_format(&root.key("format").span, &file.format.to_string(), problems);
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if file.id.is_empty() || file.id.len() > 64 || !file.id.chars().all(plain) {
        let help = "use lower-case letters, digits and dashes, as in \"one-read\"".to_owned();
        problems.add(root.key("id").span.clone(), format!("\"{}\" can't be an id", file.id), Some(help));
    }
    if file.title.trim().is_empty() {
        problems.add(
            root.key("title").span.clone(),
            "the title is empty",
            Some("write what it is called in a list of scenarios".to_owned()),
        );
    }
    for (i, claim) in file.claims.iter().enumerate().filter(|(_, claim)| super::about(claim).is_none()) {
        problems.unknown(root.key("claims").item(i).span.clone(), "claim", claim, CLAIMS.iter().map(|(id, _)| *id));
    }
}

fn wrong_format(at: &Range<usize>, written: &str, problems: &mut Problems) {
    let help = format!("write format: {FORMAT}; a newer file needs a newer Strata");
    problems.add(at.clone(), format!("this program reads format {FORMAT}, not {written}"), Some(help));
}

fn costs(costs: &CostsFile, root: &Node, problems: &mut Problems) -> CostChoice {
    match costs {
        CostsFile::Default => CostChoice::Default,
        CostsFile::Profile(id) => {
            if !Profile::BUILT_IN.contains(&id.as_str()) {
                let span = root.key("costs").item(0).span.clone();
                problems.unknown(span, "cost profile", id, Profile::BUILT_IN.iter().copied());
            }
            CostChoice::Profile(id.clone())
        }
    }
}
