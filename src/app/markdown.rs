//! Running text with **strong** words, *stressed* words, `code` and links, from Markdown.
//!
//! A paragraph is one text, laid out as a whole: a comma stays with the word before it, whatever that word looks
//! like. Strong words are set in the bolder typeface and stressed ones in the tone of headings, since no slanted
//! typeface comes with the program, and slanting the upright one by force makes none. Numbers of the run, and words of
//! the field where they come first, have a faint line under them: the line at the bottom of the window tells more.
//! Left out: pictures, tables, HTML.

use egui::text::{ByteIndex, LayoutJob, TextFormat};
use egui::text_selection::LabelSelectionState;
use egui::{Color32, FontFamily, FontId, Label, Rect, Sense, Stroke, Ui};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::theme::Theme;
use super::{fonts, glossary, hint};
use crate::scenario::NUMBER;

/// How a text looks.
#[derive(Clone, Debug)]
struct Look {
    size: f32,
    color: Color32,
    stressed: Color32,
    link: Color32,
    code: Color32,
    strong: FontFamily,
}

impl Look {
    /// The line under what there is more to know of.
    fn more(&self) -> Stroke {
        Stroke::new(1.0, self.color.gamma_multiply(0.5))
    }
}

/// A paragraph, or an item of a list.
#[derive(Clone, Debug, Default, PartialEq)]
struct Paragraph {
    job: LayoutJob,
    /// How deep in lists it stands.
    depth: usize,
    /// The dot or number before it.
    mark: Option<String>,
    /// The links: the characters from and up to which they go, and where they lead.
    links: Vec<(usize, usize, String)>,
    /// Numbers of the run and words of the field: the characters from and up to which they go, and what there is to
    /// know of them.
    told: Vec<(usize, usize, String)>,
}

/// Draws `text` in `color`. Gives back where the link that was followed leads.
pub fn text_ui(ui: &mut Ui, text: &str, size: f32, color: Color32, theme: &Theme) -> Option<String> {
    let look = Look {
        size,
        color,
        stressed: theme.text,
        link: theme.accent,
        code: theme.control,
        strong: fonts::strong_family_of(ui.ctx()),
    };
    let mut followed = None;
    for paragraph in paragraphs(text, &look) {
        let went = if paragraph.depth == 0 {
            paragraph_ui(ui, paragraph)
        } else {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                ui.add_space(size * (paragraph.depth as f32 - 0.6));
                let mark = egui::RichText::new(paragraph.mark.as_deref().unwrap_or(" ")).size(size).color(color);
                ui.add(Label::new(mark).selectable(false));
                ui.add_space(size * 0.5);
                ui.vertical(|ui| paragraph_ui(ui, paragraph)).inner
            })
            .inner
        };
        followed = went.or(followed);
    }
    followed
}

fn paragraph_ui(ui: &mut Ui, paragraph: Paragraph) -> Option<String> {
    let Paragraph { job, links, told, .. } = paragraph;
    let text = job.text.clone();
    let (at, galley, response) = Label::new(job).wrap().layout_in_ui(ui);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, &text));
    let color = ui.visuals().text_color();
    LabelSelectionState::label_text_selection(ui, &response, at, galley.clone(), color, Stroke::NONE);
    for (index, (from, to, more)) in told.into_iter().enumerate() {
        for (line, rect) in lines(&galley, from, to).into_iter().enumerate() {
            let id = response.id.with(("told", index, line));
            let here = ui.interact(rect.translate(at.to_vec2()), id, Sense::hover());
            hint::say(&here, || more.to_string());
        }
    }
    let mut followed = None;
    for (index, (from, to, target)) in links.into_iter().enumerate() {
        for (line, rect) in lines(&galley, from, to).into_iter().enumerate() {
            // A link that goes on in the next line is one stop for Tab.
            let sense = if line == 0 { Sense::click() } else { Sense::CLICK };
            let id = response.id.with(("link", index, line));
            let link = ui.interact(rect.translate(at.to_vec2()), id, sense);
            let name: String = text.chars().skip(from).take(to - from).collect();
            link.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Link, true, &name));
            if link.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
                followed = Some(target.clone());
            }
        }
    }
    followed
}

/// Where the characters from `from` up to `to` stand, line by line.
fn lines(galley: &egui::Galley, from: usize, to: usize) -> Vec<Rect> {
    let mut lines: Vec<Rect> = Vec::new();
    let mut first = 0;
    for row in &galley.rows {
        for (i, glyph) in row.glyphs.iter().enumerate() {
            if !(from..to).contains(&(first + i)) {
                continue;
            }
            let rect = glyph.logical_rect().translate(row.pos.to_vec2());
            match lines.last_mut().filter(|line| (line.center().y - rect.center().y).abs() < rect.height() / 2.0) {
                Some(line) => *line = line.union(rect),
                None => lines.push(rect),
            }
        }
        first += row.glyphs.len() + usize::from(row.ends_with_newline);
    }
    lines
}

