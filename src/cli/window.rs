//! What needs the `app` feature: the window, and pictures without a window. Without the feature, or without a
//! display, the walkthrough is played in the terminal.

use std::path::PathBuf;

use super::output::note;
use super::{Failure, Verdict, play};
use crate::engine::Time;

/// What `shot` takes.
#[derive(Debug, clap::Args)]
#[command(override_usage = "strata shot [OPTIONS] --at <TIME> --out <PNG> <SCENARIO>\n       \
        strata shot [OPTIONS] --scene <N> --out <PNG> <SCENARIO>")]
pub(super) struct ShotArguments {
    /// A scenario file, or the id of a built-in scenario
    pub scenario: String,
    /// The simulated time of the picture, as in "90us"
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, required_unless_present = "scene")]
    pub at: Option<Time>,
    /// A scene of the walkthrough by its number, as it stands at its end; with --shown, before that
    #[arg(long, value_name = "N", conflicts_with = "at", value_parser = clap::value_parser!(u32).range(1..))]
    pub scene: Option<u32>,
    /// So many seconds of the screen after the scene has begun, at 1x, as in "2.5"
    #[arg(long, value_name = "SECONDS", requires = "scene", value_parser = seconds)]
    pub shown: Option<f64>,
    /// The PNG file to write
    #[arg(long, value_name = "PNG")]
    pub out: PathBuf,
    /// Width and height in pixels
    #[arg(long, value_name = "WxH", default_value = "1600x1000", value_parser = size)]
    pub size: (u32, u32),
    /// Dark on light instead of light on dark
    #[arg(long)]
    pub light: bool,
    /// The stack whose column is followed, by its name
    #[arg(long, value_name = "STACK")]
    pub follow: Option<String>,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.strip_suffix('s').unwrap_or(text).trim().parse::<f64>().ok();
    let sane = seconds.filter(|seconds| (0.0..=3600.0).contains(seconds));
    sane.ok_or_else(|| format!("\"{text}\" is no time on the screen: write seconds from 0 to 3600, as in 2.5"))
}

pub(super) fn size(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("\"{text}\" is not a size: write width x height from 320x200 to 8192x8192, as in 1600x1000");
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    let size = (width.parse().map_err(|_| wrong())?, height.parse().map_err(|_| wrong())?);
    let sane = (320..=8192).contains(&size.0) && (200..=8192).contains(&size.1);
    if sane { Ok(size) } else { Err(wrong()) }
}

/// `strata` and `strata FILE`.
pub(super) fn open(file: Option<&str>) -> Result<Verdict, Failure> {
    window(file.unwrap_or(crate::scenario::library()[0].id))
}

#[cfg(not(feature = "app"))]
fn window(scenario: &str) -> Result<Verdict, Failure> {
    let why =
        "This build has no window (cargo build --features app makes one): playing the walkthrough in the terminal.";
    in_terminal(scenario, why)
}

/// Plays the walkthrough, having said why not in a window; what can't be read is told alone.
fn in_terminal(scenario: &str, why: &str) -> Result<Verdict, Failure> {
    super::run::read(scenario)?;
    note(why);
    play::play_scenario(scenario, None, false)
}

#[cfg(not(feature = "app"))]
pub(super) fn shot(_arguments: &ShotArguments) -> Result<Verdict, Failure> {
    let help = Some("build it with: cargo build --release --features app".to_owned());
    Err(super::output::failure("this build can't draw: it was made without the feature \"app\"", help))
}

/// The window; where there can be none, one line that says why, and the terminal.
#[cfg(feature = "app")]
fn window(scenario: &str) -> Result<Verdict, Failure> {
    let options = crate::app::Options {
        open: Some(scenario.to_owned()),
        measured: super::costs::measured_or_none(super::costs::PUBLISHED),
    };
    match crate::app::run(options) {
        Ok(()) => Ok(Verdict::Fine),
        Err(why) => {
            in_terminal(scenario, &format!("No window ({why}): playing the walkthrough in the terminal instead."))
        }
    }
}

/// What a picture shows.
#[cfg(feature = "app")]
struct Instant {
    moment: Option<crate::pace::Moment>,
    time: Time,
    follow: Option<crate::trace::StackId>,
    pointed_at: Vec<crate::trace::ComponentId>,
    title: String,
    topic: crate::scenario::Topic,
    asked: Option<crate::scenario::Asked>,
}

