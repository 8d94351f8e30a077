//! The picture as a table: for the keyboard, for screen readers, and for reading exact numbers.

use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder};

use super::widgets::{cut_label, eyebrow_ui, note};
use crate::app::command::Command;
use crate::app::hint;
use crate::app::recording::Recording;
use crate::app::rows::{of_table, row_node, stop_ui};
use crate::app::theme::{TextRole, Theme};
use crate::app::{letters, names};
use crate::engine::Time;
use crate::trace::{ComponentId, Crossing, JourneyId, Layer, StackId};

/// One operation under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which one.
    pub journey: JourneyId,
    /// The stack's name.
    pub stack: String,
    /// "read(data, 4 KiB)".
    pub operation: String,
    /// "host kernel › block layer".
    pub place: String,
    /// What is done there, and the boundary just crossed.
    pub doing: String,
    /// Whose work it is.
    pub layer: Layer,
    /// How long it has been doing this, and how long it will.
    pub time: String,
    /// Where.
    pub component: ComponentId,
}

impl Row {
    /// All of it in a sentence.
    pub fn spoken(&self) -> String {
        format!("{}: {} in {}, {}, {}", self.stack, self.operation, self.place, self.doing, self.time)
    }
}

/// The operations under way at `now`, by stack, the host's own last; at most a few hundred.
pub fn rows(recording: &Recording, now: Time) -> Vec<Row> {
    let stacks = (0..recording.topology().stacks.len()).map(|i| StackId(i as u32)).chain([StackId::NONE]);
    let active = stacks.flat_map(|stack| recording.active(stack, now, 64));
    active.take(500).filter_map(|journey| row(recording, journey, now)).collect()
}

fn row(recording: &Recording, id: JourneyId, now: Time) -> Option<Row> {
    let (trace, topology) = (recording.trace(), recording.topology());
    let journey = trace.journeys.get(id.index())?;
    let hop = trace.hops.get(recording.hop_at(id, now)?.index())?;
    let crossing = match hop.crossing {
        Crossing::None => String::new(),
        crossing => format!("{}: ", crossing.label()),
    };
    Some(Row {
        journey: id,
        stack: topology.stacks.get(journey.stack.index()).map_or(format!("{}  Host", letters::HOST), |stack| {
            format!("{}  {}", letters::letter(journey.stack), names::name(&stack.name))
        }),
        operation: topology.operations.get(usize::from(journey.label)).cloned().unwrap_or_default(),
        place: topology.path(hop.component).split('/').skip(1).map(names::name).collect::<Vec<_>>().join(" › "),
        doing: format!("{crossing}{}", hop.what.label()),
        layer: hop.layer,
        time: format!("{} of {}", now - hop.start, hop.duration()),
        component: hop.component,
    })
}

/// Draws the table.
pub fn list_ui(ui: &mut Ui, rows: &[Row], now: Time, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    ui.horizontal(|ui| {
        eyebrow_ui(ui, "Under way", theme);
        ui.label(note(format!("at {now}"), theme));
    });
    if rows.is_empty() {
        ui.label(note("Nothing is under way at this moment", theme));
        return out;
    }
    let height = 30.0 * theme.scale;
    let width = ui.available_width() - 4.0 * ui.spacing().item_spacing.x - ui.spacing().scroll.allocated_width();
    let place = ui.id().with("under way");
    let at = ui.data(|data| data.get_temp(place)).unwrap_or(0);
    let (list, walked) = stop_ui(ui, ui.available_rect_before_wrap(), "Operations under way", rows.len(), at);
    let at = walked.map_or(at, |walked| walked.at);
    ui.data_mut(|data| data.insert_temp(place, at));
    if walked.is_some_and(|walked| walked.entered) {
        out.extend(rows.get(at).map(|row| Command::SelectJourney(row.journey)));
    }
    let mut table = TableBuilder::new(ui)
        .striped(true)
        .sense(egui::Sense::CLICK)
        .auto_shrink([false, false])
        .animate_scrolling(false)
        .min_scrolled_height(0.0);
    if walked.is_some_and(|walked| walked.moved) {
        table = table.scroll_to_row(at, None);
    }
    for share in [0.16, 0.18, 0.22, 0.24, 0.2] {
        table = table.column(Column::exact((share * width).floor().max(8.0)).clip(true));
    }
    let header = |ui: &mut Ui, text: &str| ui.label(note(text, theme));
    table
        .header(height, |mut row| {
            for text in ["Stack", "Operation", "Where", "What", "Time"] {
                row.col(|ui| {
                    header(ui, text);
                });
            }
        })
        .body(|body| {
            body.rows(height, rows.len(), |mut table_row| {
                let index = table_row.index();
                let Some(row) = rows.get(index) else { return };
                let cell = |ui: &mut Ui, text: &str, color: egui::Color32| {
                    let text = RichText::new(text).font(theme.font(TextRole::Body)).color(color);
                    ui.add(cut_label(text));
                };
                table_row.col(|ui| cell(ui, &row.stack, theme.text));
                table_row.col(|ui| cell(ui, &row.operation, theme.text));
                table_row.col(|ui| cell(ui, &row.place, theme.layer(row.layer)));
                table_row.col(|ui| cell(ui, &row.doing, theme.text_body));
                table_row.col(|ui| cell(ui, &row.time, theme.text_body));
                let response = of_table(table_row.response(), height);
                let (spoken, here) = (row.spoken(), list.has_focus() && index == at);
                row_node(&list, &response, &spoken, false, here);
                hint::say(&response, || spoken.clone());
                if here {
                    hint::say(&list, || spoken.clone());
                }
                if response.clicked() {
                    out.push(Command::SelectJourney(row.journey));
                }
            });
        });
    out
}
