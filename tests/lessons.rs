//! What the built-in walkthroughs show, without a window: where each scene begins and stops, how long it is, and what
//! its predictions have to say.

use std::time::Duration;

use strata::costs::Profile;
use strata::machine::Outcome;
use strata::pace::{PaceMap, Stage};
use strata::scenario::{Ends, Pace, Played, Scenario, Scene, Step, answer, find, library, played};
use strata::trace::Crossing;

/// The shortest and the longest scene, in seconds of the screen at 1×.
const LENGTH: std::ops::RangeInclusive<f64> = 2.5..=32.0;
/// How long the end of a scene is held.
const HELD: f64 = 0.8;

struct Lesson {
    scenario: Scenario,
    outcome: Outcome,
}

fn lesson(id: &str) -> Lesson {
    let scenario = Scenario::parse(&find(id).expect("built in")).expect("right");
    let outcome = scenario.run(&Profile::xeon_2017(), &scenario.options(), |_, _| true).expect("runs");
    Lesson { scenario, outcome }
}

fn lessons() -> Vec<Lesson> {
    library().iter().map(|built_in| lesson(built_in.id)).collect()
}

impl Lesson {
    fn played(&self, step: &Step) -> Played {
        played(step, &self.scenario, &self.outcome)
    }

    fn map(&self, step: &Step) -> PaceMap {
        let trace = self.outcome.trace.as_ref().expect("kept");
        PaceMap::new(trace, self.outcome.simulated, step.follow.as_ref().map(|of| of.id))
    }

    /// How long a scene is on the screen, without the time that its end is held.
    fn length(&self, step: &Step) -> f64 {
        let (played, map) = (self.played(step), self.map(step));
        match step.pace {
            Pace::Proportional { per_second } => {
                (played.until - played.from).as_ps() as f64 / per_second.as_ps() as f64
            }
            Pace::Paced => {
                let stop = played.stop(&map, step.follow.is_some());
                stop.saturating_sub(map.screen_of(played.from)).as_secs_f64()
            }
        }
    }
}

