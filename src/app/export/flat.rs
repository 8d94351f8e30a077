//! From the picture's primitives to the four that any painter has: a box, a path, a circle, a line of text.
//!
//! The window paints with egui; files and pages are painted by others. What a token or a chevron looks like is told
//! here once for all of them, by the same outlines that the window fills.

use egui::{Align, Align2, Pos2, Rect, Vec2};

use crate::app::scene::paint::{BOLT, corners};
use crate::app::scene::{Ink, Paint, Shape};
use crate::trace::Token;

/// One of four primitives, in points from the canvas's top left corner.
#[derive(Clone, Debug, PartialEq)]
pub enum Flat {
    /// A box.
    Box {
        /// Where.
        rect: Rect,
        /// Of its corners.
        radius: f32,
        /// How it is filled and outlined.
        style: Style,
    },
    /// A path of straight lines.
    Path {
        /// The point that the path is drawn from.
        at: Pos2,
        /// Its corners, from that point.
        points: Vec<Vec2>,
        /// Whether the last is joined to the first.
        closed: bool,
        /// How it is filled and outlined.
        style: Style,
    },
    /// A circle.
    Circle {
        /// Its middle.
        center: Pos2,
        /// Its size.
        radius: f32,
        /// How it is filled and outlined.
        style: Style,
    },
    /// A line of text.
    Text {
        /// What it says.
        text: String,
        /// A point of its base line.
        at: Pos2,
        /// Which: the left end, the middle, or the right end.
        anchor: Align,
        /// Its height.
        size: f32,
        /// Whether it is emphasized.
        strong: bool,
        /// Its colour.
        paint: Paint,
        /// The most that it may be wide.
        width: f32,
    },
}

/// How a primitive is filled and outlined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Style {
    /// Its inside.
    pub fill: Option<Paint>,
    /// Its outline, and how thick.
    pub line: Option<(f32, Paint)>,
    /// Whether the outline is dashed.
    pub dashed: bool,
}

/// A dash and the gap behind it.
pub const DASH: (f32, f32) = (7.0, 5.0);
/// Inter's line above its base line, for text one point high: `hhea` of the font file.
pub const ASCENT: f32 = 0.968_75;
/// The height of Inter's line.
pub const HEIGHT: f32 = 1.210_23;

/// The primitives that draw `shape`, from back to front.
pub fn flat(shape: &Shape) -> Vec<Flat> {
    let outlined = |line: &(f32, Paint)| Style { line: Some(*line), ..Style::default() };
    match shape {
        Shape::Rect { rect, radius, fill, line } => {
            let style = Style { fill: *fill, line: *line, dashed: false };
            vec![Flat::Box { rect: *rect, radius: radius.round(), style }]
        }
        Shape::Dashed { rect, line } => {
            let style = Style { dashed: true, ..outlined(line) };
            vec![Flat::Box { rect: *rect, radius: 0.0, style }]
        }
        Shape::Line { points, line } => {
            let Some(&at) = points.first() else { return Vec::new() };
            let points = points.iter().map(|&point| point - at).collect();
            vec![Flat::Path { at, points, closed: false, style: outlined(line) }]
        }
        Shape::Ring { center, radius, line } => {
            vec![Flat::Circle { center: *center, radius: *radius, style: outlined(line) }]
        }
        Shape::Chevron { at, along, radius, line } => {
            let back = *along * *radius;
            let points = vec![back.rot90() - back, back * 0.2, -back - back.rot90()];
            vec![Flat::Path { at: *at, points, closed: false, style: outlined(line) }]
        }
        Shape::Text { text, at, anchor, size, strong, paint, bounds } => {
            let width = bounds.width();
            vec![Flat::Text {
                text: text.clone(),
                at: base(*at, *anchor, *size),
                anchor: anchor.x(),
                size: *size,
                strong: *strong,
                paint: *paint,
                width,
            }]
        }
        Shape::Token { center, radius, token, paint, outlined, mark } => {
            let mut out = token_of(*center, *radius, *token, *paint, *outlined && *radius >= 3.0);
            out.extend(mark_of(*center, *radius, *token, mark));
            out
        }
    }
}

