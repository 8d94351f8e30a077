//! What is not there: its place is kept, and says why nothing is in it. A machine that boots is there: its firmware, its
//! loader and its kernel run, one after the other, before it is up. A function of the changes and the time, as all of the
//! picture.

use egui::{Align2, vec2};

use super::drawing::{Ink, Shape};
use super::picture::Picture;
use super::words::{LINE, shrink};
use crate::app::theme::TextRole;
use crate::engine::Time;
use crate::machine::{ComponentKind, Presence};
use crate::trace::Ended;

/// Whether nothing is seen in the place of a part.
fn is_covered(presence: Presence, kind: ComponentKind) -> bool {
    match presence {
        // A program that has come to its end has not been taken away: its column is read to the last.
        Presence::Here | Presence::Gone(Ended::Finished) => false,
        Presence::Starting => kind != ComponentKind::VirtualMachine,
        Presence::NotYet | Presence::Gone(_) => true,
    }
}

impl Picture<'_> {
    /// The places of what is not there at `time`.
    pub(super) fn absent(&self, time: Time, out: &mut Vec<Shape>) {
        let Some(presences) = self.options.presences else { return };
        for (number, node) in self.topology.nodes.iter().enumerate() {
            let covered = |number: u32| {
                let node = self.topology.nodes.get(number as usize)?;
                let kind = self.topology.component(node.component)?.kind;
                let presence = presences.of(number, time);
                is_covered(presence, kind).then_some(presence)
            };
            let (Some(presence), None) = (covered(number as u32), node.outer.and_then(covered)) else { continue };
            let place = self.layout.place(node.component);
            let rect = self.camera.rect(place.rect);
            if !place.own || !rect.intersects(self.camera.canvas) || rect.width() < 2.0 {
                continue;
            }
            let (fill, line) = (Some(Ink::Background.solid()), Some((1.0, Ink::Outline.solid())));
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
