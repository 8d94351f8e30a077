//! The costs of the run that is shown, each with where it comes from.

use egui::{Context, RichText, Ui, Window};
use egui_extras::{Column, TableBuilder};

use super::widgets::{cut_label, focus_new, keys_scroll, note};
use crate::app::command::Command;
use crate::app::hint;
use crate::app::theme::{TextRole, Theme};
use crate::costs::{Cost, Primitive, Profile, Unit};
use crate::engine::Time;

/// Draws the list above everything else.
pub fn costs_ui(context: &Context, profile: &Profile, theme: &Theme) -> Vec<Command> {
    let mut open = true;
    let screen = context.content_rect();
    let size = [(900.0 * theme.scale).min(screen.width() - 60.0), (640.0 * theme.scale).min(screen.height() - 120.0)];
    Window::new(TITLE)
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .anchor(egui::Align2::CENTER_CENTER, [0.0, 0.0])
        .fixed_size(size.map(|side| side.max(80.0)))
        .frame(egui::Frame::window(&context.global_style()).inner_margin(egui::Margin::same(18)))
        .show(context, |ui| table_ui(ui, profile, theme));
    if open { Vec::new() } else { vec![Command::ShowCosts] }
}

const TITLE: &str = "Costs of this run";

fn table_ui(ui: &mut Ui, profile: &Profile, theme: &Theme) {
    ui.label(note(format!("{}, {}. {}", profile.title, profile.machine, provenances(profile)), theme));
    ui.add_space(6.0);
    let rows: Vec<Primitive> = Primitive::ALL.to_vec();
    let width = ui.available_width();
    let shown = TableBuilder::new(ui)
        .striped(true)
        .auto_shrink([false, false])
        .column(Column::initial(0.34 * width).clip(true).resizable(true))
        .column(Column::initial(0.14 * width).clip(true).resizable(true))
        .column(Column::initial(0.14 * width).clip(true).resizable(true))
        .column(Column::remainder().clip(true))
        .header(24.0 * theme.scale, |mut header| {
            for text in ["What", "One use", "From", "How it is known"] {
                header.col(|ui| {
                    ui.label(note(text, theme));
                });
            }
        })
        .body(|body| {
            body.rows(24.0 * theme.scale, rows.len(), |mut row| {
                let Some(primitive) = rows.get(row.index()).copied() else { return };
                let cost = profile.cost(primitive);
                let word = cost.provenance.word();
                let spoken = format!("{}: {}, {word}: {}", primitive.label(), value(cost), cost.provenance.detail());
                let cell = |ui: &mut Ui, text: &str, color: egui::Color32| {
                    let text = RichText::new(text).font(theme.font(TextRole::Note)).color(color);
                    let shown = ui.add(cut_label(text));
                    hint::say(&shown, || spoken.clone());
                };
                row.col(|ui| cell(ui, primitive.label(), theme.text));
                row.col(|ui| cell(ui, &value(cost), theme.text));
                row.col(|ui| cell(ui, word, theme.legible(theme.provenance(word), theme.card)));
                row.col(|ui| cell(ui, &cost.provenance.detail(), theme.text_body));
            });
        });
    keys_scroll(ui, &shown, "Costs");
    focus_new(ui, &shown, TITLE);
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
