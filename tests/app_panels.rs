//! The whole window without a window: buttons, keys, predictions, small sizes, and a storm of random input.
#![cfg(feature = "app")]

use std::hash::{DefaultHasher, Hash, Hasher};

use egui::{Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use proptest::prelude::*;
use rand::RngExt;
use strata::app::command::{self, Command, Side, Tab};
use strata::app::frame::shell_ui;
use strata::app::machine_page::state::Saved;
use strata::app::playback::{Pace, Position, Step, StepKind};
use strata::app::recording::Recording;
use strata::app::scene::{Scene, SceneOptions, Shape, View};
use strata::app::selection::Selection;
use strata::app::session::Trouble;
use strata::app::settings::Settings;
use strata::app::shell::{Shell, Wake};
use strata::app::theme::Theme;
use strata::costs::Profile;
use strata::engine::Time;
use strata::machine::{ComponentKind, inspect};
use strata::scenario::Source;

const FRAME: f64 = 1.0 / 60.0;

fn shell() -> Shell {
    let mut shell = Shell::new(Settings::default(), None);
    shell.open("one-read");
    shell.finish_run();
    assert!(shell.session.recording.is_some(), "{:?}", shell.session.trouble);
    shell
}

fn harness(size: Vec2) -> Harness<'static, Shell> {
    let app = |ui: &mut egui::Ui, shell: &mut Shell| {
        shell.update(ui.ctx(), FRAME);
        shell_ui(ui, shell);
    };
    let mut harness = Harness::builder().with_size(size).build_ui_state(app, shell());
    harness.run_steps(4);
    harness
}

fn desk() -> Harness<'static, Shell> {
    harness(Vec2::new(1600.0, 1000.0))
}

#[test]
fn play_and_pause_are_one_button_and_one_key() {
    let mut harness = desk();
    // One that is paced, as the settings are: another pace would be a setting that is to be saved.
    harness.state_mut().apply(Command::Scene(2));
    harness.run_steps(2);
    harness.get_by_label("Play or pause").click();
    harness.run_steps(20);
    assert!(harness.state().playback.playing());
    assert!(harness.state().playback.time() > Time::ZERO);
    harness.key_press(Key::Space);
    harness.run_steps(2);
    let paused = harness.state().playback.time();
    harness.run_steps(10);
    assert!(!harness.state().playback.playing());
    assert_eq!(harness.state().playback.time(), paused);
    assert_eq!(harness.state().wake(), Wake::Never);
}

#[test]
fn the_step_buttons_go_on_and_exactly_back() {
    let mut harness = desk();
    let mut trail = vec![harness.state().playback.position()];
    for _ in 0..5 {
        harness.get_by_label("Step forward").click();
        harness.run_steps(2);
        trail.push(harness.state().playback.position());
    }
    assert!(trail.is_sorted_by_key(|position| position.time) && trail[5].time > trail[0].time);
    while let Some(position) = trail.pop() {
        assert_eq!(harness.state().playback.position(), position);
        harness.get_by_label("Step back").click();
        harness.run_steps(2);
    }
    harness.key_press(Key::End);
    harness.run_steps(2);
    let end = harness.state().session.recording.as_ref().map(|r| r.moments.end());
    assert_eq!(Some(harness.state().playback.time()), end);
    harness.key_press(Key::Home);
    harness.run_steps(2);
    assert_eq!(harness.state().playback.time(), Time::ZERO);
}

#[test]
fn every_choice_of_a_prediction_is_in_view_in_a_small_window() {
    let mut harness = harness(Vec2::new(1280.0, 720.0));
    let mut turns = 0;
    for id in ["one-read", "ping-pong", "throttled", "vm-in-vm"] {
        harness.state_mut().open(id);
        harness.state_mut().finish_run();
        harness.run_steps(2);
        let recording = harness.state().session.recording.as_ref().expect("a run");
        let steps = recording.scenario.walkthrough.clone();
        for (scene, step) in steps.iter().enumerate() {
            let Some(predict) = &step.predict else { continue };
            harness.state_mut().apply(Command::Scene(scene));
            harness.run_steps(4);
            // Where text and question take turns, Space leads to the question, and says so before.
            if harness.query_by_label(&predict.choices[0].label).is_none() {
                harness.get_by_label("Space leads to the question");
                harness.key_press(Key::Space);
                harness.run_steps(4);
                turns += 1;
            }
            let way = harness.get_by_label_contains("Scene 1:").rect().top();
            for choice in &predict.choices {
                let rect = harness.get_by_label(&choice.label).rect();
                assert!(rect.top() > 48.0 && rect.bottom() <= way, "{id}, {}, {}: {rect:?}", step.title, choice.label);
            }
        }
    }
    assert!(turns > 0, "every question stood beside its text: Space was never needed");
}

