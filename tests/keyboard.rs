//! Everything by keyboard, and everything by name: the Tab order, the ring around what has the focus, the keys that
//! are commands and those that are a widget's own, and the accessibility tree.
#![cfg(feature = "app")]

use std::collections::BTreeSet;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use strata::app::command::{self, Below, Command, Tab};
use strata::app::cursor::Parts;
use strata::app::frame::shell_ui;
use strata::app::machine_page::state::AT_REST;
use strata::app::names;
use strata::app::selection::Selection;
use strata::app::settings::Settings;
use strata::app::shell::{Shell, Wake};
use strata::app::totals::Totals;
use strata::engine::Time;
use strata::trace::{JourneyId, StackId};

fn harness(id: &str) -> Harness<'static, Shell> {
    let mut shell = Shell::new(Settings::default(), None);
    shell.open(id);
    shell.finish_run();
    assert!(shell.session.recording.is_some(), "{:?}", shell.session.trouble);
    let app = |ui: &mut egui::Ui, shell: &mut Shell| {
        shell.update(ui.ctx(), 1.0 / 60.0);
        shell_ui(ui, shell);
    };
    let mut harness = Harness::builder().with_size(Vec2::new(1600.0, 1000.0)).build_ui_state(app, shell);
    harness.run_steps(4);
    harness
}

/// A node of the accessibility tree.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    id: String,
    role: Role,
    name: String,
    focused: bool,
}

/// The accessibility tree, flat.
fn tree(harness: &Harness<'_, Shell>) -> Vec<Item> {
    let item = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        Item {
            id: format!("{:?}", node.locate()),
            role: node.role(),
            name: node.label().or(node.value()).unwrap_or_default(),
            focused: node.is_focused(),
        }
    };
    harness.root().children_recursive().map(item).collect()
}

/// What stands for the picture and each of its parts: one stop.
const PICTURE: &str = "picture";

/// What has the focus.
fn focus(harness: &Harness<'_, Shell>) -> Option<Item> {
    let mut item = tree(harness).into_iter().find(|item| item.focused && item.role != Role::Window)?;
    // While the picture or a list has the focus, what the keyboard has walked to there is what is told.
    match item.role {
        Role::Tree | Role::TreeItem => item.id = PICTURE.to_owned(),
        Role::ListBoxOption => item.id = format!("list of {}", item.name.split(' ').next().unwrap_or_default()),
        _ => {}
    }
    Some(item)
}

/// Presses Tab until the focus has been everywhere. The stops, in that order.
fn tab_order(harness: &mut Harness<'_, Shell>) -> Vec<Item> {
    let mut order: Vec<Item> = Vec::new();
    for _ in 0..400 {
        harness.key_press(Key::Tab);
        harness.run_steps(1);
        let Some(item) = focus(harness) else { continue };
        if let Some(place) = order.iter().position(|one| one.id == item.id) {
            assert_eq!(place, 0, "Tab does not lead on from {item:?}");
            return order;
        }
        order.push(item);
    }
    panic!("Tab never comes back to where it began: {order:?}");
}

/// Presses Tab until a stop has the focus.
fn tab_to(harness: &mut Harness<'_, Shell>, is: impl Fn(&Item) -> bool) {
    assert!(reaches(harness, is), "Tab does not come to it");
}

/// Whether Tab comes to a stop; it has the focus then.
fn reaches(harness: &mut Harness<'_, Shell>, is: impl Fn(&Item) -> bool) -> bool {
    for _ in 0..400 {
        if focus(harness).is_some_and(|item| is(&item)) {
            harness.run_steps(1);
            return true;
        }
        harness.key_press(Key::Tab);
        harness.run_steps(1);
    }
    false
}

#[test]
fn every_tab_stop_has_a_name_and_a_ring() {
    let mut harness = harness("one-read");
    for tab in Tab::ALL {
        harness.state_mut().apply(Command::Open(tab));
        harness.run_steps(3);
        let order = tab_order(&mut harness);
        assert!(order.len() > 3, "{tab:?}: {order:?}");
        let nameless: Vec<String> = (0..order.len())
            .filter(|i| order[*i].name.trim().is_empty())
            .map(|i| format!("{:?} after {:?}", order[i].role, i.checked_sub(1).map(|i| &order[i].name)))
            .collect();
        assert!(nameless.is_empty(), "{tab:?} has stops without a name: {nameless:?}");
        for _ in 0..order.len() {
            harness.key_press(Key::Tab);
            harness.run_steps(1);
            let color = harness.state().theme.focus;
            let rings = |harness: &Harness<'_, Shell>| {
                let rings = harness.output().shapes.iter().filter(|clipped| {
                    matches!(&clipped.shape, egui::Shape::Rect(rect) if rect.stroke.color == color)
                        && clipped.clip_rect.is_positive()
                });
                rings.count()
            };
            // What is out of sight is scrolled to, which takes some frames.
            for _ in 0..30 {
                if rings(&harness) == 1 {
                    break;
                }
                harness.run_steps(1);
            }
            if let Some(stop) = focus(&harness) {
                assert_eq!(rings(&harness), 1, "{tab:?}: {stop:?} shows that it has the focus");
            }
        }
        harness.key_press(Key::Escape);
        harness.run_steps(2);
    }
}

#[test]
fn right_still_steps_after_tab_and_a_slider_keeps_its_arrows() {
    let mut harness = harness("one-read");
    harness.state_mut().apply(Command::Seek(Time::us(20)));
    harness.run_steps(2);
    let stops = tab_order(&mut harness);
    let (all, mut gone) = (stops.len(), 0);
    for stop in stops {
        // Hops and lanes come and go with time.
        if !reaches(&mut harness, |item| item.id == stop.id) {
            gone += 1;
            continue;
        }
        let id = stop.id.clone();
        let stop = stop.name.clone();
        let before = harness.state().playback.time();
        harness.key_press(Key::ArrowRight);
        harness.run_steps(2);
        let (after, own) = (harness.state().playback.time(), keeps_arrows(&stop) || id == PICTURE);
        let editing = harness.ctx.text_edit_focused();
        if editing {
            harness.key_press(Key::Escape);
            harness.run_steps(1);
        } else if own {
            assert_eq!(after, before, "{stop} keeps its arrows");
        } else {
            assert!(after > before, "Right steps although {stop} has the focus");
            // A hop of an operation that has just ended is gone with it.
            if tree(&harness).iter().any(|item| item.id == id) {
                assert_eq!(focus(&harness).map(|item| item.id), Some(id), "and leaves the focus where it is: {stop}");
            } else {
                gone += 1;
            }
        }
        if harness.state().playback.time() > Time::ms(1) {
            harness.state_mut().apply(Command::Seek(Time::us(20)));
        }
    }
    assert!(all > 30 && gone * 3 < all, "{gone} of {all} stops are gone");
}

