//! What lies around the picture: the question beside it, the line below it, lanes, list, comparison; and that the
//! window rests on every page.
#![cfg(feature = "app")]

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Order, Rect, Vec2, ViewportId};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use strata::app::command::{Below, Command, Side, Tab};
use strata::app::frame::shell_ui;
use strata::app::machine_page::state::AT_REST;
use strata::app::panels::tree::Item;
use strata::app::selection::Selection;
use strata::app::settings::Settings;
use strata::app::shell::{Shell, Wake};
use strata::engine::Time;
use strata::trace::{ComponentId, Crossing, ExitReason};

fn harness(id: &str, size: Vec2, text_percent: u32) -> Harness<'static, Shell> {
    window(id, size, Settings { text_percent, ..Settings::default() })
}

fn window(id: &str, size: Vec2, settings: Settings) -> Harness<'static, Shell> {
    let mut shell = Shell::new(settings, None);
    shell.open(id);
    shell.finish_run();
    assert!(shell.session.recording.is_some(), "{:?}", shell.session.trouble);
    let app = |ui: &mut egui::Ui, shell: &mut Shell| {
        shell.update(ui.ctx(), 1.0 / 60.0);
        shell_ui(ui, shell);
    };
    let mut harness = Harness::builder().with_size(size).build_ui_state(app, shell);
    harness.run_steps(4);
    harness
}

const DESK: Vec2 = Vec2::new(1600.0, 1000.0);
const SMALL: Vec2 = Vec2::new(1280.0, 720.0);

/// Every text on the screen, as painted.
fn texts(harness: &Harness<'_, Shell>) -> Vec<String> {
    let mut texts = Vec::new();
    for clipped in &harness.output().shapes {
        if let egui::Shape::Text(text) = &clipped.shape {
            texts.push(text.galley.text().to_owned());
        }
    }
    texts
}

/// Where the picture is.
fn picture(harness: &Harness<'_, Shell>) -> Rect {
    harness.get_all_by_role(Role::Tree).next().expect("a picture").rect()
}

#[test]
fn nothing_pops_up_over_the_picture_and_the_line_below_says_it_instead() {
    let mut harness = harness("one-read", DESK, 100);
    harness.ctx.all_styles_mut(|style| {
        style.interaction.tooltip_delay = 0.0;
        style.interaction.show_tooltips_only_when_still = false;
    });
    for tab in [Tab::Walkthrough, Tab::Sandbox, Tab::Library] {
        harness.state_mut().apply(Command::Open(tab));
        harness.state_mut().apply(Command::Seek(Time::us(20)));
        harness.run_steps(3);
        let places: Vec<(String, Rect)> = harness
            .root()
            .children_recursive()
            .filter(|node| node.accesskit_node().bounding_box().is_some())
            .map(|node| (node.accesskit_node().label().unwrap_or_default(), node.rect()))
            .filter(|(_, rect)| rect.is_positive())
            .collect();
        assert!(places.len() > 10, "{tab:?}");
        for (name, rect) in places {
            harness.hover_at(rect.center());
            harness.run_steps(2);
            let layers = harness.ctx.memory(|memory| memory.areas().visible_layer_ids());
            let over = layers.iter().find(|layer| layer.order == Order::Tooltip);
            assert!(over.is_none(), "{tab:?}: {name:?} at {rect:?} has a tooltip");
        }
    }
    for (label, words) in [("Play or pause", "Play or pause (Space)"), ("Lanes", Below::Lanes.about())] {
        harness.state_mut().apply(Command::Open(Tab::Walkthrough));
        harness.run_steps(3);
        let at = harness.get_by_label(label).rect().center();
        harness.hover_at(at);
        harness.run_steps(2);
        assert!(texts(&harness).iter().any(|text| text == words), "{words}: {:?}", texts(&harness));
    }
    // What the keyboard is at is said as well.
    harness.hover_at(egui::pos2(1.0, 1.0));
    harness.get_by_label("Step forward").focus();
    harness.run_steps(2);
    assert!(texts(&harness).iter().any(|text| text.starts_with("Step forward (")));
}

