//! `strata play`: a walkthrough in the terminal. It asks before it shows and waits for Enter, where there is
//! somebody to ask; else it tells everything in one go.

use std::io::{self, BufRead, IsTerminal};

use super::output::print;
use super::run::{Changes, Made, make, read};
use super::{Failure, Verdict, tables};
use crate::engine::Time;
use crate::scenario::{Moment, Play, Predict, Scene, Step, Subject, answer, play_from, play_until};
use crate::trace::{Crossing, Hop, StackId, Trace};
use crate::visible::one_line;

/// How wide the text is set.
const WIDTH: usize = 100;
/// How many crossings a step lists.
const MOST_CROSSINGS: usize = 24;

/// What `play` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A scenario file, or the id of a built-in scenario; the first walkthrough if left out
    scenario: Option<String>,
    /// A cost profile: its id, "measured", or the path of a file
    #[arg(long, value_name = "PROFILE")]
    costs: Option<String>,
}

pub(super) fn play(arguments: &Arguments) -> Result<Verdict, Failure> {
    // The library is never empty.
    let first = crate::scenario::library()[0].id;
    let asks = io::stdin().is_terminal() && io::stdout().is_terminal();
    play_scenario(arguments.scenario.as_deref().unwrap_or(first), arguments.costs.as_deref(), asks)
}

/// Plays a scenario's walkthrough; the report alone if it has none. `asks`: whether to wait for somebody's answers.
pub(super) fn play_scenario(id_or_path: &str, costs: Option<&str>, asks: bool) -> Result<Verdict, Failure> {
    let made = make(read(id_or_path)?, Changes { costs, keep_trace: true, ..Changes::default() })?;
    let report = made.report();
    if made.scenario.walkthrough.is_empty() {
        print(&tables::run(&made.scenario, &report))?;
        return Ok(Verdict::Fine);
    }
    print(&format!("{}\n{}\n", one_line(&made.scenario.title), wrap(&made.scenario.teaches, "")))?;
    let audience = Audience { asks };
    for (i, step) in made.scenario.walkthrough.iter().enumerate() {
        scene(&made, i, step, &audience)?;
        if i + 1 < made.scenario.walkthrough.len() {
            audience.pause()?;
        }
    }
    print(&format!(
        "\n{}\nAll of it, after the whole run\n\n{}",
        "─".repeat(WIDTH),
        tables::run(&made.scenario, &report)
    ))?;
    Ok(Verdict::Fine)
}

/// Whoever watches.
struct Audience {
    asks: bool,
}

impl Audience {
    fn line(&self, prompt: &str) -> Result<String, Failure> {
        let mut line = String::new();
        if self.asks {
            print(prompt)?;
            // At the end of the input there are no more answers; the lesson goes on without them.
            let _ = io::stdin().lock().read_line(&mut line);
        }
        Ok(line.trim().to_owned())
    }

    fn pause(&self) -> Result<(), Failure> {
        self.line("\n[Enter for the next step] ").map(|_| ())
    }
}

/// Shows one step.
fn scene(made: &Made, index: usize, step: &Step, audience: &Audience) -> Result<(), Failure> {
    let count = made.scenario.walkthrough.len();
    let heading = format!("Step {} of {count}: {}", index + 1, one_line(&step.title));
    let rule = "─".repeat(WIDTH.saturating_sub(heading.chars().count() + 4));
    print(&format!("\n── {heading} {rule}\n\n{}\n", wrap(&step.say, "")))?;
    if !step.look_at.is_empty() {
        print(&format!("\nLook at: {}\n", one_line(&step.look_at.join(", "))))?;
    }
    if let Some(predict) = &step.predict {
        question(made, predict, audience)?;
    }
    let from = play_from(step, &made.scenario, &made.outcome);
    let until = play_until(step, &made.scenario, &made.outcome);
    print(&shown(made, step, from, until))?;
    for line in &step.leaves_out {
        print(&format!("\n{}\n", wrap(line, "This model leaves out: ")))?;
    }
    Ok(())
}