fn keeps_arrows(stop: &str) -> bool {
    stop.starts_with("Speed") || stop.starts_with("Edge of")
}

#[test]
fn an_edge_of_a_panel_is_moved_by_arrows() {
    let mut harness = harness("one-read");
    harness.state_mut().apply(Command::Seek(Time::us(20)));
    for (edge, key) in [("Edge of the left panel", Key::ArrowRight), ("Edge of the lanes", Key::ArrowUp)] {
        let canvas = |harness: &Harness<Shell>| harness.state().layout().expect("a picture").canvas;
        harness.run_steps(2);
        let before = canvas(&harness);
        tab_to(&mut harness, |item| item.name == edge);
        for _ in 0..3 {
            harness.key_press(key);
            harness.run_steps(2);
        }
        let after = canvas(&harness);
        assert!(after.x < before.x - 40.0 || after.y < before.y - 40.0, "{edge}: {before:?}, then {after:?}");
        assert_eq!(harness.state().playback.time(), Time::us(20), "nothing has stepped");
    }
}

#[test]
fn arrows_walk_the_picture_enter_opens_and_escape_gives_them_back() {
    let mut harness = harness("one-read");
    harness.state_mut().apply(Command::Seek(Time::us(20)));
    harness.run_steps(2);
    tab_to(&mut harness, |item| item.id == PICTURE);
    harness.run_steps(2);
    let first = harness.state().cursor.expect("a part to begin with");
    let time = harness.state().playback.time();
    let mut seen = BTreeSet::from([first]);
    for key in [Key::ArrowDown, Key::ArrowDown, Key::ArrowRight, Key::ArrowDown, Key::ArrowDown, Key::ArrowLeft] {
        harness.key_press(key);
        harness.run_steps(2);
        seen.insert(harness.state().cursor.expect("a part"));
    }
    assert!(seen.len() > 3, "{seen:?}");
    assert_eq!(harness.state().playback.time(), time, "walking the picture moves no time");
    let at = harness.state().cursor.expect("a part");
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    assert_eq!(harness.state().selection, Selection::Part(at));
    harness.key_press(Key::Period);
    harness.run_steps(2);
    assert!(harness.state().playback.time() > time, "the full stop steps all the same");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert_eq!(harness.state().selection, Selection::Part(at), "Escape gives the arrows back, and no more");
    let time = harness.state().playback.time();
    harness.key_press(Key::ArrowRight);
    harness.run_steps(2);
    assert!(harness.state().playback.time() > time);
}

// Fails where keys are told by the sign that they give: Shift makes "!" of 1.
#[test]
fn a_digit_is_the_key_that_it_stands_on_and_escape_ends_what_is_seen_from_somewhere() {
    let mut harness = harness("one-read");
    for (place, key) in [(0, Key::Exclamationmark), (1, Key::Num2)] {
        let physical_key = Some([Key::Num1, Key::Num2][place]);
        let modifiers = Modifiers::SHIFT;
        harness.event(egui::Event::Key { key, physical_key, pressed: true, repeat: false, modifiers });
        harness.run_steps(2);
        assert!(harness.state().lens && harness.state().seen_from == place, "{key:?}");
    }
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert!(!harness.state().lens);
}

// Fails where a knob has another id when a line above it has come: the second Right steps instead.
#[test]
fn a_knob_keeps_the_focus_while_it_is_turned() {
    let mut harness = harness("one-read");
    while !harness.state().walk.at_closing() {
        harness.state_mut().apply(Command::NextScene);
        harness.run_steps(2);
    }
    let stop_of = |harness: &Harness<'_, Shell>| harness.state().knobs.at().map(|(_, stop)| stop);
    tab_to(&mut harness, |item| item.name.starts_with("how long the disk takes"));
    let mut stops = Vec::new();
    for _ in 0..3 {
        harness.key_press(Key::ArrowRight);
        harness.run_steps(2);
        harness.state_mut().finish_run();
        harness.state_mut().knobs.finish();
        harness.run_steps(30);
        let name = focus(&harness).map(|item| item.name).unwrap_or_default();
        assert!(name.starts_with("how long the disk takes"), "{name}");
        stops.push(stop_of(&harness).expect("turned"));
    }
    assert!(stops.is_sorted_by(|a, b| a < b), "{stops:?}");
}

#[test]
fn every_part_of_every_picture_and_every_operation_is_named_in_the_tree() {
    for built_in in strata::scenario::library() {
        let mut harness = harness(built_in.id);
        harness.state_mut().apply(Command::Seek(Time::us(30)));
        harness.run_steps(2);
        let items: Vec<String> =
            tree(&harness).into_iter().filter(|item| item.role == Role::TreeItem).map(|item| item.name).collect();
        let recording = harness.state().session.recording.as_ref().expect("a run");
        for (_, part) in recording.topology().iter() {
            let part = names::name(&part.name);
            assert!(items.iter().any(|item| item.contains(&part)), "{}: {part} is not in the tree", built_in.id);
        }
        let layout = harness.state().layout().expect("a picture");
        let own = Parts::of(layout, recording.topology()).all().count();
        let under_way = recording.trace().journeys.iter().filter(|j| j.start <= Time::us(30) && j.end > Time::us(30));
        let under_way = under_way.count().min(64);
        let told = format!("{}: {} nodes of {own} parts and {under_way} operations", built_in.id, items.len());
        assert!(items.len() >= own + under_way, "{told}");
    }
}

#[test]
fn ctrl_enter_runs_the_text_while_it_is_edited_and_a_failed_run_says_so() {
    let mut harness = harness("one-read");
    harness.state_mut().apply(Command::Open(Tab::Sandbox));
    harness.run_steps(3);
    let editor = |harness: &Harness<'_, Shell>| {
        harness.get_all_by_role(Role::MultilineTextInput).next().expect("an editor").focus();
    };
    harness.get_by_label("As it ran");
    harness.state_mut().sandbox.text = "Scenario(".to_owned();
    editor(&harness);
    harness.run_steps(2);
    harness.get_by_label("Changed: the picture is of the text that ran last");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run_steps(3);
    assert_eq!(harness.state().sandbox.text, "Scenario(", "the key is no line break");
    let trouble = harness.state().session.trouble.clone().expect("a mistake");
    assert!(trouble.title.starts_with("The edited text"), "{}", trouble.title);
    harness.get_by_label("This text did not run: the picture is of the one that ran before");
    assert!(harness.query_by_label("As it ran").is_none());
    assert!(harness.ctx.text_edit_focused(), "a mistake above the editor does not take its focus");
    // Escape leaves the editor and closes the mistake, and the text has not run for that.
    for _ in 0..2 {
        harness.key_press(Key::Escape);
        harness.run_steps(2);
    }
    assert!(harness.state().session.trouble.is_none());
    harness.get_by_label("This text did not run: the picture is of the one that ran before");
    harness.get_by_label("Revert").click();
    harness.run_steps(2);
    harness.get_by_label("As it ran");
    assert!(!harness.state().sandbox.changed());
}

