//! What a page says and asks: a section for each scene, with its question and the answers that the run gives.

use serde::Serialize;

use super::takes::Take;
use super::text::{escaped, markdown};
use crate::app::recording::Recording;
use crate::scenario::{Answer, Choice, Knob, KnobPlace, Predict, Scene, Setting, Step, capital};

/// What the player has to know about a scene.
#[derive(Debug, Serialize)]
pub struct Key {
    title: String,
    plays: bool,
    /// How many choices there are; 0 if nothing is asked.
    choices: usize,
    /// Which choice is right; none may be.
    right: Option<usize>,
    /// Where a wrong choice leads, by the choice: the number of a scene.
    corrections: Vec<Option<usize>>,
}

/// The name of the last scene.
const WHOLE: &str = "The whole run";

/// What the player has to know about all scenes.
pub fn keys(recording: &Recording, takes: &[Take]) -> Vec<Key> {
    let steps = &recording.scenario.walkthrough;
    let key = |(i, take): (usize, &Take)| {
        let step = steps.get(i);
        let predict = step.and_then(|step| step.predict.as_ref());
        let to = |choice| match predict.and_then(|predict| predict.correction(choice)) {
            Some(Scene::Step(step)) => Some(*step),
            _ => None,
        };
        let choices = predict.map_or(0, |predict| predict.choices.len());
        Key {
            title: step.map_or(WHOLE, |step| &step.title).to_owned(),
            plays: take.plays,
            choices,
            right: recording.answers.get(i).and_then(Option::as_ref).and_then(|answer| answer.correct_choice),
            corrections: (0..choices).map(to).collect(),
        }
    };
    takes.iter().enumerate().map(key).collect()
}

/// The sections of all scenes, as HTML.
pub fn sections(recording: &Recording, takes: &[Take]) -> String {
    let steps = &recording.scenario.walkthrough;
    let walk = steps.iter().enumerate().map(|(i, step)| {
        let answer = recording.answers.get(i).and_then(Option::as_ref);
        let heading = format!("Step {} of {}", i + 1, steps.len());
        let question = step.predict.as_ref().map_or(String::new(), |predict| question(recording, i, predict, answer));
        let never = match takes.get(i) {
            Some(take) if !take.happens => {
                "<p><strong>What this scene waits for doesn't happen under these costs.</strong></p>"
            }
            _ => "",
        };
        let knobs = knobs(recording, i);
        let body = format!("{}{never}{question}{knobs}{}", markdown(&step.say), left_out(recording, step));
        section(i, &heading, &step.title, &body)
    });
    let whole = takes.last().map_or(String::new(), |take| whole(recording, take));
    walk.chain([whole]).collect()
}

fn section(index: usize, eyebrow: &str, title: &str, body: &str) -> String {
    format!(
        "<section class=\"scene\" id=\"scene-{index}\" aria-labelledby=\"title-{index}\"><p class=\"eyebrow\">{}</p>\
         <h2 id=\"title-{index}\" tabindex=\"-1\">{}</h2>{body}</section>\n",
        escaped(eyebrow),
        escaped(title)
    )
}

/// The last scene: all of the run, and what was predicted.
fn whole(recording: &Recording, take: &Take) -> String {
    let steps = recording.scenario.walkthrough.len();
    let stills = match take.one_in {
        1 => "a still at each crossing of a boundary".to_owned(),
        n => format!("a still at one in {n} crossings of a boundary, since all of them are too many for a page"),
    };
    let mut body = String::new();
    if steps == 0 {
        body += &format!("<p>{}</p><p>This scenario has no walkthrough.</p>", escaped(&recording.scenario.teaches));
    }
    let closing = recording.scenario.closing.as_ref();
    if let Some(id) = closing.and_then(|closing| closing.next.as_ref()) {
        let title =
            crate::scenario::library().iter().find(|built_in| built_in.id == *id).map_or(id.as_str(), |b| b.title());
        body += &format!(
            "<p class=\"onward\">Next, in Strata: {} (<code>strata {}</code>)</p>",
            escaped(title),
            escaped(id)
        );
    }
    if recording.scenario.walkthrough.iter().any(|step| step.predict.is_some()) {
        body += "<h3>What you predicted</h3><ol id=\"outcome\"></ol>";
    }
    if let Some(closing) = closing {
        body += &markdown(&closing.say);
        body += &knobs(recording, steps);
    }
    body += &format!("<p>From 0 to {}, with {stills}.</p>", escaped(&recording.moments.end().to_string()));
    body += &list("What this model leaves out", &recording.scenario.leaves_out);
    let eyebrow = if steps == 0 { "Scenario" } else { "After the walkthrough" };
    let title = if steps == 0 { recording.scenario.title.as_str() } else { WHOLE };
    section(steps, eyebrow, title, &body)
}