fn question(made: &Made, predict: &Predict, audience: &Audience) -> Result<(), Failure> {
    let mut text = format!("\n{}\n", wrap(&predict.ask, "Predict: "));
    for (i, choice) in predict.choices.iter().enumerate() {
        text += &format!("  {}) {}\n", i + 1, one_line(&choice.label));
    }
    print(&text)?;
    let given = audience.line(&format!("Your prediction (1 to {}): ", predict.choices.len()))?;
    let given = given.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < predict.choices.len());
    let answer = answer(predict, &made.scenario, &made.outcome);
    let right = answer.correct_choice.map(|i| format!("{}) {}", i + 1, one_line(&predict.choices[i].label)));
    let right = right.unwrap_or_else(|| "none of these, under these costs".to_owned());
    let judged = match given {
        Some(choice) if Some(choice) == answer.correct_choice => "That is right. ",
        Some(_) => "Not so. ",
        None => "",
    };
    print(&format!("{}\n", wrap(&format!("{judged}The run says: {right} ({}).", answer.text), "")))?;
    let wrong = given.filter(|choice| Some(*choice) != answer.correct_choice);
    match wrong.and_then(|choice| predict.correction(choice)) {
        Some(Scene::Step(i)) => {
            print(&format!("Look again at step {}: {}.\n", i + 1, one_line(&made.scenario.walkthrough[*i].title)))
        }
        Some(Scene::Scenario(id)) => print(&format!("This is corrected by: strata play {id}\n")),
        None => Ok(()),
    }
}

/// The boundaries crossed between two moments, by the stack that the step is about.
fn shown(made: &Made, step: &Step, from: Time, until: Time) -> String {
    let Some(trace) = made.outcome.trace.as_ref().filter(|_| from < until || about(step).is_some()) else {
        return String::new();
    };
    let stack = about(step);
    let hops = crossings(trace, stack, from, until);
    let mut text = format!("\nFrom {from} to {until}");
    let name = stack.and_then(|stack| made.outcome.topology.stacks.get(stack.index()));
    text += &name.map_or(":\n".to_owned(), |stack| format!(", {}:\n", stack.name));
    for hop in hops.iter().take(MOST_CROSSINGS) {
        let part = made.outcome.topology.component(hop.component).map_or("", |part| part.name.as_str());
        let label = hop.crossing.label();
        let what = format!("{} {}", hop.what.label(), hop.duration());
        text += &format!("  {:>9}  {label:<34} {part:<22} {what}\n", hop.start.to_string());
    }
    if hops.len() > MOST_CROSSINGS {
        text += &format!("  … and {} more crossings\n", hops.len() - MOST_CROSSINGS);
    }
    text
}

fn about(step: &Step) -> Option<StackId> {
    match &step.play {
        Play::Until(
            Moment::Operation { of: Subject { id, .. }, .. } | Moment::Crossing { of: Subject { id, .. }, .. },
        ) => Some(*id),
        _ => None,
    }
}

fn crossings(trace: &Trace, stack: Option<StackId>, from: Time, until: Time) -> Vec<&Hop> {
    let shown = |hop: &&Hop| {
        let time = from <= hop.start && hop.start <= until;
        time && hop.crossing != Crossing::None && stack.is_none_or(|stack| hop.stack == stack)
    };
    let mut hops: Vec<&Hop> = trace.hops.iter().filter(shown).collect();
    hops.sort_by_key(|hop| (hop.start, hop.end));
    hops
}

/// Sets Markdown as plain text: paragraphs filled to the width, emphasis marks dropped.
fn wrap(text: &str, prefix: &str) -> String {
    let text = format!("{prefix}{}", text.replace("**", ""));
    let mut lines = Vec::new();
    for paragraph in text.split("\n\n") {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let mut line = String::new();
        for source in paragraph.lines().map(str::trim) {
            // A list's items keep their own lines.
            if source.starts_with("- ") && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for word in source.split_whitespace() {
                if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                    lines.push(std::mem::take(&mut line));
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line += word;
            }
        }
        lines.push(line);
    }
    lines.join("\n")
}
