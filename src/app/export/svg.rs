//! The picture as one SVG file: no script, nothing from elsewhere, colours and sizes as in the window.
//!
//! Text is set in Inter where the reader has it and in the system's typeface elsewhere; each line says how wide it is,
//! so that it stays within its box in either.

use std::fmt::Write;

use egui::{Align, Vec2};

use super::flat::{DASH, Flat, Style, flat};
use super::text::{escaped, hex};
use crate::app::scene::paint::color_of;
use crate::app::scene::{Drawing, Paint};
use crate::app::theme::Theme;

/// What is said of the picture beside it.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// A heading: "One read(), four stacks, t = 90 µs".
    pub title: &'a str,
    /// The picture in words, for those who can't see it.
    pub words: &'a str,
}

/// Text is measured with a margin for hinting; this is what is meant to be filled.
const MARGIN: f32 = 1.02;

/// The drawing as the text of an SVG file.
pub fn svg(drawing: &Drawing, canvas: Vec2, theme: &Theme, about: About) -> String {
    let (width, height) = (canvas.x, canvas.y);
    let mut out = String::new();
    let ink = Pen { theme };
    // Writing into a string can't fail.
    let _ = write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title desc\" \
         font-family=\"Inter, system-ui, sans-serif\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        escaped(about.title),
        escaped(about.words),
        hex(theme.background)
    );
    for shape in drawing.shapes() {
        for part in flat(shape) {
            ink.draw(&part, &mut out);
            out.push('\n');
        }
    }
    out.push_str("</svg>\n");
    out
}

struct Pen<'a> {
    theme: &'a Theme,
}

impl Pen<'_> {
    fn draw(&self, part: &Flat, out: &mut String) {
        let _ = match part {
            Flat::Box { rect, radius, style } => write!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"{}/>",
                short(rect.left()),
                short(rect.top()),
                short(rect.width().max(0.0)),
                short(rect.height().max(0.0)),
                short(*radius),
                self.style(style)
            ),
            Flat::Path { at, points, closed, style } => {
                let mut path = String::new();
                for (i, point) in points.iter().enumerate() {
                    let to = *at + *point;
                    path += &format!("{}{} {}", if i == 0 { "M" } else { "L" }, short(to.x), short(to.y));
                }
                let end = if *closed { "Z" } else { "" };
                write!(out, "<path d=\"{path}{end}\"{}/>", self.style(style))
            }
            Flat::Circle { center, radius, style } => write!(
                out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>",
                short(center.x),
                short(center.y),
                short(*radius),
                self.style(style)
            ),
            Flat::Text { text, at, anchor, size, strong, paint, width } => {
                let anchor = match anchor {
                    Align::Min => "",
                    Align::Center => " text-anchor=\"middle\"",
                    Align::Max => " text-anchor=\"end\"",
                };
                let weight = if *strong { " font-weight=\"600\"" } else { "" };
                write!(
                    out,
                    "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{anchor}{weight} fill=\"{}\" textLength=\"{}\" \
                     lengthAdjust=\"spacingAndGlyphs\">{}</text>",
                    short(at.x),
                    short(at.y),
                    short(*size),
                    self.paint(*paint),
                    short(width / MARGIN),
                    escaped(text)
                )
            }
        };
    }

    fn paint(&self, paint: Paint) -> String {
        hex(color_of(self.theme, paint))
    }

    fn style(&self, style: &Style) -> String {
        let mut text = format!(" fill=\"{}\"", style.fill.map_or("none".to_owned(), |fill| self.paint(fill)));
        if let Some((width, paint)) = style.line {
            text += &format!(" stroke=\"{}\" stroke-width=\"{}\"", self.paint(paint), short(width));
        }
        if style.dashed {
            text += &format!(" stroke-dasharray=\"{} {}\"", DASH.0, DASH.1);
        }
        text
    }
}

/// A coordinate to a hundredth of a point.
fn short(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui::{Align2, Rect, pos2, vec2};

    use super::*;
    use crate::app::scene::{Ink, Shape};

    fn said(text: &str) -> Drawing {
        let bounds = Rect::from_min_size(pos2(0.0, 0.0), vec2(50.0, 15.0));
        let shape = Shape::Text {
            text: text.to_owned(),
            at: pos2(10.0, 20.0),
            anchor: Align2::LEFT_CENTER,
            size: 12.0,
            strong: true,
            paint: Ink::Text.solid(),
            bounds,
        };
        Drawing { words: Arc::new(vec![shape]), ..Drawing::default() }
    }

    #[test]
    fn names_that_look_like_markup_stay_names() {
        let name = "</text><script>alert(1)</script>]]>&\"'\u{2028}\u{1}";
        let about = About { title: name, words: name };
        let text = svg(&said(name), vec2(100.0, 100.0), &Theme::dark(), about);
        assert!(!text.contains("<script"), "{text}");
        assert_eq!(text.matches("</text>").count(), 1, "{text}");
        assert!(!text.contains(']') && !text.contains('\u{1}'), "{text}");
    }

    #[test]
    fn coordinates_are_short_and_never_minus_zero() {
        assert_eq!(
            [short(1.0), short(-0.001), short(2.345), short(100.0)],
            ["1", "0", "2.35", "100"].map(String::from)
        );
    }
}
