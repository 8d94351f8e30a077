//! What a part knows, written into its box once that is big enough: zooming in opens a floor.

use egui::{Align2, Rect};

use super::drawing::{Ink, Shape};
use super::picture::Picture;
use super::tree::is_part;
use super::words::{LINE, opened};
use crate::machine::inspect::Fact;
use crate::trace::ComponentId;

/// At most so many parts are opened at once.
const OPEN: usize = 48;

/// Asks for what a part knows at the moment that is shown.
pub type Facts<'a> = dyn Fn(ComponentId) -> Vec<Fact> + 'a;

impl Picture<'_> {
    /// The facts of all opened parts that can be seen.
    pub(super) fn facts(&self, facts: &Facts, out: &mut Vec<Shape>) {
        let parts = self.topology.iter().filter(|(_, component)| is_part(component.kind));
        let visible = parts.filter_map(|(id, _)| {
            let place = self.layout.place(id);
            let rect = self.camera.rect(place.rect);
            let (size, open) = opened(&self.writer, self.camera.zoom, rect)?;
            (place.own && open && rect.intersects(self.camera.canvas)).then_some((id, rect, size))
        });
        for (id, rect, size) in visible.take(OPEN) {
            self.facts_of(&facts(id), rect, size, out);
        }
    }

    fn facts_of(&self, facts: &[Fact], rect: Rect, size: f32, out: &mut Vec<Shape>) {
        let inner = rect.shrink2(egui::vec2(size * 0.7, size * 0.5));
        let line = size * LINE;
        for (i, fact) in facts.iter().enumerate() {
            let y = inner.top() + (i as f32 + 1.5) * line;
            if y + line / 2.0 > inner.bottom() {
                break;
            }
            let write = |text: &str, x: f32, anchor: Align2, room: f32, ink: Ink| {
                self.writer.line(text, (x, y), anchor, (size, false), room, ink.solid())
            };
            let value_width = self.writer.metrics.width(&fact.value, size, false);
            // A value is shown whole or not at all: half a number is a wrong number.
            if value_width > inner.width() {
                continue;
            }
            out.extend(write(&fact.value, inner.right(), Align2::RIGHT_CENTER, inner.width(), Ink::Body));
            let room = inner.width() - value_width - size;
            out.extend(write(&fact.label, inner.left(), Align2::LEFT_CENTER, room, Ink::Muted));
        }
    }
}