#[test]
fn a_question_and_its_choices_are_in_view_and_leave_text_and_picture_their_room() {
    const LEADS: &str = "Space leads to the question";
    let mut led = 0;
    for (size, percent) in [(SMALL, 100), (DESK, 100), (SMALL, 200), (DESK, 200)] {
        for id in ["one-read", "ping-pong", "throttled", "vm-in-vm"] {
            let mut harness = harness(id, size, percent);
            let recording = harness.state().session.recording.as_ref().expect("a run");
            let steps = recording.scenario.walkthrough.clone();
            for (scene, step) in steps.iter().enumerate() {
                let Some(predict) = &step.predict else { continue };
                let at = format!("{id}, {}, {size}, {percent} %", step.title);
                harness.state_mut().apply(Command::Scene(scene));
                harness.run_steps(5);
                let shown = |harness: &Harness<'_, Shell>, label: &str| {
                    harness.query_all_by_label(label).any(|node| node.accesskit_node().role() == Role::RadioButton)
                };
                // Where both have no room, the text comes first; Space leads to the question, and does not play.
                let says = |harness: &Harness<'_, Shell>| texts(harness).iter().any(|text| text == LEADS);
                assert_ne!(shown(&harness, &predict.choices[0].label), says(&harness), "{at}");
                if says(&harness) {
                    led += 1;
                    // And leads there again, once one has turned back to the text.
                    for _ in 0..2 {
                        harness.get_by_label("Read").click();
                        harness.run_steps(5);
                        assert!(says(&harness), "{at}");
                        harness.key_press(Key::Space);
                        harness.run_steps(5);
                        assert!(!harness.state().playback.playing(), "{at}");
                        assert!(shown(&harness, &predict.choices[0].label) && !says(&harness), "{at}");
                    }
                }
                let way = harness.get_by_label_contains("Scene 1:").rect().top();
                for (index, choice) in predict.choices.iter().enumerate() {
                    let rect = harness.get_by_label(&choice.label).rect();
                    let whole = rect.top() > 40.0 && rect.bottom() <= way;
                    // At twice the size in a small window the last may have to be scrolled to.
                    let large = percent == 200 && size == SMALL && index > 0;
                    assert!(whole || large, "{at}, {}: {rect:?}", choice.label);
                    assert!(
                        texts(&harness).contains(&(index + 1).to_string()),
                        "{at}: choice {} has a number",
                        index + 1
                    );
                }
                let picture = picture(&harness);
                let share = picture.area() / (size.x * size.y);
                assert!(share > 0.24, "{at}: the picture has {:.0} % of the window", share * 100.0);
            }
        }
    }
    assert!(led > 0, "nowhere text and question take turns: this tests too little");
}

#[test]
fn an_answer_with_its_reasons_and_its_way_on_is_in_view_at_any_size() {
    for (size, percent) in [(SMALL, 100), (SMALL, 200)] {
        let mut harness = harness("one-read", size, percent);
        let recording = harness.state().session.recording.as_ref().expect("a run");
        let asks = |i: &usize| recording.answers[*i].as_ref().is_some_and(|a| a.correct_choice.is_some());
        let scene = (0..recording.answers.len()).find(asks).expect("a question");
        let right = recording.answers[scene].as_ref().and_then(|answer| answer.correct_choice).expect("an answer");
        let until = recording.played[scene].until;
        let wrong = usize::from(right == 0);
        harness.state_mut().apply(Command::Scene(scene));
        harness.state_mut().apply(Command::Predict(wrong));
        harness.state_mut().apply(Command::Seek(until));
        harness.run_steps(6);
        let said = harness.get_by_label_contains("Not so. This run says").rect();
        let way = harness.get_by_label_contains("Scene 1:").rect().top();
        if percent == 100 {
            assert!(said.bottom() < way, "{said:?} is above {way}");
        }
        // The text is one press away, and comes back by itself no more.
        if let Some(read) = harness.query_by_label("Read") {
            read.click();
            harness.run_steps(4);
            assert!(harness.query_by_label_contains("Not so. This run says").is_none());
        }
    }
}

