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
        let stop = match played.ends {
            Ends::Crossing(hop) => map.mark(hop).map(|mark| mark.seen),
            Ends::Operation(journey) => map.end_of(journey),
            Ends::Time => None,
        };
        match step.pace {
            Pace::Proportional { per_second } => {
                (played.until - played.from).as_ps() as f64 / per_second.as_ps() as f64
            }
            Pace::Paced => {
                let stop = stop.unwrap_or_else(|| map.screen_of(played.until));
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
                    let least = Duration::from_millis(if device { 290 } else { 650 });
                    assert!(mark.seen >= mark.begin + least, "{}: it is held", step.title);
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
            let right = answer(predict, scenario, outcome).correct_choice.expect("one is right");
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
fn only_what_somebody_said_stands_in_quotation_marks() {
    // Each from the claims' source, or the name of a thing on the screen.
    let said = include_str!("fixtures/said.txt");
    for built_in in library() {
        for quoted in built_in.source.split('“').skip(1).filter_map(|rest| rest.split_once('”')) {
            assert!(said.lines().any(|line| line == quoted.0), "{}: “{}”", built_in.id, quoted.0);
        }
    }
}
