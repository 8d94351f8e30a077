//! Writing a whole file, or nothing.
//!
//! The new file is written beside its place, flushed, handed to the disk (fsync) and only then moved there (rename),
//! and the move is handed to the disk too. So whatever happens on the way, the path has the whole old file or the whole
//! new one. On Linux the file has no name until it is complete (`O_TMPFILE`): a program that is killed while it writes
//! leaves nothing behind. A name can be given only where there is none: to replace a file it is given a hidden one,
//! `.strata-….new`, and moved, and a kill between these two calls leaves the whole new file under that name. Where a file
//! system has no files without names (NFS, some FUSE), such a file may stay after a kill at any time.
//!
//! What is refused: what the command itself reads; a symbolic link, since it is its target that would be lost or the
//! link that would be replaced, and neither was asked for; a folder, pipe, socket or device; a file without write
//! permission.
//!
//! Files that belong together are each [`prepare`]d, so that whatever can fail has failed or not, and then put in place.
//!
//! Left out: owner and extended attributes of the file that is replaced (its permissions are kept), and other hard
//! links to it, which keep the old contents.

use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Why a file was not written. What was there before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is something else there than a plain file.
    #[error("\"{}\" is {what}: nothing is written there", path.display())]
    NotAFile {
        /// As given.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// The command reads this file.
    #[error("\"{}\" is what this command reads: nothing is written over it", path.display())]
    Input {
        /// As given.
        path: PathBuf,
    },
    /// The system refuses, or there is no room.
    #[error("\"{}\" can't be written: {}", path.display(), super::said(source))]
    Io {
        /// As given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl WriteError {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        let WriteError::Io { source, .. } = self else { return "give the path of a new file" };
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "what was there is as it was; make room, or give the path of a file on another disk"
            }
            io::ErrorKind::FileTooLarge => {
                "what was there is as it was; raise the limit of file sizes (\"ulimit -f\" shows it)"
            }
            _ => "give the path of a file in a folder that can be written to",
        }
    }

    fn io(path: &Path, source: io::Error) -> WriteError {
        WriteError::Io { path: path.to_owned(), source }
    }
}

/// Writes a whole file: `fill` writes its contents. `inputs` are the files that the same command reads.
///
/// # Errors
/// As [`may_write`], or where there is no room, or `fill` fails. What was there before is as it was.
pub fn write(
    path: &Path,
    inputs: &[&Path],
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    prepare(path, inputs, fill)?.put()
}

/// A whole file beside its place, on the disk already; gone again unless it is put there.
pub struct Prepared {
    beside: Beside,
    path: PathBuf,
}

