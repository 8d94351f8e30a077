//! The big picture for a room: text that can be read from the last row, and nothing on the screen that is not needed.

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Color32, Context, Id, LayerId, Order, Pos2, Shape, Stroke};

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
