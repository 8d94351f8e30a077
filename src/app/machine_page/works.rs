//! Predicted and real: one row a work of `strata validate`, each of which can be run by itself.

use std::sync::LazyLock;

use egui::{Align2, Color32, Pos2, Rect, RichText, Sense, Shape, Stroke, Ui, Vec2};
use egui_phosphor::regular as icon;

use super::actions::ago;
use super::amounts::amount;
use super::comparison::{Compared, Comparison};
use super::hints::hint_ui;
use super::histogram::{histogram_ui, statistic};
use super::state::MachinePage;
use crate::app::command::{self, Command};
use crate::app::fonts;
use crate::app::panels::widgets::{body, card, cut, eyebrow_ui, note};
use crate::app::theme::{TextRole, Theme};
use crate::costs::Profile;
use crate::validate::{Statistic, TOLERANCE, Workload};

const DOCUMENT: &str = include_str!("../../../docs/validation.md");

/// Draws the table, its sum, and on demand why predictions are off. `inline` puts the distributions of the chosen work
/// below its row, where there is no room beside the table.
pub fn works_ui(ui: &mut Ui, page: &mut MachinePage, inline: bool, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    let busy = page.task().is_some();
    if let Some(trouble) = &page.comparison.trouble {
        ui.add(egui::Label::new(note(trouble, theme).color(theme.alarm)).wrap());
    }
    ui.add(egui::Label::new(note(predicted_with(page), theme)).wrap());
    let columns = Columns::of(ui, theme);
    header_ui(ui, &columns, busy, theme, &mut out);
    for name in Comparison::names() {
        let line = page.comparison.lines.get(&name);
        let chosen = shown_work(page, inline).as_ref() == Some(&name);
        let before = predicted_with(page);
        let clicked = row_ui(ui, &name, line, chosen, busy, &before, &columns, theme, &mut out);
        if chosen && inline {
            distributions_ui(ui, page, theme);
        }
        if clicked {
            // A second click on a row that is open closes it.
            page.work = Some(name).filter(|_| !(chosen && inline));
        }
    }
    ui.add_space(4.0 * theme.scale);
    sum_ui(ui, page, theme);
    if page.why {
        why_ui(ui, theme);
    }
    out
}

/// Whose costs a prediction is made with.
fn predicted_with(page: &MachinePage) -> String {
    let Some(own) = &page.saved.profile else {
        return format!("Predicted with: {}. Measure first", Profile::xeon_2017().title);
    };
    let passed = page.saved.when.and_then(|when| when.elapsed().ok());
    let when = passed.map_or(String::new(), |passed| format!(", measured {}", ago(passed.as_secs())));
    format!("Predicted with: {}{when}", own.title)
}

/// The work whose distributions are drawn, whose row is lit: the chosen one, or beside the table the first that was run.
fn shown_work(page: &MachinePage, inline: bool) -> Option<String> {
    let first = || Comparison::names().into_iter().find(|name| page.comparison.lines.contains_key(name));
    page.work.clone().or_else(|| first().filter(|_| !inline))
}

/// The right edges of the columns, from the left edge of the table.
struct Columns {
    width: f32,
    name: f32,
    predicted: f32,
    real: f32,
    error: f32,
    height: f32,
}

impl Columns {
    fn of(ui: &Ui, theme: &Theme) -> Columns {
        let width = ui.available_width();
        let value = (84.0 * theme.scale).min(width * 0.17);
        let run = (70.0 * theme.scale).min(width * 0.16);
        let error = width - run - 8.0;
        let real = error - (66.0 * theme.scale).min(width * 0.13);
        let predicted = real - value;
        Columns { width, name: predicted - value, predicted, real, error, height: (26.0 * theme.scale).round() }
    }
}

fn header_ui(ui: &mut Ui, columns: &Columns, busy: bool, theme: &Theme, out: &mut Vec<Command>) {
    let (strip, _) = ui.allocate_exact_size(Vec2::new(columns.width, columns.height), Sense::hover());
    for (x, text) in [(columns.predicted, "predicted"), (columns.real, "real"), (columns.error, "error")] {
        let at = Pos2::new(strip.left() + x, strip.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, theme.font(TextRole::Note), theme.text_muted);
    }
    let place = Rect::from_min_max(Pos2::new(strip.left() + columns.error + 8.0, strip.top()), strip.max);
    run_ui(ui, place, "run all", "Run all works", Command::Compare(None), busy, theme, out);
}

#[allow(clippy::too_many_arguments)]
fn run_ui(
    ui: &mut Ui,
    place: Rect,
    text: &str,
    name: &str,
    command: Command,
    busy: bool,
    theme: &Theme,
    out: &mut Vec<Command>,
) {
    let color = if busy { theme.text_muted } else { theme.accent };
    let text = RichText::new(text).font(theme.font(TextRole::Note)).color(color);
    let mut child =
        ui.new_child(egui::UiBuilder::new().max_rect(place).layout(egui::Layout::right_to_left(egui::Align::Center)));
    child.spacing_mut().button_padding = Vec2::new(2.0, 1.0);
    child.add_space(6.0);
    let response = child.add_enabled(!busy, egui::Button::new(text).frame(false));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, !busy, name));
    if response.has_focus() {
        ui.painter().rect_stroke(response.rect, 4.0, Stroke::new(1.5, theme.accent), egui::StrokeKind::Outside);
    }
    crate::app::hint::say(&response, || command::hint(&response.ctx, &command));
    if response.clicked() {
        out.push(command);
    }
}

