//! What is not there: its place is kept, and says why nothing is in it. A machine that boots is there: its firmware, its
//! loader and its kernel run, one after the other, before it is up. A function of the changes and the time, as all of the
//! picture.

use egui::{Align2, Rect, pos2, vec2};

use super::drawing::{Ink, Shape};
use super::metrics::SHORTEST;
use super::picture::Picture;
use super::stage::{dim, knowing};
use super::words::{LINE, shrink};
use crate::app::theme::TextRole;
use crate::engine::Time;
use crate::machine::{ComponentKind, Presence};
use crate::trace::{ComponentId, Ended};

/// Whether nothing is seen in the place of a part.
fn is_covered(presence: Presence, kind: ComponentKind) -> bool {
    match presence {
        // A program that has come to its end has not been taken away: its column is read to the last.
        Presence::Here | Presence::Gone(Ended::Finished) => false,
        Presence::Starting => kind != ComponentKind::VirtualMachine,
        Presence::NotYet | Presence::Gone(_) => true,
    }
}

/// Whether somebody has begun to start it, and it has not ended.
fn is_there(presence: Presence) -> bool {
    matches!(presence, Presence::Here | Presence::Starting)
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
            if self.stands_for(node.component, |other| presences.at(other, time)) {
                continue;
            }
            if !place.own || !rect.intersects(self.camera.canvas) || rect.width() < 2.0 {
                continue;
            }
            let name = node.path.rsplit('/').next().unwrap_or_default();
            let headed = self.topology.stacks.iter().any(|stack| stack.component == node.component);
            let name = (super::words::sentence(name), headed);
            self.cover(node.component, name, presence.label(), out);
        }
        let kernels = self.topology.iter().filter(|(_, part)| part.kind == ComponentKind::Kernel);
        for (kernel, part) in kernels.filter(|(id, _)| !presences.is_loaded(*id, time)) {
            if !self.layout.place(kernel).own || !is_there(presences.at(kernel, time)) {
                continue;
            }
            self.cover(kernel, (super::words::sentence(&part.name), false), "not loaded yet", out);
            // What comes and goes with it has no life of its own.
            let on_it = self.topology.children(kernel).filter(|(_, on_it)| on_it.kind == ComponentKind::App);
            for (id, app) in on_it.filter(|(id, app)| app.node.is_none() && self.layout.place(*id).own) {
                self.cover(id, (app.name.clone(), false), Presence::NotYet.label(), out);
            }
        }
        let models = self.topology.iter().filter(|(_, part)| part.kind == ComponentKind::DeviceModels);
        for (id, part) in models.filter(|(id, _)| self.layout.place(*id).own) {
            if !self.machines_on(part.parent).any(|machine| is_there(presences.at(machine, time))) {
                self.cover(id, (String::new(), true), "no device model", out);
            }
        }
    }

    /// The virtual machines that rest on a kernel's hypervisor.
    fn machines_on(&self, kernel: Option<ComponentId>) -> impl Iterator<Item = ComponentId> {
        let machines = self.topology.iter().filter(|(_, part)| part.kind == ComponentKind::VirtualMachine);
        let floor = |id: ComponentId| self.topology.component(id).and_then(|floor| floor.parent);
        machines.filter(move |(_, part)| part.parent.and_then(floor) == kernel).map(|(id, _)| id)
    }

    /// An empty place, with what is said of it.
    fn cover(&self, id: ComponentId, name: (String, bool), label: &str, out: &mut Vec<Shape>) {
        let place = self.layout.place(id);
        let rect = self.camera.rect(place.rect);
        let (fill, line) = (Some(Ink::Background.solid()), Some((1.0, Ink::Outline.solid())));
        out.push(Shape::Rect { rect, radius: 3.0, fill, line });
        let room = shrink(self.beside_ways(rect, place.column), vec2(1.5, 1.0));
        let from = out.len();
        self.says(name, label, room, out);
        dim(&mut out[from..], knowing(self.options.known, id));
    }

    /// Whether a box stands for something else that is there.
    fn stands_for(&self, id: ComponentId, presence: impl Fn(ComponentId) -> Presence) -> bool {
        let others =
            || self.topology.iter().filter(|(other, _)| *other != id && self.layout.drawn_as[other.index()] == id);
        self.layout.counts.contains_key(&id) && others().any(|(other, c)| !is_covered(presence(other), c.kind))
    }

    /// The widest part of a box that no way of its column, or of any where all use it, leads through: those who start what stands there, and those
    /// whose program has just gone, are seen on these.
    fn beside_ways(&self, rect: Rect, column: usize) -> Rect {
        let clear = self.layout.token * self.camera.tokens * if column < self.layout.columns.len() { 1.3 } else { 2.2 };
        let shared = column >= self.layout.columns.len();
        let of_column = self.layout.shafts.iter().filter(|shaft| shared || shaft.column == column);
        let ways = of_column.map(|shaft| self.camera.point(pos2(shaft.x, 0.0)).x);
        // And the doors within a floor that all use.
        let doors =
            self.layout.gates.iter().map(|gate| self.camera.point(gate.at)).filter(|at| shared && rect.contains(*at));
        let ways = ways.chain(doors.map(|at| at.x));
        let mut ways: Vec<f32> = ways.filter(|x| rect.x_range().expand(clear).contains(*x)).collect();
        ways.sort_unstable_by(f32::total_cmp);
        let starts = std::iter::once(rect.left()).chain(ways.iter().map(|x| x + clear));
        let ends = ways.iter().map(|x| x - clear).chain([rect.right()]);
        let widest = starts.zip(ends).max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
        widest.map_or(rect, |(left, right)| rect.with_min_x(left).with_max_x(right.max(left)))
    }

    /// What is not there, and why. Where there is one line, its column's head names it.
    fn says(&self, (name, headed): (String, bool), label: &str, room: Rect, out: &mut Vec<Shape>) {
        let Some(size) = self.writer.size(TextRole::Small, room.height()) else { return };
        let width = |text: &str, size: f32| self.writer.metrics.width(text, size, true);
        let lines = (room.height() / (size * LINE)) as usize;
        let both = format!("{name}: {label}");
        let fits = |text: &str| width(text, self.writer.least()) <= room.width();
        let label = if fits(label) { label } else { label.strip_prefix("not started ").map_or(label, |_| SHORTEST) };
        let texts: Vec<(String, bool)> = match lines {
            0 | 1 if !headed && width(&both, size) <= room.width() => vec![(both, false)],
            0 | 1 => vec![(label.to_owned(), false)],
            2 if !fits(label) && headed => broken(label),
            _ if headed && !fits(&name) => vec![(label.to_owned(), false)],
            _ => vec![(name, true), (label.to_owned(), false)],
        };
        let step = size * LINE;
        let top = room.center().y - step * (texts.len() as f32 - 1.0) / 2.0;
        for (i, (text, strong)) in texts.iter().enumerate() {
            let (text, size) = self.writer.named(text, (size, *strong), room.width());
            let (at, anchor) = ((room.center().x, top + step * i as f32), Align2::CENTER_CENTER);
            let ink = if *strong { Ink::Body } else { Ink::Muted };
            out.extend(self.writer.line(&text, at, anchor, (size, *strong), room.width(), ink.solid()));
        }
    }
}

/// A text on two lines, cut where both are about as long.
fn broken(text: &str) -> Vec<(String, bool)> {
    let spaces = text.match_indices(' ').map(|(at, _)| at);
    let Some(at) = spaces.min_by_key(|at| at.abs_diff(text.len() / 2)) else { return vec![(text.to_owned(), false)] };
    vec![(text[..at].to_owned(), false), (text[at + 1..].to_owned(), false)]
}
