//! A forked child that dies with its parent.
//!
//! `fork` copies the calling thread alone into a new process. The kernel kills such a child when the thread that made
//! it ends (`PR_SET_PDEATHSIG`), so nothing here survives the probe, not even when the probe is killed with SIGKILL.
//! The setting is lost when a process changes its user or executes a privileged file: whoever enters a user namespace
//! calls [`die_with_parent`] again. Left out: `exec`. What runs in a child is a closure, and it ends in `_exit`, so
//! neither buffers nor destructors of the parent run twice.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, getppid, kill_process, kill_process_group, set_parent_process_death_signal,
    setpgid, waitpid,
};
use serde::{Serialize, de::DeserializeOwned};

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It ended itself, with this code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
}

/// A running child; killed and reaped when dropped.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    reaped: bool,
}

/// The code of a child whose closure panicked.
const PANICKED: i32 = 101;

/// Asks the kernel to kill this process when the thread that forked it ends.
pub fn die_with_parent() -> io::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

impl Child {
    /// Forks a child that runs `body` and exits with the code it returns.
    pub fn spawn(body: impl FnOnce() -> i32) -> io::Result<Child> {
        // SAFETY: the child uses nothing but this thread's memory, which fork copied. The one lock it may need that
        // another thread could have held is the allocator's, and libc releases that in the child.
        Child::made_by(|| unsafe { libc::fork() }, body)
    }

    /// As [`Child::spawn`], with no library around the fork: neither what it does before and after nor its calls in the
    /// child. `body` must neither allocate nor wait for a lock.
    pub fn fork(body: impl FnOnce() -> i32) -> io::Result<Child> {
        // SAFETY: clone without flags and without a stack is fork: the child goes on here, with a copy of everything.
        let clone = || unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
        Child::made_by(|| libc::pid_t::try_from(clone()).unwrap_or(-1), body)
    }

    fn made_by(fork: impl FnOnce() -> libc::pid_t, body: impl FnOnce() -> i32) -> io::Result<Child> {
        let parent = getpid();
        let pid = fork();
        if pid < 0 {
            return Err(io::Error::last_os_error());
        }
        let Some(pid) = Pid::from_raw(pid) else {
            // The parent may have died before the kernel knew our wish. In a new pid namespace it has no number.
            let orphaned = die_with_parent().is_err() || getppid().is_some_and(|now| now != parent);
            let code = if orphaned { 1 } else { catch_unwind(AssertUnwindSafe(body)).unwrap_or(PANICKED) };
            // SAFETY: _exit never returns and runs no code of this process.
            unsafe { libc::_exit(code) }
        };
        Ok(Child { pid, reaped: false })
    }

    /// Its process id, as this process sees it.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until it ends.
    pub fn wait(mut self) -> io::Result<Exit> {
        let exit = self.reap();
        self.reaped = true;
        exit
    }

    /// Waits for a child that was killed, but no longer than `patience`: one that is in the middle of something that the
    /// kernel does not break off ends by itself when that is done, and nobody has to wait for it.
    pub fn killed(mut self, patience: Duration) {
        let until = Instant::now() + patience;
        while Instant::now() < until && matches!(waitpid(Some(self.pid), WaitOptions::NOHANG), Ok(None)) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.reaped = true;
    }

    fn reap(&self) -> io::Result<Exit> {
        loop {
            match waitpid(Some(self.pid), WaitOptions::empty()) {
                Ok(Some((_, status))) => {
                    let code = status.exit_status().map(Exit::Code);
                    return Ok(code.unwrap_or_else(|| Exit::Signal(status.terminating_signal().unwrap_or(0))));
                }
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            // Both fail only if the child is already gone, which is what is wanted.
            let _ = kill_process(self.pid, Signal::KILL);
            let _ = self.reap();
        }
    }
}

/// Runs `body` in a child and brings back what it returns; for what can't be undone in the process itself, as seccomp
/// filters and namespaces.
///
/// # Errors
/// The error of `body`, or what became of the child: forking failed, it was killed, it panicked.
pub fn in_child<T: Serialize + DeserializeOwned>(body: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let (read, write) = pipe().map_err(|e| format!("making a pipe: {e}"))?;
    let child = Child::spawn(|| {
        let bytes = serde_json::to_vec(&body()).unwrap_or_default();
        i32::from(write_all(&write, &bytes).is_err())
    })
    .map_err(|e| format!("forking: {e}"))?;
    drop(write);
    let mut bytes = Vec::new();
    let arrived = File::from(read).read_to_end(&mut bytes);
    understand(child, arrived, &bytes)
}

/// As [`in_child`], until `stop` becomes true: then the child and all that it started are killed.
///
/// # Errors
/// As [`in_child`], and that it was stopped.
pub fn in_child_until<T: Serialize + DeserializeOwned>(
    stop: &AtomicBool,
    body: impl FnOnce() -> Result<T, String>,
) -> Result<T, String> {
    let (read, write) = pipe().map_err(|e| format!("making a pipe: {e}"))?;
    let child = Child::spawn(|| {
        let _ = setpgid(None, None);
        let bytes = serde_json::to_vec(&body()).unwrap_or_default();
        i32::from(write_all(&write, &bytes).is_err())
    })
    .map_err(|e| format!("forking: {e}"))?;
    drop(write);
    // Both sides make the group, so that it is there whoever comes first; the later one fails harmlessly.
    let _ = setpgid(Some(child.pid()), None);
    let mut bytes = Vec::new();
    let arrived = read_until(stop, &read, &mut bytes);
    if arrived.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
        // The child is not reaped yet, so its group still is its own. Dropping the child then reaps it.
        let _ = kill_process_group(child.pid(), Signal::KILL);
        return Err(STOPPED.to_owned());
    }
    understand(child, arrived, &bytes)
}