/// One work. True if it was chosen.
#[allow(clippy::too_many_arguments)]
fn row_ui(
    ui: &mut Ui,
    name: &str,
    line: Option<&Compared>,
    chosen: bool,
    busy: bool,
    before: &str,
    columns: &Columns,
    theme: &Theme,
    out: &mut Vec<Command>,
) -> bool {
    let (strip, _) = ui.allocate_exact_size(Vec2::new(columns.width, columns.height), Sense::hover());
    let (words, run) = strip.split_left_right_at_x(strip.left() + columns.error + 8.0);
    let response = ui.interact(words, ui.id().with(("work", name)), Sense::click());
    let (error, color) = error_text(line, theme);
    let outdated = line.is_some_and(|line| line.outdated);
    let spoken = format!(
        "{name}: {}{}",
        if line.is_some() { error.as_str() } else { "not run yet" },
        if outdated { ", predicted with earlier costs" } else { "" }
    );
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, chosen, &spoken));
    let lit = response.hovered() || response.has_focus();
    if chosen || lit {
        ui.painter().rect_filled(strip, 4.0, if chosen { theme.chosen } else { theme.card });
    }
    if response.has_focus() {
        ui.painter().add(Shape::rect_stroke(strip, 4.0, Stroke::new(1.5, theme.accent), egui::StrokeKind::Inside));
    }
    let font = theme.font(TextRole::Note);
    let text = cut(ui, name, &font, theme.text_body, columns.name - 4.0);
    ui.painter().galley(Pos2::new(strip.left() + 4.0, strip.center().y - text.size().y / 2.0), text, theme.text_body);
    let write = |x: f32, text: &str, color: Color32| {
        let at = Pos2::new(strip.left() + x, strip.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, font.clone(), color);
    };
    if let Some(Compared { workload, .. }) = line {
        let value = |value: Option<f64>| value.map_or("–".to_owned(), |value| amount(value, workload.unit));
        let faded = if outdated { theme.text_muted } else { theme.text };
        let mark = if outdated { format!("{EARLIER} ") } else { String::new() };
        write(columns.predicted, &format!("{mark}{}", value(workload.predicted)), faded);
        write(columns.real, &value(workload.measured), theme.text);
    }
    let behind = if chosen { theme.chosen } else { theme.background };
    write(columns.error, &error, theme.legible(color, behind));
    let command = Command::Compare(Some(name.to_owned()));
    run_ui(ui, run, "run it", &format!("Run it: {name}"), command, busy, theme, out);
    hint_ui(&response, 420.0 * theme.scale, |ui| detail_ui(ui, name, line, before, theme));
    response.clicked()
}

/// The error as a person reads it, and its colour.
fn error_text(line: Option<&Compared>, theme: &Theme) -> (String, Color32) {
    let Some(Compared { workload, outdated, .. }) = line else { return (String::new(), theme.text_muted) };
    let Some(error) = workload.error else { return ("–".to_owned(), theme.text_muted) };
    let color = match error.abs() {
        _ if *outdated => theme.text_muted,
        size if size <= TOLERANCE => theme.provenance("measured"),
        size if size <= 2.0 * TOLERANCE => theme.cgroup,
        _ => theme.alarm,
    };
    (format!("{:+.0} %", (error * 100.0).round() + 0.0).replace('-', "−"), color)
}

fn detail_ui(ui: &mut Ui, name: &str, line: Option<&Compared>, before: &str, theme: &Theme) {
    ui.label(body(name, theme).color(theme.text));
    let Some(Compared { workload, outdated, others }) = line else {
        ui.label(note("Not run yet. “run it” does it for real, and simulates the same", theme));
        ui.label(note(before, theme));
        return;
    };
    let what = statistic(workload.statistic);
    ui.label(note(format!("Compared is the {what}"), theme));
    let sides = [
        ("predicted", workload.predicted, workload.spread_predicted),
        ("real", workload.measured, workload.spread_measured),
    ];
    for (words, value, spread) in sides {
        let amount = |value| amount(value, workload.unit);
        let mut parts = Vec::new();
        parts.extend(value.map(|value| format!("{what} {}", amount(value))));
        if let Some(q) = spread {
            parts.push(format!("least {}", amount(q.min)));
            if workload.statistic != Statistic::Median {
                parts.push(format!("median {}", amount(q.p50)));
            }
            parts.push(format!("90 % below {}", amount(q.p90)));
        }
        if !parts.is_empty() {
            ui.label(note(format!("{words}: {}", parts.join(", ")), theme).color(theme.text_body));
        }
    }
    for why in reasons(workload) {
        ui.label(note(why, theme).color(theme.text_body));
    }
    if let Some(others) = others.filter(|others| *others > 0.05) {
        let text = format!("Other programs used {:.0} % of this computer meanwhile", others * 100.0);
        ui.label(note(text, theme).color(theme.alarm));
    }
    if *outdated {
        ui.label(note("Predicted with earlier costs: run it again", theme).color(theme.alarm));
    }
}

