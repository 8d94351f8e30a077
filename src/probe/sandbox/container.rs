//! A real container, made as a runtime makes one: namespaces, a cgroup, an overlay of a read-only and a writable layer,
//! `pivot_root`, a seccomp filter, `exec`. Each step is timed.
//!
//! Two processes are made: one that enters the namespaces, and, because a pid namespace only holds children, one in it
//! as pid 1, which becomes the program. All files live in a `tmpfs` inside the new mount namespace: when the last
//! process ends, the kernel removes everything. Left out: the network device, user-mapped ranges of ids, device nodes,
//! the read-only paths of `/proc`, and everything an engine does around a runtime (images, logs, its own processes).

use std::ffi::CString;
use std::fs;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::cgroups::{Cgroup, Place};
use super::counts::{Of, minor_faults};
use super::namespaces::{CONTAINER_KINDS, become_root_inside, enter_new};
use super::{Child, payload, pipe, write_all};
use crate::probe::cleanup::Scratch;

/// With whose power the container is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// An ordinary user's, in a user namespace.
    User,
    /// Root's.
    Root,
}

/// The least number of a descriptor that is none of the program's.
const FREE: i32 = 16;

/// The steps of a start, in order. A name that is missing from [`Started::steps`] was left out on this host.
pub const STEPS: [&str; 12] = [
    "user_namespace",
    "cgroup",
    "namespaces",
    "init",
    "private_mounts",
    "layers",
    "overlay",
    "proc",
    "pivot_root",
    "hostname",
    "seccomp",
    "exec",
];

/// One start of a container, in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Each step and how long it took; the last ends when the program inside says that it runs.
    pub steps: Vec<(String, u64)>,
    /// From the beginning to the program inside.
    pub start: u64,
    /// From there until its processes, mounts and namespaces are gone.
    pub end: u64,
    /// The page faults of the starter until the program runs, and of all processes of the container.
    pub faults: u64,
}

/// What the processes inside write down: when each step ended.
#[derive(Default, Serialize, Deserialize)]
struct Log {
    done: Vec<(String, u64)>,
    failed: Option<String>,
}

impl Log {
    fn did(&mut self, step: &str) {
        self.done.push((step.to_owned(), now()));
    }
}

/// The monotonic clock, which all processes share, in nanoseconds.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Makes a container, runs the payload in it, and takes it down.
///
/// # Errors
/// The step that failed, and what the kernel said.
pub fn run(who: Who, scratch: &Scratch, cgroups: Option<&Place>) -> Result<Started, String> {
    let program = payload::waiting().ok_or("there is no tiny program for this processor")?;
    let root = scratch.path().join("container");
    fs::create_dir_all(&root).map_err(|e| format!("making {}: {e}", root.display()))?;
    let (log_read, log_write) = pipe().map_err(|e| format!("making a pipe: {e}"))?;
    let (says_read, says_write) = pipe().map_err(|e| format!("making a pipe: {e}"))?;
    let (waits_read, waits_write) = pipe().map_err(|e| format!("making a pipe: {e}"))?;
    // Out of the way of the program's own descriptors.
    let beyond = |fd: &OwnedFd| fcntl_dupfd_cloexec(fd, FREE).map_err(|e| format!("copying a descriptor: {e}"));
    let (says_write, waits_read) = (beyond(&says_write)?, beyond(&waits_read)?);
    let (own, children) = (minor_faults(Of::Own), minor_faults(Of::Children));

    let begin = now();
    let cgroup = cgroups.map(|place| Cgroup::new(place, scratch, "container")).transpose()?;
    let outer = Outer { who, root: &root, program: &program, log: &log_write, says: &says_write, waits: &waits_read };
    let child = Child::spawn(|| outer.run(cgroup.as_ref())).map_err(|e| format!("forking: {e}"))?;
    drop((log_write, says_write));
    let mut byte = [0];
    let runs = rustix::io::retry_on_intr(|| rustix::io::read(&says_read, &mut byte));
    let running = now();
    let mut faults = minor_faults(Of::Own) - own;
    // The program has waited with its end until its time was noted. If it never ran, nobody reads this.
    let _ = write_all(&waits_write, &[1]);
    child.wait().map_err(|e| format!("waiting for the container: {e}"))?;
    drop(cgroup);
    let ended = now();
    faults += minor_faults(Of::Children) - children;

    let mut text = String::new();
    let mut log_file = fs::File::from(log_read);
    std::io::Read::read_to_string(&mut log_file, &mut text).map_err(|e| format!("reading the container's log: {e}"))?;
    let mut log: Log = text.lines().next_back().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    if let Some(failed) = log.failed {
        return Err(failed);
    }
    if runs != Ok(1) {
        let last = log.done.last().map_or("the beginning", |(step, _)| step);
        return Err(format!("the container's program did not run; the last step done was {last}"));
    }
    log.done.push(("exec".to_owned(), running));
    let mut before = begin;
    let steps = log.done.into_iter().map(|(step, at)| (step, at.saturating_sub(std::mem::replace(&mut before, at))));
    Ok(Started { steps: steps.collect(), start: running - begin, end: ended - running, faults })
}

/// What the two processes of a container need.
struct Outer<'a> {
    who: Who,
    root: &'a Path,
    program: &'a [u8],
    log: &'a OwnedFd,
    says: &'a OwnedFd,
    waits: &'a OwnedFd,
}

