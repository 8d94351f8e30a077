//! Exporting from the window: in the background, into a new file. Nothing is ever written over.
//!
//! The file stands beside the scenario's own, if it has one, else in the folder for downloads or at home.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use super::export::{Choices, page, picture};
use super::recording::Recording;
use crate::engine::Time;

/// What can be exported from the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The run as a page for any browser.
    Page,
    /// The picture as it is now, as SVG.
    Picture,
}

/// An export under way.
#[derive(Debug)]
struct Job {
    done: Arc<AtomicUsize>,
    all: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<PathBuf, String>>,
}

/// What is being exported, and what came of the last one.
#[derive(Debug, Default)]
pub struct Exporter {
    job: Option<Job>,
    /// What to tell: where the file is, or why there is none.
    pub notice: Option<String>,
    /// The file that was written last.
    pub written: Option<PathBuf>,
}

impl Exporter {
    /// Starts an export, unless one is under way. `beside` is the scenario's own file.
    pub fn start(&mut self, what: What, recording: &Recording, time: Time, choices: Choices, beside: Option<&Path>) {
        if self.job.is_some() {
            return;
        }
        let (name, ending) = (recording.scenario.id.clone(), if what == What::Page { "html" } else { "svg" });
        let (folder, recording) = (folder(beside), recording.clone());
        let (done, all) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
        let stop = Arc::new(AtomicBool::new(false));
        let (drawn, of, stopped) = (Arc::clone(&done), Arc::clone(&all), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let progress = |done: usize, all: usize| {
                drawn.store(done, Ordering::Relaxed);
                of.store(all, Ordering::Relaxed);
                !stopped.load(Ordering::Relaxed)
            };
            let text = match what {
                What::Page => page(&recording, &choices, &progress).map_err(|why| why.to_string())?,
                What::Picture => picture(&recording, time, &choices),
            };
            new_file(&folder, &name, ending, text.as_bytes())
        });
        self.notice = None;
        self.job = Some(Job { done, all, stop, thread });
    }

    /// Takes in what has happened in the background.
    pub fn update(&mut self) {
        let Some(job) = self.job.take_if(|job| job.thread.is_finished()) else { return };
        self.written = None;
        self.notice = Some(match job.thread.join() {
            Ok(Ok(path)) => {
                let words = format!("Exported to {}", path.display());
                self.written = Some(path);
                words
            }
            Ok(Err(why)) => format!("Nothing was exported: {why}"),
            Err(_) => "Nothing was exported: this is a mistake in Strata".to_owned(),
        });
    }

    /// How much of an export under way is done, from 0 to 1.
    pub fn progress(&self) -> Option<f32> {
        let job = self.job.as_ref()?;
        Some(job.done.load(Ordering::Relaxed) as f32 / job.all.load(Ordering::Relaxed).max(1) as f32)
    }

    /// Closes what was told. An export under way goes on.
    pub fn close(&mut self) {
        self.notice = None;
    }

    /// Closes the notice, or stops what is under way. Returns whether there was either.
    pub fn dismiss(&mut self) -> bool {
        if let Some(job) = &self.job {
            job.stop.store(true, Ordering::Relaxed);
        }
        self.notice.take().is_some() || self.job.is_some()
    }
}

fn folder(beside: Option<&Path>) -> PathBuf {
    if let Some(folder) = beside.and_then(Path::parent) {
        return folder.to_owned();
    }
    let Ok(home) = etcetera::home_dir() else { return std::env::temp_dir() };
    let downloads = home.join("Downloads");
    if downloads.is_dir() { downloads } else { home }
}

/// Writes `name.ending`, or `name-2.ending` if there is one already, and so on.
fn new_file(folder: &Path, name: &str, ending: &str, bytes: &[u8]) -> Result<PathBuf, String> {
    let names = std::iter::once(format!("{name}.{ending}")).chain((2..1000).map(|n| format!("{name}-{n}.{ending}")));
    let free = names.map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_err());
    let path = free.ok_or_else(|| format!("{} has a thousand files of this name already", folder.display()))?;
    crate::files::write(&path, &[], |out| out.write_all(bytes)).map_err(|why| format!("{why}; {}", why.advice()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..3).map(|n| new_file(folder.path(), "run", "svg", &[n]).unwrap()).collect();
        let names: Vec<_> = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["run.svg", "run-2.svg", "run-3.svg"]);
        assert_eq!(std::fs::read(&paths[0]).unwrap(), [0]);
        assert!(new_file(&folder.path().join("none"), "run", "svg", &[]).is_err());
    }
}
