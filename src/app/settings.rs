//! What is kept between runs: panels, theme, sizes, speeds. A RON file in the platform's configuration folder.

use std::path::PathBuf;

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};
use serde::{Deserialize, Serialize};

use super::playback::{Pace, Playback, Step};
use crate::files;

/// Settings are some hundred bytes; nothing larger is read.
const MOST_BYTES: u64 = 1 << 20;

/// The settings. Whatever is missing or unreadable in the file has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark rather than light.
    pub dark: bool,
    /// How large text is, in percent.
    pub text_percent: u32,
    /// Tokens stand still and show their way instead.
    pub reduced_motion: bool,
    /// Whether the left panel is open, and its width.
    pub left: Panel,
    /// Whether the inspector is open, and its width.
    pub right: Panel,
    /// Whether the lanes are open, and their height.
    pub bottom: Panel,
    /// A table instead of the picture.
    pub list: bool,
    /// How time plays.
    pub pace: Pace,
    /// Picoseconds shown in a second, when proportional.
    pub ps_per_second: f64,
    /// How many times as fast as at 1× it plays, when paced.
    pub speed: f64,
    /// How far a step goes.
    pub step: Step,
    /// The window's width and height, in points.
    pub window: (f32, f32),
}

/// A panel that can be closed and resized.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Whether it is shown.
    pub open: bool,
    /// Its width or height, in points.
    pub size: f32,
}

impl Default for Settings {
    fn default() -> Self {
        let playback = Playback::default();
        Settings {
            dark: true,
            text_percent: 100,
            reduced_motion: false,
            left: Panel { open: true, size: 296.0 },
            right: Panel { open: true, size: 320.0 },
            bottom: Panel { open: true, size: 330.0 },
            list: false,
            pace: playback.clock.pace,
            ps_per_second: playback.clock.per_second().as_ps() as f64,
            speed: playback.clock.speed(),
            step: playback.step,
            window: (1600.0, 1000.0),
        }
    }
}

impl Settings {
    /// The text sizes offered, in percent.
    pub const TEXT_PERCENT: [u32; 7] = [90, 100, 115, 130, 150, 175, 200];

    /// The next larger (1) or smaller (-1) text size.
    pub fn text_step(&self, by: i32) -> u32 {
        let sizes = Self::TEXT_PERCENT;
        let at = sizes.iter().position(|&size| size >= self.text_percent).unwrap_or(1) as i32;
        sizes[(at + by).clamp(0, sizes.len() as i32 - 1) as usize]
    }

    /// Reads what was kept; the defaults if there is nothing. A file that can't be read is reported and left alone.
    pub fn load() -> Settings {
        let Some(path) = path() else { return Settings::default() };
        let text = match files::read_text(&path, MOST_BYTES) {
            Ok(text) => text,
            Err(files::ReadError::NotFound) => return Settings::default(),
            Err(error) => {
                tracing::warn!("can't read the settings in {}: {error}", path.display());
                return Settings::default();
            }
        };
        match ron::from_str::<Settings>(&text) {
            Ok(settings) => settings.sane(),
            Err(error) => {
                tracing::warn!("the settings in {} are not used: {error}", path.display());
                Settings::default()
            }
        }
    }

    /// Keeps them for the next run.
    pub fn save(&self) {
        let Some(path) = path() else { return };
        let text = match ron::ser::to_string_pretty(self, ron::ser::PrettyConfig::default()) {
            Ok(text) => text,
            Err(error) => return tracing::warn!("can't write the settings: {error}"),
        };
        if let Err(error) = path.parent().map_or(Ok(()), std::fs::create_dir_all) {
            return tracing::warn!("can't keep the settings in {}: {error}", path.display());
        }
        if let Err(error) = files::write(&path, &[], |file| file.write_all(text.as_bytes())) {
            tracing::warn!("the settings are not kept: {error}; {}", error.advice());
        }
    }

    /// Numbers that a person may have edited, brought within what the window can show.
    fn sane(mut self) -> Settings {
        self.text_percent = self.text_percent.clamp(Self::TEXT_PERCENT[0], 200);
        for panel in [&mut self.left, &mut self.right, &mut self.bottom] {
            panel.size = if panel.size.is_finite() { panel.size.clamp(80.0, 2000.0) } else { 300.0 };
        }
        let (width, height) = self.window;
        self.window = if width.is_finite() && height.is_finite() {
            (width.clamp(640.0, 10_000.0), height.clamp(400.0, 10_000.0))
        } else {
            Settings::default().window
        };
        self
    }
}

fn path() -> Option<PathBuf> {
    let arguments = AppStrategyArgs {
        top_level_domain: "org".to_owned(),
        author: "strata".to_owned(),
        app_name: "strata".to_owned(),
    };
    match choose_app_strategy(arguments) {
        Ok(strategy) => Some(strategy.in_config_dir("settings.ron")),
        Err(error) => {
            tracing::warn!("settings are not kept: {error}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_writing_and_reading_and_old_files_lack_fields() {
        let settings = Settings { dark: false, text_percent: 130, ..Settings::default() };
        let text = ron::ser::to_string_pretty(&settings, ron::ser::PrettyConfig::default()).unwrap();
        assert_eq!(ron::from_str::<Settings>(&text).unwrap(), settings);
        let old: Settings = ron::from_str("(dark: false)").unwrap();
        assert_eq!(old, Settings { dark: false, ..Settings::default() });
    }

    #[test]
    fn absurd_sizes_are_brought_into_reach() {
        let settings: Settings = ron::from_str("(left: (open: true, size: -5.0), window: (1e9, 3.0))").unwrap();
        let settings = settings.sane();
        assert_eq!((settings.left.size, settings.window), (80.0, (10_000.0, 400.0)));
    }
}
