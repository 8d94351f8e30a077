//! The right panel: a journey as a line of hops, or a part of the machine and its state.

mod journey;
mod line;
mod part;
mod seen_from;
mod station;

pub use journey::journey_ui;
pub use part::{PartView, part_ui};
pub use seen_from::{SeenFrom, seen_from_ui};
pub use station::{BarOf, JourneyView, Station};

use egui::Ui;

use super::widgets::{eyebrow_ui, fade_ui, keys_scroll, note, rule_ui, title_ui};
use crate::app::command::Command;
use crate::app::theme::Theme;

/// What the inspector shows.
#[derive(Clone, Copy, Debug)]
pub enum Inspector<'a> {
    /// Nothing is under way and nothing is selected.
    Nothing(&'a SeenFrom),
    /// An operation on its way, and how its app's world looks from the chosen viewpoint.
    Journey(&'a JourneyView, &'a SeenFrom),
    /// A part of the machine.
    Part(&'a PartView),
}

/// Draws the panel.
pub fn inspector_ui(ui: &mut Ui, inspector: Inspector<'_>, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    match inspector {
        Inspector::Nothing(seen) => {
            eyebrow_ui(ui, "Inspector", theme);
            title_ui(ui, "Nothing under way", theme);
            ui.add_space(4.0);
            ui.label(note("Play, or click a token, a floor or a lane to look inside", theme));
            egui::ScrollArea::vertical().id_salt("seen from").auto_shrink([false, false]).show(ui, |ui| {
                seen_from_ui(ui, seen, theme, &mut out);
            });
        }
        Inspector::Journey(view, seen) => {
            // What lies below the line of hops gets its room first, but never so much that no line is left.
            let known = ui.id().with("height below the line");
            let guess = 44.0 + if seen.viewpoints.is_empty() { 0.0 } else { 42.0 + 24.0 * seen.facts.len() as f32 };
            let below = ui.data(|data| data.get_temp(known)).unwrap_or(guess * theme.scale);
            let height = (ui.available_height() - below).max(ui.available_height() * 0.4).max(0.0);
            ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| journey_ui(ui, view, theme, &mut out));
            let top = ui.cursor().top();
            rule_ui(ui, theme);
            ui.add_space(2.0);
            ui.label(note(view.sum_text(), theme));
            let above = ui.cursor().top() - top;
            let area = egui::ScrollArea::vertical().id_salt("seen from").auto_shrink([false, false]);
            let shown = area.show(ui, |ui| seen_from_ui(ui, seen, theme, &mut out));
            fade_ui(ui, &shown, theme.panel, theme);
            keys_scroll(ui, &shown, "Seen from");
            let needed = above + shown.content_size.y + ui.spacing().item_spacing.y + 4.0;
            ui.data_mut(|data| data.insert_temp(known, needed));
            if (needed - below).abs() > 0.5 {
                ui.ctx().request_repaint();
            }
        }
        Inspector::Part(view) => part_ui(ui, view, theme, &mut out),
    }
    out
}
