//! The key: what shapes, gates and walls stand for. It has the empty place above columns that are lower than their
//! neighbours; where there is none, a line above them all.

use egui::{Align2, Pos2, Rect, pos2, vec2};

use super::drawing::{Ink, Shape};
use super::words::{LINE, Writer};
use crate::app::theme::TextRole;
use crate::machine::{ComponentKind, Topology};
use crate::trace::{Layer, Token};

/// The least place in which a key is of use, in points at a desk.
const LEAST: (f32, f32) = (128.0, 84.0);
/// So wide is a column of signs at least.
const COLUMN: f32 = 108.0;
/// How far apart its lines stand, in lines.
const SPACING: [f32; 3] = [1.35, 1.2, 1.02];
/// The most that it needs: high, or wide where it is low.
const MOST: [(f32, f32); 2] = [(330.0, 168.0), (480.0, 120.0)];

/// What a column takes: from where down, and from where to where.
pub struct Taken {
    /// The top of its heading, or of its rail.
    pub top: f32,
    /// Its left side. A rail on the left belongs to the column before.
    pub left: f32,
    /// The right side of it, or of its rail.
    pub right: f32,
}

/// The largest empty place above columns beside each other, if it is large enough. `unit` is the size of text.
pub fn place(columns: &[Taken], (top, unit): (f32, f32)) -> Option<Rect> {
    let gap = 16.0 * unit;
    let mut best: Option<Rect> = None;
    for first in 0..columns.len() {
        let mut floor = f32::INFINITY;
        for last in first..columns.len() {
            floor = floor.min(columns[last].top);
            let (left, right) = (columns[first].left, columns[last].right);
            let room = Rect::from_min_max(pos2(left, top), pos2(right - gap, floor - gap));
            let most = if room.height() < MOST[0].1 * unit { MOST[1] } else { MOST[0] };
            let size = vec2(room.width().min(most.0 * unit), room.height().min(most.1.max(MOST[0].1) * unit));
            let area = |rect: Rect| rect.width() * rect.height();
            let enough = size.x >= LEAST.0 * unit && size.y >= LEAST.1 * unit;
            let found = Rect::from_min_size(room.min, size);
            if enough && best.is_none_or(|best| area(found) > area(best) + 1.0) {
                best = Some(found);
            }
        }
    }
    best
}

/// One entry.
enum Sign {
    Token(Token, Layer),
    Gate(Layer),
    Wall,
    Letter,
}

/// Draws the key into its place.
pub struct Key<'a> {
    /// Where it stands, on the canvas.
    pub rect: Rect,
    /// How texts are written.
    pub writer: Writer<'a>,
    /// The shapes that occur in the run.
    pub tokens: &'a [Token],
}

