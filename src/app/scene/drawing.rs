//! The picture as a list of primitives, in points from the canvas's top left corner. It knows roles of colour, not
//! colours, and no way of painting: two equal pictures are equal lists.

use std::sync::Arc;

use egui::{Align2, Pos2, Rect};

use super::Selection;
use crate::trace::{Layer, Token};

/// What a colour is for; the theme knows which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// A layer's colour.
    Layer(Layer),
    /// A name or value.
    Text,
    /// Running text.
    Body,
    /// A note.
    Muted,
    /// A crossing, something that is shut.
    Alarm,
    /// Behind an alarming label.
    AlarmFill,
    /// Behind a quiet label.
    LabelFill,
    /// The inside of a virtual machine.
    Inside,
    /// The canvas.
    Background,
    /// A line without meaning of its own; an empty track.
    Outline,
    /// Around a token.
    TokenOutline,
    /// What is selected.
    Accent,
}

/// A colour role and how much of it covers what is below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paint {
    /// Which colour.
    pub ink: Ink,
    /// 1 covers, 0 shows nothing.
    pub alpha: f32,
}

impl Ink {
    /// Covering.
    pub const fn solid(self) -> Paint {
        Paint { ink: self, alpha: 1.0 }
    }
    /// Half transparent, or less or more.
    pub const fn faint(self, alpha: f32) -> Paint {
        Paint { ink: self, alpha }
    }
}

/// One primitive.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A rectangle with round corners.
    Rect {
        /// Where.
        rect: Rect,
        /// Of its corners.
        radius: f32,
        /// Its inside.
        fill: Option<Paint>,
        /// Its outline, and how thick.
        line: Option<(f32, Paint)>,
    },
    /// The outline of a rectangle in dashes.
    Dashed {
        /// Where.
        rect: Rect,
        /// How thick, and of what colour.
        line: (f32, Paint),
    },
    /// A line through points.
    Line {
        /// Its corners.
        points: Vec<Pos2>,
        /// How thick, and of what colour.
        line: (f32, Paint),
    },
    /// A circle's outline.
    Ring {
        /// Its middle.
        center: Pos2,
        /// Its size.
        radius: f32,
        /// How thick, and of what colour.
        line: (f32, Paint),
    },
    /// One line of text, already fitted.
    Text {
        /// What it says.
        text: String,
        /// The point it is anchored at.
        at: Pos2,
        /// How.
        anchor: Align2,
        /// Its height in points.
        size: f32,
        /// Whether it is emphasized.
        strong: bool,
        /// Its colour.
        paint: Paint,
        /// The box that it was measured to fill.
        bounds: Rect,
    },
    /// A token.
    Token {
        /// Its middle.
        center: Pos2,
        /// Half its height.
        radius: f32,
        /// What it is now.
        token: Token,
        /// The layer it is in.
        paint: Paint,
        /// Whether it is outlined: not in a crowd.
        outlined: bool,
        /// Whose it is: its column's letter; or how many it stands for.
        mark: String,
    },
    /// An arrow head, for reduced motion: at a point, along a direction.
    Chevron {
        /// Its tip.
        at: Pos2,
        /// A unit vector.
        along: egui::Vec2,
        /// Half its width.
        radius: f32,
        /// How thick, and of what colour.
        line: (f32, Paint),
    },
}

/// The picture, from back to front.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// Floors, walls, membranes, valves.
    pub floors: Arc<Vec<Shape>>,
    /// What changes below the words: busy cores, gauges, trails.
    pub trails: Vec<Shape>,
    /// Names and notes.
    pub words: Arc<Vec<Shape>>,
    /// Tokens, flashes, labels, ledgers.
    pub tokens: Vec<Shape>,
    /// Where tokens can be clicked, the last on top.
    pub hits: Vec<(Pos2, f32, Selection)>,
    /// What there is to know of a label, a card or a mailbox.
    pub told: Vec<(Rect, String)>,
}

impl Drawing {
    /// All primitives, from back to front.
    pub fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.floors.iter().chain(&self.trails).chain(self.words.iter()).chain(&self.tokens)
    }

    /// The boxes of all texts.
    pub fn text_boxes(&self) -> impl Iterator<Item = (&str, Rect)> {
        self.shapes().filter_map(|shape| match shape {
            Shape::Text { text, bounds, .. } => Some((text.as_str(), *bounds)),
            _ => None,
        })
    }
}
