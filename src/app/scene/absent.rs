//! What is not there: its place is kept, and says why nothing is in it. What has not come yet is an outline, what has gone
//! is faint, what is being started is in between. A function of the changes and the time, as all of the picture.

use egui::{Align2, vec2};

use super::drawing::{Ink, Shape};
use super::picture::Picture;
use super::words::{LINE, shrink};
use crate::app::theme::TextRole;
use crate::engine::Time;
use crate::machine::Presence;
use crate::trace::Ended;

/// How much of a part that is not there is covered.
fn cover(presence: Presence) -> Option<f32> {
    match presence {
        // A program that has come to its end has not been taken away: its column is read to the last.
        Presence::Here | Presence::Gone(Ended::Finished) => None,
        Presence::NotYet => Some(0.86),
        Presence::Starting => Some(0.55),
        Presence::Gone(_) => Some(0.74),
    }
}

impl Picture<'_> {
    /// The places of what is not there at `time`.
    pub(super) fn absent(&self, time: Time, out: &mut Vec<Shape>) {
        let Some(presences) = self.options.presences else { return };
        for (number, node) in self.topology.nodes.iter().enumerate() {
            let presence = presences.of(number as u32, time);
            let around = node.outer.map(|outer| presences.of(outer, time));
            let (Some(alpha), None) = (cover(presence), around.and_then(cover)) else { continue };
            let place = self.layout.place(node.component);
            let rect = self.camera.rect(place.rect);
            if !place.own || !rect.intersects(self.camera.canvas) || rect.width() < 2.0 {
                continue;
            }
            let (fill, line) = (Some(Ink::Background.faint(alpha)), Some((1.0, Ink::Outline.solid())));
            out.push(Shape::Rect { rect, radius: 3.0, fill, line });
            let room = shrink(rect, vec2(4.0, 1.0));
            let Some(size) = self.writer.size(TextRole::Small, room.height()) else { continue };
            let name = node.path.rsplit('/').next().unwrap_or_default();
            let (x, y) = (room.center().x, room.center().y);
            let write = |text: &str, y: f32, strong: bool, ink: Ink| {
                let (at, anchor) = ((x, y), Align2::CENTER_CENTER);
                self.writer.line(text, at, anchor, (size, strong), room.width(), ink.solid())
            };
            let label = presence.label();
            if room.height() >= 2.0 * size * LINE {
                out.extend(write(&super::words::sentence(name), y - size * LINE / 2.0, true, Ink::Body));
                out.extend(write(label, y + size * LINE / 2.0, false, Ink::Muted));
            } else {
                out.extend(write(label, y, false, Ink::Muted));
            }
        }
    }
}
