//! Painting only what changed, for computers that draw without a graphics processor.
//!
//! There each pixel costs time on the same cores that simulate. The window keeps the last picture; egui's list of
//! shapes is compared with the list before, and only the rectangles in which the two differ are painted again.
//!
//! A pixel outside of all damaged rectangles is covered by the same shapes in the same order in both lists, so it
//! has the same colour: shapes are matched in order, and each one that has no match damages what it covers.
//!
//! Left out: shapes of a graphics back end (callbacks), whose pixels can't be known; they count as changed always.

use egui::epaint::ClippedShape;
use egui::{Color32, Pos2, Rect, Shape};

/// So many shapes ahead, a shape of the list before is looked for.
const AHEAD: usize = 96;
/// So many rectangles at most are painted by themselves.
const RECTANGLES: usize = 12;
/// If so much of the window is damaged, all of it is painted.
const ALL: f32 = 0.8;

/// The list of shapes that the window shows now.
#[derive(Default)]
pub struct Damage {
    before: Vec<ClippedShape>,
    window: Option<(Rect, f32)>,
}

/// What has to be painted again.
#[derive(Clone, Debug, PartialEq)]
pub enum Repaint {
    /// The whole window.
    All,
    /// These rectangles, in points, which don't overlap; none if nothing changed.
    Only(Vec<Rect>),
}

impl Damage {
    /// Forgets what the window shows, so that all of it is painted next.
    pub fn forget(&mut self) {
        self.window = None;
    }

    /// What differs from the list given before. `window` in points, with so many pixels a point.
    pub fn of(&mut self, shapes: &[ClippedShape], window: Rect, pixels_per_point: f32) -> Repaint {
        let known = self.window == Some((window, pixels_per_point));
        let damaged = if known { differing(&self.before, shapes) } else { vec![window] };
        self.before.clear();
        self.before.extend_from_slice(shapes);
        self.window = Some((window, pixels_per_point));
        if !known {
            return Repaint::All;
        }
        let mut rectangles: Vec<Rect> = Vec::new();
        for rect in damaged {
            let rect = snapped(rect, pixels_per_point).intersect(window);
            if rect.is_positive() {
                add(&mut rectangles, rect);
            }
        }
        let painted: f32 = rectangles.iter().map(Rect::area).sum();
        if painted > window.area() * ALL { Repaint::All } else { Repaint::Only(rectangles) }
    }
}

/// The shapes that paint `rectangles` anew upon a window that shows the list before: what is behind everything,
/// then each shape that touches them, cut to them.
pub fn within(rectangles: &[Rect], shapes: &[ClippedShape], behind: Color32) -> Vec<ClippedShape> {
    let bounds: Vec<Rect> = shapes.iter().map(covered).collect();
    let mut painted = Vec::new();
    for &rect in rectangles {
        painted.push(ClippedShape { clip_rect: rect, shape: Shape::rect_filled(rect, 0.0, behind) });
        let touching = shapes.iter().zip(&bounds).filter(|(_, bounds)| overlap(bounds, &rect));
        painted.extend(touching.map(|(clipped, _)| ClippedShape {
            clip_rect: clipped.clip_rect.intersect(rect),
            shape: clipped.shape.clone(),
        }));
    }
    painted
}

/// The areas of all shapes that have no match in the other list, matched in order.
fn differing(before: &[ClippedShape], now: &[ClippedShape]) -> Vec<Rect> {
    let mut damaged = Vec::new();
    let mut old = 0;
    for clipped in now {
        let ahead = &before[old..before.len().min(old + AHEAD)];
        match ahead.iter().position(|candidate| same(candidate, clipped)) {
            Some(skipped) => {
                damaged.extend(ahead[..skipped].iter().map(covered));
                old += skipped + 1;
            }
            None => damaged.push(covered(clipped)),
        }
    }
    damaged.extend(before[old..].iter().map(covered));
    damaged
}

fn same(a: &ClippedShape, b: &ClippedShape) -> bool {
    a.clip_rect == b.clip_rect
        && match (&a.shape, &b.shape) {
            (Shape::Callback(_), _) | (_, Shape::Callback(_)) => false,
            // The same galley is laid out once and shared; comparing its glyphs is for two that only look alike.
            (Shape::Text(a), Shape::Text(b)) if std::sync::Arc::ptr_eq(&a.galley, &b.galley) => {
                (a.pos, a.angle, a.underline, a.fallback_color, a.override_text_color, a.opacity_factor)
                    == (b.pos, b.angle, b.underline, b.fallback_color, b.override_text_color, b.opacity_factor)
            }
            (a, b) => a == b,
        }
}

/// What a shape can change: its smoothed edges and the mitres of its sharp corners reach beyond its bounds.
fn covered(clipped: &ClippedShape) -> Rect {
    let bounds = match &clipped.shape {
        Shape::Noop => return Rect::NOTHING,
        shape => shape.visual_bounding_rect(),
    };
    bounds.expand(4.0).intersect(clipped.clip_rect)
}

/// The smallest rectangle of whole pixels around `rect`.
fn snapped(rect: Rect, pixels_per_point: f32) -> Rect {
    let down = |x: f32| (x * pixels_per_point).floor() / pixels_per_point;
    let up = |x: f32| (x * pixels_per_point).ceil() / pixels_per_point;
    Rect::from_min_max(Pos2::new(down(rect.min.x), down(rect.min.y)), Pos2::new(up(rect.max.x), up(rect.max.y)))
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.min.x < b.max.x && b.min.x < a.max.x && a.min.y < b.max.y && b.min.y < a.max.y
}

