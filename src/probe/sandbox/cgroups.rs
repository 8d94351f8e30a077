//! Finding a place where this process may make a cgroup, and using it.
//!
//! Version 2 has one tree, version 1 one for each controller; many hosts have both mounted. A child of the process's
//! own cgroup is tried first, then of the ones above it: in version 2 a cgroup that holds processes can't give its
//! children controllers, so a limit on processor time needs a place further up. Nothing that exists is changed: no
//! controller is switched on for others. Which folder shows which group is the inventory's to say. Left out: asking systemd for a scope, which would leave that to it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access};
use rustix::process::{Pid, getpid, test_kill_process};

use crate::probe::cleanup::{PREFIX, Scratch, remove_cgroup};
use crate::probe::inventory::{Entry, Hierarchy, Root, hierarchies};

/// The version of the tree that a cgroup is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One tree for each controller.
    V1,
    /// One tree for all.
    V2,
}

/// A cgroup under which others may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its folder.
    pub folder: PathBuf,
    /// Which tree.
    pub version: Version,
}

/// A cgroup of the probe's own; removed when dropped.
#[derive(Debug)]
pub struct Cgroup {
    folder: PathBuf,
    version: Version,
    owner: Pid,
    /// How long the kernel took to make it.
    pub took: Duration,
}

/// A place for a new cgroup; with `cpu`, one where its processor time can be limited. What killed probes left there is
/// removed.
///
/// # Errors
/// This user has none, and what would give it one.
pub fn find(cpu: bool) -> Result<Place, String> {
    let read = |path: &str| fs::read(path).map_err(|e| format!("{path}: {e}"));
    let mut root = Root::default();
    for path in ["/proc/self/cgroup", "/proc/self/mountinfo"] {
        root.insert(path, Entry::File { bytes: read(path)?, whole: true });
    }
    let usable = |place: &Place| {
        let writable = |path: &Path| access(path, Access::WRITE_OK).is_ok();
        let limits = !cpu || place.version == Version::V1 || {
            let on = fs::read_to_string(place.folder.join("cgroup.subtree_control")).unwrap_or_default();
            on.split_whitespace().any(|controller| controller == "cpu")
        };
        limits && writable(&place.folder) && writable(&place.folder.join("cgroup.procs"))
    };
    let place = candidates(&root, cpu).into_iter().find(usable);
    place.inspect(|place| sweep(&place.folder)).ok_or_else(|| {
        let what = if cpu { "no cgroup of its own with the cpu controller" } else { "no cgroup of its own" };
        format!(
            "this user has {what}: none is delegated; systemd-run --user --scope -p Delegate=yes strata probe gives one"
        )
    })
}

/// Own cgroup first, then upwards; version 2 first.
fn candidates(root: &Root, cpu: bool) -> Vec<Place> {
    let wanted = if cpu { "cpu" } else { "pids" };
    let all = hierarchies(root, None);
    let right = |hierarchy: &&Hierarchy, version: Version| match version {
        Version::V2 => hierarchy.version == 2,
        Version::V1 => hierarchy.controllers.iter().any(|controller| controller == wanted),
    };
    let of = |version| all.iter().find(|hierarchy| right(hierarchy, version)).map(|hierarchy| (version, hierarchy));
    let found = [Version::V2, Version::V1].into_iter().filter_map(of);
    let up = |(version, hierarchy): (Version, &Hierarchy)| {
        let folders: Vec<Place> =
            hierarchy.levels.iter().rev().map(|folder| Place { folder: folder.into(), version }).collect();
        folders
    };
    found.flat_map(up).collect()
}

impl Cgroup {
    /// Makes a cgroup in `place`, written down in `scratch` so that it can't outlive a killed probe for long.
    ///
    /// # Errors
    /// The kernel refused.
    pub fn new(place: &Place, scratch: &Scratch, name: &str) -> Result<Cgroup, String> {
        let owner = getpid();
        let folder = place.folder.join(format!("{PREFIX}{}-{name}", owner.as_raw_nonzero()));
        let took = scratch.make_cgroup(&folder)?;
        Ok(Cgroup { folder, version: place.version, owner, took })
    }

    /// Moves the calling process into it.
    ///
    /// # Errors
    /// The kernel refused.
    pub fn enter(&self) -> io::Result<()> {
        fs::write(self.folder.join("cgroup.procs"), "0")
    }

    /// Limits its processor time: `quota` microseconds in every `period` microseconds.
    ///
    /// # Errors
    /// The kernel refused, or a cgroup above allows less, so that not this limit would be felt.
    pub fn limit_cpu(&self, quota: u64, period: u64) -> io::Result<()> {
        let wanted = quota as f64 / period as f64;
        if let Some((above, allowed)) = tightest_above(&self.folder, self.version).filter(|(_, cores)| *cores < wanted)
        {
            return Err(io::Error::other(format!(
                "the cgroup {} above it allows only {allowed:.2} cores, and {wanted:.2} are needed",
                above.display()
            )));
        }
        match self.version {
            Version::V2 => fs::write(self.folder.join("cpu.max"), format!("{quota} {period}")),
            Version::V1 => fs::write(self.folder.join("cpu.cfs_period_us"), period.to_string())
                .and_then(|()| fs::write(self.folder.join("cpu.cfs_quota_us"), quota.to_string())),
        }
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        if getpid() == self.owner {
            remove_cgroup(&self.folder);
        }
    }
}