/// As [`write`], but for the last step, which [`Prepared::put`] is.
///
/// # Errors
/// As [`write`].
pub fn prepare(
    path: &Path,
    inputs: &[&Path],
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Prepared, WriteError> {
    let old = stands_there(path, inputs)?;
    let wrong = |error| WriteError::io(path, error);
    let beside = Beside::new(folder_of(path)).map_err(wrong)?;
    let mut out = BufWriter::with_capacity(1 << 16, &beside.file);
    fill(&mut out).and_then(|()| out.flush()).map_err(wrong)?;
    drop(out);
    if let Some(old) = old {
        beside.file.set_permissions(old.permissions()).map_err(wrong)?;
    }
    synced(beside.file.sync_all()).map_err(wrong)?;
    Ok(Prepared { beside, path: path.to_owned() })
}

impl Prepared {
    /// Gives it a name, a hidden one for the time being: a name needs room too, and moving one to its place does not.
    ///
    /// # Errors
    /// There is no room for a name.
    pub fn name(&mut self) -> Result<(), WriteError> {
        self.beside.name().map_err(|error| WriteError::io(&self.path, error))
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// The system refuses.
    pub fn put(self) -> Result<(), WriteError> {
        let Prepared { beside, path } = self;
        let wrong = |error| WriteError::io(&path, error);
        beside.move_to(&path).map_err(wrong)?;
        // The file is there; that its name is on the disk too is all that is left to ask for.
        if let Ok(folder) = File::open(folder_of(&path)) {
            synced(folder.sync_all()).map_err(wrong)?;
        }
        Ok(())
    }
}

/// Whether [`write`] would begin to write to `path`, to be asked before hours of work; and whether it would replace a file.
///
/// # Errors
/// There is no folder for it, or one in which no file can be made, or there is something that is not to be overwritten.
pub fn may_write(path: &Path, inputs: &[&Path]) -> Result<bool, WriteError> {
    let old = stands_there(path, inputs)?;
    Beside::new(folder_of(path)).map_err(|error| WriteError::io(path, error))?;
    Ok(old.is_some())
}

/// The file that would be replaced.
fn stands_there(path: &Path, inputs: &[&Path]) -> Result<Option<Metadata>, WriteError> {
    let not_a_file = |what: String| WriteError::NotAFile { path: path.to_owned(), what };
    let about = match std::fs::symlink_metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.file_name().is_some() => {
            let folder = std::fs::metadata(folder_of(path)).map_err(|error| WriteError::io(path, error))?;
            let ends = path.as_os_str().as_encoded_bytes().ends_with(b"/");
            return match folder.is_dir() && !ends {
                true => Ok(None),
                false => Err(WriteError::io(path, io::ErrorKind::NotADirectory.into())),
            };
        }
        Err(error) => return Err(WriteError::io(path, error)),
    };
    let kind = about.file_type();
    if kind.is_symlink() {
        let target = std::fs::read_link(path).map(|to| format!(" to \"{}\"", to.display())).unwrap_or_default();
        return Err(not_a_file(format!("a symbolic link{target}")));
    }
    if kind.is_dir() {
        return Err(not_a_file("a folder".to_owned()));
    }
    if !kind.is_file() {
        return Err(not_a_file("a pipe, a socket or a device".to_owned()));
    }
    if inputs.iter().any(|input| is_same(input, path, &about)) {
        return Err(WriteError::Input { path: path.to_owned() });
    }
    // Replacing a file needs no permission for the file itself: a wish to keep it would go unheard.
    if about.permissions().readonly() {
        return Err(WriteError::io(path, io::ErrorKind::PermissionDenied.into()));
    }
    Ok(Some(about))
}

/// Whether `input` is the file at `path`, under whatever name.
#[cfg(unix)]
fn is_same(input: &Path, _: &Path, about: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(input).is_ok_and(|input| (input.dev(), input.ino()) == (about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn is_same(input: &Path, path: &Path, _: &Metadata) -> bool {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    whole(input).is_some_and(|input| Some(input) == whole(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Some file systems have nothing to hand to a disk, and say so.
fn synced(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
        _ => Err(error),
    })
}

/// A new file in the folder in which it is to be; gone again unless it is moved to its place.
struct Beside {
    file: File,
    /// Its name in the meantime; none while only this process has it.
    name: Option<PathBuf>,
    folder: PathBuf,
}

impl Beside {
    fn new(folder: &Path) -> io::Result<Beside> {
        let folder = folder.to_owned();
        if let Some(file) = unnamed(&folder) {
            return Ok(Beside { file, name: None, folder });
        }
        let name = temporary(&folder);
        let file = File::options().write(true).create_new(true).open(&name)?;
        Ok(Beside { file, name: Some(name), folder })
    }

    fn name(&mut self) -> io::Result<()> {
        if self.name.is_none() {
            let name = temporary(&self.folder);
            link(&self.file, &name)?;
            self.name = Some(name);
        }
        Ok(())
    }

    fn move_to(mut self, path: &Path) -> io::Result<()> {
        // Where nothing stands, its first name is its last.
        if self.name.is_none() && link(&self.file, path).is_ok() {
            return Ok(());
        }
        self.name()?;
        if let Some(name) = &self.name {
            std::fs::rename(name, path)?;
        }
        self.name = None;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // What can't be removed stays: the error that led here is the one to tell.
            let _ = std::fs::remove_file(name);
        }
    }
}

/// A name that no other process and no other call of this one takes.
fn temporary(folder: &Path) -> PathBuf {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    folder.join(format!(".strata-{}-{call}.new", std::process::id()))
}

/// A file without a name, where the file system has such, and where it can be given one later.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    if !Path::new("/proc/self/fd").exists() {
        return None;
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666)).ok().map(File::from)
}

/// Gives a file without a name one.
#[cfg(target_os = "linux")]
fn link(file: &File, name: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD};
    use std::os::fd::AsRawFd;
    let this = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(CWD, this, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path) -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_writer_that_fails_half_way_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, &[], |out| out.write_all(b"old")).unwrap();
        let failed = write(&path, &[], |out| {
            out.write_all(&[1; 200_000])?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(matches!(&failed, Err(error @ WriteError::Io { .. }) if error.advice().contains("as it was")));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["a"]);
        write(&path, &[], |out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_file_where_none_was_gets_its_own_name_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let beside = Beside::new(folder.path()).unwrap();
        if beside.name.is_some() {
            return; // The file system has no files without names.
        }
        assert!(names(folder.path()).is_empty());
        link(&beside.file, &folder.path().join("taken")).unwrap();
        assert_eq!(link(&beside.file, &folder.path().join("taken")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        beside.move_to(&folder.path().join("c")).unwrap();
        assert_eq!(names(folder.path()), ["c", "taken"]);
    }

    #[test]
    fn the_way_of_file_systems_without_unnamed_files_leaves_nothing_either() {
        let folder = tempfile::tempdir().unwrap();
        let named = || {
            let name = temporary(folder.path());
            let file = File::options().write(true).create_new(true).open(&name).unwrap();
            Beside { file, name: Some(name), folder: folder.path().to_owned() }
        };
        drop(named());
        assert!(names(folder.path()).is_empty());
        named().move_to(&folder.path().join("b")).unwrap();
        assert_eq!(names(folder.path()), ["b"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_inputs_folders_and_pipes_are_refused_and_stay_what_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("input"), "input").unwrap();
        std::fs::hard_link(at("input"), at("same")).unwrap();
        std::os::unix::fs::symlink(at("input"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("nothing"), at("dangling")).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let nothing = |_: &mut dyn Write| -> io::Result<()> { panic!("asked to write") };
        for name in ["link", "dangling", "folder", "socket", "."] {
            let refused = write(&at(name), &[], nothing);
            assert!(matches!(refused, Err(WriteError::NotAFile { .. })), "{name}: {refused:?}");
        }
        for name in ["input", "same"] {
            let refused = write(&at(name), &[&at("input")], nothing);
            assert!(matches!(refused, Err(WriteError::Input { .. })), "{name}: {refused:?}");
        }
        for name in ["missing/a", "input/a", "a/", ""] {
            let refused = write(&at(name).join(""), &[], nothing).and(write(&at(name), &[], nothing));
            assert!(refused.is_err(), "{name}: {refused:?}");
        }
        assert_eq!(std::fs::read(at("input")).unwrap(), b"input");
        assert!(!at("nothing").exists());
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_kept_and_a_read_only_file_is_not_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        std::fs::write(&path, "old").unwrap();
        mode(0o640);
        write(&path, &[], |out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        mode(0o444);
        assert!(write(&path, &[], |out| out.write_all(b"newer")).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }
}
