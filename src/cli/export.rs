//! `strata export`: a run as a page, a picture or an animated file. It needs the feature `app`, and for what is made
//! of pixels a graphics driver; a page and an SVG need none. Ctrl-C ends it, and no half of a file is left.

use std::path::PathBuf;

use super::{Failure, Verdict};
use crate::engine::Time;

/// What `export` takes.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("out").required(true).multiple(true).args(["html", "svg", "png", "gif", "apng"]),
    override_usage = "strata export [OPTIONS] --html <OUT> <SCENARIO>\n       \
        strata export [OPTIONS] --at <TIME> --svg <OUT> --png <OUT> <SCENARIO>\n       \
        strata export [OPTIONS] --scene <N> --gif <OUT> --apng <OUT> <SCENARIO>"
)]
pub(super) struct Arguments {
    /// A scenario file, or the id of a built-in scenario
    pub scenario: String,
    /// The whole run as one page that plays in any browser, without a network
    #[arg(long, value_name = "OUT")]
    pub html: Option<PathBuf>,
    /// The picture at one time, as SVG
    #[arg(long, value_name = "OUT", requires = "at")]
    pub svg: Option<PathBuf>,
    /// The picture at one time, as PNG
    #[arg(long, value_name = "OUT", requires = "at")]
    pub png: Option<PathBuf>,
    /// One scene of the walkthrough, as an animated GIF
    #[arg(long, value_name = "OUT", requires = "scene")]
    pub gif: Option<PathBuf>,
    /// One scene of the walkthrough, as an animated PNG
    #[arg(long, value_name = "OUT", requires = "scene")]
    pub apng: Option<PathBuf>,
    /// The simulated time of the picture, as in "90us"
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<Time>,
    /// The scene, from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub scene: Option<u32>,
    /// The stack whose column a picture follows, by its name; without it, all alike
    #[arg(long, value_name = "STACK")]
    pub follow: Option<String>,
    /// Width and height of the picture
    #[arg(long, value_name = "WxH", default_value = "1120x680", value_parser = super::window::size)]
    pub size: (u32, u32),
    /// Dark on light instead of light on dark; a page has both
    #[arg(long)]
    pub light: bool,
    /// How large text is in the picture, in %
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(75..=200))]
    pub text: u32,
    /// Pictures a second, at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub fps: u32,
    /// A cost profile: its id, "measured", or the path of a file
    #[arg(long, value_name = "PROFILE")]
    pub costs: Option<String>,
    /// Stop the run at this simulated time, as in "2 ms"
    #[arg(long, value_name = "TIME", value_parser = super::run::until, allow_hyphen_values = true)]
    pub until: Option<Time>,
    /// What all chance comes from, instead of the scenario's seed
    #[arg(long, value_name = "N", value_parser = super::run::seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,
}

#[cfg(not(feature = "app"))]
pub(super) fn export(_arguments: &Arguments) -> Result<Verdict, Failure> {
    let help = Some("build it with: cargo build --release --features app".to_owned());
    Err(super::output::failure("this build can't draw: it was made without the feature \"app\"", help))
}

#[cfg(feature = "app")]
pub(super) use with_app::export;

#[cfg(feature = "app")]
mod with_app {
    use std::path::{Path, PathBuf};

    use super::super::output::{column, failure, note};
    use super::super::progress::Drawn;
    use super::super::run::{Changes, inputs, make, not_written, paths};
    use super::{Arguments, Failure, Verdict};
    use crate::app::export::{Choices, ExportError, Format, animation, page, picture, pixels};
    use crate::app::recording::Recording;
    use crate::app::theme::Theme;
    use crate::files;
    use crate::scenario::{Scenario, find};

