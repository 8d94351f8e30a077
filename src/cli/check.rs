//! `strata check`: read files, run them, test what they expect. For authors, and for grading.

use std::collections::HashMap;

use super::output::{print, tell};
use super::report::Report;
use super::run::{Changes, Made, make, read};
use super::{Failure, Verdict, tables};
use crate::machine::End;
use crate::scenario::{Parts, answer, library, played};
use crate::visible::one_line;

/// What `check` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Scenario files, or ids of built-in scenarios
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// A cost profile: its id, "measured", or the path of a file
    #[arg(long, value_name = "PROFILE")]
    costs: Option<String>,
    /// Stop each run after so many events, instead of 50 million
    #[arg(long, value_name = "N", value_parser = super::run::events, allow_hyphen_values = true)]
    events: Option<u64>,
}

pub(super) fn check(arguments: &Arguments) -> Result<Verdict, Failure> {
    let mut worst = Verdict::Fine;
    for file in &arguments.files {
        if worst == Verdict::Interrupted {
            break;
        }
        let verdict = check_one(file, arguments.costs.as_deref(), arguments.events).unwrap_or_else(|failure| {
            tell(failure.as_ref());
            Verdict::WrongInput
        });
        worst = worst.max(verdict);
    }
    Ok(worst)
}

fn check_one(file: &str, costs: Option<&str>, events: Option<u64>) -> Result<Verdict, Failure> {
    let scenario = read(file)?;
    // Whether what a step plays up to happens is told from the trace.
    let keep_trace = !scenario.walkthrough.is_empty();
    let changes = Changes { costs, listens: true, events, keep_trace, partial_trace: true, ..Changes::default() };
    let made = make(scenario, changes)?;
    let report = made.report();
    let remarks = remarks(&made);
    let whole = matches!(made.outcome.end, End::Finished | End::Until);
    let (word, verdict) = match (whole, report.passed()) {
        (true, true) => ("ok", Verdict::Fine),
        (true, false) => ("FAILED", Verdict::Failed),
        // What a part of a run fulfils, the whole may not.
        (false, _) => ("INCOMPLETE", made.verdict(&report).max(Verdict::Failed)),
    };
    let mut text = format!("{word}: {}, {}\n", one_line(file), sizes(&made, &report));
    for line in tables::expectations(&made.scenario, &report).lines() {
        text += &format!("  {line}\n");
    }
    remarks.iter().for_each(|remark| text += &format!("  remark: {}\n", one_line(remark)));
    print(&text)?;
    Ok(verdict)
}

fn sizes(made: &Made, report: &Report) -> String {
    let plural = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    [
        plural(report.stacks.len(), "stack"),
        plural(made.scenario.walkthrough.len(), "step"),
        plural(report.expectations.len(), "expectation"),
    ]
    .join(", ")
}

/// The most remarks that are told of a file; the rest are counted.
const MOST_REMARKS: usize = 20;
/// So many parts of the machine are looked at, all in all, for what a walkthrough wants to show: each name finds its
/// part at once, unless a file is made to be slow.
const MOST_LOOKED_AT: u64 = 20_000_000;

/// So many steps are looked for in the trace: whether what they play up to happens.
const MOST_PLAYED: usize = 100;

/// What is not wrong and yet probably not meant: what nothing uses, questions without a right choice under these costs,
/// steps whose end never comes, parts to look at that the machine does not have, and choices of the built-in scenarios
/// that don't say why.
fn remarks(made: &Made) -> Vec<String> {
    let written = &made.scenario.remarks;
    let mut remarks: Vec<String> = written.told.iter().map(|r| format!("line {}: {}", r.line, r.text)).collect();
    let mut all = remarks.len() + written.more;
    let mut remark = |text: &dyn Fn() -> String| {
        all += 1;
        if all <= MOST_REMARKS {
            remarks.push(text());
        }
    };
    let parts = Parts::of(&made.outcome.topology);
    let mut missing: HashMap<&str, bool> = HashMap::new();
    let mut unchecked = 0;
    let built_in = library().iter().any(|built_in| built_in.id == made.scenario.id);
    for (i, step) in made.scenario.walkthrough.iter().enumerate() {
        let step_name = || format!("step {}, \"{}\"", i + 1, step.title);
        if let Some(predict) = &step.predict {
            let answer = answer(predict, &made.outcome);
            let silent = predict.choices.iter().filter(|choice| choice.why.is_none()).count();
            if silent > 0 && built_in {
                remark(&|| format!("{}: {silent} of {} choices don't say why", step_name(), predict.choices.len()));
            }
            if answer.correct_choice.is_none() {
                remark(&|| format!("{}: no choice is right under these costs ({})", step_name(), answer.text));
            }
        }
        if i < MOST_PLAYED && !played(step, &made.scenario, &made.outcome).happens {
            remark(&|| format!("{}: what it plays up to does not happen under these costs", step_name()));
        }
        for path in &step.look_at {
            if parts.looked_at() > MOST_LOOKED_AT {
                unchecked += 1;
            } else if *missing.entry(path).or_insert_with(|| parts.find(path).is_none()) {
                remark(&|| format!("{}: the machine has no part \"{path}\" to look at", step_name()));
            }
        }
    }
    let without = made.scenario.without_value(&made.outcome);
    for written in &without {
        remark(&|| format!("the number {{{written}}} in a text has no value in this run"));
    }
    let more = all - remarks.len();
    if more > 0 {
        remarks.push(format!("{more} more remarks"));
    }
    if unchecked > 0 {
        remarks.push(format!("{unchecked} parts to look at were not looked for: there are too many"));
    }
    remarks
}