/// A question, its choices, and what is said of each when it was chosen.
fn question(recording: &Recording, scene: usize, predict: &Predict, answer: Option<&Answer>) -> String {
    let mut choices = String::new();
    for (i, choice) in predict.choices.iter().enumerate() {
        choices += &format!(
            "<button type=\"button\" class=\"choice\" data-choice=\"{i}\" aria-pressed=\"false\"><kbd>{}</kbd>\
             <span>{}</span><span class=\"mark\"></span></button>",
            i + 1,
            escaped(&choice.label)
        );
    }
    let none = answer.is_some_and(|answer| answer.correct_choice.is_none());
    let none = if none { "<p>No choice is right under these costs.</p>" } else { "" };
    let why = |(i, choice): (usize, &Choice)| {
        let why = choice.why.as_ref();
        why.map_or(String::new(), |why| format!("<div data-why=\"{i}\" hidden>{}</div>", markdown(why)))
    };
    let whys: String = predict.choices.iter().enumerate().map(why).collect();
    let links: String = (0..predict.choices.len()).map(|choice| correction(recording, predict, choice)).collect();
    format!(
        "<div class=\"predict\" role=\"group\" aria-labelledby=\"ask-{scene}\"><h3>Predict</h3>\
         <p id=\"ask-{scene}\" class=\"ask\">{}</p>{choices}\
         <p class=\"hint\" aria-live=\"polite\">Choose one: it is locked in</p>\
         <button type=\"button\" class=\"skip\">Show it without a prediction</button>\
         <div class=\"verdict\" hidden><p class=\"word\"></p><p class=\"answer\">{}</p>{none}{whys}{links}</div></div>",
        markdown_line(&predict.ask),
        escaped(answer.map_or("", |answer| answer.text.as_str()))
    )
}

/// So many events may be simulated anew, all in all, for what comes at the stops of a page's knobs.
const MOST_EVENTS: u64 = 20_000_000;

/// What can be turned in Strata, and what came of it when the page was made: a page can't simulate.
fn knobs(recording: &Recording, scene: usize) -> String {
    let each = recording.knobs(scene).iter().enumerate();
    each.map(|(index, knob)| self::knob(recording, knob, KnobPlace { scene, knob: index })).collect()
}

fn knob(recording: &Recording, knob: &Knob, place: KnobPlace) -> String {
    let stops = knob.stops(recording.as_written().1);
    let turned = recording.turned.as_ref().filter(|turned| turned.place == place);
    let made_with = turned.map_or(stops.home, |turned| turned.stop);
    let (Some(home), Some(now)) = (stops.settings.get(stops.home), stops.settings.get(made_with)) else {
        return String::new();
    };
    let at = knob.home_is();
    let as_in = if made_with == stops.home { format!("as {at}") } else { format!("{at} {home}") };
    let mut rows = String::new();
    let all = recording.outcome.events.saturating_mul(stops.settings.len() as u64);
    for (i, setting) in stops.settings.iter().enumerate().filter(|_| all <= MOST_EVENTS) {
        let Some(value) = value_at(recording, knob, place, (i, stops.home), setting) else { continue };
        let mark = if i == made_with { " class=\"now\" aria-current=\"true\"" } else { "" };
        rows += &format!("<tr{mark}><td>{}</td><td>{}</td></tr>", escaped(&setting.to_string()), escaped(&value));
    }
    let table = format!(
        "<table><thead><tr><th>{}</th><th>{}</th></tr></thead><tbody>{rows}</tbody></table>",
        escaped(&knob.name),
        escaped(&capital(&knob.result()))
    );
    format!(
        "<div class=\"knob\"><h3>A change to try: {}</h3>{}<p>This page was made with {}, {}. In Strata it can be turned.</p>\
         {}</div>",
        escaped(&knob.name),
        knob.say.as_deref().map_or(String::new(), markdown),
        escaped(&now.to_string()),
        escaped(&as_in),
        if rows.is_empty() {
            String::new()
        } else {
            format!("<details><summary>What it comes to</summary>{table}</details>")
        }
    )
}

