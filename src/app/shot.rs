//! The cutaway as a picture file, rendered without a window. It needs a graphics driver all the same; Mesa's
//! software one will do.

use std::path::{Path, PathBuf};

use bevy::app::ScheduleRunnerPlugin;
use bevy::camera::RenderTarget;
use bevy::prelude::*;
use bevy::render::RenderPlugin;
use bevy::render::render_resource::TextureFormat;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::window::ExitCondition;
use bevy::winit::WinitPlugin;
use bevy_egui::{EguiContexts, EguiGlobalSettings, EguiPlugin, EguiPrimaryContextPass, PrimaryEguiContext};

use super::fonts;
use super::scene::{Drawing, Scene, SceneOptions, Selection, View, paint};
use super::theme::{TextRole, Theme};
use crate::costs::{Primitive, Profile};
use crate::engine::Time as SimulatedTime;
use crate::machine::{Presences, Topology};
use crate::pace::{Moment, PaceMap};
use crate::scenario::{Asked, Topic};
use crate::trace::{ComponentId, StackId, Trace};

/// What to render.
pub struct Shot<'a> {
    /// The machine.
    pub topology: &'a Topology,
    /// What happened in it.
    pub trace: &'a Trace,
    /// What of it is there at a time.
    pub presences: &'a Presences,
    /// Where the costs' numbers are from.
    pub profile: &'a Profile,
    /// The scenario's title.
    pub title: &'a str,
    /// When.
    pub time: SimulatedTime,
    /// How far what is shown has come, where the time alone can't say.
    pub moment: Option<Moment>,
    /// The parts that are spoken of.
    pub pointed_at: &'a [ComponentId],
    /// How long the run is.
    pub end: SimulatedTime,
    /// The picture's width and height in pixels.
    pub size: (u32, u32),
    /// Its colours.
    pub theme: Theme,
    /// How far it is moved and magnified.
    pub view: View,
    /// What is emphasized.
    pub selection: Option<Selection>,
    /// Chevrons instead of motion.
    pub reduced_motion: bool,
    /// The scenario's seed.
    pub seed: u64,
    /// The column that is followed.
    pub follow: Option<StackId>,
    /// What is spoken of.
    pub topic: Topic,
    /// What was asked and is answered.
    pub asked: Option<Asked>,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ShotError {
    /// There is no graphics driver.
    #[error("{0}")]
    NoDriver(String),
    /// The size can't be rendered.
    #[error("a picture of {0} x {1} pixels can't be rendered: each side must be from 64 to 8192 pixels")]
    Size(u32, u32),
    /// The renderer gave nothing within its time.
    #[error("the graphics driver gave no picture within {0} frames; try another driver, or a smaller --size")]
    Nothing(u32),
    /// The file can't be written.
    #[error(transparent)]
    NotWritten(#[from] crate::files::WriteError),
    /// There is no picture to write.
    #[error("can't make the picture for {path}: {why}", path = path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// After so many frames without a picture, there will be none.
const PATIENCE: u32 = 600;
/// Fonts and textures are there after so many frames.
const SETTLED: u32 = 8;
/// Another card is on the picture after so many.
const AGAIN: u32 = 3;

/// Renders the cutaway at a time and writes it as PNG.
pub fn shot(shot: &Shot, out: &Path) -> Result<(), ShotError> {
    let picture = Studio::new(shot.size)?.picture(card(shot))?;
    let failed = |why: String| ShotError::Write { path: out.to_owned(), why };
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).map_err(|error| failed(error.to_string()))?;
    Ok(crate::files::write(out, &[], |file| file.write_all(png.get_ref()))?)
}

/// The picture and what stands above it.
#[derive(Resource)]
pub(super) struct Card {
    drawing: Drawing,
    theme: Theme,
    title: String,
    time: String,
    bar: f32,
}

impl Card {
    /// The height of what stands above the picture.
    pub(super) fn bar(theme: &Theme, (_, height): (u32, u32)) -> f32 {
        (44.0 * theme.scale).min(height as f32 * 0.15).round()
    }

    pub(super) fn new(drawing: Drawing, theme: &Theme, title: &str, time: SimulatedTime, bar: f32) -> Card {
        Card { drawing, theme: theme.clone(), title: title.to_owned(), time: format!("t = {time}"), bar }
    }
}

fn card(shot: &Shot) -> Card {
    let provenance = |primitive: Primitive| shot.profile.cost(primitive).provenance.word();
    let moment = shot.moment.unwrap_or_else(|| {
        let map = PaceMap::new(shot.trace, shot.end, shot.follow);
        Moment { time: shot.time, ..map.at(map.screen_of(shot.time)) }
    });
    let options = SceneOptions {
        reduced_motion: shot.reduced_motion,
        selection: shot.selection,
        pointed_at: shot.pointed_at,
        topic: shot.topic,
        asked: shot.asked.as_ref(),
        follow: shot.follow,
        moment: Some(moment),
        presences: Some(shot.presences),
        ..SceneOptions::plain(&shot.theme, &provenance)
    };
    let bar = Card::bar(&shot.theme, shot.size);
    let canvas = egui::vec2(shot.size.0 as f32, shot.size.1 as f32 - bar);
    let mut scene = Scene::new(shot.topology, shot.trace).seeded(shot.seed);
    let drawing = scene.draw(shot.topology, shot.trace, canvas, &shot.view, shot.time, &options);
    Card::new(drawing, &shot.theme, shot.title, shot.time, bar)
}

/// How the renderer is getting on.
#[derive(Resource, Default)]
struct Progress {
    frame: u32,
    image: Option<Image>,
}

#[derive(Resource)]
struct Target(Handle<Image>);

/// Renders one card after the other.
pub(super) struct Studio {
    app: App,
}

impl Studio {
    /// A studio for pictures of this width and height.
    ///
    /// # Errors
    /// The size can't be rendered, or there is no graphics driver.
    pub(super) fn new((width, height): (u32, u32)) -> Result<Studio, ShotError> {
        if !(64..=8192).contains(&width) || !(64..=8192).contains(&height) {
            return Err(ShotError::Size(width, height));
        }
        super::display::driver().map_err(ShotError::NoDriver)?;
        let mut app = App::new();
        let window = WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() };
        let renderer = RenderPlugin { synchronous_pipeline_compilation: true, ..default() };
        app.add_plugins(
            DefaultPlugins.set(window).set(renderer).disable::<WinitPlugin>().add(ScheduleRunnerPlugin::run_once()),
        );
        app.add_plugins(EguiPlugin::default());
        app.world_mut().resource_mut::<EguiGlobalSettings>().auto_create_primary_context = false;
        let target = Image::new_target_texture(width, height, TextureFormat::Rgba8UnormSrgb, None);
        let target = app.world_mut().resource_mut::<Assets<Image>>().add(target);
        app.insert_resource(Target(target.clone())).init_resource::<Progress>();
        app.world_mut().spawn((PrimaryEguiContext, Camera2d, RenderTarget::Image(target.into())));
        app.add_systems(EguiPrimaryContextPass, paint_card.run_if(resource_exists::<Card>));
        app.add_systems(Update, capture);
        app.finish();
        app.cleanup();
        Ok(Studio { app })
    }

    /// The card as pixels.
    ///
    /// # Errors
    /// The driver gives none.
    pub(super) fn picture(&mut self, card: Card) -> Result<image::RgbImage, ShotError> {
        self.app.insert_resource(card);
        let mut progress = self.app.world_mut().resource_mut::<Progress>();
        // Fonts and textures stay; only the card is another one.
        progress.frame = progress.frame.min(SETTLED - AGAIN);
        for _ in 0..PATIENCE {
            self.app.update();
            let image = self.app.world_mut().resource_mut::<Progress>().image.take();
            if let Some(picture) = image.and_then(|image| image.try_into_dynamic().ok()) {
                return Ok(picture.to_rgb8());
            }
        }
        Err(ShotError::Nothing(PATIENCE))
    }
}

