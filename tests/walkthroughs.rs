//! Every built-in walkthrough played in the window from its first scene to its last page, with nothing but the keys
//! that a learner has: answered right, and answered wrong.
#![cfg(feature = "app")]

use egui::{Key, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use strata::app::command::Command;
use strata::app::frame::shell_ui;
use strata::app::knobs::At;
use strata::app::settings::Settings;
use strata::app::shell::Shell;
use strata::costs::Profile;
use strata::engine::Time;
use strata::scenario::{Ends, KnobPlace, Scene, library};

/// Far from smooth, and quick to test: no scene may depend on the frames.
const FRAME: f64 = 0.25;

fn open(id: &str) -> Harness<'static, Shell> {
    let mut shell = Shell::new(Settings::default(), None);
    shell.open(id);
    shell.finish_run();
    let app = |ui: &mut egui::Ui, shell: &mut Shell| {
        shell.update(ui.ctx(), FRAME);
        shell_ui(ui, shell);
    };
    let mut harness = Harness::builder().with_size(Vec2::new(1600.0, 1000.0)).build_ui_state(app, shell);
    harness.run_steps(3);
    harness
}

fn space(harness: &mut Harness<'static, Shell>) {
    harness.key_press(Key::Space);
    harness.run_steps(2);
}

/// Answers every question by `choose` (from the right choice and how many there are) and plays everything.
fn play(id: &str, choose: impl Fn(usize, usize) -> usize) -> Harness<'static, Shell> {
    let mut harness = open(id);
    let steps = harness.state().session.recording.as_ref().expect("a run").scenario.walkthrough.clone();
    let mut before = Time::ZERO;
    for (scene, step) in steps.iter().enumerate() {
        assert_eq!(harness.state().walk.scene(), scene, "{id}");
        let shell = harness.state();
        assert!(!shell.playback.playing(), "{id}, {}: one has not read it yet", step.title);
        let played = shell.scene_plays().expect("a scene");
        // It begins where it says, or goes on from what is seen; a jump back is told.
        let begins = shell.playback.time();
        assert!(begins == played.from || begins == before, "{id}, {}: begins at {begins}", step.title);
        let told = shell.back_to.is_some();
        let back = begins < before && begins.to_string() != before.to_string();
        assert_eq!(told, back, "{id}, {}: from {before} to {begins}", step.title);
        assert_eq!(shell.follow, step.follow.as_ref().map(|of| of.id), "{id}, {}", step.title);
        if let Some(predict) = &step.predict {
            space(&mut harness);
            assert!(!harness.state().playback.playing(), "{id}, {}: Space plays past a question", step.title);
            let answers = &harness.state().session.recording.as_ref().expect("a run").answers;
            let right = answers[scene].as_ref().and_then(|answer| answer.correct_choice).expect("one is right");
            let chosen = choose(right, predict.choices.len());
            let label = predict.choices[chosen].label.clone();
            harness.get_by_label(&label).click();
            harness.run_steps(2);
            assert!(harness.query_by_label_contains("This run says").is_none(), "{id}, {}: too early", step.title);
        }
        if !harness.state().at_scene_end() {
            space(&mut harness);
            assert!(harness.state().playback.playing(), "{id}, {}", step.title);
            for _ in 0..400 {
                harness.run_steps(1);
                if !harness.state().playback.playing() {
                    break;
                }
            }
        }
        let shell = harness.state();
        assert!(shell.at_scene_end(), "{id}, {}: stands at its flag", step.title);
        if !matches!(played.ends, Ends::Crossing(_)) {
            assert!(shell.playback.time() <= played.until, "{id}, {}", step.title);
        }
        if let Some(predict) = &step.predict {
            let answers = &shell.session.recording.as_ref().expect("a run").answers;
            let right = answers[scene].as_ref().and_then(|answer| answer.correct_choice).expect("one is right");
            let chosen = choose(right, predict.choices.len());
            harness.get_by_label_contains("This run says");
            let why = predict.choices[chosen].why.clone().expect("says why");
            harness.get_by_label_contains(&spoken(&why));
            if chosen != right {
                corrected(&mut harness, scene, predict.correction(chosen).expect("leads on"));
            }
            replayed(&mut harness, played.from, chosen);
        }
        before = harness.state().playback.time();
        harness.state_mut().apply(Command::NextScene);
        harness.run_steps(2);
    }
    assert!(harness.state().walk.at_closing(), "{id}");
    harness
}

/// Markdown as it is heard: the words without the marks.
fn spoken(markdown: &str) -> String {
    let mut text = markdown.replace(['*', '`'], "");
    while let Some(i) = text.find("](= \"") {
        let end = text[i..].find("\")").map(|end| i + end + 2).expect("closed");
        text.replace_range(i..end, "");
    }
    text.replace('[', "")
}

