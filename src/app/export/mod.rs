//! Taking the picture elsewhere: as SVG, as a row of pictures in one file, as a page that plays in any browser.
//!
//! | file | what it does |
//! |---|---|
//! | `takes` | which moments of a run are shown, and for how long |
//! | `flat` | the picture's primitives as boxes, paths, circles and lines of text |
//! | `svg` | a picture as an SVG file |
//! | `reel` | a scene's pictures, packed |
//! | `spoken` | what happens at a moment, in words |
//! | `lesson` | what the walkthrough says and asks, as HTML |
//! | `page` | all of it as one HTML file, with the player in `assets/player` |
//! | `animation` | a scene as an animated PNG or GIF |
//! | `text` | escaping; Markdown as HTML |
//!
//! Nothing here draws: the pictures are those of [`super::scene`].

mod animation;
mod flat;
mod lesson;
mod page;
mod reel;
mod spoken;
mod svg;
mod takes;
mod text;

pub use animation::{Format, animation};
pub use page::page;
pub use svg::{About, svg};
pub use takes::Take;

use super::recording::Recording;
use super::scene::{Drawing, Scene, SceneOptions, View};
use super::theme::Theme;
use crate::costs::Primitive;
use crate::engine::Time;
use crate::pace::Moment;
use crate::scenario::Asked;
use crate::trace::StackId;

/// How to export.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// Width and height of the picture, in points.
    pub size: (u32, u32),
    /// Stills a second, at most.
    pub rate: f64,
    /// The column that a single picture follows.
    pub follow: Option<StackId>,
    /// The colours of a file that has only one set of them, and the size of text.
    pub theme: Theme,
}

impl Choices {
    /// As the window's menu and the command line do it unless told otherwise.
    pub fn new() -> Choices {
        Choices { size: (1120, 680), rate: 20.0, follow: None, theme: Theme::dark() }
    }
}

impl Default for Choices {
    fn default() -> Self {
        Choices::new()
    }
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Somebody stopped it.
    #[error("stopped")]
    Stopped,
    /// The scenario has fewer scenes.
    #[error("there is no scene {wanted}: the walkthrough has {scenes}")]
    NoScene {
        /// From 1.
        wanted: usize,
        /// How many there are.
        scenes: usize,
    },
    /// There would be too many pictures.
    #[error("the scene is {seconds:.0} s long on the screen: {pictures} pictures are too many for one file")]
    TooLong {
        /// How long it is.
        seconds: f64,
        /// How many pictures that makes.
        pictures: usize,
    },
    /// There is no picture to be had.
    #[error("{0}")]
    Picture(#[from] super::shot::ShotError),
    /// What was drawn can't be packed.
    #[error("the pictures can't be packed: {0}")]
    Packing(String),
}

impl ExportError {
    fn packing(why: impl std::fmt::Display) -> ExportError {
        ExportError::Packing(why.to_string())
    }
}

/// The picture of a take at a moment: the only place from which what is exported is drawn.
/// `asked` is what a scene asked, once it is answered.
fn draw(
    recording: &Recording,
    scene: &mut Scene,
    take: &Take,
    (moment, asked): (Moment, Option<&Asked>),
    choices: &Choices,
) -> Drawing {
    let provenance = |primitive: Primitive| recording.profile.cost(primitive).provenance.word();
    let awaited = take.asked.as_ref().filter(|_| asked.is_none()).and_then(Asked::awaited);
    let options = SceneOptions {
        pointed_at: &take.pointed_at,
        topic: take.topic,
        asked: asked.or(awaited.as_ref()),
        follow: take.follow,
        moment: Some(moment),
        presences: Some(&recording.presences),
        ..SceneOptions::plain(&choices.theme, &provenance)
    };
    let canvas = egui::vec2(choices.size.0 as f32, choices.size.1 as f32);
    scene.draw(recording.topology(), recording.trace(), canvas, &View::default(), moment.time, &options)
}

/// The picture at a time as the text of an SVG file.
pub fn picture(recording: &Recording, time: Time, choices: &Choices) -> String {
    let mut scene = recording.scene();
    let take = takes::still(recording, time, choices.follow);
    let moment = take.stills[0].moment;
    let drawing = draw(recording, &mut scene, &take, (moment, None), choices);
    let title = format!("{}, t = {time}", recording.scenario.title);
    let words = spoken::spoken(recording, time, take.follow).join("\n");
    let about = svg::About { title: &title, words: &words };
    svg::svg(&drawing, egui::vec2(choices.size.0 as f32, choices.size.1 as f32), &choices.theme, about)
}

/// The picture at a time as a PNG file. It needs a graphics driver.
///
/// # Errors
/// There is no driver, or the picture can't be had from it.
pub fn pixels(recording: &Recording, time: Time, choices: &Choices) -> Result<Vec<u8>, ExportError> {
    let picture = animation::still(recording, &takes::still(recording, time, choices.follow), choices)?;
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).map_err(ExportError::packing)?;
    Ok(png.into_inner())
}