/// The sandbox with a text that is not as it was opened.
fn edited(id: &str) -> Harness<'static, Shell> {
    let mut harness = harness(id);
    harness.state_mut().apply(Command::Open(Tab::Sandbox));
    let text = harness.state().sandbox.text.replacen("seed: ", "seed: 1", 1);
    assert_ne!(text, harness.state().sandbox.text);
    harness.state_mut().sandbox.text = text;
    harness.run_steps(3);
    harness
}

#[test]
fn nothing_loses_an_edited_text_without_asking() {
    for losing in [Command::Quit, Command::OpenScenario("ping-pong".to_owned())] {
        let mut harness = edited("one-read");
        let text = harness.state().sandbox.text.clone();
        harness.state_mut().apply(Command::RunText);
        harness.state_mut().finish_run();
        harness.run_steps(2);
        harness.state_mut().apply(losing.clone());
        harness.run_steps(3);
        assert!(!harness.state().quit, "it asks first");
        assert_eq!(focus(&harness).map(|item| item.name).as_deref(), Some("Keep editing"));
        harness.key_press(Key::Escape);
        harness.run_steps(3);
        assert!(harness.query_by_label("Keep editing").is_none() && !harness.state().quit, "Escape keeps it");
        assert_eq!(harness.state().sandbox.text, text);
        harness.state_mut().apply(losing.clone());
        harness.run_steps(3);
        harness.get_by_label_contains(" without it").click();
        harness.run_steps(2);
        harness.state_mut().finish_run();
        let opened = harness.state().session.recording.as_ref().is_some_and(|run| run.scenario.id == "ping-pong");
        assert!(harness.state().quit || opened, "{losing:?}");
    }
    let mut harness = harness("one-read");
    harness.state_mut().apply(Command::Quit);
    assert!(harness.state().quit, "nothing was edited: nothing is asked");
}

#[test]
fn an_edited_text_is_saved_before_the_window_goes_if_one_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.ron");
    let text = harness("one-read").state().sandbox.text.clone();
    std::fs::write(&path, &text).expect("written");
    let mut harness = edited(&path.display().to_string());
    harness.state_mut().apply(Command::Open(Tab::Library));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Q);
    harness.run_steps(3);
    harness.get_by_label("Save, then go on").click();
    harness.run_steps(2);
    assert!(harness.state().quit);
    assert_eq!(std::fs::read_to_string(&path).expect("there"), harness.state().sandbox.text);
}

#[test]
fn a_walkthrough_says_that_it_is_of_an_edited_text_and_leads_back_to_its_own() {
    let mut harness = edited("one-read");
    let opened = harness.state().sandbox.opened.clone();
    harness.state_mut().apply(Command::RunText);
    harness.state_mut().finish_run();
    harness.state_mut().apply(Command::Open(Tab::Walkthrough));
    harness.run_steps(3);
    harness.get_by_label_contains("as you edited it");
    let text = harness.state().sandbox.text.clone();
    harness.get_by_label("As it came").click();
    harness.run_steps(2);
    harness.state_mut().finish_run();
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("as you edited it").is_none());
    assert_eq!(harness.state().session.ran(), Some(opened.as_str()));
    assert_eq!(harness.state().sandbox.text, text, "the editor keeps what was typed");
}

#[test]
fn tab_begins_where_escape_has_left_the_focus() {
    let mut harness = harness("one-read");
    tab_to(&mut harness, |item| item.name.starts_with("Step by:"));
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert_eq!(focus(&harness), None);
    harness.key_press(Key::Tab);
    harness.run_steps(1);
    let next = focus(&harness).expect("a stop").name;
    assert!(next.starts_with("Step by:"), "{next}");
}

/// Gives what is called so the focus, as Tab would.
fn at(harness: &mut Harness<'_, Shell>, name: &str) {
    tab_to(harness, |item| item.name.starts_with(name));
}

#[test]
fn a_menu_opens_by_key_arrows_walk_it_enter_chooses_escape_closes_and_the_focus_comes_back() {
    let open = |harness: &Harness<'_, Shell>| egui::Popup::is_any_open(&harness.ctx);
    for (size, stop) in [
        (Vec2::new(1600.0, 1000.0), "View and settings"),
        (Vec2::new(1600.0, 1000.0), "Step by:"),
        (Vec2::new(1600.0, 1000.0), "Reason:"),
        (Vec2::new(1600.0, 1000.0), "Column:"),
        (Vec2::new(1600.0, 1000.0), "Kind of event:"),
        (Vec2::new(1600.0, 1000.0), "Lane "),
        (Vec2::new(560.0, 420.0), "Pages"),
        (Vec2::new(560.0, 420.0), "Below the picture:"),
        (Vec2::new(560.0, 420.0), "Steps, speed"),
    ] {
        let mut harness = harness("one-read");
        if size.x < 1000.0 {
            harness.set_size(size);
        } else {
            harness.state_mut().apply(Command::ShowBelow(Below::Events));
        }
        harness.run_steps(4);
        at(&mut harness, stop);
        let home = focus(&harness).expect("a stop");
        let named = |harness: &Harness<'_, Shell>| focus(harness).is_some_and(|item| !item.name.is_empty());
        for way in ["Escape", "Enter"] {
            harness.key_press(Key::Enter);
            harness.run_steps(4);
            assert!(open(&harness), "{stop}: Enter opens it");
            let first = focus(&harness).unwrap_or_else(|| panic!("{stop}: an item has the focus"));
            assert_ne!(first.id, home.id, "{stop}: an item has the focus");
            let mut items = vec![first.id];
            for _ in 0..2 {
                harness.key_press(Key::ArrowDown);
                harness.run_steps(3);
                let item = focus(&harness).unwrap_or_else(|| panic!("{stop}: Down goes to an item"));
                assert!(!items.contains(&item.id), "{stop}: Down goes on: {item:?}");
                items.push(item.id);
            }
            harness.key_press(Key::ArrowUp);
            harness.run_steps(3);
            assert_eq!(focus(&harness).map(|item| item.id), items.get(1).cloned(), "{stop}: Up goes back");
            for _ in 0..40 {
                harness.key_press(Key::Tab);
                harness.run_steps(3);
                assert!(focus(&harness).is_some_and(|item| item.id != home.id), "{stop}: Tab stays in the menu");
                assert!(named(&harness), "{stop}: {:?}", focus(&harness));
            }
            if way == "Escape" {
                harness.key_press(Key::Escape);
                harness.run_steps(4);
                assert!(!open(&harness), "{stop}: Escape closes it");
                assert_eq!(focus(&harness).map(|item| item.id), Some(home.id.clone()), "{stop}: the focus comes back");
            }
        }
        harness.key_press(Key::Enter);
        harness.run_steps(4);
        assert!(!open(&harness), "{stop}: Enter chooses, and that closes it: {:?}", focus(&harness));
    }
}

