//! What does not move: floors, walls, membranes, valves, seams, and their names.

use egui::{Align2, Pos2, Rect, pos2, vec2};

use super::camera::Camera;
use super::drawing::{Ink, Paint, Shape};
use super::key::Key;
use super::layout::{Gate, GateKind, Layout, Place, Stop};
use super::tree::is_part;
use super::words::{LINE, Writer, opened, sentence, shrink};
use crate::app::theme::TextRole;
use crate::machine::{Component, ComponentKind, Topology};
use crate::trace::{ComponentId, Layer, Token};

/// How bright columns are that are not followed.
pub const DIM: f32 = 0.6;

/// How bright what the chosen viewer can't know is.
pub const UNKNOWN: f32 = 0.3;

/// How bright a component is for who knows of these.
pub fn knowing(known: Option<&[bool]>, id: ComponentId) -> f32 {
    if known.is_none_or(|known| known.get(id.index()).copied().unwrap_or(true)) { 1.0 } else { UNKNOWN }
}

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
    /// The column that is followed.
    pub followed: Option<usize>,
    /// What the chosen viewer can name.
    pub known: Option<&'a [bool]>,
    /// The shapes of tokens that occur in the run.
    pub tokens: &'a [Token],
}

/// How bright a column is.
pub fn brightness(layout: &Layout, followed: Option<usize>, column: usize) -> f32 {
    let other = followed.is_some_and(|followed| followed != column && column < layout.columns.len());
    if other { DIM } else { 1.0 }
}

/// Makes shapes fainter.
pub fn dim(shapes: &mut [Shape], by: f32) {
    if by >= 1.0 {
        return;
    }
    let faint = |paint: &mut Paint| paint.alpha *= by;
    for shape in shapes {
        match shape {
            Shape::Rect { fill, line, .. } => {
                // What lies behind must not shine through: the inside of a wall stays.
                if let Some(paint) = fill.as_mut().filter(|paint| paint.ink != Ink::Inside) {
                    faint(paint);
                }
                if let Some((_, paint)) = line {
                    faint(paint);
                }
            }
            Shape::Dashed { line, .. }
            | Shape::Line { line, .. }
            | Shape::Ring { line, .. }
            | Shape::Chevron { line, .. } => faint(&mut line.1),
            Shape::Text { paint, .. } | Shape::Token { paint, .. } => faint(paint),
        }
    }
}

