//! The mounts this process sees.
//!
//! `/proc/self/mountinfo` has one line for each mount in the mount namespace of the reader that lies below its root:
//! what is mounted, which part of it (`root`), where, and on which other mount (`parent`). Where a path has a space, a
//! tab, a line break or a backslash, the kernel writes its number in octal: `\040`. A mount can be covered by another
//! one, on the same folder or on one above it; then its own path leads elsewhere.
//!
//! Read: every line that parses; one that does not is skipped, as one odd mount must not hide the others. Of a list that
//! is longer than what is read, the beginning is; [`cut`] tells, as what lies beyond may cover what was read.
//! Left out: propagation, and the options of the mount as against those of the file system.
//! Where to read more: proc_pid_mountinfo(5); Linux `fs/proc_namespace.c`, `show_mountinfo`.

use super::{Entry, Root};
use std::collections::BTreeMap;

/// The file.
pub const MOUNTINFO: &str = "/proc/self/mountinfo";

/// The most mounts looked at; most systems have fewer than a hundred.
const MOUNTS: usize = 4096;
/// The longest line looked at; the kernel limits one to a few pages.
const LINE: usize = 64 * 1024;

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Its number.
    pub id: u32,
    /// The number of the mount that it lies on.
    pub parent: u32,
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
pub fn of(root: &Root) -> Vec<Mount> {
    let Some(Entry::File { bytes, whole }) = root.get(MOUNTINFO) else { return Vec::new() };
    lines(&String::from_utf8_lossy(bytes), *whole).filter_map(parse).collect()
}

/// The lines of the list that are looked at; of one that is not `whole` the last may have been cut in its middle.
pub fn lines(text: &str, whole: bool) -> impl Iterator<Item = &str> {
    let end = if whole { text.len() } else { text.rfind('\n').unwrap_or(0) };
    text[..end].lines().take(MOUNTS).filter(|line| line.len() < LINE)
}

/// That there are mounts beyond those looked at, where there are.
pub fn cut(root: &Root) -> Option<String> {
    let Some(Entry::File { bytes, whole }) = root.get(MOUNTINFO) else { return None };
    let all = || bytes.split(|byte| *byte == b'\n');
    let cut = !whole || all().filter(|line| !line.is_empty()).count() > MOUNTS || all().any(|line| line.len() >= LINE);
    cut.then(|| format!("{MOUNTINFO}: cut; mounts beyond the first {MOUNTS} or the first MiB may change what is seen"))
}

/// `36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
fn parse(line: &str) -> Option<Mount> {
    let (front, back) = line.split_once(" - ")?;
    let mut front = front.split(' ');
    let (id, parent, _device) = (front.next()?.parse().ok()?, front.next()?.parse().ok()?, front.next()?);
    let (root, point) = (unescape(front.next()?), unescape(front.next()?));
    let mut back = back.split(' ');
    let (kind, source) = (back.next()?.to_owned(), unescape(back.next()?));
    let options = back.next().unwrap_or_default().split(',').filter(|option| !option.is_empty());
    let options = options.map(|option| option.split_once('=').unwrap_or((option, "")));
    let options = options.map(|(key, value)| (unescape(key), unescape(value))).collect();
    // What was removed after it was mounted is still what is seen.
    let root = root.strip_suffix("//deleted").map(str::to_owned).unwrap_or(root);
    (point.starts_with('/') && root.starts_with('/')).then_some(Mount {
        id,
        parent,
        point,
        root,
        kind,
        source,
        options,
    })
}

/// A field of mountinfo as it was before the kernel escaped it.
pub fn unescape(field: &str) -> String {
    if !field.contains('\\') {
        return field.to_owned();
    }
    let bytes = field.as_bytes();
    let (mut out, mut index) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(index) {
        let digits = bytes.get(index + 1..index + 4).filter(|d| d.iter().all(|d| matches!(d, b'0'..=b'7')));
        let code = digits.and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 8).ok());
        match (byte, code) {
            (b'\\', Some(code)) => {
                out.push(code);
                index += 4;
            }
            _ => {
                out.push(byte);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A text as the kernel writes it into a field of mountinfo.
pub fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            ' ' | '\t' | '\n' | '\\' => format!("\\{:03o}", c as u32),
            _ => c.to_string(),
        })
        .collect()
}

