//! Which control groups this process is in, and which folders show them.
//!
//! A process is in one group of the v2 tree and, where v1 is mounted, in one group of each v1 hierarchy.
//! `/proc/self/cgroup` names the groups as paths from the root of the reader's cgroup namespace; `mountinfo` says where
//! each hierarchy is mounted and from which group down (its `root`, from the same starting point, so that it may begin
//! with `/..`). A limit on any group on the way counts, so the whole way is walked, down to the process's own group.
//!
//! A hierarchy can be mounted many times, from other groups down too: an agent sees those of the containers it watches.
//! Only a mount whose root lies above the process's group shows its limits. Of several, each level is read in the one
//! that a process of its own mount namespace would use: below `/sys/fs/cgroup` first, then the shortest path.
//!
//! Left out: what lies above the mount or above the cgroup namespace's root cannot be seen from inside; limits there
//! hold all the same. [`Hierarchy::hidden_above`] tells. So it is with the upper levels of a group that lies deeper than
//! is walked. Of lists that are longer than what is read, [`Hierarchy::cut`] and [`cut`] tell.
//! Where to read more: cgroups(7), cgroup_namespaces(7); Linux `Documentation/admin-guide/cgroup-v1` and
//! `cgroup-v2.rst`, `kernel/cgroup/cgroup.c`, `cgroup_show_path`.

use super::mounts::{self, Mount};
use super::{Entry, Root, root};

/// The file that names this process's groups.
pub const GROUP: &str = "/proc/self/cgroup";

/// The most levels walked: the lowest ones, down to the process's own group.
const DEPTH: usize = 64;
/// The most groups looked at, one a line; a kernel has some fifteen controllers.
const GROUPS: usize = 64;
/// The kernel writes no path longer than PATH_MAX.
const PATH: usize = 4096;

/// How many mounts that show other groups are named.
const NAMED: usize = 3;

/// One hierarchy with the group of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// 1 or 2.
    pub version: u8,
    /// Its controllers (v1); empty for v2.
    pub controllers: Vec<String>,
    /// The group of this process, as `/proc/self/cgroup` names it.
    pub path: String,
    /// Where it is mounted so that it shows this process's group or one above it.
    pub mount_point: Option<String>,
    /// The folders of the groups on the way, from the top down, each in the mount that is best for it.
    pub levels: Vec<String>,
    /// The folder of this process's own group, if it is among them.
    pub own: Option<String>,
    /// Whether groups on the way exist, or may exist, that cannot be seen from here.
    pub hidden_above: bool,
    /// Whether there are mounts beyond those that were read, which may show more or cover these.
    pub cut: bool,
    /// The mounts that show other groups only, in words.
    pub elsewhere: Vec<String>,
    /// Whether the names of its files lack the controller's, as Android mounts it: `cpus` for `cpuset.cpus`.
    pub noprefix: bool,
}

impl Hierarchy {
    /// `cgroup v2`, or `cgroup v1 cpu,cpuacct`.
    pub fn label(&self) -> String {
        match self.version {
            2 => "cgroup v2".into(),
            _ => format!("cgroup v1 {}", self.controllers.join(",")),
        }
    }

    /// The name of a file of this hierarchy, as it is mounted.
    pub fn file<'a>(&self, name: &'a str) -> &'a str {
        name.split_once('.').filter(|_| self.noprefix).map_or(name, |(_, rest)| rest)
    }

    /// Where it is mounted, in words.
    pub fn place(&self) -> String {
        match (&self.mount_point, &self.elsewhere[..]) {
            (Some(point), _) => format!("mounted at {}", root::short(point)),
            (None, []) if self.cut => "not mounted in what was read of the list of mounts, which is cut".into(),
            (None, []) => "not mounted here".into(),
            (None, others) => {
                let named: Vec<&str> = others.iter().take(NAMED).map(String::as_str).collect();
                let more = match others.len() - named.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("mounted only where it shows other groups: {}{more}", named.join("; "))
            }
        }
    }
}

