//! Which control groups this process is in, and which folders show them.
//!
//! A process is in one group of the v2 tree and, where v1 is mounted, in one group of each v1 hierarchy.
//! `/proc/self/cgroup` names the groups as paths from the root of the reader's cgroup namespace; `mountinfo` says where
//! each hierarchy is mounted and from which group down (its `root`). A limit on any group on the way counts, so the
//! whole way is walked, from the mount to the process's own group.
//!
//! Left out: what lies above the mount or above the cgroup namespace's root cannot be seen from inside; limits there
//! hold all the same. [`Hierarchy::hidden_above`] tells.
//! Where to read more: cgroups(7); Linux `Documentation/admin-guide/cgroup-v1` and `cgroup-v2.rst`.

use super::{Root, mounts};

/// The deepest path walked.
const DEPTH: usize = 32;

/// One hierarchy with the group of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// 1 or 2.
    pub version: u8,
    /// Its controllers (v1); empty for v2.
    pub controllers: Vec<String>,
    /// The group of this process, as `/proc/self/cgroup` names it.
    pub path: String,
    /// Where it is mounted, if it is.
    pub mount_point: Option<String>,
    /// The folders from the mount down to this process's group.
    pub levels: Vec<String>,
    /// Whether groups above the first level exist, or may exist, that cannot be seen from here.
    pub hidden_above: bool,
}

impl Hierarchy {
    /// `cgroup v2`, or `cgroup v1 cpu,cpuacct`.
    pub fn label(&self) -> String {
        match self.version {
            2 => "cgroup v2".into(),
            _ => format!("cgroup v1 {}", self.controllers.join(",")),
        }
    }
}

/// The groups named in `/proc/self/cgroup` or another file of that format: controllers, path.
pub fn groups(root: &Root, file: &str) -> Vec<(Vec<String>, String)> {
    let Some(text) = root.text(file) else { return Vec::new() };
    text.lines()
        .take(64)
        .filter_map(|line| {
            let mut parts = line.splitn(3, ':');
            let (_id, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            let controllers = controllers.split(',').filter(|c| !c.is_empty()).map(str::to_owned).collect();
            // The kernel writes no path longer than PATH_MAX.
            (path.starts_with('/') && path.len() <= 4096).then(|| (controllers, path.to_owned()))
        })
        .collect()
}

/// The hierarchies this process is in. `initial` says whether its cgroup namespace is the kernel's first.
pub fn hierarchies(root: &Root, initial: Option<bool>) -> Vec<Hierarchy> {
    let mounts = mounts::of(root);
    groups(root, "/proc/self/cgroup")
        .into_iter()
        .map(|(controllers, path)| {
            let version = if controllers.is_empty() { 2 } else { 1 };
            let mount = mounts.iter().rev().find(|mount| match version {
                2 => mount.kind == "cgroup2",
                _ => {
                    mount.kind == "cgroup"
                        && controllers.iter().all(|controller| match controller.strip_prefix("name=") {
                            Some(name) => mount.options.get("name").is_some_and(|n| n == name),
                            None => mount.options.contains_key(controller),
                        })
                }
            });
            let mount_point = mount.map(|mount| mount.point.clone());
            let mount_root = mount.map_or("/", |mount| mount.root.as_str());
            let (levels, matched) = match &mount_point {
                Some(point) => levels(point, mount_root, &path),
                None => (Vec::new(), false),
            };
            let hidden_above = !matched || mount_root != "/" || initial != Some(true);
            Hierarchy { version, controllers, path, mount_point, levels, hidden_above }
        })
        .collect()
}

/// The folders from a mount down to a group, and whether the group lies below what is mounted.
fn levels(mount_point: &str, mount_root: &str, path: &str) -> (Vec<String>, bool) {
    let below = match mount_root {
        "/" => Some(path),
        root => path.strip_prefix(root).filter(|rest| rest.is_empty() || rest.starts_with('/')),
    };
    // A path that climbs is outside the reader's cgroup namespace; its folders are not in this mount.
    let below = below.filter(|below| !below.split('/').any(|part| part == ".."));
    let mut folder = mount_point.trim_end_matches('/').to_owned();
    let mut out = vec![folder.clone()];
    for part in below.unwrap_or_default().split('/').filter(|part| !part.is_empty() && *part != ".").take(DEPTH) {
        folder = format!("{folder}/{part}");
        out.push(folder.clone());
    }
    (out, below.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_climbs_out_is_never_followed() {
        let (levels, matched) = levels("/sys/fs/cgroup", "/", "/../../etc");
        assert_eq!((levels, matched), (vec!["/sys/fs/cgroup".to_owned()], false));
    }

    #[test]
    fn a_container_that_sees_only_its_own_part_does_not_repeat_the_path() {
        let (levels, matched) = levels("/sys/fs/cgroup/cpu", "/docker/ab", "/docker/ab");
        assert_eq!((levels, matched), (vec!["/sys/fs/cgroup/cpu".to_owned()], true));
        let (levels, matched) = super::levels("/sys/fs/cgroup/cpu", "/docker/a", "/docker/ab");
        assert!(!matched && levels.len() == 1);
    }
}
