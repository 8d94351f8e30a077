//! Where everything stands in the window: bar, panels, canvas. Draws a [`Shell`] and does what was asked for.

use egui::containers::panel::PanelState;
use egui::{CentralPanel, Frame, Id, Margin, Panel, Pos2, Rect, Ui, Vec2};

use super::access;
use super::command::{Below, Command, Side, Tab};
use super::cursor::{self, Parts, on_screen};
use super::hint;
use super::keyboard;
use super::lanes::{Lanes, lanes_ui};
use super::machine_page::machine_ui;
use super::panels::costs::costs_ui;
use super::panels::events::{events_ui, filter_ui};
use super::panels::inspector::inspector_ui;
use super::panels::knobs::Turning;
use super::panels::library::library_ui;
use super::panels::list::{list_ui, rows};
use super::panels::notice::{progress_ui, trouble_ui};
use super::panels::question::{edited_ui, question_ui};
use super::panels::sandbox::{Around, sandbox_ui};
use super::panels::shortcuts::shortcuts_ui;
use super::panels::strip::Strip;
use super::panels::top::{Top, height, top_ui};
use super::panels::totals::totals_ui;
use super::panels::transport::{Transport, tight, transport_ui};
use super::panels::tree::{Item, Tree, TreeState, tree_ui};
use super::panels::versus::{Compared, versus_ui};
use super::panels::walkthrough::{Guide, walkthrough_ui};
use super::panels::widgets::{body, card, note, panel_frame, segments_said_ui, segments_ui};
use super::present::{self, Presenting};
use super::recording::Recording;
use super::scene::{self, Scene, SceneOptions};
use super::selection::Selection;
use super::shell::Shell;
use super::theme::{TextRole, Theme};
use crate::amounts::grouped;
use crate::engine::Time;
use crate::trace::ComponentId;

/// Draws the whole window into `ui`, takes keys and pointer, and does what they ask for.
pub fn shell_ui(ui: &mut Ui, shell: &mut Shell) {
    let mut asked = keyboard::pressed(ui.ctx(), shell.presenting.is_some(), shell.tab == Tab::Walkthrough);
    // Who comes by keyboard begins at the page, not at the bar.
    shell.sandbox.enter |= asked.contains(&Command::Open(Tab::Sandbox));
    shell.library.enter |= asked.contains(&Command::Open(Tab::Library));
    let theme = shell.theme.clone();
    ui.painter().rect_filled(ui.max_rect(), 0.0, theme.background);
    asked.extend(match shell.presenting {
        Some(presenting) => room_ui(ui, shell, presenting, &theme),
        None => desk_ui(ui, shell, &theme),
    });
    asked.extend(sheets_ui(ui.ctx(), shell, &theme));
    let page = Id::new((shell.tab, shell.presenting.is_some()));
    keyboard::ring_ui(ui.ctx(), page, &theme);
    for command in asked {
        shell.apply(command);
    }
}

/// The bar, the page below it, and the line at the bottom.
fn desk_ui(ui: &mut Ui, shell: &mut Shell, theme: &Theme) -> Vec<Command> {
    let mut asked = bar_ui(ui, shell, theme);
    let line = Panel::bottom("hint").exact_size(hint::height(theme)).resizable(false).frame(Frame::NONE);
    let line = line.show(ui, |ui| ui.max_rect()).inner;
    match shell.tab {
        Tab::Library => asked.extend(page_ui(ui, theme, |ui| {
            let open = shell.session.recording.as_ref().map_or("", |r| r.scenario.id.as_str()).to_owned();
            let mut asked = notices_ui(ui, shell, theme);
            asked.extend(library_ui(ui, &mut shell.library, &open, theme));
            asked
        })),
        Tab::MyMachine => asked.extend(page_ui(ui, theme, |ui| {
            let mut asked = notices_ui(ui, shell, theme);
            asked.extend(machine_ui(ui, &mut shell.machine, theme));
            asked
        })),
        Tab::Walkthrough | Tab::Sandbox => asked.extend(stage_ui(ui, shell, theme)),
    }
    // Long words grow upward over the lanes, never over the picture.
    let over_picture = matches!(shell.tab, Tab::Walkthrough | Tab::Sandbox) && !shell.settings.bottom.open;
    let top = if over_picture { line.top() } else { line.bottom() - 4.0 * line.height() };
    hint::line_ui(ui, line, top, shell.tab.rest(), theme);
    exported_ui(ui, shell, theme);
    asked
}