/// The first scene that asks something, with the index of a wrong and of the right choice.
fn question(shell: &Shell) -> (usize, usize, usize) {
    let recording = shell.session.recording.as_ref().expect("a run");
    let asks = |i: &usize| recording.answers[*i].as_ref().is_some_and(|answer| answer.correct_choice.is_some());
    let scene = (0..recording.answers.len()).find(asks).expect("a scene that asks");
    let right = recording.answers[scene].as_ref().and_then(|answer| answer.correct_choice).expect("just found");
    (scene, usize::from(right == 0), right)
}

#[test]
fn a_prediction_is_locked_and_answered_after_playing() {
    let mut harness = desk();
    let (scene, wrong, right) = question(harness.state());
    harness.state_mut().apply(Command::Scene(scene));
    harness.run_steps(3);
    let recording = harness.state().session.recording.as_ref().expect("a run");
    let predict = recording.scenario.walkthrough[scene].predict.as_ref().expect("asks").clone();
    assert!(harness.query_by_label_contains("This run says").is_none());
    harness.get_by_label(&predict.choices[wrong].label).click();
    harness.run_steps(2);
    assert_eq!(harness.state().walk.prediction(), Some(wrong));
    harness.get_by_label(&predict.choices[right].label).click();
    harness.run_steps(2);
    assert_eq!(harness.state().walk.prediction(), Some(wrong), "the first prediction counts");
    assert!(harness.query_by_label_contains("This run says").is_none(), "not before it has been played");
    harness.state_mut().playback.clock.pace = Pace::Proportional;
    harness.state_mut().playback.clock.set_per_second(1e15);
    harness.key_press(Key::Space);
    harness.run_steps(10);
    let end = harness.state().session.recording.as_ref().map(|r| r.played[scene].until);
    assert_eq!(Some(harness.state().playback.time()), end, "it stops where the scene says");
    harness.get_by_label_contains("Not so. This run says");
    // Its end is held for a moment; then the bars are of what was asked.
    harness.run_steps(80);
    assert!(!harness.state().playback.playing());
    assert!(harness.query_by_label_contains("The bar of").is_none(), "an operation is in none of these bars");
}

#[test]
fn every_key_of_the_table_is_harmless_on_every_page() {
    let mut harness = desk();
    for tab in Tab::ALL {
        for entry in command::table().into_iter().filter(|entry| entry.command != Command::Quit) {
            for shortcut in entry.keys {
                harness.state_mut().apply(Command::Open(tab));
                harness.key_press_modifiers(shortcut.modifiers, shortcut.logical_key);
                harness.run_steps(1);
            }
        }
    }
    harness.state_mut().finish_run();
    harness.run_steps(2);
    assert!(harness.state().session.recording.is_some());
}

/// Everything that is painted, and what the window is asked for.
fn painted(harness: &Harness<'_, Shell>) -> u64 {
    let output = harness.output();
    let mut hasher = DefaultHasher::new();
    for clipped in &output.shapes {
        format!("{clipped:?}").hash(&mut hasher);
    }
    format!("{:?}", output.platform_output.commands).hash(&mut hasher);
    output.viewport_output.values().for_each(|view| format!("{:?}", view.commands).hash(&mut hasher));
    hasher.finish()
}

/// A scene that asks, and a wrong choice for which it has a scene that corrects it.
fn corrected(shell: &Shell) -> (usize, usize) {
    let recording = shell.session.recording.as_ref().expect("a run");
    let scenes = recording.scenario.walkthrough.iter().zip(&recording.answers).enumerate();
    let wrong = scenes.filter_map(|(scene, (step, answer))| {
        let (predict, right) = (step.predict.as_ref()?, answer.as_ref()?.correct_choice?);
        let choices = 0..predict.choices.len();
        Some((scene, choices.into_iter().find(|choice| *choice != right && predict.correction(*choice).is_some())?))
    });
    wrong.into_iter().next().expect("a correction")
}

