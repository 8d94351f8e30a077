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
    /// Its place among its operation's hops, from 1: the order in time, whichever way the labels stand.
    pub number: usize,
    /// What happens.
    pub title: String,
    /// What it costs, and where the number is from: the first that fits is written.
    pub notes: Vec<String>,
    /// Whether a boundary is crossed.
    pub alarm: bool,
    /// Whether it is what runs now: that has a box.
    pub current: bool,
    /// Whether a line along a seam leads to what it speaks of.
    pub seam: bool,
    /// What there is to know of it.
    pub more: String,
    /// How bright it is for the chosen viewer.
    pub by: f32,
}

/// What a label says of a hop, and what of its cost, from most to least; `crossing` while it crosses a boundary.
pub fn words(hop: &Hop, crossing: bool, provenance: &dyn Fn(Primitive) -> &'static str) -> (String, Vec<String>) {
    let cost = hop.duration().to_string();
    let (what, source) = match hop.what {
        What::Pay(primitive) if hop.count > 1 => {
            (format!("{} × {}", hop.count, hop.what.label()), Some(provenance(primitive)))
        }
        What::Pay(primitive) => (hop.what.label().to_owned(), Some(provenance(primitive))),
        What::UserCode | What::Return | What::Wait(_) => (hop.what.label().to_owned(), None),
    };
    let with_source = source.map_or(cost.clone(), |word| format!("{cost} · {word}"));
    match hop.crossing {
        _ if !crossing => (what, vec![with_source]),
        Crossing::None | Crossing::Device => (what, vec![with_source]),
        crossing if hop.duration().as_ps() == 0 => (crossing.label(), vec![what, PAID.to_owned()]),
        // What crossed and why is the title; the note says what was paid for it, under the name that it has in the
        // inspector.
        crossing => {
            (crossing.label(), vec![format!("{what} · {with_source}"), format!("{what} · {cost}"), with_source])
        }
    }
}

/// Of a way back whose cost is counted with the way in.
const PAID: &str = "paid on the way in";

/// A label's lines.
struct Set {
    size: f32,
    small: f32,
    pad: f32,
    number: String,
    indent: f32,
    room: f32,
    lines: Vec<String>,
    note: Option<String>,
    height: f32,
}