/// What lies over everything, at the desk and in a room.
fn sheets_ui(context: &egui::Context, shell: &Shell, theme: &Theme) -> Vec<Command> {
    let mut asked = Vec::new();
    if shell.shortcuts {
        asked.extend(shortcuts_ui(context, shell.presenting.is_some(), theme));
    }
    if let Some(recording) = shell.session.recording.as_deref().filter(|_| shell.costs) {
        asked.extend(costs_ui(context, &recording.profile, theme));
    }
    if let Some(command) = &shell.asking {
        asked.extend(question_ui(context, command, shell.session.path().is_some(), theme));
    }
    asked
}

/// For a room: what is said, the picture, and nothing else.
fn room_ui(ui: &mut Ui, shell: &mut Shell, presenting: Presenting, theme: &Theme) -> Vec<Command> {
    let all = ui.max_rect();
    if presenting.blank {
        ui.painter().rect_filled(all, 0.0, egui::Color32::BLACK);
        let clicked = ui.input(|input| input.pointer.primary_clicked());
        return if clicked { vec![Command::Blank] } else { Vec::new() };
    }
    let said = Panel::left("room").exact_size(all.width() * Presenting::SAID).resizable(false);
    let picture = theme.clone().scaled(theme.scale * Presenting::PICTURE);
    let shown = said.frame(panel_frame(theme)).show(ui, |ui| {
        // The keys have a place of their own below what is said, and the picture stays as large as it is.
        if presenting.told.is_some() {
            present::told_ui(ui, &picture);
        }
        filled(ui, |ui| left_ui(ui, shell, theme))
    });
    let mut asked = shown.inner;
    asked.extend(CentralPanel::no_frame().show(ui, |ui| canvas_ui(ui, shell, &picture)).inner);
    if presenting.spotlight {
        present::spotlight_ui(ui.ctx(), theme);
    }
    asked.extend(present::buttons_ui(ui.ctx(), presenting, &picture));
    asked
}

/// What an export has come to, at the bottom of the window.
fn exported_ui(ui: &Ui, shell: &mut Shell, theme: &Theme) {
    let words = match (shell.exporter.progress(), &shell.exporter.notice) {
        (Some(share), _) => format!("Exporting, {:.0} %", share * 100.0),
        (None, Some(notice)) => notice.clone(),
        (None, None) => return,
    };
    let at = egui::Area::new(Id::new("exported")).anchor(egui::Align2::CENTER_BOTTOM, Vec2::new(0.0, -24.0));
    let close = at.show(ui.ctx(), |ui| {
        card(theme, theme.accent).fill(theme.card).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(body(words, theme).color(theme.text));
                let written = shell.exporter.written.as_ref().filter(|_| shell.exporter.progress().is_none());
                if let Some(path) = written.filter(|_| ui.button("Open it").clicked()) {
                    ui.ctx().open_url(egui::OpenUrl::new_tab(format!("file://{}", path.display())));
                }
                let word = if shell.exporter.progress().is_some() { "Stop" } else { "Dismiss" };
                ui.button(word).clicked()
            })
        })
    });
    if close.inner.inner.inner {
        shell.exporter.dismiss();
    }
}

fn bar_ui(ui: &mut Ui, shell: &Shell, theme: &Theme) -> Vec<Command> {
    let frame = Frame::new().fill(theme.panel).inner_margin(Margin::symmetric(20, 0));
    let recording = shell.session.recording.as_deref();
    let top = Top {
        title: match shell.tab {
            Tab::MyMachine => "What this computer is",
            _ => recording.map_or("", |r| r.scenario.title.as_str()),
        },
        tab: shell.tab,
        profile: recording.map(|r| &r.profile),
        error: shell.machine.comparison.error_of_costs(),
        settings: &shell.settings,
    };
    Panel::top("bar")
        .exact_size(height(theme))
        .resizable(false)
        .frame(frame)
        .show(ui, |ui| top_ui(ui, top, theme))
        .inner
}