impl Outer<'_> {
    /// The first process: enters the namespaces, makes pid 1, waits for it.
    fn run(&self, cgroup: Option<&Cgroup>) -> i32 {
        let mut log = Log::default();
        let child = match self.enter(&mut log, cgroup) {
            Ok(()) => Child::spawn(|| self.init(&mut log)).map_err(|e| format!("forking pid 1: {e}")),
            Err(why) => Err(why),
        };
        match child.map(Child::wait) {
            Ok(Ok(_)) => 0,
            Ok(Err(_)) => 1,
            Err(why) => self.give_up(Log { failed: Some(why), ..Log::default() }),
        }
    }

    fn enter(&self, log: &mut Log, cgroup: Option<&Cgroup>) -> Result<(), String> {
        // Before the user namespace: the cgroup is the outer user's.
        if let Some(cgroup) = cgroup {
            cgroup.enter().map_err(|e| format!("entering the cgroup: {e}"))?;
            log.did("cgroup");
        }
        if self.who == Who::User {
            become_root_inside()?;
            log.did("user_namespace");
        }
        enter_new(CONTAINER_KINDS).map_err(|e| format!("making namespaces: {e}"))?;
        log.did("namespaces");
        Ok(())
    }

    /// Pid 1: arranges the mounts, and becomes the program.
    fn init(&self, log: &mut Log) -> i32 {
        log.did("init");
        match self.arrange(log).and_then(|path| self.become_program(log, &path)) {
            Ok(never) => never,
            Err(why) => self.give_up(Log { failed: Some(why), ..Log::default() }),
        }
    }

    fn give_up(&self, log: Log) -> i32 {
        // If even this fails, the reader sees that the program did not run.
        let _ = write_all(self.log, format!("\n{}", serde_json::to_string(&log).unwrap_or_default()).as_bytes());
        1
    }

    fn arrange(&self, log: &mut Log) -> Result<CString, String> {
        let what = |what: &'static str| move |e: rustix::io::Errno| format!("{what}: {}", std::io::Error::from(e));
        let io = |what: &'static str| move |e: std::io::Error| format!("{what}: {e}");
        let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        mount_change("/", private).map_err(what("making mounts private"))?;
        log.did("private_mounts");

        let no_dev = MountFlags::NODEV | MountFlags::NOSUID;
        mount("strata", self.root, "tmpfs", no_dev, c"size=1m").map_err(what("mounting a tmpfs"))?;
        // Names from there on: a comma or a colon in the root's would end the overlay's options.
        rustix::process::chdir(self.root).map_err(what("changing to the tmpfs"))?;
        for folder in ["lower", "lower/proc", "lower/old", "upper", "work", "merged"] {
            fs::create_dir(folder).map_err(io("making the layers"))?;
        }
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open("lower/payload");
        file.and_then(|mut file| file.write_all(self.program)).map_err(io("writing the program"))?;
        log.did("layers");

        let merged = Path::new("merged");
        let options = c"lowerdir=lower,upperdir=upper,workdir=work";
        mount("strata", merged, "overlay", no_dev, options).map_err(what("mounting an overlay"))?;
        log.did("overlay");

        // In a container whose /proc is covered in parts, the kernel refuses a whole one inside.
        if mount("proc", merged.join("proc"), "proc", no_dev | MountFlags::NOEXEC, None).is_ok() {
            log.did("proc");
        }
        rustix::process::pivot_root(merged, merged.join("old")).map_err(what("pivot_root"))?;
        rustix::process::chdir("/").map_err(what("changing to the new root"))?;
        unmount("/old", UnmountFlags::DETACH).map_err(what("unmounting the old root"))?;
        log.did("pivot_root");
        rustix::system::sethostname(b"strata").map_err(what("setting the host name"))?;
        log.did("hostname");
        Ok(c"/payload".to_owned())
    }

    fn become_program(&self, log: &mut Log, path: &CString) -> Result<i32, String> {
        crate::probe::measure::install_seccomp()?;
        log.did("seccomp");
        let text = format!("\n{}", serde_json::to_string(log).unwrap_or_default());
        write_all(self.log, text.as_bytes()).map_err(|e| format!("writing the log: {e}"))?;
        let (arguments, environment) = ([path.as_ptr(), std::ptr::null()], [std::ptr::null()]);
        // SAFETY: the program finds its descriptors where it looks for them, without the flag that would close them; what
        // was there before is lost, in this process alone. The strings are valid and the arrays end with null.
        unsafe {
            libc::dup2(self.says.as_raw_fd(), payload::SAYS);
            libc::dup2(self.waits.as_raw_fd(), payload::WAITS);
            libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr());
        }
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_starts_step_by_step_and_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let scratch = Scratch::new_in(place.path()).unwrap();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        for who in [Who::User, Who::Root] {
            match run(who, &scratch, None) {
                Ok(started) => {
                    let names: Vec<_> = started.steps.iter().map(|(name, _)| name.as_str()).collect();
                    assert!(names.ends_with(&["exec"]) && names.contains(&"overlay"), "{names:?}");
                    assert_eq!(started.steps.iter().map(|(_, ns)| ns).sum::<u64>(), started.start);
                }
                Err(why) => println!("skipped as {who:?}: {why}"),
            }
        }
        assert_eq!(fs::read_to_string("/proc/self/mountinfo").unwrap(), mounts);
        assert_eq!(fs::read_dir(scratch.path().join("container")).unwrap().count(), 0);
    }
}
