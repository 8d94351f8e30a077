//! What went wrong, beside the last good run; and a run that takes a while.

use egui::{ProgressBar, RichText, ScrollArea, Ui};
use egui_phosphor::regular as icon;

use super::widgets::{body, card, note};
use crate::app::command::Command;
use crate::app::session::{Progress, Trouble};
use crate::app::theme::{TextRole, Theme};

/// Draws what is wrong: each place, the text there, and what to do.
pub fn trouble_ui(ui: &mut Ui, trouble: &Trouble, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    let frame = card(theme, theme.alarm).fill(theme.alarm_fill);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            let title = format!("{} {}", icon::WARNING, trouble.title);
            ui.add(egui::Label::new(RichText::new(title).font(theme.font(TextRole::Body)).color(theme.alarm)).wrap());
        });
        let height = (ui.ctx().content_rect().height() * 0.3).max(60.0);
        ScrollArea::vertical().id_salt("trouble").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            for detail in &trouble.details {
                let place = if detail.place.is_empty() { String::new() } else { format!("{}: ", detail.place) };
                ui.label(body(format!("{place}{}", detail.message), theme).color(theme.text));
                if !detail.text.is_empty() {
                    ui.add(egui::Label::new(RichText::new(&detail.text).monospace().color(theme.text_body)).wrap());
                }
                if !detail.help.is_empty() {
                    ui.label(note(&detail.help, theme));
                }
                ui.add_space(4.0);
            }
        });
        ui.horizontal(|ui| {
            if ui.button("Read it again").clicked() {
                out.push(Command::Reload);
            }
            if ui.button("Dismiss").clicked() {
                out.push(Command::Dismiss);
            }
        });
    });
    out
}

/// Draws a run under way.
pub fn progress_ui(ui: &mut Ui, progress: &Progress, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    card(theme, theme.accent).show(ui, |ui| {
        ui.set_width(ui.available_width().min(420.0 * theme.scale));
        ui.label(body(format!("Simulating “{}”", progress.title), theme).color(theme.text));
        let share = progress.until.filter(|until| until.as_ps() > 0);
        let share = share.map(|until| progress.reached.as_ps() as f32 / until.as_ps() as f32);
        match share {
            Some(share) => ui.add(ProgressBar::new(share.clamp(0.0, 1.0)).show_percentage()),
            None => ui.add(egui::Spinner::new()),
        };
        ui.label(note(format!("{} simulated, {} events", progress.reached, progress.events), theme));
        if ui.button("Stop here").clicked() {
            out.push(Command::CancelRun);
        }
    });
    out
}