impl Builder<'_> {
    /// Everything that can be seen.
    pub fn build(&self) -> Stage {
        let mut stage = Stage::default();
        for (id, component) in self.topology.iter() {
            let place = self.layout.place(id);
            let rect = self.camera.rect(place.rect);
            if place.own && rect.intersects(self.camera.canvas.expand(4.0)) && rect.width() > 1.0 {
                let (floors, words) = (stage.floors.len(), stage.words.len());
                self.component((id, component), &place, rect, &mut stage);
                let by = brightness(self.layout, self.followed, place.column) * knowing(self.known, id);
                dim(&mut stage.floors[floors..], by);
                dim(&mut stage.words[words..], by);
            }
        }
        for gate in &self.layout.gates {
            let from = stage.floors.len();
            self.seam(gate, &mut stage.floors);
            let by = brightness(self.layout, self.followed, gate.column) * knowing(self.known, gate.of);
            dim(&mut stage.floors[from..], by);
        }
        for street in &self.layout.streets {
            let rect = self.camera.rect(street.rect);
            let ink = self.topology.component(street.floor).map_or(Ink::Outline, |floor| Ink::Layer(floor.layer));
            stage.floors.push(Shape::Rect { rect, radius: 2.0, fill: Some(ink.faint(0.05)), line: None });
        }
        self.headings(&mut stage.words, &mut stage.floors);
        if let Some(rect) = self.layout.key {
            let key = Key { rect: self.camera.rect(rect), writer: self.writer, tokens: self.tokens };
            key.draw(self.topology, &mut stage.floors, &mut stage.words);
        }
        stage
    }

    fn component(&self, (id, component): (ComponentId, &Component), place: &Place, rect: Rect, stage: &mut Stage) {
        let ink = Ink::Layer(component.layer);
        match component.kind {
            ComponentKind::VirtualMachine => self.wall((id, component), rect, stage),
            ComponentKind::Container => self.membrane((id, component), place, rect, stage),
            ComponentKind::Cgroup => self.valve(id, rect, stage),
            ComponentKind::App | ComponentKind::DeviceModels => stage.floors.push(slab(rect, ink, 0.13, 1.5)),
            kind if is_part(kind) => self.part((id, component), place, rect, stage),
            _ => {
                let inner = component.kind == ComponentKind::Hypervisor;
                stage.floors.push(slab(rect, ink, if inner { 0.15 } else { 0.11 }, 1.5));
                let name = self.name(place);
                let room = shrink(name, vec2(self.pad(name), (name.height() * 0.06).min(2.0)));
                let name = sentence(&component.name);
                let (name, note) = match self.layout.hidden.get(&id) {
                    Some(&count) => self.counted(name, (count, self.shows_parts(id)), room),
                    None => (name, component.note.clone()),
                };
                self.writer.title(&name, &note, room, ink, &mut stage.words);
            }
        }
    }

    /// A floor's name beside the number of its parts that are not drawn: as large as both fit, beside each other or one
    /// below the other. A number alone says nothing: rather than that, the floor's name is left to who points at it.
    fn counted(&self, name: String, (count, more): (usize, bool), room: Rect) -> (String, String) {
        let Some(size) = self.writer.size(TextRole::Body, room.height()) else { return (name, String::new()) };
        let small = self.writer.size(TextRole::Note, room.height()).unwrap_or(size);
        let more = if more { " more" } else { "" };
        let parts = format!("{count}{more} part{}", if count == 1 { "" } else { "s" });
        let brief = super::metrics::brief(&name).unwrap_or_else(|| name.clone());
        let width = |text: &str, size: f32, strong: bool| self.writer.metrics.width(text, size, strong);
        let two = room.height() >= (size + small) * LINE;
        let fits = |name: &&String| {
            let (name, parts) = (width(name, size, true), width(&parts, small, false));
            name + size * 0.6 + parts <= room.width() || (two && parts.max(name) <= room.width())
        };
        if let Some(name) = [&name, &brief].into_iter().find(fits) {
            return (name.clone(), parts);
        }
        let both = format!("{brief}: {parts}");
        let fits = width(&both, self.writer.least(), true) <= room.width() - 0.5;
        (if fits { both } else { parts }, String::new())
    }

    /// Whether some of a floor's parts are drawn.
    fn shows_parts(&self, floor: ComponentId) -> bool {
        let drawn = |(id, part): (ComponentId, &Component)| {
            let place = self.layout.place(id);
            is_part(part.kind) && place.own && place.floor == floor
        };
        self.topology.iter().any(drawn)
    }

    fn pad(&self, rect: Rect) -> f32 {
        self.writer.pad(rect)
    }

    fn name(&self, place: &Place) -> Rect {
        if place.name.is_positive() { self.camera.rect(place.name) } else { Rect::ZERO }
    }

    /// What is written in a shell: its name and note, or how many it stands for.
    fn shell_words(&self, id: ComponentId, name: String, note: &str, room: Rect) -> (String, String) {
        let Some(count) = self.layout.counts.get(&id).filter(|_| !self.heads_column(id)) else {
            return (name, note.to_owned());
        };
        let size = self.writer.theme.size(TextRole::Body) * self.writer.factor * 0.8;
        let short = count.split(',').next().unwrap_or(count).to_owned();
        let brief = short.split([' ', ':']).take(2).collect::<Vec<_>>().join(" ");
        let fits = |text: &String| self.writer.metrics.width(text, size, true) <= room.width();
        // One that names those that it stands for says all.
        let choices = match count.split_once(": ") {
            Some((_, names)) => [count.clone(), names.to_owned(), names.replace(" and ", ", "), brief.clone()],
            None => [format!("{name} {count}"), count.clone(), short, brief.clone()],
        };
        (choices.into_iter().find(fits).unwrap_or(brief), note.to_owned())
    }

    /// Whether a column's head says what this is.
    fn heads_column(&self, id: ComponentId) -> bool {
        self.topology.stacks.iter().any(|stack| stack.component == id)
    }

    fn wall(&self, (id, component): (ComponentId, &Component), rect: Rect, stage: &mut Stage) {
        let ink = Ink::Layer(component.layer);
        let thick = if rect.width() > 80.0 { 2.0 } else { 1.2 };
        let fill = Some(Ink::Inside.solid());
        stage.floors.push(Shape::Rect { rect, radius: 0.0, fill, line: None });
        let gate = self.layout.gates.iter().find(|gate| gate.kind == GateKind::Wall && gate.of == id);
        let (slit, half) =
            gate.map_or((rect.center().x, 0.0), |gate| (self.camera.point(gate.at).x, self.slit() * self.camera.zoom));
        let gap = gate.map_or(4.0, |gate| gate.half * 2.0 * self.camera.zoom);
        let side = 4.0_f32.min(rect.width() * 0.04);
        let inner = Rect::from_min_max(rect.min + vec2(side, side), rect.max - vec2(side, gap));
        for (rect, line) in [(rect, (thick, ink.solid())), (inner, (1.0, ink.faint(0.55)))] {
            stage.floors.push(Shape::Line { points: open_box(rect, slit, half), line });
        }
    }

    /// A machine's name and what is said of it, inside its wall.
    pub(super) fn wall_words(&self, (id, component): (ComponentId, &Component), note: &str, out: &mut Vec<Shape>) {
        let place = self.layout.place(id);
        let rect = self.camera.rect(place.rect);
        let mut room = shrink(self.name(&place), vec2(self.pad(rect) + 3.0, 0.0));
        room.min.y += 4.0_f32.min(room.height() * 0.2);
        let name = if self.heads_column(id) { "VM".to_owned() } else { sentence(&component.name) };
        let (name, note) = self.shell_words(id, name, note, room);
        self.writer.one_line(&name, &note, room, Ink::Layer(component.layer), out);
    }

    /// Half the width of the slit in a wall.
    fn slit(&self) -> f32 {
        self.layout.token * 1.45
    }

    fn membrane(&self, (id, component): (ComponentId, &Component), place: &Place, rect: Rect, stage: &mut Stage) {
        let ink = Ink::Layer(Layer::Namespaces);
        let line = (if rect.width() > 60.0 { 1.6 } else { 1.0 }, ink.solid());
        if rect.width() > 24.0 {
            stage.floors.push(Shape::Dashed { rect, line });
        } else {
            stage.floors.push(Shape::Rect { rect, radius: 0.0, fill: None, line: Some((1.0, ink.faint(0.7))) });
        }
        let name = self.name(place);
        let room = shrink(name, vec2(self.pad(rect), (name.height() * 0.08).min(4.0)));
        let (name, note) = self.shell_words(id, "namespaces".to_owned(), &component.note, room);
        self.writer.one_line(&name, &note, room, ink, &mut stage.words);
    }

    /// A program's name and what is said of it, in its box.
    pub(super) fn app_words(&self, (id, component): (ComponentId, &Component), note: &str, out: &mut Vec<Shape>) {
        let ink = Ink::Layer(component.layer);
        let place = self.layout.place(id);
        let name = self.name(&place);
        let pad = self.pad(self.camera.rect(place.rect));
        let mut room = shrink(name, vec2(0.0, (name.height() * 0.06).min(4.0)));
        room.min.x = (room.min.x + pad).min(room.max.x);
        let (name, note) = self.shell_words(id, component.name.clone(), note, room);
        // A program whose name is too long is called by one of its words: "mov" of "mov cr3".
        let fits = |text: &str| self.writer.metrics.width(text, self.writer.least(), true) <= room.width();
        let whole = fits(&name) || super::metrics::brief(&name).is_some();
        let word = name.split(' ').find(|word| fits(word)).filter(|_| !whole).map(str::to_owned);
        let name = word.unwrap_or(name);
        let two = self.writer.two_lines();
        if room.height() >= two {
            let room = Rect::from_center_size(room.center(), vec2(room.width(), two + 1.0));
            return self.writer.title(&name, &note, room, ink, out);
        }
        // What does not fit whole on this side of the way may on the other.
        let other = self.right_of_shaft(&place, pad).filter(|other| {
            let beside = self.writer.fits_beside(&name, &note, room);
            !beside && self.writer.fits(&note, *other)
        });
        match other {
            Some(other) => {
                self.writer.one_line(&name, "", room, ink, out);
                self.writer.note(&note, other, out);
            }
            None => self.writer.one_line(&name, &note, room, ink, out),
        }
    }

    /// The part of a box that is right of its shaft, level with its name.
    fn right_of_shaft(&self, place: &Place, pad: f32) -> Option<Rect> {
        let Stop::Shaft { shaft, .. } = place.stop else { return None };
        let way = self.layout.shafts.get(shaft)?.x + self.layout.token * 1.7;
        let right = self.camera.rect(place.name.with_min_x(way).with_max_x(place.rect.right()));
        Some(right.with_max_x(right.right() - pad)).filter(|right| right.is_positive())
    }

    fn part(&self, (_, component): (ComponentId, &Component), place: &Place, rect: Rect, stage: &mut Stage) {
        if rect.height() < 2.0 || rect.width() < 2.0 {
            return;
        }
        let ink = Ink::Layer(component.layer);
        let line = if rect.width() > 8.0 { Some((1.0, ink.faint(0.75))) } else { None };
        stage.floors.push(Shape::Rect { rect, radius: radius(rect, 4.0), fill: Some(ink.faint(0.10)), line });
        let Some((_, open)) = opened(&self.writer, self.camera.zoom, rect) else { return };
        let name = self.name(place);
        let Some(size) = self.writer.size(TextRole::Small, name.height()) else { return };
        let pad = self.pad(rect).min(size * 0.6);
        // In an opened part the name stands above its facts.
        let y = if open { rect.top() + size * 0.5 + size * LINE / 2.0 } else { name.center().y };
        let at = (name.left() + pad, y);
        let room = name.width() - if name.right() < rect.right() - 1.0 { pad } else { 2.0 * pad };
        let (written, own) = self.writer.named(&component.name, (size, false), room);
        let text = (own, false);
        stage.words.extend(self.writer.line(&written, at, Align2::LEFT_CENTER, text, room, Ink::Text.solid()));
        let used = self.writer.metrics.width(&written, own, false) + size * 0.5;
        if !component.note.is_empty() && used + self.writer.metrics.width(&component.note, size, false) <= room {
            let (at, line) = ((at.0 + used, at.1), (size, false));
            let paint = Ink::Muted.solid();
            stage.words.extend(self.writer.line(&component.note, at, Align2::LEFT_CENTER, line, room - used, paint));
        }
    }

    fn valve(&self, id: ComponentId, rect: Rect, stage: &mut Stage) {
        let ink = Ink::Layer(Layer::Throttled);
        stage.floors.push(slab(rect, ink, 0.10, 1.3));
        if let Some(tank) = self.layout.tanks.get(&id) {
            let rect = self.camera.rect(*tank);
            stage.floors.push(Shape::Rect { rect, radius: 2.0, fill: None, line: Some((1.0, ink.faint(0.8))) });
        }
    }

    /// A valve's limit, beside its tank.
    pub(super) fn valve_words(&self, (id, component): (ComponentId, &Component), note: &str, out: &mut Vec<Shape>) {
        let ink = Ink::Layer(Layer::Throttled);
        let place = self.layout.place(id);
        let height = self.camera.rect(place.rect).height();
        let room = shrink(self.name(&place), vec2(4.0, (height * 0.02).min(4.0)));
        let Some(size) = self.writer.size(TextRole::Note, room.height()) else { return };
        let fits = |text: &&String| self.writer.metrics.width(text, size, false) <= room.width();
        let short = note.rsplit(" · ").next().unwrap_or_default().to_owned();
        let brief = format!("{} {short}", note.split(' ').next().unwrap_or_default());
        let choices = [format!("{} · {note}", component.name), note.to_owned(), brief, short];
        let text =
            choices.iter().filter(|text| !text.is_empty() && !note.is_empty()).find(fits).unwrap_or(&component.name);
        let (text, size) = self.writer.named(text, (size, false), room.width());
        let at = (room.left(), room.center().y);
        out.extend(self.writer.line(&text, at, Align2::LEFT_CENTER, (size, false), room.width(), ink.solid()));
    }

    /// The seam that a gate is in, open where tokens pass.
    fn seam(&self, gate: &Gate, out: &mut Vec<Shape>) {
        if gate.kind == GateKind::Wall || self.layout.is_door(gate.of) {
            return;
        }
        let at = self.camera.point(gate.at);
        let half = self.layout.token * 1.3 * self.camera.zoom;
        let (x0, x1) = (self.camera.point(pos2(gate.seam.x0, 0.0)).x, self.camera.point(pos2(gate.seam.x1, 0.0)).x);
        let line = (1.4, Ink::Layer(Layer::User).faint(0.7));
        for (a, b) in [(x0, at.x - half), (at.x + half, x1)] {
            if b > a {
                out.push(Shape::Line { points: vec![pos2(a, at.y), pos2(b, at.y)], line });
            }
        }
    }
}

/// The outline of a box that is open at its lower edge.
fn open_box(rect: Rect, slit: f32, half: f32) -> Vec<Pos2> {
    let (left, right) = ((slit - half).max(rect.left()), (slit + half).min(rect.right()));
    vec![
        pos2(left, rect.bottom()),
        rect.left_bottom(),
        rect.left_top(),
        rect.right_top(),
        rect.right_bottom(),
        pos2(right, rect.bottom()),
    ]
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
