//! What is asked before edited text is lost, and what is said while the picture is of an edited text.

use egui::{Context, Ui, Window};
use egui_phosphor::regular as icon;

use super::widgets::{body, card, note};
use crate::app::command::Command;
use crate::app::hint;
use crate::app::overlay;
use crate::app::theme::Theme;

const TITLE: &str = "The text was changed";

/// Asks whether the edited text is to be lost by `command`. A text that has a file can be saved first.
pub fn question_ui(context: &Context, command: &Command, has_file: bool, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    let go = if *command == Command::Quit { "Quit without it" } else { "Open without it" };
    let shown = Window::new(TITLE)
        .collapsible(false)
        .resizable(false)
        .anchor(egui::Align2::CENTER_CENTER, [0.0, 0.0])
        .frame(egui::Frame::window(&context.global_style()).inner_margin(egui::Margin::same(18)))
        .show(context, |ui| {
            ui.set_max_width(440.0 * theme.scale);
            ui.label(body("The text in the sandbox is not as it was opened, and it is not saved", theme));
            ui.add_space(8.0);
            ui.horizontal_wrapped(|ui| {
                let keep = ui.button("Keep editing");
                if overlay::is_new(context, TITLE) {
                    keep.request_focus();
                }
                if keep.clicked() {
                    out.push(Command::KeepText);
                }
                if has_file && ui.button("Save, then go on").clicked() {
                    out.push(Command::SaveFirst);
                }
                if ui.button(go).clicked() {
                    out.push(Command::LoseText);
                }
            });
        });
    overlay::sheet(context, TITLE);
    if shown.is_some_and(|shown| overlay::clicked_beside(context, TITLE, shown.response.rect)) {
        out.push(Command::KeepText);
    }
    out
}

/// Says that the picture is of an edited text, and how to see the scenario as it came.
pub fn edited_ui(ui: &mut Ui, theme: &Theme) -> Option<Command> {
    let mut asked = None;
    card(theme, theme.accent).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            ui.label(note(format!("{} This run is of the text as you edited it", icon::PENCIL_SIMPLE), theme));
            let back = ui.button(note("As it came", theme).color(theme.text));
            hint::say(&back, || "Runs the scenario as it was opened; the sandbox keeps your text".to_owned());
            if back.clicked() {
                asked = Some(Command::AsItCame);
            }
        });
    });
    ui.add_space(6.0);
    asked
}
