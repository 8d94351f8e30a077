//! A journey: its title, and its hops as the stations of an underground-railway line.

use egui::Ui;
use egui_phosphor::regular as icon;

use super::line;
use super::station::JourneyView;

use crate::app::command::Command;
use crate::app::panels::widgets::{eyebrow_ui, note, title_ui};
use crate::app::theme::Theme;

/// Draws the journey in the height that is available.
pub fn journey_ui(ui: &mut Ui, view: &JourneyView, theme: &Theme, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        eyebrow_ui(ui, "Journey", theme);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let (text, command) = if view.pinned {
                (format!("{} Follow again", icon::PUSH_PIN_SLASH), Command::Follow)
            } else {
                (format!("{} Keep", icon::PUSH_PIN), Command::SelectJourney(view.id))
            };
            if ui.add(egui::Button::new(note(text, theme)).frame(false)).clicked() {
                out.push(command);
            }
        });
    });
    title_ui(ui, &view.title, theme);
    ui.label(note(&view.place, theme));
    ui.add_space(8.0);
    line::line_ui(ui, view, theme, out);
}
