//! Labels beside tokens: what crossed a boundary, why, what it cost, and where that number is from. A label goes
//! where it covers least; where it would cover another, it is left out.

use egui::{Align2, Pos2, Rect, Vec2, vec2};

use super::drawing::{Ink, Shape};
use super::words::{LINE, Writer};
use crate::app::theme::TextRole;
use crate::costs::Primitive;
use crate::trace::{Crossing, Hop, What};

/// A label that wants a place.
#[derive(Clone, Debug)]
pub struct Label {
    /// The point that it speaks of.
    pub about: Pos2,
    /// Where it belongs: the column that it speaks of.
    pub home: Rect,
    /// How far it must stay away from that.
    pub clear: f32,
    /// What happens.
    pub title: String,
    /// What it costs, and where the number is from.
    pub note: String,
    /// Whether a boundary is crossed.
    pub alarm: bool,
}

/// What a label says of a hop; `crossing` while it crosses a boundary.
pub fn words(hop: &Hop, crossing: bool, provenance: &dyn Fn(Primitive) -> &'static str) -> (String, String) {
    let cost = hop.duration().to_string();
    let (what, source) = match hop.what {
        What::Pay(primitive) if hop.count > 1 => {
            (format!("{} × {}", hop.count, primitive.label()), Some(provenance(primitive)))
        }
        What::Pay(primitive) => (primitive.label().to_owned(), Some(provenance(primitive))),
        What::UserCode | What::Return | What::Wait(_) => (hop.what.label().to_owned(), None),
    };
    let with_source = source.map_or(cost.clone(), |word| format!("{cost} · {word}"));
    match hop.crossing {
        _ if !crossing => (what, with_source),
        Crossing::None => (what, with_source),
        // What crossed and why is the title; the note says what was paid for it.
        crossing => (crossing.label(), if hop.duration().as_ps() == 0 { what } else { with_source }),
    }
}

/// Finds places for labels.
pub struct Placer<'a> {
    writer: Writer<'a>,
    canvas: Rect,
    /// The most that a line may be high, so that labels are not bigger than what they speak of.
    line: f32,
    /// Tokens and labels, which must not be covered.
    taken: Vec<Rect>,
    /// Names, numbers and gauges, which must not be covered either.
    words: Vec<Rect>,
    /// Parts and programs, which are covered only where there is no free place nearby.
    boxes: Vec<Rect>,
}

