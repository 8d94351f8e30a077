//! The bevy app around the [`Shell`]: one plugin per concern, and a redraw only when there is something new.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bevy::app::{App, AppExit, Plugin, PluginGroup, PostUpdate, PreUpdate, Startup, Update};
use bevy::asset::{AssetEventSystems, Assets};
use bevy::camera::{Camera, Camera2d, ClearColor, ClearColorConfig};
use bevy::color::Color;
use bevy::ecs::prelude::*;
use bevy::render::renderer::RenderAdapterInfo;
use bevy::render::view::Msaa;
use bevy::shader::Shader;
use bevy::time::{Real, Time as Clock};
use bevy::window::{
    Monitor, PresentMode, PrimaryWindow, RequestRedraw, Window, WindowCloseRequested, WindowPlugin, WindowResolution,
};
use bevy::winit::{EventLoopProxyWrapper, UpdateMode, WinitSettings, WinitUserEvent};
use bevy_egui::{
    EguiContexts, EguiFullOutput, EguiInput, EguiPlugin, EguiPostUpdateSet, EguiPreUpdateSet, EguiPrimaryContextPass,
    PrimaryEguiContext, egui,
};

use super::command::Command;
use super::damage::{Damage, Repaint, within};
use super::frame::shell_ui;
use super::machine_page::Places;
use super::painted::Painted;
use super::settings::Settings;
use super::shading;
use super::shell::{Shell, Wake};
use super::typed::TypedPlugin;
use crate::costs::Profile;

/// How to open the window.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A built-in scenario's id or a file's path; the first walkthrough if none.
    pub open: Option<String>,
    /// The costs measured on this computer, if there are any.
    pub measured: Option<Profile>,
}

/// Why there is no window.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum AppError {
    /// There is no display, or no driver to draw with.
    #[error("{0}")]
    NoDisplay(String),
    /// The windowing system refused.
    #[error("the window could not be opened: {0}")]
    #[diagnostic(help(
        "install libx11-6, libxcursor1, libxi6, libxrandr2, libxkbcommon-x11-0 and a Vulkan driver (mesa-vulkan-drivers)"
    ))]
    Window(String),
    /// The window was open and ended badly.
    #[error("the window ended with code {0}")]
    Ended(u8),
}

/// Opens the window and stays until it is closed.
pub fn run(options: Options) -> Result<(), AppError> {
    super::display_available().map_err(AppError::NoDisplay)?;
    let settings = Settings::load();
    let mut shell = Shell::new(settings, options.measured);
    shell.machine.settle(Places::own());
    let first = crate::scenario::library().first().map_or("", |built_in| built_in.id);
    shell.open(options.open.as_deref().unwrap_or(first));
    // The windowing libraries panic where they find no way to go on; that is an error like any other here.
    let mut app = quietly(|| build(shell)).map_err(|panic| AppError::Window(words(&panic)))?;
    match app.run() {
        AppExit::Success => Ok(()),
        AppExit::Error(code) => Err(AppError::Ended(code.get())),
    }
}

/// Does something that may panic, and says nothing on the terminal if it does.
fn quietly<R>(what: impl FnOnce() -> R) -> std::thread::Result<R> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(what));
    std::panic::set_hook(hook);
    result
}

fn words(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("for an unknown reason").lines().next().unwrap_or_default().to_owned()
}

fn build(shell: Shell) -> App {
    let (width, height) = shell.settings.window;
    let window = Window {
        title: "Strata".to_owned(),
        name: Some("strata".to_owned()),
        resolution: WindowResolution::new(width as u32, height as u32),
        resize_constraints: bevy::window::WindowResizeConstraints {
            min_width: 640.0,
            min_height: 400.0,
            ..Default::default()
        },
        present_mode: PresentMode::AutoVsync,
        ..Default::default()
    };
    let windows = WindowPlugin {
        primary_window: Some(window),
        // It is asked first whether edited text may be lost.
        close_when_requested: false,
        ..Default::default()
    };
    let mut app = App::new();
    app.add_plugins(bevy::DefaultPlugins.set(windows))
        .add_plugins(EguiPlugin::default())
        .insert_resource(Screen(shell))
        .add_plugins((PlaybackPlugin, ScenePlugin, PanelsPlugin, ThemePlugin, SparingPlugin, TypedPlugin));
    app
}