/// The groups named in `/proc/self/cgroup` or another file of that format: controllers, path.
pub fn groups(root: &Root, file: &str) -> Vec<(Vec<String>, String)> {
    let Some(text) = root.text(file) else { return Vec::new() };
    text.lines()
        .take(GROUPS)
        .filter_map(|line| {
            let mut parts = line.splitn(3, ':');
            let (_id, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            let controllers = controllers.split(',').filter(|c| !c.is_empty()).map(str::to_owned).collect();
            (path.starts_with('/') && path.len() <= PATH).then(|| (controllers, path.to_owned()))
        })
        .collect()
}

/// That this process is in groups beyond those looked at, where it is.
pub fn cut(root: &Root) -> Option<String> {
    let Some(Entry::File { bytes, whole }) = root.get(GROUP) else { return None };
    let lines = || bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let cut = !whole || lines().count() > GROUPS || lines().any(|line| line.len() > 2 * PATH);
    cut.then(|| format!("{GROUP}: cut; there are groups beyond the first {GROUPS}"))
}

/// The hierarchies this process is in. `initial` says whether its cgroup namespace is the kernel's first.
pub fn hierarchies(root: &Root, initial: Option<bool>) -> Vec<Hierarchy> {
    let mounts = mounts::of(root);
    let cut = mounts::cut(root).is_some();
    let tree = mounts::Tree::of(&mounts);
    let of_groups = mounts.iter().enumerate().filter(|(_, mount)| mount.is_cgroup());
    let seen: Vec<&Mount> = of_groups.filter(|(place, _)| !tree.is_covered(*place)).map(|(_, mount)| mount).collect();
    groups(root, GROUP)
        .into_iter()
        .map(|(controllers, path)| {
            let version = if controllers.is_empty() { 2 } else { 1 };
            let (mut views, mut elsewhere) = (Vec::new(), Vec::new());
            let mut noprefix = false;
            for mount in seen.iter().copied().filter(|mount| is_of(mount, &controllers)) {
                noprefix |= mount.kind == "cpuset" || mount.options.contains_key("noprefix");
                match View::of(mount, &path) {
                    Some(view) => views.push(view),
                    None => elsewhere.push(format!("{} from {} down", root::short(&mount.point), mount.root)),
                }
            }
            // Stable: of those that are alike, the first in the kernel's order.
            views.sort_by_key(|view| (!view.is_usual(), view.mount.point.matches('/').count()));
            let deepest = views.iter().map(View::distance).max();
            let levels: Vec<(usize, String)> = (0..=deepest.unwrap_or(0).min(DEPTH - 1))
                .rev()
                .filter_map(|distance| Some((distance, views.iter().find_map(|view| view.folder(distance))?)))
                .collect();
            let own = levels.last().filter(|(distance, _)| *distance == 0).map(|(_, folder)| folder.clone());
            let whole = deepest.is_some_and(|deepest| levels.len() == deepest + 1);
            let from_the_top = views.iter().any(|view| view.mount.root == "/");
            let best = views.iter().find(|view| view.unknown == 0).or(views.first());
            Hierarchy {
                version,
                controllers,
                mount_point: best.map(|view| view.mount.point.clone()),
                levels: levels.into_iter().map(|(_, folder)| folder).collect(),
                own,
                hidden_above: !(whole && from_the_top && initial == Some(true)),
                cut,
                elsewhere,
                noprefix,
                path,
            }
        })
        .collect()
}

/// Whether a mount shows the hierarchy with these controllers.
fn is_of(mount: &Mount, controllers: &[String]) -> bool {
    match (controllers.is_empty(), mount.kind.as_str()) {
        (true, kind) => kind == "cgroup2",
        (false, "cgroup") => controllers.iter().all(|controller| match controller.strip_prefix("name=") {
            Some(name) => mount.options.get("name").is_some_and(|n| n == name),
            None => mount.options.contains_key(controller),
        }),
        // The file system that cpusets had of their own before there were control groups.
        (false, "cpuset") => controllers == ["cpuset"],
        _ => false,
    }
}

/// A mount that shows a group or one above it.
struct View<'a> {
    mount: &'a Mount,
    /// So many levels below the mount's root have names that cannot be known from here …
    unknown: usize,
    /// … and below those lie these, down to the group.
    names: Vec<String>,
}

impl<'a> View<'a> {
    /// The group `path` in this mount; `None` if it does not lie in what is mounted.
    fn of(mount: &'a Mount, path: &str) -> Option<View<'a>> {
        let (top, group) = (Node::of(&mount.root)?, Node::of(path)?);
        let (unknown, names) = group.below(&top)?;
        Some(View { mount, unknown, names: names.iter().map(|name| (*name).to_owned()).collect() })
    }

    /// How many levels its root lies above the group.
    fn distance(&self) -> usize {
        self.unknown + self.names.len()
    }

    /// The folder of the group so many levels above the process's, if it is seen here.
    fn folder(&self, distance: usize) -> Option<String> {
        let top = self.mount.point.trim_end_matches('/');
        match self.distance().checked_sub(distance)? {
            0 => Some(if top.is_empty() { "/".into() } else { top.to_owned() }),
            _ if self.unknown > 0 => None,
            depth => Some(format!("{top}/{}", self.names[..depth].join("/"))),
        }
    }

    /// Whether it is where programs look for it.
    fn is_usual(&self) -> bool {
        mounts::is_above("/sys/fs/cgroup", &self.mount.point)
    }
}

/// A group as the kernel names it to a reader: so many levels up from the root of the reader's cgroup namespace, and
/// then down by these names.
struct Node<'a> {
    up: usize,
    down: Vec<&'a str>,
}

impl<'a> Node<'a> {
    fn of(path: &'a str) -> Option<Node<'a>> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let up = parts.iter().take_while(|part| **part == "..").count();
        let down = parts[up..].to_vec();
        // The kernel climbs only at the beginning; nothing else is followed.
        (!down.contains(&"..")).then_some(Node { up, down })
    }