fn page_ui<R>(ui: &mut Ui, theme: &Theme, add: impl FnOnce(&mut Ui) -> R) -> R {
    let margin = if ui.available_width() > 900.0 { 40 } else { 16 };
    let frame = Frame::new().fill(theme.background).inner_margin(Margin::symmetric(margin, 24));
    CentralPanel::no_frame().frame(frame).show(ui, add).inner
}

/// The machine and the panels around it.
fn stage_ui(ui: &mut Ui, shell: &mut Shell, theme: &Theme) -> Vec<Command> {
    let mut asked = Vec::new();
    let room = ui.available_size();
    let wanted = |shell: &Shell| shell.scene.as_ref().and_then(Scene::layout).map_or(0.0, |layout| layout.wanted);
    let before = wanted(shell);
    // Where words are large or the window is small, one panel at a time has room beside the picture.
    shell.cramped = room.x < CRAMPED * theme.scale;
    let alone = shell.cramped && shell.settings.left.open && shell.settings.right.open;
    let (left, right) = match (alone, shell.front) {
        (true, Side::Right) => (false, true),
        (true, _) => (true, false),
        (false, _) => (shell.settings.left.open, shell.settings.right.open),
    };
    // Panels never take so much that nothing is left of the picture.
    let widest = room.x * if alone { 0.42 } else { 0.34 };
    let highest = room.y * if shell.cramped { 0.46 } else { 0.5 };
    // In a small window they are smaller to begin with, and have sizes of their own.
    let (narrow, low) = (room.x < 1400.0, room.y < 800.0);
    let (wide, high) = (if narrow { NARROW } else { 1.0 }, if low { LOW } else { 1.0 });
    // Larger words want wider panels; the picture keeps most of a window's height.
    let (wide, high) = (wide * theme.scale, high * theme.scale.min(1.5));
    if left {
        let widest = if shell.tab == Tab::Sandbox { room.x * 0.5 } else { widest };
        let id = if shell.tab == Tab::Sandbox { "editor" } else { "guide" };
        let wanted = wide * shell.settings.left.size * if shell.tab == Tab::Sandbox { 1.5 } else { 1.0 };
        let edge = Id::new((id, narrow, theme.scale.to_bits()));
        let panel = Panel::left(edge).default_size(wanted.min(widest)).size_range(160.0f32.min(widest)..=widest);
        let shown = panel.resizable(true).frame(panel_frame(theme)).show(ui, |ui| {
            filled(ui, |ui| {
                let mut asked = if alone { front_ui(ui, shell, theme) } else { Vec::new() };
                asked.extend(left_ui(ui, shell, theme));
                asked
            })
        });
        edge_ui(ui, edge, "Edge of the left panel", Edge::Right);
        if shell.tab == Tab::Walkthrough && !alone {
            remember(&mut shell.settings.left.size, shown.response.rect.width(), widest, wide);
        }
        asked.extend(shown.inner);
    }
    if right {
        let edge = Id::new(("inspector", narrow, theme.scale.to_bits()));
        let panel = Panel::right(edge);
        let panel = panel
            .default_size((wide * shell.settings.right.size).min(widest))
            .size_range(180.0f32.min(widest)..=widest);
        let shown = panel.resizable(true).frame(panel_frame(theme)).show(ui, |ui| {
            filled(ui, |ui| {
                let mut asked = if alone { front_ui(ui, shell, theme) } else { Vec::new() };
                asked.extend(inspector_ui(ui, shell.inspector(), theme));
                asked
            })
        });
        edge_ui(ui, edge, "Edge of the inspector", Edge::Left);
        if !alone {
            remember(&mut shell.settings.right.size, shown.response.rect.width(), widest, wide);
        }
        asked.extend(shown.inner);
    }
    if shell.settings.bottom.open {
        let frame = Frame::new().fill(theme.panel).inner_margin(Margin::symmetric(18, 12));
        // A deep machine in a low window needs the room more than its lanes do, which can be scrolled.
        let table = shell.below != Below::Lanes;
        let least = if table { LEAST_TABLE } else { LEAST_LANES } * theme.scale;
        let chosen = (high * shell.settings.bottom.size).max(if table { least } else { 0.0 }).min(highest);
        let pressed = (room.y - before).max(least).min(highest);
        let pressed = (pressed < chosen).then_some(pressed.round());
        let edge = Id::new(("lanes", low, table, pressed.map(f32::to_bits)));
        let panel = Panel::bottom(edge);
        let panel = panel.default_size(pressed.unwrap_or(chosen)).size_range(100.0f32.min(highest)..=highest);
        let rest = ui.available_rect_before_wrap();
        let shown = panel.resizable(true).frame(frame).show(ui, |ui| {
            // The picture comes before what stands below it, in the order of Tab as on the screen.
            let top = ui.max_rect().top() - f32::from(frame.inner_margin.top);
            let mut asked = picture_ui(ui, shell, rest.with_max_y(top), theme);
            asked.extend(filled(ui, |ui| bottom_ui(ui, shell, theme)));
            asked
        });
        edge_ui(ui, edge, "Edge of the lanes", Edge::Top);
        if pressed.is_none() && !table {
            remember(&mut shell.settings.bottom.size, shown.response.rect.height(), highest, high);
        }
        asked.extend(shown.inner);
    } else {
        asked.extend(picture_ui(ui, shell, ui.available_rect_before_wrap(), theme));
    }
    if wanted(shell) != before {
        ui.ctx().request_repaint();
    }
    asked
}

