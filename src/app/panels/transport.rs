//! Play, pause, step; what a step is; how fast time goes; where it stands.

use egui::{Align, DragValue, Layout, RichText, Slider, Ui};
use egui_phosphor::regular as icon;

use super::strip::{Strip, strip_ui};
use super::widgets::{at_right_ui, body, choice_ui, cut_label, icon_button_ui, menu_ui, note, segments_ui};
use crate::app::command::{self, Below, Command};
use crate::app::fonts;
use crate::app::hint;
use crate::app::keyboard;
use crate::app::lanes::tick_label;
use crate::app::overlay;
use crate::app::playback::{Clock, Pace, Playback, Step, StepKind, speed_label};
use crate::app::theme::{TextRole, Theme};
use crate::engine::Time;

/// What the transport shows.
#[derive(Clone, Copy)]
pub struct Transport<'a> {
    /// Time and how it moves.
    pub playback: &'a Playback,
    /// When the run ends.
    pub end: Time,
    /// "1204 events · seed 7 · trace 9f3c".
    pub summary: &'a str,
    /// The crossings of the scene, where there is one.
    pub strip: Option<&'a Strip>,
    /// What is shown below: where there is no room for a row of its own, it is chosen here.
    pub below: Below,
}

/// Whether there is so little room that what is seldom needed stands in a menu.
pub fn tight(ui: &Ui, theme: &Theme) -> bool {
    let room = ui.available_size() / theme.scale;
    room.y < 190.0 && room.x < 620.0
}

/// Draws the transport: one row, or two where it is narrow.
pub fn transport_ui(ui: &mut Ui, transport: Transport<'_>, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    if tight(ui, theme) {
        tight_ui(ui, transport, theme, &mut out);
        return out;
    }
    // Where little height is left for the lanes, everything stands in one row.
    if ui.available_height() < 190.0 * theme.scale && ui.available_width() > 620.0 * theme.scale {
        ui.horizontal(|ui| {
            ui.spacing_mut().button_padding.x = 6.0;
            buttons_ui(ui, transport.playback, theme, &mut out);
            ui.add_space(4.0);
            time_ui(ui, transport, false, theme);
            at_right_ui(ui, "steps and speed", |ui| {
                step_count_ui(ui, &transport.playback.step, &mut out);
                step_kind_ui(ui, &transport.playback.step, theme, &mut out);
                ui.add_space(4.0);
                pace_ui(ui, &transport.playback.clock, theme, &mut out);
            });
        });
        scene_strip_ui(ui, transport, theme, &mut out);
        return out;
    }
    // And where the width is little, two rows of the same.
    if ui.available_width() < 680.0 * theme.scale {
        ui.horizontal(|ui| {
            ui.spacing_mut().button_padding.x = 6.0;
            buttons_ui(ui, transport.playback, theme, &mut out);
            time_ui(ui, transport, false, theme);
        });
        ui.horizontal_wrapped(|ui| {
            step_count_ui(ui, &transport.playback.step, &mut out);
            step_kind_ui(ui, &transport.playback.step, theme, &mut out);
            pace_ui(ui, &transport.playback.clock, theme, &mut out);
        });
        scene_strip_ui(ui, transport, theme, &mut out);
        return out;
    }
    ui.horizontal(|ui| {
        buttons_ui(ui, transport.playback, theme, &mut out);
        ui.add_space(10.0);
        time_ui(ui, transport, true, theme);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(cut_label(note(transport.summary, theme)));
        });
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        step_ui(ui, &transport.playback.step, theme, &mut out);
        ui.add_space(10.0);
        speed_ui(ui, &transport.playback.clock, theme, &mut out);
        folded_ui(ui, transport.playback, theme);
    });
    scene_strip_ui(ui, transport, theme, &mut out);
    out
}