/// A wrong answer leads to a scene of this walkthrough, and from there back to the question, still answered.
fn corrected(harness: &mut Harness<'static, Shell>, scene: usize, correction: &Scene) {
    let Scene::Step(index) = correction else { return };
    harness.key_press(Key::W);
    harness.run_steps(2);
    assert_eq!(harness.state().walk.scene(), *index);
    harness.get_by_label_contains("Back to the question").click();
    harness.run_steps(2);
    assert_eq!(harness.state().walk.scene(), scene);
    assert!(harness.state().walk.answered());
}

/// Replaying begins at the first frame, with the prediction as it was.
fn replayed(harness: &mut Harness<'static, Shell>, from: Time, chosen: usize) {
    harness.key_press(Key::R);
    harness.run_steps(2);
    let shell = harness.state();
    assert_eq!((shell.playback.time(), shell.playback.playing()), (from, false));
    assert_eq!(shell.walk.prediction(), Some(chosen));
}

#[test]
fn every_walkthrough_is_played_to_its_last_page_with_right_answers() {
    for built_in in library() {
        let harness = play(built_in.id, |right, _| right);
        harness.get_by_label("What you predicted, and what came");
        assert!(harness.query_by_label("Go to the question").is_none(), "{}", built_in.id);
    }
}

#[test]
fn every_walkthrough_is_played_to_its_last_page_with_wrong_answers_and_the_link_there_is_one() {
    for built_in in library() {
        for n in 1..3 {
            let mut harness = play(built_in.id, |right, choices| (right + n) % choices);
            let closing = harness.state().session.recording.as_ref().and_then(|r| r.scenario.closing.clone());
            let next = closing.and_then(|closing| closing.next).expect("a next one");
            harness.get_by_label_contains("Next: ").click();
            harness.run_steps(2);
            harness.state_mut().finish_run();
            harness.run_steps(2);
            let opened = harness.state().session.recording.as_ref().map(|r| r.scenario.id.clone());
            assert_eq!(opened, Some(next));
        }
    }
}

#[test]
fn a_scene_that_goes_back_in_time_says_so() {
    let mut harness = open("one-read");
    harness.state_mut().apply(Command::Scene(3));
    let end = harness.state().scene_plays().expect("a scene").until;
    harness.state_mut().apply(Command::Seek(end));
    harness.state_mut().apply(Command::NextScene);
    harness.run_steps(2);
    harness.get_by_label_contains("Back in time: this scene starts at");
}

#[test]
fn a_knob_is_turned_and_turned_back_and_what_was_predicted_stays() {
    let mut harness = play("throttled", |right, _| right);
    let place = KnobPlace { scene: harness.state().walk.scene(), knob: 0 };
    let before = harness.state().session.recording.as_ref().expect("a run").outcome.trace_hash;
    harness.get_by_label_contains("A change to try: quota");
    let home = harness.state().session.recording.as_ref().expect("a run").knobs(place.scene)[0]
        .stops(&Profile::xeon_2017())
        .home;
    let turned = |harness: &mut Harness<'static, Shell>, stop: usize| {
        harness.state_mut().apply(Command::Turn(place, stop));
        harness.state_mut().finish_run();
        harness.state_mut().knobs.finish();
        harness.run_steps(3);
    };
    turned(&mut harness, 0);
    let shell = harness.state();
    assert!(shell.walk.at_closing(), "the page at the end stays");
    let run = shell.session.recording.as_ref().expect("a run");
    assert_ne!(run.outcome.trace_hash, before);
    assert_eq!(shell.playback.time(), run.moments.end(), "what was seen to its end is so again");
    let (written, now) = run.shown(place).expect("shown");
    assert!(now.amount > written.amount, "a smaller quota stands still for longer: {now}, {written}");
    let values = shell.knobs.values(place).expect("computed");
    assert!(values.iter().all(|at| matches!(at, At::Known(_))));
    assert_eq!(values[0], At::Known(now), "the plot and the picture say the same");
    assert_eq!(values[home], At::Known(written));
    harness.get_by_label_contains("The picture shows a run with quota");
    harness.get_by_label_contains("(in the file 50 ms)");
    let file = harness.state().session.recording.as_ref().expect("a run").source.text.clone();
    assert!(file.contains("quota: \"50 ms\""), "the file is as it was");
    harness.get_by_label("Back to 50 ms");
    turned(&mut harness, home);
    let shell = harness.state();
    assert_eq!(shell.session.recording.as_ref().expect("a run").outcome.trace_hash, before);
    assert!(shell.session.recording.as_ref().expect("a run").turned.is_none());
    assert!(shell.walk.at_closing() && shell.walk.answered_in(1));
}

#[test]
fn a_number_in_a_text_is_the_run_s_and_says_where_it_comes_from() {
    let harness = open("one-read");
    harness.get_by_label_contains("It computes for 2 µs, then asks for 4 KiB");
    let step = &harness.state().session.recording.as_ref().expect("a run").scenario.walkthrough[1];
    assert!(step.say.contains("](= \"system call: "), "{}", step.say);
}