/// The picture, at a place that is left for it.
fn picture_ui(ui: &mut Ui, shell: &mut Shell, place: Rect, theme: &Theme) -> Vec<Command> {
    let builder = egui::UiBuilder::new().id(Id::new("picture")).max_rect(place);
    let mut inside = ui.new_child(builder);
    inside.set_clip_rect(place);
    canvas_ui(&mut inside, shell, theme)
}

/// In points at 100 %: a narrower window has room for one panel beside the picture.
const CRAMPED: f32 = 1000.0;

/// Which of the two panels stands beside the picture, where both are open and one has room.
fn front_ui(ui: &mut Ui, shell: &Shell, theme: &Theme) -> Vec<Command> {
    let left = if shell.tab == Tab::Sandbox { "Text" } else { "Lesson" };
    let chosen = usize::from(shell.front == Side::Right);
    let clicked = segments_ui(ui, &[left, "Inspector"], chosen, theme);
    ui.add_space(4.0);
    match clicked {
        Some(0) if chosen == 1 => vec![Command::TogglePanel(Side::Left)],
        Some(1) if chosen == 0 => vec![Command::TogglePanel(Side::Right)],
        _ => Vec::new(),
    }
}

/// How much smaller the panels beside the picture are in a narrow window.
const NARROW: f32 = 0.87;
/// How much smaller the panel below the picture is in a low window.
const LOW: f32 = 0.6;

/// The least height of the panel below the picture that a machine may press it to: the transport and two lanes.
const LEAST_LANES: f32 = 132.0;
/// A table that was asked for shows more than its head.
const LEAST_TABLE: f32 = 290.0;

/// A panel keeps its size whatever is in it.
fn filled<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let (_, place) = ui.allocate_space(ui.available_size());
    let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(place));
    // A row that wraps for a moment would make the panel grow, and the picture jump.
    inside.shrink_clip_rect(place.expand(6.0));
    add(&mut inside)
}

/// A panel's edge: it has a name, and the arrows move it while it has the focus.
fn edge_ui(ui: &egui::Ui, panel: Id, name: &str, side: Edge) {
    let Some(edge) = ui.ctx().read_response(panel.with("__resize")) else { return };
    edge.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ResizeHandle, true, name));
    keyboard::edge(&edge);
    if !edge.has_focus() {
        return;
    }
    let presses = |key| ui.input(|input| input.num_presses(key)) as f32;
    let across = presses(egui::Key::ArrowRight) - presses(egui::Key::ArrowLeft);
    let along = presses(egui::Key::ArrowDown) - presses(egui::Key::ArrowUp);
    let Some(mut state) = PanelState::load(ui.ctx(), panel) else { return };
    match side {
        Edge::Right => state.outer_rect.max.x += across * EDGE_STEP,
        Edge::Left => state.outer_rect.min.x += across * EDGE_STEP,
        Edge::Top => state.outer_rect.min.y += along * EDGE_STEP,
    }
    if across != 0.0 || along != 0.0 {
        ui.data_mut(|data| data.insert_persisted(panel, state));
        ui.ctx().request_repaint();
    }
}

