//! A captured host on disk, in the format that [`crate::probe::gather`] describes.

use super::{Cpuid, Entry, READ_LIMIT, Root};
use crate::files::{self, ReadError, WriteError};
use std::fmt::Write as _;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The longest file that is written as one line.
const LINE_LIMIT: usize = 400;
/// The most files read from a captured tree.
const FILE_LIMIT: usize = 4096;
/// The deepest folder read in a captured tree; groups are walked 64 deep.
const DEPTH_LIMIT: usize = 80;

/// A captured host could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A file or folder could not be written.
    #[error("{source}; {}", to_do(.source))]
    Write {
        /// Where, and why not.
        source: WriteError,
    },
    /// A file or folder could not be read.
    #[error(
        "could not read {path}: {source}; a captured host is a folder with facts.txt, as `strata gather` writes it"
    )]
    Read {
        /// Where.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// The folder holds something else already.
    #[error("{path} is not empty; choose a new folder, so that nothing old is taken for this host")]
    NotEmpty {
        /// Where.
        path: PathBuf,
    },
    /// Somebody asked for the end before all was written; nothing of it is left.
    #[error("stopped before the end; nothing was saved")]
    Stopped,
    /// A line says nothing that is understood.
    #[error("{path}, line {line}: {what}; correct the line or capture the host again")]
    Format {
        /// In which file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// What helps against an error of writing.
fn to_do(error: &WriteError) -> &'static str {
    match error {
        WriteError::Io { source, .. } if source.kind() == ErrorKind::FileTooLarge => {
            "raise the limit of file sizes (`ulimit -f` shows it)"
        }
        _ => "choose a folder that you may write to and that has room",
    }
}

fn not_written(path: &Path, source: Error) -> CaptureError {
    CaptureError::Write { source: WriteError::Io { path: path.into(), source } }
}

fn not_read(path: &Path, source: Error) -> CaptureError {
    CaptureError::Read { path: path.into(), source: source.into() }
}

impl Root {
    /// Reads a captured host.
    ///
    /// # Errors
    /// [`CaptureError::Read`] where the folder has no readable `facts.txt`, [`CaptureError::Format`] where a line does
    /// not fit the format.
    pub fn load(dir: &Path) -> Result<Root, CaptureError> {
        let facts = dir.join("facts.txt");
        let mut root = Root::default();
        let text = read_whole(&facts)?;
        for (index, line) in String::from_utf8_lossy(&text).lines().enumerate() {
            parse(&mut root, line).map_err(|what| CaptureError::Format {
                path: facts.clone(),
                line: index + 1,
                what,
            })?;
        }
        let table = dir.join("cpuid.txt");
        if table.exists() {
            let text = read_whole(&table)?;
            root.cpuid = Cpuid::from_text(&String::from_utf8_lossy(&text)).map_err(|line| CaptureError::Format {
                path: table,
                line,
                what: "expected `leaf subleaf: eax ebx ecx edx` in hexadecimal".into(),
            })?;
        }
        let tree = dir.join("tree");
        if tree.is_dir() {
            load_tree(&mut root, &tree, String::new(), 0, &mut 0)?;
        }
        Ok(root)
    }

    /// Writes this host to a new or empty folder. What could not be written whole is removed again, so that the same
    /// folder can be tried once more.
    ///
    /// Nothing is taken out; [`crate::probe::gather::save`] does that first.
    ///
    /// # Errors
    /// [`CaptureError::NotEmpty`], [`CaptureError::Write`].
    pub fn save(&self, dir: &Path) -> Result<(), CaptureError> {
        self.save_unless(dir, &AtomicBool::new(false))
    }

    /// As [`Root::save`], unless `stop` is set before the end.
    ///
    /// # Errors
    /// As there, and [`CaptureError::Stopped`].
    pub fn save_unless(&self, dir: &Path, stop: &AtomicBool) -> Result<(), CaptureError> {
        let mut made = Made { paths: Vec::new(), stop };
        let saved = self.save_to(dir, &mut made);
        if saved.is_err() {
            made.remove();
        }
        saved
    }

    fn save_to(&self, dir: &Path, made: &mut Made<'_>) -> Result<(), CaptureError> {
        made.folder(dir)?;
        let mut names = std::fs::read_dir(dir).map_err(|source| not_read(dir, source))?;
        if names.next().is_some() {
            return Err(CaptureError::NotEmpty { path: dir.into() });
        }
        let mut facts = String::from(
            "# What Strata read from this host; the documentation of probe::gather describes the format.\n",
        );
        for (name, value) in &self.facts {
            // Writing to a String cannot fail.
            let _ = writeln!(facts, "fact {} {}", escape(name), one_line(value));
        }
        for (path, entry) in &self.entries {
            if let Some(bytes) = write_entry(&mut facts, path, entry) {
                let mut file = dir.join("tree");
                file.extend(path.split('/').filter(|part| !part.is_empty()).map(escape));
                if let Some(folder) = file.parent() {
                    made.folder(folder)?;
                }
                made.file(&file, bytes)?;
            }
        }
        if !self.cpuid.is_empty() {
            made.file(&dir.join("cpuid.txt"), self.cpuid.to_text().as_bytes())?;
        }
        // Last of all: without it a folder is no capture, should a kill or the end of power leave a part.
        made.file(&dir.join("facts.txt"), facts.as_bytes())
    }
}

/// What one save has made, in order: nothing else is ever removed.
struct Made<'a> {
    paths: Vec<PathBuf>,
    /// Set when somebody asks for the end.
    stop: &'a AtomicBool,
}

