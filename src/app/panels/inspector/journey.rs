//! A journey as an underground-railway line: one station per hop.

use egui::{Align2, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2};
use egui_phosphor::regular as icon;

use crate::app::command::Command;
use crate::app::fonts;
use crate::app::lanes::tick_label;
use crate::app::panels::widgets::{cut, eyebrow_ui, note, title_ui};
use crate::app::recording::Recording;
use crate::app::theme::{TextRole, Theme};
use crate::engine::Time;
use crate::trace::{ComponentId, Crossing, Hop, JourneyId, Layer, What};

/// A point in time; the beginning of the run is plain 0.
fn moment(time: Time) -> String {
    tick_label(time, Time((time.as_ps() / 10_000).max(1)), time)
}

/// One hop as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// What is done: "block layer, submit".
    pub label: String,
    /// Where the number is from: `literature`; or why there is none.
    pub provenance: String,
    /// Source, formula or reason.
    pub detail: String,
    /// The boundary crossed on entering it, in words; empty if none.
    pub crossing: String,
    /// Whose work it is.
    pub layer: Layer,
    /// Where.
    pub component: ComponentId,
    /// When it began.
    pub start: Time,
    /// When it ended.
    pub end: Time,
}

/// A journey as the inspector shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct JourneyView {
    /// Which one.
    pub id: JourneyId,
    /// "read(data, 4 KiB)".
    pub title: String,
    /// "vm · operation 3 of 20".
    pub place: String,
    /// First to last.
    pub stations: Vec<Station>,
    /// When it began.
    pub start: Time,
    /// When it ended; [`Time::MAX`] if it never did.
    pub end: Time,
    /// The time shown.
    pub now: Time,
    /// Whether it was selected, rather than followed.
    pub pinned: bool,
}

impl JourneyView {
    /// The journey `id` of a run, seen at `now`.
    pub fn new(recording: &Recording, id: JourneyId, now: Time, pinned: bool) -> Option<JourneyView> {
        let (trace, topology) = (recording.trace(), recording.topology());
        let journey = trace.journeys.get(id.index())?;
        let stations = trace.hops_of(id).into_iter().filter_map(|hop| trace.hops.get(hop.index()));
        let stack = topology.stacks.get(journey.stack.index());
        let title = topology.operations.get(usize::from(journey.label));
        Some(JourneyView {
            id,
            title: title.cloned().unwrap_or_else(|| journey.kind.key().replace('_', " ")),
            place: format!("{} · began at {}", stack.map_or("", |stack| &stack.name), moment(journey.start)),
            stations: stations.map(|hop| Station::new(recording, hop)).collect(),
            start: journey.start,
            end: journey.end,
            now,
            pinned,
        })
    }

    /// The station at which the token stands.
    pub fn current(&self) -> Option<usize> {
        let begun = self.stations.partition_point(|station| station.start <= self.now);
        (self.now < self.end).then_some(begun).and_then(|n| n.checked_sub(1))
    }

    /// The exact sum so far, which is the bar under the column.
    pub fn sum_text(&self) -> String {
        let passed = |station: &Station| station.end.min(self.now).since(station.start.min(self.now));
        let sum: Time = self.stations.iter().map(passed).sum();
        match (self.now >= self.end, sum) {
            (true, sum) => format!("Sum {sum} = the bar under the column"),
            (false, Time::ZERO) => "Not begun".to_owned(),
            (false, sum) => format!("Sum {sum} so far = the bar under the column"),
        }
    }
}

impl Station {
    fn new(recording: &Recording, hop: &Hop) -> Station {
        let (provenance, detail) = match hop.what {
            What::Pay(primitive) => {
                let from = &recording.profile.cost(primitive).provenance;
                (from.word().to_owned(), format!("{}\n{}", primitive.meaning(), from.detail()))
            }
            What::UserCode => ("scenario".to_owned(), "As long as the scenario says".to_owned()),
            What::Return => ("included in the entry".to_owned(), String::new()),
            What::Wait(_) => ("waiting".to_owned(), "Nothing is done: it follows from what else goes on".to_owned()),
        };
        let times = if hop.count > 1 { format!(" × {}", hop.count) } else { String::new() };
        Station {
            label: format!("{}{times}", hop.what.label()),
            provenance,
            detail,
            crossing: if hop.crossing == Crossing::None { String::new() } else { hop.crossing.label() },
            layer: hop.layer,
            component: hop.component,
            start: hop.start,
            end: hop.end,
        }
    }
}

/// Draws the journey in the height that is available.
pub fn journey_ui(ui: &mut Ui, view: &JourneyView, theme: &Theme, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        eyebrow_ui(ui, "Journey", theme);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let (text, command) = if view.pinned {
                (format!("{} Follow again", icon::PUSH_PIN_SLASH), Command::Follow)
            } else {
                (format!("{} Keep", icon::PUSH_PIN), Command::SelectJourney(view.id))
            };
            if ui.add(egui::Button::new(note(text, theme)).frame(false)).clicked() {
                out.push(command);
            }
        });
    });
    title_ui(ui, &view.title, theme);
    ui.label(note(&view.place, theme));
    ui.add_space(8.0);
    let row = 41.0 * theme.scale;
    let current = view.current();
    let height = (ui.available_height() / row).floor().max(1.0) * row;
    let mut area =
        ScrollArea::vertical().id_salt(("journey", view.id.0)).auto_shrink([false, false]).max_height(height);
    // Keep the token's station in view as it moves on, without fighting a hand that scrolls.
    let followed = ui.id().with(("followed", view.id.0));
    let changed = ui.data(|data| data.get_temp::<Option<usize>>(followed)) != Some(current);
    if changed && let Some(index) = current {
        ui.data_mut(|data| data.insert_temp(followed, current));
        // Whole rows only: half a station at the top reads badly.
        let above = (ui.available_height() * 0.4 / row).floor().max(1.0);
        area = area.vertical_scroll_offset((index as f32 - above).max(0.0) * row);
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    area.show_rows(ui, row, view.stations.len(), |ui, rows| {
        for index in rows {
            station_ui(ui, view, index, row, current == Some(index), theme, out);
        }
    });
}

