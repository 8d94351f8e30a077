//! Starting a program and a container.

use std::ffi::{CStr, CString};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::probe::cleanup::Scratch;
use crate::probe::measure::elapsed_ns;
use crate::probe::sandbox::cgroups::find;
use crate::probe::sandbox::container::{self, Who};
use crate::probe::sandbox::counts::{Of, anonymous_pages, minor_faults};
use crate::probe::sandbox::namespaces::is_privileged;
use crate::probe::sandbox::{Child, Exit, payload};
use crate::validate::Forks;

const LONG: Duration = Duration::from_millis(500);
/// How often something is counted whose middle is taken.
const COUNTS: usize = 9;

/// The smallest program there is, in `folder`.
fn program(folder: &Path) -> Result<CString, String> {
    let program = payload::elf().ok_or("there is no tiny program for this processor")?;
    let path = folder.join("program");
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(&path);
    file.and_then(|mut file| file.write_all(&program)).map_err(|e| format!("{}: {e}", path.display()))?;
    CString::new(path.into_os_string().into_encoded_bytes()).map_err(|e| e.to_string())
}

/// Forks a child that executes the program at once.
fn start(path: &CStr) -> Result<Child, String> {
    let (arguments, environment) = ([path.as_ptr(), std::ptr::null()], [std::ptr::null()]);
    // SAFETY: the strings are valid, and the arrays end with null. If it returns, there is no such program.
    let execute = || unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    Child::fork(execute).map_err(|e| format!("forking: {e}"))
}

/// Waits for a child that must end well.
fn end(child: Child) -> Result<(), String> {
    match child.wait() {
        Ok(Exit::Code(0)) => Ok(()),
        Ok(exit) => Err(format!("the program ended with {exit:?}")),
        Err(error) => Err(format!("waiting for the program: {error}")),
    }
}

/// Nanoseconds of forking, executing the smallest program there is and waiting for its end, one after the other.
pub fn fork_exec(folder: &Path) -> Result<Vec<f64>, String> {
    let path = program(folder)?;
    // Whoever grows in between touches new pages.
    let mut times = Vec::with_capacity(1 << 16);
    let begin = Instant::now();
    while begin.elapsed() < LONG && times.len() < times.capacity() {
        let clock = Instant::now();
        end(start(&path)?)?;
        times.push(elapsed_ns(clock));
    }
    Ok(times)
}

/// What [`fork_exec`] copies, and the faults of the program that it executes and of executing it.
pub fn count_fork_exec(folder: &Path) -> Result<(Forks, u64), String> {
    let path = program(folder)?;
    let before_exec = || Child::fork(|| i32::try_from(minor_faults(Of::Own)).unwrap_or(0)).map(Child::wait);
    let (mut whole, mut childs) = (Vec::with_capacity(COUNTS), Vec::with_capacity(COUNTS));
    for _ in 0..COUNTS {
        let (own, children) = (minor_faults(Of::Own), minor_faults(Of::Children));
        end(start(&path)?)?;
        let (after, all) = (minor_faults(Of::Own), minor_faults(Of::Children));
        let Ok(Ok(Exit::Code(child))) = before_exec() else {
            return Err("counting a child's faults failed".to_owned());
        };
        let child = u64::from(child.unsigned_abs());
        whole.push(after - own + child);
        childs.push((all - children).saturating_sub(child));
    }
    Ok((Forks { pages: anonymous_pages()?, faults: middle(whole) }, middle(childs)))
}

fn middle(mut counts: Vec<u64>) -> u64 {
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(0)
}

/// How containers are made here: whether in a user namespace, and whether in a cgroup of their own.
pub fn containers_here() -> (bool, bool) {
    (who() == Who::User, find(false).is_ok())
}

fn who() -> Who {
    if is_privileged() { Who::Root } else { Who::User }
}

/// What [`container`] copies; `of_program` are the faults of the program in it and of executing it.
pub fn count_container(scratch: &Scratch, of_program: u64) -> Result<Forks, String> {
    let place = find(false);
    let mut faults = Vec::new();
    for _ in 0..COUNTS {
        faults.push(container::run(who(), scratch, place.as_ref().ok())?.faults.saturating_sub(of_program));
    }
    Ok(Forks { pages: anonymous_pages()?, faults: middle(faults) })
}

/// Nanoseconds from nothing to the first instruction in a container, one after the other.
pub fn container(scratch: &Scratch, stop: &AtomicBool) -> Result<Vec<f64>, String> {
    let place = find(false);
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < LONG || times.len() < 6 {
        if stop.load(SeqCst) {
            return Err("stopped before its end".to_owned());
        }
        times.push(container::run(who(), scratch, place.as_ref().ok())?.start as f64);
    }
    // The first finds everything cold.
    Ok(times.split_off(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_counted_and_a_program_that_is_not_there_is_no_start() {
        let folder = tempfile::tempdir().unwrap();
        match count_fork_exec(folder.path()) {
            // The program looks at its own page for the first time.
            Ok((forks, of_program)) => assert!(
                forks.pages > 0 && forks.faults > 0 && of_program > 0,
                "{} pages, {} faults, {of_program} of the program",
                forks.pages,
                forks.faults
            ),
            Err(why) => println!("skipped: {why}"),
        }
        assert!(end(start(c"/no/such/program").unwrap()).is_err());
    }
}