/// Where a key may have something to do.
const SITUATIONS: &[fn(&mut Harness<'static, Shell>)] = &[
    |harness| {
        harness.state_mut().apply(Command::Scene(3));
        let until = harness.state().scene_plays().map_or(Time::ZERO, |played| played.until);
        harness.state_mut().apply(Command::Seek(Time(until.0 / 2)));
    },
    |harness| {
        let (scene, _, wrong) = question(harness.state());
        harness.state_mut().apply(Command::Scene(scene));
        harness.state_mut().apply(Command::Predict(wrong));
        let until = harness.state().scene_plays().map_or(Time::ZERO, |played| played.until);
        harness.state_mut().apply(Command::Seek(until));
    },
    |harness| {
        let (scene, ..) = question(harness.state());
        harness.state_mut().apply(Command::Scene(scene));
    },
    |harness| harness.state_mut().apply(Command::ToggleShortcuts),
    // Nothing is as it is at first: what goes back to that has something to do.
    |harness| {
        let shell = harness.state_mut();
        shell.apply(Command::Seek(Time::us(20)));
        shell.apply(Command::StepBy(StepKind::Event));
        shell.apply(Command::StepCount(5));
        shell.apply(Command::SeenFrom(1));
        shell.view.zoom = 2.0;
    },
    // A wrong answer that leads to a scene that corrects it.
    |harness| {
        let (scene, choice) = corrected(harness.state());
        harness.state_mut().apply(Command::Scene(scene));
        harness.state_mut().apply(Command::Predict(choice));
        let until = harness.state().scene_plays().map_or(Time::ZERO, |played| played.until);
        harness.state_mut().apply(Command::Seek(until));
    },
    // A question with as many choices as there are keys.
    |harness| {
        let text = harness.state().sandbox.text.clone();
        let from = text.find("choices: [").expect("a question") + "choices: [".len();
        let more = "Choice(label: \"another\", when: Between(1.0e30, 2.0e30)),".repeat(4);
        let text = format!("{}{more}{}", &text[..from], &text[from..]);
        harness.state_mut().session.run(Source { name: "mine.ron".to_owned(), text });
        harness.state_mut().finish_run();
        assert_eq!(harness.state().session.trouble, None);
        let (scene, ..) = question(harness.state());
        harness.state_mut().apply(Command::Scene(scene));
    },
    // Something was wrong that is so no longer.
    |harness| {
        let trouble = Trouble { title: "Something is wrong".to_owned(), details: Vec::new() };
        harness.state_mut().session.trouble = Some(trouble);
    },
    // A text with a mistake, from a file that is gone since.
    |harness| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mine.ron");
        std::fs::write(&path, &harness.state().sandbox.text).expect("written");
        harness.state_mut().open(&path.display().to_string());
        harness.state_mut().finish_run();
        harness.state_mut().apply(Command::Open(Tab::Sandbox));
        harness.state_mut().sandbox.text = "Scenario(".to_owned();
    },
    // Costs to write, to where nothing can be written.
    |harness| {
        let shell = harness.state_mut();
        shell.machine.set_saved(Saved { profile: Some(Profile::xeon_2017()), ..Saved::default() });
        shell.machine.export.path = "/nowhere/costs.ron".to_owned();
        shell.apply(Command::Open(Tab::MyMachine));
    },
    // Something is measured, for as long as one lets it.
    #[cfg(unix)]
    |harness| {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/children/waits.sh");
        harness.state_mut().machine.places.program = Some(program.into());
        harness.state_mut().apply(Command::Open(Tab::MyMachine));
        harness.state_mut().apply(Command::Compare(None));
        harness.run_steps(2);
        std::thread::sleep(std::time::Duration::from_millis(300));
    },
    |harness| harness.state_mut().apply(Command::Open(Tab::MyMachine)),
    |harness| harness.state_mut().apply(Command::Open(Tab::Sandbox)),
    |harness| {
        harness.state_mut().apply(Command::Present);
        harness.event(egui::Event::PointerMoved(egui::pos2(700.0, 500.0)));
    },
];

