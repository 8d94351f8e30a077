//! The sandbox: the scenario's text beside its run.

use egui::{ScrollArea, TextEdit, Ui};
use egui_phosphor::regular as icon;

use super::notice::trouble_ui;
use super::widgets::{eyebrow_ui, note, title_ui};
use crate::app::command::Command;
use crate::app::session::Trouble;
use crate::app::theme::{TextRole, Theme};

/// The text being edited.
#[derive(Clone, Debug, Default)]
pub struct Sandbox {
    /// As it is in the editor.
    pub text: String,
    /// As it was when it was last run or opened.
    pub last: String,
}

impl Sandbox {
    /// Begins with `text`.
    pub fn open(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        text.clone_into(&mut self.last);
    }

    /// Whether there is something to run.
    pub fn changed(&self) -> bool {
        self.text != self.last
    }
}

/// Draws the editor. `file` is the name of the open file, if it is one that can be written to.
pub fn sandbox_ui(
    ui: &mut Ui,
    sandbox: &mut Sandbox,
    file: Option<&str>,
    trouble: Option<&Trouble>,
    theme: &Theme,
) -> Vec<Command> {
    let mut out = Vec::new();
    eyebrow_ui(ui, "Sandbox", theme);
    title_ui(ui, "Change it, run it", theme);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        if ui.button(format!("{} Run", icon::PLAY)).on_hover_text("Ctrl+Enter").clicked() {
            out.push(Command::RunText);
        }
        if ui.add_enabled(sandbox.changed(), egui::Button::new("Revert")).clicked() {
            out.push(Command::RevertText);
        }
        if let Some(file) = file
            && ui.button("Save").on_hover_text(format!("Write to {file} (Ctrl+S)")).clicked()
        {
            out.push(Command::SaveText);
        }
        ui.label(note(if sandbox.changed() { "Changed, not run yet" } else { "As it ran" }, theme));
    });
    ui.add_space(4.0);
    if let Some(trouble) = trouble {
        out.extend(trouble_ui(ui, trouble, theme));
        ui.add_space(4.0);
    }
    let bad: Vec<usize> = trouble.map_or(Vec::new(), |t| t.details.iter().map(|detail| detail.line).collect());
    ScrollArea::both().id_salt("editor").auto_shrink([false, false]).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            line_numbers_ui(ui, sandbox.text.split('\n').count(), &bad, theme);
            // Lines are not wrapped: they stand beside their numbers.
            let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, _width: f32| {
                ui.painter().layout_job(coloured(text.as_str(), theme))
            };
            let edit = TextEdit::multiline(&mut sandbox.text)
                .code_editor()
                .layouter(&mut layouter)
                .frame(egui::Frame::NONE)
                .margin(egui::Margin::ZERO)
                .desired_width(f32::INFINITY);
            ui.add(edit);
        });
    });
    out
}

/// The text with its comments and strings told apart.
fn coloured(text: &str, theme: &Theme) -> egui::text::LayoutJob {
    let font = egui::FontId::monospace(theme.size(TextRole::Note));
    let mut job = egui::text::LayoutJob::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (length, color) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), theme.text_muted)
        } else if rest.starts_with('"') {
            (string_length(rest), theme.namespace)
        } else {
            let next = [rest.find("//"), rest.find('"')].into_iter().flatten().min();
            (next.unwrap_or(rest.len()), theme.text)
        };
        let (part, after) = rest.split_at(length);
        job.append(part, 0.0, egui::TextFormat::simple(font.clone(), color));
        rest = after;
    }
    job
}

/// The length of the string that `text` begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn line_numbers_ui(ui: &mut Ui, lines: usize, bad: &[usize], theme: &Theme) {
    let mut job = egui::text::LayoutJob::default();
    let font = egui::FontId::monospace(theme.size(TextRole::Note));
    let digits = lines.to_string().len();
    for line in 1..=lines {
        let color = if bad.contains(&line) { theme.alarm } else { theme.text_muted };
        let text = format!("{line:>digits$}\n");
        job.append(&text, 0.0, egui::TextFormat::simple(font.clone(), color));
    }
    ui.add(egui::Label::new(job).selectable(false).extend());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_shown_once_whatever_is_typed() {
        for text in ["", "\"", "//", "a // b\n\"c\\\"d\" e", "\"ä\\", "/ / \"//\" x", "\\\"µ\n\n"] {
            assert_eq!(coloured(text, &Theme::dark()).text, text);
        }
    }
}