#[test]
fn with_large_text_in_a_small_window_one_panel_stands_beside_the_picture_and_more_than_one_lane_below() {
    for percent in [150, 200] {
        let mut harness = harness("one-read", SMALL, percent);
        let lanes = |harness: &Harness<'_, Shell>| {
            let nodes = harness.get_all_by_role(Role::ListBoxOption);
            nodes.filter(|node| node.accesskit_node().label().is_some_and(|l| l.starts_with("Lane "))).count()
        };
        assert!(lanes(&harness) >= 3, "{percent} %: {} lanes", lanes(&harness));
        assert!(harness.query_by_label("INSPECTOR").is_none(), "{percent} %: the lesson alone");
        assert!(picture(&harness).width() > SMALL.x * 0.5);
        harness.state_mut().apply(Command::SelectComponent(ComponentId(0)));
        harness.run_steps(3);
        harness.get_by_label("Follow journeys");
        assert!(harness.query_by_label_contains("Scene 1:").is_none(), "the inspector in the lesson's place");
        harness.state_mut().apply(Command::TogglePanel(Side::Left));
        harness.run_steps(3);
        harness.get_by_label_contains("Scene 1:");
        assert!(harness.state().settings.left.open && harness.state().settings.right.open);
    }
}

#[test]
fn what_is_looked_for_is_bright_on_the_lanes_and_alone_in_the_list() {
    let mut harness = harness("one-read", DESK, 100);
    harness.run_steps(2);
    assert!(harness.state().events.marked().is_none(), "nothing is looked for at first");
    let reason = Crossing::VmExit(ExitReason::Hlt);
    let count = harness.state().events.reasons().iter().find(|(one, _)| *one == reason).map(|(_, count)| *count);
    harness.state_mut().events.reason = Some(reason);
    harness.run_steps(2);
    let found = harness.state().events.found().to_vec();
    assert_eq!(Some(found.len()), count);
    let marked = harness.state().events.marked().map(|(_, marked)| marked.to_vec());
    assert_eq!(marked.as_deref(), Some(found.as_slice()));
    let trace = harness.state().session.recording.as_ref().expect("a run").trace();
    assert!(found.iter().all(|id| trace.hops[id.index()].crossing == reason));
    harness.get_by_label("Clear").click();
    harness.run_steps(2);
    assert!(harness.state().events.marked().is_none());
}

#[test]
fn a_lane_is_pinned_by_keyboard() {
    let mut settings = Settings::default();
    settings.bottom.size = 450.0;
    let mut harness = window("one-read", DESK, settings);
    let top = |harness: &Harness<'_, Shell>, name: &str| harness.get_by_label_contains(name).rect().top();
    assert!(top(&harness, "Lane nvme0") > top(&harness, "Lane core 0"));
    harness.get_by_label("Lanes, one a row").focus();
    harness.run_steps(2);
    let focused = |harness: &Harness<'_, Shell>| {
        let mut nodes = harness.root().children_recursive().map(|node| node.accesskit_node());
        nodes.find(|node| node.is_focused() && node.role() != Role::Window).and_then(|node| node.label())
    };
    for _ in 0..20 {
        if focused(&harness).is_some_and(|name| name.contains("nvme0")) {
            break;
        }
        harness.key_press(Key::ArrowDown);
        harness.run_steps(2);
    }
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    while !focused(&harness).is_some_and(|name| name.contains("Pin to the top")) {
        harness.key_press(Key::ArrowDown);
        harness.run_steps(2);
    }
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert!(top(&harness, "Lane nvme0") < top(&harness, "Lane core 0"));
}