/// Whether a key changes what is seen in one of these situations, in which nothing moves by itself.
fn is_seen(command: &Command, shortcut: &egui::KeyboardShortcut) -> bool {
    // Before a room every key brings the hint back: there only what is made for it counts.
    let presenting = SITUATIONS.len() - 1;
    let counts = |at: usize| at != presenting || matches!(command, Command::Blank | Command::Spotlight);
    SITUATIONS.iter().enumerate().filter(|(at, _)| counts(*at)).any(|(_, prepare)| {
        let mut harness = desk();
        prepare(&mut harness);
        // However busy the machine is, a child that was started begins to speak within these.
        let mut still = false;
        let mut before = painted(&harness);
        for _ in 0..100 {
            harness.run_steps(3);
            let now = painted(&harness);
            still = now == before;
            before = now;
            if still {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        harness.key_press_modifiers(shortcut.modifiers, shortcut.logical_key);
        harness.run_steps(3);
        still && painted(&harness) != before
    })
}

// Fails where a command does nothing: seen with `Command::FitScene => {}`.
#[test]
fn every_key_of_the_table_changes_what_is_seen_somewhere() {
    let mut silent = Vec::new();
    for entry in command::table().into_iter().filter(|entry| entry.command != Command::Quit) {
        silent.extend(entry.keys.iter().filter(|shortcut| !is_seen(&entry.command, shortcut)).map(|_| entry.name));
    }
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn pages_open_by_their_keys() {
    let mut harness = desk();
    for (key, tab) in [Key::Num1, Key::Num3, Key::Num4, Key::Num2].into_iter().zip([0, 2, 3, 1]) {
        harness.key_press_modifiers(Modifiers::COMMAND, key);
        harness.run_steps(2);
        assert_eq!(harness.state().tab, Tab::ALL[tab]);
    }
    harness.key_press(Key::F1);
    harness.run_steps(2);
    assert!(harness.state().shortcuts);
    harness.get_by_label("Paced or proportional");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert!(!harness.state().shortcuts);
}

#[test]
fn keys_typed_into_the_editor_are_only_text() {
    let mut harness = desk();
    harness.state_mut().apply(Command::Open(Tab::Sandbox));
    harness.run_steps(2);
    let editor = harness.get_all_by_role(egui::accesskit::Role::MultilineTextInput).next().expect("an editor");
    editor.focus();
    harness.run_steps(2);
    harness.get_all_by_role(egui::accesskit::Role::MultilineTextInput).next().expect("an editor").type_text("d p ");
    harness.key_press(Key::Space);
    harness.run_steps(2);
    assert!(harness.state().settings.dark && !harness.state().playback.playing());
    assert!(harness.state().sandbox.changed());
}

#[test]
fn a_broken_text_keeps_the_last_good_run_and_says_where_it_is_broken() {
    let mut harness = desk();
    let text = harness.state().sandbox.text.replace("Compute(\"2 us\")", "Compte(\"2 us\")");
    assert_ne!(text, harness.state().sandbox.text);
    harness.state_mut().session.run(Source { name: "mine.ron".to_owned(), text });
    harness.run_steps(3);
    let trouble = harness.state().session.trouble.clone().expect("a mistake");
    assert!(trouble.details[0].line > 1 && trouble.details[0].place.starts_with("line "));
    assert!(!trouble.details[0].message.is_empty());
    harness.get_by_label_contains(&trouble.details[0].place);
    assert!(harness.state().session.recording.is_some());
    harness.state_mut().apply(Command::Scene(1));
    harness.key_press(Key::Space);
    harness.run_steps(3);
    assert!(harness.state().playback.playing(), "the last good run still plays");
}

#[test]
fn a_changed_file_is_read_again_and_a_broken_one_leaves_the_last_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.ron");
    let good = shell().sandbox.text;
    std::fs::write(&path, &good).expect("written");
    let mut shell = Shell::new(Settings::default(), None);
    shell.open(&path.display().to_string());
    shell.finish_run();
    let context = egui::Context::default();
    let title = |shell: &Shell| shell.session.recording.as_ref().map(|r| r.scenario.title.clone()).unwrap_or_default();
    let wait = |shell: &mut Shell, what: &str, done: &dyn Fn(&Shell) -> bool| {
        let began = std::time::Instant::now();
        while !done(shell) {
            assert!(began.elapsed().as_secs() < 300, "{what}: not within five minutes");
            std::thread::sleep(std::time::Duration::from_millis(20));
            let mut output = context.run_ui(egui::RawInput::default(), |ui| shell.update(ui.ctx(), 0.0));
            output.textures_delta.clear();
        }
    };
    let old = title(&shell);
    std::fs::write(&path, good.replace(&old, "Another title")).expect("written");
    wait(&mut shell, "the changed file's title", &|shell| title(shell) == "Another title");
    assert_eq!(title(&shell), "Another title");
    std::fs::write(&path, "Scenario(").expect("written");
    wait(&mut shell, "the broken file's mistake", &|shell| shell.session.trouble.is_some());
    assert!(shell.session.trouble.is_some());
    assert_eq!((title(&shell).as_str(), shell.sandbox.text.as_str()), ("Another title", "Scenario("));
    std::fs::write(&path, &good).expect("written");
    wait(&mut shell, "the old title", &|shell| title(shell) == old);
    assert_eq!((title(&shell), shell.session.trouble.is_none()), (old, true));
}

#[test]
fn nothing_panics_in_a_window_of_any_size() {
    for (width, height) in [(1.0, 1.0), (40.0, 800.0), (800.0, 40.0), (320.0, 240.0), (1280.0, 720.0), (3840.0, 2160.0)]
    {
        let mut harness = harness(Vec2::new(width, height));
        for tab in Tab::ALL {
            harness.state_mut().apply(Command::Open(tab));
            harness.run_steps(2);
        }
        harness.state_mut().apply(Command::Open(Tab::Walkthrough));
        for command in [
            Command::ToggleList,
            Command::ToggleTheme,
            Command::TextSize(5),
            Command::ToggleShortcuts,
            Command::Seek(Time::us(40)),
            Command::SelectComponent(strata::trace::ComponentId(0)),
            Command::ToggleMotion,
            Command::TogglePanel(Side::Left),
        ] {
            harness.state_mut().apply(command);
            harness.run_steps(2);
        }
    }
}

#[test]
fn a_storm_of_random_input_leaves_everything_standing() {
    let mut random = rand_pcg::Pcg64Mcg::new(0x5742_4154_4100_0001);
    let mut harness = desk();
    let keys: Vec<_> =
        command::table().iter().filter(|e| e.command != Command::Quit).flat_map(|e| e.keys).copied().collect();
    for _ in 0..1500 {
        let (width, height) = (harness.ctx.content_rect().width(), harness.ctx.content_rect().height());
        let at = egui::pos2(random.random::<f32>() * width, random.random::<f32>() * height);
        match random.random_range(0..10u32) {
            0..4 => {
                for pressed in [true, false] {
                    let button = egui::PointerButton::Primary;
                    harness.event(egui::Event::PointerMoved(at));
                    harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers: Modifiers::NONE });
                }
            }
            4 => {
                harness.drag_at(at);
                harness.run_steps(1);
                harness.drop_at(egui::pos2(random.random::<f32>() * width, random.random::<f32>() * height));
            }
            5 => {
                let delta = Vec2::new(random.random::<f32>() - 0.5, random.random::<f32>() - 0.5) * 300.0;
                harness.hover_at(at);
                harness.event(egui::Event::MouseWheel {
                    unit: egui::MouseWheelUnit::Point,
                    delta,
                    phase: egui::TouchPhase::Move,
                    modifiers: Modifiers::NONE,
                });
            }
            6 if random.random_range(0..8u32) == 0 => {
                let size = Vec2::new(random.random_range(200.0..1800.0), random.random_range(150.0..1100.0));
                harness.set_size(size);
            }
            _ => {
                let shortcut = keys[random.random_range(0..keys.len())];
                harness.key_press_modifiers(shortcut.modifiers, shortcut.logical_key);
            }
        }
        harness.run_steps(1);
        let shell = harness.state();
        let end = shell.session.recording.as_ref().map_or(Time::MAX, |r| r.moments.end());
        assert!(shell.playback.time() <= end);
    }
}

