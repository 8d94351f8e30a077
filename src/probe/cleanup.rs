//! The probe's own folder, and the sweeping up of what a killed probe left in it.
//!
//! Nearly everything the probe makes dies with its processes: children (`PR_SET_PDEATHSIG`), mounts (private mount
//! namespaces), network devices (network namespaces without a name). Two things do not: files and cgroups. Files are
//! only ever made in one folder, which holds a lock that the kernel releases when its owner dies. Cgroups are written
//! to a journal in that folder *before* they are made. Whoever starts next takes the lock of every folder that nobody
//! holds, removes the cgroups in its journal, then the folder.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, geteuid, getpid, test_kill_process};

/// How the probe's folders and cgroups are called: this, the owner's process id, and a number.
pub const PREFIX: &str = "strata-probe-";

/// How long a start waits for what killed probes have left to become free, all of it together.
const AT_START: Duration = Duration::from_secs(2);
/// How long an end waits for its cgroups to become empty, all of them together, where nothing else is said.
const AT_END: Duration = Duration::from_secs(5);

const LOCK: &str = "lock";
const JOURNAL: &str = "cgroups";
// What the field is differs between processors; so does the constant, in step.
const TMPFS_MAGIC: rustix::fs::FsWord = libc::TMPFS_MAGIC as rustix::fs::FsWord;

/// The probe's folder for this run; removed when dropped by the process that made it.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    owner: Pid,
    ended: bool,
    _lock: File,
}

/// The folder can't be made.
#[derive(Debug, thiserror::Error)]
#[error("making the probe's folder {path}: {source}; set TMPDIR to a folder that can be written")]
pub struct ScratchError {
    path: PathBuf,
    source: io::Error,
}

impl Scratch {
    /// Sweeps up what killed probes left, then makes this run's folder: in the first of [`places`] that can be written
    /// and is on a disk, or, if there is none, in the first that can be written.
    ///
    /// # Errors
    /// No folder can be written.
    pub fn new() -> Result<Scratch, ScratchError> {
        let (places, until) = (places(), Instant::now() + AT_START);
        places.iter().for_each(|place| drop(sweep_until(place, until)));
        let (memory, disk): (Vec<&PathBuf>, Vec<&PathBuf>) = places.iter().partition(|place| is_memory(place));
        let mut made = disk.into_iter().chain(memory).map(|place| Scratch::new_in(place));
        // Whoever has none is told of the first.
        let first = made.next().unwrap_or_else(|| Scratch::new_in(&std::env::temp_dir()));
        first.or_else(|error| made.find_map(Result::ok).ok_or(error))
    }

    /// Makes this run's folder in `place`.
    ///
    /// # Errors
    /// `place` can't be written.
    pub fn new_in(place: &Path) -> Result<Scratch, ScratchError> {
        let owner = getpid();
        let mut path = PathBuf::new();
        for number in 0..100 {
            path = place.join(format!("{PREFIX}{}-{number}", owner.as_raw_nonzero()));
            let error = |source| ScratchError { path: path.clone(), source };
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                Err(source) if source.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(source) => return Err(error(source)),
            }
            let locked = open_lock(&path, true).and_then(|lock| {
                flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
                Ok(lock)
            });
            let lock = locked.map_err(|source| {
                // Empty as it is; if it can't be removed, the next start will try.
                let _ = fs::remove_dir_all(&path);
                error(source)
            })?;
            return Ok(Scratch { path, owner, ended: false, _lock: lock });
        }
        Err(ScratchError { path, source: io::ErrorKind::AlreadyExists.into() })
    }

    /// Where files may be made.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a cgroup, having written it down first; how long the kernel took to make it.
    ///
    /// # Errors
    /// The journal or the cgroup can't be written, and which of them.
    pub fn make_cgroup(&self, cgroup: &Path) -> Result<Duration, String> {
        let journal = self.path.join(JOURNAL);
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&journal)
            .and_then(|mut file| file.write_all(format!("{}\n", cgroup.display()).as_bytes()))
            .map_err(|e| {
                format!("writing a cgroup down in {}: {e}; set TMPDIR to another folder", journal.display())
            })?;
        let start = Instant::now();
        fs::create_dir(cgroup).map_err(|e| format!("making the cgroup {}: {e}", cgroup.display()))?;
        Ok(start.elapsed())
    }

    /// Removes the folder and the cgroups in its journal, as dropping it does, but waits for them no longer than until
    /// then. What is left the next start removes.
    pub fn end_by(mut self, until: Instant) {
        self.end(until);
    }

    fn end(&mut self, until: Instant) {
        if !self.ended && getpid() == self.owner {
            self.ended = true;
            clear(&self.path, until);
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.end(Instant::now() + AT_END);
    }
}

