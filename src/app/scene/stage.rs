//! What does not move: floors, walls, membranes, valves, and their names.

use egui::{Align2, Rect, pos2, vec2};

use super::camera::Camera;
use super::drawing::{Ink, Paint, Shape};
use super::facts::opened;
use super::gauge::Gauge;
use super::layout::{Layout, Place};
use super::tree::is_part;
use super::words::{LINE, Writer, sentence, shrink};
use crate::app::theme::TextRole;
use crate::machine::{Component, ComponentKind, Topology};
use crate::trace::{ComponentId, Layer};

/// The fixed part of the picture.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// Boxes.
    pub floors: Vec<Shape>,
    /// Texts.
    pub words: Vec<Shape>,
}

/// Draws the stage.
pub struct Builder<'a> {
    /// Where everything is.
    pub layout: &'a Layout,
    /// What everything is.
    pub topology: &'a Topology,
    /// How it is shown.
    pub camera: Camera,
    /// How texts are written.
    pub writer: Writer<'a>,
    /// The groups whose use of their quotas is known.
    pub gauges: &'a [Gauge],
}

impl Builder<'_> {
    /// Everything that can be seen.
    pub fn build(&self) -> Stage {
        let mut stage = Stage::default();
        for (id, component) in self.topology.iter() {
            let place = self.layout.place(id);
            let rect = self.camera.rect(place.rect);
            if place.own && rect.intersects(self.camera.canvas.expand(4.0)) && rect.width() > 1.0 {
                self.component((id, component), &place, rect, &mut stage);
            }
        }
        self.headings(&mut stage.words);
        stage
    }

    fn component(&self, (id, component): (ComponentId, &Component), place: &Place, rect: Rect, stage: &mut Stage) {
        let ink = Ink::Layer(component.layer);
        match component.kind {
            ComponentKind::VirtualMachine => self.wall(component, place, rect, stage),
            ComponentKind::Container => self.membrane(component, place, rect, stage),
            ComponentKind::Cgroup => self.valve((id, component), place, rect, stage),
            ComponentKind::App => self.app(component, place, rect, stage),
            kind if is_part(kind) => self.part(component, ink, rect, stage),
            _ => {
                let inner = component.kind == ComponentKind::Hypervisor;
                stage.floors.push(slab(rect, ink, if inner { 0.15 } else { 0.11 }, 1.5));
                let strip = Rect::from_min_size(rect.min, vec2(rect.width(), place.title * self.camera.zoom));
                let room = shrink(strip, vec2(self.pad(rect), 0.0));
                self.writer.one_line(
                    &sentence(&component.name),
                    &component.note,
                    self.short_of_vm(place, room),
                    ink,
                    &mut stage.words,
                );
            }
        }
    }

    /// A kernel's name must end where the hypervisor beside its parts begins.
    fn short_of_vm(&self, place: &Place, room: Rect) -> Rect {
        let children = self.topology.iter().filter(|(_, c)| c.kind == ComponentKind::Hypervisor);
        let inside = children.map(|(id, _)| self.layout.place(id)).filter(|hypervisor| {
            hypervisor.own && hypervisor.floor != place.floor && place.rect.contains_rect(hypervisor.rect)
        });
        let mut room = room;
        for hypervisor in inside {
            let rect = self.camera.rect(hypervisor.rect);
            if rect.top() < room.center().y {
                room.max.x = room.max.x.min(rect.left() - 8.0);
            }
        }
        room
    }

    fn pad(&self, rect: Rect) -> f32 {
        self.writer.pad(rect)
    }

    fn wall(&self, component: &Component, place: &Place, rect: Rect, stage: &mut Stage) {
        let ink = Ink::Layer(component.layer);
        let thick = if rect.width() > 80.0 { 2.2 } else { 1.2 };
        stage.floors.push(Shape::Rect {
            rect,
            radius: radius(rect, 8.0),
            fill: Some(Ink::Inside.solid()),
            line: Some((thick, ink.solid())),
        });
        if rect.width() > 60.0 {
            // Where the title is low, the walls stand closer together, so that none runs through it.
            let inner = rect.shrink(if place.title * self.camera.zoom < 20.0 { 2.5 } else { 4.0 });
            let line = Some((1.0, ink.faint(0.55)));
            stage.floors.push(Shape::Rect { rect: inner, radius: radius(inner, 5.0), fill: None, line });
        }
        let strip = Rect::from_min_size(rect.min, vec2(rect.width(), place.title * self.camera.zoom));
        let mut room = shrink(strip, vec2(self.pad(rect) + 3.0, 0.0));
        room.min.y += if room.height() < 20.0 { 4.0 } else { (room.height() * 0.12).min(4.0) };
        self.writer.one_line(&self.shell_name(component), &component.note, room, ink, &mut stage.words);
    }

    /// What is written in a wall or membrane: what it is where the column's heading says whose it is already.
    fn shell_name(&self, component: &Component) -> String {
        if component.kind == ComponentKind::Container {
            return "namespaces".to_owned();
        }
        let outermost = self
            .topology
            .stacks
            .iter()
            .any(|stack| self.topology.component(stack.component).is_some_and(|own| std::ptr::eq(own, component)));
        if outermost { "VM".to_owned() } else { sentence(&component.name) }
    }

    fn membrane(&self, component: &Component, place: &Place, rect: Rect, stage: &mut Stage) {
        let ink = Ink::Layer(Layer::Namespaces);
        let line = (if rect.width() > 60.0 { 1.8 } else { 1.0 }, ink.solid());
        if rect.width() > 24.0 {
            stage.floors.push(Shape::Dashed { rect, line });
        } else {
            stage.floors.push(Shape::Rect { rect, radius: 0.0, fill: None, line: Some((1.0, ink.faint(0.7))) });
        }
        let strip = Rect::from_min_size(rect.min, vec2(rect.width(), place.title * self.camera.zoom));
        let room = shrink(strip, vec2(self.pad(rect), (strip.height() * 0.1).min(6.0)));
        self.writer.title(&self.shell_name(component), &component.note, room, ink, &mut stage.words);
    }

    fn app(&self, component: &Component, place: &Place, rect: Rect, stage: &mut Stage) {
        let ink = Ink::Layer(component.layer);
        stage.floors.push(slab(rect, ink, 0.13, 1.5));
        let lane = self.camera.point(pos2(place.lane, place.rect.center().y)).x;
        let mut room = shrink(rect, vec2(self.pad(rect), (rect.height() * 0.08).min(6.0)));
        room.max.x = room.max.x.min(lane - self.layout.token * self.camera.tokens - 2.0).max(room.min.x);
        let two = self.writer.two_lines();
        if room.height() >= two {
            let room = Rect::from_center_size(room.center(), vec2(room.width(), two + 2.0));
            self.writer.title(&component.name, &component.note, room, ink, &mut stage.words);
        } else {
            self.writer.one_line(&component.name, &component.note, room, ink, &mut stage.words);
        }
    }

    fn part(&self, component: &Component, ink: Ink, rect: Rect, stage: &mut Stage) {
        if rect.height() < 2.0 || rect.width() < 2.0 {
            return;
        }
        let line = if rect.width() > 8.0 { Some((1.0, ink.faint(0.75))) } else { None };
        stage.floors.push(Shape::Rect { rect, radius: radius(rect, 4.0), fill: Some(ink.faint(0.10)), line });
        let Some((size, open)) = opened(&self.writer, self.camera.zoom, rect) else { return };
        let pad = self.pad(rect).min(size * 0.7);
        // In an opened part the name stands above its facts.
        let y = if open { rect.top() + size * 0.5 + size * LINE / 2.0 } else { rect.center().y };
        let at = (rect.left() + pad, y);
        let room = rect.width() - 2.0 * pad;
        // A name is written a little smaller rather than shortened.
        let wide = self.writer.metrics.width(&component.name, 1.0, false);
        let whole = ((room / wide.max(1e-3)) * 2.0).floor() / 2.0;
        let size_of_name = if whole >= (size * 0.8).max(self.writer.least()) { size.min(whole) } else { size };
        stage.words.extend(self.writer.line(
            &component.name,
            at,
            Align2::LEFT_CENTER,
            (size_of_name, false),
            room,
            Ink::Text.solid(),
        ));
        let used = self.writer.metrics.width(&component.name, size, false) + size * 0.5;
        if !component.note.is_empty() && used + self.writer.metrics.width(&component.note, size, false) <= room {
            let at = (at.0 + used, at.1);
            let line = (size, false);
            stage.words.extend(self.writer.line(
                &component.note,
                at,
                Align2::LEFT_CENTER,
                line,
                room - used,
                Ink::Muted.solid(),
            ));
        }
    }

    fn valve(&self, (id, component): (ComponentId, &Component), place: &Place, rect: Rect, stage: &mut Stage) {
        let ink = Ink::Layer(Layer::Throttled);
        stage.floors.push(slab(rect, ink, 0.10, 1.3));
        let mut room = shrink(rect, vec2(self.pad(rect), (rect.height() * 0.02).min(4.0)));
        // Tokens wait on the lane.
        let lane = self.camera.point(pos2(place.lane, place.rect.center().y)).x;
        room.max.x = room.max.x.min(lane - 2.0 * self.layout.token * self.camera.tokens).max(room.min.x);
        if let Some(track) = track(rect, self.pad(rect)).filter(|_| self.gauges.iter().any(|gauge| gauge.valve == id)) {
            room.max.y = track.top() - 1.0;
            stage.floors.push(bar(track, Ink::Outline.solid()));
        }
        let Some(size) = self.writer.size(TextRole::Note, room.height()) else { return };
        let fits = |text: &&String| self.writer.metrics.width(text, size, false) <= room.width();
        let note = &component.note;
        let short = note.rsplit(" · ").next().unwrap_or_default().to_owned();
        let brief = format!("{} {short}", note.split(' ').next().unwrap_or_default());
        let choices = [format!("{} · {note}", component.name), note.clone(), brief, short];
        let text =
            choices.iter().filter(|text| !text.is_empty() && !note.is_empty()).find(fits).unwrap_or(&component.name);
        let at = (room.left(), room.center().y);
        stage.words.extend(self.writer.line(text, at, Align2::LEFT_CENTER, (size, false), room.width(), ink.solid()));
    }

    /// The columns' names: all of one size, at which each is whole if that can be read. What tells two columns
    /// apart is never dropped.
    fn headings(&self, words: &mut Vec<Shape>) {
        let columns: Vec<(Rect, String)> = self
            .layout
            .columns
            .iter()
            .zip(&self.topology.stacks)
            .map(|(column, stack)| (self.camera.rect(column.heading), sentence(&stack.name)))
            .collect();
        let height = columns.iter().map(|(rect, _)| rect.height()).fold(f32::INFINITY, f32::min);
        let Some(size) = self.writer.size(TextRole::Heading, height) else { return };
        // A name may reach to the next column.
        let room = |i: usize| {
            let (rect, _) = columns[i];
            let others = columns.iter().map(|(other, _)| other.left()).filter(|&left| left > rect.left() + 1.0);
            let next = others.fold(f32::INFINITY, f32::min) - size * 0.5;
            (if next.is_finite() { next } else { rect.right() } - rect.left() - 3.0).max(0.0)
        };
        let metrics = self.writer.metrics;
        let fits = |name: &str, i: usize, size: f32| metrics.width(name, size, true) <= room(i);
        let sizes = |most: f32| {
            let least = self.writer.least();
            std::iter::successors(Some(most), |size| Some(size - 0.5)).take_while(move |&size| size >= least)
        };
        let alike = sizes(size).find(|&size| columns.iter().enumerate().all(|(i, (_, name))| fits(name, i, size)));
        let alike = alike.filter(|&alike| alike >= size * 0.8);
        for (i, (rect, name)) in columns.iter().enumerate() {
            let mut write = |text: &str, y: f32, size: f32| {
                let at = (rect.left() + 1.0, y);
                words.extend(self.writer.line(text, at, Align2::LEFT_CENTER, (size, true), room(i), Ink::Text.solid()));
            };
            let (first, second) = halves(name);
            let one = alike.or_else(|| sizes(size).find(|&size| fits(name, i, size)));
            let of_two = self.writer.size(TextRole::Heading, height / 2.0);
            let two = of_two.and_then(|most| sizes(most).find(|&s| fits(first, i, s) && fits(second, i, s)));
            match (one, two) {
                (None, Some(two)) => {
                    write(first, rect.center().y - two * LINE / 2.0, two);
                    write(second, rect.center().y + two * LINE / 2.0, two);
                }
                (one, _) => write(name, rect.center().y - 1.0, one.unwrap_or(size)),
            }
        }
    }
}