#[test]
fn a_chosen_journey_and_a_chosen_part_are_opened() {
    let mut harness = desk();
    harness.state_mut().apply(Command::Seek(Time::us(10)));
    harness.state_mut().apply(Command::Stack(1));
    harness.run_steps(2);
    harness.get_by_label("JOURNEY");
    harness.key_press(Key::J);
    harness.run_steps(2);
    assert!(matches!(harness.state().selection, Selection::Journey(_)));
    harness.state_mut().apply(Command::SelectComponent(strata::trace::ComponentId(0)));
    harness.run_steps(2);
    harness.get_by_label("Follow journeys").click();
    harness.run_steps(2);
    assert!(!matches!(harness.state().selection, Selection::Part(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// In the app as in the engine: back n times is exactly where n steps before was, state and all.
    #[test]
    fn stepping_back_restores_the_state_of_n_steps_before(
        start in 0u64..1_600_000_000, kind in 0usize..4, count in 1u32..20, n in 1usize..12,
    ) {
        let mut shell = shell();
        shell.apply(Command::Seek(Time(start)));
        shell.playback.step = Step { kind: StepKind::ALL[kind], count, time: Time::ns(333) };
        let mut trail = Vec::new();
        for _ in 0..n {
            let before = shell.playback.position();
            let hash = shell.session.recording.as_mut().expect("a run").state_hash_at(before);
            shell.apply(Command::StepForward);
            if shell.playback.position() == before {
                break;
            }
            trail.push((before, hash));
        }
        while let Some((position, hash)) = trail.pop() {
            shell.apply(Command::StepBack);
            prop_assert_eq!(shell.playback.position(), position);
            let now = shell.session.recording.as_mut().expect("a run").state_hash_at(position);
            prop_assert_eq!(now, hash);
        }
    }
}

/// The share of its track that each gauge of the picture fills at `time`, from left to right.
fn tanks(recording: &Recording, scene: &mut Scene, time: Time) -> Vec<f32> {
    let theme = Theme::dark();
    let options = SceneOptions::plain(&theme, &|_| "assumed");
    let size = Vec2::new(980.0, 700.0);
    let drawing = scene.draw(recording.topology(), recording.trace(), size, &View::default(), time, &options);
    let layout = scene.layout().expect("drawn");
    let left = |tank: &egui::Rect| {
        let inner = tank.shrink(1.5);
        let level = drawing.trails.iter().filter_map(|shape| match shape {
            Shape::Rect { rect, fill: Some(_), line: None, .. } if inner.expand(0.1).contains_rect(*rect) => {
                Some(*rect)
            }
            _ => None,
        });
        level.map(|level| level.height() / inner.height()).next().unwrap_or(0.0)
    };
    layout.tanks.values().map(left).collect()
}

#[test]
fn a_valves_tank_holds_what_the_kernel_has_left_of_this_periods_quota() {
    let mut shell = shell();
    shell.open("throttled");
    shell.finish_run();
    let recording = shell.session.recording.as_deref_mut().expect("a run");
    let mut scene = Scene::new(recording.topology(), recording.trace());
    assert_eq!(tanks(recording, &mut scene, Time::ZERO), [1.0, 1.0], "all is left at first");
    // The kernel counts when a task stops: at these times both groups wait, or have just begun a period.
    for ms in [60, 90, 99, 160, 199] {
        let time = Time::ms(ms);
        let shown = tanks(recording, &mut scene, time);
        let topology = recording.topology().clone();
        let machine = recording.machine_at(Position::at(time));
        let valves = topology.iter().filter(|(_, component)| component.kind == ComponentKind::Cgroup);
        let counted: Vec<f32> = valves
            .map(|(id, _)| {
                let facts = inspect::state(machine, &topology, id);
                let used = facts.iter().find(|fact| fact.label == "used this period").expect("it is counted");
                let used: Time = used.value.parse().expect("a time");
                (1.0 - used.as_ps() as f32 / Time::ms(50).as_ps() as f32).max(0.0)
            })
            .collect();
        assert_eq!(shown.len(), counted.len());
        for (shown, counted) in shown.iter().zip(&counted) {
            assert!((shown - counted).abs() < 0.01, "at {ms} ms: shown {shown}, counted {counted}");
        }
    }
    // In between it follows what runs: one thread has used half at 25 ms, two threads have used all.
    let shown = tanks(recording, &mut scene, Time::ms(25));
    assert!((shown[0] - 0.5).abs() < 0.01 && shown[1] < 0.02, "{shown:?}");
}