#[test]
fn no_scene_is_over_before_it_is_seen_or_goes_on_and_on() {
    let mut wrong = Vec::new();
    for lesson in lessons() {
        for (i, step) in lesson.scenario.walkthrough.iter().enumerate() {
            let played = lesson.played(step);
            assert!(played.happens, "{}, {}", lesson.scenario.id, step.title);
            let length = lesson.length(step) + HELD;
            if played.from != played.until && !LENGTH.contains(&length) {
                wrong.push(format!("{}, scene {}: {length:.1} s", lesson.scenario.id, i + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_scene_ends_with_what_it_waits_for_and_before_what_comes_then() {
    for lesson in lessons() {
        let trace = lesson.outcome.trace.as_ref().expect("kept");
        for step in &lesson.scenario.walkthrough {
            let (played, map) = (lesson.played(step), lesson.map(step));
            match played.ends {
                Ends::Crossing(hop) => {
                    let mark = map.mark(hop).expect("shown");
                    let moment = map.at(mark.seen);
                    assert_eq!((moment.hop, moment.phase, moment.stage), (hop, 1.0, Stage::Flash), "{}", step.title);
                    assert!(moment.time <= trace.hops[hop.index()].end);
                    // A device has no gate: its slot is filled, and that is all.
                    let device = trace.hops[hop.index()].crossing == Crossing::Device;
                    // The flash stands while the stop is held.
                    // One of many alike is seen for less.
                    let least = Duration::from_millis(if device { 290 } else { 299 });
                    let seen = mark.seen.saturating_sub(mark.begin);
                    assert!(seen >= least, "{}, {}: {seen:?}", lesson.scenario.id, step.title);
                }
                Ends::Operation(journey) => {
                    let at = map.end_of(journey).expect("ends");
                    let moment = map.at(at);
                    let journey = &trace.journeys[journey.index()];
                    assert_eq!(moment.time, journey.end, "{}", step.title);
                    let of = step.follow.as_ref().expect("the operation's").id;
                    let begun = |hop: &&strata::trace::Hop| {
                        hop.stack == of && hop.start == moment.time && hop.crossing == Crossing::SystemCall
                    };
                    let next = trace.hops.iter().find(begun);
                    assert!(next.is_none() || trace.hops[moment.hop.index()].start <= journey.end);
                    assert_ne!(Some(&trace.hops[moment.hop.index()]), next, "{}: the next one's begin", step.title);
                }
                Ends::Time => {}
            }
        }
    }
}

#[test]
fn every_choice_says_why_and_wrong_ones_lead_somewhere_else_than_on() {
    for Lesson { scenario, outcome } in &lessons() {
        let predictions =
            scenario.walkthrough.iter().enumerate().filter_map(|(i, step)| Some((i, step.predict.as_ref()?)));
        assert!(predictions.clone().count() > 0, "{}", scenario.id);
        for (i, predict) in predictions {
            let right = answer(predict, outcome).correct_choice.expect("one is right");
            for (n, choice) in predict.choices.iter().enumerate() {
                assert!(choice.why.is_some(), "{}: {}: {}", scenario.id, predict.ask, choice.label);
                let correction = predict.correction(n);
                if n != right {
                    let known = |scene: &Scene| match scene {
                        Scene::Step(index) => *index != i,
                        Scene::Scenario(id) => *id != scenario.id,
                    };
                    assert!(correction.is_some_and(known), "{}: {}: {}", scenario.id, predict.ask, choice.label);
                }
            }
        }
        let closing = scenario.closing.as_ref().expect("an end");
        assert!(closing.next.is_some() && closing.say.contains("your machine"), "{}", scenario.id);
    }
}

#[test]
fn each_answer_is_one_of_the_choices_whatever_it_is_and_none_is_right_of_everything() {
    for Lesson { scenario, .. } in &lessons() {
        for predict in scenario.walkthrough.iter().filter_map(|step| step.predict.as_ref()) {
            let mut ranges: Vec<(f64, f64)> = Vec::new();
            for choice in &predict.choices {
                // A count that costs don't change may be named exactly.
                if let strata::scenario::Range::Between(from, to) = choice.range {
                    ranges.push((from, to));
                }
            }
            if ranges.len() < predict.choices.len() {
                assert_eq!(predict.answer.kind(), strata::scenario::Kind::Count, "{}: {}", scenario.id, predict.ask);
                continue;
            }
            ranges.sort_by(|a, b| a.0.total_cmp(&b.0));
            for pair in ranges.windows(2) {
                assert_eq!(pair[0].1, pair[1].0, "{}: {}: a gap or an overlap", scenario.id, predict.ask);
            }
            // What lies between two others is one belief, not all of them.
            for (from, to) in ranges.iter().skip(1).take(ranges.len().saturating_sub(2)) {
                // A start of a container is milliseconds or tens of them, whoever measures.
                let wide = if scenario.id == "lives" { 40.0 } else { 10.0 };
                assert!(*from < 1.0 || to / from <= wide, "{}: {}: {from} to {to}", scenario.id, predict.ask);
            }
            assert!(ranges.len() >= 3, "{}: {}: too few beliefs", scenario.id, predict.ask);
        }
    }
}

/// Costs as a probe may find them elsewhere: everything faster or slower by a factor of its own, up to two.
fn measured(seed: u64) -> Profile {
    let mut profile = Profile::xeon_2017();
    let mut state = seed;
    for primitive in strata::costs::Primitive::ALL {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (state >> 40) as f64 / (1u64 << 24) as f64;
        let value = profile.cost(*primitive).value;
        if primitive.unit() == strata::costs::Unit::Ns {
            let why = strata::costs::Provenance::Assumed("a test".to_owned());
            profile.set(*primitive, value * 2f64.powf(share * 2.0 - 1.0), None, why);
        }
    }
    profile
}

#[test]
fn under_other_costs_each_question_still_has_one_right_answer_and_every_number_a_value() {
    for built_in in library() {
        let scenario = Scenario::parse(&find(built_in.id).expect("built in")).expect("right");
        for seed in 1..=4 {
            let profile = measured(seed);
            let outcome = scenario.run(&profile, &scenario.options(), |_, _| true).expect("runs");
            for predict in scenario.walkthrough.iter().filter_map(|step| step.predict.as_ref()) {
                let answer = answer(predict, &outcome);
                assert!(answer.correct_choice.is_some(), "{}: {}: {}", built_in.id, predict.ask, answer.text);
            }
            assert_eq!(scenario.without_value(&outcome), Vec::<&str>::new(), "{}", built_in.id);
        }
    }
}

/// Digits or number words before a unit, in texts: (where in the text, what).
fn bare_numbers(text: &str) -> Vec<String> {
    let units = [
        "ps",
        "ns",
        "µs",
        "us",
        "ms",
        "s",
        "%",
        "×",
        "B",
        "KiB",
        "MiB",
        "GiB",
        "kB",
        "MB",
        "GB",
        "times",
        "percent",
        "nanoseconds",
        "microseconds",
        "milliseconds",
        "seconds",
        "bytes",
        "exits",
        "cores",
        "processors",
        "accesses",
    ];
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || "(),.;:!?*`“”—".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    let spelt = [
        "ten",
        "twelve",
        "fifteen",
        "twenty",
        "twenty-five",
        "thirty",
        "forty",
        "fifty",
        "seventy-five",
        "hundred",
        "thousand",
        "million",
        "dozen",
    ];
    let number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) || spelt.contains(&word);
    let pairs = words.windows(2).filter(|pair| number(pair[0]) && units.contains(&pair[1]));
    pairs.map(|pair| pair.join(" ")).collect()
}

#[test]
fn no_text_claims_a_number_that_no_run_and_no_source_stands_for() {
    // Each with why it may stand.
    let allowed = [
        ("25 %", "what was guessed in the podcast, told as a guess"),
        ("200 µs", "the default of a named parameter of KVM on x86"),
    ];
    for built_in in library() {
        let scenario = Scenario::parse(&find(built_in.id).expect("built in")).expect("right");
        let mut texts: Vec<String> = scenario.leaves_out.clone();
        for step in &scenario.walkthrough {
            texts.push(step.say.clone());
            texts.extend(step.leaves_out.iter().cloned());
            texts.extend(step.knobs.iter().filter_map(|knob| knob.say.clone()));
            if let Some(predict) = &step.predict {
                texts.push(predict.ask.clone());
                // What a choice is called is what it is right for: see the test below.
                texts.extend(predict.choices.iter().filter_map(|choice| choice.why.clone()));
            }
        }
        if let Some(closing) = &scenario.closing {
            texts.push(closing.say.clone());
            texts.extend(closing.knobs.iter().filter_map(|knob| knob.say.clone()));
        }
        for text in texts {
            for found in bare_numbers(&text) {
                // What a knob asks to guess of is no claim.
                let asked = text.starts_with("The VM's second road") && found == "ten times";
                let known = allowed.iter().any(|(what, _)| *what == found) || asked;
                assert!(known, "{}: “{found}” in: {text}", built_in.id);
            }
        }
    }
}

#[test]
fn what_a_choice_is_called_lies_in_what_it_is_right_for() {
    use strata::scenario::{Kind, Range};
    for Lesson { scenario, .. } in &lessons() {
        for predict in scenario.walkthrough.iter().filter_map(|step| step.predict.as_ref()) {
            for choice in predict.choices.iter().filter(|_| predict.answer.kind() == Kind::Ratio) {
                let Range::Between(from, to) = choice.range else { continue };
                let words = [("twice", 2.0), ("ten times", 10.0), ("fifty times", 50.0), ("hundred times", 100.0)];
                for (word, times) in words.into_iter().filter(|(word, _)| choice.label.contains(word)) {
                    assert!((from..to).contains(&times), "{}: {word}", choice.label);
                }
                let percents: Vec<f64> = choice
                    .label
                    .split_whitespace()
                    .filter_map(|word| word.parse::<f64>().ok())
                    .filter(|_| choice.label.contains('%'))
                    .collect();
                for percent in percents {
                    let ratio = 1.0 + percent / 100.0;
                    assert!((from - 1e-9..=to + 1e-9).contains(&ratio), "{}: {ratio}", choice.label);
                }
            }
        }
    }
}

#[test]
fn a_knob_turns_what_it_says_and_its_own_value_gives_the_run_that_is_shown() {
    let profile = Profile::xeon_2017();
    for Lesson { scenario, outcome } in &lessons() {
        let source = find(&scenario.id).expect("built in");
        let closing = scenario.closing.as_ref().expect("an end");
        // Its answers are counts that no number in it changes.
        let none = scenario.id == "no-takeover";
        assert!(none || !closing.knobs.is_empty(), "{}: a change to try", scenario.id);
        for knob in &closing.knobs {
            let stops = knob.stops(&profile);
            assert!((4..=14).contains(&stops.settings.len()), "{}: {}: {stops:?}", scenario.id, knob.name);
            assert!(stops.settings.windows(2).all(|pair| pair[0].amount < pair[1].amount));
            let value = |i: usize| {
                let value = knob.value_at(&source, &profile, &stops.settings[i], |_, _| true);
                value.expect("runs").expect("a scenario").amount
            };
            assert_eq!(value(stops.home), knob.shows.value(outcome).amount, "{}: {}", scenario.id, knob.name);
            let last = stops.settings.len() - 1;
            assert_ne!(value(0), value(last), "{}: {}: nothing comes of it", scenario.id, knob.name);
        }
    }
}

#[test]
fn a_text_with_the_numbers_of_a_run_names_no_expression() {
    use strata::scenario::Filled;
    let profile = Profile::xeon_2017();
    for Lesson { scenario, outcome } in &lessons() {
        for filled in [Filled::Plain, Filled::Linked] {
            let told = scenario.told(outcome, &profile, filled);
            let text = format!("{:?} {:?} {:?}", told.walkthrough, told.closing, told.leaves_out);
            for name in ["Written(", "OperationLatency(", "Cost(", "Exits(", "Ledger(of"] {
                assert!(!text.contains(&format!("{{{name}")), "{}: {name}", scenario.id);
            }
            assert!(!text.contains("no value"), "{}", scenario.id);
        }
    }
}

#[test]
fn only_what_somebody_said_stands_in_quotation_marks() {
    // Each from the claims' source, or the name of a thing on the screen.
    let said = include_str!("fixtures/said.txt");
    for built_in in library() {
        for quoted in built_in.source.split('“').skip(1).filter_map(|rest| rest.split_once('”')) {
            assert!(said.lines().any(|line| line == quoted.0), "{}: “{}”", built_in.id, quoted.0);
        }
    }
}