#[test]
fn an_edit_is_compared_with_the_run_before_and_a_kept_run_with_all_after_it() {
    let mut harness = harness("one-read", DESK, 100);
    harness.state_mut().apply(Command::ShowBelow(Below::Comparison));
    harness.run_steps(2);
    harness.get_by_label_contains("There is no run before it yet");
    let run = |harness: &mut Harness<'_, Shell>, from: &str, to: &str| {
        harness.state_mut().apply(Command::Open(Tab::Sandbox));
        let text = harness.state().sandbox.text.replace(from, to);
        assert_ne!(text, harness.state().sandbox.text);
        harness.state_mut().sandbox.text = text;
        harness.state_mut().apply(Command::RunText);
        harness.state_mut().finish_run();
        harness.run_steps(3);
    };
    run(&mut harness, "Compute(\"2 us\")", "Compute(\"4 us\")");
    let versus = harness.state().runs_kept.versus.clone().expect("two runs");
    let user = versus.lines.iter().find(|line| line.label == "of it user").expect("user code");
    assert!(user.changes.iter().all(|change| change.after > change.before), "{user:?}");
    assert_eq!(user.changes.len(), 4);
    harness.get_by_label("of it user");
    let first = harness.state().runs_kept.other().cloned();
    // Kept by hand: it stays, whatever runs after it.
    harness.get_by_label("Keep this run").click();
    harness.run_steps(2);
    let held = harness.state().runs_kept.held.clone();
    assert!(held.is_some() && held != first);
    run(&mut harness, "Compute(\"4 us\")", "Compute(\"2 us\")");
    run(&mut harness, "Compute(\"2 us\")", "Compute(\"3 us\")");
    assert_eq!(harness.state().runs_kept.other(), held.as_ref());
    let user = |harness: &Harness<'_, Shell>| {
        let versus = harness.state().runs_kept.versus.clone().expect("two runs");
        versus.lines.iter().find(|line| line.label == "of it user").expect("user code").changes[0]
    };
    assert!(user(&harness).after < user(&harness).before, "3 µs after 4 µs");
    harness.get_by_label("Let it go").click();
    harness.run_steps(2);
    assert!(user(&harness).after > user(&harness).before, "3 µs after 2 µs");
}

#[test]
fn the_machine_as_a_list_is_walked_by_keyboard_and_chooses_what_the_picture_chooses() {
    let mut harness = harness("one-read", DESK, 100);
    harness.state_mut().apply(Command::Seek(Time::us(20)));
    harness.state_mut().apply(Command::SelectComponent(ComponentId(3)));
    harness.key_press(Key::L);
    harness.run_steps(3);
    assert_eq!(harness.state().tree.at, Some(Item::Part(ComponentId(3))), "it begins with what is chosen");
    let items = |harness: &Harness<'_, Shell>| harness.get_all_by_role(Role::TreeItem).count();
    let topology = harness.state().session.recording.as_ref().expect("a run").topology().clone();
    let all = items(&harness);
    assert!(all > topology.components.len(), "every part is there, and what is under way: {all}");
    harness.get_all_by_role(Role::Tree).next().expect("a tree").focus();
    harness.run_steps(2);
    let time = harness.state().playback.time();
    harness.key_press(Key::Home);
    harness.run_steps(2);
    harness.key_press(Key::ArrowLeft);
    harness.run_steps(2);
    assert!(items(&harness) < all, "Left folds");
    harness.key_press(Key::ArrowRight);
    harness.run_steps(2);
    assert_eq!(items(&harness), all, "Right unfolds");
    let mut seen = Vec::new();
    for _ in 0..12 {
        harness.key_press(Key::ArrowDown);
        harness.run_steps(2);
        seen.push(harness.state().tree.at);
    }
    seen.dedup();
    assert_eq!(seen.len(), 12);
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    let chosen = match harness.state().selection {
        Selection::Part(id) => Some(Item::Part(id)),
        Selection::Journey(id) => Some(Item::Operation(id)),
        _ => None,
    };
    assert_eq!(chosen, harness.state().tree.at);
    assert_eq!(harness.state().playback.time(), time, "walking moves no time");
}

/// Every page, and how to come to it: what has a list of its own is taken from there, so that a new page is in it.
fn pages() -> Vec<(String, Vec<Command>)> {
    let mut pages: Vec<(String, Vec<Command>)> = Vec::new();
    for tab in Tab::ALL {
        pages.push((format!("{tab:?}"), vec![Command::Open(tab)]));
    }
    for tab in [Tab::Walkthrough, Tab::Sandbox] {
        for below in Below::ALL {
            pages.push((format!("{tab:?}, {below:?}"), vec![Command::Open(tab), Command::ShowBelow(below)]));
        }
    }
    for (name, command) in [
        ("machine as a list", Command::ToggleList),
        ("costs of the run", Command::ShowCosts),
        ("shortcuts", Command::ToggleShortcuts),
        ("presenting", Command::Present),
        ("a search", Command::Search),
        ("what would lose the edited text", Command::Quit),
        ("a part in the inspector", Command::SelectComponent(ComponentId(2))),
        ("a journey in the inspector", Command::Stack(1)),
        ("one column followed", Command::FollowColumn(strata::trace::StackId(2))),
        ("light", Command::ToggleTheme),
        ("reduced motion", Command::ToggleMotion),
        ("the end of the walkthrough", Command::Closing),
        ("without the lanes", Command::TogglePanel(Side::Bottom)),
    ] {
        pages.push((name.to_owned(), vec![Command::Open(Tab::Walkthrough), Command::Seek(Time::us(20)), command]));
    }
    pages
}

