//! From the layout to the canvas: moved and magnified. Boxes grow with the zoom, words and tokens grow less, so that
//! zooming in makes room for more of them.

use egui::{Pos2, Rect, Vec2};

use super::View;

/// How the layout is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Magnification of boxes.
    pub zoom: f32,
    /// Magnification of words.
    pub words: f32,
    /// Magnification of tokens.
    pub tokens: f32,
    /// What can be seen, from (0, 0).
    pub canvas: Rect,
    offset: Vec2,
}

impl Camera {
    /// The least and greatest zoom.
    pub const ZOOM: std::ops::RangeInclusive<f32> = 0.25..=60.0;

    /// The camera of a view on a canvas of this size.
    pub fn new(view: &View, size: Vec2) -> Camera {
        Camera::over(view, size, 1.0)
    }

    /// The camera over a layout on a sheet `magnified` times as large as the canvas.
    pub fn over(view: &View, size: Vec2, magnified: f32) -> Camera {
        let whole = view.zoom.clamp(*Self::ZOOM.start(), *Self::ZOOM.end());
        // The canvas's middle stays in the middle.
        let offset = size / 2.0 * (1.0 - whole) + view.pan;
        let zoom = whole / magnified;
        let canvas = Rect::from_min_size(Pos2::ZERO, size);
        Camera { zoom, words: zoom.powf(0.3).clamp(0.8, 1.7), tokens: zoom.powf(0.5).clamp(0.6, 2.5), canvas, offset }
    }

    /// A point of the layout on the canvas.
    pub fn point(&self, point: Pos2) -> Pos2 {
        (point.to_vec2() * self.zoom + self.offset).to_pos2()
    }

    /// A box of the layout on the canvas.
    pub fn rect(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.point(rect.min), self.point(rect.max))
    }

    /// The layout's point under a point of the canvas.
    pub fn back(&self, point: Pos2) -> Pos2 {
        ((point.to_vec2() - self.offset) / self.zoom).to_pos2()
    }
}

impl View {
    /// Magnifies by `factor`, keeping what is under `at` where it is.
    pub fn zoom_at(&mut self, at: Pos2, size: Vec2, factor: f32) {
        let fixed = Camera::new(self, size).back(at);
        self.zoom = (self.zoom * factor).clamp(*Camera::ZOOM.start(), *Camera::ZOOM.end());
        let moved = Camera::new(self, size).point(fixed);
        self.pan += at - moved;
    }
}