#[test]
fn a_choice_is_made_by_keyboard() {
    let mut harness = harness("one-read");
    let before = harness.state().playback.step.kind;
    at(&mut harness, "Step by:");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    harness.key_press(Key::ArrowDown);
    harness.run_steps(3);
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert_ne!(harness.state().playback.step.kind, before);
    assert!(focus(&harness).is_some_and(|item| item.name.starts_with("Step by:")), "{:?}", focus(&harness));
}

#[test]
fn a_sheet_has_the_keyboard_for_itself_and_gives_it_back() {
    for (key, closes) in [(Key::F1, Key::F1), (Key::F1, Key::Escape), (Key::Y, Key::Y), (Key::Y, Key::Escape)] {
        let mut harness = harness("one-read");
        harness.state_mut().apply(Command::Seek(Time::us(20)));
        harness.run_steps(2);
        tab_to(&mut harness, |item| item.id == PICTURE);
        harness.run_steps(2);
        let (cursor, time) = (harness.state().cursor, harness.state().playback.time());
        harness.key_press(key);
        harness.run_steps(4);
        assert!(harness.state().shortcuts || harness.state().costs);
        for other in [Key::ArrowDown, Key::ArrowRight, Key::Period, Key::Space, Key::J, Key::L, Key::N, Key::PageDown] {
            harness.key_press(other);
            harness.run_steps(2);
        }
        let shell = harness.state();
        assert_eq!((shell.cursor, shell.playback.time(), shell.settings.list), (cursor, time, false), "{key:?}");
        assert!(!shell.playback.playing() && shell.walk.scene() == 0);
        for _ in 0..30 {
            harness.key_press(Key::Tab);
            harness.run_steps(1);
            assert!(focus(&harness).is_none_or(|item| item.id != PICTURE), "{key:?}: Tab stays in the sheet");
        }
        harness.key_press(closes);
        harness.run_steps(4);
        assert!(!harness.state().shortcuts && !harness.state().costs);
        assert_eq!(focus(&harness).map(|item| item.id).as_deref(), Some(PICTURE), "{key:?} {closes:?}");
    }
    // One at a time.
    let mut harness = harness("one-read");
    for key in [Key::F1, Key::Y] {
        harness.key_press(key);
        harness.run_steps(3);
    }
    assert!(harness.state().costs && !harness.state().shortcuts);
}

#[test]
fn a_list_is_one_stop_and_arrows_walk_it() {
    let mut harness = harness("one-read");
    harness.state_mut().apply(Command::ShowBelow(Below::Events));
    harness.state_mut().apply(Command::Seek(Time::us(20)));
    harness.run_steps(3);
    let stops = tab_order(&mut harness);
    let rows = stops.iter().filter(|stop| stop.role == Role::ListBoxOption).count();
    assert!((2..=3).contains(&rows), "lanes, events and hops are a stop each: {stops:?}");
    harness.get_by_label("Events, one a row").focus();
    harness.run_steps(2);
    let before = harness.state().events.at.expect("a row");
    for (key, by) in [(Key::ArrowDown, 1), (Key::ArrowDown, 2), (Key::PageDown, 14), (Key::ArrowUp, 13)] {
        harness.key_press(key);
        harness.run_steps(2);
        assert_eq!(harness.state().events.at, Some(before + by), "{key:?}");
    }
    harness.key_press(Key::End);
    harness.run_steps(3);
    let last = harness.state().events.found().len() - 1;
    assert_eq!(harness.state().events.at, Some(last));
    let said = focus(&harness).expect("the list");
    assert_eq!(said.role, Role::ListBoxOption, "the row is told, and it is in sight: {said:?}");
    for _ in 0..3 {
        harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowUp);
        harness.run_steps(2);
    }
    assert_eq!(harness.state().events.chosen, Some((last, last - 3)), "Shift chooses all on the way");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    let id = harness.state().events.found()[last - 3];
    let recording = harness.state().session.recording.as_ref().expect("a run");
    assert_eq!(harness.state().playback.time(), recording.trace().hops[id.index()].start);
}

#[test]
fn the_library_is_one_stop_and_enter_opens_what_arrows_have_come_to() {
    let mut harness = harness("one-read");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num1);
    harness.run_steps(4);
    assert!(focus(&harness).is_some_and(|item| item.name.starts_with("Open again: ")), "{:?}", focus(&harness));
    let cards = strata::scenario::library().len();
    let mut seen = BTreeSet::new();
    harness.key_press(Key::Home);
    for _ in 0..cards {
        harness.run_steps(3);
        seen.insert(focus(&harness).expect("a card").name);
        harness.key_press(Key::ArrowRight);
    }
    assert_eq!(seen.len(), cards);
    assert!(tab_order(&mut harness).iter().filter(|item| item.name.contains(": ")).count() < 4);
    at(&mut harness, "Open");
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    assert_eq!(harness.state().tab, Tab::Walkthrough);
}

#[test]
fn arrows_reach_every_part_of_every_picture_and_up_and_down_stay_in_the_column() {
    for built_in in strata::scenario::library() {
        let harness = harness(built_in.id);
        let layout = harness.state().layout().expect("a picture");
        let topology = harness.state().session.recording.as_ref().expect("a run").topology();
        let parts = Parts::of(layout, topology);
        let mut reached: Vec<_> = parts.first().into_iter().collect();
        let mut next = 0;
        while let Some(from) = reached.get(next).copied() {
            next += 1;
            for key in [Key::ArrowLeft, Key::ArrowRight, Key::ArrowUp, Key::ArrowDown] {
                let to = parts.walk(from, key).expect("somewhere");
                let (a, b) = (layout.place(from), layout.place(to));
                let shared = |column: usize| column >= layout.columns.len();
                let along = matches!(key, Key::ArrowUp | Key::ArrowDown);
                let within = a.column == b.column || shared(a.column) || shared(b.column);
                assert!(!along || within, "{}: {from:?} {key:?} {to:?}", built_in.id);
                if !reached.contains(&to) {
                    reached.push(to);
                }
            }
        }
        let name = |id: &strata::trace::ComponentId| topology.path(*id);
        let lost: Vec<String> = parts.all().filter(|id| !reached.contains(id)).map(|id| name(&id)).collect();
        assert!(lost.is_empty(), "{}: no arrow leads to {lost:?}", built_in.id);
    }
}