impl Made<'_> {
    /// Makes a folder and those above it that are missing.
    fn folder(&mut self, path: &Path) -> Result<(), CaptureError> {
        let missing: Vec<&Path> =
            path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            std::fs::create_dir(folder).map_err(|source| not_written(folder, source))?;
            self.paths.push(folder.into());
        }
        Ok(())
    }

    /// Writes a file that is not there yet, and hands it to the disk.
    fn file(&mut self, path: &Path, bytes: &[u8]) -> Result<(), CaptureError> {
        if self.stop.load(Ordering::SeqCst) {
            return Err(CaptureError::Stopped);
        }
        if path.symlink_metadata().is_ok() {
            return Err(not_written(path, ErrorKind::AlreadyExists.into()));
        }
        self.paths.push(path.into());
        files::write(path, &[], |file| file.write_all(bytes)).map_err(|source| CaptureError::Write { source })
    }

    /// Removes all of it. What cannot be removed stays: the error that led here is the one to tell.
    fn remove(self) {
        for path in self.paths.iter().rev() {
            let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir(path));
        }
    }
}

/// Writes an entry's line; the bytes that need a file of their own come back.
fn write_entry<'a>(facts: &mut String, path: &str, entry: &'a Entry) -> Option<&'a [u8]> {
    let path = escape(path);
    let line = match entry {
        Entry::File { bytes, whole } => {
            if !whole {
                let _ = writeln!(facts, "cut {path}");
            }
            let text = std::str::from_utf8(bytes).ok();
            // What ends in a space would lose it at the end of a line.
            let fits = |line: &&str| !line.chars().any(char::is_control) && line.trim_end() == *line;
            let line = text.and_then(|text| text.strip_suffix('\n')).filter(fits);
            let text = text.is_some_and(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')));
            match (line, text && !bytes.is_empty()) {
                (Some(line), _) if line.len() <= LINE_LIMIT => format!("line {path} {line}"),
                (_, false) if bytes.len() <= LINE_LIMIT => {
                    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                    format!("hex {path} {hex}")
                }
                _ => return Some(bytes),
            }
        }
        Entry::Link(target) => format!("link {path} {}", one_line(target)),
        Entry::Dir(names) => format!("dir {path} {}", names.iter().map(|n| escape(n)).collect::<Vec<_>>().join(" ")),
        Entry::Node { device, mode, refused } => format!("node {path} {device} {mode:04o} {}", one_line(refused)),
        Entry::Exists => format!("exists {path}"),
        Entry::Refused(why) => format!("refused {path} {}", one_line(why)),
    };
    let _ = writeln!(facts, "{}", line.trim_end());
    None
}