/// The paragraphs of a text.
fn paragraphs(text: &str, look: &Look) -> Vec<Paragraph> {
    let mut all = Vec::new();
    let mut now = Paragraph::default();
    let (mut strong, mut stressed, mut depth) = (0, 0, 0usize);
    let mut link: Option<(usize, String)> = None;
    let mut number: Option<(usize, String)> = None;
    let mut numbers: Vec<Option<u64>> = Vec::new();
    let mut finish = |now: &mut Paragraph| {
        let done = std::mem::take(now);
        if !done.job.text.trim().is_empty() {
            all.push(done);
        }
    };
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Strong | Tag::Heading { .. }) => strong += 1,
            Event::End(TagEnd::Strong) => strong -= 1,
            Event::End(TagEnd::Heading(_)) => {
                strong -= 1;
                finish(&mut now);
            }
            Event::Start(Tag::Emphasis) => stressed += 1,
            Event::End(TagEnd::Emphasis) => stressed -= 1,
            Event::Start(Tag::List(number)) => {
                finish(&mut now);
                numbers.push(number);
                depth += 1;
            }
            Event::End(TagEnd::List(_)) => {
                finish(&mut now);
                numbers.pop();
                depth -= 1;
            }
            Event::Start(Tag::Item) => {
                finish(&mut now);
                now.depth = depth;
                now.mark = Some(match numbers.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}.", *number - 1)
                    }
                    _ => "•".to_owned(),
                });
            }
            Event::End(TagEnd::Item | TagEnd::Paragraph | TagEnd::CodeBlock) => finish(&mut now),
            Event::Start(Tag::Link { dest_url, title, .. }) if &*dest_url == NUMBER => {
                number = Some((now.job.text.chars().count(), title.into_string()));
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                link = Some((now.job.text.chars().count(), dest_url.into_string()));
            }
            Event::End(TagEnd::Link) => {
                if let Some((from, source)) = number.take() {
                    let to = now.job.text.chars().count();
                    now.told.push((from, to, source));
                }
                if let Some((from, target)) = link.take() {
                    let to = now.job.text.chars().count();
                    now.links.push((from, to, target));
                }
            }
            Event::SoftBreak => append(&mut now, " ", look, (strong, stressed, false, link.is_some())),
            Event::HardBreak => append(&mut now, "\n", look, (strong, stressed, false, link.is_some())),
            Event::Text(text) if number.is_some() => append_number(&mut now, &text, look, (strong, stressed)),
            Event::Text(text) => append(&mut now, &text, look, (strong, stressed, false, link.is_some())),
            Event::Code(text) => append(&mut now, &text, look, (strong, stressed, true, link.is_some())),
            _ => {}
        }
    }
    finish(&mut now);
    explain(&mut all, look);
    all
}

/// Puts a line under each word of the field where the text has it first, unless it is part of a link or a number.
fn explain(all: &mut [Paragraph], look: &Look) {
    let mut known = Vec::new();
    for paragraph in all {
        for (range, term) in glossary::first(&paragraph.job.text, &mut known) {
            let from = paragraph.job.text[..range.start].chars().count();
            let to = from + paragraph.job.text[range.clone()].chars().count();
            let taken = paragraph.links.iter().chain(&paragraph.told);
            if taken.into_iter().any(|(a, b, _)| from < *b && *a < to) {
                continue;
            }
            underline(&mut paragraph.job, range, look.more());
            paragraph.told.push((from, to, term.line()));
        }
    }
}

/// Puts a line under a stretch of a text, whatever its letters look like.
fn underline(job: &mut LayoutJob, range: std::ops::Range<usize>, line: Stroke) {
    let mut sections = Vec::with_capacity(job.sections.len() + 2);
    for section in job.sections.drain(..) {
        let (start, end) = (section.byte_range.start.0, section.byte_range.end.0);
        let cuts = [start, range.start.clamp(start, end), range.end.clamp(start, end), end];
        for (i, cut) in cuts.windows(2).enumerate().filter(|(_, cut)| cut[0] < cut[1]) {
            let mut part = section.clone();
            part.byte_range = ByteIndex(cut[0])..ByteIndex(cut[1]);
            part.leading_space = if cut[0] == start { section.leading_space } else { 0.0 };
            if i == 1 {
                part.format.underline = line;
            }
            sections.push(part);
        }
    }
    job.sections = sections;
}

/// The words of a number of the run look as all others, and have a faint line under them: there is more to know.
fn append_number(to: &mut Paragraph, text: &str, look: &Look, (strong, stressed): (i32, i32)) {
    let mut format = format(look, (strong, stressed, false, false));
    format.underline = look.more();
    to.job.append(text, 0.0, format);
}

fn append(to: &mut Paragraph, text: &str, look: &Look, style: (i32, i32, bool, bool)) {
    to.job.append(text, 0.0, format(look, style));
}