/// Between two labels.
const GAP: f32 = 3.0;

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
    /// Draws labels, the current one first: it stands where it happens, as near as those before it leave room above it;
    /// they stand above each other in the order of time. The oldest that find no room are left out. Gives where they stand,
    /// and what there is to know of them.
    pub fn draw(mut self, labels: &[Label], out: &mut Vec<Shape>) -> Vec<(Rect, String)> {
        let set: Vec<(&Label, Set)> = labels.iter().filter_map(|label| Some((label, self.set(label)?))).collect();
        let above: f32 = set.iter().skip(1).map(|(_, set)| set.height + GAP).sum();
        let (mut below, mut told) = (self.rect.bottom(), Vec::new());
        for (i, (label, set)) in set.iter().enumerate() {
            let wanted = match i {
                0 => (label.about.y - set.height / 2.0).max(self.rect.top() + above),
                _ => below - set.height,
            };
            // Without a place for one, none is left for what was before it: the numbers stay in a row.
            let Some(top) = self.free(wanted, set.height, below) else { break };
            self.taken.push((top, top + set.height));
            below = top - GAP;
            let from = out.len();
            let rect = Rect::from_min_max(pos2(self.rect.left(), top), pos2(self.rect.right(), top + set.height));
            self.label((*label, set), rect, out);
            dim(&mut out[from..], label.by);
            told.push((rect, label.more.clone()));
        }
        told
    }

    /// A label's lines, and how much room they take; `None` where there is none for letters.
    fn set(&self, label: &Label) -> Option<Set> {
        let size = self.writer.size(TextRole::Note, self.rect.height())?;
        let small = self.writer.size(TextRole::Small, self.rect.height())?;
        let pad = size * 0.5;
        let number = label.number.to_string();
        let indent = self.writer.metrics.width(&number, small, false) + pad * 0.8;
        let room = self.rect.width() - 2.0 * pad - indent;
        let lines = self.lines(&label.title, (size, label.current), room);
        let fits = |note: &&String| self.writer.metrics.width(note, small, false) <= room;
        let note = label.notes.iter().find(fits).or(label.notes.last());
        let note = note.and_then(|note| self.writer.metrics.fit(note, small, false, room));
        let height = (lines.len() as f32 * size + note.as_ref().map_or(0.0, |_| small)) * LINE + pad;
        (!lines.is_empty()).then_some(Set { size, small, pad, number, indent, room, lines, note, height })
    }

    fn label(&self, (label, set): (&Label, &Set), rect: Rect, out: &mut Vec<Shape>) {
        let &Set { size, small, pad, indent, room, .. } = set;
        let line = if label.alarm { Ink::Alarm } else { Ink::Outline };
        if label.current {
            self.leader(label, rect, line, out);
            let fill = if label.alarm { Ink::AlarmFill } else { Ink::LabelFill };
            let line = if label.alarm { Ink::Alarm.solid() } else { Ink::Muted.faint(0.7) };
            out.push(Shape::Rect { rect, radius: 4.0, fill: Some(fill.solid()), line: Some((1.2, line)) });
        }
        let ink = match (label.alarm, label.current) {
            (true, true) => Ink::Alarm.solid(),
            (_, true) => Ink::Text.solid(),
            _ => Ink::Body.faint(0.8),
        };
        let muted = Ink::Muted.solid();
        let mut y = rect.top() + pad / 2.0;
        let at = (rect.left() + pad, y + size * LINE / 2.0);
        out.extend(self.writer.line(&set.number, at, Align2::LEFT_CENTER, (small, false), indent, muted));
        for text in &set.lines {
            let at = (rect.left() + pad + indent, y + size * LINE / 2.0);
            out.extend(self.writer.line(text, at, Align2::LEFT_CENTER, (size, label.current), room, ink));
            y += size * LINE;
        }
        if let Some(note) = &set.note {
            let at = (rect.left() + pad + indent, y + small * LINE / 2.0);
            out.extend(self.writer.line(note, at, Align2::LEFT_CENTER, (small, false), room, muted));
        }
    }

    /// A line from what the current label speaks of: along the seam to the column's edge, else a tick at the edge.
    fn leader(&self, label: &Label, rect: Rect, line: Ink, out: &mut Vec<Shape>) {
        let inside = label.about.y >= self.rect.top() && label.about.y <= self.rect.bottom();
        if !inside {
            return;
        }
        let y = label.about.y;
        let to = pos2(rect.left(), y.clamp(rect.top() + 3.0, rect.bottom() - 3.0));
        let middle = (self.edge + rect.left()) / 2.0;
        let from = if label.seam { label.about.x + self.clear } else { self.edge + 1.0 };
        if from >= middle {
            return;
        }
        let points = vec![pos2(from, y), pos2(middle, y), pos2(middle, to.y), to];
        out.push(Shape::Line { points, line: (1.2, line.faint(0.9)) });
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

    /// The nearest free stretch of this height to where a label wants to be, that ends above `below`.
    fn free(&self, wanted: f32, height: f32, below: f32) -> Option<f32> {
        let (low, high) = (self.rect.top(), below.min(self.rect.bottom()) - height);
        if high < low {
            return None;
        }
        let edges = self.taken.iter().flat_map(|&(top, bottom)| [top - height - GAP, bottom + GAP]);
        let candidates = std::iter::once(wanted.clamp(low, high)).chain(edges).filter(|y| (low..=high).contains(y));
        let free = candidates.filter(|y| self.taken.iter().all(|&(a, b)| *y + height <= a || *y >= b));
        free.min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()))
    }
}