/// Which side of a panel can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// Of the panel left of the picture.
    Right,
    /// Of the one right of it.
    Left,
    /// Of the one below it.
    Top,
}

/// So many points an arrow moves an edge.
const EDGE_STEP: f32 = 24.0;

/// Keeps a size that a hand chose, but not one that a small window forced.
fn remember(size: &mut f32, shown: f32, most: f32, share: f32) {
    if shown < most - 1.0 && (*size * share - shown).abs() > 1.0 {
        *size = (shown / share).round();
    }
}

fn left_ui(ui: &mut Ui, shell: &mut Shell, theme: &Theme) -> Vec<Command> {
    if shell.tab == Tab::Sandbox {
        let file = shell.session.path().map(|path| path.display().to_string());
        let around = Around {
            file: file.as_deref(),
            ran: shell.session.ran(),
            running: shell.session.progress().is_some(),
            trouble: shell.session.trouble.as_ref(),
        };
        return sandbox_ui(ui, &mut shell.sandbox, around, theme);
    }
    // A mistake stands beside the picture, which stays as it was.
    let mut asked = mistakes_ui(ui, shell, theme);
    if shell.edited() {
        asked.extend(edited_ui(ui, theme));
    }
    let Some(recording) = shell.session.recording.as_deref() else { return asked };
    let guide = Guide {
        scenario: &recording.scenario,
        walk: &shell.walk,
        answers: shell.session.lesson().map_or(&[], |lesson| &lesson.answers),
        played: shell.scene_plays(),
        back_to: shell.back_to,
        asked: shell.asked,
        playing: shell.playback.playing(),
        at_end: shell.at_scene_end(),
        costs: &recording.profile.id,
        turning: Turning { run: recording, knobs: &shell.knobs, running: shell.session.progress().is_some() },
    };
    asked.extend(walkthrough_ui(ui, guide, theme));
    asked
}

fn bottom_ui(ui: &mut Ui, shell: &mut Shell, theme: &Theme) -> Vec<Command> {
    let Some(recording) = shell.session.recording.as_deref() else { return Vec::new() };
    let outcome = &recording.outcome;
    let hash = format!("{:016x}", outcome.trace_hash);
    let summary =
        format!("{} events · seed {} · trace {}", grouped(outcome.events), recording.scenario.seed, &hash[..4]);
    let played = shell.scene_plays().filter(|_| shell.tab == Tab::Walkthrough);
    let strip = played.and_then(|played| Strip::of(recording.trace(), &shell.playback, played));
    let transport = Transport {
        playback: &shell.playback,
        end: recording.moments.end(),
        summary: &summary,
        strip: strip.as_ref(),
        below: shell.below,
    };
    let tight = tight(ui, theme);
    let mut asked = transport_ui(ui, transport, theme);
    ui.add_space(if tight { 0.0 } else { 4.0 });
    if shell.below != Below::Events {
        asked.extend(below_ui(ui, shell, tight, theme));
        return asked;
    }
    // Where the list has no room below its filter, both scroll.
    let view = ui.available_rect_before_wrap();
    let area = egui::ScrollArea::vertical().id_salt("below").auto_shrink([false, false]);
    let shown = area.show(ui, |ui| {
        ui.set_max_size(view.size());
        below_ui(ui, shell, tight, theme)
    });
    asked.extend(shown.inner);
    asked
}

