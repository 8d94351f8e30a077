//! Everything by keyboard, and everything by name: the Tab order, the ring around what has the focus, the keys that
//! are commands and those that are a widget's own, and the accessibility tree.
#![cfg(feature = "app")]

use std::collections::BTreeSet;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use strata::app::command::{self, Below, Command, Tab};
use strata::app::cursor::Rows;
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
    // While the picture has the focus, the part that the keyboard has walked to is what is told.
    if matches!(item.role, Role::Tree | Role::TreeItem) {
        item.id = PICTURE.to_owned();
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
        if order.iter().any(|one| one.id == item.id) {
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
        let (after, own) = (harness.state().playback.time(), stop.starts_with("Speed") || id == PICTURE);
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
        let own = Rows::of(layout, recording.topology()).all().count();
        let under_way = recording.trace().journeys.iter().filter(|j| j.start <= Time::us(30) && j.end > Time::us(30));
        assert!(items.len() >= own + under_way.count().min(64), "{}: {} nodes", built_in.id, items.len());
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
    harness.get_by_label("Changed, not run yet");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run_steps(3);
    assert_eq!(harness.state().sandbox.text, "Scenario(", "the key is no line break");
    let trouble = harness.state().session.trouble.clone().expect("a mistake");
    assert!(trouble.title.starts_with("The edited text"), "{}", trouble.title);
    harness.get_by_label("This text did not run: the picture is of the one that ran before");
    assert!(harness.query_by_label("As it ran").is_none());
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
