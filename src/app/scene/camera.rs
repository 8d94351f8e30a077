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
    /// The least and greatest zoom: everything is the least.
    pub const ZOOM: std::ops::RangeInclusive<f32> = 1.0..=60.0;

    /// The camera of a view on a canvas of this size, over a layout that was made for it.
    pub fn new(view: &View, size: Vec2) -> Camera {
        Camera::over(view, size, size)
    }

    /// The camera over a layout on a sheet that may be larger than the canvas. Where the sheet ends, moving ends: there
    /// is nothing to see beyond it.
    pub fn over(view: &View, size: Vec2, sheet: Vec2) -> Camera {
        let whole = view.zoom.clamp(*Self::ZOOM.start(), *Self::ZOOM.end());
        let zoom = whole * size.x / sheet.x.max(1e-3);
        let pan = view.within(size).pan;
        // Without a pan the middle of the sheet is in the middle of the canvas. A sheet that is lower than the canvas
        // magnified is moved over in proportion.
        let spare = size - sheet * zoom;
        let lower = if whole > 1.0 { (-spare.y).max(0.0) / ((whole - 1.0) * size.y).max(1e-3) } else { 0.0 };
        let offset = spare / 2.0 + Vec2::new(pan.x, pan.y * lower);
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
    /// The same, moved no further than to the edge of what is drawn.
    pub fn within(self, size: Vec2) -> View {
        let most = size * (self.zoom - 1.0).max(0.0) / 2.0;
        View { pan: self.pan.clamp(-most, most), ..self }
    }

    /// Magnifies by `factor`, keeping what is under `at` where it is.
    pub fn zoom_at(&mut self, at: Pos2, size: Vec2, factor: f32) {
        let fixed = Camera::new(self, size).back(at);
        self.zoom = (self.zoom * factor).clamp(*Camera::ZOOM.start(), *Camera::ZOOM.end());
        // Where it would be, were it not moved.
        let moved = fixed.to_vec2() * self.zoom + size / 2.0 * (1.0 - self.zoom);
        self.pan = at.to_vec2() - moved;
        *self = self.within(size);
    }
}