/// What [`in_child_until`] says when it was stopped.
pub const STOPPED: &str = "stopped before its end";

/// Reads to the end; [`io::ErrorKind::Interrupted`] if `stop` becomes true before.
fn read_until(stop: &AtomicBool, read: &OwnedFd, bytes: &mut Vec<u8>) -> io::Result<usize> {
    const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    let mut buffer = [0; 8192];
    loop {
        if stop.load(SeqCst) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match poll(&mut [PollFd::new(read, PollFlags::IN)], Some(&PATIENCE)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        match rustix::io::retry_on_intr(|| rustix::io::read(read, &mut buffer))? {
            0 => return Ok(bytes.len()),
            taken => bytes.extend_from_slice(&buffer[..taken]),
        }
    }
}

/// What a child brought back, once it has ended.
fn understand<T: DeserializeOwned>(child: Child, arrived: io::Result<usize>, bytes: &[u8]) -> Result<T, String> {
    match child.wait() {
        Ok(Exit::Code(0)) => {}
        Ok(Exit::Code(code)) => return Err(format!("the measuring process ended with code {code}")),
        Ok(Exit::Signal(signal)) => return Err(format!("the measuring process was ended by signal {signal}")),
        Err(error) => return Err(format!("waiting for the measuring process: {error}")),
    }
    arrived.map_err(|e| format!("reading from the measuring process: {e}"))?;
    serde_json::from_slice(bytes).map_err(|e| format!("the measuring process said nothing readable: {e}"))?
}

/// A pipe that no executed program inherits: reading end, writing end.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?)
}

/// Writes all of `bytes`, however often the kernel takes only a part.
pub fn write_all(fd: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::write(fd.as_fd(), bytes))?;
        bytes = &bytes[written..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_brings_back_values_errors_and_panics() {
        assert_eq!(in_child(|| Ok(7)), Ok(7));
        assert_eq!(in_child::<u32>(|| Err("no".to_owned())), Err("no".to_owned()));
        assert!(in_child::<u32>(|| std::panic::resume_unwind(Box::new(()))).unwrap_err().contains("101"));
    }

    #[test]
    fn a_child_that_never_ends_is_stopped_with_all_that_it_started() {
        let (read, write) = pipe().unwrap();
        let stop = AtomicBool::new(false);
        let forever = || -> Result<u32, String> {
            let _grandchild = Child::spawn(|| {
                loop {
                    std::thread::sleep(std::time::Duration::from_secs(1));
                }
            });
            let _ = write_all(&write, b"x");
            loop {
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
        };
        std::thread::scope(|scope| {
            let (stop, read) = (&stop, &read);
            scope.spawn(move || {
                // Once the grandchild is there.
                let mut byte = [0];
                let _ = rustix::io::read(read, &mut byte);
                stop.store(true, SeqCst);
            });
            assert_eq!(in_child_until(stop, forever), Err(STOPPED.to_owned()));
        });
        drop(write);
        // Both held the writing end: end of file means that they are gone.
        let mut byte = [0];
        assert_eq!(File::from(read).read(&mut byte).unwrap(), 0);
    }

    #[test]
    fn a_dropped_child_is_killed_and_reaped() {
        let child = Child::spawn(|| {
            loop {
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
        })
        .unwrap();
        let pid = child.pid();
        drop(child);
        assert!(rustix::process::test_kill_process(pid).is_err());
    }

    #[test]
    fn a_killed_child_that_takes_its_time_is_not_waited_for() {
        // One that was not killed at all takes the longest.
        let child = Child::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_secs(1));
            }
        })
        .unwrap();
        let pid = child.pid();
        child.killed(Duration::from_millis(1));
        // It is still there, and no destructor has waited for it.
        assert!(rustix::process::test_kill_process(pid).is_ok());
        drop(Child { pid, reaped: false });
    }

    #[test]
    fn a_grandchild_dies_when_its_parent_is_killed() {
        let (read, write) = pipe().unwrap();
        let child = Child::spawn(|| {
            let grandchild = Child::spawn(|| {
                loop {
                    std::thread::sleep(std::time::Duration::from_secs(1));
                }
            });
            let pid = grandchild.as_ref().map_or(0, |c| c.pid().as_raw_nonzero().get());
            let _ = write_all(&write, &pid.to_ne_bytes());
            loop {
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
        })
        .unwrap();
        let mut bytes = [0; 4];
        let mut read = File::from(read);
        read.read_exact(&mut bytes).unwrap();
        drop(write);
        drop(child);
        // The grandchild holds the writing end: end of file means that it is gone.
        assert_eq!(read.read(&mut bytes).unwrap(), 0);
    }
}