/// Why a value is missing.
fn reasons(workload: &Workload) -> Vec<String> {
    let said = |label: &str, why: &Option<String>| why.as_ref().map(|why| format!("{label}: {why}"));
    [said("Not predicted", &workload.not_predicted), said("Not measured", &workload.not_measured)]
        .into_iter()
        .flatten()
        .collect()
}

/// The distributions of the chosen work, and why it has no prediction if so.
pub fn distributions_ui(ui: &mut Ui, page: &MachinePage, theme: &Theme) {
    let shown = shown_work(page, false);
    let Some(line) = shown.as_ref().and_then(|name| page.comparison.lines.get(name)) else {
        eyebrow_ui(ui, "How it varies", theme);
        let words = "Run a work to see how what is predicted and what is real vary";
        ui.add(egui::Label::new(note(shown.unwrap_or_default(), theme).color(theme.text_body)).wrap());
        ui.add(egui::Label::new(note(words, theme)).wrap());
        return;
    };
    let font = fonts::strong(ui.ctx(), TextRole::Note, theme);
    let name = RichText::new(&line.workload.name).font(font).color(theme.text_body);
    ui.add(egui::Label::new(name).wrap());
    histogram_ui(ui, &line.workload, 170.0 * theme.scale, theme);
    for why in reasons(&line.workload) {
        ui.add(egui::Label::new(note(why, theme).color(theme.text_body)).wrap());
    }
}

/// The median error, what else there is to say, and the way to the reasons.
fn sum_ui(ui: &mut Ui, page: &mut MachinePage, theme: &Theme) {
    ui.horizontal_wrapped(|ui| {
        let text = match page.comparison.median_error() {
            Some((error, 1)) => format!("Error {:.0} %, one work compared", error * 100.0),
            Some((error, count)) => format!("Median error of {count} works: {:.0} %", error * 100.0),
            None => "Nothing has been compared yet".to_owned(),
        };
        ui.label(note(text, theme));
        if let Some(others) = page.comparison.others().filter(|others| *others > 0.05) {
            let text = format!("· other programs used up to {:.0} % of this computer meanwhile", others * 100.0);
            ui.label(note(text, theme));
        }
        if page.comparison.lines.values().any(|line| line.outdated) {
            ui.label(note(format!("· {EARLIER} and grey: predicted with earlier costs"), theme));
        }
        let arrow = if page.why { icon::CARET_DOWN } else { icon::CARET_RIGHT };
        let text = RichText::new(format!("Why {arrow}")).font(theme.font(TextRole::Note)).color(theme.accent);
        let link = ui.add(egui::Button::new(text).frame(false));
        link.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::CollapsingHeader, true, page.why, "Why"));
        if link.clicked() {
            page.why = !page.why;
        }
    });
}

/// Stands before a value that was predicted with costs that have been measured anew since.
const EARLIER: &str = icon::CLOCK_COUNTER_CLOCKWISE;

/// What is known about predictions that are off, from the documentation.
fn why_ui(ui: &mut Ui, theme: &Theme) {
    card(theme, theme.outline).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let intro = "What the simulation lacks, as found on the computer that docs/validation.md describes. The \
                     mechanisms that are missing are the same everywhere; the numbers are that computer's";
        ui.add(egui::Label::new(note(intro, theme)).wrap());
        ui.add_space(4.0);
        let size = theme.size(TextRole::Body);
        if let Some(target) = crate::app::markdown::text_ui(ui, &EXPLANATIONS, size, theme.text_body, theme) {
            ui.ctx().open_url(egui::OpenUrl::new_tab(target));
        }
    });
}

/// The part of the document that explains; its tables as lists, which wrap where a table would not.
static EXPLANATIONS: LazyLock<String> = LazyLock::new(|| {
    let text = DOCUMENT.find("## What is off").map_or(DOCUMENT, |at| &DOCUMENT[at..]);
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix('|') {
            // Below the header there is a rule: neither is an entry.
            Some(rule) if rule.starts_with("--") => drop(lines.pop()),
            Some(row) => lines.push(entry(row)),
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
});

/// A table's row as an entry of a list.
fn entry(row: &str) -> String {
    let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
    format!("- **{}**: {}", cells[0], cells[1..].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_explanations_are_part_of_the_document() {
        assert!(EXPLANATIONS.starts_with("## What is off") && EXPLANATIONS.contains("issing"));
        assert!(!EXPLANATIONS.contains('|'), "{}", *EXPLANATIONS);
        assert_eq!(entry(" the disk | one queue |"), "- **the disk**: one queue");
    }
}
