//! `strata play`: a walkthrough in the terminal. It asks before it shows and waits for Enter, where there is
//! somebody to ask; else it tells everything in one go.

use std::io::{self, BufRead, IsTerminal};

use super::output::print;
use super::run::{Changes, Made, make};
use super::{Failure, Verdict, tables};
use crate::scenario::{
    Ends, Filled, Knob, Played, Predict, Scenario, Scene, Source, Step, all_played, answer, capital, find,
};
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
    let source = find(id_or_path).map_err(|error| Box::new(error) as Failure)?;
    let scenario = Scenario::parse(&source).map_err(|error| Box::new(error) as Failure)?;
    let mut made = make(scenario, Changes { costs, keep_trace: true, ..Changes::default() })?;
    made.scenario = made.scenario.told(&made.outcome, &made.profile, Filled::Plain);
    let report = made.report();
    if made.scenario.walkthrough.is_empty() {
        print(&tables::run(&made.scenario, &made.outcome, &report))?;
        return Ok(Verdict::Fine);
    }
    print(&format!("{}\n{}\n", one_line(&made.scenario.title), wrap(&made.scenario.teaches, "")))?;
    let audience = Audience { asks };
    let mut given = Vec::new();
    let played = all_played(&made.scenario, &made.outcome);
    for (i, (step, played)) in made.scenario.walkthrough.iter().zip(&played).enumerate() {
        given.push(scene(&made, i, step, played, &audience)?);
        print(&knobs(&made, &source, &step.knobs))?;
        audience.pause()?;
    }
    print(&closing(&made, &source, &given))?;
    print(&format!(
        "\n{}\nAll of it, after the whole run\n\n{}",
        "─".repeat(WIDTH),
        tables::run(&made.scenario, &made.outcome, &report)
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

/// Shows one step. Returns what was predicted.
fn scene(
    made: &Made,
    index: usize,
    step: &Step,
    played: &Played,
    audience: &Audience,
) -> Result<Option<usize>, Failure> {
    let count = made.scenario.walkthrough.len();
    let heading = format!("Step {} of {count}: {}", index + 1, one_line(&step.title));
    let rule = "─".repeat(WIDTH.saturating_sub(heading.chars().count() + 4));
    print(&format!("\n── {heading} {rule}\n\n{}\n", wrap(&step.say, "")))?;
    if !step.look_at.is_empty() {
        print(&format!("\nLook at: {}\n", one_line(&step.look_at.join(", "))))?;
    }
    let given = step.predict.as_ref().map_or(Ok(None), |predict| ask(predict, audience))?;
    print(&shown(made, step, played))?;
    if let Some(predict) = &step.predict {
        print(&told(made, predict, given))?;
    }
    for line in &step.leaves_out {
        print(&format!("\n{}\n", wrap(line, "This model leaves out: ")))?;
    }
    Ok(given)
}

/// Asks, before anything is shown.
fn ask(predict: &Predict, audience: &Audience) -> Result<Option<usize>, Failure> {
    let mut text = format!("\n{}\n", wrap(&predict.ask, "Predict: "));
    for (i, choice) in predict.choices.iter().enumerate() {
        text += &format!("  {}) {}\n", i + 1, one_line(&choice.label));
    }
    print(&text)?;
    let given = audience.line(&format!("Your prediction (1 to {}): ", predict.choices.len()))?;
    Ok(given.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < predict.choices.len()))
}

/// What came, why, and where to look again after a wrong prediction.
fn told(made: &Made, predict: &Predict, given: Option<usize>) -> String {
    let answer = answer(predict, &made.outcome);
    let right = answer.correct_choice.map(|i| format!("{}) {}", i + 1, one_line(&predict.choices[i].label)));
    let right = right.unwrap_or_else(|| "none of these, under these costs".to_owned());
    let judged = match given {
        Some(choice) if Some(choice) == answer.correct_choice => "That is right. ",
        Some(_) => "Not so. ",
        None => "",
    };
    let mut text = format!("\n{}\n", wrap(&format!("{judged}The run says: {right}. {}", answer.text), ""));
    let wrong = given.filter(|choice| Some(*choice) != answer.correct_choice);
    for choice in wrong.into_iter().chain(answer.correct_choice) {
        if let Some(why) = &predict.choices[choice].why {
            text += &format!("{}\n", wrap(why, &format!("{}) ", choice + 1)));
        }
    }
    match wrong.and_then(|choice| predict.correction(choice)) {
        Some(Scene::Step(i)) => {
            text += &format!("See why at step {}: {}.\n", i + 1, one_line(&made.scenario.walkthrough[*i].title));
        }
        Some(Scene::Scenario(id)) => text += &format!("See why: strata play {id}\n"),
        None => {}
    }
    text
}

/// What was predicted and what came; what to do next.
fn closing(made: &Made, source: &Source, given: &[Option<usize>]) -> String {
    let mut text = format!("\n── What you predicted, and what came {}\n", "─".repeat(WIDTH - 37));
    for (step, given) in made.scenario.walkthrough.iter().zip(given) {
        let Some(predict) = &step.predict else { continue };
        let answer = answer(predict, &made.outcome);
        let label = |i: usize| predict.choices[i].label.as_str();
        text += &format!("\n{}\n", wrap(&predict.ask, ""));
        if let Some(given) = given {
            let word = if Some(*given) == answer.correct_choice { "right" } else { "not so" };
            text += &format!("{}\n", wrap(&format!("{} ({word})", label(*given)), "  You: "));
        }
        let right = answer.correct_choice.map_or("none of these, under these costs", label);
        text += &format!("{}\n", wrap(&format!("{right}. {}", answer.text), "  Run: "));
    }
    if let Some(closing) = &made.scenario.closing {
        text += &format!("\n{}\n", wrap(&closing.say, ""));
        text += &knobs(made, source, &closing.knobs);
        if let Some(next) = &closing.next {
            text += &format!("\nNext: strata play {next}\n");
        }
    }
    text
}

/// So many events are simulated anew at most for what comes of a knob.
const MOST_EVENTS: u64 = 20_000_000;

/// What can be turned, and what comes of it at each stop.
fn knobs(made: &Made, source: &Source, knobs: &[Knob]) -> String {
    let mut text = String::new();
    for knob in knobs {
        text += &format!("\nA change to try: {}\n", one_line(&knob.name));
        text += &knob.say.as_ref().map_or(String::new(), |say| format!("{}\n", wrap(say, "")));
        let stops = knob.stops(&made.profile);
        if made.outcome.events.saturating_mul(stops.settings.len() as u64) > MOST_EVENTS {
            text += "It is turned in the window: so many runs are too long to wait for here.\n";
            continue;
        }
        text += &format!("{}:\n", wrap(&capital(&knob.result()), ""));
        for (i, setting) in stops.settings.iter().enumerate() {
            let value = if i == stops.home {
                Some(knob.shows.value(&made.outcome))
            } else {
                knob.value_at(source, &made.profile, setting, |_, _| true).ok().flatten()
            };
            let value = value.map_or_else(|| "nothing that can be run".to_owned(), |value| value.to_string());
            let mark = if i == stops.home { format!(", as {}", knob.home_is()) } else { String::new() };
            text += &format!("  {:>12}  {value}{mark}\n", setting.to_string());
        }
    }
    text
}

/// The boundaries crossed in a step, by the stack that it follows.
fn shown(made: &Made, step: &Step, played: &Played) -> String {
    if !played.happens {
        return "\nUnder these costs this does not happen: there is nothing to show.\n".to_owned();
    }
    let Played { from, until, ends, .. } = *played;
    let Some(trace) = made.outcome.trace.as_ref().filter(|_| from < until || ends != Ends::Time) else {
        return String::new();
    };
    let hops = crossings(trace, step.follow.as_ref().map(|of| of.id), *played);
    let mut text = format!("\nFrom {from} to {until}");
    text += &step.follow.as_ref().map_or(":\n".to_owned(), |of| format!(", {}:\n", of.name));
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

fn crossings(trace: &Trace, stack: Option<StackId>, played: Played) -> Vec<&Hop> {
    // What ends an operation belongs to it; what begins where it ends does not.
    let ended = match played.ends {
        Ends::Operation(journey) => Some(journey),
        _ => None,
    };
    let shown = |hop: &&Hop| {
        let last = hop.start < played.until || ended.is_none_or(|journey| hop.journey == journey);
        let time = played.from <= hop.start && hop.start <= played.until && last;
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