fn parse(root: &mut Root, line: &str) -> Result<(), String> {
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(());
    }
    let mut parts = line.splitn(3, ' ');
    let (kind, name, rest) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    if name.is_empty() {
        return Err("expected a kind and a path".into());
    }
    let name = unescape(name);
    let entry = match kind {
        "fact" => {
            root.set_fact(name, rest);
            return Ok(());
        }
        "cut" => {
            // The content follows, here or in the tree; until then nothing of it is known.
            root.insert(name, Entry::File { bytes: Vec::new(), whole: false });
            return Ok(());
        }
        "line" => file(root, &name, format!("{rest}\n").into_bytes()),
        "hex" => file(root, &name, unhex(rest).ok_or("expected pairs of hexadecimal digits")?),
        "link" => Entry::Link(rest.into()),
        "dir" => Entry::Dir(rest.split(' ').filter(|name| !name.is_empty()).map(unescape).collect()),
        "node" => node(rest).ok_or("expected `char 10:232 0660` and perhaps a reason")?,
        "exists" => Entry::Exists,
        "refused" => Entry::Refused(rest.into()),
        other => return Err(format!("unknown kind `{other}`")),
    };
    root.insert(name, entry);
    Ok(())
}

fn file(root: &Root, path: &str, bytes: Vec<u8>) -> Entry {
    let whole = !matches!(root.entries.get(path), Some(Entry::File { whole: false, .. }));
    Entry::File { bytes, whole }
}

fn node(text: &str) -> Option<Entry> {
    let mut parts = text.splitn(4, ' ');
    let device = format!("{} {}", parts.next()?, parts.next()?);
    let mode = u32::from_str_radix(parts.next()?, 8).ok()?;
    Some(Entry::Node { device, mode, refused: parts.next().unwrap_or("").into() })
}

/// Reads a folder of the tree, so deep in it, after so many files.
fn load_tree(root: &mut Root, dir: &Path, prefix: String, depth: usize, files: &mut usize) -> Result<(), CaptureError> {
    let error = |source| not_read(dir, source);
    let beyond = |what: String| error(Error::new(ErrorKind::InvalidData, what));
    for item in std::fs::read_dir(dir).map_err(error)? {
        let item = item.map_err(error)?;
        let path = format!("{prefix}/{}", unescape(&item.file_name().to_string_lossy()));
        let kind = item.file_type().map_err(error)?;
        if kind.is_dir() {
            if depth >= DEPTH_LIMIT {
                return Err(beyond(format!("its folders lie deeper than {DEPTH_LIMIT} in one another")));
            }
            load_tree(root, &item.path(), path, depth + 1, files)?;
        } else if kind.is_file() {
            *files += 1;
            if *files > FILE_LIMIT {
                return Err(beyond(format!("there are more than {FILE_LIMIT} files")));
            }
            let (bytes, all) = read(&item.path())?;
            let mut entry = file(root, &path, bytes);
            if let Entry::File { whole, .. } = &mut entry {
                *whole &= all;
            }
            root.insert(path, entry);
        }
    }
    Ok(())
}

/// A file of a capture, of which at most [`READ_LIMIT`] bytes are read, and whether that is all of it.
fn read(path: &Path) -> Result<(Vec<u8>, bool), CaptureError> {
    files::read_start(path, READ_LIMIT as u64).map_err(|source| CaptureError::Read { path: path.into(), source })
}

/// A file that means nothing unless it is whole.
fn read_whole(path: &Path) -> Result<Vec<u8>, CaptureError> {
    files::read(path, READ_LIMIT as u64).map_err(|source| CaptureError::Read { path: path.into(), source })
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Escapes what could end a word or not be a file name everywhere.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'+' | b'@' | b'=' | b',' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut index) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(index) {
        let code = bytes.get(index + 1..index + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (byte, code.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(code)) => {
                out.push(code);
                index += 3;
            }
            _ => {
                out.push(byte);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim().as_bytes();
    text.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
