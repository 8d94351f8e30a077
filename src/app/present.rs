//! The big picture for a room: text that can be read from the last row, and nothing on the screen that is not needed.
//! Its keys are told for a moment when it begins; buttons for whoever has only a pointer come while that moves.

use std::time::{Duration, Instant};

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Align2, Area, Color32, Context, Frame, Id, LayerId, Margin, Order, Panel, Pos2, Shape, Stroke, Ui, Vec2};
use egui_phosphor::regular as icon;

use super::command::Command;
use super::panels::widgets::{body, card};
use super::theme::Theme;

/// How a room is shown the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presenting {
    /// The screen is dark: all eyes on the speaker.
    pub blank: bool,
    /// A bright spot follows the pointer.
    pub spotlight: bool,
    /// Since when its keys are told; no longer once one is pressed.
    pub told: Option<Instant>,
}

/// So long the keys are told.
const TOLD: Duration = Duration::from_secs(8);
/// So long the buttons stay after the pointer has moved, in seconds.
const BUTTONS: f32 = 2.5;

impl Presenting {
    /// As it begins: with its keys.
    pub fn new() -> Presenting {
        Presenting { told: Some(Instant::now()), ..Presenting::default() }
    }

    /// When the keys are told no longer.
    pub(super) fn told_until(&self) -> Option<Instant> {
        self.told.map(|since| since + TOLD)
    }

    /// How much larger text is: running text is a fortieth of the screen's height.
    pub const TEXT: f32 = 1.8;
    /// The share of the width that what is said takes.
    pub const SAID: f32 = 0.36;
    /// How much of that the picture's own words get: its boxes are as large as ever.
    pub const PICTURE: f32 = 0.72;
}

/// Tells the keys, at the bottom of the room that there is.
pub(super) fn told_ui(ui: &mut Ui, theme: &Theme) {
    let panel = Panel::bottom("keys of presenting").resizable(false).show_separator_line(false);
    let above = Margin { top: (14.0 * theme.scale) as i8, ..Margin::ZERO };
    panel.frame(Frame::new().inner_margin(above)).show(ui, |ui| {
        card(theme, theme.accent).show(ui, |ui| ui.label(body(KEYS, theme).color(theme.text)));
    });
}

const KEYS: &str = "Page Down goes on · Page Up goes back · B dark screen · R spotlight · F1 keys and words · Escape ends · these go away";

/// Buttons for whoever has only a pointer, while it moves.
pub(super) fn buttons_ui(context: &Context, presenting: Presenting, theme: &Theme) -> Option<Command> {
    let still = context.input(|input| input.pointer.time_since_last_movement());
    if still >= BUTTONS {
        return None;
    }
    context.request_repaint_after(Duration::from_secs_f32(BUTTONS - still + 0.05));
    let mut asked = None;
    let at = Area::new(Id::new("buttons of presenting")).anchor(Align2::RIGHT_BOTTOM, Vec2::new(-24.0, -24.0));
    at.show(context, |ui| {
        card(theme, theme.outline).show(ui, |ui| {
            ui.horizontal(|ui| {
                for (sign, name, command) in [
                    (icon::CARET_LEFT, "Back", Command::Onward(-1)),
                    (icon::CARET_RIGHT, "On", Command::Onward(1)),
                    (icon::FLASHLIGHT, "Spotlight", Command::Spotlight),
                    (icon::MONITOR, "Dark screen", Command::Blank),
                    (icon::QUESTION, "Keys and words", Command::ToggleShortcuts),
                    (icon::X, "End", Command::Present),
                ] {
                    let on = command == Command::Spotlight && presenting.spotlight;
                    let button = ui.add(egui::Button::new(body(sign, theme).color(theme.text)).selected(on));
                    button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, name));
                    if button.clicked() {
                        asked = Some(command);
                    }
                }
            })
        })
    });
    asked
}

/// Darkens everything but a circle around the pointer.
pub(super) fn spotlight_ui(context: &Context, theme: &Theme) {
    let Some(at) = context.input(|input| input.pointer.latest_pos()) else { return };
    let screen = context.content_rect();
    let (inner, outer) = (screen.height() * 0.11, screen.size().length() * 2.0);
    let painter = context.layer_painter(LayerId::new(Order::Tooltip, Id::new("spotlight")));
    painter.add(Shape::mesh(ring(at, inner, outer, Color32::from_black_alpha(150))));
    painter.circle_stroke(at, inner, Stroke::new(3.0, theme.focus));
}

/// A ring of one colour.
fn ring(at: Pos2, inner: f32, outer: f32, color: Color32) -> Mesh {
    const CORNERS: u32 = 96;
    let mut mesh = Mesh::default();
    for i in 0..=CORNERS {
        let direction = egui::Vec2::angled(i as f32 / CORNERS as f32 * std::f32::consts::TAU);
        for radius in [inner, outer] {
            mesh.vertices.push(Vertex { pos: at + direction * radius, uv: WHITE_UV, color });
        }
        if i > 0 {
            let at = 2 * i;
            mesh.indices.extend([at - 2, at - 1, at, at, at - 1, at + 1]);
        }
    }
    mesh
}