/// A window in which a page of [`pages`] has been opened.
fn opened(commands: Vec<Command>, size: Vec2, percent: u32) -> Harness<'static, Shell> {
    let mut harness = harness("one-read", size, percent);
    // Only an edited text is asked about.
    if commands.contains(&Command::Quit) {
        harness.state_mut().sandbox.text.push(' ');
    }
    for command in commands {
        harness.state_mut().apply(command);
        harness.run_steps(2);
    }
    harness
}

#[test]
fn at_rest_no_page_is_drawn_again() {
    for (size, percent) in [(DESK, 100), (SMALL, 200)] {
        for (page, commands) in pages() {
            let mut harness = opened(commands, size, percent);
            // Settings that changed are written a second later: that was all.
            harness.state_mut().settings_to_save(true);
            harness.run_steps(12);
            let delay = |harness: &Harness<'_, Shell>| {
                harness.output().viewport_output.get(&ViewportId::ROOT).map(|output| output.repaint_delay)
            };
            // A fold or a bar that opens takes egui a moment.
            for _ in 0..60 {
                if delay(&harness) == Some(Duration::MAX) {
                    break;
                }
                harness.run_steps(1);
            }
            assert_eq!(delay(&harness), Some(Duration::MAX), "{page}, {size}, {percent} %: egui wants another frame");
            let later = Instant::now() + AT_REST;
            assert_eq!(harness.state().wake_at(later), Wake::Never, "{page}, {size}, {percent} %");
        }
    }
}

/// The texts whose frames lie within `area`, and of each whether it is seen in its whole width.
fn whole(harness: &Harness<'_, Shell>, area: Rect) -> Vec<(String, bool)> {
    let texts = harness.output().shapes.iter().filter_map(|clipped| match &clipped.shape {
        egui::Shape::Text(text) if area.expand(2.0).contains_rect(clipped.clip_rect) => Some((text, clipped.clip_rect)),
        _ => None,
    });
    let seen = |rect: Rect, clip: Rect| rect.left() >= clip.left() - 1.0 && rect.right() <= clip.right() + 1.0;
    texts
        .filter(|(text, clip)| !text.galley.text().is_empty() && text.visual_bounding_rect().intersects(*clip))
        .map(|(text, clip)| {
            (text.galley.text().to_owned(), seen(text.visual_bounding_rect(), clip) && !text.galley.elided)
        })
        .collect()
}

#[test]
fn nothing_in_the_list_of_costs_is_cut_at_any_size_of_text() {
    for (size, percent) in [(DESK, 100), (DESK, 200), (SMALL, 100), (SMALL, 200)] {
        let mut harness = harness("one-read", size, percent);
        harness.state_mut().apply(Command::ShowCosts);
        harness.run_steps(5);
        let texts = whole(&harness, harness.get_by_label_contains("Costs: Up and Down").rect());
        assert!(texts.len() >= 8, "{size}, {percent} %: {texts:?}");
        let cut: Vec<_> = texts.iter().filter(|(_, whole)| !whole).collect();
        assert!(cut.is_empty(), "{size}, {percent} %: {cut:?}");
    }
}