/// One row: play and step, the time, what is below, and a menu of the rest.
fn tight_ui(ui: &mut Ui, transport: Transport<'_>, theme: &Theme, out: &mut Vec<Command>) {
    let low = ui.available_height() < 150.0 * theme.scale;
    ui.horizontal(|ui| {
        ui.spacing_mut().button_padding.x = 6.0;
        ui.spacing_mut().item_spacing.x = 5.0;
        let play = if transport.playback.playing() { icon::PAUSE } else { icon::PLAY };
        icon_button_ui(ui, icon::CARET_LINE_LEFT, Command::StepBack, theme, out);
        icon_button_ui(ui, play, Command::PlayPause, theme, out);
        icon_button_ui(ui, icon::CARET_LINE_RIGHT, Command::StepForward, theme, out);
        time_ui(ui, transport, false, theme);
        at_right_ui(ui, "below and more", |ui| {
            let items = Below::ALL.map(|below| below.label().to_owned());
            let at = Below::ALL.iter().position(|below| *below == transport.below).unwrap_or(0);
            let words = note(transport.below.label(), theme).color(theme.text);
            let picked = choice_ui(ui, "Below the picture", words, 60.0 * theme.scale, &items, at);
            let below = picked.and_then(|at| Below::ALL.get(at)).filter(|below| **below != transport.below);
            out.extend(below.map(|below| Command::ShowBelow(*below)));
            let more = menu_ui(ui, body(icon::DOTS_THREE, theme), |ui| {
                // A choice of its own would take the menu's place.
                let step = &transport.playback.step;
                let at = StepKind::ALL.iter().position(|kind| *kind == step.kind).unwrap_or(0);
                let picked = segments_ui(ui, &StepKind::ALL.map(StepKind::label), at, theme);
                if picked.is_some() {
                    ui.close();
                }
                out.extend(picked.and_then(|at| StepKind::ALL.get(at)).map(|kind| Command::StepBy(*kind)));
                ui.horizontal(|ui| {
                    step_count_ui(ui, step, out);
                    step_time_ui(ui, step, out);
                });
                ui.horizontal(|ui| pace_ui(ui, &transport.playback.clock, theme, out));
                for command in [Command::Start, Command::End, Command::ReplayScene] {
                    let item = ui.button(command::hint(ui.ctx(), &command));
                    overlay::item(&item, false);
                    if item.clicked() {
                        out.push(command);
                        ui.close();
                    }
                }
            });
            let name = "Steps, speed, start and end";
            more.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, name));
            hint::say(&more, || name.to_owned());
        });
    });
    if !low {
        scene_strip_ui(ui, transport, theme, out);
    }
}

fn scene_strip_ui(ui: &mut Ui, transport: Transport<'_>, theme: &Theme, out: &mut Vec<Command>) {
    if let Some(strip) = transport.strip {
        strip_ui(ui, strip, theme, out);
    }
}

fn buttons_ui(ui: &mut Ui, playback: &Playback, theme: &Theme, out: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.x = 5.0;
    let play = if playback.playing() { icon::PAUSE } else { icon::PLAY };
    icon_button_ui(ui, icon::SKIP_BACK, Command::Start, theme, out);
    icon_button_ui(ui, icon::CARET_LINE_LEFT, Command::StepBack, theme, out);
    icon_button_ui(ui, play, Command::PlayPause, theme, out);
    icon_button_ui(ui, icon::CARET_LINE_RIGHT, Command::StepForward, theme, out);
    icon_button_ui(ui, icon::SKIP_FORWARD, Command::End, theme, out);
}

fn time_ui(ui: &mut Ui, transport: Transport<'_>, whole: bool, theme: &Theme) {
    let time = transport.playback.time();
    let step = match time {
        t if t < Time::us(1) => Time(1),
        t if t < Time::ms(1) => Time::ns(1),
        t if t < Time::s(1) => Time::us(1),
        _ => Time::ms(1),
    };
    let text = format!("t = {}", tick_label(time, step, time));
    let text = RichText::new(text).font(fonts::strong(ui.ctx(), TextRole::Heading, theme)).color(theme.text);
    let label = ui.label(text);
    hint::say(&label, || format!("{time} of {} simulated · {}", transport.end, transport.summary));
    if whole {
        ui.label(note(format!("of {}", transport.end), theme));
    }
}

fn step_ui(ui: &mut Ui, step: &Step, theme: &Theme, out: &mut Vec<Command>) {
    ui.label(note("Step by", theme));
    step_count_ui(ui, step, out);
    step_kind_ui(ui, step, theme, out);
}

fn step_count_ui(ui: &mut Ui, step: &Step, out: &mut Vec<Command>) {
    let mut count = step.count;
    let drag = DragValue::new(&mut count).range(1..=Step::MAX_COUNT).speed(0.1).suffix(" ×");
    let drag = ui.add(drag);
    drag.ctx.accesskit_node_builder(drag.id, |node| node.set_label("Steps at once"));
    hint::say(&drag, || "How many steps at once: drag, or type a number".to_owned());
    if drag.changed() {
        out.push(Command::StepCount(count));
    }
}