impl Key<'_> {
    fn entries(&self, topology: &Topology) -> Vec<(Sign, &'static str, &'static str)> {
        let has = |kind: ComponentKind| topology.iter().any(|(_, component)| component.kind == kind);
        let token = |token: Token, layer: Layer, words: &'static str| {
            self.tokens.contains(&token).then_some((
                Sign::Token(token, layer),
                words,
                words.split(',').next().unwrap_or(words),
            ))
        };
        let kernel = if has(ComponentKind::VirtualMachine) { Layer::GuestKernel } else { Layer::HostKernel };
        let machine = has(ComponentKind::VirtualMachine).then_some((Sign::Wall, "wall: VM inside", "wall"));
        let entries = [
            token(Token::Instruction, Layer::User, "instructions"),
            token(Token::SystemCall, kernel, "system call"),
            token(Token::IoRequest, kernel, "I/O request"),
            token(Token::VmExit, Layer::Hypervisor, "VM exit, entry"),
            token(Token::Interrupt, Layer::Hardware, "interrupt"),
            Some((Sign::Gate(kernel), "gate: ring 3 to 0", "gate")),
            machine,
            Some((Sign::Letter, "whose column, h: host", "whose")),
            token(Token::PageFault, kernel, "fault"),
            token(Token::Packet, kernel, "packet"),
        ];
        entries.into_iter().flatten().collect()
    }

    /// Its frame and signs below, its words above.
    pub fn draw(&self, topology: &Topology, floors: &mut Vec<Shape>, words: &mut Vec<Shape>) {
        if self.rect.height() < LEAST.1 * 0.5 * self.writer.theme.scale * self.writer.factor {
            return self.line(topology, floors, words);
        }
        let (Some(size), Some(strong)) = (
            self.writer.size(TextRole::Small, self.rect.height()),
            self.writer.size(TextRole::Body, self.rect.height()),
        ) else {
            return;
        };
        let pad = size * 0.8;
        let mut entries = self.entries(topology);
        let unit = self.writer.theme.scale * self.writer.factor;
        let most = ((self.rect.width() / (COLUMN * unit)) as usize).max(1);
        let rows = |line: f32| ((self.rect.height() - 2.0 * pad - strong * LINE) / line).floor().max(0.0) as usize;
        // The lines stand closer where all of them would not fit otherwise.
        let lines = SPACING.map(|spacing| size * LINE * spacing);
        let enough = lines.iter().copied().find(|line| rows(*line) * most >= entries.len());
        let line = enough.unwrap_or(lines[lines.len() - 1]);
        let rows = rows(line);
        // As few columns as hold all of them, but two where there is room.
        let columns = entries.len().div_ceil(rows.max(1)).max(2).min(most);
        entries.truncate(rows * columns);
        let used = entries.len().div_ceil(columns);
        if used < 2 {
            return;
        }
        let height = 2.0 * pad + strong * LINE + used as f32 * line;
        let frame = Rect::from_min_size(self.rect.min, vec2(self.rect.width(), height));
        floors.push(Shape::Rect { rect: frame, radius: 6.0, fill: None, line: Some((1.0, Ink::Outline.solid())) });
        let inner = frame.shrink(pad);
        let head = inner.top() + strong * LINE / 2.0;
        let text = (strong, true);
        words.extend(self.writer.line(
            "Key",
            (inner.left(), head),
            Align2::LEFT_CENTER,
            text,
            inner.width(),
            Ink::Text.solid(),
        ));
        let room = inner.width() - self.writer.metrics.width("Key", strong, true) - size;
        let about = ["shape: what · colour: where", "colour: where"];
        let fits = |text: &&&str| self.writer.metrics.width(text, size, false) <= room;
        if let Some(about) = about.iter().find(fits) {
            let at = (inner.right(), head);
            words.extend(self.writer.line(about, at, Align2::RIGHT_CENTER, (size, false), room, Ink::Muted.solid()));
        }
        for (i, (sign, text, short)) in entries.iter().enumerate() {
            let wide = inner.width() / columns as f32;
            let x = inner.left() + (i / used) as f32 * wide;
            let at = pos2(x + size * 0.7, inner.top() + strong * LINE + ((i % used) as f32 + 0.5) * line);
            self.sign(sign, at, size, floors, words);
            let room = wide - size * 2.0;
            let start = (x + size * 1.9, at.y);
            let text = if self.writer.metrics.width(text, size, false) <= room { text } else { short };
            words.extend(self.writer.line(text, start, Align2::LEFT_CENTER, (size, false), room, Ink::Body.solid()));
        }
    }

    /// All of it in one line: as much as fits, what is told last left out first.
    fn line(&self, topology: &Topology, floors: &mut Vec<Shape>, words: &mut Vec<Shape>) {
        let Some(size) = self.writer.size(TextRole::Small, self.rect.height()) else { return };
        let (metrics, y) = (self.writer.metrics, self.rect.center().y);
        let mut x = self.rect.left();
        let head = self.writer.line("Key", (x, y), Align2::LEFT_CENTER, (size, true), f32::MAX, Ink::Muted.solid());
        words.extend(head);
        x += metrics.width("Key", size, true) + size;
        let entries = self.entries(topology);
        let wide = |text: &str| metrics.width(text, size, false) + size * 3.2;
        let whole: f32 = entries.iter().map(|(_, text, _)| wide(text)).sum();
        let whole = x + whole <= self.rect.right();
        for (sign, text, short) in &entries {
            let text = if whole { text } else { short };
            if x + wide(text) - size > self.rect.right() {
                break;
            }
            self.sign(sign, pos2(x + size * 0.7, y), size, floors, words);
            let at = (x + size * 1.8, y);
            words.extend(self.writer.line(text, at, Align2::LEFT_CENTER, (size, false), f32::MAX, Ink::Muted.solid()));
            x += wide(text);
        }
    }

    fn sign(&self, sign: &Sign, at: Pos2, size: f32, floors: &mut Vec<Shape>, words: &mut Vec<Shape>) {
        let across = |y: f32, ink: Ink| {
            let points = vec![pos2(at.x - size * 0.8, at.y + y), pos2(at.x + size * 0.8, at.y + y)];
            Shape::Line { points, line: (1.3, ink.solid()) }
        };
        match *sign {
            Sign::Token(token, layer) => {
                let paint = Ink::Layer(layer).solid();
                let (center, radius) = (at, size * 0.5);
                floors.push(Shape::Token { center, radius, token, paint, outlined: true, mark: String::new() });
            }
            Sign::Gate(layer) => {
                let (ink, half) = (Ink::Layer(layer), size * 0.5);
                floors.push(across(0.0, Ink::Layer(Layer::User)));
                for x in [at.x - size * 0.22, at.x + size * 0.22] {
                    let points = vec![pos2(x, at.y - half), pos2(x, at.y + half)];
                    floors.push(Shape::Line { points, line: (2.0, ink.solid()) });
                }
            }
            Sign::Wall => {
                floors.push(across(-size * 0.2, Ink::Layer(Layer::Hypervisor)));
                floors.push(across(size * 0.2, Ink::Layer(Layer::Hypervisor)));
            }
            Sign::Letter => {
                let rect = Rect::from_center_size(at, vec2(size * 1.25, size * 1.25));
                floors.push(Shape::Rect { rect, radius: 3.0, fill: None, line: Some((1.2, Ink::Text.faint(0.8))) });
                let middle = (at.x, at.y);
                let text = (size * 0.8, true);
                words.extend(self.writer.line("a", middle, Align2::CENTER_CENTER, text, f32::MAX, Ink::Text.solid()));
            }
        }
    }
}
