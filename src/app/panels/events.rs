//! The list of events beside the lanes: filter, search, the rows in sight, and the sum of what is chosen.

use egui::{ComboBox, RichText, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};

use super::widgets::{cut_label, note};
use crate::app::command::{self, Command};
use crate::app::events::{Events, Kind, words};
use crate::app::hint;
use crate::app::keyboard::{self, Keeps};
use crate::app::letters;
use crate::app::names;
use crate::app::theme::{TextRole, Theme};
use crate::engine::Time;
use crate::machine::Topology;
use crate::trace::{Crossing, Layer, StackId, Trace};

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
    if events.found().is_empty() {
        return out;
    }
    rows_ui(ui, events, trace, topology, now, theme, &mut out);
    out
}

/// What is looked for, on the lanes and in the list: a text, a reason, a column.
pub fn filter_ui(ui: &mut Ui, events: &mut Events, topology: &Topology, wide: bool, theme: &Theme) {
    let field = TextEdit::singleline(&mut events.text).hint_text("Find").desired_width(90.0 * theme.scale);
    let field = ui.add(field);
    field.ctx.accesskit_node_builder(field.id, |node| node.set_label("Find a part, an operation, a reason"));
    hint::say(&field, || command::hint(&field.ctx, &Command::Search));
    if events.ask {
        events.ask = false;
        field.request_focus();
    }
    let small = |text: &str| note(text, theme).color(theme.text);
    let words = |reason: Option<Crossing>| reason.map_or("Any reason".to_owned(), |reason| reason.label());
    let chosen = words(events.reason);
    let reasons = ComboBox::from_id_salt("reason").width(0.0).selected_text(small(&short(&chosen))).show_ui(ui, |ui| {
        ui.selectable_value(&mut events.reason, None, words(None));
        for (reason, count) in events.reasons().to_vec() {
            ui.selectable_value(&mut events.reason, Some(reason), format!("{} ({count})", reason.label()));
        }
    });
    name_box(&reasons.response, &format!("Reason: {chosen}"));
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
    let shown = ComboBox::from_id_salt("column of events").width(0.0).selected_text(small(&short(&chosen)));
    let stacks = shown.show_ui(ui, |ui| {
        ui.selectable_value(&mut events.stack, None, all);
        for index in 0..topology.stacks.len() {
            let stack = StackId(index as u16);
            ui.selectable_value(&mut events.stack, Some(stack), column(stack));
        }
    });
    name_box(&stacks.response, &format!("Column: {chosen}"));
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
    let kinds = ComboBox::from_id_salt("kind of event").selected_text(label).show_ui(ui, |ui| {
        for kind in Kind::ALL {
            if ui.selectable_value(&mut events.kind, kind, kind.label()).clicked() {
                events.reason = None;
            }
        }
    });
    name_box(&kinds.response, &format!("Kind of event: {label}"));
}

fn name_box(response: &egui::Response, name: &str) {
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ComboBox, true, name));
}

/// "114 events" or "3 of 114 events chosen: 1.92 µs, hypervisor 620 ns, …".
fn summary(events: &Events, trace: &Trace) -> String {
    let all = events.found().len();
    let Some((chosen, time, layers)) = events.sum(trace).filter(|(chosen, ..)| *chosen > 1) else {
        return match all {
            0 => "Nothing like it in this run".to_owned(),
            1 => "1 event".to_owned(),
            _ => format!("{all} events. Shift and a click chooses all up to there, and adds them up"),
        };
    };
    let layers = Layer::ALL.iter().filter(|layer| layers[**layer as usize] > 0);
    let layers: Vec<String> = layers.map(|l| format!("{} {}", l.label(), Time(layers_of(events, trace, *l)))).collect();
    format!("{chosen} of {all} events chosen: {time} together; {}", layers.join(", "))
}

fn layers_of(events: &Events, trace: &Trace, layer: Layer) -> u64 {
    events.sum(trace).map_or(0, |(.., layers)| layers[layer as usize])
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
    let height = 20.0 * theme.scale;
    let latest = events.latest(trace, now);
    let width = ui.available_width();
    let mut table = TableBuilder::new(ui).id_salt("events").sense(egui::Sense::CLICK).auto_shrink([false, false]);
    for share in [0.16, 0.06, 0.34, 0.26] {
        table = table.column(Column::initial(share * width).at_least(20.0).clip(true).resizable(true));
    }
    let mut clicked = None;
    table
        .column(Column::remainder().at_least(30.0).clip(true))
        .header(height, |mut header| {
            for text in ["Begins", "", "What", "Where", "Lasts"] {
                header.col(|ui| {
                    ui.label(note(text, theme));
                });
            }
        })
        .body(|body| {
            body.rows(height, events.found().len(), |mut row| {
                let index = row.index();
                let Some((id, hop)) = events.found().get(index).and_then(|id| Some((*id, trace.hops.get(id.index())?)))
                else {
                    return;
                };
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
                // The row is one stop for Tab, not five.
                let mut stop = None;
                for (text, color) in cells {
                    row.col(|ui| {
                        if stop.is_none() {
                            let id = egui::Id::new(("event", id.0));
                            stop = Some(ui.interact(ui.max_rect(), id, egui::Sense::click()));
                        }
                        let color = if reached { color } else { theme.text_muted };
                        let text = RichText::new(text).font(theme.font(TextRole::Small)).color(color);
                        ui.add(cut_label(text));
                    });
                }
                let whole = row.response();
                let Some(stop) = stop else { return };
                keyboard::reveal(&stop);
                keyboard::keep(&stop, Keeps { space: false, ..Keeps::BUTTON });
                stop.widget_info(|| {
                    egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, chosen, &spoken)
                });
                let response = stop.union(whole);
                hint::say(&response, || spoken.clone());
                if response.clicked() {
                    clicked = Some((index, id, response.ctx.input(|input| input.modifiers.shift)));
                }
            });
        });
    if let Some((index, id, more)) = clicked {
        events.choose(index, more);
        out.push(Command::SelectEvent(id));
    }
}