/// The folders in which a probe may have its own: the temporary one, the user's cache, and for what needs any file at
/// all two that are only memory: the user's folder for the time of the session, and everybody's.
pub fn places() -> Vec<PathBuf> {
    let named = |name| std::env::var_os(name).map(PathBuf::from);
    let cache = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")));
    let others = [cache, named("XDG_RUNTIME_DIR"), Some(PathBuf::from("/dev/shm"))];
    let mut places = vec![std::env::temp_dir()];
    for place in others.into_iter().flatten().filter(|path| path.is_absolute() && path.is_dir()) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Whether what is written in `place` stays in memory, so that it says nothing about a disk.
pub fn is_memory(place: &Path) -> bool {
    rustix::fs::statfs(place).is_ok_and(|s| s.f_type == TMPFS_MAGIC)
}

/// Removes what killed probes of this user left in `place`, and says which folders that were.
pub fn sweep(place: &Path) -> Vec<PathBuf> {
    sweep_until(place, Instant::now() + AT_START)
}

/// As [`sweep`], waiting for nothing after `until`.
fn sweep_until(place: &Path, until: Instant) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let ours = |path: &PathBuf| {
        let named = path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(PREFIX));
        // Not through a link, and only what this user made: the temporary folder is everybody's.
        named && fs::symlink_metadata(path).is_ok_and(|m| m.is_dir() && m.uid() == geteuid().as_raw())
    };
    let left: Vec<PathBuf> =
        entries.flatten().map(|e| e.path()).filter(ours).filter(|p| is_abandoned(p, until)).collect();
    left.iter().for_each(|path| clear(path, until));
    left
}

/// Nobody holds the lock; or there is none yet and its maker is gone.
///
/// The lock of a killed probe is held until the last of its children is gone too, which takes the kernel a moment:
/// where the maker is gone and the lock is not free, this waits for it, until `until`.
fn is_abandoned(path: &Path, until: Instant) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let pid = name.trim_start_matches(PREFIX).split('-').next().and_then(|p| p.parse().ok());
    let maker_is_gone =
        pid.and_then(Pid::from_raw).is_none_or(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH));
    let lock = match open_lock(path, false) {
        Ok(lock) => lock,
        Err(error) => return error.kind() == io::ErrorKind::NotFound && maker_is_gone,
    };
    loop {
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return true,
            Err(_) if maker_is_gone && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(_) => return false,
        }
    }
}

fn open_lock(path: &Path, create: bool) -> io::Result<File> {
    let flags = libc::O_CLOEXEC | libc::O_NOFOLLOW;
    OpenOptions::new().read(true).write(true).create(create).mode(0o600).custom_flags(flags).open(path.join(LOCK))
}

/// Removes the cgroups in the journal, then the folder, waiting for nothing after `until`. What can't be removed is left
/// for the next start to try.
fn clear(path: &Path, until: Instant) {
    let journal = fs::read_to_string(path.join(JOURNAL)).unwrap_or_default();
    // The last made is the innermost.
    let ours = journal.lines().rev().map(Path::new).filter(|p| is_our_cgroup(p));
    let stuck = ours.filter(|p| !remove_cgroup_until(p, until)).count();
    if stuck == 0
        && let Err(error) = fs::remove_dir_all(path)
    {
        tracing::warn!("removing the probe's folder {}: {error}; remove it by hand", path.display());
    }
}