#[test]
fn every_part_operation_and_reason_is_found_by_the_name_on_the_screen() {
    for built_in in strata::scenario::library() {
        let mut shell = Shell::new(Settings::default(), None);
        shell.open(built_in.id);
        shell.finish_run();
        let recording = shell.session.recording.as_deref().expect("a run");
        let (trace, topology) = (recording.trace(), recording.topology());
        let mut look = |text: &str| {
            shell.events.text = text.to_owned();
            shell.events.update(1, trace, topology);
            (shell.events.parts().to_vec(), shell.events.found().len())
        };
        for (id, part) in topology.iter() {
            let short = strata::app::scene::brief(&part.name).unwrap_or_else(|| part.name.clone());
            for name in [names::title(&part.name), names::name(&part.name), short] {
                assert!(look(&name).0.contains(&id), "{}: {name} does not find {id:?}", built_in.id);
            }
        }
        for text in ["disk", "memory", "kernel"] {
            assert!(!look(text).0.is_empty(), "{}: {text}", built_in.id);
        }
        let reasons: Vec<String> = recording.trace().hops.iter().map(strata::app::events::words).collect();
        for reason in reasons.into_iter().collect::<BTreeSet<_>>() {
            let crossing = trace.hops.iter().any(|hop| hop.crossing.label() == reason);
            assert!(!crossing || look(&reason).1 > 0, "{}: {reason}", built_in.id);
        }
    }
}

#[test]
fn what_is_searched_for_is_opened_by_enter() {
    let mut harness = harness("one-read");
    for text in ["disk", "Files", "page cache"] {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::F);
        harness.run_steps(3);
        harness.state_mut().events.text = text.to_owned();
        harness.run_steps(2);
        assert!(harness.ctx.text_edit_focused());
        harness.key_press(Key::Enter);
        harness.run_steps(3);
        let found = harness.state().events.parts().to_vec();
        assert_eq!(harness.state().selection, Selection::Part(found[0]), "{text}");
        assert_eq!(harness.state().cursor, Some(found[0]), "arrows go on from there");
    }
    for _ in 0..8 {
        harness.key_press(Key::Tab);
        harness.run_steps(1);
        if focus(&harness).is_some_and(|item| item.name.starts_with("Part ")) {
            return;
        }
    }
    panic!("Tab goes on to what was found");
}

#[test]
fn presenting_tells_its_keys_for_a_moment_and_f1_shows_them_all() {
    let mut harness = harness("one-read");
    harness.key_press(Key::F11);
    harness.run_steps(3);
    let told = |harness: &Harness<'_, Shell>| harness.query_by_label_contains("Page Down goes on").is_some();
    assert!(told(&harness));
    assert!(matches!(harness.state().wake(), Wake::After(_)), "it goes away by itself");
    let later = std::time::Instant::now() + std::time::Duration::from_secs(10);
    assert_eq!(harness.state().wake_at(later), Wake::Never);
    harness.key_press(Key::PageDown);
    harness.run_steps(3);
    assert!(!told(&harness), "or by a key");
    harness.key_press(Key::F1);
    harness.run_steps(4);
    harness.get_by_label("Blank the screen");
    let scene = harness.state().walk.scene();
    for key in [Key::PageDown, Key::B, Key::ArrowDown] {
        harness.key_press(key);
        harness.run_steps(2);
    }
    assert_eq!(harness.state().walk.scene(), scene, "keys do not pass through the sheet");
    assert_eq!(harness.state().presenting.map(|presenting| presenting.blank), Some(false));
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(!harness.state().shortcuts && harness.state().presenting.is_some(), "Escape closes the sheet first");
}

#[test]
fn presenting_can_be_led_with_a_pointer_alone() {
    let mut harness = harness("one-read");
    harness.state_mut().apply(Command::Present);
    harness.run_steps(3);
    assert!(harness.query_by_label("Spotlight").is_none(), "nothing that is not needed");
    harness.hover_at(egui::pos2(900.0, 500.0));
    harness.run_steps(3);
    harness.get_by_label("Spotlight").click();
    harness.run_steps(3);
    assert_eq!(harness.state().presenting.map(|presenting| presenting.spotlight), Some(true));
    harness.hover_at(egui::pos2(800.0, 400.0));
    harness.run_steps(2);
    harness.get_by_label("Dark screen").click();
    harness.run_steps(3);
    assert_eq!(harness.state().presenting.map(|presenting| presenting.blank), Some(true));
    let at = egui::pos2(800.0, 500.0);
    for pressed in [true, false] {
        let button = egui::PointerButton::Primary;
        harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers: Modifiers::NONE });
        harness.run_steps(1);
    }
    harness.run_steps(2);
    assert_eq!(harness.state().presenting.map(|presenting| presenting.blank), Some(false), "a click lights it again");
    harness.hover_at(egui::pos2(700.0, 400.0));
    harness.run_steps(2);
    harness.get_by_label("End").click();
    harness.run_steps(2);
    assert!(harness.state().presenting.is_none());
}

#[test]
fn several_events_are_chosen_by_dragging_over_them_and_with_shift() {
    let mut harness = harness("one-read");
    harness.state_mut().apply(Command::ShowBelow(Below::Events));
    harness.run_steps(3);
    // They move by a line when the sum above them takes one more.
    let rows = |harness: &Harness<'_, Shell>| {
        let list = harness.get_by_label("Events, one a row").rect();
        let rows = harness
            .get_all_by_role(Role::ListBoxOption)
            .filter(|node| !node.accesskit_node().label().is_some_and(|label| label.starts_with("Lane ")));
        let places = rows.map(|node| node.rect().center()).filter(|at| list.contains(*at));
        places.collect::<Vec<egui::Pos2>>()
    };
    let places = rows(&harness);
    assert!(places.len() > 3, "{places:?}");
    harness.drag_at(places[0]);
    harness.run_steps(2);
    harness.hover_at(places[2]);
    harness.run_steps(2);
    harness.drop_at(places[2]);
    harness.run_steps(2);
    let (from, to) = harness.state().events.chosen.expect("chosen");
    assert_eq!(to - from, 2);
    harness.get_by_label_contains("3 of ");
    let click = |harness: &mut Harness<'_, Shell>, pos: egui::Pos2, modifiers: Modifiers| {
        harness.event(egui::Event::PointerMoved(pos));
        for pressed in [true, false] {
            let button = egui::PointerButton::Primary;
            harness.event_modifiers(egui::Event::PointerButton { pos, button, pressed, modifiers }, modifiers);
        }
        harness.run_steps(2);
    };
    let second = rows(&harness)[1];
    click(&mut harness, second, Modifiers::NONE);
    let third = rows(&harness)[2];
    click(&mut harness, third, Modifiers::SHIFT);
    assert_eq!(harness.state().events.chosen, Some((from + 1, from + 2)));
}

