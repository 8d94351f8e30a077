//! Labels: what happens now in the followed column, and what has just happened there. They stand in the column's rail,
//! at the height where it happens, so that they never cover a part, a title, or another column.

use egui::{Align2, Pos2, Rect, pos2};

use super::drawing::{Ink, Shape};
use super::stage::dim;
use super::words::{LINE, Writer};
use crate::app::theme::TextRole;
use crate::costs::Primitive;
use crate::trace::{Crossing, Hop, What};

/// A label that wants a place in a rail.
#[derive(Clone, Debug)]
pub struct Label {
    /// The point that it speaks of.
    pub about: Pos2,
    /// What happens.
    pub title: String,
    /// What it costs, and where the number is from.
    pub note: String,
    /// Whether a boundary is crossed.
    pub alarm: bool,
    /// Whether it is what runs now: that has a box.
    pub current: bool,
    /// Whether a line along a seam leads to what it speaks of.
    pub seam: bool,
    /// How bright it is for the chosen viewer.
    pub by: f32,
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
        Crossing::None | Crossing::Device => (what, with_source),
        // What crossed and why is the title; the note says what was paid for it.
        crossing => (crossing.label(), if hop.duration().as_ps() == 0 { what } else { with_source }),
    }
}

/// Places labels in one rail.
pub struct Rail<'a> {
    /// How texts are written.
    pub writer: Writer<'a>,
    /// Where they may stand.
    pub rect: Rect,
    /// The right end of the column, where lines to labels begin.
    pub edge: f32,
    /// The size of a token: lines end before it.
    pub clear: f32,
    /// Stretches that are taken, from top to bottom.
    pub taken: Vec<(f32, f32)>,
}

impl Rail<'_> {
    /// Draws labels, the first of them first: it has the best place. Those that find none are left out.
    pub fn draw(mut self, labels: &[Label], out: &mut Vec<Shape>) {
        for label in labels {
            let from = out.len();
            self.label(label, out);
            dim(&mut out[from..], label.by);
        }
    }

    fn label(&mut self, label: &Label, out: &mut Vec<Shape>) {
        let (Some(size), Some(small)) = (
            self.writer.size(TextRole::Note, self.rect.height()),
            self.writer.size(TextRole::Small, self.rect.height()),
        ) else {
            return;
        };
        let pad = size * 0.5;
        let room = self.rect.width() - 2.0 * pad;
        let strong = label.current;
        let lines = self.lines(&label.title, (size, strong), room);
        let note = self.writer.metrics.fit(&label.note, small, false, room);
        if lines.is_empty() {
            return;
        }
        let height = (lines.len() as f32 * size + note.as_ref().map_or(0.0, |_| small)) * LINE + pad;
        let Some(top) = self.free(label.about.y - height / 2.0, height) else { return };
        self.taken.push((top, top + height));
        let rect = Rect::from_min_max(pos2(self.rect.left(), top), pos2(self.rect.right(), top + height));
        let line = if label.alarm { Ink::Alarm } else { Ink::Outline };
        self.leader(label, rect, line, out);
        if label.current {
            let fill = if label.alarm { Ink::AlarmFill } else { Ink::LabelFill };
            let line = if label.alarm { Ink::Alarm.solid() } else { Ink::Muted.faint(0.7) };
            out.push(Shape::Rect { rect, radius: 4.0, fill: Some(fill.solid()), line: Some((1.2, line)) });
        }
        let ink = match (label.alarm, label.current) {
            (true, true) => Ink::Alarm.solid(),
            (_, true) => Ink::Text.solid(),
            _ => Ink::Body.faint(0.8),
        };
        let mut y = top + pad / 2.0;
        for text in &lines {
            let at = (rect.left() + pad, y + size * LINE / 2.0);
            out.extend(self.writer.line(text, at, Align2::LEFT_CENTER, (size, strong), room, ink));
            y += size * LINE;
        }
        if let Some(note) = note {
            let at = (rect.left() + pad, y + small * LINE / 2.0);
            out.extend(self.writer.line(&note, at, Align2::LEFT_CENTER, (small, false), room, Ink::Muted.solid()));
        }
    }

    /// A line from what a label speaks of: along the seam to the column's edge, else a tick at the edge.
    fn leader(&self, label: &Label, rect: Rect, line: Ink, out: &mut Vec<Shape>) {
        let inside = label.about.y >= self.rect.top() && label.about.y <= self.rect.bottom();
        if !inside {
            return;
        }
        let y = label.about.y;
        let to = pos2(rect.left(), y.clamp(rect.top() + 3.0, rect.bottom() - 3.0));
        let middle = (self.edge + rect.left()) / 2.0;
        let from = if label.seam && label.current { label.about.x + self.clear } else { self.edge + 1.0 };
        if from >= middle {
            return;
        }
        let alpha = if label.current { 0.9 } else { 0.5 };
        let points = vec![pos2(from, y), pos2(middle, y), pos2(middle, to.y), to];
        out.push(Shape::Line { points, line: (1.2, line.faint(alpha)) });
    }

    /// A title in one line, or in two, cut between words.
    fn lines(&self, title: &str, (size, strong): (f32, bool), room: f32) -> Vec<String> {
        let fits = |text: &str| self.writer.metrics.width(text, size, strong) <= room;
        if fits(title) {
            return vec![title.to_owned()];
        }
        let cuts = title.match_indices(' ').map(|(at, _)| (&title[..at], title[at..].trim_start()));
        let both = cuts.clone().rfind(|(a, b)| fits(a) && fits(b));
        if let Some((first, second)) = both {
            return vec![first.to_owned(), second.to_owned()];
        }
        self.writer.metrics.fit(title, size, strong, room).into_iter().collect()
    }

    /// The nearest free stretch of this height to where a label wants to be.
    fn free(&self, wanted: f32, height: f32) -> Option<f32> {
        let (low, high) = (self.rect.top(), self.rect.bottom() - height);
        if high < low {
            return None;
        }
        let gap = 3.0;
        let edges = self.taken.iter().flat_map(|&(top, bottom)| [top - height - gap, bottom + gap]);
        let candidates = std::iter::once(wanted.clamp(low, high)).chain(edges).filter(|y| (low..=high).contains(y));
        let free = candidates.filter(|y| self.taken.iter().all(|&(a, b)| *y + height <= a || *y >= b));
        free.min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()))
    }
}
