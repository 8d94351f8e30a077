//! Waiting for other programs, with an end: a test that waits for what never comes says so, and what it waited for.
#![allow(dead_code)]

use std::io::BufRead;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Longer than anything takes on a computer that is busy with other things: only a hang takes longer.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// Runs a command to its end, and gives what it said.
pub fn run(command: &mut Command) -> Output {
    let what = format!("{command:?}");
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    output_of(piped.spawn().unwrap_or_else(|error| panic!("{what}: {error}")), &what)
}

/// Waits for the end of `child`, and gives what it says until then on the pipes that it has.
pub fn output_of(child: Child, what: &str) -> Output {
    let id = child.id();
    within(what, move || child.wait_with_output().unwrap()).unwrap_or_else(|| {
        // It may have ended just now. Nobody else has its number: it has not been waited for.
        let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
        panic!("{what} did not end within {PATIENCE:?}");
    })
}

/// The next line, with the reader that it came from; `what` is what should say it.
pub fn line<R: BufRead + Send + 'static>(mut reader: R, what: &str) -> (String, R) {
    let read = move || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        (line.trim_end().to_owned(), reader)
    };
    within(what, read).unwrap_or_else(|| panic!("{what} said nothing within {PATIENCE:?}"))
}

/// What `wait` gives, unless that takes too long. Then its thread is left to itself.
fn within<T: Send + 'static>(what: &str, wait: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, ended) = mpsc::channel();
    // Where nobody listens any more, the test has failed.
    let waiting = std::thread::spawn(move || done.send(wait()).is_ok());
    match ended.recv_timeout(PATIENCE) {
        Ok(value) => Some(value),
        Err(mpsc::RecvTimeoutError::Timeout) => None,
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("{what}: {:?}", waiting.join().err().map(|_| "failed")),
    }
}
