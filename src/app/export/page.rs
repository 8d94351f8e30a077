//! A run as one page for any browser: the cutaway's pictures, the lanes, what the walkthrough says and asks, and a
//! player. It needs no network and no Strata.
//!
//! The pictures are drawn here, by the same code that draws the window, and packed; the player only shows them, so a
//! page can't show what the window doesn't. Each scene is packed for itself and unpacked when it is opened. The
//! answers are the run's. A policy in the page's head forbids it to load or send anything.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::lesson;
use super::reel::{Reel, picoseconds};
use super::spoken::spoken;
use super::takes::{Take, takes};
use super::text::{escaped, hex};
use super::{Choices, ExportError};
use crate::app::fonts;
use crate::app::lanes::{Window, columns};
use crate::app::recording::Recording;
use crate::app::scene::{Ink, Scene};
use crate::app::theme::Theme;

const TEMPLATE: &str = include_str!("../../../assets/player/page.html");
const PLAYER: &str = include_str!("../../../assets/player/player.js");
const STYLE: &str = include_str!("../../../assets/player/player.css");
/// The lanes are so many columns wide.
const LANES: f32 = 1200.0;
/// So many lanes at most.
const MOST_LANES: usize = 24;

/// What the player has to know before a scene is opened.
#[derive(Serialize)]
struct Meta {
    canvas: [f32; 2],
    lanes: Vec<String>,
    scenes: Vec<lesson::Key>,
}

/// A scene, packed.
#[derive(Serialize)]
struct Chapter {
    #[serde(flatten)]
    reel: Reel,
    /// Whether the last still is the one before it, with the question answered.
    answered: bool,
    /// What the lanes show, in picoseconds.
    window: [u64; 2],
    /// For each lane: from, to, colour, and so on.
    lanes: Vec<Vec<u32>>,
}

/// The page of a run. `progress` is called with how many of all stills are drawn, and stops the export when it says
/// false.
///
/// # Errors
/// If it was stopped.
pub fn page(
    recording: &Recording,
    choices: &Choices,
    progress: &(dyn Fn(usize, usize) -> bool + Sync),
) -> Result<String, ExportError> {
    let takes = takes(recording, choices);
    let chapters = chapters(recording, &takes, choices, progress)?;
    let meta = Meta {
        canvas: [choices.size.0 as f32, choices.size.1 as f32],
        lanes: recording.lanes.iter().take(MOST_LANES).map(|lane| lane.name.clone()).collect(),
        scenes: lesson::keys(recording, &takes),
    };
    let data: String = chapters
        .iter()
        .enumerate()
        .map(|(i, packed)| format!("<script type=\"application/octet-stream\" id=\"chapter-{i}\">{packed}</script>\n"))
        .collect();
    let style = style();
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; font-src data:; base-uri 'none'; form-action 'none'",
        fingerprint(PLAYER),
        fingerprint(&style)
    );
    let scenario = &recording.scenario;
    let turned = recording.turned.as_ref().map_or(String::new(), |turned| format!(" · {}", turned.words));
    let costs = format!("costs: {}{turned}", recording.profile.title);
    Ok(filled(
        TEMPLATE,
        &[
            ("policy", &policy),
            ("style", &style),
            ("title", &escaped(&scenario.title)),
            ("teaches", &escaped(&scenario.teaches)),
            ("costs", &escaped(&costs)),
            ("scenes", &lesson::sections(recording, &takes)),
            ("about", &lesson::about(recording)),
            ("meta", &inert(&serde_json::to_string(&meta).map_err(ExportError::packing)?)),
            ("data", &data),
            ("player", PLAYER),
        ],
    ))
}

