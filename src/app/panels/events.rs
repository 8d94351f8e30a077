//! The list of events beside the lanes: filter, search, the rows in sight, and the sum of what is chosen.

use egui::containers::scroll_area::DragScroll;
use egui::{RichText, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};

use super::widgets::{choice_ui, cut_label, note};
use crate::app::command::{self, Command};
use crate::app::events::{Events, Kind, words};
use crate::app::hint;
use crate::app::letters;
use crate::app::names;
use crate::app::rows::{self, Rows};
use crate::app::theme::{TextRole, Theme};
use crate::engine::Time;
use crate::machine::Topology;
use crate::trace::{Layer, StackId, Trace};

/// So many rows the list shows at least; where they have no room, its panel scrolls.
const LEAST_ROWS: f32 = 3.0;

fn row_height(theme: &Theme) -> f32 {
    20.0 * theme.scale
}

/// Draws the list.
pub fn events_ui(
    ui: &mut Ui,
    events: &mut Events,
    (trace, topology, run): (&Trace, &Topology, u64),
    now: Time,
    theme: &Theme,
) -> Vec<Command> {
    let mut out = Vec::new();
    ui.horizontal_wrapped(|ui| {
        kind_ui(ui, events);
        ui.label(note(summary(events, trace), theme));
    });
    events.update(run, trace, topology);
    parts_ui(ui, events, topology, theme, &mut out);
    if events.found().is_empty() {
        return out;
    }
    let room = ui.available_rect_before_wrap();
    let least = (1.0 + LEAST_ROWS) * (row_height(theme) + ui.spacing().item_spacing.y);
    let place = room.with_max_y(room.bottom().max(room.top() + least));
    ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| {
        rows_ui(ui, events, trace, topology, now, theme, &mut out);
    });
    out
}

/// So many parts are named; more are only counted.
const MOST_PARTS: usize = 12;

/// The parts that are called as the text says: each opens in the inspector.
fn parts_ui(ui: &mut Ui, events: &Events, topology: &Topology, theme: &Theme, out: &mut Vec<Command>) {
    let parts = events.parts();
    let mut walked = Rows::new(ui.ctx(), ui.id().with("parts found"), parts.len().min(MOST_PARTS), 1);
    ui.horizontal_wrapped(|ui| {
        for (at, id) in parts.iter().take(MOST_PARTS).enumerate() {
            let Some(part) = topology.component(*id) else { continue };
            let whose = part.stack.map_or(String::new(), |stack| format!("{} ", letters::letter(stack)));
            let words = format!("{whose}{}", names::name(&part.name));
            let text = note(&words, theme).color(theme.legible(theme.layer(part.layer), theme.control));
            let button = ui.add(egui::Button::new(text).sense(walked.sense(at)));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, format!("Part {words}")));
            walked.row(at, &button);
            hint::say(&button, || names::path(&topology.path(*id)));
            if button.clicked() {
                out.push(Command::SelectComponent(*id));
            }
        }
        if let more @ 1.. = parts.len().saturating_sub(MOST_PARTS) {
            ui.label(note(format!("and {more} more parts"), theme));
        }
    });
    walked.end(ui.ctx());
}