    pub(in crate::cli) fn export(arguments: &Arguments) -> Result<Verdict, Failure> {
        let inputs = inputs(&arguments.scenario, arguments.costs.as_deref());
        may_write(arguments, &inputs)?;
        let recording = recording(arguments)?;
        let choices = choices(arguments, &recording)?;
        // Clap has seen to it that these are there where they are needed.
        let (at, scene) = (arguments.at.unwrap_or_default(), arguments.scene.unwrap_or(1) as usize - 1);
        if let Some(out) = &arguments.html {
            let drawn = Drawn::new("drawing");
            let text =
                page(&recording, &choices, &|done, all| drawn.at(done, all)).map_err(|why| told(why, arguments))?;
            drop(drawn);
            write(out, &inputs, text.as_bytes())?;
        }
        if let Some(out) = &arguments.svg {
            write(out, &inputs, picture(&recording, at, &choices).as_bytes())?;
        }
        if let Some(out) = &arguments.png {
            write(out, &inputs, &pixels(&recording, at, &choices).map_err(|why| told(why, arguments))?)?;
        }
        for (out, format) in [(&arguments.gif, Format::Gif), (&arguments.apng, Format::Png)] {
            let Some(out) = out else { continue };
            let drawn = Drawn::new("rendering");
            let file = animation(&recording, scene, &choices, format, &|done, all| drawn.at(done, all));
            let file = file.map_err(|why| told(why, arguments))?;
            drop(drawn);
            write(out, &inputs, &file)?;
        }
        Ok(Verdict::Fine)
    }

    fn choices(arguments: &Arguments, recording: &Recording) -> Result<Choices, Failure> {
        let theme = if arguments.light { Theme::light() } else { Theme::dark() };
        let theme = theme.scaled(arguments.text as f32 / 100.0);
        let follow = arguments.follow.as_ref().map(|name| column(name, recording.topology())).transpose()?;
        Ok(Choices { size: arguments.size, rate: f64::from(arguments.fps), follow, theme })
    }

    fn recording(arguments: &Arguments) -> Result<Recording, Failure> {
        let source = find(&arguments.scenario).map_err(|error| Box::new(error) as Failure)?;
        let scenario = Scenario::parse(&source).map_err(|error| Box::new(error) as Failure)?;
        let changes = Changes {
            until: arguments.until,
            seed: arguments.seed,
            costs: arguments.costs.as_deref(),
            keep_trace: true,
            ..Changes::default()
        };
        let made = make(scenario, changes)?;
        Ok(Recording::new(made.scenario, source, made.profile, made.outcome))
    }

    fn told(why: ExportError, arguments: &Arguments) -> Failure {
        let help = match &why {
            ExportError::NoScene { scenes: 0, .. } => {
                Some("this scenario has no walkthrough: its one scene is 1".to_owned())
            }
            ExportError::NoScene { scenes, .. } => Some(format!("give --scene a number from 1 to {scenes}")),
            ExportError::TooLong { .. } => {
                Some(format!("take fewer pictures a second (--fps {})", (arguments.fps / 2).max(1)))
            }
            _ => None,
        };
        failure(why.to_string(), help)
    }

    /// Asked before anything is drawn, which may take long.
    fn may_write(arguments: &Arguments, inputs: &[PathBuf]) -> Result<(), Failure> {
        let Arguments { html, svg, png, gif, apng, .. } = arguments;
        let mut outs: Vec<&PathBuf> = [html, svg, png, gif, apng].into_iter().flatten().collect();
        for out in &outs {
            files::may_write(out, &paths(inputs)).map_err(|error| not_written("the export", &error))?;
        }
        outs.sort();
        match outs.windows(2).find(|pair| pair[0] == pair[1]) {
            None => Ok(()),
            Some(pair) => {
                let help = Some("give each its own file".to_owned());
                Err(failure(format!("two exports are to be written to \"{}\"", pair[0].display()), help))
            }
        }
    }

    fn write(path: &Path, inputs: &[PathBuf], bytes: &[u8]) -> Result<(), Failure> {
        let written = files::write(path, &paths(inputs), |out| out.write_all(bytes));
        written.map_err(|error| not_written("the export", &error))?;
        note(&format!("{}: {} KiB", path.display(), bytes.len().div_ceil(1024)));
        Ok(())
    }
}
