//! Starting a program and a container.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::probe::cleanup::Scratch;
use crate::probe::measure::elapsed_ns;
use crate::probe::sandbox::cgroups::find;
use crate::probe::sandbox::container::{self, Who};
use crate::probe::sandbox::namespaces::is_privileged;
use crate::probe::sandbox::payload;

const LONG: Duration = Duration::from_millis(500);

/// Nanoseconds of starting the smallest program there is and waiting for its end.
pub fn fork_exec(folder: &Path) -> Result<Vec<f64>, String> {
    let program = payload::elf().ok_or("there is no tiny program for this processor")?;
    let path = folder.join("program");
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(&path);
    file.and_then(|mut file| file.write_all(&program)).map_err(failed)?;
    let mut command = Command::new(&path);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < LONG {
        let start = Instant::now();
        let status = command.status().map_err(failed)?;
        times.push(elapsed_ns(start));
        if !status.success() {
            return Err(format!("the program ended with {status}"));
        }
    }
    Ok(times)
}

/// Nanoseconds from nothing to the first instruction in a container.
pub fn container(scratch: &Scratch, stop: &AtomicBool) -> Result<Vec<f64>, String> {
    let who = if is_privileged() { Who::Root } else { Who::User };
    let place = find(false);
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < LONG || times.len() < 6 {
        if stop.load(SeqCst) {
            return Err("stopped before its end".to_owned());
        }
        times.push(container::run(who, scratch, place.as_ref().ok())?.start as f64);
    }
    // The first finds everything cold.
    Ok(times.split_off(1))
}
