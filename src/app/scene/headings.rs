//! The heads of columns: letter and name. All names are of one size, at which each is whole if that can be read. In a
//! narrow column beside a followed one, what has no room beside the letter goes on in the line of state below.

use egui::{Align2, Rect, pos2, vec2};

use super::drawing::{Ink, Shape};
use super::stage::{Builder, brightness, dim, knowing};
use super::words::sentence;
use crate::app::letters::letter;
use crate::app::theme::TextRole;

/// What is written into a head.
pub(super) struct Head {
    /// Beside the letter.
    name: String,
    /// How high it is.
    size: f32,
    /// In the line of state, in place of that.
    pub below: Option<String>,
}

impl Builder<'_> {
    /// The height of a head on the canvas, and the size of its letter; `None` where it can't be read.
    fn head_size(&self) -> Option<(f32, f32)> {
        let heights = self.layout.columns.iter().map(|column| self.camera.rect(column.heading).height());
        let height = heights.fold(f32::INFINITY, f32::min);
        Some((height, self.writer.size(TextRole::Heading, height)?))
    }

    /// What column `i` is called.
    fn head_name(&self, i: usize) -> String {
        let column = &self.layout.columns[i];
        // What the host itself runs is in no stack.
        let name = self.topology.stacks.get(column.stack.index()).map_or("host", |stack| stack.name.as_str());
        let count = column.members.len();
        if count > 1 { format!("× {} {}", super::alike::grouped(count), sentence(name)) } else { sentence(name) }
    }

    fn badge(&self, i: usize, size: f32) -> f32 {
        self.writer.metrics.width(&letter(self.layout.columns[i].stack), size * 0.8, true) + size * 0.55
    }

    /// What is written into each column's head.
    pub(super) fn heads(&self) -> Vec<Head> {
        let Some((_, size)) = self.head_size() else { return Vec::new() };
        let columns = &self.layout.columns;
        let metrics = self.writer.metrics;
        let least = self.writer.least();
        let width = |i: usize| self.camera.rect(columns[i].heading).width();
        let room = |i: usize| (width(i) - self.badge(i, size) - size * 0.45).max(0.0);
        let fits = |name: &str, i: usize, size: f32| metrics.width(name, size, true) <= room(i);
        let sizes = || std::iter::successors(Some(size), |size| Some(size - 0.5)).take_while(|&size| size >= least);
        let names: Vec<String> = (0..columns.len()).map(|i| self.head_name(i)).collect();
        let alike = sizes().find(|&size| names.iter().enumerate().all(|(i, name)| fits(name, i, size)));
        let alike = alike.filter(|&alike| alike >= size * 0.8);
        let head = |(i, name): (usize, &String)| {
            if let Some(size) = alike.or_else(|| sizes().find(|&size| fits(name, i, size))) {
                return Head { name: name.clone(), size, below: None };
            }
            let (first, second) = halves(name);
            // Whoever follows one looks there: what others do gives way to what they are called.
            let wraps = self.followed.is_some_and(|followed| followed != i);
            let below = |first: &str, second: &str| {
                let whole = fits(first, i, least) && metrics.width(second, least, true) <= width(i);
                (wraps && !second.is_empty() && whole).then(|| (first.to_owned(), second.to_owned()))
            };
            if let Some((name, below)) = below(first, second).or_else(|| below("", name)) {
                return Head { name, size: least, below: Some(below) };
            }
            // The letter tells columns apart; of a name that is too long, what it does not share is the end.
            let end = format!("… {second}");
            let end = if second.is_empty() || !fits(&end, i, least) { second.to_owned() } else { end };
            let choices = [end, second.to_owned(), first.to_owned()];
            let found = choices.into_iter().find(|text| !text.is_empty() && fits(text, i, least));
            let cut = || metrics.cut(name, least, true, room(i)).unwrap_or_else(|| name.clone());
            Head { name: found.unwrap_or_else(cut), size: least, below: None }
        };
        names.iter().enumerate().map(head).collect()
    }

    /// The columns' letters and names.
    pub(super) fn headings(&self, words: &mut Vec<Shape>, floors: &mut Vec<Shape>) {
        let Some((height, size)) = self.head_size() else { return };
        for (i, head) in self.heads().into_iter().enumerate() {
            let column = &self.layout.columns[i];
            let rect = self.camera.rect(column.heading);
            if !rect.intersects(self.camera.canvas) {
                continue;
            }
            let (from, first) = (floors.len(), words.len());
            let middle = rect.center().y;
            let badge = vec2(self.badge(i, size), height * 0.88);
            let square = Rect::from_min_size(pos2(rect.left(), middle - height * 0.44), badge);
            let followed = self.followed == Some(i);
            let fill = followed.then(|| Ink::Text.solid());
            floors.push(Shape::Rect { rect: square, radius: 4.0, fill, line: Some((1.3, Ink::Text.faint(0.8))) });
            let ink = if followed { Ink::Background.solid() } else { Ink::Text.solid() };
            let (mark, at) = ((size * 0.8, true), (square.center().x, middle));
            words.extend(self.writer.line(&letter(column.stack), at, Align2::CENTER_CENTER, mark, f32::MAX, ink));
            let (text, left) = ((head.size, true), square.right() + head.size * 0.4);
            let room = rect.right() - left;
            let name = (left, middle);
            words.extend(self.writer.line(&head.name, name, Align2::LEFT_CENTER, text, room, Ink::Text.solid()));
            if let Some(below) = &head.below {
                let state = self.camera.rect(column.state);
                let at = (state.left(), state.center().y);
                let room = state.width() + 0.5;
                words.extend(self.writer.line(below, at, Align2::LEFT_CENTER, text, room, Ink::Text.solid()));
            }
            let own = self.topology.stacks.get(column.stack.index()).map(|stack| stack.component);
            let by = brightness(self.layout, self.followed, i) * own.map_or(1.0, |own| knowing(self.known, own));
            dim(&mut floors[from..], by);
            dim(&mut words[first..], by);
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
