//! Knobs: a number of the scenario as a slider, what it comes to before and after, and a small plot of all its stops.

use egui::{Pos2, Rect, Sense, Stroke, Ui, Vec2};

use super::widgets::{body, card, heading_ui, note};
use crate::app::command::Command;
use crate::app::keyboard::{self, Keeps};
use crate::app::knobs::{At, Knobs};
use crate::app::recording::Recording;
use crate::app::theme::{TextRole, Theme};
use crate::scenario::{Knob, KnobPlace, Stops, Value};

/// What the panel shows of a step's knobs.
#[derive(Clone, Copy, Debug)]
pub struct Turning<'a> {
    /// The run that is shown.
    pub run: &'a Recording,
    /// What was turned, and what comes at its stops.
    pub knobs: &'a Knobs,
    /// Whether a run is under way.
    pub running: bool,
}

/// Draws the knobs of a step, or of the page at the end, each in a card. `say` draws Markdown.
pub fn knobs_ui(
    ui: &mut Ui,
    turning: Turning<'_>,
    scene: usize,
    theme: &Theme,
    out: &mut Vec<Command>,
    say: &mut dyn FnMut(&mut Ui, &str, &mut Vec<Command>),
) {
    for (index, knob) in turning.run.knobs(scene).iter().enumerate() {
        ui.add_space(12.0);
        // Whatever comes and goes around it, a knob is the same widget: it keeps the focus while it is turned.
        let builder = egui::UiBuilder::new().id(egui::Id::new(("knob", scene, index)));
        ui.scope_builder(builder, |ui| {
            card(theme, theme.outline).show(ui, |ui| {
                ui.set_width(ui.available_width());
                heading_ui(ui, &format!("A change to try: {}", knob.name), theme);
                if let Some(text) = &knob.say {
                    say(ui, text, out);
                }
                ui.add_space(4.0);
                knob_ui(ui, turning, knob, KnobPlace { scene, knob: index }, theme, out);
            });
        });
    }
}

fn knob_ui(ui: &mut Ui, turning: Turning<'_>, knob: &Knob, place: KnobPlace, theme: &Theme, out: &mut Vec<Command>) {
    let stops = knob.stops(turning.run.as_written().1);
    let wanted = turning.knobs.at().filter(|(of, _)| *of == place).map_or(stops.home, |(_, stop)| stop);
    let (Some(setting), Some(home)) = (stops.settings.get(wanted), stops.settings.get(stops.home)) else { return };
    let turned = wanted != stops.home;
    let at = knob.home_is();
    let said = if turned { format!("{setting} ({at} {home})") } else { format!("{setting}, as {at}") };
    ui.label(body(said, theme).color(theme.text));
    slider_ui(ui, knob, &stops, wanted, place, theme, out);
    if let Some((before, now)) = turning.run.shown(place) {
        let here = turning.run.turned.as_ref().is_some_and(|turned| turned.place == place && turned.stop == wanted);
        before_and_after_ui(ui, knob, (home, before), turned.then_some((setting, here.then_some(now))), theme);
    }
    if let Some(values) = turning.knobs.values(place).filter(|values| values.len() == stops.settings.len()) {
        plot_ui(ui, knob, &stops, &values, wanted, theme, place, out);
    }
    if turned {
        let text = body(format!("Back to {home}"), theme).color(theme.accent);
        let back = ui.add(egui::Button::new(text).wrap());
        if back.clicked() {
            out.push(Command::Turn(place, stops.home));
        }
    } else if !turning.running && turning.knobs.values(place).is_none() {
        ui.label(note("Guess first, then turn it: the run is made anew", theme));
    }
}

fn slider_ui(
    ui: &mut Ui,
    knob: &Knob,
    stops: &Stops,
    wanted: usize,
    place: KnobPlace,
    theme: &Theme,
    out: &mut Vec<Command>,
) {
    let last = stops.settings.len().saturating_sub(1);
    let mut at = wanted;
    let small = theme.size(TextRole::Small);
    ui.spacing_mut().slider_width = (ui.available_width() - 12.0).max(60.0);
    let response = ui.add(egui::Slider::new(&mut at, 0..=last).show_value(false));
    keyboard::keep(&response, Keeps::SLIDER);
    stay_in_sight(&response);
    let told = stops.settings.get(wanted).map_or(String::new(), |setting| format!("{}: {setting}", knob.name));
    response.widget_info(|| egui::WidgetInfo::slider(true, wanted as f64, &told));
    if at != wanted {
        out.push(Command::Turn(place, at));
    }
    ui.horizontal(|ui| {
        let end = |setting: &crate::scenario::Setting| note(setting.to_string(), theme).size(small);
        ui.label(end(&stops.settings[0]));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| ui.label(end(&stops.settings[last])));
    });
}

