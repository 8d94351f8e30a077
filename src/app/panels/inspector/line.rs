//! The line of a journey's stations. What a station says is never cut off: where the panel is narrow it takes more
//! lines, and the station is higher.

use std::sync::Arc;

use egui::{Color32, FontId, Galley, Pos2, Rect, Response, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, pos2};

use super::station::{JourneyView, Station, moment};
use crate::app::command::Command;
use crate::app::fonts;
use crate::app::hint;
use crate::app::panels::widgets::{bar_width, fade_ui};
use crate::app::rows;
use crate::app::theme::{TextRole, Theme};
use crate::trace::Layer;

/// The least height of a station.
const LEAST: f32 = 41.0;
/// Above and below a station's words.
const SPACE: f32 = 5.0;
/// Where the words begin.
const INDENT: f32 = 38.0;

/// A station's words, laid out.
struct Words {
    cost: Arc<Galley>,
    label: Arc<Galley>,
    provenance: Arc<Galley>,
    crossing: Option<Arc<Galley>>,
    /// Whether the crossing stands beside the provenance, and not below it.
    beside: bool,
}

/// Draws the line in the height that is available.
pub fn line_ui(ui: &mut Ui, view: &JourneyView, theme: &Theme, out: &mut Vec<Command>) {
    let current = view.current();
    let width = (ui.available_width() - bar_width(theme)).max(0.0);
    let words: Vec<Words> =
        (0..view.stations.len()).map(|i| Words::new(ui, view, i, current == Some(i), width, theme)).collect();
    // The top of each station, and the bottom of the last.
    let mut tops = vec![0.0];
    for words in &words {
        tops.push(tops.last().copied().unwrap_or(0.0) + words.height(theme));
    }
    let mut area = ScrollArea::vertical().id_salt(("journey", view.id.0)).auto_shrink([false, false]);
    // Keep the token's station in view as it moves on, without fighting a hand that scrolls.
    let followed = ui.id().with(("followed", view.id.0));
    let changed = ui.data(|data| data.get_temp::<Option<usize>>(followed)) != Some(current);
    if changed && let Some(index) = current {
        ui.data_mut(|data| data.insert_temp(followed, current));
        // From the top of a station: half a one at the top reads badly.
        let wanted = tops[index] - ui.available_height() * 0.4;
        let first = tops.partition_point(|top| *top < wanted);
        area = area.vertical_scroll_offset(tops.get(first).copied().unwrap_or(0.0));
    }
    let walked = ui.id().with(("walked", view.id.0));
    let at = ui.data(|data| data.get_temp::<Option<usize>>(walked)).flatten().or(current).unwrap_or(0);
    let room = ui.available_rect_before_wrap();
    let (list, moved) = rows::stop_ui(ui, room, "Hops of this journey", view.stations.len(), at);
    let at = moved.map_or(at, |moved| moved.at);
    if moved.is_some_and(|moved| moved.entered) {
        go_to(view, at, out);
    }
    let kept = list.has_focus().then_some(at);
    ui.data_mut(|data| data.insert_temp(walked, kept));
    let shown = area.show_viewport(ui, |ui, viewport| {
        let height = tops.last().copied().unwrap_or(0.0);
        let (all, _) = ui.allocate_exact_size(Vec2::new(width, height), Sense::hover());
        for (index, words) in words.iter().enumerate() {
            let (top, bottom) = (tops[index], tops[index + 1]);
            if bottom > viewport.top() && top < viewport.bottom() {
                let rect = Rect::from_min_max(all.min + Vec2::new(0.0, top), pos2(all.right(), all.top() + bottom));
                station_ui(ui, view, index, rect, words, (&list, index == at), theme, out);
            }
        }
        if moved.is_some_and(|moved| moved.moved) {
            let rect = |index: usize| all.with_min_y(all.top() + tops[index]).with_max_y(all.top() + tops[index + 1]);
            ui.scroll_to_rect(rect(at.min(words.len().saturating_sub(1))), None);
        }
    });
    fade_ui(ui, &shown, theme.panel, theme);
}

impl Words {
    fn new(ui: &Ui, view: &JourneyView, index: usize, current: bool, width: f32, theme: &Theme) -> Words {
        let station = &view.stations[index];
        let reached = station.start <= view.now;
        let room = width - INDENT * theme.scale - 8.0;
        let main = if reached && !station.beside { theme.text } else { theme.text_muted };
        let of = |color: Color32| if reached { color } else { theme.text_muted };
        let strong = fonts::strong(ui.ctx(), TextRole::Body, theme);
        let weight = if current { strong.clone() } else { theme.font(TextRole::Body) };
        let small = theme.font(TextRole::Small);
        let laid = |text: &str, font: &FontId, color: Color32, room: f32| {
            ui.painter().layout(text.to_owned(), font.clone(), color, room.max(40.0))
        };
        let cost = laid(&cost(station), &strong, main, f32::INFINITY);
        let label = laid(&station.label, &weight, main, room - cost.size().x - 8.0);
        let provenance = laid(&station.provenance, &small, of(theme.provenance(&station.provenance)), room);
        let crossing = (!station.crossing.is_empty()).then(|| laid(&station.crossing, &small, of(theme.alarm), room));
        let beside = crossing.as_ref().is_some_and(|text| provenance.size().x + 8.0 + text.size().x <= room);
        Words { cost, label, provenance, crossing, beside }
    }

