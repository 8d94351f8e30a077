//! A part of the machine: what it is and what it knows at this moment.

use egui::{RichText, ScrollArea, Sense, Ui, vec2};

use crate::app::command::Command;
use crate::app::names;
use crate::app::panels::widgets::{bar_width, body, eyebrow_ui, keys_scroll, note, title_ui};
use crate::app::theme::{TextRole, Theme};
use crate::machine::inspect::Fact;
use crate::machine::listing::Listing;
use crate::trace::{ComponentId, Layer};

/// A part as the inspector shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct PartView {
    /// Which one.
    pub id: ComponentId,
    /// Its name.
    pub name: String,
    /// Where it stands: "hardware/host kernel/block layer".
    pub path: String,
    /// A few words about it.
    pub note: String,
    /// The layer whose colour it wears.
    pub layer: Layer,
    /// Its state.
    pub facts: Vec<Fact>,
    /// What it knows of others, and what has been done at it so far.
    pub tables: Vec<Listing>,
    /// What stands on it or lies in it.
    pub children: Vec<(ComponentId, String)>,
    /// What it stands on.
    pub parent: Option<(ComponentId, String)>,
}

/// Draws the part.
pub fn part_ui(ui: &mut Ui, view: &PartView, theme: &Theme, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        eyebrow_ui(ui, view.layer.label(), theme);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.add(egui::Button::new(note("Follow journeys", theme)).frame(false)).clicked() {
                out.push(Command::Follow);
            }
        });
    });
    let name = names::title(&view.name);
    title_ui(ui, &name, theme);
    if !view.note.is_empty() {
        ui.label(body(&view.note, theme));
    }
    ui.label(note(names::path(&view.path), theme));
    ui.add_space(10.0);
    let area = ScrollArea::vertical().id_salt(("part", view.id.0)).auto_shrink([false, false]);
    let shown = area.show(ui, |ui| {
        ui.set_max_width(ui.available_width() - bar_width(theme));
        facts_ui(ui, &view.facts, theme);
        for table in &view.tables {
            table_ui(ui, table, theme);
        }
        if view.facts.is_empty() && view.tables.is_empty() {
            ui.label(note("Nothing to tell at this moment", theme));
        }
        links_ui(ui, "Rests on", view.parent.as_slice(), theme, out);
        links_ui(ui, "Holds", &view.children, theme, out);
    });
    keys_scroll(ui, &shown, "State of the part");
}

fn links_ui(ui: &mut Ui, title: &str, parts: &[(ComponentId, String)], theme: &Theme, out: &mut Vec<Command>) {
    if parts.is_empty() {
        return;
    }
    ui.add_space(12.0);
    ui.label(RichText::new(title).font(theme.font(TextRole::Note)).color(theme.text_body));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        for (id, name) in parts {
            if ui.add(egui::Button::new(note(names::name(name), theme))).clicked() {
                out.push(Command::SelectComponent(*id));
            }
        }
    });
}

/// A table as wide as the panel: the first column takes the room that the others leave, and wraps.
fn table_ui(ui: &mut Ui, table: &Listing, theme: &Theme) {
    ui.add_space(10.0);
    ui.label(RichText::new(&table.title).font(theme.font(TextRole::Note)).color(theme.text_body));
    let small = |text: &str, color| RichText::new(text).font(theme.font(TextRole::Small)).color(color);
    if table.rows.is_empty() {
        ui.label(note("None at this moment", theme));
    } else {
        let gap = 10.0 * theme.scale;
        let widths = widths(ui, table, gap, theme);
        let row = |ui: &mut Ui, cells: &[String], color| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = gap;
                for (i, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                    let left = egui::Layout::top_down(if i == 0 { egui::Align::Min } else { egui::Align::Max });
                    ui.allocate_ui_with_layout(vec2(*width, 0.0), left, |ui| {
                        ui.set_width(*width);
                        ui.add(egui::Label::new(small(cell, color)).wrap());
                    });
                }
            });
        };
        let rows = |ui: &mut Ui| {
            row(ui, &table.header, theme.text_muted);
            for cells in &table.rows {
                row(ui, cells, theme.text);
            }
        };
        // No word is torn: a table that is wider than the panel is moved aside.
        let wide =
            widths.iter().sum::<f32>() + gap * widths.len().saturating_sub(1) as f32 > ui.available_width() + 1.0;
        if wide {
            let area = ScrollArea::horizontal().id_salt(&table.title).auto_shrink([false, true]);
            let shown = area.show(ui, rows);
            keys_scroll(ui, &shown, &table.title);
        } else {
            rows(ui);
        }
    }
    if !table.note.is_empty() {
        ui.label(note(&table.note, theme));
    }
}

/// How wide columns are: numbers whole, words as wide as is left, but no word torn.
fn widths(ui: &Ui, table: &Listing, gap: f32, theme: &Theme) -> Vec<f32> {
    let font = theme.font(TextRole::Small);
    let width = |text: &str| {
        let galley = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), theme.text);
        galley.size().x.ceil() + 1.0
    };
    let longest_word = |text: &str| text.split(' ').map(width).fold(0.0, f32::max);
    let column = |i: usize, of: &dyn Fn(&str) -> f32| {
        let cells = table.rows.iter().filter_map(|row| row.get(i)).chain(table.header.get(i));
        cells.map(|cell| of(cell)).fold(0.0, f32::max)
    };
    let count = table.header.len();
    let most: Vec<f32> = (0..count).map(|i| column(i, &width)).collect();
    let least: Vec<f32> = (0..count).map(|i| column(i, &longest_word)).collect();
    let room = (ui.available_width() - gap * count.saturating_sub(1) as f32).max(20.0);
    let (all, low): (f32, f32) = (most.iter().sum(), least.iter().sum());
    if all <= room {
        return most.iter().enumerate().map(|(i, most)| if i == 0 { most + room - all } else { *most }).collect();
    }
    if low >= room {
        return least;
    }
    let share = (room - low) / (all - low).max(1.0);
    least.iter().zip(&most).map(|(least, most)| least + (most - least) * share).collect()
}

/// Names on the left, values on the right of them.
pub fn facts_ui(ui: &mut Ui, facts: &[Fact], theme: &Theme) {
    let width = ui.available_width().max(0.0);
    let names = (width * 0.36).min(130.0 * theme.scale);
    let values = (width - names).max(20.0);
    ui.spacing_mut().item_spacing.y = 6.0 * theme.scale;
    for fact in facts {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let name = ui.painter().layout(
                fact.label.clone(),
                theme.font(TextRole::Note),
                theme.text_muted,
                (names - 6.0 * theme.scale).max(8.0),
            );
            let (rect, response) = ui.allocate_exact_size(vec2(names, name.size().y), Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, &fact.label));
            ui.painter().galley(rect.min + vec2(0.0, 1.0), name, theme.text_muted);
            ui.allocate_ui(vec2(values, 0.0), |ui| {
                ui.set_max_width(values);
                ui.add(egui::Label::new(body(&fact.value, theme).color(theme.text)).wrap());
            });
        });
    }
}