/// The tightest limit of processor time, in cores, of the cgroups above `folder`, and whose it is.
fn tightest_above(folder: &Path, version: Version) -> Option<(PathBuf, f64)> {
    let limits = folder.ancestors().skip(1).filter_map(|above| Some((above.to_owned(), limit_of(above, version)?)));
    limits.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The limit of one cgroup's processor time, in cores; `None` if it has none.
fn limit_of(folder: &Path, version: Version) -> Option<f64> {
    let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
    let (quota, period) = match version {
        Version::V2 => {
            let text = read("cpu.max")?;
            let (quota, period) = text.trim().split_once(' ')?;
            (quota.parse::<f64>().ok()?, period.parse::<f64>().ok()?)
        }
        // -1 is none.
        Version::V1 => (
            read("cpu.cfs_quota_us")?.trim().parse::<f64>().ok().filter(|quota| *quota > 0.0)?,
            read("cpu.cfs_period_us")?.trim().parse::<f64>().ok()?,
        ),
    };
    (period > 0.0).then(|| quota / period)
}

/// Removes the probe's empty cgroups in `folder` whose makers are gone. The journal sees to that too; this is for one
/// that was lost with its folder.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let maker = rest.and_then(|rest| Pid::from_raw(rest.split('-').next()?.parse().ok()?));
        if maker.is_some_and(|maker| test_kill_process(maker) == Err(rustix::io::Errno::SRCH)) {
            // The kernel only ever removes an empty one.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(cgroups: &str, mounts: &str) -> Root {
        let mut root = Root::default();
        for (path, text) in [("/proc/self/cgroup", cgroups), ("/proc/self/mountinfo", mounts)] {
            root.insert(path, Entry::File { bytes: text.into(), whole: true });
        }
        root
    }

    #[test]
    fn a_place_is_looked_for_from_the_own_cgroup_upwards_and_never_above_the_mount() {
        let cgroups = "5:cpu,cpuacct:/docker/abc\n0::/user.slice/session.scope\n";
        let mounts = "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n\
                      31 20 0:27 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n";
        let folders: Vec<_> = candidates(&root(cgroups, mounts), true).into_iter().map(|p| p.folder).collect();
        let expected = ["/sys/fs/cgroup/user.slice/session.scope", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"];
        assert_eq!(folders[..3], expected.map(PathBuf::from));
        assert_eq!(folders[3..], [PathBuf::from("/sys/fs/cgroup/cpu")]);
    }

    #[test]
    fn no_cgroup_is_made_in_another_containers_mount_and_odd_names_are_no_obstacle() {
        let mounts = "30 20 0:26 /A /sys/fs/my\\040cgroup rw - cgroup2 cgroup2 rw\n\
                      31 20 0:26 /B /sys/fs/cgroup/b rw - cgroup2 cgroup2 rw\n";
        let folders: Vec<_> = candidates(&root("0::/A\n", mounts), false).into_iter().map(|p| p.folder).collect();
        assert_eq!(folders, [PathBuf::from("/sys/fs/my cgroup")]);
    }

    #[test]
    fn the_tightest_limit_above_is_found_and_the_own_one_is_not_it() {
        let top = tempfile::tempdir().unwrap();
        let middle = top.path().join("a");
        let own = middle.join("b");
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("cpu.max"), "1000 100000\n").unwrap();
        fs::write(middle.join("cpu.max"), "30000 100000\n").unwrap();
        fs::write(top.path().join("cpu.max"), "max 100000\n").unwrap();
        assert_eq!(tightest_above(&own, Version::V2), Some((middle.clone(), 0.3)));
        assert_eq!(tightest_above(&middle, Version::V2), None);
        fs::write(top.path().join("cpu.cfs_quota_us"), "-1\n").unwrap();
        fs::write(top.path().join("cpu.cfs_period_us"), "100000\n").unwrap();
        assert_eq!(tightest_above(&own, Version::V1), None);
        fs::write(middle.join("cpu.cfs_quota_us"), "50000\n").unwrap();
        fs::write(middle.join("cpu.cfs_period_us"), "100000\n").unwrap();
        assert_eq!(tightest_above(&own, Version::V1), Some((middle, 0.5)));
    }

    #[test]
    fn nonsense_in_proc_gives_no_place_and_no_panic() {
        for text in ["", ":", "0::", "a b c - ", "\0\0 - cgroup2", "0::/x\n - - -"] {
            candidates(&root(text, text), true);
        }
        assert!(candidates(&root("0::/x", ""), false).is_empty());
    }
}
