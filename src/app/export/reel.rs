//! A scene's pictures in little room. Most of a picture stays from one still to the next, so each primitive is kept
//! once, in a dictionary, and a still is only what differs from the one before it.
//!
//! Numbers are tenths of a point. The page's player (`assets/player/player.js`) reads what is written here: a change
//! to one needs the other.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use egui::{Align, Vec2};
use serde::Serialize;

use super::flat::{Flat, Style, flat};
use super::text::hex;
use crate::app::scene::paint::color_of;
use crate::app::scene::{Drawing, Paint, Shape};
use crate::app::theme::Theme;
use crate::engine::Time;

/// Everything that a scene's pictures are made of.
#[derive(Debug, Default, Serialize)]
pub struct Reel {
    /// Colours, dark and light.
    paints: Dictionary<[String; 2]>,
    /// Words, times, names.
    texts: Dictionary<String>,
    /// Corners of paths: x and y in turn.
    outlines: Dictionary<Vec<i32>>,
    /// Primitives: their kind, then their numbers.
    shapes: Dictionary<Vec<i32>>,
    /// What each column does: texts.
    said: Dictionary<Vec<u32>>,
    /// The stills.
    frames: Vec<Frame>,
    #[serde(skip)]
    before: [Vec<u32>; LAYERS],
    #[serde(skip)]
    fixed: [Option<Fixed>; 2],
}

/// A list of shapes that stays for many stills, and the numbers of its primitives.
type Fixed = (Arc<Vec<Shape>>, Vec<u32>);

/// A still: milliseconds on the screen, picoseconds of the run, whether stepping stops here, the time in words, what
/// each column does, and what changed.
#[derive(Debug, Serialize)]
struct Frame(u32, u64, u8, u32, u32, Vec<u32>);

/// The drawing's lists: floors, trails, words, tokens.
const LAYERS: usize = 4;