/// The whole state of the window.
#[derive(Resource)]
struct Screen(Shell);

/// When egui wants to be drawn again, in milliseconds from when it said so; `u64::MAX` for never.
#[derive(Resource, Clone)]
struct Wanted(Arc<AtomicU64>);

/// Time runs, and the window sleeps while nothing moves.
struct PlaybackPlugin;

impl Plugin for PlaybackPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(WinitSettings { focused_mode: sleep(LONG), unfocused_mode: sleep(LONG) })
            .insert_resource(Wanted(Arc::new(AtomicU64::new(u64::MAX))))
            .add_systems(PreUpdate, pass_time)
            .add_systems(PreUpdate, quiet.after(EguiPreUpdateSet::ProcessInput).before(EguiPreUpdateSet::BeginPass))
            .add_systems(bevy::app::Last, sleep_or_go_on);
    }
}

/// bevy_egui tells egui the modifier keys in every frame, and egui takes that for something new and wants another
/// frame: only a change is passed on.
fn quiet(mut inputs: Query<&mut EguiInput>, mut last: Local<Option<egui::Modifiers>>) {
    for mut input in &mut inputs {
        input.0.events.retain(|event| match event {
            egui::Event::ModifiersChanged(modifiers) => last.replace(*modifiers) != Some(*modifiers),
            _ => true,
        });
    }
}

/// Until something happens. Longer than this makes bevy's sum overflow, and then it does not sleep at all.
const LONG: Duration = Duration::from_secs(24 * 3600);

/// A few lengths of sleep only: each change of the mode costs a redraw.
fn sleep(wait: Duration) -> UpdateMode {
    let lengths = [100, 500, 1000, 2000].map(Duration::from_millis);
    UpdateMode::reactive_low_power(lengths.into_iter().find(|length| wait <= *length).unwrap_or(LONG))
}

fn pass_time(mut screen: ResMut<Screen>, clock: Res<Clock<Real>>, mut contexts: EguiContexts) -> Result {
    // Before the first pass there is no context yet.
    let Ok(context) = contexts.ctx_mut() else { return Ok(()) };
    // After a sleep or a stall time goes on from here; it does not jump.
    let seconds = clock.delta_secs_f64().min(0.1);
    screen.0.update(context, seconds);
    if let Some(settings) = screen.0.settings_to_save(false) {
        settings.save();
    }
    Ok(())
}

fn sleep_or_go_on(
    mut screen: ResMut<Screen>,
    wanted: Res<Wanted>,
    mut settings: ResMut<WinitSettings>,
    mut redraw: MessageWriter<RequestRedraw>,
    mut exit: MessageWriter<AppExit>,
    mut frames: Local<u32>,
) {
    if screen.0.quit {
        if let Some(settings) = screen.0.settings_to_save(true) {
            settings.save();
        }
        exit.write(AppExit::Success);
    }
    *frames = frames.saturating_add(1);
    let by_egui = Duration::from_millis(wanted.0.swap(u64::MAX, Ordering::Relaxed));
    let wait = match screen.0.wake() {
        Wake::Now => Duration::ZERO,
        Wake::After(wait) => wait.min(by_egui),
        Wake::Never => by_egui,
    };
    // The first frames settle sizes and load fonts.
    if wait.is_zero() || *frames < 8 {
        redraw.write(RequestRedraw);
    }
    let mode = if wait.is_zero() { settings.focused_mode } else { sleep(wait) };
    if settings.focused_mode != mode {
        (settings.focused_mode, settings.unfocused_mode) = (mode, mode);
    }
}

/// The camera that everything is drawn through.
struct ScenePlugin;

impl Plugin for ScenePlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Startup, |mut commands: Commands, adapter: Option<Res<RenderAdapterInfo>>| {
            // What is painted sparingly stays from frame to frame.
            let keeps = in_software(adapter.as_deref());
            let clear_color = if keeps { ClearColorConfig::None } else { ClearColorConfig::Default };
            // egui smooths its edges itself: several samples a pixel would cost time and change nothing.
            commands.spawn((Camera2d, Camera { clear_color, ..Default::default() }, Msaa::Off));
            #[cfg(target_os = "linux")]
            super::focus::take_if_unmanaged();
        });
    }
}

/// Everything drawn.
struct PanelsPlugin;

