//! The mounts this process sees.
//!
//! `/proc/self/mountinfo` has one line for each mount in the mount namespace of the reader: what is mounted, which part
//! of it (`root`), and where. Later lines cover earlier ones at the same place.
//!
//! Read: every line that parses; one that does not is skipped, as one odd mount must not hide the others.
//! Left out: propagation, and the options of the mount as against those of the file system.
//! Where to read more: proc_pid_mountinfo(5).

use super::Root;
use std::collections::BTreeMap;

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted.
    pub point: String,
    /// The folder of the mounted file system that is seen there.
    pub root: String,
    /// The file system's type.
    pub kind: String,
    /// What the mounter gave as the source.
    pub source: String,
    /// The file system's options: controllers, overlay folders.
    pub options: BTreeMap<String, String>,
}

/// All mounts, in the kernel's order.
#[cfg(target_os = "linux")]
pub fn of(root: &Root) -> Vec<Mount> {
    // Most systems have fewer than a hundred mounts, and the kernel limits a line to a few pages.
    const MOUNTS: usize = 4096;
    const LINE: usize = 64 * 1024;
    let Some(text) = root.text("/proc/self/mountinfo") else { return Vec::new() };
    text.lines()
        .take(MOUNTS)
        .filter(|line| line.len() < LINE)
        .filter_map(|line| procfs::process::MountInfo::from_line(line).ok())
        .map(|mount| Mount {
            point: mount.mount_point.to_string_lossy().into_owned(),
            root: mount.root,
            kind: mount.fs_type,
            source: mount.mount_source.unwrap_or("none".into()),
            options: mount.super_options.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect(),
        })
        .collect()
}

/// Other systems have no mountinfo.
#[cfg(not(target_os = "linux"))]
pub fn of(_root: &Root) -> Vec<Mount> {
    Vec::new()
}

/// The file system at `/`: the last one mounted there.
pub fn at_root(mounts: &[Mount]) -> Option<&Mount> {
    mounts.iter().rev().find(|mount| mount.point == "/")
}