/// A name in two parts: before and after its first comma, or about its middle.
fn halves(name: &str) -> (&str, &str) {
    let comma = name.find(", ").map(|at| at + 1);
    let middle = || {
        let spaces = name.match_indices(' ').map(|(at, _)| at);
        spaces.min_by_key(|at| at.abs_diff(name.len() / 2))
    };
    let (first, second) = name.split_at(comma.or_else(middle).unwrap_or(name.len()));
    (first, second.trim_start())
}

/// Where a valve's gauge is, if there is room for one.
pub fn track(rect: Rect, pad: f32) -> Option<Rect> {
    let height = (rect.height() * 0.13).min(7.0);
    let bottom = rect.bottom() - (rect.height() * 0.12).min(9.0);
    let track = Rect::from_min_max(pos2(rect.left() + pad, bottom - height), pos2(rect.right() - pad, bottom));
    (track.width() > 12.0 && height >= 2.0).then_some(track)
}

/// A bar with round ends.
pub fn bar(rect: Rect, paint: Paint) -> Shape {
    Shape::Rect { rect, radius: rect.height() / 2.0, fill: Some(paint), line: None }
}

fn radius(rect: Rect, most: f32) -> f32 {
    most.min(rect.width() * 0.12).min(rect.height() * 0.25)
}