/// Adds `rect` to rectangles that don't overlap, joined where that costs little or there are too many.
fn add(rectangles: &mut Vec<Rect>, rect: Rect) {
    let mut rect = rect;
    loop {
        let joins = |other: &Rect| {
            overlap(other, &rect) || other.union(rect).area() < (other.area() + rect.area()) * 1.15 + 400.0
        };
        match rectangles.iter().position(joins) {
            Some(at) => rect = rect.union(rectangles.swap_remove(at)),
            None if rectangles.len() >= RECTANGLES => {
                // The pair that wastes least is joined, and the result may overlap others.
                let waste = |other: &Rect| other.union(rect).area() - other.area();
                let nearest =
                    (0..rectangles.len()).min_by(|&a, &b| waste(&rectangles[a]).total_cmp(&waste(&rectangles[b])));
                let Some(at) = nearest else { break };
                rect = rect.union(rectangles.swap_remove(at));
            }
            None => break,
        }
    }
    rectangles.push(rect);
}

#[cfg(test)]
mod tests {
    use egui::{CornerRadius, vec2};
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Rect = Rect { min: Pos2::ZERO, max: Pos2 { x: 64.0, y: 48.0 } };

    fn square(x: f32, y: f32, side: f32, shade: u8) -> ClippedShape {
        let rect = Rect::from_min_size(Pos2::new(x, y), vec2(side, side));
        let color = Color32::from_rgba_premultiplied(shade / 2, shade / 3, shade / 4, 128);
        ClippedShape { clip_rect: WINDOW, shape: Shape::rect_filled(rect, CornerRadius::ZERO, color) }
    }

    /// Paints filled rectangles pixel by pixel, as a graphics driver does: each over what is there.
    fn paint(pixels: &mut [[f32; 4]], shapes: &[ClippedShape]) {
        for clipped in shapes {
            let Shape::Rect(rect) = &clipped.shape else { panic!("only rectangles are painted here") };
            let (area, color) = (rect.rect.intersect(clipped.clip_rect), rect.fill);
            for (i, pixel) in pixels.iter_mut().enumerate() {
                let center = Pos2::new((i % 64) as f32 + 0.5, (i / 64) as f32 + 0.5);
                if area.contains(center) {
                    let over = color.to_array().map(f32::from);
                    for (channel, new) in pixel.iter_mut().zip(over) {
                        *channel = new + *channel * (1.0 - f32::from(color.a()) / 255.0);
                    }
                }
            }
        }
    }

    fn whole(shapes: &[ClippedShape]) -> Vec<[f32; 4]> {
        let mut pixels = vec![[0.0, 0.0, 0.0, 255.0]; 64 * 48];
        paint(&mut pixels, shapes);
        pixels
    }

    fn squares() -> impl Strategy<Value = Vec<ClippedShape>> {
        let one = (0..16_u8, 0..12_u8, 1..4_u8, 0..4_u8);
        let one = one.prop_map(|(x, y, side, shade)| {
            square(f32::from(x) * 4.0, f32::from(y) * 4.0, f32::from(side) * 4.0, 60 * shade)
        });
        proptest::collection::vec(one, 0..24)
    }

    proptest! {
        #[test]
        fn painting_what_changed_gives_the_picture_that_painting_all_gives(
            frames in proptest::collection::vec(squares(), 1..5),
            kept in 0..24_usize,
        ) {
            let mut damage = Damage::default();
            let mut shown = whole(&[]);
            let mut last: Vec<ClippedShape> = Vec::new();
            for frame in frames {
                // Much stays from one frame to the next, as in a window.
                let frame: Vec<ClippedShape> = last.iter().take(kept).cloned().chain(frame).collect();
                match damage.of(&frame, WINDOW, 1.0) {
                    Repaint::All => shown = whole(&frame),
                    Repaint::Only(rectangles) => {
                        for (i, a) in rectangles.iter().enumerate() {
                            prop_assert!(rectangles[i + 1..].iter().all(|b| !overlap(a, b)), "{rectangles:?}");
                        }
                        paint(&mut shown, &within(&rectangles, &frame, Color32::BLACK));
                    }
                }
                prop_assert_eq!(&shown, &whole(&frame));
                last = frame;
            }
        }
    }

    #[test]
    fn nothing_is_painted_where_nothing_changed() {
        let mut damage = Damage::default();
        let shapes = vec![square(0.0, 0.0, 8.0, 90), square(16.0, 0.0, 8.0, 90)];
        assert_eq!(damage.of(&shapes, WINDOW, 1.0), Repaint::All);
        assert_eq!(damage.of(&shapes, WINDOW, 1.0), Repaint::Only(Vec::new()));
        let moved = vec![shapes[0].clone(), square(20.0, 0.0, 8.0, 90)];
        let Repaint::Only(rectangles) = damage.of(&moved, WINDOW, 1.0) else { panic!("one square is not all") };
        assert!(rectangles.iter().all(|rect| rect.min.x > 8.0), "{rectangles:?}");
        assert_eq!(damage.of(&moved, WINDOW, 2.0), Repaint::All, "another resolution");
        damage.forget();
        assert_eq!(damage.of(&moved, WINDOW, 2.0), Repaint::All);
    }
}
