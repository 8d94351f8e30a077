//! The page of this computer, until it is measured from here.

use egui::Ui;

use super::widgets::{body, eyebrow_ui, note, title_ui};
use crate::app::theme::Theme;

/// Draws the page.
pub fn machine_ui(ui: &mut Ui, theme: &Theme) {
    eyebrow_ui(ui, "My machine", theme);
    title_ui(ui, "Not measured yet", theme);
    ui.add_space(6.0);
    ui.label(body("Measure this computer in a terminal:", theme));
    ui.label(egui::RichText::new("strata probe --save").monospace().color(theme.text));
    ui.label(note("Every simulation then uses these costs, and says so on its badge", theme));
}
