//! Names and notes: fitted into the room they have, shortened or left out, never over each other.

use egui::{Align2, Rect, Vec2, pos2, vec2};

use super::drawing::{Ink, Paint, Shape};
use super::metrics::{Metrics, brief};
use crate::app::theme::{TextRole, Theme};

/// The height of a line of text, times its size.
pub const LINE: f32 = 1.25;
/// A text smaller than this can't be read and is left out.
pub const LEAST: f32 = 9.0;

/// Writes texts.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    /// How wide characters are.
    pub metrics: &'a Metrics,
    /// How big texts are.
    pub theme: &'a Theme,
    /// The camera's magnification of words.
    pub factor: f32,
}

impl Writer<'_> {
    /// The size of a role's text, at most so that a line fits into `height`; `None` if that can't be read.
    pub fn size(&self, role: TextRole, height: f32) -> Option<f32> {
        let size = (self.theme.size(role) * self.factor).min(height / LINE);
        // Half points, so that zooming does not fill the font's texture with sizes.
        let size = (size * 2.0).floor() / 2.0;
        (size >= self.least()).then_some(size)
    }

    /// The least size that can be read.
    pub fn least(&self) -> f32 {
        LEAST * self.theme.scale.min(1.0)
    }

    /// How far texts stay away from the sides of a box.
    pub fn pad(&self, rect: Rect) -> f32 {
        (11.0 * self.theme.scale * self.factor).min(rect.width() * 0.08)
    }

    /// One line, its left or right end or middle at a point, within `room`.
    pub fn line(
        &self,
        text: &str,
        (x, y): (f32, f32),
        anchor: Align2,
        (size, strong): (f32, bool),
        room: f32,
        paint: Paint,
    ) -> Option<Shape> {
        let text = self.metrics.fit(text, size, strong, room)?;
        let extent = vec2(self.metrics.width(&text, size, strong), size * LINE);
        let at = pos2(x, y);
        Some(Shape::Text { text, at, anchor, size, strong, paint, bounds: anchor.anchor_size(at, extent) })
    }

    /// A name, and its note beside it or below it, at the top left of `room`. In a box of little height they are in
    /// its middle.
    pub fn title(&self, name: &str, note: &str, room: Rect, ink: Ink, out: &mut Vec<Shape>) {
        let Some(size) = self.size(TextRole::Body, room.height()) else { return };
        let (name, size) = self.named(name, (size, true), room.width());
        let name = name.as_str();
        let small = self.size(TextRole::Note, room.height());
        let (first, second) = (size * LINE, small.unwrap_or(0.0) * LINE);
        let two = !note.is_empty() && small.is_some() && first + second <= room.height();
        let width = self.metrics.width(name, size, true);
        let gap = size * 0.6;
        // As much of the note as fits beside the name.
        let beside = small.and_then(|small| {
            let fits = |note: &String| width + gap + self.metrics.width(note, small, false) <= room.width();
            shorter(note).into_iter().find(fits)
        });
        let y = room.top() + first / 2.0;
        out.extend(self.line(name, (room.left(), y), Align2::LEFT_CENTER, (size, true), room.width(), ink.solid()));
        let Some(small) = small else { return };
        let note_line = |note: &str, at: (f32, f32), width: f32| {
            self.line(note, at, Align2::LEFT_CENTER, (small, false), width, Ink::Muted.solid())
        };
        if two {
            let fits = |note: &String| self.metrics.width(note, small, false) <= room.width();
            let note = shorter(note).into_iter().find(fits).unwrap_or_else(|| note.to_owned());
            out.extend(note_line(&note, (room.left(), room.top() + first + second / 2.0), room.width()));
        } else if let Some(note) = beside {
            out.extend(note_line(&note, (room.left() + width + gap, y), room.width() - width - gap));
        }
    }

    /// A name as it fits into `room`: a little smaller rather than shortened, then in its short form, then as small
    /// as can be read, then its beginning, rather than not at all.
    pub fn named(&self, name: &str, (size, strong): (f32, bool), room: f32) -> (String, f32) {
        let whole = |name: &str| {
            let wide = self.metrics.width(name, 1.0, strong);
            size.min(((room / wide.max(1e-3)) * 2.0).floor() / 2.0)
        };
        let short = brief(name).unwrap_or_else(|| name.to_owned());
        let tries = [(name, size * 0.8), (short.as_str(), size * 0.7), (name, 0.0), (short.as_str(), 0.0)];
        let fits = |(name, least): &(&str, f32)| whole(name) >= least.max(self.least());
        match tries.into_iter().find(fits) {
            Some((name, _)) => (name.to_owned(), whole(name)),
            None => {
                let least = self.least().min(size);
                let cut = self.metrics.cut(&short, least, strong, room);
                (cut.unwrap_or_else(|| name.to_owned()), least)
            }
        }
    }

    /// A note beside its name on one line if both fit; otherwise the name alone.
    pub fn one_line(&self, name: &str, note: &str, room: Rect, ink: Ink, out: &mut Vec<Shape>) {
        let room = Rect::from_center_size(room.center(), vec2(room.width(), room.height()));
        let Some(size) = self.size(TextRole::Body, room.height()) else { return };
        let line = Rect::from_center_size(room.center(), vec2(room.width(), size * LINE));
        self.title(name, note, line, ink, out);
    }

    /// Whether a name and its whole note stand beside each other in the height of one line.
    pub fn fits_beside(&self, name: &str, note: &str, room: Rect) -> bool {
        let (Some(size), Some(small)) =
            (self.size(TextRole::Body, room.height()), self.size(TextRole::Note, room.height()))
        else {
            return false;
        };
        self.metrics.width(name, size, true) + size * 0.6 + self.metrics.width(note, small, false) <= room.width()
    }

    /// Whether a note fits whole into the height of one line.
    pub fn fits(&self, note: &str, room: Rect) -> bool {
        let size = self.size(TextRole::Note, room.height());
        size.is_some_and(|size| self.metrics.width(note, size, false) <= room.width())
    }

    /// A note by itself, in the middle of a room's height.
    pub fn note(&self, note: &str, room: Rect, out: &mut Vec<Shape>) {
        let Some(size) = self.size(TextRole::Note, room.height()) else { return };
        let at = (room.left(), room.center().y);
        out.extend(self.line(note, at, Align2::LEFT_CENTER, (size, false), room.width(), Ink::Muted.solid()));
    }

    /// The height that a name with its note below it needs.
    pub fn two_lines(&self) -> f32 {
        (self.theme.size(TextRole::Body) + self.theme.size(TextRole::Note)) * self.factor * LINE
    }
}

