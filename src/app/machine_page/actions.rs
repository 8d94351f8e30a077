//! The buttons that measure, what is under way, and what went wrong.

use egui::{Align, Layout, RichText, Sense, Ui};
use egui_phosphor::regular as icon;

use super::state::{MachinePage, Notice, Saved, Task};
use crate::app::command::{self, Command};
use crate::app::panels::widgets::{body, card, note};
use crate::app::theme::{TextRole, Theme};
use crate::costs::Primitive;
use crate::probe::measure::{Plan, Stability};

/// Draws buttons or progress.
pub fn actions_ui(ui: &mut Ui, page: &MachinePage, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    if let Some(notice) = &page.notice {
        notice_ui(ui, notice, true, theme, &mut out);
    }
    if let Some(said) = &page.saved.trouble {
        let title = "The saved costs can't be used".to_owned();
        let help = "Measure again: that writes new ones. Until then simulations use published costs".to_owned();
        notice_ui(ui, &Notice { title, said: said.clone(), help, alarm: true }, false, theme, &mut out);
    }
    if page.task().is_some() {
        progress_ui(ui, page, theme, &mut out);
        return out;
    }
    let beside = ui.available_width() > 460.0 * theme.scale;
    ui.horizontal_wrapped(|ui| {
        let main = egui::Button::new(RichText::new("Measure, up to 2 min").color(theme.text));
        let main = main.fill(theme.chosen).stroke(egui::Stroke::new(1.0, theme.accent));
        button_ui(ui, main, Command::Measure(Plan::Full), "", &mut out);
        let (words, more) = match (page.replace_full, page.quick_replaces_full()) {
            (true, _) => ("Replace the full measurement", ""),
            (false, true) => {
                ("Quick, 10 s", "It measures less than the full measurement that is saved, and replaces it")
            }
            _ => ("Quick, 10 s", "It measures what ten seconds allow, some costs not at all"),
        };
        button_ui(ui, egui::Button::new(words), Command::Measure(Plan::Quick), more, &mut out);
        if beside && !page.replace_full {
            ui.label(note(last_measured(&page.saved), theme));
        }
    });
    if page.replace_full {
        let words = "A quick measurement knows fewer costs than the full one that is saved, and replaces all of them";
        ui.add(egui::Label::new(note(words, theme).color(theme.alarm)).wrap());
    } else if !beside {
        ui.label(note(last_measured(&page.saved), theme));
    }
    if let Some((unsteady, of)) = unsteady(&page.saved).filter(|(unsteady, _)| *unsteady > 0) {
        let words = format!("{unsteady} of {of} costs unsteady: measure again when the computer is idle");
        // A few always are.
        let color = if unsteady * 10 > of { theme.alarm } else { theme.text_muted };
        ui.add(egui::Label::new(note(words, theme).color(color)).wrap());
    }
    out
}

fn button_ui(ui: &mut Ui, button: egui::Button, command: Command, more: &str, out: &mut Vec<Command>) {
    let response = ui.add(button);
    crate::app::hint::say(&response, || [&command::hint(&response.ctx, &command), more].join("\n"));
    if response.clicked() {
        out.push(command);
    }
}

/// A bar, what is done now, and Stop.
fn progress_ui(ui: &mut Ui, page: &MachinePage, theme: &Theme, out: &mut Vec<Command>) {
    let Some((task, child)) = page.task() else { return };
    let step = child.step();
    let share = step.as_ref().map_or(0.0, |step| step.done as f32 / step.of.max(1) as f32);
    bar_ui(ui, share, theme);
    let text = match (&step, task) {
        _ if child.stopping() => "Stopping: it removes what it made".to_owned(),
        (Some(step), _) => format!("{} of {}: {}", (step.done + 1).min(step.of), step.of, step.doing),
        (None, Task::Measure(_)) => "Starting to measure".to_owned(),
        (None, Task::Compare(_)) => "Starting to compare".to_owned(),
    };
    let row = egui::vec2(ui.available_width(), 30.0 * theme.scale);
    ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
        let stop = if child.stopping() { "Stop at once" } else { "Stop" };
        button_ui(ui, egui::Button::new(RichText::new(stop).color(theme.text)), Command::StopMeasuring, "", out);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(egui::Label::new(note(text, theme).color(theme.text_body)).wrap());
        });
    });
}

