//! The sandbox: the scenario's text beside its run.

use egui::{ScrollArea, TextEdit, Ui};
use egui_phosphor::regular as icon;

use super::notice::trouble_ui;
use super::widgets::{eyebrow_ui, note, title_ui};
use crate::app::command::{self, Command};
use crate::app::hint;
use crate::app::keyboard;
use crate::app::session::Trouble;
use crate::app::theme::{TextRole, Theme};

/// The text being edited.
#[derive(Clone, Debug, Default)]
pub struct Sandbox {
    /// As it is in the editor.
    pub text: String,
    /// As it was opened, or saved.
    pub opened: String,
    /// As it was when it was last to be run.
    pub tried: String,
    /// Whether the first of its buttons is to get the keyboard.
    pub enter: bool,
}

impl Sandbox {
    /// Begins with `text`.
    pub fn open(&mut self, text: &str) {
        for place in [&mut self.text, &mut self.opened, &mut self.tried] {
            text.clone_into(place);
        }
    }

    /// Whether the text would be lost if another took its place.
    pub fn changed(&self) -> bool {
        self.text != self.opened
    }

    /// What became of the text, in a few words. `ran` is the text that the picture is of.
    fn state(&self, ran: Option<&str>, running: bool) -> &'static str {
        match () {
            () if running => "It runs",
            () if ran == Some(self.text.as_str()) => "As it ran",
            () if self.failed(ran) => "This text did not run: the picture is of the one that ran before",
            () => "Changed: the picture is of the text that ran last",
        }
    }

    /// Whether it is this text that was to be run last, and that did not.
    fn failed(&self, ran: Option<&str>) -> bool {
        self.text == self.tried && ran != Some(self.text.as_str())
    }

    /// What Revert puts back: the text that ran last; where that is in the editor, the one that was opened.
    pub fn before<'a>(&'a self, ran: Option<&'a str>) -> Option<&'a str> {
        [ran, Some(self.opened.as_str())].into_iter().flatten().find(|text| *text != self.text)
    }
}

/// What surrounds the text.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The name of the open file, if it is one that can be written to.
    pub file: Option<&'a str>,
    /// The text that the picture is of.
    pub ran: Option<&'a str>,
    /// Whether a run is under way.
    pub running: bool,
    /// What is wrong with the text that was last to be run.
    pub trouble: Option<&'a Trouble>,
}

/// Draws the editor.
pub fn sandbox_ui(ui: &mut Ui, sandbox: &mut Sandbox, around: Around<'_>, theme: &Theme) -> Vec<Command> {
    let Around { file, ran, running, trouble } = around;
    let mut out = Vec::new();
    eyebrow_ui(ui, "Sandbox", theme);
    title_ui(ui, "Change it, run it", theme);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let run = ui.button(format!("{} Run", icon::PLAY));
        hint::say(&run, || command::hint(&run.ctx, &Command::RunText));
        if std::mem::take(&mut sandbox.enter) {
            run.request_focus();
        }
        if run.clicked() {
            out.push(Command::RunText);
        }
        let revert = ui.add_enabled(sandbox.before(ran).is_some(), egui::Button::new("Revert"));
        hint::say(&revert, || "Puts back the text that ran last, then the one that was opened".to_owned());
        if revert.clicked() {
            out.push(Command::RevertText);
        }
        if let Some(file) = file {
            let save = ui.button("Save");
            hint::say(&save, || format!("Writes to {file} (Ctrl+S)"));
            if save.clicked() {
                out.push(Command::SaveText);
            }
        }
        let state = note(sandbox.state(ran, running), theme);
        let said = ui.label(if sandbox.failed(ran) && !running { state.color(theme.alarm) } else { state });
        ui.ctx().accesskit_node_builder(said.id, |node| node.set_live(egui::accesskit::Live::Polite));
    });
    ui.add_space(4.0);
    if let Some(trouble) = trouble {
        out.extend(trouble_ui(ui, trouble, theme));
        ui.add_space(4.0);
    }
    // Once the text is changed, the places of its mistakes are no longer those.
    let marked = trouble.filter(|_| sandbox.text == sandbox.tried);
    let bad: Vec<usize> = marked.map_or(Vec::new(), |t| t.details.iter().map(|detail| detail.line).collect());
    editor_ui(ui, sandbox, &bad, theme);
    out
}

/// The text, and at its left the numbers of its lines, which stay where the text is scrolled to one side.
fn editor_ui(ui: &mut Ui, sandbox: &mut Sandbox, bad: &[usize], theme: &Theme) {
    let font = egui::FontId::monospace(theme.size(TextRole::Note));
    let numbers = line_numbers(ui, sandbox.text.split('\n').count(), bad, theme);
    let gutter = numbers.size().x + 8.0;
    let all = ui.available_rect_before_wrap();
    let place = all.with_min_x((all.left() + gutter).min(all.right()));
    let shown = ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| {
        ScrollArea::both().id_salt("editor").auto_shrink([false, false]).show(ui, |ui| {
            // Lines are not wrapped: they stand beside their numbers.
            let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, _width: f32| {
                ui.painter().layout_job(coloured(text.as_str(), theme))
            };
            // The same widget whatever comes and goes above it, so that it keeps the focus and its place.
            let edit = TextEdit::multiline(&mut sandbox.text)
                .id(egui::Id::new("the scenario's text"))
                .code_editor()
                // Tab goes on to the next control, as everywhere: what indents is spaces.
                .lock_focus(false)
                .font(font.clone())
                .layouter(&mut layouter)
                .frame(egui::Frame::NONE)
                .margin(egui::Margin::ZERO)
                .desired_width(f32::INFINITY);
            let response = ui.add(edit);
            response.ctx.accesskit_node_builder(response.id, |node| node.set_label("The scenario's text"));
            response
        })
    });
    let inner = shown.inner.inner_rect;
    keyboard::ring_at(&shown.inner.inner, inner.intersect(ui.clip_rect()));
    let seen = egui::Rect::from_min_max(egui::pos2(all.left(), inner.top()), egui::pos2(place.left(), inner.bottom()));
    let at = egui::pos2(all.left(), inner.top() - shown.inner.state.offset.y);
    ui.painter().with_clip_rect(seen.intersect(ui.clip_rect())).galley(at, numbers, theme.text_muted);
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

fn line_numbers(ui: &Ui, lines: usize, bad: &[usize], theme: &Theme) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::default();
    let font = egui::FontId::monospace(theme.size(TextRole::Note));
    let digits = lines.to_string().len();
    for line in 1..=lines {
        let color = if bad.contains(&line) { theme.alarm } else { theme.text_muted };
        let text = format!("{line:>digits$}\n");
        job.append(&text, 0.0, egui::TextFormat::simple(font.clone(), color));
    }
    ui.painter().layout_job(job)
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