/// Draws and packs all scenes, on as many threads as there are processors.
fn chapters(
    recording: &Recording,
    takes: &[Take],
    choices: &Choices,
    progress: &(dyn Fn(usize, usize) -> bool + Sync),
) -> Result<Vec<String>, ExportError> {
    let all = takes.iter().map(|take| take.stills.len() + usize::from(take.asked.is_some())).sum();
    let (next, drawn) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut done = Vec::new();
        let mut scene = recording.scene();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(take) = takes.get(index) else { return done };
            let counted = || progress(drawn.fetch_add(1, Ordering::Relaxed) + 1, all);
            done.push((index, chapter(recording, &mut scene, take, choices, &counted)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(takes.len().max(1));
    let mut packed = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    packed.sort_by_key(|(index, _)| *index);
    packed.into_iter().map(|(_, packed)| packed).collect()
}

fn chapter(
    recording: &Recording,
    scene: &mut Scene,
    take: &Take,
    choices: &Choices,
    counted: &dyn Fn() -> bool,
) -> Result<String, ExportError> {
    let mut reel = Reel::default();
    // One more than there are moments: the last of them again, with the question answered.
    let answered = take.asked.as_ref().and_then(|asked| Some((take.stills.last()?, Some(asked))));
    for (still, asked) in take.stills.iter().map(|still| (still, None)).chain(answered) {
        let drawing = super::draw(recording, scene, take, (still.moment, asked), choices);
        reel.add(&drawing, still, &spoken(recording, still.moment.time, take.follow));
        if !counted() {
            return Err(ExportError::Stopped);
        }
    }
    let window = window(recording, take);
    let lanes = recording.lanes.iter().take(MOST_LANES);
    let lanes = lanes.map(|lane| {
        let pieces = columns(lane, recording.trace(), &window, LANES);
        let piece = |piece: crate::app::lanes::Column| {
            let color = reel.paint(Ink::Layer(piece.layer).faint(piece.busy));
            let (from, to) = (piece.from.round() as u32, piece.to.ceil() as u32);
            [from, to.max(from + 1), color]
        };
        pieces.into_iter().flat_map(piece).collect()
    });
    let lanes = lanes.collect();
    let (from, to) = (window.time(0.0), window.time(1.0));
    pack(&Chapter { reel, answered: take.asked.is_some(), window: [picoseconds(from), picoseconds(to)], lanes })
}

/// What a scene plays, with a little before and after it.
fn window(recording: &Recording, take: &Take) -> Window {
    let end = recording.moments.end();
    let ends = take.stills.first().zip(take.stills.last());
    let Some((from, to)) = ends.map(|(from, to)| (from.moment.time, to.moment.time)).filter(|(from, to)| from < to)
    else {
        return Window::whole(end);
    };
    let (from, to) = (from.as_ps() as f64, to.as_ps() as f64);
    let window = Window { from: (from - (to - from) * 0.04).max(0.0), to: to + (to - from) * 0.12 };
    window.pan(0.0, end)
}

/// Deflated (zlib), as letters and digits that no markup is made of.
fn pack(chapter: &Chapter) -> Result<String, ExportError> {
    let text = serde_json::to_vec(chapter).map_err(ExportError::packing)?;
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&text).map_err(ExportError::packing)?;
    Ok(BASE64.encode(encoder.finish().map_err(ExportError::packing)?))
}

/// JSON within a page: no character in it means anything to HTML or to an old JavaScript.
fn inert(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out += &format!("\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
        out
    })
}

/// What a policy calls the one script and the one style that may be used.
fn fingerprint(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(Sha256::digest(text.as_bytes())))
}

/// The colours of both themes, the typefaces, and the style itself.
fn style() -> String {
    let mut out = String::new();
    for (file, weight) in [(fonts::REGULAR, 400), (fonts::STRONG, 600)] {
        out += &format!(
            "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/otf;base64,{})}}\n",
            BASE64.encode(file)
        );
    }
    let colors = |theme: &Theme| {
        let named = [
            ("background", theme.background),
            ("panel", theme.panel),
            ("card", theme.card),
            ("control", theme.control),
            ("hovered", theme.control_hovered),
            ("chosen", theme.chosen),
            ("outline", theme.outline),
            ("text", theme.text),
            ("body", theme.text_body),
            ("muted", theme.text_muted),
            ("accent", theme.accent),
            ("alarm", theme.alarm),
            ("alarm-fill", theme.alarm_fill),
            ("right", theme.legible(theme.namespace, theme.card)),
            ("right-fill", theme.tint(theme.namespace)),
        ];
        named.iter().map(|(name, color)| format!("--{name}:{};", hex(*color))).collect::<String>()
    };
    out += &format!(":root{{color-scheme:light;{}}}\n", colors(&Theme::light()));
    out += &format!(":root[data-theme=dark]{{color-scheme:dark;{}}}\n", colors(&Theme::dark()));
    out + STYLE
}

/// The template with its gaps filled, in one go: what is filled in is not looked into again.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out += before;
        let Some((name, after)) = after.split_once("}}") else { break };
        out += values.iter().find(|(of, _)| *of == name).map_or("", |(_, value)| value);
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_looked_into_again() {
        assert_eq!(filled("a {{b}} c {{d}}.", &[("b", "{{d}}"), ("d", "x")]), "a {{d}} c x.");
    }

    #[test]
    fn data_can_end_no_script() {
        let json = inert(&serde_json::to_string("</script><!-- \u{2028} &").unwrap());
        assert!(!json.contains(['<', '>', '&', '\u{2028}']), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), "</script><!-- \u{2028} &");
    }

    #[test]
    fn every_gap_of_the_template_is_known() {
        let gaps = TEMPLATE.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(name, _)| name);
        let known = ["policy", "style", "title", "teaches", "costs", "scenes", "about", "meta", "data", "player"];
        let gaps: Vec<&str> = gaps.collect();
        assert!(known.iter().all(|name| gaps.contains(name)), "{gaps:?}");
        assert!(gaps.iter().all(|name| known.contains(name)), "{gaps:?}");
    }
}