fn value_at(
    recording: &Recording,
    knob: &Knob,
    place: KnobPlace,
    (stop, home): (usize, usize),
    setting: &Setting,
) -> Option<String> {
    if stop == home {
        return recording.shown(place).map(|(written, _)| written.to_string());
    }
    let value = knob.value_at(&recording.source, recording.as_written().1, setting, |_, _| true);
    value.ok().flatten().map(|value| value.to_string())
}

/// What is shown after a wrong choice that an author has foreseen.
fn correction(recording: &Recording, predict: &Predict, choice: usize) -> String {
    match predict.correction(choice) {
        Some(Scene::Step(step)) => {
            let title = recording.scenario.walkthrough.get(*step).map_or("", |step| step.title.as_str());
            let title = escaped(title);
            format!("<button type=\"button\" class=\"why\" data-for=\"{choice}\" hidden>See why: {title}</button>")
        }
        Some(Scene::Scenario(id)) => {
            let id = escaped(id);
            format!("<p data-for=\"{choice}\" hidden>See why in Strata: <code>strata {id}</code></p>")
        }
        None => String::new(),
    }
}

/// Markdown of one paragraph, without the paragraph.
fn markdown_line(text: &str) -> String {
    let html = markdown(text);
    html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")).map_or(html.clone(), str::to_owned)
}

fn left_out(recording: &Recording, step: &Step) -> String {
    let items = if step.leaves_out.is_empty() { &recording.scenario.leaves_out } else { &step.leaves_out };
    list("What this model leaves out", items)
}

fn list(heading: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items: String = items.iter().map(|item| format!("<li>{}</li>", markdown_line(item))).collect();
    format!("<div class=\"leaves-out\"><h3>{heading}</h3><ul>{items}</ul></div>")
}

/// Where the numbers are from, and which run this is.
pub fn about(recording: &Recording) -> String {
    let profile = &recording.profile;
    let count = |word: &str| profile.costs.values().filter(|cost| cost.provenance.word() == word).count();
    let words = ["measured", "literature", "derived", "assumed"].map(|word| (word, count(word)));
    let counts: Vec<String> = words.iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{n} {word}")).collect();
    let outcome = &recording.outcome;
    let rows = [
        ("What it teaches", recording.scenario.teaches.clone()),
        ("Costs", format!("{}: {}", profile.title, profile.machine)),
        ("Where they are from", format!("{} costs: {}", profile.costs.len(), counts.join(", "))),
        ("Simulated", format!("{}, {} events", recording.moments.end(), outcome.events)),
        ("Seed", recording.scenario.seed.to_string()),
        ("Trace", format!("{:016x}", outcome.trace_hash)),
        ("Made by", format!("Strata {}: a simulation, not a recording of a real machine", env!("CARGO_PKG_VERSION"))),
    ];
    let cut = recording.cut_short().map(|why| ("Not all of it", why));
    let turned = recording.turned.as_ref().map(|turned| ("Turned", turned.words.clone()));
    let rows = cut.into_iter().chain(turned).chain(rows);
    rows.map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>", escaped(&value))).collect()
}