/// What is looked for, on the lanes and in the list: a text, a reason, a column.
pub fn filter_ui(
    ui: &mut Ui,
    events: &mut Events,
    topology: &Topology,
    wide: bool,
    theme: &Theme,
    out: &mut Vec<Command>,
) {
    let field = TextEdit::singleline(&mut events.text)
        .id(egui::Id::new("find"))
        .hint_text("Find")
        .desired_width(90.0 * theme.scale);
    let field = ui.add(field);
    field.ctx.accesskit_node_builder(field.id, |node| node.set_label("Find a part, an operation, a reason"));
    hint::say(&field, || command::hint(&field.ctx, &Command::Search));
    if events.ask {
        events.ask = false;
        field.request_focus();
    }
    // Enter opens the first that is found.
    if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) && !events.text.trim().is_empty() {
        // Tab goes on from here to all that was found.
        field.request_focus();
        let part = events.parts().first().map(|id| Command::SelectComponent(*id));
        out.extend(part.or(events.found().first().map(|id| Command::SelectEvent(*id))));
    }
    let small = |text: &str| note(short(text), theme).color(theme.text);
    let all = "Any reason".to_owned();
    let chosen = events.reason.map_or(all.clone(), |reason| reason.label());
    let reasons = events.reasons().to_vec();
    let at = reasons.iter().position(|(reason, _)| Some(*reason) == events.reason).map_or(0, |at| at + 1);
    let items = reasons.iter().map(|(reason, count)| format!("{} ({count})", reason.label()));
    let items: Vec<String> = std::iter::once(all).chain(items).collect();
    if let Some(one) = choice_ui(ui, "Reason", small(&chosen), 0.0, &items, at) {
        events.reason = one.checked_sub(1).and_then(|at| reasons.get(at)).map(|(reason, _)| *reason);
    }
    // In little room columns are looked for by name.
    if !wide && events.stack.is_none() {
        return clear_ui(ui, events, theme);
    }
    let column = |stack: StackId| {
        let name = topology.stacks.get(stack.index()).map_or(String::new(), |stack| names::name(&stack.name));
        format!("{}  {name}", letters::letter(stack))
    };
    let all = "All columns".to_owned();
    let chosen = events.stack.map_or(all.clone(), column);
    let columns = (0..topology.stacks.len()).map(|index| column(StackId(index as u32)));
    let items: Vec<String> = std::iter::once(all).chain(columns).collect();
    let at = events.stack.map_or(0, |stack| stack.index() + 1);
    if let Some(one) = choice_ui(ui, "Column", small(&chosen), 0.0, &items, at) {
        events.stack = one.checked_sub(1).map(|index| StackId(index as u32));
    }
    clear_ui(ui, events, theme);
}

fn clear_ui(ui: &mut Ui, events: &mut Events, theme: &Theme) {
    if events.marked().is_some() {
        let clear = ui.button(note("Clear", theme).color(theme.text));
        hint::say(&clear, || "Looks for nothing in particular again".to_owned());
        if clear.clicked() {
            events.clear();
        }
    }
}