/// A note, whole and then without its last parts: facts are left out, and what is cut within one says so. What a program
/// does is told before a comma, and is whole there.
fn shorter(note: &str) -> Vec<String> {
    let ends = note.rmatch_indices([',', '·']).map(|(end, sign)| {
        let kept = note[..end].trim_end();
        let whole = sign != "," || super::doing::is_whole(kept);
        if whole { kept.to_owned() } else { format!("{kept}…") }
    });
    std::iter::once(note.to_owned()).chain(ends).filter(|note| !note.is_empty()).collect()
}

/// The size of a part's words, and whether its box has room for more than its name.
pub fn opened(writer: &Writer, zoom: f32, rect: Rect) -> Option<(f32, bool)> {
    let size = writer.size(TextRole::Small, rect.height() - 2.0)?;
    Some((size, zoom >= 1.8 && rect.height() >= size * LINE * 3.4 && rect.width() >= size * 8.0))
}

/// A box with less on each side, never turned inside out.
pub fn shrink(rect: Rect, by: Vec2) -> Rect {
    Rect::from_center_size(rect.center(), (rect.size() - 2.0 * by).max(Vec2::ZERO))
}

/// As a heading, as everywhere on the screen.
pub fn sentence(text: &str) -> String {
    crate::app::names::title(text)
}
