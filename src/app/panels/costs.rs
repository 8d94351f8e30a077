//! The costs of the run that is shown, each with where it comes from.

use egui::{Context, RichText, Ui, Window};
use egui_extras::{Column, TableBuilder};

use super::widgets::{bar_width, focus_new, keys_scroll, note};
use crate::app::command::Command;
use crate::app::overlay;
use crate::app::theme::{TextRole, Theme};
use crate::costs::{Cost, Primitive, Profile, Unit};
use crate::engine::Time;

/// Draws the list above everything else.
pub fn costs_ui(context: &Context, profile: &Profile, theme: &Theme) -> Vec<Command> {
    let mut open = true;
    let screen = context.content_rect();
    let size = [(900.0 * theme.scale).min(screen.width() - 60.0), (640.0 * theme.scale).min(screen.height() - 120.0)];
    let shown = Window::new(TITLE)
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .anchor(egui::Align2::CENTER_CENTER, [0.0, 0.0])
        .fixed_size(size.map(|side| side.max(80.0)))
        .frame(egui::Frame::window(&context.global_style()).inner_margin(egui::Margin::same(18)))
        .show(context, |ui| table_ui(ui, profile, theme));
    overlay::sheet(context, TITLE);
    open &= !shown.is_some_and(|shown| overlay::clicked_beside(context, TITLE, shown.response.rect));
    if open { Vec::new() } else { vec![Command::ShowCosts] }
}

const TITLE: &str = "Costs of this run";

fn table_ui(ui: &mut Ui, profile: &Profile, theme: &Theme) {
    ui.label(note(format!("{}, {}. {}", profile.title, profile.machine, provenances(profile)), theme));
    ui.add_space(6.0);
    // Whole words, however wide the window: a row is as high as its highest cell.
    let spacing = ui.spacing().item_spacing.x;
    let room = ui.available_width() - 3.0 * spacing - bar_width(theme);
    let widths = [0.28, 0.13, 0.13, 0.46].map(|share| (share * room).floor().max(30.0));
    let rows: Vec<Row> = Primitive::ALL.iter().map(|primitive| Row::of(*primitive, profile)).collect();
    let font = theme.font(TextRole::Note);
    let height = |row: &Row| {
        let high =
            |(text, width): (&String, f32)| ui.painter().layout(text.clone(), font.clone(), theme.text, width).size().y;
        row.cells.iter().zip(widths).map(high).fold(0.0, f32::max) + 6.0 * theme.scale
    };
    let heights: Vec<f32> = rows.iter().map(height).collect();
    let mut table = TableBuilder::new(ui).striped(true).auto_shrink([false, false]).min_scrolled_height(0.0);
    for width in widths {
        table = table.column(Column::exact(width));
    }
    let shown = table
        .header(24.0 * theme.scale, |mut header| {
            for text in ["What", "One use", "From", "How it is known"] {
                header.col(|ui| {
                    ui.label(note(text, theme));
                });
            }
        })
        .body(|body| {
            body.heterogeneous_rows(heights.into_iter(), |mut row| {
                let Some(Row { cells, word }) = rows.get(row.index()) else { return };
                let color = theme.legible(theme.provenance(word), theme.card);
                let colors = [theme.text, theme.text, color, theme.text_body];
                for (text, color) in cells.iter().zip(colors) {
                    row.col(|ui| {
                        let text = RichText::new(text).font(theme.font(TextRole::Note)).color(color);
                        ui.add(egui::Label::new(text).wrap().selectable(false));
                    });
                }
            });
        });
    keys_scroll(ui, &shown, "Costs");
    focus_new(ui, &shown, TITLE);
}

/// A cost in words.
struct Row {
    /// What it is of, how much, where that is from, and how it is known.
    cells: [String; 4],
    /// "measured", "literature", "derived", "assumed".
    word: &'static str,
}

impl Row {
    fn of(primitive: Primitive, profile: &Profile) -> Row {
        let cost = profile.cost(primitive);
        let word = cost.provenance.word();
        let cells = [primitive.label().to_owned(), value(cost), word.to_owned(), cost.provenance.detail().to_string()];
        Row { cells, word }
    }
}

/// "35 measured, 60 literature, 20 assumed".
pub fn provenances(profile: &Profile) -> String {
    let count = |word: &str| profile.costs.values().filter(|cost| cost.provenance.word() == word).count();
    let words = ["measured", "literature", "derived", "assumed"];
    let counts: Vec<String> =
        words.iter().map(|word| (word, count(word))).filter(|(_, n)| *n > 0).map(|(w, n)| format!("{n} {w}")).collect();
    format!("{} costs: {}", profile.costs.len(), counts.join(", "))
}

fn value(cost: &Cost) -> String {
    match cost.unit {
        Unit::Ns => Time((cost.value * 1000.0).round() as u64).to_string(),
        Unit::Count => format!("{}", cost.value),
        Unit::BytesPerSecond => format!("{:.3} GB/s", cost.value / 1e9),
    }
}
