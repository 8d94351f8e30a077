//! This program, started a second time to measure: a measurement must not run in a window that draws, and what `fork`
//! costs depends on the size of the process that forks.
//!
//! Its report comes from its standard output; its standard error has a line of JSON for each step, and what it has to
//! say. Asked to stop, it gets SIGTERM, cleans up and reports what it has. When the window goes, so does it: by SIGTERM
//! if the window is closed, and by the kernel if it dies. SIGINT would not do: a shell that starts the window in the
//! background may have it ignored, and a child inherits that.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The most bytes of a report that are read.
const MOST_BYTES: u64 = 64 << 20;
/// The last lines of what it said that are kept.
const MOST_LINES: usize = 12;

/// How far it has come, as it said last.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Step {
    /// "measuring" or "comparing".
    pub stage: String,
    /// What it does now.
    pub doing: String,
    /// How many are done.
    pub done: usize,
    /// Of how many.
    pub of: usize,
}

/// How it ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// By itself or by a signal.
    pub status: Result<ExitStatus, String>,
    /// Its standard output.
    pub report: String,
    /// The last lines of its standard error that are no progress.
    pub said: Vec<String>,
    /// Whether it had been asked to stop.
    pub stopped: bool,
}

/// A child that runs, or has ended and was not yet looked at.
#[derive(Debug)]
pub struct Child(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    process: Mutex<std::process::Child>,
    step: Mutex<Option<Step>>,
    ended: Mutex<Option<Ended>>,
    stopping: AtomicBool,
}

impl Child {
    /// Starts `program`; `wake` is called whenever there is something new.
    pub fn start(program: &Path, arguments: &[String], wake: impl Fn() + Send + 'static) -> std::io::Result<Child> {
        let mut command = Command::new(program);
        command.args(arguments).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        crate::probe::interrupt::can_be_stopped(&mut command);
        let mut process = command.spawn()?;
        let (output, errors) = (process.stdout.take(), process.stderr.take());
        let shared = Arc::new(Shared {
            process: Mutex::new(process),
            step: Mutex::new(None),
            ended: Mutex::new(None),
            stopping: AtomicBool::new(false),
        });
        let report = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What came before an error is as much as there is.
            let _ = output.map(|output| output.take(MOST_BYTES).read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let child = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut said = Vec::new();
            for line in errors.into_iter().flat_map(|errors| BufReader::new(errors).lines()).map_while(Result::ok) {
                match serde_json::from_str::<Step>(&line) {
                    Ok(step) => *lock(&child.step) = Some(step),
                    Err(_) if said.len() < MOST_LINES => said.push(line),
                    Err(_) => {
                        said.remove(0);
                        said.push(line);
                    }
                }
                wake();
            }
            let report = report.join().unwrap_or_default();
            let status = child.wait();
            let stopped = child.stopping.load(Ordering::Relaxed);
            *lock(&child.ended) = Some(Ended { status, report, said, stopped });
            wake();
        });
        Ok(Child(shared))
    }

    /// How far it has come.
    pub fn step(&self) -> Option<Step> {
        lock(&self.0.step).clone()
    }

    /// Whether it has been asked to stop.
    pub fn stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// Asks it to stop; asked again, it stops at once.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
        self.0.end();
    }

    /// How it ended, once.
    pub fn ended(&self) -> Option<Ended> {
        lock(&self.0.ended).take()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Shared {
    /// Sends SIGTERM, unless the process has been waited for: then its number may be another's.
    fn end(&self) {
        let mut process = lock(&self.process);
        if !matches!(process.try_wait(), Ok(None)) {
            return;
        }
        #[cfg(target_os = "linux")]
        let sent =
            rustix::process::kill_process(rustix::process::Pid::from_child(&process), rustix::process::Signal::TERM);
        #[cfg(not(target_os = "linux"))]
        let sent = process.kill();
        if let Err(error) = sent {
            tracing::warn!("the measurement can't be stopped: {error}");
        }
    }

    /// Waits for its end; its pipes are closed by now.
    fn wait(&self) -> Result<ExitStatus, String> {
        loop {
            match lock(&self.process).try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => {}
                Err(error) => return Err(error.to_string()),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