fn paint_card(mut contexts: EguiContexts, card: Res<Card>, progress: Res<Progress>) -> Result {
    let context = contexts.ctx_mut()?;
    if progress.frame <= 1 {
        fonts::install(context);
    }
    let all = context.content_rect();
    let painter = context.layer_painter(egui::LayerId::background());
    let theme = &card.theme;
    let (bar, canvas) = all.split_top_bottom_at_y(all.top() + card.bar);
    painter.rect_filled(bar, 0.0, theme.panel);
    painter.hline(bar.x_range(), bar.bottom(), egui::Stroke::new(1.0, theme.outline));
    paint::Canvas::new(&painter, theme, canvas).draw(&card.drawing);
    let strong = fonts::strong(context, TextRole::Heading, theme);
    let left = bar.left_center() + egui::vec2(20.0, 0.0);
    let name = painter.text(left, egui::Align2::LEFT_CENTER, "Strata", strong.clone(), theme.text);
    let right = bar.right_center() - egui::vec2(20.0, 0.0);
    let time = painter.text(right, egui::Align2::RIGHT_CENTER, &card.time, strong, theme.text);
    let room = egui::Rect::from_x_y_ranges(name.right() + 18.0..=time.left() - 18.0, bar.y_range());
    let mut job =
        egui::text::LayoutJob::simple_singleline(card.title.clone(), theme.font(TextRole::Body), theme.text_muted);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room.width().max(0.0));
    let galley = painter.layout_job(job);
    painter.galley(egui::pos2(room.left(), room.center().y - galley.size().y / 2.0), galley, theme.text_muted);
    Ok(())
}

fn capture(mut commands: Commands, target: Res<Target>, mut progress: ResMut<Progress>) {
    progress.frame += 1;
    if progress.frame == SETTLED {
        commands.spawn(Screenshot::image(target.0.clone())).observe(
            |captured: On<ScreenshotCaptured>, mut progress: ResMut<Progress>| {
                progress.image = Some(captured.image.clone());
            },
        );
    }
}