#[test]
fn columns_are_followed_by_their_letters_and_escape_follows_all() {
    let mut harness = harness("one-read");
    harness.key_press_modifiers(Modifiers::ALT, Key::C);
    harness.run_steps(2);
    assert_eq!((harness.state().follow, harness.state().solo), (Some(StackId(2)), false));
    harness.key_press_modifiers(Modifiers::ALT | Modifiers::SHIFT, Key::B);
    harness.run_steps(2);
    assert_eq!((harness.state().follow, harness.state().solo), (Some(StackId(1)), true));
    harness.key_press_modifiers(Modifiers::ALT, Key::Z);
    harness.run_steps(2);
    assert_eq!(harness.state().follow, Some(StackId(1)), "there is no column Z");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert_eq!((harness.state().follow, harness.state().solo), (None, false));
}

#[test]
fn totals_at_the_end_are_those_of_the_report() {
    for built_in in strata::scenario::library() {
        let mut shell = Shell::new(Settings::default(), None);
        shell.open(built_in.id);
        shell.finish_run();
        let recording = shell.session.recording.as_deref().expect("a run");
        let (trace, topology) = (recording.trace(), recording.topology());
        if trace.left_out > 0 {
            continue;
        }
        let end = recording.outcome.simulated;
        let totals = Totals::new(trace, topology, end);
        for (i, stats) in recording.outcome.stats.iter().enumerate() {
            let (row, latency) = (totals.at(i, end), stats.latency());
            let at = format!("{}, stack {i}", built_in.id);
            assert_eq!(row.operations, stats.operations, "{at}");
            assert_eq!(row.latency, [latency.p50, latency.p95, latency.p99, latency.max, latency.mean], "{at}");
            assert_eq!(row.ledger, stats.ledger, "{at}");
            let counts =
                [stats.system_calls, stats.context_switches, stats.page_faults, stats.interrupts, stats.throttles];
            assert_eq!(row.counts, counts, "{at}");
            assert_eq!(row.exits, stats.exits, "{at}");
            assert_eq!(totals.at(i, Time::ZERO).operations, 0, "{at}");
        }
    }
}

#[test]
fn events_are_found_by_part_operation_and_reason_and_open_what_they_are() {
    let mut harness = harness("one-read");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::F);
    harness.run_steps(3);
    assert_eq!(harness.state().below, Below::Events);
    assert!(harness.ctx.text_edit_focused(), "the field has the keyboard");
    let all = harness.state().events.found().len();
    for (text, least) in [("HLT", 1), ("block layer", 0), ("read", 1), ("no such thing", 0)] {
        harness.state_mut().events.text = text.to_owned();
        harness.run_steps(2);
        let found = harness.state().events.found().len();
        assert!(found >= least && found < all, "{text}: {found} of {all}");
    }
    harness.state_mut().events.text = "HLT".to_owned();
    harness.run_steps(2);
    let id = harness.state().events.found()[0];
    harness.state_mut().apply(Command::SelectEvent(id));
    harness.run_steps(2);
    let recording = harness.state().session.recording.as_ref().expect("a run");
    let hop = recording.trace().hops[id.index()];
    assert_eq!(harness.state().playback.time(), hop.start);
    let wanted = hop.journey.some().map_or(Selection::Part(hop.component), |id: JourneyId| Selection::Journey(id));
    assert_eq!(harness.state().selection, wanted);
}

#[test]
fn my_machine_is_not_drawn_again_when_nobody_is_there() {
    let mut harness = harness("one-read");
    harness.state_mut().apply(Command::Open(Tab::MyMachine));
    harness.run_steps(3);
    assert!(matches!(harness.state().wake(), Wake::After(_)), "somebody has just come");
    let later = std::time::Instant::now() + AT_REST;
    assert!(!harness.state().machine.counts(later), "and ten seconds later nothing is read any more");
    assert_eq!(harness.state().wake_at(later), Wake::Never);
}

/// The page on keys, as the table of commands has them.
#[test]
fn the_page_on_keys_has_every_key_of_the_table_and_no_other() {
    let context = egui::Context::default();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keyboard.md")).expect("the page");
    let mut wanted = String::new();
    let mut group = "";
    for entry in command::table() {
        if entry.group != group {
            group = entry.group;
            wanted += &format!("\n| {} | keys |\n|---|---|\n", group.to_lowercase());
        }
        let keys: Vec<String> =
            entry.keys.iter().map(|keys| format!("`{}`", command::keys_text(&context, keys))).collect();
        wanted += &format!("| {} | {} |\n", entry.name, keys.join(", "));
    }
    if std::env::var_os("STRATA_UPDATE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keyboard.md");
        let before = page.split("\n| time | keys |").next().unwrap_or_default();
        std::fs::write(path, format!("{}\n{}", before.trim_end(), wanted)).expect("written");
        return;
    }
    assert!(page.ends_with(&wanted), "docs/keyboard.md should end with:\n{wanted}");
}

#[test]
fn a_clicker_leads_through_the_scenes_and_nothing_else_is_on_the_screen() {
    let mut harness = harness("one-read");
    harness.key_press(Key::F11);
    harness.run_steps(3);
    assert!(harness.state().presenting.is_some());
    for gone in ["Library", "Play or pause", "JOURNEY"] {
        assert!(harness.query_by_label(gone).is_none(), "{gone} is not needed in a room");
    }
    let body = harness.state().theme.size(strata::app::theme::TextRole::Body);
    assert!(body >= 1000.0 / 42.0, "text of {body} points can't be read from the last row");
    let mut scenes = vec![harness.state().walk.scene()];
    for _ in 0..12 {
        harness.key_press(Key::PageDown);
        harness.run_steps(2);
        scenes.push(harness.state().walk.scene());
    }
    assert!(scenes.is_sorted() && scenes[12] >= 4, "{scenes:?}");
    for _ in 0..30 {
        harness.key_press(Key::PageUp);
        harness.run_steps(2);
    }
    assert_eq!(harness.state().walk.scene(), 0);
    harness.key_press(Key::B);
    harness.run_steps(2);
    assert!(tree(&harness).iter().all(|item| item.role != Role::Tree), "a blank screen shows nothing");
    harness.key_press(Key::PageDown);
    harness.run_steps(2);
    assert_eq!(harness.state().presenting.map(|presenting| presenting.blank), Some(false));
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(harness.state().presenting.is_none());
    harness.get_by_label("Play or pause");
}

