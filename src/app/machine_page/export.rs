//! Where the numbers go, and how to take them elsewhere.

use egui::{TextEdit, Ui};
use egui_phosphor::regular as icon;

use super::state::MachinePage;
use crate::app::command::Command;
use crate::app::panels::widgets::{body, note};
use crate::app::theme::Theme;

/// Draws the words, the path and the button.
pub fn export_ui(ui: &mut Ui, page: &mut MachinePage, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    let measured = page.saved.profile.is_some();
    let first = if measured {
        "Every simulation that names no other costs uses these, and says so on its badge"
    } else {
        "Once measured, every simulation that names no other costs uses these, and says so on its badge"
    };
    ui.label(body(first, theme));
    ui.label(body("A cost that could not be measured keeps its published value, marked", theme));
    ui.label(body("Nothing leaves this computer. The probe removes all that it makes", theme));
    ui.add_space(6.0);
    ui.add_enabled_ui(measured, |ui| {
        let edit = TextEdit::singleline(&mut page.export.path).desired_width(ui.available_width() - 10.0);
        let field = ui.add(edit);
        crate::app::hint::say(&field, || "The file to write the costs to".to_owned());
        field.widget_info(|| {
            egui::WidgetInfo::labeled(egui::WidgetType::TextEdit, measured, "Path of the exported costs")
        });
        let replace = page.export.replace.as_deref() == Some(page.export.path.trim());
        let words = if replace { "Replace the file" } else { "Export profile" };
        let button = ui.button(format!("{} {words}", icon::EXPORT));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, measured, words));
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if (button.clicked() || entered) && !page.export.path.trim().is_empty() {
            out.push(Command::ExportProfile);
        }
        if replace {
            ui.label(note("There is a file of this name already", theme).color(theme.alarm));
        }
    });
    match &page.export.outcome {
        Some(Ok(done)) => ui.label(note(done, theme).color(theme.provenance("measured"))),
        Some(Err(why)) => ui.label(note(why, theme).color(theme.alarm)),
        None if !measured => ui.label(note("Measure first: there is nothing to export yet", theme)),
        None => ui.label(note("strata run … --costs PATH uses it, on any computer", theme)),
    };
    out
}