/// What stands below the transport: lanes, events, totals, a comparison.
fn below_ui(ui: &mut Ui, shell: &mut Shell, tight: bool, theme: &Theme) -> Vec<Command> {
    let mut asked = Vec::new();
    let Some(recording) = shell.session.recording.as_deref() else { return asked };
    let right = ui.max_rect().right();
    let (trace, topology) = (recording.trace(), recording.topology());
    let looks = matches!(shell.below, Below::Lanes | Below::Events);
    if looks {
        shell.events.update(shell.runs, trace, topology);
    }
    if !tight || shell.below == Below::Events {
        ui.horizontal_wrapped(|ui| {
            if !tight {
                asked.extend(below_choice_ui(ui, shell.below, theme));
                ui.add_space(10.0);
            }
            if looks {
                let wide = right - ui.max_rect().left() > 680.0 * theme.scale;
                filter_ui(ui, &mut shell.events, topology, wide, theme, &mut asked);
            }
            if shell.below == Below::Lanes {
                arrows_choice_ui(ui, &mut shell.lanes.arrows, theme);
            }
        });
    }
    // A row that is too wide does not widen what stands below it.
    let all = ui.available_rect_before_wrap();
    let all = all.with_max_x(all.right().min(right));
    if shell.below == Below::Totals {
        totals_ui(ui, &recording.totals, topology, shell.playback.time(), theme);
        return asked;
    }
    if let (Below::Comparison, Some(after)) = (shell.below, &shell.runs_kept.this) {
        let kept = &shell.runs_kept;
        let compared =
            Compared { before: kept.other(), by_hand: kept.held.is_some(), after, versus: kept.versus.as_ref() };
        asked.extend(versus_ui(ui, compared, theme));
        return asked;
    }
    // Where there is room, the list stands beside the lanes; else in their place.
    let beside = shell.below == Below::Events;
    let wide = all.width() > 760.0 * theme.scale;
    if beside {
        let left = if wide { all.width() * 0.5 } else { 0.0 };
        let place = all.with_min_x(all.left() + left);
        let run = (recording.trace(), recording.topology(), shell.runs);
        let now = shell.playback.time();
        let events = &mut shell.events;
        let list = egui::UiBuilder::new().id_salt("events").max_rect(place);
        asked.extend(ui.scope_builder(list, |ui| events_ui(ui, events, run, now, theme)).inner);
        if !wide {
            return asked;
        }
    }
    let journey = match shell.selection {
        Selection::Journey(id) => Some(id),
        _ => shell.journey.as_ref().map(|view| view.id),
    };
    let lanes = Lanes {
        lanes: &recording.lanes,
        heads: &recording.heads,
        trace,
        topology,
        found: shell.events.marked(),
        journey,
        follow: shell.follow,
        end: recording.moments.end(),
        now: shell.playback.time(),
        playing: shell.playback.playing(),
        run: shell.runs,
    };
    let place = if beside { all.with_max_x(all.left() + all.width() * 0.5 - 16.0) } else { all };
    let state = &mut shell.lanes;
    let builder = egui::UiBuilder::new().id_salt("lanes").max_rect(place);
    let answer = ui.scope_builder(builder, |ui| lanes_ui(ui, state, lanes, theme)).inner;
    asked.extend(answer.seek.map(Command::Seek));
    asked.extend(match (answer.journey, answer.component) {
        (Some(journey), _) => Some(Command::SelectJourney(journey)),
        (None, Some(component)) => Some(Command::SelectComponent(component)),
        (None, None) => None,
    });
    asked.extend(answer.follow.map(Command::FollowColumn));
    asked
}

/// Whether arrows lead from cause to effect on the lanes.
fn arrows_choice_ui(ui: &mut Ui, arrows: &mut bool, theme: &Theme) {
    let button = ui.add(egui::Button::new(note("Arrows", theme).color(theme.text)).selected(*arrows));
    button.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Checkbox, true, *arrows, "Arrows"));
    hint::say(&button, || "Arrows from what caused to what it caused, along the journey in the inspector".to_owned());
    if button.clicked() {
        *arrows = !*arrows;
    }
}

/// What the panel shows below its controls: lanes, events, totals, a comparison.
fn below_choice_ui(ui: &mut Ui, below: Below, theme: &Theme) -> Option<Command> {
    let chosen = Below::ALL.iter().position(|one| *one == below).unwrap_or(0);
    let clicked = segments_said_ui(ui, &Below::ALL.map(|one| (one.label(), one.about())), chosen, theme)?;
    Below::ALL.get(clicked).filter(|one| **one != below).map(|one| Command::ShowBelow(*one))
}