/// A journal that was damaged or forged must not make us remove anything else.
fn is_our_cgroup(path: &Path) -> bool {
    let named = path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(PREFIX));
    named && path.is_absolute() && path.join("cgroup.procs").exists()
}

/// Removes an empty cgroup, waiting for its last processes to be gone, which takes the kernel a moment, and on a busy
/// machine longer. True if it is gone.
pub fn remove_cgroup(path: &Path) -> bool {
    remove_cgroup_until(path, Instant::now() + AT_END)
}

fn remove_cgroup_until(path: &Path, until: Instant) -> bool {
    loop {
        match fs::remove_dir(path) {
            Ok(()) => return true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return true,
            Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(2)),
            Err(error) => {
                tracing::warn!("removing the cgroup {}: {error}; the next probe tries again", path.display());
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::sandbox::{Child, Exit};

    #[test]
    fn a_folder_is_removed_at_the_end_and_not_by_a_forked_child() {
        let place = tempfile::tempdir().unwrap();
        let scratch = Scratch::new_in(place.path()).unwrap();
        fs::write(scratch.path().join("x"), "x").unwrap();
        let copy = scratch.path().to_owned();
        let pointer = &raw const scratch;
        let child = Child::spawn(|| {
            // SAFETY: the child's own copy of the parent's memory, read once; the parent's value is not touched.
            drop(unsafe { pointer.read() });
            i32::from(!copy.exists())
        });
        assert_eq!(child.unwrap().wait().unwrap(), Exit::Code(0));
        drop(scratch);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_probe_left_is_swept_and_a_living_one_is_not() {
        let place = tempfile::tempdir().unwrap();
        let living = Scratch::new_in(place.path()).unwrap();
        let killed = Child::spawn(|| {
            let scratch = Scratch::new_in(place.path()).unwrap();
            fs::write(scratch.path().join("data"), "x").unwrap();
            std::mem::forget(scratch);
            7
        });
        assert_eq!(killed.unwrap().wait().unwrap(), Exit::Code(7));
        fs::create_dir(place.path().join("strata-probe-999999999-0")).unwrap();
        fs::create_dir(place.path().join("somebody-elses")).unwrap();
        assert_eq!(sweep(place.path()).len(), 2);
        assert!(living.path().exists());
        assert!(place.path().join("somebody-elses").exists());
    }

    #[test]
    fn an_end_waits_for_all_stuck_cgroups_together_and_leaves_them_to_the_next_start() {
        let (place, groups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let scratch = Scratch::new_in(place.path()).unwrap();
        // As full as a cgroup whose processes the kernel is not done with.
        for number in 0..200 {
            let group = groups.path().join(format!("{PREFIX}1-{number}"));
            scratch.make_cgroup(&group).unwrap();
            fs::write(group.join("cgroup.procs"), "").unwrap();
        }
        let start = Instant::now();
        scratch.end_by(start);
        // One after the other they would take a quarter of an hour.
        assert!(start.elapsed() < Duration::from_secs(120));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        for group in fs::read_dir(groups.path()).unwrap() {
            fs::remove_file(group.unwrap().path().join("cgroup.procs")).unwrap();
        }
        assert_eq!(sweep(place.path()).len(), 1);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_what_is_blamed() {
        let place = tempfile::tempdir().unwrap();
        let scratch = Scratch::new_in(place.path()).unwrap();
        fs::create_dir(scratch.path().join(JOURNAL)).unwrap();
        let group = place.path().join("group");
        let said = scratch.make_cgroup(&group).unwrap_err();
        assert!(said.contains(JOURNAL) && said.contains("TMPDIR") && !group.exists(), "{said}");
    }

    #[test]
    fn a_forged_journal_removes_nothing() {
        let place = tempfile::tempdir().unwrap();
        let victim = place.path().join("victim");
        fs::create_dir(&victim).unwrap();
        let scratch = Scratch::new_in(place.path()).unwrap();
        fs::write(scratch.path().join(JOURNAL), format!("{}\n/\n..\n\n", victim.display())).unwrap();
        drop(scratch);
        assert!(victim.exists());
    }
}