fn format(look: &Look, (strong, stressed, code, link): (i32, i32, bool, bool)) -> TextFormat {
    let family = match (code, strong > 0) {
        (true, _) => FontFamily::Monospace,
        (_, true) => look.strong.clone(),
        _ => FontFamily::Proportional,
    };
    let size = if code { look.size * 0.93 } else { look.size };
    let color = match (link, strong > 0 || stressed > 0) {
        (true, _) => look.link,
        (_, true) => look.stressed,
        _ => look.color,
    };
    let underline = if link { Stroke::new(1.0, look.link) } else { Stroke::NONE };
    let background = if code { look.code } else { Color32::TRANSPARENT };
    TextFormat { font_id: FontId::new(size, family), color, underline, background, ..Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Paragraph> {
        let strong = FontFamily::Name("strong".into());
        let [color, stressed, link, code] = [Color32::GRAY, Color32::WHITE, Color32::BLUE, Color32::BLACK];
        paragraphs(text, &Look { size: 14.0, color, stressed, link, code, strong })
    }

    #[test]
    fn the_line_under_a_number_goes_no_further_than_the_number() {
        let text = "It takes [2 µs](NUM \"a\"), then asks **for [4 KiB](NUM \"b\") or so**, [5](NUM \"c\") times.";
        let [one] = &read(&text.replace("NUM", NUMBER))[..] else { panic!("one") };
        let lined = one.job.sections.iter().filter(|section| section.format.underline != Stroke::NONE);
        let lined: Vec<&str> =
            lined.map(|section| &one.job.text[section.byte_range.start.0..section.byte_range.end.0]).collect();
        assert_eq!(lined, ["2 µs", "4 KiB", "5"]);
    }

    #[test]
    fn a_word_of_the_field_is_explained_where_it_comes_first_and_nowhere_else() {
        let text =
            "The **VM exit** and [a doorbell](there).\n\nA VM exit, then the `HLT`, which the doorbell is no part of.";
        let all = read(text);
        let lined = |p: &Paragraph| -> Vec<String> {
            let lined = p.job.sections.iter().filter(|s| s.format.underline.color != Color32::BLUE);
            let lined = lined.filter(|s| s.format.underline != Stroke::NONE);
            lined.map(|s| p.job.text[s.byte_range.start.0..s.byte_range.end.0].to_owned()).collect()
        };
        assert_eq!(lined(&all[0]), ["VM exit"]);
        assert_eq!(lined(&all[1]), ["HLT"]);
        assert!(all[0].told[0].2.starts_with("VM exit: the processor leaves"), "{:?}", all[0].told);
        let whole: usize = all[0].job.sections.iter().map(|s| s.byte_range.end.0 - s.byte_range.start.0).sum();
        assert_eq!(whole, all[0].job.text.len(), "no letter is lost or doubled");
    }

    #[test]
    fn no_mark_is_torn_from_the_word_before_it() {
        let [one] = &read("It is a **hypervisor**, *not* `HLT`: see [there](vm-in-vm).")[..] else { panic!("one") };
        assert_eq!(one.job.text, "It is a hypervisor, not HLT: see there.");
        assert_eq!(one.links, [(33, 38, "vm-in-vm".to_owned())]);
    }

    #[test]
    fn a_number_of_the_run_is_plain_text_that_knows_where_it_comes_from() {
        let [one] = &read("It took [80.7 µs](= \"The median read. Computed\"), **no [3](= \"x\")**.")[..] else {
            panic!("one")
        };
        assert_eq!(one.job.text, "It took 80.7 µs, no 3.");
        assert!(one.links.is_empty());
        assert_eq!(one.told, [(8, 15, "The median read. Computed".to_owned()), (20, 21, "x".to_owned())]);
    }

    #[test]
    fn strong_words_have_a_bolder_typeface_and_nothing_is_slanted_by_force() {
        let [one] = &read("a **b** *c*")[..] else { panic!("one") };
        let of = |letter: &str| {
            let at = one.job.text.find(letter).expect("it is there");
            let fits = |section: &&egui::text::LayoutSection| {
                section.byte_range.start.0 <= at && at < section.byte_range.end.0
            };
            one.job.sections.iter().find(fits).expect("a section").format.clone()
        };
        assert_eq!(of("b").font_id.family, FontFamily::Name("strong".into()));
        assert_ne!(of("c").color, of("a").color, "stress is seen");
        assert!(one.job.sections.iter().all(|section| !section.format.italics));
    }

    #[test]
    fn lists_keep_their_marks_and_paragraphs_are_kept_apart() {
        let all = read("one\n\ntwo\n\n- three\n- four\n\n1. five\n2. six");
        let marks: Vec<Option<&str>> = all.iter().map(|p| p.mark.as_deref()).collect();
        assert_eq!(marks, [None, None, Some("•"), Some("•"), Some("1."), Some("2.")]);
    }
}