#[test]
fn each_column_of_a_comparison_is_seen_whole() {
    for (size, percent) in [(DESK, 100), (DESK, 200), (SMALL, 100)] {
        let mut settings = Settings { text_percent: percent, ..Settings::default() };
        settings.bottom.size = 420.0;
        let mut harness = window("one-read", size, settings);
        harness.state_mut().apply(Command::Open(Tab::Sandbox));
        let text = harness.state().sandbox.text.replace("Compute(\"2 us\")", "Compute(\"4 us\")");
        harness.state_mut().sandbox.text = text;
        harness.state_mut().apply(Command::RunText);
        harness.state_mut().finish_run();
        harness.state_mut().apply(Command::ShowBelow(Below::Comparison));
        harness.state_mut().apply(Command::TogglePanel(Side::Left));
        harness.run_steps(6);
        let versus = harness.state().runs_kept.versus.clone().expect("two runs");
        for pair in &versus.pairs {
            let rect = harness.get_by_label(pair).rect();
            assert!(rect.right() <= size.x, "{size}, {percent} %: {pair} at {rect:?}");
        }
        let texts = whole(&harness, harness.get_by_label_contains("Comparison: Up and Down").rect());
        assert!(texts.len() > versus.pairs.len() + 2, "{size}, {percent} %: {texts:?}");
        let cut: Vec<_> = texts.iter().filter(|(_, whole)| !whole).collect();
        assert!(cut.is_empty(), "{size}, {percent} %: {cut:?}");
    }
}

/// What does something when it is pressed, moved or typed into, and what can be chosen.
const CONTROLS: [Role; 15] = [
    Role::Button,
    Role::CheckBox,
    Role::RadioButton,
    Role::ComboBox,
    Role::Slider,
    Role::SpinButton,
    Role::TextInput,
    Role::MultilineTextInput,
    Role::Link,
    Role::Tree,
    Role::TreeItem,
    Role::ListBox,
    Role::ListBoxOption,
    Role::Splitter,
    Role::DisclosureTriangle,
];

#[test]
fn every_page_and_every_sheet_has_a_name_for_all_that_can_be_reached_or_pressed() {
    for (page, commands) in pages() {
        let mut harness = opened(commands, DESK, 100);
        harness.run_steps(3);
        let nameless: Vec<String> = harness
            .root()
            .children_recursive()
            .map(|node| node.accesskit_node())
            .filter(|node| CONTROLS.contains(&node.role()))
            .filter(|node| node.label().or(node.value()).unwrap_or_default().trim().is_empty())
            .map(|node| format!("{:?} at {:?}", node.role(), node.bounding_box()))
            .collect();
        assert!(nameless.is_empty(), "{page}: {nameless:?}");
        // Whatever Tab comes to is named, and shows that it has the focus.
        for _ in 0..24 {
            harness.key_press(Key::Tab);
            harness.run_steps(2);
            let Some(id) = harness.ctx.memory(|memory| memory.focused()) else { continue };
            let color = harness.state().theme.focus;
            let ring = |harness: &Harness<'_, Shell>| {
                harness.output().shapes.iter().any(|clipped| {
                    matches!(&clipped.shape, egui::Shape::Rect(rect) if rect.stroke.color == color)
                        && clipped.clip_rect.is_positive()
                })
            };
            for _ in 0..30 {
                if ring(&harness) {
                    break;
                }
                harness.run_steps(1);
            }
            assert!(ring(&harness), "{page}: {id:?} shows its focus");
        }
    }
}

/// Where the ring around what has the focus is painted, and what of that can be seen.
fn ring(harness: &Harness<'_, Shell>) -> Option<(Rect, Rect)> {
    let color = harness.state().theme.focus;
    let found = harness.output().shapes.iter().rev().find_map(|clipped| match &clipped.shape {
        egui::Shape::Rect(rect) if rect.stroke.color == color => Some((rect.rect, clipped.clip_rect)),
        _ => None,
    });
    let window = harness.ctx.content_rect();
    found.map(|(ring, clip)| (ring, clip.intersect(window)))
}