    /// Of the words below the label.
    fn below(&self) -> f32 {
        let crossing = self.crossing.as_ref().map_or(0.0, |text| text.size().y);
        let provenance = self.provenance.size().y;
        if self.beside { provenance.max(crossing) } else { provenance + crossing }
    }

    fn height(&self, theme: &Theme) -> f32 {
        (self.label.size().y + self.below() + 2.0 * SPACE * theme.scale).max(LEAST * theme.scale).round()
    }

    fn paint(self: &Words, ui: &Ui, rect: Rect, theme: &Theme) {
        let painter = ui.painter();
        let paint = |at: Pos2, galley: &Arc<Galley>| painter.galley(at, Arc::clone(galley), theme.text);
        let left = rect.left() + INDENT * theme.scale;
        let top = rect.center().y - (self.label.size().y + self.below()) / 2.0;
        paint(pos2(rect.right() - 8.0 - self.cost.size().x, top), &self.cost);
        paint(pos2(left, top), &self.label);
        let second = top + self.label.size().y;
        paint(pos2(left, second), &self.provenance);
        if let Some(crossing) = &self.crossing {
            let at = match self.beside {
                true => pos2(left + self.provenance.size().x + 8.0, second),
                false => pos2(left, second + self.provenance.size().y),
            };
            paint(at, crossing);
        }
    }
}

fn cost(station: &Station) -> String {
    if station.beside { String::new() } else { (station.end - station.start).to_string() }
}

#[allow(clippy::too_many_arguments)]
fn station_ui(
    ui: &mut Ui,
    view: &JourneyView,
    index: usize,
    rect: Rect,
    words: &Words,
    list: (&Response, bool),
    theme: &Theme,
    out: &mut Vec<Command>,
) {
    let station = &view.stations[index];
    let current = view.current() == Some(index);
    let response = ui.interact(rect, ui.id().with(("station", index)), Sense::CLICK);
    let cost = cost(station);
    let spoken = format!("{} {cost} {} {}", station.label, station.provenance, station.crossing);
    let here = list.1 && list.0.has_focus();
    rows::row_node(list.0, &response, &spoken, current, list.1);
    let crossing = !station.crossing.is_empty();
    if current {
        let (line, fill) =
            if crossing { (theme.alarm, theme.alarm_fill) } else { (theme.accent, theme.tint(theme.accent)) };
        let frame = rect.shrink2(Vec2::new(0.0, 1.0));
        ui.painter().rect(frame, 6.0, fill, Stroke::new(1.2, line), StrokeKind::Inside);
    } else if response.hovered() || here {
        ui.painter().rect_filled(rect.shrink2(Vec2::new(0.0, 1.0)), 6.0, theme.control);
    }
    track_ui(ui, rect, view, index, theme);
    words.paint(ui, rect, theme);
    let words = || {
        let detail = if station.detail.is_empty() { String::new() } else { format!(": {}", station.detail) };
        format!(
            "{}\n{} · {cost} · {} · {} to {}\n{}{detail}",
            station.crossing,
            station.label,
            station.layer.label(),
            moment(station.start),
            moment(station.end),
            station.provenance,
        )
    };
    hint::say(&response, words);
    if here {
        hint::say(list.0, words);
    }
    if response.clicked() {
        go_to(view, index, out);
    }
}

fn go_to(view: &JourneyView, index: usize, out: &mut Vec<Command>) {
    let Some(station) = view.stations.get(index) else { return };
    out.push(Command::SelectJourney(view.id));
    out.push(Command::Seek(station.start));
}

/// The line and the station's dot.
fn track_ui(ui: &Ui, rect: Rect, view: &JourneyView, index: usize, theme: &Theme) {
    let station = &view.stations[index];
    let reached = station.start <= view.now;
    let color = |reached: bool, layer: Layer| if reached { theme.layer(layer) } else { theme.outline };
    let center = pos2(rect.left() + 18.0 * theme.scale, rect.center().y);
    let painter = ui.painter();
    if let Some(before) = index.checked_sub(1).and_then(|i| view.stations.get(i)) {
        let stroke = Stroke::new(3.0, color(reached, before.layer));
        painter.line_segment([pos2(center.x, rect.top()), center], stroke);
    }
    if let Some(next) = view.stations.get(index + 1) {
        let stroke = Stroke::new(3.0, color(next.start <= view.now, station.layer));
        painter.line_segment([center, pos2(center.x, rect.bottom())], stroke);
    }
    let radius = if station.beside { 4.0 } else { 7.0 } * theme.scale;
    let dot = if station.crossing.is_empty() { theme.layer(station.layer) } else { theme.alarm };
    if reached {
        painter.circle(center, radius, theme.layer(station.layer), Stroke::new(2.0, dot));
    } else {
        painter.circle(center, radius - 1.0, theme.panel, Stroke::new(2.0, dot));
    }
}
