//! The sheet of keys, made from the table of commands, and below it the words of the field.

use egui::{Align, Context, Layout, RichText, ScrollArea, Window};

use super::widgets::{eyebrow_ui, focus_new, keys_scroll, note};
use crate::app::command::{self, Command, Entry};
use crate::app::glossary::TERMS;
use crate::app::overlay;
use crate::app::theme::{TextRole, Theme};

/// Draws the sheet above everything else; while `presenting` what counts then comes first.
pub fn shortcuts_ui(context: &Context, presenting: bool, theme: &Theme) -> Vec<Command> {
    let mut open = true;
    let screen = context.content_rect();
    let width = (1160.0 * theme.scale).min(screen.width() - 60.0).max(200.0);
    let shown = Window::new(TITLE)
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .anchor(egui::Align2::CENTER_CENTER, [0.0, 0.0])
        .fixed_size([width, (screen.height() - 120.0).clamp(80.0, 620.0 * theme.scale)])
        .frame(egui::Frame::window(&context.global_style()).inner_margin(egui::Margin::same(18)))
        .show(context, |ui| {
            let shown = ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                egui::Frame::new().inner_margin(8).show(ui, |ui| sheet_ui(ui, presenting, theme));
            });
            keys_scroll(ui, &shown, "All keys and words");
            focus_new(ui, &shown, TITLE);
        });
    overlay::sheet(context, TITLE);
    open &= !shown.is_some_and(|shown| overlay::clicked_beside(context, TITLE, shown.response.rect));
    if open { Vec::new() } else { vec![Command::ToggleShortcuts] }
}

const TITLE: &str = "Keys and words";

fn sheet_ui(ui: &mut egui::Ui, presenting: bool, theme: &Theme) {
    let table = command::table();
    let mut groups: Vec<&str> = table.iter().map(|entry| entry.group).collect();
    groups.dedup();
    if presenting {
        groups.sort_by_key(|group| *group != "Presenting");
    }
    let columns = ((ui.available_width() / (330.0 * theme.scale)) as usize).clamp(1, 3);
    ui.columns(columns, |columns| {
        let mut filled = vec![0; columns.len()];
        for group in &groups {
            // Each where least stands yet.
            let place = (0..filled.len()).min_by_key(|place| filled[*place]).unwrap_or(0);
            filled[place] += rows(columns[0].ctx(), &table, group).len() + 2;
            let column = &mut columns[place];
            column.spacing_mut().interact_size.y = 17.0 * theme.scale;
            column.spacing_mut().item_spacing.y = 5.0 * theme.scale;
            eyebrow_ui(column, group, theme);
            for (name, keys) in rows(column.ctx(), &table, group) {
                column.horizontal(|ui| {
                    ui.label(RichText::new(name).font(theme.font(TextRole::Body)).color(theme.text_body));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.add_space(14.0);
                        ui.label(RichText::new(keys).font(theme.font(TextRole::Note)).color(theme.text));
                    });
                });
            }
            column.add_space(10.0);
        }
    });
    ui.label(note("Alt and a column's letter follow it, with Shift it is alone; Escape follows all again", theme));
    ui.label(note("In the picture an arrow goes to the nearest part in its direction; at an edge it stays. F5 sets a turned knob back to what the file has", theme));
    ui.label(note("On the lanes: the wheel zooms, dragging moves, a click opens what is under it. Drag the axis to move through time", theme));
    words_ui(ui, theme);
}

/// The words of the field, from top to bottom in columns.
fn words_ui(ui: &mut egui::Ui, theme: &Theme) {
    ui.add_space(18.0);
    eyebrow_ui(ui, "Words", theme);
    let columns = ((ui.available_width() / (330.0 * theme.scale)) as usize).clamp(1, 3);
    ui.columns(columns, |columns| {
        let rows = TERMS.len().div_ceil(columns.len());
        for (column, terms) in columns.iter_mut().zip(TERMS.chunks(rows)) {
            // Columns set their text justified, which tears the words of narrow ones apart.
            column.with_layout(Layout::top_down(Align::LEFT), |column| {
                column.spacing_mut().item_spacing.y = 5.0 * theme.scale;
                for term in terms {
                    column.label(RichText::new(term.word).font(theme.font(TextRole::Body)).color(theme.text));
                    column.add(egui::Label::new(note(term.says, theme)).wrap());
                    column.add_space(4.0);
                }
            });
        }
    });
}

/// The names and keys of a group. The choices of a prediction share a row.
fn rows(context: &Context, table: &[Entry], group: &str) -> Vec<(String, String)> {
    let keys = |entry: &Entry| {
        let keys: Vec<String> = entry.keys.iter().take(2).map(|keys| command::keys_text(context, keys)).collect();
        keys.join("  or  ")
    };
    let mut rows: Vec<(String, String)> = Vec::new();
    for entry in table.iter().filter(|entry| entry.group == group) {
        match (&entry.command, rows.last_mut()) {
            (Command::Predict(choice @ 1..), Some(row)) => {
                row.0 = format!("Predict choice 1 to {}", choice + 1);
                row.1 = format!("1 to {}", keys(entry));
            }
            _ => rows.push((entry.name.to_owned(), keys(entry))),
        }
    }
    rows
}
