//! The strip of a scene: its crossings as the shapes of their tokens, where time stands among them, and the flag at
//! which the scene stops.

use egui::{Align2, Pos2, Rect, RichText, Sense, Stroke, Ui, Vec2};
use egui_phosphor::regular as icon;

use super::widgets::{cut_label, note};
use crate::app::command::{self, Command};
use crate::app::hint;
use crate::app::playback::{Pace, Playback};
use crate::app::scene::paint::Canvas;
use crate::app::scene::{Ink, Shape};
use crate::app::theme::{TextRole, Theme};
use crate::engine::Time;
use crate::pace::Screen;
use crate::scenario::Played;
use crate::trace::{Layer, Token, Trace};

/// A crossing on the strip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Notch {
    /// Where, from 0 at the beginning to 1 at the flag.
    pub at: f32,
    /// Its shape.
    pub token: Token,
    /// Its colour.
    pub layer: Layer,
    /// The simulated time to go to.
    pub time: Time,
}

/// The strip of one scene.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strip {
    /// Its crossings, in order.
    pub notches: Vec<Notch>,
    /// Where time stands; outside of 0 to 1 if elsewhere.
    pub now: f32,
    /// How long the scene is at this pace.
    pub length: Screen,
}

impl Strip {
    /// The strip of a scene that plays; `None` if there is nothing to play.
    pub fn of(trace: &Trace, playback: &Playback, played: Played) -> Option<Strip> {
        let (map, stop) = (playback.map(), playback.stop_at?);
        let from = map.screen_of(played.from);
        let to = stop.screen.unwrap_or_else(|| map.screen_of(stop.time));
        if !played.happens || to <= from {
            return None;
        }
        let proportional = playback.clock.pace == Pace::Proportional;
        let by_screen = |at: Screen| (at.as_secs_f64() - from.as_secs_f64()) / (to - from).as_secs_f64();
        let by_time = |at: Time| {
            let all = (played.until - played.from).as_ps().max(1) as f64;
            (at.as_ps() as f64 - played.from.as_ps() as f64) / all
        };
        let notch = |mark: &crate::pace::Mark| {
            let hop = trace.hops.get(mark.hop.index())?;
            let at = if proportional { by_time(hop.start) } else { by_screen(mark.moved) };
            Some(Notch { at: at as f32, token: hop.token, layer: hop.layer, time: map.at(mark.moved).time })
        };
        let marks = map.marks(from, to).iter().filter(|mark| mark.crosses);
        let now = if proportional { by_time(playback.time()) } else { by_screen(playback.screen()) };
        let per_second = playback.clock.per_second().as_ps().max(1);
        let length = if proportional {
            Screen::from_secs_f64((played.until - played.from).as_ps() as f64 / per_second as f64)
        } else {
            (to - from).div_f64(playback.clock.speed())
        };
        Some(Strip { notches: marks.filter_map(notch).collect(), now: now as f32, length })
    }
}

/// Draws the strip, with what replays the scene before it.
pub fn strip_ui(ui: &mut Ui, strip: &Strip, theme: &Theme, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        // Where there is little room, the signs speak for themselves.
        let few = ui.available_width() < 420.0 * theme.scale;
        let words = if few { "" } else { " Replay scene" };
        let text = RichText::new(format!("{}{words}", icon::ARROW_COUNTER_CLOCKWISE))
            .font(theme.font(TextRole::Note))
            .color(theme.text);
        let help = command::hint(ui.ctx(), &Command::ReplayScene);
        let button = ui.add(egui::Button::new(text));
        hint::say(&button, || help.clone());
        button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, "Replay scene"));
        if button.clicked() {
            out.push(Command::ReplayScene);
        }
        ui.add_space(8.0);
        let flag = note(format!("{} stops here", icon::FLAG), theme);
        let words = if few { 0.0 } else { 76.0 * theme.scale };
        let size = Vec2::new((ui.available_width() - words - 12.0).max(40.0), 18.0 * theme.scale);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        line_ui(ui, rect, strip, theme);
        let passed = strip.notches.iter().filter(|notch| notch.at <= strip.now).count();
        let told =
            format!("Scene: {passed} of {} crossings, {:.0} s in all", strip.notches.len(), strip.length.as_secs_f64());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ProgressIndicator, true, &told));
        if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.clicked()) {
            let share = (pointer.x - rect.left()) / rect.width().max(1.0);
            let near = |a: &&Notch, b: &&Notch| (a.at - share).abs().total_cmp(&(b.at - share).abs());
            out.extend(strip.notches.iter().min_by(near).map(|notch| Command::Seek(notch.time)));
        }
        hint::say(&response, || told.clone());
        if !few {
            ui.add(cut_label(flag));
        }
    });
}

fn line_ui(ui: &Ui, rect: Rect, strip: &Strip, theme: &Theme) {
    let painter = ui.painter();
    let radius = 5.0 * theme.scale;
    let inner = rect.shrink2(Vec2::new(radius + 2.0, 0.0));
    let x = |share: f32| inner.left() + inner.width() * share.clamp(0.0, 1.0);
    let y = rect.center().y;
    painter.hline(inner.x_range(), y, Stroke::new(2.0, theme.outline));
    painter.hline(inner.left()..=x(strip.now), y, Stroke::new(3.0, theme.accent));
    let canvas = Canvas::new(painter, theme, rect);
    let mut last = f32::MIN;
    for notch in &strip.notches {
        let at = x(notch.at);
        // Those that lie too close stand for one another.
        if at - last < radius * 1.6 {
            continue;
        }
        last = at;
        let past = notch.at <= strip.now + 1e-4;
        let paint = Ink::Layer(notch.layer).faint(if past { 1.0 } else { 0.4 });
        let center = Pos2::new(at, y) - rect.min.to_vec2();
        canvas.shape(&Shape::Token { center, radius, token: notch.token, paint, outlined: past, mark: String::new() });
    }
    let (pole, top) = (rect.right() - 2.0, rect.top());
    painter.vline(pole, rect.y_range(), Stroke::new(1.5, theme.text));
    let font = egui::FontId::proportional(12.0 * theme.scale);
    painter.text(Pos2::new(pole, top), Align2::RIGHT_TOP, icon::FLAG, font, theme.text);
}