// Fails if what Tab comes to lies beyond the edge of whatever scrolls, on any page: if `keyboard` asks for nothing, or
// only where a widget remembers to ask.
#[test]
fn whatever_tab_comes_to_is_in_sight_on_every_page() {
    let mut hidden: Vec<String> = Vec::new();
    let mut scrolled = 0;
    for ((page, commands), percent) in pages().into_iter().flat_map(|page| [(page.clone(), 100), (page, 200)]) {
        let mut harness = opened(commands, SMALL, percent);
        harness.run_steps(3);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..400 {
            harness.key_press(Key::Tab);
            harness.run_steps(1);
            let Some(id) = harness.ctx.memory(|memory| memory.focused()) else { continue };
            let at = |harness: &Harness<'_, Shell>| harness.ctx.read_response(id).map(|response| response.rect);
            let before = at(&harness);
            harness.run_steps(4);
            let after = at(&harness);
            if !seen.insert(format!("{id:?}")) {
                break;
            }
            scrolled += usize::from(before != after);
            let name =
                harness.root().children_recursive().map(|node| node.accesskit_node()).find(|node| node.is_focused());
            let name = name.and_then(|node| node.label().or(node.value())).unwrap_or_default();
            let Some((ring, clip)) = ring(&harness) else { continue };
            // A list that large text leaves no row is not out of sight, but has no place at all.
            let large = ring.height() > SMALL.y * 0.5 || ring.height() < 8.0;
            let in_sight = clip.expand(4.0).contains_rect(ring) || large;
            if !in_sight {
                hidden.push(format!("{page} at {percent} %: “{name}” {ring:?} is seen only in {clip:?}"));
            }
        }
        assert!(seen.len() > 1, "{page}: {seen:?}");
    }
    assert!(scrolled > 20, "nothing was ever out of sight: this test tests nothing ({scrolled})");
    assert!(hidden.is_empty(), "{} hidden:\n{}", hidden.len(), hidden.join("\n"));
}

// Fails where the list gets what its filter and its sum leave it, which is nothing where text is large.
#[test]
fn the_events_have_three_rows_in_a_small_window_with_large_text() {
    for percent in [100, 150, 200] {
        let commands = vec![Command::Open(Tab::Walkthrough), Command::ShowBelow(Below::Events)];
        let mut harness = opened(commands, SMALL, percent);
        harness.get_by_label("Events, one a row").focus();
        harness.run_steps(2);
        harness.key_press(Key::ArrowDown);
        harness.run_steps(6);
        let list = harness.get_by_label("Events, one a row").rect();
        let rows = harness.get_all_by_role(Role::ListBoxOption).map(|row| row.rect());
        let whole = rows.filter(|row| list.contains_rect(*row)).count();
        assert!(whole >= 3, "{percent} %: {whole} rows in {list}");
        let (ring, seen) = ring(&harness).expect("a row has the focus");
        assert!(seen.expand(4.0).contains_rect(ring), "{percent} %: {ring} is seen only in {seen}");
    }
}

// Fails where a ring stands around its row: it covers what stands next to that.
#[test]
fn the_ring_of_a_row_covers_no_other_row() {
    let commands =
        vec![Command::Open(Tab::Walkthrough), Command::Seek(Time::us(20)), Command::ShowBelow(Below::Events)];
    let mut harness = opened(commands, DESK, 100);
    for list in ["Events, one a row", "Lanes, one a row"] {
        harness.get_by_label(list).focus();
        harness.run_steps(2);
        harness.key_press(Key::ArrowDown);
        harness.run_steps(4);
        let (ring, _) = ring(&harness).expect("a ring");
        let area = harness.get_by_label(list).rect();
        let rows: Vec<Rect> = harness.get_all_by_role(Role::ListBoxOption).map(|row| row.rect()).collect();
        let (mut own, mut others) = (0, 0);
        for row in rows.into_iter().filter(|row| area.contains(row.center())) {
            own += usize::from(ring.contains(row.center()));
            // Half of a gap is nobody's.
            others += usize::from(!ring.contains(row.center()) && ring.intersect(row).height() > 1.0);
        }
        assert_eq!((own, others), (1, 0), "{list}: the ring {ring}");
    }
}

// Fails where a hint of keys lies over the page instead of beside it.
#[test]
fn the_keys_of_presenting_lie_over_no_text() {
    for size in [SMALL, DESK] {
        let mut harness = opened(vec![Command::Present], size, 100);
        harness.run_steps(3);
        let keys = harness.get_by_label_contains("Page Down goes on").rect();
        for clipped in &harness.output().shapes {
            let egui::Shape::Text(text) = &clipped.shape else { continue };
            let seen = text.visual_bounding_rect().intersect(clipped.clip_rect);
            let own = text.galley.text().contains("Page Down goes on");
            assert!(own || !seen.is_positive() || !keys.intersects(seen), "{size}: “{}”", text.galley.text());
        }
    }
}