/// What a turn brings may grow above a slider that has the focus: it is scrolled back to, unless somebody scrolls.
fn stay_in_sight(response: &egui::Response) {
    let (id, top) = (response.id.with("top"), response.rect.top());
    let before = response.ctx.data(|data| data.get_temp::<f32>(id));
    response.ctx.data_mut(|data| data.insert_temp(id, top));
    let scrolls = response.ctx.input(|input| input.smooth_scroll_delta != Vec2::ZERO);
    if response.has_focus() && !scrolls && before.is_some_and(|before| before != top) {
        response.scroll_to_me(None);
    }
}

/// What the file's value comes to, and what the turned one does.
fn before_and_after_ui(
    ui: &mut Ui,
    knob: &Knob,
    (home, before): (&crate::scenario::Setting, Value),
    after: Option<(&crate::scenario::Setting, Option<Value>)>,
    theme: &Theme,
) {
    let what = crate::scenario::capital(&knob.result());
    let mut text = format!("{what}:\n{home} → {before}");
    if let Some((setting, value)) = after {
        let value = value.map_or_else(|| "running …".to_owned(), |value| value.to_string());
        text += &format!("\n{setting} → {value}");
    }
    let said = ui.label(body(text, theme));
    ui.ctx().accesskit_node_builder(said.id, |node| node.set_live(egui::accesskit::Live::Polite));
}

/// What comes at each stop, from zero; the chosen one filled.
#[expect(clippy::too_many_arguments, reason = "one small drawing, called once")]
fn plot_ui(
    ui: &mut Ui,
    knob: &Knob,
    stops: &Stops,
    values: &[At],
    wanted: usize,
    theme: &Theme,
    place: KnobPlace,
    out: &mut Vec<Command>,
) {
    let height = 96.0 * theme.scale;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::click());
    let known = |at: &At| match at {
        At::Known(value) if value.amount.is_finite() => Some(*value),
        _ => None,
    };
    let told = values.iter().zip(&stops.settings).filter_map(|(at, setting)| {
        let value = known(at).map_or_else(|| "not known".to_owned(), |value| value.to_string());
        (*at != At::Unknown).then(|| format!("{setting}: {value}"))
    });
    let told = format!("{}. {}", knob.result(), told.collect::<Vec<_>>().join("; "));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, &told));
    let most = values.iter().filter_map(known).map(|value| value.amount).fold(0.0, f64::max);
    let font = theme.font(TextRole::Small);
    let (line, pad) = (font.size + 4.0, 8.0 * theme.scale);
    let inner = Rect::from_min_max(rect.min + Vec2::new(pad, line + pad), rect.max - Vec2::new(pad, pad));
    let last = values.len().saturating_sub(1).max(1) as f32;
    let point = |i: usize, amount: f64| {
        let share = if most > 0.0 { (amount.max(0.0) / most) as f32 } else { 0.0 };
        Pos2::new(inner.left() + inner.width() * i as f32 / last, inner.bottom() - inner.height() * share)
    };
    let painter = ui.painter();
    painter.hline(inner.x_range(), inner.bottom(), Stroke::new(1.0, theme.outline));
    let points: Vec<(usize, Pos2, Value)> = values
        .iter()
        .enumerate()
        .filter_map(|(i, at)| known(at).map(|value| (i, point(i, value.amount), value)))
        .collect();
    for pair in points.windows(2).filter(|pair| pair[1].0 == pair[0].0 + 1) {
        painter.line_segment([pair[0].1, pair[1].1], Stroke::new(1.5, theme.accent));
    }
    for (i, at, value) in &points {
        let radius = 4.0 * theme.scale;
        let fill = if *i == wanted { theme.accent } else { theme.card };
        painter.circle(*at, radius, fill, Stroke::new(1.5, theme.accent));
        if *i == stops.home {
            painter.circle_stroke(*at, radius + 3.0, Stroke::new(1.0, theme.text_muted));
        }
        if *i == wanted {
            let galley = painter.layout_no_wrap(value.to_string(), font.clone(), theme.text);
            let left =
                (at.x - galley.size().x / 2.0).clamp(rect.left(), (rect.right() - galley.size().x).max(rect.left()));
            painter.galley(Pos2::new(left, rect.top()), galley, theme.text);
        }
    }
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.clicked()) {
        let share = ((pointer.x - inner.left()) / inner.width().max(1.0)).clamp(0.0, 1.0);
        let stop = (share * last).round() as usize;
        if stop != wanted && stop < values.len() {
            out.push(Command::Turn(place, stop));
        }
    }
    let near =
        |pointer: Pos2| points.iter().min_by(|a, b| (a.1.x - pointer.x).abs().total_cmp(&(b.1.x - pointer.x).abs()));
    let nearest = response.hover_pos().and_then(near);
    if let Some((i, _, value)) = nearest {
        crate::app::hint::say_here(&response.ctx, &format!("{}: {value}", stops.settings[*i]));
    }
}