/// As much of a choice as a narrow box holds.
fn short(text: &str) -> String {
    match text.char_indices().nth(20) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

fn kind_ui(ui: &mut Ui, events: &mut Events) {
    let label = if events.reason.is_some() { "Of this reason" } else { events.kind.label() };
    let items = Kind::ALL.map(|kind| kind.label().to_owned());
    let at = Kind::ALL.iter().position(|kind| *kind == events.kind).unwrap_or(0);
    if let Some(kind) = choice_ui(ui, "Kind of event", label.into(), 0.0, &items, at).and_then(|at| Kind::ALL.get(at)) {
        (events.kind, events.reason) = (*kind, None);
    }
}

/// "114 events" or "3 of 114 events chosen: 1.92 µs, hypervisor 620 ns, …".
fn summary(events: &Events, trace: &Trace) -> String {
    let all = events.found().len();
    let Some((chosen, time, layers)) = events.sum(trace).filter(|(chosen, ..)| *chosen > 1) else {
        return match all {
            0 if events.parts().is_empty() => "Nothing like it in this run".to_owned(),
            0 => "No such event".to_owned(),
            1 => "1 event".to_owned(),
            _ => format!("{all} events. Drag over several, or click with Shift held: they are added up"),
        };
    };
    let layers = Layer::ALL.iter().filter(|layer| layers[**layer as usize] > 0);
    let layers: Vec<String> = layers.map(|l| format!("{} {}", l.label(), Time(layers_of(events, trace, *l)))).collect();
    format!("{chosen} of {all} events chosen: {time} together; {}", layers.join(", "))
}

fn layers_of(events: &Events, trace: &Trace, layer: Layer) -> u64 {
    events.sum(trace).map_or(0, |(.., layers)| layers[layer as usize])
}

/// What the pointer has done to the rows in this frame.
#[derive(Clone, Copy, Debug, Default)]
struct Pointed {
    /// The row that was clicked, and whether Shift was held.
    clicked: Option<(usize, bool)>,
    /// The row in which the pointer went down, and the one that it has been dragged to.
    from: Option<usize>,
    to: Option<usize>,
}

fn rows_ui(
    ui: &mut Ui,
    events: &mut Events,
    trace: &Trace,
    topology: &Topology,
    now: Time,
    theme: &Theme,
    out: &mut Vec<Command>,
) {
    let height = row_height(theme);
    let latest = events.latest(trace, now);
    let (count, at) = (events.found().len(), events.at.or(latest).unwrap_or(0));
    let room = ui.available_rect_before_wrap();
    let (list, walked) = rows::stop_ui(ui, room, "Events, one a row", count, at);
    let at = walked.map_or(at, |walked| walked.at);
    let width = ui.available_width() - 4.0 * ui.spacing().item_spacing.x - ui.spacing().scroll.allocated_width();
    let mut table = TableBuilder::new(ui)
        .id_salt("events")
        .sense(egui::Sense::CLICK)
        .auto_shrink([false, false])
        .animate_scrolling(false)
        .min_scrolled_height(0.0)
        .drag_to_scroll(DragScroll::Never);
    // As wide as the list, whatever panel was beside it before: the last column is in sight.
    for share in [0.17, 0.06, 0.33, 0.26, 0.18] {
        table = table.column(Column::exact((share * width).floor().max(8.0)).clip(true));
    }
    if let Some(walked) = walked.filter(|walked| walked.moved) {
        table = table.scroll_to_row(at, None);
        events.walk_to(at, walked.more);
    }
    let mut pointed = Pointed::default();
    table
        .header(height, |mut header| {
            for text in ["Begins", "", "What", "Where", "Lasts"] {
                header.col(|ui| {
                    ui.label(note(text, theme));
                });
            }
        })
        .body(|body| {
            body.rows(height, count, |mut row| {
                let index = row.index();
                let Some(hop) = events.found().get(index).and_then(|id| trace.hops.get(id.index())) else { return };
                let chosen = events.chosen.is_some_and(|(a, b)| (a.min(b)..=a.max(b)).contains(&index));
                row.set_selected(chosen || latest == Some(index));
                let reached = hop.start <= now;
                let place = names::name(topology.component(hop.component).map_or("", |part| part.name.as_str()));
                let mark = hop.stack.some().map_or(letters::HOST.to_owned(), letters::letter);
                let cells = [
                    (hop.start.to_string(), theme.text_body),
                    (mark, theme.text),
                    (words(hop), theme.text),
                    (place, theme.layer(hop.layer)),
                    (hop.duration().to_string(), theme.text_body),
                ];
                let spoken = cells.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(", ");
                for (text, color) in cells {
                    row.col(|ui| {
                        let color = if reached { color } else { theme.text_muted };
                        let text = RichText::new(text).font(theme.font(TextRole::Small)).color(color);
                        ui.add(cut_label(text));
                    });
                }
                let row = rows::of_table(row.response(), height);
                let here = list.has_focus() && index == at;
                rows::row_node(&list, &row, &spoken, chosen, here);
                hint::say(&row, || spoken.clone());
                if here {
                    hint::say(&list, || spoken.clone());
                }
                pointed.take_in(index, &row, &list);
            });
        });
    if walked.is_some_and(|walked| walked.moved) {
        // The whole panel scrolls where it has little room.
        ui.scroll_to_rect(room, None);
    }
    pointed_ui(events, pointed, walked, out);
}

impl Pointed {
    fn take_in(&mut self, index: usize, row: &egui::Response, list: &egui::Response) {
        let clicked = row.clicked();
        row.ctx.input(|input| {
            let pointer = &input.pointer;
            let within = |at: &egui::Pos2| row.rect.contains(*at) && list.rect.contains(*at);
            if clicked {
                self.clicked = Some((index, input.modifiers.shift));
            }
            if pointer.primary_down() {
                self.from = self.from.or(pointer.press_origin().filter(within).map(|_| index));
                self.to = self.to.or(pointer.latest_pos().filter(within).map(|_| index));
            }
        });
    }
}

/// Chooses what was clicked, dragged over, or opened by keyboard.
fn pointed_ui(events: &mut Events, pointed: Pointed, walked: Option<rows::Walked>, out: &mut Vec<Command>) {
    if let (Some(from), Some(to)) = (pointed.from, pointed.to)
        && from != to
    {
        events.chosen = Some((from, to));
    }
    let entered = walked.filter(|walked| walked.entered).map(|walked| (walked.at, walked.more));
    if let Some((row, more)) = pointed.clicked.or(entered) {
        events.choose(row, more);
        out.extend(events.found().get(row).map(|id| Command::SelectEvent(*id)));
    }
}