#[test]
fn text_grows_with_the_window_and_up_to_twice_its_size() {
    let mut harness = harness("one-read");
    let scale = |harness: &Harness<'_, Shell>| harness.state().theme.scale;
    assert_eq!(scale(&harness), 1.0);
    harness.set_size(Vec2::new(2560.0, 1440.0));
    harness.run_steps(3);
    assert!((1.35..1.5).contains(&scale(&harness)), "{}", scale(&harness));
    harness.set_size(Vec2::new(1280.0, 720.0));
    harness.run_steps(3);
    assert_eq!(scale(&harness), 1.0, "what is small stays readable");
    harness.set_size(Vec2::new(1600.0, 1000.0));
    for _ in 0..10 {
        harness.state_mut().apply(Command::TextSize(1));
    }
    harness.run_steps(3);
    assert_eq!(scale(&harness), 2.0);
    harness.get_by_label("Play or pause");
}

// Fails where the focus is let go with what had it: Tab would begin at the top of the page.
#[test]
fn what_comes_next_gets_the_focus_of_what_goes_away() {
    let mut harness = harness("one-read");
    harness.state_mut().apply(Command::Search);
    harness.run_steps(3);
    harness.state_mut().events.text = "HLT".to_owned();
    harness.run_steps(3);
    let stops = tab_order(&mut harness);
    let at_clear = stops.iter().position(|item| item.name == "Clear").expect("a button");
    let next = &stops[(at_clear + 1) % stops.len()];
    at(&mut harness, "Clear");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert!(harness.query_by_label("Clear").is_none());
    assert_eq!(focus(&harness).map(|item| item.name), Some(next.name.clone()), "what comes next in the order of Tab");
    // A button that can't be pressed any more lets go of it as well.
    harness.state_mut().apply(Command::Scene(1));
    harness.run_steps(3);
    let left = command::name(&Command::PreviousScene);
    at(&mut harness, left);
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert_eq!(harness.state().walk.scene(), 0);
    assert!(focus(&harness).is_some(), "its neighbour has it");
    // With its page it goes.
    harness.state_mut().apply(Command::Open(Tab::MyMachine));
    harness.run_steps(4);
    assert_eq!(focus(&harness), None, "what is pressed on another page is no neighbour");
}

#[test]
fn the_path_of_a_file_has_the_focus_and_a_wrong_one_is_told_there() {
    for (size, percent) in
        [(Vec2::new(1280.0, 720.0), 100), (Vec2::new(1600.0, 1000.0), 100), (Vec2::new(1280.0, 720.0), 200)]
    {
        for tab in Tab::ALL {
            let mut harness = harness("one-read");
            harness.state_mut().settings.text_percent = percent;
            harness.set_size(size);
            harness.state_mut().apply(Command::Open(tab));
            harness.run_steps(4);
            harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
            harness.run_steps(8);
            let field = harness.get_by_label("Path of a scenario file");
            let window = harness.ctx.content_rect();
            assert!(field.accesskit_node().is_focused() && window.contains_rect(field.rect()), "{tab:?} {size}");
            harness.event(egui::Event::Text("no/such.ron".to_owned()));
            harness.run_steps(2);
            let before = harness.state().sandbox.text.clone();
            harness.key_press(Key::Enter);
            harness.run_steps(8);
            assert_eq!(harness.state().tab, Tab::Library, "one stays where it was typed");
            let field = harness.get_by_label("Path of a scenario file");
            assert!(field.accesskit_node().is_focused(), "and types on");
            let said = harness.get_by_label_contains("no/such.ron").rect();
            let below = said.top() - field.rect().bottom();
            assert!((0.0..60.0).contains(&below) && window.contains_rect(said), "{tab:?} {size}: {said}");
            assert_eq!(harness.state().sandbox.text, before, "what is open stays");
            harness.key_press(Key::Escape);
            harness.run_steps(4);
            assert!(harness.query_by_label_contains("no/such.ron").is_none(), "Escape closes it");
        }
    }
}

#[test]
fn the_picture_comes_before_the_transport_and_that_is_read_from_left_to_right() {
    for size in [Vec2::new(1280.0, 720.0), Vec2::new(1600.0, 1000.0), Vec2::new(1024.0, 640.0), Vec2::new(560.0, 420.0)]
    {
        let mut harness = harness("one-read");
        harness.set_size(size);
        harness.run_steps(6);
        let mut places = Vec::new();
        let stops = tab_order(&mut harness);
        let picture = stops.iter().position(|item| item.id == PICTURE).expect("a stop");
        let step = stops.iter().position(|item| item.name == command::name(&Command::StepBack)).expect("a stop");
        assert!((1..=3).contains(&step.saturating_sub(picture)), "{size}: {picture} and {step} of {}", stops.len());
        let row = harness.get_by_label(command::name(&Command::StepForward)).rect();
        for stop in &stops[step..] {
            let at = harness.query_all_by_label(&stop.name).map(|node| node.rect());
            places.extend(
                at.filter(|at| row.y_range().contains(at.center().y)).map(|at| (at.left(), &stop.name)).take(1),
            );
        }
        assert!(places.len() > 3 && places.is_sorted_by(|a, b| a.0 <= b.0), "{size}: {places:?}");
    }
}

#[test]
fn escape_closes_whatever_a_key_has_opened() {
    let open = |shell: &Shell| {
        let panel = shell.below != Below::Lanes;
        shell.settings.list || panel || shell.shortcuts || shell.costs || shell.lens || shell.presenting.is_some()
    };
    let plain = Modifiers::NONE;
    let ways = [
        (plain, Key::L),
        (plain, Key::I),
        (plain, Key::A),
        (plain, Key::Y),
        (plain, Key::F1),
        (plain, Key::F11),
        (Modifiers::SHIFT, Key::A),
        (Modifiers::SHIFT, Key::K),
        (Modifiers::SHIFT, Key::Num1),
        (Modifiers::COMMAND, Key::F),
    ];
    for (modifiers, key) in ways {
        let mut harness = harness("one-read");
        tab_to(&mut harness, |item| item.id == PICTURE);
        harness.run_steps(2);
        harness.key_press_modifiers(modifiers, key);
        harness.run_steps(4);
        assert!(open(harness.state()), "{modifiers:?} {key:?} opens something");
        harness.key_press(Key::Escape);
        harness.run_steps(4);
        assert!(!open(harness.state()), "{modifiers:?} {key:?}: Escape closes it");
        if matches!(key, Key::L) {
            assert_eq!(focus(&harness).map(|item| item.id).as_deref(), Some(PICTURE), "and the focus is where it was");
        }
    }
}