/// What is kept once, and by its number from then on.
#[derive(Debug)]
struct Dictionary<T> {
    entries: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Dictionary { entries: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Serialize> Serialize for Dictionary<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl<T: Clone + Eq + Hash> Dictionary<T> {
    fn number(&mut self, entry: T) -> u32 {
        if let Some(&number) = self.numbers.get(&entry) {
            return number;
        }
        let number = self.entries.len() as u32;
        self.entries.push(entry.clone());
        self.numbers.insert(entry, number);
        number
    }
}

impl Reel {
    /// Adds a still.
    pub fn add(&mut self, drawing: &Drawing, still: &super::takes::Still, said: &[String]) {
        let lists = [
            self.unchanging(0, &drawing.floors),
            self.numbers(&drawing.trails),
            self.unchanging(1, &drawing.words),
            self.numbers(&drawing.tokens),
        ];
        let mut changes = Vec::new();
        for (layer, list) in lists.into_iter().enumerate() {
            change(layer as u32, &self.before[layer], &list, &mut changes);
            self.before[layer] = list;
        }
        let time = self.texts.number(still.moment.time.to_string());
        let said = said.iter().map(|line| self.texts.number(line.clone())).collect();
        let said = self.said.number(said);
        let milliseconds = (still.at * 1000.0).round() as u32;
        self.frames.push(Frame(
            milliseconds,
            picoseconds(still.moment.time),
            u8::from(still.stop),
            time,
            said,
            changes,
        ));
    }

    /// The number of a colour, for what is drawn beside the pictures.
    pub fn paint(&mut self, paint: Paint) -> u32 {
        // A fiftieth is less than anyone sees.
        let paint = Paint { alpha: (paint.alpha * 50.0).round() / 50.0, ..paint };
        let colors = [Theme::dark(), Theme::light()].map(|theme| hex(color_of(&theme, paint)));
        self.paints.number(colors)
    }

    /// A list that stays as it is for many stills.
    fn unchanging(&mut self, which: usize, shapes: &Arc<Vec<Shape>>) -> Vec<u32> {
        if let Some((of, numbers)) = &self.fixed[which]
            && Arc::ptr_eq(of, shapes)
        {
            return numbers.clone();
        }
        let numbers = self.numbers(shapes);
        self.fixed[which] = Some((Arc::clone(shapes), numbers.clone()));
        numbers
    }

    fn numbers(&mut self, shapes: &[Shape]) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(shapes.len());
        for part in shapes.iter().flat_map(flat) {
            let shape = self.shape(&part);
            numbers.push(self.shapes.number(shape));
        }
        numbers
    }

    fn shape(&mut self, part: &Flat) -> Vec<i32> {
        match part {
            Flat::Box { rect, radius, style } => {
                let [fill, width, line, dashed] = self.style(style);
                let (x, y) = (tenths(rect.left()), tenths(rect.top()));
                let (w, h) = (tenths(rect.width().max(0.0)), tenths(rect.height().max(0.0)));
                vec![0, x, y, w, h, tenths(*radius), fill, width, line, dashed]
            }
            Flat::Path { at, points, closed, style } => {
                let [fill, width, line, dashed] = self.style(style);
                let corners = points.iter().flat_map(|&Vec2 { x, y }| [tenths(x), tenths(y)]).collect();
                let outline = self.outlines.number(corners) as i32;
                vec![1, outline, tenths(at.x), tenths(at.y), i32::from(*closed), fill, width, line, dashed]
            }
            Flat::Circle { center, radius, style } => {
                let [fill, width, line, dashed] = self.style(style);
                vec![2, tenths(center.x), tenths(center.y), tenths(*radius), fill, width, line, dashed]
            }
            Flat::Text { text, at, anchor, size, strong, paint, width } => {
                let anchor = match anchor {
                    Align::Min => 0,
                    Align::Center => 1,
                    Align::Max => 2,
                };
                let (text, paint) = (self.texts.number(text.clone()) as i32, self.paint(*paint) as i32);
                let (x, y) = (tenths(at.x), tenths(at.y));
                vec![3, text, x, y, anchor, tenths(*size), i32::from(*strong), paint, tenths(*width)]
            }
        }
    }

    /// Fill, thickness, colour of the line, whether it is dashed; -1 for no colour.
    fn style(&mut self, style: &Style) -> [i32; 4] {
        let fill = style.fill.map_or(-1, |fill| self.paint(fill) as i32);
        let (width, line) = style.line.map_or((0, -1), |(width, paint)| (tenths(width), self.paint(paint) as i32));
        [fill, width, line, i32::from(style.dashed)]
    }
}

fn tenths(value: f32) -> i32 {
    (value * 10.0).round() as i32
}

/// What makes `after` of `before`: the layer, from where, how many go, how many come, and those.
fn change(layer: u32, before: &[u32], after: &[u32], out: &mut Vec<u32>) {
    let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[same..], &after[same..]);
    let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
    let (gone, come) = (before.len() - tail, &after[..after.len() - tail]);
    if gone > 0 || !come.is_empty() {
        out.extend([layer, same as u32, gone as u32, come.len() as u32]);
        out.extend(come);
    }
}

/// A time as a number that a browser can hold: picoseconds, which stay exact up to 2^53, a hundred minutes and more.
pub fn picoseconds(time: Time) -> u64 {
    time.as_ps().min(1 << 53)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the player does.
    fn apply(lists: &mut [Vec<u32>], mut changes: &[u32]) {
        while let [layer, from, gone, come, rest @ ..] = changes {
            let (from, gone, come) = (*from as usize, *gone as usize, *come as usize);
            lists[*layer as usize].splice(from..from + gone, rest[..come].iter().copied());
            changes = &rest[come..];
        }
    }

    proptest! {
        #[test]
        fn changes_one_after_the_other_give_back_every_list(lists in prop::collection::vec(prop::collection::vec(0u32..6, 0..12), 1..20)) {
            let (mut before, mut rebuilt) = (Vec::new(), vec![Vec::new(); LAYERS]);
            for list in lists {
                let mut changes = Vec::new();
                change(2, &before, &list, &mut changes);
                apply(&mut rebuilt, &changes);
                prop_assert_eq!(&rebuilt[2], &list);
                prop_assert!(before != list || changes.is_empty());
                before = list;
            }
        }
    }
}
