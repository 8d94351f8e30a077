//! The big picture for a room: text that can be read from the last row, one key on and one back, and nothing on the
//! screen that is not needed.

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Color32, Context, Id, LayerId, Order, Pos2, Shape, Stroke};

use super::shell::Shell;
use super::theme::Theme;

/// How a room is shown the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presenting {
    /// The screen is dark: all eyes on the speaker.
    pub blank: bool,
    /// A bright spot follows the pointer.
    pub spotlight: bool,
}

impl Presenting {
    /// How much larger text is: running text is a fortieth of the screen's height.
    pub const TEXT: f32 = 1.8;
    /// The share of the width that what is said takes.
    pub const SAID: f32 = 0.36;
    /// How much of that the picture's own words get: its boxes are as large as ever.
    pub const PICTURE: f32 = 0.72;
}

impl Shell {
    /// One thing on, or one back: a clicker has two keys. On plays the scene, and once it plays or has been played
    /// goes to the next; back goes to the scene's beginning, and from there to the one before.
    pub(super) fn onward(&mut self, by: i32) {
        if let Some(presenting) = self.presenting.as_mut().filter(|presenting| presenting.blank) {
            presenting.blank = false;
            return;
        }
        let scene = self.walk.scene();
        let begun = self.scene_plays().is_some_and(|played| self.playback.time() > played.from);
        match by > 0 {
            true if self.playback.playing() || self.scene_played() => self.go_to_scene(scene + 1),
            true => {
                if let Some(recording) = &self.session.recording {
                    self.playback.play(&recording.moments);
                }
            }
            false if begun || self.playback.playing() => self.replay_scene(),
            false => self.go_to_scene(scene.saturating_sub(1)),
        }
    }
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