/// The base line of a text that is anchored at a point.
fn base(at: Pos2, anchor: Align2, size: f32) -> Pos2 {
    let top = match anchor.y() {
        Align::Min => at.y,
        Align::Center => at.y - size * HEIGHT / 2.0,
        Align::Max => at.y - size * HEIGHT,
    };
    Pos2::new(at.x, top + size * ASCENT)
}

fn token_of(center: Pos2, radius: f32, token: Token, paint: Paint, outlined: bool) -> Vec<Flat> {
    let line = outlined.then(|| ((radius * 0.17).clamp(1.0, 2.0), Ink::TokenOutline.solid()));
    let style = Style { fill: Some(paint), line, dashed: false };
    if token == Token::Instruction {
        return vec![Flat::Circle { center, radius: radius * 0.8, style }];
    }
    let outline = if token == Token::Interrupt { &BOLT[..] } else { corners(token) };
    let scaled = |&(x, y): &(f32, f32)| Vec2::new(x, y) * radius;
    let mut out = vec![Flat::Path { at: center, points: outline.iter().map(scaled).collect(), closed: true, style }];
    if token == Token::Packet && line.is_some() {
        let flap = [(-1.1, -0.75), (0.0, 0.2), (1.1, -0.75)].iter().map(scaled).collect();
        out.push(Flat::Path { at: center, points: flap, closed: false, style: Style { fill: None, ..style } });
    }
    out
}

/// The letter in a token; beside it where its shape has no room.
fn mark_of(center: Pos2, radius: f32, token: Token, mark: &str) -> Option<Flat> {
    let size = radius * if mark.chars().count() > 1 { 0.95 } else { 1.35 };
    let (shift, paint) = match token {
        Token::Interrupt => (Vec2::new(0.85, 0.55), Ink::Text.solid()),
        Token::SystemCall => (Vec2::new(0.0, -0.18), Ink::Background.solid()),
        Token::Return => (Vec2::new(0.0, 0.22), Ink::Background.solid()),
        _ => (Vec2::ZERO, Ink::Background.solid()),
    };
    let at = base(center + shift * radius, Align2::CENTER_CENTER, size);
    let width = size * 0.65 * mark.chars().count() as f32;
    let text = Flat::Text { text: mark.to_owned(), at, anchor: Align::Center, size, strong: true, paint, width };
    (!mark.is_empty() && size >= 5.0).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the `hhea` and `head` tables, as in the OpenType specification.
    fn line_of(font: &[u8]) -> (f32, f32) {
        let number = |at: usize| i16::from_be_bytes([font[at], font[at + 1]]);
        let table = |tag: &[u8]| {
            let records = font[12..].chunks(16).take(usize::from(font[5]));
            let record = records.into_iter().find(|record| &record[..4] == tag).unwrap();
            u32::from_be_bytes(record[8..12].try_into().unwrap()) as usize
        };
        let (line, em) = (table(b"hhea"), f32::from(number(table(b"head") + 18)));
        let (up, down, gap) = (number(line + 4), number(line + 6), number(line + 8));
        (f32::from(up) / em, f32::from(up - down + gap) / em)
    }

    #[test]
    fn text_stands_on_the_base_line_of_the_fonts_in_use() {
        for font in [crate::app::fonts::REGULAR, crate::app::fonts::STRONG] {
            let (ascent, height) = line_of(font);
            assert!((ascent - ASCENT).abs() < 1e-4 && (height - HEIGHT).abs() < 1e-4, "{ascent} {height}");
        }
    }

    #[test]
    fn every_token_is_drawn_and_has_an_outline_only_if_it_is_large_enough() {
        use Token::*;
        for token in [Instruction, SystemCall, Return, PageFault, IoRequest, VmExit, Interrupt, Packet] {
            for (radius, outlined, wanted) in [(8.0, true, true), (8.0, false, false), (2.0, true, false)] {
                let center = Pos2::new(50.0, 50.0);
                let (paint, mark) = (Ink::Text.solid(), String::new());
                let shape = Shape::Token { center, radius, token, paint, outlined, mark };
                let drawn = flat(&shape);
                let (Flat::Path { style, .. } | Flat::Circle { style, .. }) = &drawn[0] else { panic!("{drawn:?}") };
                assert_eq!((style.fill.is_some(), style.line.is_some()), (true, wanted), "{token:?} at {radius}");
            }
        }
    }
}