impl Plugin for PanelsPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(EguiPrimaryContextPass, draw)
            .add_systems(Update, (listen, fit_monitor, remember_size, close).chain())
            .add_systems(bevy::app::Last, keep_on_closing.before(sleep_or_go_on));
    }
}

fn draw(mut screen: ResMut<Screen>, mut contexts: EguiContexts) -> Result {
    let context = contexts.ctx_mut()?.clone();
    let builder = egui::UiBuilder::new().layer_id(egui::LayerId::background()).max_rect(context.content_rect());
    let mut ui = egui::Ui::new(context, egui::Id::new("window"), builder);
    shell_ui(&mut ui, &mut screen.0);
    Ok(())
}

/// Has egui's wishes for a later redraw noted, which bevy_egui leaves aside.
fn listen(
    mut contexts: Query<&mut bevy_egui::EguiContext, Added<PrimaryEguiContext>>,
    proxy: Option<Res<EventLoopProxyWrapper>>,
    wanted: Res<Wanted>,
) {
    for mut context in &mut contexts {
        let (proxy, wanted) = (proxy.as_ref().map(|proxy| (**proxy).clone()), wanted.0.clone());
        context.get_mut().set_request_repaint_callback(move |wish| {
            let milliseconds = u64::try_from(wish.delay.as_millis()).unwrap_or(u64::MAX);
            wanted.fetch_min(milliseconds, Ordering::Relaxed);
            if wish.delay.is_zero()
                && let Some(proxy) = &proxy
            {
                // Fails only when the window is closing.
                let _ = proxy.send_event(WinitUserEvent::WakeUp);
            }
        });
    }
}

/// A window that was kept from a larger screen, or is larger than this one, is made to fit, once.
fn fit_monitor(mut windows: Query<&mut Window, With<PrimaryWindow>>, monitors: Query<&Monitor>, mut done: Local<bool>) {
    let largest = monitors.iter().map(|monitor| (monitor.physical_width, monitor.physical_height)).max();
    let (Some((width, height)), Ok(mut window)) = (largest.filter(|_| !*done), windows.single_mut()) else { return };
    *done = true;
    let wanted = (window.physical_width().min(width), window.physical_height().min(height));
    if wanted != (window.physical_width(), window.physical_height()) {
        window.resolution.set_physical_resolution(wanted.0, wanted.1);
        window.position = bevy::window::WindowPosition::At(bevy::math::IVec2::ZERO);
    }
}

fn remember_size(mut screen: ResMut<Screen>, windows: Query<&Window, (With<PrimaryWindow>, Changed<Window>)>) {
    for window in &windows {
        let size = (window.width().round(), window.height().round());
        if screen.0.settings.window != size && size.0 >= 640.0 {
            screen.0.settings.window = size;
        }
    }
}

/// The window's own button does what the key does.
fn close(mut screen: ResMut<Screen>, mut asked: MessageReader<WindowCloseRequested>) {
    if asked.read().count() > 0 {
        screen.0.apply(Command::Quit);
    }
}

fn keep_on_closing(mut screen: ResMut<Screen>, mut exits: MessageReader<AppExit>) {
    if exits.read().next().is_none() {
        return;
    }
    screen.0.machine.leave();
    if let Some(settings) = screen.0.settings_to_save(true) {
        settings.save();
    }
}

/// What is behind everything.
struct ThemePlugin;

impl Plugin for ThemePlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(ClearColor(Color::BLACK)).add_systems(Update, paint_behind);
    }
}

fn paint_behind(screen: Res<Screen>, mut behind: ResMut<ClearColor>) {
    let color = screen.0.theme.background;
    let wanted = Color::srgb_u8(color.r(), color.g(), color.b());
    if behind.0 != wanted {
        behind.0 = wanted;
    }
}

/// Where there is no graphics processor, each pixel is painted by the cores: only what changed is painted anew.
struct SparingPlugin;

impl Plugin for SparingPlugin {
    fn build(&self, app: &mut App) {
        let sparing = paint_less.after(EguiPostUpdateSet::EndPass).before(EguiPostUpdateSet::ProcessOutput);
        app.add_systems(PostUpdate, sparing).add_systems(Startup, shade_quicker);
        // New glyphs go to the driver in the frame of the shapes that use them, not one frame after.
        app.configure_sets(PostUpdate, EguiPostUpdateSet::PostProcessOutput.before(AssetEventSystems));
        if std::env::var_os("STRATA_FRAMES").is_some() {
            app.add_systems(bevy::app::Last, count_frames);
        }
    }
}