impl Mount {
    /// Whether this shows control groups.
    pub fn is_cgroup(&self) -> bool {
        is_cgroup(&self.kind)
    }
}

/// Whether file systems of this type show control groups.
pub fn is_cgroup(kind: &str) -> bool {
    matches!(kind, "cgroup" | "cgroup2" | "cpuset")
}

/// Whether lxcfs makes up what a file says, from the container's own limits.
pub fn is_made_up(mounts: &[Mount], path: &str) -> bool {
    mounts.iter().any(|mount| mount.kind == "fuse.lxcfs" && is_above(&mount.point, path))
}

/// The file system at `/`: the last one mounted there.
pub fn at_root(mounts: &[Mount]) -> Option<&Mount> {
    mounts.iter().rev().find(|mount| mount.point == "/")
}

/// Whether `folder` is `path` or lies above it.
pub fn is_above(folder: &str, path: &str) -> bool {
    let rest = path.strip_prefix(folder.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Mounts by how they lie on one another.
pub struct Tree<'a> {
    all: &'a [Mount],
    children: BTreeMap<u32, Vec<usize>>,
    /// Of each mount, whether the way to it leads elsewhere.
    cut_off: Vec<bool>,
}

impl<'a> Tree<'a> {
    /// Of a list in the kernel's order.
    pub fn of(all: &'a [Mount]) -> Tree<'a> {
        let (mut by_id, mut children) = (BTreeMap::new(), BTreeMap::<u32, Vec<usize>>::new());
        for (place, mount) in all.iter().enumerate() {
            by_id.entry(mount.id).or_insert(place);
            if mount.parent != mount.id {
                children.entry(mount.parent).or_default().push(place);
            }
        }
        let mut cut_off = vec![false; all.len()];
        for beside in children.values() {
            covered_beside(all, beside).for_each(|place| cut_off[place] = true);
        }
        let cut_off = ways(all, &by_id, cut_off);
        Tree { all, children, cut_off }
    }

    /// Whether the path of the mount at this place in the list leads to another one, which was mounted over it or over a
    /// folder on the way.
    ///
    /// Nothing covers the mount that is this process's own root: a path begins there.
    pub fn is_covered(&self, place: usize) -> bool {
        let mount = &self.all[place];
        let over_it = |&other: &usize| self.all[other].point == mount.point && mount.point != "/";
        self.cut_off[place] || self.children.get(&mount.id).is_some_and(|children| children.iter().any(over_it))
    }
}

/// Of the mounts that lie on one other, those over which, or over a folder on the way to which, another of them lies.
fn covered_beside<'a>(all: &'a [Mount], beside: &[usize]) -> impl Iterator<Item = usize> + 'a {
    let mut sorted: Vec<usize> = beside.iter().copied().filter(|place| all[*place].point != "/").collect();
    // By folders, so that what lies in one follows it; of those at one place in the kernel's order.
    sorted.sort_by(|a, b| all[*a].point.split('/').cmp(all[*b].point.split('/')).then(a.cmp(b)));
    let next: Vec<usize> = sorted.iter().copied().skip(1).collect();
    let mut over: Option<&str> = None;
    sorted.into_iter().enumerate().filter_map(move |(index, place)| {
        let point = all[place].point.as_str();
        let inside = over.is_some_and(|over| over != point && is_above(over, point));
        if !inside {
            over = Some(point);
        }
        // The kernel has no two mounts of one parent at one place; should a list have, the later one is seen.
        let again = next.get(index).is_some_and(|next| all[*next].point == point);
        (inside || again).then_some(place)
    })
}