/// How much is done.
fn bar_ui(ui: &mut Ui, share: f32, theme: &Theme) {
    let size = egui::vec2(ui.available_width(), 8.0 * theme.scale);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let words = format!("{:.0} % done", share * 100.0);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ProgressIndicator, true, &words));
    ui.painter().rect_filled(rect, size.y / 2.0, theme.outline);
    let done = rect.with_max_x(rect.left() + (rect.width() * share).max(size.y));
    ui.painter().rect_filled(done, size.y / 2.0, theme.accent);
}

/// What happened, what was said, what to do; with a button that `closes` it.
fn notice_ui(ui: &mut Ui, notice: &Notice, closes: bool, theme: &Theme, out: &mut Vec<Command>) {
    let (line, fill) = if notice.alarm { (theme.alarm, theme.alarm_fill) } else { (theme.outline, theme.card) };
    card(theme, line).fill(fill).inner_margin(10).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let symbol = if notice.alarm { icon::WARNING } else { icon::INFO };
        let title = format!("{symbol} {}", notice.title);
        let color = if notice.alarm { theme.alarm } else { theme.text };
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            if closes {
                let close = ui.add(egui::Button::new(RichText::new(icon::X).color(theme.text_muted)).frame(false));
                close.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, "Close this message"));
                crate::app::hint::say(&close, || "Close this message".to_owned());
                if close.clicked() {
                    out.push(Command::Dismiss);
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
                ui.add(egui::Label::new(RichText::new(title).font(theme.font(TextRole::Body)).color(color)).wrap());
            });
        });
        let height = 90.0 * theme.scale;
        egui::ScrollArea::vertical().id_salt(&notice.title).max_height(height).auto_shrink([false, true]).show(
            ui,
            |ui| {
                if !notice.said.is_empty() {
                    ui.add(egui::Label::new(body(&notice.said, theme)).wrap());
                }
                if !notice.help.is_empty() {
                    ui.add(egui::Label::new(note(&notice.help, theme)).wrap());
                }
            },
        );
    });
    ui.add_space(4.0);
}

/// How many of the costs have runs that disagree, and of how many that is known.
fn unsteady(saved: &Saved) -> Option<(usize, usize)> {
    let measured = saved.report.as_ref()?.measurements.iter().filter_map(|m| {
        let cost = Primitive::from_name(&m.primitive)?;
        (cost.unit() == m.unit).then(|| m.measured()).flatten()
    });
    let stable: Vec<bool> = measured.map(|m| m.stability == Stability::Stable).collect();
    Some((stable.iter().filter(|stable| !**stable).count(), stable.len()))
}

/// "last measured 2 min ago, 45 costs".
pub fn last_measured(saved: &Saved) -> String {
    let Some(profile) = &saved.profile else { return "not measured yet".to_owned() };
    let passed = saved.when.and_then(|when| when.elapsed().ok());
    let when = passed.map_or(String::new(), |passed| format!(" {}", ago(passed.as_secs())));
    format!("last measured{when}, {} costs", profile.own())
}

/// "2 min ago", coarser the longer ago.
pub fn ago(seconds: u64) -> String {
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        86_400..172_800 => "yesterday".to_owned(),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_is_told_in_the_largest_unit_that_fits() {
        let told: Vec<String> = [0, 59, 60, 3_599, 7_300, 90_000, 864_000].map(ago).into_iter().collect();
        assert_eq!(told, ["just now", "just now", "1 min ago", "59 min ago", "2 h ago", "yesterday", "10 days ago"]);
    }
}