    /// How this group is reached from `top`: so many levels whose names only the namespaces above know, then these.
    fn below(&self, top: &Node<'a>) -> Option<(usize, &[&'a str])> {
        match top.up.checked_sub(self.up)? {
            0 => self.down.strip_prefix(&top.down[..]).map(|rest| (0, rest)),
            unknown => top.down.is_empty().then_some((unknown, &self.down[..])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hierarchy(group: &str, mounts: &[(&str, &str)], initial: bool) -> Hierarchy {
        let mut root = Root::default();
        let text = |text: String| Entry::File { bytes: text.into_bytes(), whole: true };
        root.insert("/proc/self/cgroup", text(format!("0::{group}\n")));
        let line = |(number, (top, point)): (usize, &(&str, &str))| {
            let (top, point) = (mounts::escape(top), mounts::escape(point));
            format!("{} 1 0:26 {top} {point} rw - cgroup2 cgroup2 rw\n", number + 2)
        };
        root.insert("/proc/self/mountinfo", text(mounts.iter().enumerate().map(line).collect()));
        hierarchies(&root, Some(initial)).remove(0)
    }

    #[test]
    fn a_path_that_climbs_out_is_never_followed() {
        let found = hierarchy("/../../etc", &[("/", "/sys/fs/cgroup")], false);
        assert_eq!((found.levels, found.mount_point), (vec![], None));
        let found = hierarchy("/a/../../etc", &[("/", "/sys/fs/cgroup")], false);
        assert!(found.levels.is_empty());
    }

    #[test]
    fn a_container_that_sees_only_its_own_part_does_not_repeat_the_path() {
        let found = hierarchy("/docker/ab", &[("/docker/ab", "/sys/fs/cgroup")], true);
        assert_eq!((&found.levels[..], found.hidden_above), (&["/sys/fs/cgroup".to_owned()][..], true));
        assert_eq!(found.own.as_deref(), Some("/sys/fs/cgroup"));
        // A name that merely begins alike is another group.
        let found = hierarchy("/docker/ab", &[("/docker/a", "/sys/fs/cgroup")], true);
        assert!(found.levels.is_empty() && found.place().contains("/sys/fs/cgroup from /docker/a down"), "{found:?}");
    }

    #[test]
    fn another_groups_mount_is_not_read_wherever_it_lies_and_in_whatever_order() {
        let mut all = [("/A", "/sys/fs/cgroup"), ("/B", "/sys/fs/cgroup/b"), ("/A/x", "/y"), ("/", "/hostfs/cgroup")];
        for _ in 0..all.len() {
            all.rotate_left(1);
            let found = hierarchy("/A", &all, true);
            assert_eq!(found.levels, ["/hostfs/cgroup", "/sys/fs/cgroup"], "{all:?}");
            assert!(!found.hidden_above && found.elsewhere.len() == 2);
        }
    }

    #[test]
    fn of_a_group_deeper_than_is_walked_the_lowest_levels_are_and_the_rest_is_hidden() {
        let group = "/a".repeat(DEPTH + 3);
        let found = hierarchy(&group, &[("/", "/cg")], true);
        assert_eq!((found.levels.len(), found.hidden_above), (DEPTH, true));
        assert_eq!(found.own, Some(format!("/cg{group}")));
        let found = hierarchy(&"/a".repeat(DEPTH - 1), &[("/", "/cg")], true);
        assert_eq!((found.levels.len(), found.hidden_above), (DEPTH, false));
    }

    #[test]
    fn of_two_mounts_of_one_tree_the_usual_one_is_read() {
        let all = [("/", "/mnt/NAME/chroot/sys/fs/cgroup"), ("/", "/cg"), ("/", "/sys/fs/cgroup")];
        let found = hierarchy("/a b", &all, true);
        assert_eq!(found.levels, ["/sys/fs/cgroup", "/sys/fs/cgroup/a b"]);
        assert_eq!(hierarchy("/a", &all[..2], true).levels, ["/cg", "/cg/a"]);
        assert_eq!(hierarchy("/a", &[("/", "/my cgroups")], true).levels, ["/my cgroups", "/my cgroups/a"]);
    }

    #[test]
    fn a_mount_from_before_the_cgroup_namespace_shows_its_top_and_hides_the_rest() {
        let found = hierarchy("/", &[("/../..", "/sys/fs/cgroup")], false);
        assert_eq!(found.levels, ["/sys/fs/cgroup"]);
        assert!(found.own.is_none() && found.hidden_above);
        // Beside the namespace's root, and so beside the group.
        assert!(hierarchy("/", &[("/../other", "/sys/fs/cgroup")], false).levels.is_empty());
        let found = hierarchy("/../x", &[("/..", "/cg"), ("/", "/sys/fs/cgroup")], false);
        assert_eq!(found.levels, ["/cg", "/cg/x"]);
    }
}