/// Of each mount, whether the way to it leads elsewhere, where of each it is known whether one beside it covers it. Each
/// is looked at once, after the one that it lies on.
fn ways(all: &[Mount], by_id: &BTreeMap<u32, usize>, beside: Vec<bool>) -> Vec<bool> {
    let mut known: Vec<Option<bool>> = vec![None; all.len()];
    for place in 0..all.len() {
        let (mut way, mut at) = (Vec::new(), place);
        let mut cut_off = loop {
            if let Some(known) = known[at] {
                break known;
            }
            // Should a list have mounts that lie on each other, nothing more is known of them.
            known[at] = Some(false);
            let mount = &all[at];
            let Some(&below) = by_id.get(&mount.parent).filter(|_| mount.parent != mount.id) else { break false };
            way.push(at);
            at = below;
        };
        for at in way.into_iter().rev() {
            cut_off |= beside[at];
            known[at] = Some(cut_off);
        }
    }
    known.into_iter().map(|cut_off| cut_off.unwrap_or(false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(text: &str) -> Vec<Mount> {
        text.lines().filter_map(parse).collect()
    }

    #[test]
    fn what_the_kernel_escapes_is_read_as_it_was() {
        for (written, meant) in [
            ("/mnt/my\\040cgroups", "/mnt/my cgroups"),
            ("/a\\134b", "/a\\b"),
            ("/a\\011b\\012c", "/a\tb\nc"),
            ("/a\\134040", "/a\\040"),
            ("/caf\\303\\251", "/café"),
            ("/a\\9", "/a\\9"),
            ("/a\\04", "/a\\04"),
        ] {
            assert_eq!(unescape(written), meant, "{written}");
        }
        for text in ["/my mount", "/a\\b", "/a\\040", "/x\ty\nz", "/plain"] {
            assert_eq!(unescape(&escape(text)), text);
        }
    }

    #[test]
    fn options_and_an_empty_source_are_read() {
        let all =
            mounts("30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:2 - cgroup2  rw,nsdelegate,name=a\n1 2 3");
        assert_eq!(all.len(), 1);
        assert_eq!((&*all[0].source, &*all[0].kind), ("", "cgroup2"));
        assert_eq!(all[0].options.get("name").map(String::as_str), Some("a"));
    }

    #[test]
    fn a_mount_under_another_one_is_known_to_be_covered() {
        let all = mounts(
            "1 0 8:1 / / rw - ext4 a rw\n\
             2 1 0:1 / /sys rw - sysfs b rw\n\
             3 2 0:2 / /sys/fs/cgroup rw - cgroup2 c rw\n\
             4 1 0:1 / /sys rw - tmpfs over rw\n\
             5 1 0:2 / /cg rw - cgroup2 c rw\n\
             6 5 0:2 /x /cg rw - cgroup2 c rw\n\
             7 1 8:1 / / rw - ext4 over-the-root rw\n",
        );
        let tree = Tree::of(&all);
        let covered: Vec<u32> = (0..all.len()).filter(|place| tree.is_covered(*place)).map(|at| all[at].id).collect();
        assert_eq!(covered, [2, 3, 5]);
    }

    #[test]
    fn a_list_without_the_parents_covers_nothing() {
        let all = mounts("910 909 0:30 /a /sys/fs/cgroup/memory rw - cgroup c rw,memory\n");
        assert!(!Tree::of(&all).is_covered(0));
        let all = mounts("1 1 0:2 / / rw - rootfs rootfs rw\n");
        assert!(!Tree::of(&all).is_covered(0), "a mount that is its own parent");
        let all = mounts("2 3 0:2 / /a rw - t t rw\n3 2 0:2 / /b rw - t t rw\n");
        assert!(!Tree::of(&all).is_covered(0), "mounts that lie on each other");
    }

    #[test]
    fn a_mount_is_covered_however_many_lie_between_it_and_what_covers_it() {
        for depth in [2, 63, 64, 65, 200, 4000] {
            // Each lies on the one before, at one place; a later one lies over the folder in which the first is.
            let text: String =
                (2..=depth).map(|id| format!("{id} {} 0:{id} / /a/b rw - tmpfs t rw\n", id - 1)).collect();
            let all = mounts(&format!("1 0 8:1 / / rw - ext4 a rw\n{text}"));
            let seen = |all: &[Mount]| -> Vec<u32> {
                let tree = Tree::of(all);
                (0..all.len()).filter(|at| !tree.is_covered(*at)).map(|at| all[at].id).collect()
            };
            assert_eq!(seen(&all), [1, depth], "{depth}");
            let all = mounts(&format!("1 0 8:1 / / rw - ext4 a rw\n{text}9999 1 0:9 / /a rw - tmpfs t rw\n"));
            assert_eq!(seen(&all), [1, 9999], "{depth}");
        }
    }
}