fn step_kind_ui(ui: &mut Ui, step: &Step, theme: &Theme, out: &mut Vec<Command>) {
    let items = StepKind::ALL.map(|kind| kind.label().to_owned());
    let at = StepKind::ALL.iter().position(|kind| *kind == step.kind).unwrap_or(0);
    let shown = body(step.kind.label(), theme);
    let picked = choice_ui(ui, "Step by", shown, 118.0 * theme.scale, &items, at);
    out.extend(picked.and_then(|at| StepKind::ALL.get(at)).map(|kind| Command::StepBy(*kind)));
    step_time_ui(ui, step, out);
}

/// How long a step by time is.
fn step_time_ui(ui: &mut Ui, step: &Step, out: &mut Vec<Command>) {
    if step.kind == StepKind::Time {
        let mut ps = step.time.as_ps() as f64;
        let speed = ps * 0.02;
        let slider = DragValue::new(&mut ps)
            .range(1.0..=6e14)
            .speed(speed)
            .custom_formatter(|ps, _| Time(ps as u64).to_string())
            .custom_parser(|text| text.parse::<Time>().ok().map(|time| time.as_ps() as f64));
        let slider = ui.add(slider);
        slider.ctx.accesskit_node_builder(slider.id, |node| node.set_label("Length of a step"));
        hint::say(&slider, || "How much simulated time a step takes: drag, or type a time".to_owned());
        if slider.changed() {
            out.push(Command::StepTime(Time(ps as u64)));
        }
    }
}

/// The pace in little room: a button that changes it, and its speed as a number to drag.
fn pace_ui(ui: &mut Ui, clock: &Clock, theme: &Theme, out: &mut Vec<Command>) {
    let width = ui.fonts_mut(|fonts| {
        let text = clock.label();
        fonts.layout_no_wrap(text, theme.font(TextRole::Note), theme.text_muted).size().x
    });
    let (label, other) = match clock.pace {
        Pace::Paced => ("Paced", Pace::Proportional),
        Pace::Proportional => ("Proportional", Pace::Paced),
    };
    let speed = ui.add_sized(
        [width + 4.0, 20.0 * theme.scale],
        egui::Label::new(note(clock.label(), theme)).sense(egui::Sense::click_and_drag()),
    );
    hint::say(&speed, || "How fast it plays: drag, or the keys + and -".to_owned());
    let speed = speed.on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
    let dragged = f64::from(speed.drag_delta().x);
    if dragged != 0.0 {
        out.push(Command::Faster((dragged * 0.02).exp()));
    }
    let button = ui.button(note(label, theme).color(theme.text));
    hint::say(&button, || command::hint(&button.ctx, &Command::TogglePace));
    if button.clicked() {
        out.push(Command::Pace(other));
    }
}

fn speed_ui(ui: &mut Ui, clock: &Clock, theme: &Theme, out: &mut Vec<Command>) {
    let paces = [Pace::Paced, Pace::Proportional];
    let chosen = paces.iter().position(|pace| *pace == clock.pace).unwrap_or(0);
    if let Some(index) = segments_ui(ui, &["Paced", "Proportional"], chosen, theme) {
        out.push(Command::Pace(paces[index]));
    }
    match clock.pace {
        Pace::Proportional => {
            ui.spacing_mut().slider_width = 130.0 * theme.scale;
            let mut ps = clock.per_second().as_ps() as f64;
            let range = Clock::SLOWEST.as_ps() as f64..=Clock::FASTEST.as_ps() as f64;
            let response = ui.add(Slider::new(&mut ps, range).logarithmic(true).show_value(false));
            keyboard::keep(&response, keyboard::Keeps::SLIDER);
            let name = format!("Speed: {}", clock.label());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Slider, true, &name));
            hint::say(&response, || "Simulated time that a second shows (+ and -)".to_owned());
            if response.changed() {
                out.push(Command::PerSecond(ps));
            }
            ui.label(note(clock.label(), theme));
        }
        Pace::Paced => {
            let labels = Clock::SPEEDS.map(speed_label);
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let chosen = Clock::SPEEDS.iter().position(|speed| *speed == clock.speed()).unwrap_or(2);
            if let Some(index) = segments_ui(ui, &labels, chosen, theme) {
                out.push(Command::Speed(Clock::SPEEDS[index]));
            }
        }
    }
}

/// How much simulated time a second shows where the picture stands: "1 s is 46 µs here".
fn folded_ui(ui: &mut Ui, playback: &Playback, theme: &Theme) {
    if playback.clock.pace == Pace::Paced {
        let per_second = playback.moment(false).per_second.as_ps() as f64 * playback.clock.speed();
        let text = match Time(per_second as u64) {
            Time::ZERO => "simulated time rests here".to_owned(),
            per_second => format!("1 s is {per_second} here"),
        };
        ui.label(note(text, theme));
    }
}