/// Magnified so much, parts show what they know: then the machine is brought to the moment that is shown.
const OPENS: f32 = 1.3;

fn canvas_ui(ui: &mut Ui, shell: &mut Shell, theme: &Theme) -> Vec<Command> {
    let mut asked = Vec::new();
    // Where nothing stands beside the picture, a mistake stands above it.
    if shell.session.trouble.is_some() && !shell.settings.left.open {
        let frame = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 14, bottom: 0 });
        asked.extend(frame.show(ui, |ui| mistakes_ui(ui, shell, theme)).inner);
    }
    let area = ui.available_rect_before_wrap();
    let moment = shell.playback.moment(shell.settings.reduced_motion);
    let now = moment.time;
    let selection = match shell.selection {
        Selection::Journey(id) => Some(scene::Selection::Journey(id)),
        Selection::Part(id) => Some(scene::Selection::Component(id)),
        Selection::Follow(_) | Selection::Auto => None,
    };
    // So they do in a list of them.
    let opened = shell.view.zoom > OPENS || shell.settings.list;
    if opened && let Some(recording) = shell.session.recording.as_deref_mut() {
        recording.machine_at(shell.playback.position());
    }
    let (topic, known, about) = (shell.topic(), shell.known(), shell.asked_here());
    if let Some(recording) = shell.session.recording.as_deref() {
        if shell.settings.list {
            let frame = Frame::new().inner_margin(Margin::symmetric(18, 14));
            let selected = shell.tree_item();
            asked.extend(frame.show(ui, |ui| words_ui(ui, &mut shell.tree, recording, selected, now, theme)).inner);
        } else if let Some(scene) = &mut shell.scene {
            let provenance = |primitive| recording.profile.cost(primitive).provenance.word();
            let (topology, trace) = (recording.topology(), recording.trace());
            let machine = &recording.outcome.history.current().model;
            let facts = |part| crate::machine::inspect::state(machine, topology, part);
            let options = SceneOptions {
                theme,
                reduced_motion: shell.settings.reduced_motion,
                topic,
                asked: about.as_ref(),
                follow: shell.follow,
                solo: shell.solo,
                moment: Some(moment),
                selection,
                pointed_at: if shell.tab == Tab::Walkthrough {
                    recording.looked_at.get(shell.walk.scene()).map_or(&[], Vec::as_slice)
                } else {
                    &[]
                },
                provenance: &provenance,
                known: known.as_deref(),
                facts: opened.then_some(&facts),
                presences: Some(&recording.presences),
                rushes: shell.playback.rushes(),
            };
            // Enter opens a part: the picture itself is not pressed.
            let walked = shell.canvas.is_some_and(|id| ui.memory(|memory| memory.has_focus(id)));
            let opens = walked && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Enter));
            let response = scene.ui(ui, topology, trace, now, &mut shell.view, &options);
            shell.canvas = Some(response.response.id);
            shell.tree.leave(ui.ctx());
            if let Some(layout) = scene.layout() {
                let seen = (layout, &shell.view);
                shell.cursor = walk_ui(ui, &response.response, seen, topology, shell.cursor);
                asked.extend(shell.cursor.filter(|_| opens).map(Command::SelectComponent));
                asked.extend(access::picture_ui(ui, &response.response, seen, recording, now, shell.cursor));
            }
            asked.extend(response.clicked.map(|clicked| match clicked {
                Some(scene::Selection::Journey(id)) => Command::SelectJourney(id),
                Some(scene::Selection::Component(id)) => Command::SelectComponent(id),
                None => Command::Follow,
            }));
        }
    }
    asked.extend(overlay_ui(ui, shell, area, now, theme));
    asked
}

/// The picture in words: the machine as a tree, or the operations under way as a table.
fn words_ui(
    ui: &mut Ui,
    state: &mut TreeState,
    recording: &Recording,
    selected: Option<Item>,
    now: Time,
    theme: &Theme,
) -> Vec<Command> {
    let rows = rows(recording, now);
    let under_way = format!("Under way: {}", rows.len());
    if let Some(chosen) = segments_ui(ui, &["Machine", &under_way], usize::from(state.table), theme) {
        state.table = chosen == 1;
    }
    ui.add_space(4.0);
    if state.table {
        return list_ui(ui, &rows, now, theme);
    }
    let (topology, machine) = (recording.topology(), &recording.outcome.history.current().model);
    let facts = |part| crate::machine::inspect::state(machine, topology, part);
    tree_ui(ui, state, &Tree { topology, rows: &rows, facts: &facts, selected }, theme)
}