/// A time, or a scene of the walkthrough: at its end, or so long after its beginning.
#[cfg(feature = "app")]
fn instant(
    arguments: &ShotArguments,
    made: &super::run::Made,
    trace: &crate::trace::Trace,
) -> Result<Instant, Failure> {
    use crate::pace::PaceMap;
    use crate::scenario::{Pace, Parts, played};

    let title = made.scenario.title.clone();
    let Some(scene) = arguments.scene else {
        let time = arguments.at.unwrap_or_default();
        let topic = crate::scenario::Topic::default();
        return Ok(Instant { moment: None, time, follow: None, pointed_at: Vec::new(), title, topic, asked: None });
    };
    let steps = &made.scenario.walkthrough;
    let Some(step) = steps.get(scene as usize - 1) else {
        let help = Some(format!("its walkthrough has {} scenes", steps.len()));
        return Err(super::output::failure(format!("there is no scene {scene}"), help));
    };
    let (played, follow) = (played(step, &made.scenario, &made.outcome), step.follow.as_ref().map(|of| of.id));
    let map = PaceMap::new(trace, made.outcome.simulated, follow);
    let (begin, stop) = (map.screen_of(played.from), played.stop(&map, follow.is_some()));
    let passed = arguments.shown.map(std::time::Duration::from_secs_f64);
    let moment = match (step.pace, passed) {
        (_, None) => map.at(stop),
        (Pace::Paced, Some(passed)) => map.at((begin + passed).min(stop)),
        (Pace::Proportional { per_second }, Some(passed)) => {
            let passed = Time((per_second.as_ps() as f64 * passed.as_secs_f64()) as u64);
            let time = (played.from + passed).min(played.until);
            crate::pace::Moment { time, ..map.at(map.screen_of(time)) }
        }
    };
    let parts = Parts::of(&made.outcome.topology);
    let pointed_at = step.look_at.iter().filter_map(|path| parts.find(path)).collect();
    let title = format!("{title} · {scene} of {}: {}", steps.len(), step.title);
    // At its end a scene's question is answered.
    let asked = step.predict.as_ref().and_then(|predict| crate::scenario::asked(&predict.answer, &made.outcome));
    let asked = if passed.is_none() { asked } else { asked.as_ref().and_then(crate::scenario::Asked::awaited) };
    let topic = step.topic();
    Ok(Instant { moment: Some(moment), time: moment.time, follow, pointed_at, title, topic, asked })
}

#[cfg(feature = "app")]
pub(super) fn shot(arguments: &ShotArguments) -> Result<Verdict, Failure> {
    use crate::app::scene::View;
    use crate::app::shot::{Shot, ShotError, shot};
    use crate::app::theme::Theme;

    let inputs = super::run::inputs(&arguments.scenario, None);
    let told = |error: crate::files::WriteError| super::run::not_written("the picture", &error);
    crate::files::may_write(&arguments.out, &super::run::paths(&inputs)).map_err(told)?;
    let scenario = super::run::read(&arguments.scenario)?;
    let made = super::run::make(scenario, super::run::Changes { keep_trace: true, ..Default::default() })?;
    let Some(trace) = &made.outcome.trace else {
        return Err(super::output::failure("the run kept no trace to draw", None));
    };
    let column = arguments.follow.as_ref().map(|name| super::output::column(name, &made.outcome.topology));
    let column = column.transpose()?;
    let Instant { moment, time, follow, pointed_at, title, topic, asked } = instant(arguments, &made, trace)?;
    let presences = crate::machine::Presences::new(&made.outcome.topology, &made.outcome.changes);
    let picture = Shot {
        topology: &made.outcome.topology,
        trace,
        presences: &presences,
        profile: &made.profile,
        title: &title,
        time,
        moment,
        pointed_at: &pointed_at,
        size: arguments.size,
        theme: if arguments.light { Theme::light() } else { Theme::dark() },
        view: View::default(),
        selection: None,
        reduced_motion: false,
        seed: made.scenario.seed,
        end: made.outcome.simulated,
        follow: column.or(follow),
        topic,
        asked,
    };
    shot(&picture, &arguments.out).map_err(|why| match why {
        ShotError::NotWritten(error) => told(error),
        other => super::output::failure(other.to_string(), None),
    })?;
    Ok(Verdict::Fine)
}
