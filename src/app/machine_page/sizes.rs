//! What was measured that is no time: sizes, rates, counts; beside each what was published.

use egui::{Align2, Color32, Pos2, Rect, RichText, Sense, Shape, Stroke, Ui, Vec2};
use egui_phosphor::regular as icon;

use super::detail::detail_ui;
use super::hints::hint_ui;
use super::labels::value;
use super::rows::Row;
use crate::app::panels::widgets::{cut, note};
use crate::app::rows::Rows;
use crate::app::theme::{TextRole, Theme};

/// The measurements that stand for all while the list is closed.
const TELLING: [(&str, &str); 3] =
    [("l2_bytes", "L2"), ("memory_read_bandwidth", "memory"), ("disk_bandwidth", "disk")];

/// Draws a line that opens the list, and the list.
pub fn sizes_ui(ui: &mut Ui, rows: &[Row], open: &mut bool, theme: &Theme) {
    ui.horizontal(|ui| {
        let caret = if *open { icon::CARET_DOWN } else { icon::CARET_RIGHT };
        let text = RichText::new(format!("Sizes and rates {caret}")).font(theme.font(TextRole::Note));
        let link = ui.add(egui::Button::new(text.color(theme.accent)).frame(false));
        link.widget_info(|| {
            egui::WidgetInfo::selected(egui::WidgetType::CollapsingHeader, true, *open, "Sizes and rates")
        });
        if link.clicked() {
            *open = !*open;
        }
        if !*open {
            ui.add(egui::Label::new(note(summary(rows), theme)).truncate());
        }
    });
    if *open {
        list_ui(ui, rows, theme);
    }
}

/// "L2 1 MiB · memory 35.1 GB/s", as far as it was measured.
fn summary(rows: &[Row]) -> String {
    let measured = |(name, words): (&str, &str)| {
        let row = rows.iter().find(|row| row.name == name)?;
        let here = row.here.as_ref().ok()?;
        Some(format!("{words} {}", value(name, row.unit, here.value)))
    };
    TELLING.into_iter().filter_map(measured).collect::<Vec<_>>().join(" · ")
}

fn list_ui(ui: &mut Ui, rows: &[Row], theme: &Theme) {
    let width = ui.available_width();
    let published = width - 4.0;
    let here = published - (150.0 * theme.scale).min(width * 0.32);
    let height = (13.0 * theme.scale + 10.0).round();
    let size = Vec2::new(width, height);
    let font = theme.font(TextRole::Note);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let (header, _) = ui.allocate_exact_size(size, Sense::hover());
        for (x, words) in [(here, "measured here"), (published, "published")] {
            let at = Pos2::new(header.left() + x, header.center().y);
            ui.painter().text(at, Align2::RIGHT_CENTER, words, font.clone(), theme.text_muted);
        }
        let mut walked = Rows::new(ui.ctx(), ui.id().with("rows of sizes"), rows.len(), 1);
        for (at, row) in rows.iter().enumerate() {
            let (strip, _) = ui.allocate_exact_size(size, Sense::hover());
            let room = Room { label: here - (110.0 * theme.scale).min(width * 0.26), here, published };
            row_ui(ui, row, strip, room, (at, &mut walked), theme);
        }
        walked.end(ui.ctx());
    });
}

/// Where a row's words end, from its left edge.
#[derive(Clone, Copy)]
struct Room {
    label: f32,
    here: f32,
    published: f32,
}

fn row_ui(ui: &mut Ui, row: &Row, strip: Rect, room: Room, (at, rows): (usize, &mut Rows), theme: &Theme) {
    let response = ui.interact(strip, ui.id().with(("size", &row.name)), rows.sense(at));
    rows.row(at, &response);
    let (words, color) = match &row.here {
        Ok(here) => (value(&row.name, row.unit, here.value), theme.text),
        Err(_) => ("not measured".to_owned(), theme.text_muted),
    };
    let spoken = format!("{}: {words}", row.label);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::SelectableLabel, true, &spoken));
    if response.clicked() {
        response.request_focus();
    }
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(strip, 4.0, theme.card);
    }
    if response.has_focus() {
        let ring = Stroke::new(1.5, theme.accent);
        ui.painter().add(Shape::rect_stroke(strip, 4.0, ring, egui::StrokeKind::Inside));
    }
    let font = theme.font(TextRole::Note);
    let label = cut(ui, &row.label, &font, color, room.label - 4.0);
    ui.painter().galley(Pos2::new(strip.left() + 4.0, strip.center().y - label.size().y / 2.0), label, color);
    let write = |x: f32, text: &str, color: Color32| {
        ui.painter().text(
            Pos2::new(strip.left() + x, strip.center().y),
            Align2::RIGHT_CENTER,
            text,
            font.clone(),
            color,
        );
    };
    write(room.here, &words, color);
    match row.range() {
        Some((low, _, word)) => {
            let text = value(&row.name, row.unit, low);
            // An assumption is not passed off as something that was published.
            let text = if word == "literature" { text } else { format!("{text}, {word}") };
            write(room.published, &text, theme.text_body);
        }
        None => write(room.published, "–", theme.text_muted),
    }
    hint_ui(&response, 460.0 * theme.scale, |ui| detail_ui(ui, row, theme));
}
