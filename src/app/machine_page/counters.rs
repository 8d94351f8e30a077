//! What the kernel counts, per second, while the page is open.

use egui::{Align, Layout, RichText, Sense, Ui, UiBuilder, Vec2};

use super::hints::hint_ui;
use super::state::Live;
use crate::app::fonts;
use crate::app::panels::widgets::{body, note};
use crate::app::theme::{TextRole, Theme};
use crate::probe::live::Gauge;

/// Draws the counters beside each other.
pub fn counters_ui(ui: &mut Ui, live: &Live, theme: &Theme) {
    let columns = if ui.available_width() > 400.0 * theme.scale { 4 } else { 2 };
    let width = ui.available_width() / columns as f32;
    for row in Gauge::ALL.chunks(columns) {
        let height = 40.0 * theme.scale;
        let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
        for (i, gauge) in row.iter().enumerate() {
            let place = egui::Rect::from_min_size(
                rect.min + Vec2::new(width * i as f32, 0.0),
                Vec2::new(width - 6.0 * theme.scale, height),
            );
            gauge_ui(ui, *gauge, live.rates.as_ref().map(|rates| &rates[*gauge as usize]), place, theme);
        }
    }
}

fn gauge_ui(ui: &mut Ui, gauge: Gauge, rate: Option<&Result<f64, String>>, place: egui::Rect, theme: &Theme) {
    let (text, why) = match rate {
        None => ("…".to_owned(), None),
        Some(Ok(rate)) => (gauge.text(*rate), None),
        Some(Err(why)) => ("not available here".to_owned(), Some(why)),
    };
    let response = ui.interact(place, ui.id().with(("gauge", gauge.label())), Sense::click());
    let words = format!("{}: {text}", gauge.label());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::SelectableLabel, true, &words));
    if response.has_focus() {
        let stroke = egui::Stroke::new(1.5, theme.accent);
        ui.painter().rect_stroke(place.expand(2.0), 4.0, stroke, egui::StrokeKind::Inside);
    }
    ui.scope_builder(UiBuilder::new().max_rect(place).layout(Layout::top_down(Align::Min)), |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.add(egui::Label::new(note(gauge.label(), theme)).truncate().selectable(false));
        let value = match why {
            None => RichText::new(&text).font(fonts::strong(ui.ctx(), TextRole::Body, theme)).color(theme.text),
            Some(_) => note(&text, theme),
        };
        ui.add(egui::Label::new(value).truncate().selectable(false));
    });
    hint_ui(&response, 320.0 * theme.scale, |ui| {
        ui.label(body(gauge.meaning(), theme));
        ui.label(note("Read once a second while you work here, and for ten seconds after", theme));
        if let Some(why) = why {
            ui.label(note(why, theme));
        }
    });
}