/// Lets arrows walk the picture while it has the focus. Gives back the part they have come to.
fn walk_ui(
    ui: &Ui,
    canvas: &egui::Response,
    (layout, view): (&scene::Layout, &scene::View),
    topology: &crate::machine::Topology,
    mut at: Option<ComponentId>,
) -> Option<ComponentId> {
    let place = canvas.id.with("edge");
    if !canvas.has_focus() {
        ui.data_mut(|data| data.remove::<egui::Key>(place));
        return at;
    }
    keyboard::keep(canvas, keyboard::Keeps::PICTURE);
    let arrows = [egui::Key::ArrowUp, egui::Key::ArrowDown, egui::Key::ArrowLeft, egui::Key::ArrowRight];
    let pressed: Vec<_> = ui.input(|input| arrows.into_iter().filter(|key| input.key_pressed(*key)).collect());
    if at.is_none() || !pressed.is_empty() {
        let parts = Parts::of(layout, topology);
        at = at.or_else(|| parts.first());
        let before = at;
        for key in &pressed {
            at = at.and_then(|from| parts.walk(from, *key));
        }
        if let Some(key) = pressed.last() {
            ui.data_mut(|data| match at == before {
                true => {
                    data.insert_temp(place, *key);
                }
                false => data.remove::<egui::Key>(place),
            });
        }
    }
    // An arrow that leads nowhere is seen to do so.
    if let Some(key) = ui.data(|data| data.get_temp::<egui::Key>(place)) {
        hint::say_of_focus(ui.ctx(), &format!("No part lies {} here: the edge of the picture", cursor::side(key)));
    }
    if let Some(id) = at {
        keyboard::ring_at(canvas, on_screen(layout, view, canvas.rect, id).intersect(canvas.rect));
    }
    at
}

/// What lies over the picture: a run under way, a limit that was reached.
fn overlay_ui(ui: &mut Ui, shell: &mut Shell, area: Rect, now: Time, theme: &Theme) -> Vec<Command> {
    let width = (area.width() - 32.0).min(620.0 * theme.scale).max(80.0);
    let place = Rect::from_min_size(area.min + Vec2::splat(16.0), Vec2::new(width, (area.height() - 32.0).max(20.0)));
    let asked = ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| run_ui(ui, shell, theme)).inner;
    let cut_short = shell.session.recording.as_ref().and_then(|recording| recording.cut_short());
    if let Some(text) = cut_short
        && now > Time::ZERO
    {
        let at = Pos2::new(area.right() - 16.0, area.top() + 12.0);
        let galley = ui.painter().layout_no_wrap(text, theme.font(TextRole::Note), theme.alarm);
        ui.painter().galley(at - Vec2::new(galley.size().x, 0.0), galley, theme.alarm);
    }
    asked
}

/// Mistakes and progress, for any page.
fn notices_ui(ui: &mut Ui, shell: &Shell, theme: &Theme) -> Vec<Command> {
    let mut asked = mistakes_ui(ui, shell, theme);
    asked.extend(run_ui(ui, shell, theme));
    asked
}

/// What is wrong with the open file.
fn mistakes_ui(ui: &mut Ui, shell: &Shell, theme: &Theme) -> Vec<Command> {
    let Some(trouble) = &shell.session.trouble else { return Vec::new() };
    let asked = trouble_ui(ui, trouble, theme);
    ui.add_space(8.0);
    asked
}

/// A run under way. One that is over in a moment needs no bar.
fn run_ui(ui: &mut Ui, shell: &Shell, theme: &Theme) -> Vec<Command> {
    let progress = shell.session.progress().filter(|progress| progress.elapsed.as_millis() > 300);
    progress.map_or(Vec::new(), |progress| progress_ui(ui, &progress, theme))
}