fn slab(rect: Rect, ink: Ink, fill: f32, thick: f32) -> Shape {
    let thick = if rect.width() > 24.0 { thick } else { 1.0 };
    Shape::Rect { rect, radius: radius(rect, 6.0), fill: Some(ink.faint(fill)), line: Some((thick, ink.faint(0.9))) }
}

/// A soft frame around a component that is spoken of.
pub fn point_at(layout: &Layout, camera: &Camera, id: ComponentId) -> Option<Shape> {
    frame(layout, camera, id, (2.4, Ink::Accent.faint(0.8)))
}

/// Outlines a component.
pub fn highlight(layout: &Layout, camera: &Camera, id: ComponentId) -> Option<Shape> {
    frame(layout, camera, id, (2.4, Ink::Accent.solid()))
}

/// A frame along the inside of a component's edge: outside it would cover the neighbours' words.
fn frame(layout: &Layout, camera: &Camera, id: ComponentId, line: (f32, Paint)) -> Option<Shape> {
    let place = layout.place(id);
    let outer = camera.rect(place.rect);
    let rect = shrink(outer, egui::Vec2::splat(line.0 / 2.0 + 0.5));
    place.own.then(|| Shape::Rect { rect, radius: radius(outer, 6.0), fill: None, line: Some(line) })
}