fn station_ui(
    ui: &mut Ui,
    view: &JourneyView,
    index: usize,
    height: f32,
    current: bool,
    theme: &Theme,
    out: &mut Vec<Command>,
) {
    let station = &view.stations[index];
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, height), Sense::click());
    let reached = station.start <= view.now;
    let cost = (station.end - station.start).to_string();
    let spoken = format!("{} {cost} {} {}", station.label, station.provenance, station.crossing);
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, current, &spoken));
    let crossing = !station.crossing.is_empty();
    if current {
        let (line, fill) =
            if crossing { (theme.alarm, theme.alarm_fill) } else { (theme.accent, theme.tint(theme.accent)) };
        let frame = rect.shrink2(Vec2::new(0.0, 1.0));
        ui.painter().rect(frame, 6.0, fill, Stroke::new(1.2, line), StrokeKind::Inside);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect.shrink2(Vec2::new(0.0, 1.0)), 6.0, theme.control);
    }
    line_ui(ui, rect, view, index, reached, theme);
    words_ui(ui, rect, station, reached, current, &cost, theme);
    let hover = |ui: &mut Ui| {
        ui.label(format!("{} · {cost}", station.label));
        if crossing {
            ui.colored_label(theme.alarm, &station.crossing);
        }
        ui.label(note(
            format!("{} · {} to {}", station.layer.label(), moment(station.start), moment(station.end)),
            theme,
        ));
        if !station.detail.is_empty() {
            ui.label(note(format!("{}: {}", station.provenance, station.detail), theme));
        }
    };
    if response.on_hover_ui(hover).clicked() {
        out.push(Command::SelectJourney(view.id));
        out.push(Command::Seek(station.start));
    }
}

/// The line and the station's dot.
fn line_ui(ui: &Ui, rect: Rect, view: &JourneyView, index: usize, reached: bool, theme: &Theme) {
    let station = &view.stations[index];
    let color = |reached: bool, layer: Layer| if reached { theme.layer(layer) } else { theme.outline };
    let center = egui::pos2(rect.left() + 18.0 * theme.scale, rect.center().y);
    let painter = ui.painter();
    if let Some(before) = index.checked_sub(1).and_then(|i| view.stations.get(i)) {
        let stroke = Stroke::new(3.0, color(reached, before.layer));
        painter.line_segment([egui::pos2(center.x, rect.top()), center], stroke);
    }
    if index + 1 < view.stations.len() {
        let left = view.stations[index + 1].start <= view.now;
        let stroke = Stroke::new(3.0, color(left, station.layer));
        painter.line_segment([center, egui::pos2(center.x, rect.bottom())], stroke);
    }
    let radius = 7.0 * theme.scale;
    let dot = if station.crossing.is_empty() { theme.layer(station.layer) } else { theme.alarm };
    if reached {
        painter.circle(center, radius, theme.layer(station.layer), Stroke::new(2.0, dot));
    } else {
        painter.circle(center, radius - 1.0, theme.panel, Stroke::new(2.0, dot));
    }
}

fn words_ui(ui: &Ui, rect: Rect, station: &Station, reached: bool, current: bool, cost: &str, theme: &Theme) {
    let painter = ui.painter();
    let left = rect.left() + 38.0 * theme.scale;
    let right = rect.right() - 8.0;
    let main = if reached { theme.text } else { theme.text_muted };
    let second = rect.center().y + 9.0 * theme.scale;
    let first = rect.center().y - 8.0 * theme.scale;
    let number = painter.text(
        egui::pos2(right, first),
        Align2::RIGHT_CENTER,
        cost,
        fonts::strong(ui.ctx(), TextRole::Body, theme),
        if current { theme.text } else { main },
    );
    let weight = if current { fonts::strong(ui.ctx(), TextRole::Body, theme) } else { theme.font(TextRole::Body) };
    let label = cut(ui, &station.label, &weight, main, number.left() - left - 8.0);
    painter.galley(egui::pos2(left, first - label.size().y / 2.0), label, main);
    let font = theme.font(TextRole::Small);
    let color = if reached { theme.provenance(&station.provenance) } else { theme.text_muted };
    let word = cut(ui, &station.provenance, &font, color, right - left);
    let after = left + word.size().x + 8.0;
    painter.galley(egui::pos2(left, second - word.size().y / 2.0), word, color);
    if !station.crossing.is_empty() && after < right - 30.0 {
        let color = if reached { theme.alarm } else { theme.text_muted };
        let text = cut(ui, &station.crossing, &font, color, right - after);
        painter.galley(egui::pos2(after, second - text.size().y / 2.0), text, color);
    }
}