// Fails where a chip is lit that nothing is seen through any more.
#[test]
fn the_chip_of_a_viewer_is_lit_as_long_as_the_picture_is_seen_with_its_eyes() {
    let lit = |harness: &Harness<'_, Shell>| {
        let chips = harness.get_all_by_role(Role::RadioButton).map(|node| node.accesskit_node());
        let named = chips.filter(|node| ["app", "host"].contains(&node.label().unwrap_or_default().as_str()));
        named
            .filter(|node| node.toggled() == Some(egui::accesskit::Toggled::True) || node.is_selected() == Some(true))
            .count()
    };
    let mut harness = harness("one-read");
    assert_eq!(lit(&harness), 0);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::Num1);
    harness.run_steps(3);
    assert_eq!(lit(&harness), 1);
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert_eq!(lit(&harness), 0);
}

// Fails where the knob stays at a stop that is not what is run.
#[test]
fn reading_the_file_again_sets_a_turned_knob_back() {
    let mut harness = harness("one-read");
    while !harness.state().walk.at_closing() {
        harness.state_mut().apply(Command::NextScene);
        harness.run_steps(2);
    }
    tab_to(&mut harness, |item| item.name.starts_with("how long the disk takes"));
    let home = focus(&harness).map(|item| item.name);
    harness.key_press(Key::ArrowRight);
    harness.run_steps(2);
    harness.state_mut().finish_run();
    harness.run_steps(4);
    assert!(harness.state().session.recording.as_ref().is_some_and(|run| run.turned.is_some()));
    assert_ne!(focus(&harness).map(|item| item.name), home);
    harness.key_press(Key::F5);
    harness.run_steps(2);
    harness.state_mut().finish_run();
    harness.run_steps(4);
    assert!(harness.state().session.recording.as_ref().is_some_and(|run| run.turned.is_none()));
    assert_eq!(focus(&harness).map(|item| item.name), home, "the knob shows what is run");
}

/// The gap between two places.
fn gap(a: egui::Rect, b: egui::Rect) -> f32 {
    let between = |a: egui::Rangef, b: egui::Rangef| (b.min - a.max).max(a.min - b.max).max(0.0);
    egui::vec2(between(a.x_range(), b.x_range()), between(a.y_range(), b.y_range())).length()
}

// What lies straight ahead comes before what lies aside; of the one as of the other, the nearest comes first. Parts of
// columns are compared with parts of columns, and what all share with what all share: from column to column an arrow does
// not go by the floor below.
#[test]
fn an_arrow_in_the_picture_does_not_pass_by_what_is_nearer() {
    let mut far = Vec::new();
    for built_in in strata::scenario::library() {
        let harness = harness(built_in.id);
        let layout = harness.state().layout().expect("a picture");
        let topology = harness.state().session.recording.as_ref().expect("a run").topology();
        let parts = Parts::of(layout, topology);
        let place = |id: strata::trace::ComponentId| {
            let place = layout.place(id);
            let floor = topology.children(id).next().is_some();
            if floor && place.name.is_positive() { place.name } else { place.rect }
        };
        for from in parts.all() {
            for (key, way) in [
                (Key::ArrowLeft, -Vec2::X),
                (Key::ArrowRight, Vec2::X),
                (Key::ArrowUp, -Vec2::Y),
                (Key::ArrowDown, Vec2::Y),
            ] {
                let to = parts.walk(from, key).expect("somewhere");
                let at = place(from);
                let shared = |column: usize| column >= layout.columns.len();
                let (own, along) = (layout.place(from).column, way.x == 0.0);
                let straight = |id: strata::trace::ComponentId| match along {
                    true => place(id).x_range().intersects(at.x_range()),
                    false => place(id).y_range().intersects(at.y_range()),
                };
                let ahead = parts.all().filter(|id| {
                    let column = layout.place(*id).column;
                    let middle = place(*id).center() - at.center();
                    let free = !along || column == own || shared(column) || shared(own);
                    let aside = if along { middle.x.abs() } else { middle.y.abs() };
                    free && *id != from && middle.dot(way) > 5.0 && aside <= middle.dot(way)
                });
                let ahead = ahead.filter(|id| to == from || !straight(to) || straight(*id));
                let alike = |id: &strata::trace::ComponentId| {
                    to == from || shared(layout.place(*id).column) == shared(layout.place(to).column)
                };
                let ahead = ahead.filter(alike);
                let nearest = ahead.min_by(|a, b| gap(at, place(*a)).total_cmp(&gap(at, place(*b))));
                let Some(nearest) = nearest else { continue };
                let (went, could) = (gap(at, place(to)), gap(at, place(nearest)));
                if to == from || went > could + 40.0 {
                    let name = |id| topology.path(id);
                    let (from, to, nearest) = (name(from), name(to), name(nearest));
                    far.push(format!("{}: {from} {key:?} {to} ({went}), not {nearest} ({could})", built_in.id));
                }
            }
        }
    }
    assert!(far.is_empty(), "{}:\n{}", far.len(), far.join("\n"));
}

// Fails where an arrow that leads nowhere is like a key that is not taken in.
#[test]
fn an_arrow_at_the_edge_of_the_picture_says_so() {
    let mut harness = harness("one-read");
    let told = |harness: &Harness<'_, Shell>| {
        let mut texts = harness.output().shapes.iter().filter_map(|clipped| match &clipped.shape {
            egui::Shape::Text(text) => Some(text.galley.text()),
            _ => None,
        });
        texts.any(|text| text.starts_with("No part lies to the right of here"))
    };
    tab_to(&mut harness, |item| item.id == PICTURE);
    harness.run_steps(2);
    let mut before = None;
    while harness.state().cursor != before {
        assert!(!told(&harness), "there is more to the right");
        before = harness.state().cursor;
        harness.key_press(Key::ArrowRight);
        harness.run_steps(2);
    }
    assert!(told(&harness));
    harness.key_press(Key::ArrowLeft);
    harness.run_steps(2);
    assert!(!told(&harness) && harness.state().cursor != before);
}