/// Tells how many frames a second there are and what one costs, where `STRATA_FRAMES` is set: how
/// `docs/performance.md` was measured.
fn count_frames(clock: Res<Clock<Real>>, mut since: Local<(Duration, u32, Duration)>) {
    let (passed, frames, worked) = (since.0 + clock.delta(), since.1 + 1, since.2);
    if passed < Duration::from_secs(1) {
        *since = (passed, frames, worked);
        return;
    }
    let now = processor_time().unwrap_or_default();
    let each = now.saturating_sub(worked) / frames;
    let rate = f64::from(frames) / passed.as_secs_f64();
    eprintln!("{rate:.1} frames/s, {} ms of processor time each", each.as_millis());
    *since = (Duration::ZERO, 0, now);
}

/// What all threads of this process have worked, the graphics driver's among them, to 10 ms. From `/proc`, which
/// counts in hundredths of a second on every Linux (`USER_HZ`).
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Duration::from_millis((user + system) * 10))
}

/// Whether a graphics driver draws by the processor's cores.
fn in_software(adapter: Option<&RenderAdapterInfo>) -> bool {
    adapter.is_some_and(|adapter| adapter.device_type == wgpu::DeviceType::Cpu)
}

/// Without a graphics processor a pixel's colour is worked out by a cheaper way to the same colour.
fn shade_quicker(adapter: Option<Res<RenderAdapterInfo>>, mut shaders: ResMut<Assets<Shader>>) {
    if in_software(adapter.as_deref()) {
        let shader = Shader::from_wgsl(shading::shader(), "strata/shading.wgsl");
        // Refused only for a handle that was given out twice; then the usual shader stays.
        let _ = shaders.insert(bevy_egui::render::EGUI_SHADER_HANDLE.id(), shader);
    }
}

/// So many frames are drawn at most to learn whether the last change was painted. A driver that paints nothing (a
/// window out of sight) is not asked for ever.
const PATIENCE: u64 = 16;

/// What the window shows, as far as the driver has said.
#[derive(Default)]
struct Shown {
    damage: Damage,
    painted: Painted,
    /// Losses that have been mended.
    losses: u64,
    /// Frames drawn so far.
    frame: u64,
    /// The last frame that changed anything.
    changed: u64,
}

fn paint_less(
    mut outputs: Query<(&mut bevy_egui::EguiContext, &mut EguiFullOutput), With<PrimaryEguiContext>>,
    adapter: Option<Res<RenderAdapterInfo>>,
    windows: Query<&Window, With<PrimaryWindow>>,
    screen: Res<Screen>,
    mut shown: Local<Shown>,
    mut redraw: MessageWriter<RequestRedraw>,
) {
    if !in_software(adapter.as_deref()) {
        return;
    }
    let (Ok((mut context, mut output)), Ok(window)) = (outputs.single_mut(), windows.single()) else { return };
    let Some(output) = output.0.as_mut() else { return };
    // egui would leave out shapes of which only the smoothed edge lies in a rectangle.
    context.get_mut().tessellation_options_mut(|options| options.coarse_tessellation_culling = false);
    let losses = shown.painted.losses();
    if losses != shown.losses {
        shown.losses = losses;
        shown.damage.forget();
    }
    let size = egui::vec2(window.physical_width() as f32, window.physical_height() as f32) / output.pixels_per_point;
    let whole = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
    let behind = screen.0.theme.background;
    let repaint = shown.damage.of(&output.shapes, whole, output.pixels_per_point);
    let rectangles = match repaint {
        Repaint::All => vec![whole],
        Repaint::Only(rectangles) => rectangles,
    };
    output.shapes = within(&rectangles, &output.shapes, behind);
    shown.frame += 1;
    let frame = shown.frame;
    output.shapes.push(egui::epaint::ClippedShape { clip_rect: whole, shape: shown.painted.receipt(frame) });
    if !rectangles.is_empty() {
        shown.changed = frame;
    }
    // The driver is a frame or two behind: until it has said that the last change is painted, nobody sleeps.
    let unsure = shown.painted.last() < shown.changed || shown.painted.losses() != shown.losses;
    if unsure && frame < shown.changed + PATIENCE {
        redraw.write(RequestRedraw);
    }
}
