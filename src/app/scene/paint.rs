//! Paints a drawing with egui.

use egui::epaint::{Mesh, PathShape, PathStroke};
use egui::{
    Align2, Color32, CornerRadius, FontFamily, FontId, Painter, Pos2, Rect, Stroke, StrokeKind, Vec2, pos2, vec2,
};

use super::drawing::{Drawing, Ink, Paint, Shape};
use crate::app::fonts;
use crate::app::theme::Theme;
use crate::trace::Token;

/// Paints on one canvas.
pub struct Canvas<'a> {
    painter: Painter,
    theme: &'a Theme,
    origin: Vec2,
    strong: FontFamily,
}

impl<'a> Canvas<'a> {
    /// A canvas at `rect`; nothing is painted outside of it.
    pub fn new(painter: &Painter, theme: &'a Theme, rect: Rect) -> Canvas<'a> {
        Canvas {
            painter: painter.with_clip_rect(rect.intersect(painter.clip_rect())),
            theme,
            origin: rect.min.to_vec2(),
            strong: fonts::strong_family_of(painter.ctx()),
        }
    }

    /// Paints everything, from back to front.
    pub fn draw(&self, drawing: &Drawing) {
        let clip = self.painter.clip_rect();
        self.painter.rect_filled(clip, CornerRadius::ZERO, self.theme.background);
        for shape in drawing.shapes() {
            self.shape(shape);
        }
    }

    fn color(&self, paint: Paint) -> Color32 {
        color_of(self.theme, paint)
    }

    fn stroke(&self, (width, paint): (f32, Paint)) -> Stroke {
        Stroke::new(width, self.color(paint))
    }

    /// Paints one primitive.
    pub fn shape(&self, shape: &Shape) {
        match shape {
            Shape::Rect { rect, radius, fill, line } => {
                let stroke = line.map_or(Stroke::NONE, |line| self.stroke(line));
                let fill = fill.map_or(Color32::TRANSPARENT, |fill| self.color(fill));
                let corners = CornerRadius::same(radius.round() as u8);
                self.painter.rect(rect.translate(self.origin), corners, fill, stroke, StrokeKind::Middle);
            }
            Shape::Dashed { rect, line } => {
                let r = rect.translate(self.origin);
                let path = [r.left_top(), r.right_top(), r.right_bottom(), r.left_bottom(), r.left_top()];
                self.painter.extend(egui::Shape::dashed_line(&path, self.stroke(*line), 7.0, 5.0));
            }
            Shape::Line { points, line } => {
                let points = points.iter().map(|&p| p + self.origin).collect();
                self.painter.add(PathShape::line(points, self.stroke(*line)));
            }
            Shape::Ring { center, radius, line } => {
                self.painter.circle_stroke(*center + self.origin, *radius, self.stroke(*line));
            }
            Shape::Chevron { at, along, radius, line } => {
                let (tip, back) = (*at + self.origin, *along * *radius);
                let points = vec![tip - back + back.rot90(), tip + back * 0.2, tip - back - back.rot90()];
                self.painter.add(PathShape::line(points, self.stroke(*line)));
            }
            Shape::Text { text, at, anchor, size, strong, paint, .. } => {
                self.text(text, *at, *anchor, *size, *strong, self.color(*paint));
            }
            Shape::Token { center, radius, token, paint, outlined, mark } => {
                self.token(*center + self.origin, *radius, *token, self.color(*paint), *outlined);
                self.mark(*center, *radius, *token, mark, paint.alpha);
            }
        }
    }

    fn text(&self, text: &str, at: Pos2, anchor: Align2, size: f32, strong: bool, color: Color32) {
        let family = if strong { self.strong.clone() } else { FontFamily::Proportional };
        let galley = self.painter.layout_no_wrap(text.to_owned(), FontId::new(size, family), Color32::PLACEHOLDER);
        let at = anchor.anchor_size(at + self.origin, galley.size()).min;
        self.painter.galley(at, galley, color);
    }

    /// The letter in a token at a point of the canvas; beside it where its shape has no room.
    fn mark(&self, center: Pos2, radius: f32, token: Token, mark: &str, alpha: f32) {
        let size = radius * if mark.chars().count() > 1 { 0.95 } else { 1.35 };
        if mark.is_empty() || size < 5.0 {
            return;
        }
        let dark = if self.theme.dark { self.theme.background } else { self.theme.inside };
        let color = dark.gamma_multiply(alpha.max(0.4));
        let shift = match token {
            Token::SystemCall => vec2(0.0, -0.18),
            Token::Return => vec2(0.0, 0.22),
            Token::Interrupt => vec2(0.85, 0.55),
            _ => Vec2::ZERO,
        };
        let at = center + shift * radius;
        if token == Token::Interrupt {
            let disc = self.theme.token_outline.gamma_multiply(alpha.max(0.4));
            self.painter.circle_filled(at + self.origin, radius * 0.62, disc);
            return self.text(mark, at, Align2::CENTER_CENTER, size * 0.72, true, color);
        }
        let size = if matches!(token, Token::SystemCall | Token::Return) { size * 0.85 } else { size };
        self.text(mark, at, Align2::CENTER_CENTER, size, true, color);
    }

    fn token(&self, center: Pos2, radius: f32, token: Token, color: Color32, outlined: bool) {
        let outline = self.theme.token_outline;
        if !outlined || radius < 3.0 {
            self.painter.add(egui::Shape::mesh(plain(token, center, radius, color)));
            return;
        }
        let stroke = Stroke::new((radius * 0.17).clamp(1.0, 2.0), outline);
        match token {
            Token::Instruction => {
                self.painter.circle(center, radius * 0.8, color, stroke);
            }
            Token::Interrupt => {
                self.painter.add(egui::Shape::mesh(plain(token, center, radius, color)));
                let line: Vec<Pos2> = BOLT.iter().map(|&(x, y)| center + vec2(x, y) * radius).collect();
                self.painter.add(PathShape::closed_line(line, PathStroke::new(stroke.width, outline)));
            }
            _ => {
                let points = corners(token).iter().map(|&(x, y)| center + vec2(x, y) * radius).collect();
                self.painter.add(egui::Shape::convex_polygon(points, color, stroke));
            }
        }
        if token == Token::Packet {
            let flap = [(-1.1, -0.75), (0.0, 0.2), (1.1, -0.75)].map(|(x, y)| center + vec2(x, y) * radius);
            self.painter.add(PathShape::line(flap.to_vec(), stroke));
        }
    }
}

/// The colour that a theme has for a role.
pub fn color_of(theme: &Theme, paint: Paint) -> Color32 {
    let color = match paint.ink {
        Ink::Layer(layer) => theme.layer(layer),
        Ink::Text => theme.text,
        Ink::Body => theme.text_body,
        Ink::Muted => theme.text_muted,
        Ink::Alarm => theme.alarm,
        Ink::AlarmFill => theme.alarm_fill,
        Ink::LabelFill => theme.label_fill,
        Ink::Inside => theme.inside,
        Ink::Background => theme.background,
        Ink::Outline => theme.outline,
        Ink::TokenOutline => theme.token_outline,
        Ink::Accent => theme.accent,
    };
    if paint.alpha >= 1.0 { color } else { theme.faint(color, paint.alpha) }
}

/// The outline of a lightning bolt.
pub const BOLT: [(f32, f32); 6] =
    [(0.25, -1.15), (-0.75, 0.2), (-0.05, 0.2), (-0.3, 1.15), (0.75, -0.25), (0.05, -0.25)];

/// The corners of a token's shape, for a radius of 1, clockwise.
pub fn corners(token: Token) -> &'static [(f32, f32)] {
    match token {
        Token::Instruction => &[
            (0.8, 0.0),
            (0.57, 0.57),
            (0.0, 0.8),
            (-0.57, 0.57),
            (-0.8, 0.0),
            (-0.57, -0.57),
            (0.0, -0.8),
            (0.57, -0.57),
        ],
        Token::SystemCall => &[(-1.05, -0.9), (1.05, -0.9), (0.0, 1.1)],
        Token::Return => &[(0.0, -1.1), (1.05, 0.9), (-1.05, 0.9)],
        Token::PageFault => &[(0.0, -1.2), (1.0, 0.0), (0.0, 1.2), (-1.0, 0.0)],
        Token::IoRequest => &[(1.15, 0.0), (0.57, 1.0), (-0.57, 1.0), (-1.15, 0.0), (-0.57, -1.0), (0.57, -1.0)],
        Token::VmExit => &[(-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)],
        Token::Packet => &[(-1.1, -0.75), (1.1, -0.75), (1.1, 0.75), (-1.1, 0.75)],
        Token::Interrupt => &BOLT,
    }
}

/// A token as bare triangles: cheap enough for crowds.
fn plain(token: Token, center: Pos2, radius: f32, color: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    for &(x, y) in corners(token) {
        mesh.colored_vertex(pos2(center.x + x * radius, center.y + y * radius), color);
    }
    if token == Token::Interrupt {
        // The bolt is two triangles and a piece between them.
        for [a, b, c] in [[0, 1, 5], [1, 2, 5], [2, 4, 5], [2, 3, 4]] {
            mesh.add_triangle(a, b, c);
        }
    } else {
        for i in 1..corners(token).len() as u32 - 1 {
            mesh.add_triangle(0, i, i + 1);
        }
    }
    mesh
}
