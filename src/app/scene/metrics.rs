//! How wide text is, as plain numbers, so that the picture can be computed without a window.

use egui::{Context, FontFamily, FontId};

use crate::app::fonts;

/// The least that is said of what is not there.
pub const SHORTEST: &str = "not yet";

/// The widths of the characters that labels are made of, for text one point high.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    regular: Widths,
    strong: Widths,
}

/// One weight's widths.
#[derive(Clone, Debug, PartialEq)]
struct Widths {
    ascii: [f32; 128],
    /// The widest of the other characters that occur.
    other: f32,
}

/// The size at which glyphs are measured: large, so that rounding to pixels does not matter.
const SAMPLE: f32 = 64.0;
/// Hinting at small sizes may make a glyph wider than it is at the sampled size.
const MARGIN: f32 = 1.02;

impl Metrics {
    /// Measures the fonts of `context`, which must have begun a frame.
    pub fn of(context: &Context) -> Metrics {
        let measure = |font: FontId| {
            context.fonts_mut(|fonts| {
                let mut width = |c: char| fonts.glyph_width(&font, c) / SAMPLE * MARGIN;
                let mut ascii = [0.0; 128];
                for (code, slot) in ascii.iter_mut().enumerate().skip(32) {
                    *slot = width(code as u8 as char);
                }
                let other = ['µ', '×', '·', '…', '–', 'é', 'ß', 'Ω'].map(&mut width).into_iter().fold(0.0, f32::max);
                Widths { ascii, other }
            })
        };
        let strong = FontId::new(SAMPLE, fonts::strong_family_of(context));
        Metrics { regular: measure(FontId::new(SAMPLE, FontFamily::Proportional)), strong: measure(strong) }
    }

    /// Measures the program's fonts without a window.
    pub fn without_window() -> Metrics {
        let context = Context::default();
        fonts::install(&context);
        let mut metrics = None;
        for _ in 0..2 {
            let frame = |ui: &mut egui::Ui| metrics = Some(Metrics::of(ui.ctx()));
            let mut output = context.run_ui(egui::RawInput::default(), frame);
            output.textures_delta.clear();
        }
        // `run_ui` has called the closure at least once.
        let guess = || Widths { ascii: [0.6; 128], other: 0.9 };
        metrics.unwrap_or_else(|| Metrics { regular: guess(), strong: guess() })
    }

    fn of_weight(&self, strong: bool) -> &Widths {
        if strong { &self.strong } else { &self.regular }
    }

    /// The width of `text` at a size.
    pub fn width(&self, text: &str, size: f32, strong: bool) -> f32 {
        let widths = self.of_weight(strong);
        text.chars().map(|c| widths.of(c)).sum::<f32>() * size
    }

    /// `text` as it fits into `room`: whole, its first part alone ("files" of "files, page cache", "block" of "block
    /// layer"), shortened at the end of a word, or not at all if less than half would show.
    pub fn fit(&self, text: &str, size: f32, strong: bool, room: f32) -> Option<String> {
        if text.is_empty() || room <= 0.0 {
            return None;
        }
        if self.width(text, size, strong) <= room {
            return Some(text.to_owned());
        }
        if let Some(part) = brief(text).filter(|part| self.width(part, size, strong) <= room) {
            return Some(part);
        }
        // As many whole words as fit, if they are half of it: a word that is cut is another word.
        let count = text.chars().count();
        let ends = text.rmatch_indices(' ').map(|(end, _)| text[..end].trim_end_matches([' ', '·', ',', '/', '(']));
        let shortened = ends.filter(|kept| kept.chars().count() * 2 >= count).map(|kept| format!("{kept}…"));
        shortened.into_iter().find(|kept| self.width(kept, size, strong) <= room)
    }

    /// As much of the beginning of a name as fits, and an ellipsis: the last resort of what must not go without a name.
    pub fn cut(&self, name: &str, size: f32, strong: bool, room: f32) -> Option<String> {
        let ends = name.char_indices().map(|(at, _)| at).skip(1).collect::<Vec<_>>();
        let cut = |&end: &usize| format!("{}…", name[..end].trim_end());
        ends.iter().rev().map(cut).find(|cut| self.width(cut, size, strong) <= room)
    }
}

/// The short forms of what parts and floors are called: the word that tells them apart where they stand.
const BRIEF: [(&str, &str); 10] = [
    ("guest kernel", "kernel"),
    ("host kernel", "kernel"),
    ("virtual hardware", "hardware"),
    ("system calls", "calls"),
    ("files, page cache", "files"),
    ("block layer", "block"),
    ("virtio drivers", "drivers"),
    ("nested paging", "paging"),
    ("vCPU threads", "vCPUs"),
    ("virtio back ends", "back ends"),
];

/// What can stand for a name where there is little room: a short form by its meaning, or its first part. Never a word
/// that was cut.
pub fn brief(text: &str) -> Option<String> {
    let known = BRIEF.iter().find(|(whole, _)| whole.eq_ignore_ascii_case(text)).map(|(_, short)| *short);
    let short = known.or_else(|| text.split_once(", ").or_else(|| text.split_once(" · ")).map(|(first, _)| first))?;
    let heading = text.starts_with(char::is_uppercase) && known.is_some();
    Some(if heading { crate::app::names::title(short) } else { short.to_owned() })
}

impl Widths {
    fn of(&self, c: char) -> f32 {
        self.ascii.get(c as usize).copied().unwrap_or(self.other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_text_is_never_narrower_than_painted_text() {
        let context = Context::default();
        fonts::install(&context);
        for frame in 0..2 {
            let mut output = context.run_ui(egui::RawInput::default(), |ui| {
                let metrics = Metrics::of(ui.ctx());
                for text in
                    ["host kernel", "4 KiB · 84.1 µs so far", "VM exit: I/O doorbell", "sees pid 1", "WWWW", "1.00×"]
                {
                    for (size, strong) in
                        [(9.0, false), (11.5, true), (12.0, false), (12.5, true), (14.0, true), (21.0, false)]
                    {
                        let family = if strong { fonts::strong_family_of(ui.ctx()) } else { FontFamily::Proportional };
                        let font = FontId::new(size, family);
                        let painted = ui.painter().layout_no_wrap(text.to_owned(), font, egui::Color32::WHITE).size().x;
                        let measured = metrics.width(text, size, strong);
                        assert!(measured + 0.5 >= painted, "{frame}: {text} at {size}: {measured} < {painted}");
                        assert!(measured <= painted * 1.15 + 2.0, "{frame}: {text} at {size}: {measured} > {painted}");
                    }
                }
            });
            output.textures_delta.clear();
        }
    }

    #[test]
    fn a_text_that_does_not_fit_is_shortened_or_hidden() {
        let metrics = Metrics::without_window();
        let whole = metrics.width("files and page cache", 12.0, false);
        assert_eq!(metrics.fit("files and page cache", 12.0, false, whole).as_deref(), Some("files and page cache"));
        let short = metrics.fit("files and page cache", 12.0, false, whole * 0.85).unwrap();
        assert!(short == "files and page…" && metrics.width(&short, 12.0, false) <= whole * 0.85, "{short}");
        assert_eq!(metrics.fit("hostname", 12.0, false, metrics.width("hostna…", 12.0, false)), None);
        assert_eq!(metrics.fit("files and page cache", 12.0, false, 20.0), None);
        let whole = metrics.width("block layer", 12.0, false);
        assert_eq!(metrics.fit("block layer", 12.0, false, whole * 0.8).as_deref(), Some("block"));
        assert_eq!(metrics.fit("files, page cache", 12.0, false, whole).as_deref(), Some("files"));
    }
}