impl<'a> Placer<'a> {
    /// A placer for a canvas with texts and boxes on it.
    pub fn new(writer: Writer<'a>, canvas: Rect, line: f32, words: Vec<Rect>, boxes: Vec<Rect>) -> Placer<'a> {
        Placer { writer, canvas, line, taken: Vec::new(), words, boxes }
    }

    /// Keeps labels away from a box.
    pub fn keep_clear(&mut self, rect: Rect) {
        self.taken.push(rect);
    }

    /// Draws a label in the best place, if there is a good one. A label that `must` be seen takes the best there is.
    pub fn place(&mut self, label: &Label, must: bool, out: &mut Vec<Shape>) {
        let (Some(size), Some(small)) =
            (self.writer.size(TextRole::Note, self.line), self.writer.size(TextRole::Small, self.line))
        else {
            return;
        };
        let metrics = self.writer.metrics;
        let width = metrics.width(&label.title, size, label.alarm).max(metrics.width(&label.note, small, false));
        let extent = vec2(width + 20.0, (size + small) * LINE + 10.0);
        let candidates = candidates(label.about, extent, label.clear, if label.alarm { 8 } else { 5 });
        let inside = candidates.into_iter().map(|rect| within(rect, self.canvas.shrink(4.0)));
        let best =
            inside.enumerate().map(|(i, rect)| (self.cost(rect, label, i), rect)).min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((cost, rect)) = best else { return };
        if cost >= COVERS && !must {
            return;
        }
        self.taken.push(rect);
        self.draw(label, rect, (size, small), out);
    }

    fn cost(&self, rect: Rect, label: &Label, order: usize) -> f32 {
        let overlap = |other: &Rect| {
            let common = rect.intersect(*other);
            if common.is_positive() { common.width() * common.height() } else { 0.0 }
        };
        let about = Rect::from_center_size(label.about, Vec2::splat(label.clear));
        let tokens: f32 = self.taken.iter().map(overlap).sum::<f32>() + overlap(&about);
        let words: f32 = self.words.iter().map(overlap).sum();
        let hard = if tokens > 0.0 || words > 0.0 { COVERS + 3.0 * tokens + words } else { 0.0 };
        let boxes: f32 = self.boxes.iter().map(overlap).filter(|&area| area > 0.0).map(|area| 20.0 + 0.03 * area).sum();
        let abroad = if label.home.contains_rect(rect) { 0.0 } else { 30.0 };
        hard + boxes + abroad + order as f32
    }

    fn draw(&self, label: &Label, rect: Rect, (size, small): (f32, f32), out: &mut Vec<Shape>) {
        let (fill, line, title) = if label.alarm {
            (Ink::AlarmFill, Ink::Alarm.solid(), Ink::Alarm)
        } else {
            (Ink::LabelFill, Ink::Outline.solid(), Ink::Text)
        };
        // A label that found no place nearby says by a line what it speaks of.
        let nearest = rect.clamp(label.about);
        let gap = nearest - label.about;
        if gap.length() > label.clear + 40.0 {
            let from = label.about + gap.normalized() * label.clear * 0.5;
            out.push(Shape::Line { points: vec![from, nearest], line: (1.0, line) });
        }
        out.push(Shape::Rect { rect, radius: 5.0, fill: Some(fill.faint(0.96)), line: Some((1.0, line)) });
        let room = rect.width() - 18.0;
        let x = rect.left() + 10.0;
        let first = rect.top() + 5.0 + size * LINE / 2.0;
        let second = rect.bottom() - 5.0 - small * LINE / 2.0;
        let strong = label.alarm;
        out.extend(self.writer.line(
            &label.title,
            (x, first),
            Align2::LEFT_CENTER,
            (size, strong),
            room,
            title.solid(),
        ));
        out.extend(self.writer.line(
            &label.note,
            (x, second),
            Align2::LEFT_CENTER,
            (small, false),
            room,
            Ink::Body.solid(),
        ));
    }
}

/// A cost above which a label covers what it must not.
const COVERS: f32 = 1e6;

/// Places around a point, the preferred first.
fn candidates(about: Pos2, extent: Vec2, clear: f32, rounds: usize) -> Vec<Rect> {
    let mut rects = Vec::with_capacity(64);
    for further in [0.0, 14.0, 30.0, 52.0, 80.0, 120.0, 170.0, 230.0].into_iter().take(rounds) {
        let distance = clear + further;
        let (dx, dy) = (extent.x / 2.0 + distance, extent.y / 2.0 + distance);
        let side = [
            vec2(dx, 0.0),
            vec2(-dx, 0.0),
            vec2(dx, -dy * 0.8),
            vec2(dx, dy * 0.8),
            vec2(-dx, -dy * 0.8),
            vec2(-dx, dy * 0.8),
            vec2(0.0, -dy),
            vec2(0.0, dy),
            vec2(dx * 0.5, -dy),
            vec2(-dx * 0.5, -dy),
            vec2(dx * 0.5, dy),
            vec2(-dx * 0.5, dy),
        ];
        rects.extend(side.map(|offset| Rect::from_center_size(about + offset, extent)));
    }
    rects
}

/// Moved so that it lies within bounds.
fn within(rect: Rect, bounds: Rect) -> Rect {
    let left = rect.left().min(bounds.right() - rect.width()).max(bounds.left());
    let top = rect.top().min(bounds.bottom() - rect.height()).max(bounds.top());
    Rect::from_min_size(Pos2::new(left, top), rect.size())
}
