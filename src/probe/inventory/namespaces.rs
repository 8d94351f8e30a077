//! The namespaces of this process, and whether they are the kernel's first.
//!
//! Each namespace has an inode number in nsfs, which `/proc/PID/ns/KIND` shows: `pid:[4026531836]`. Those made at boot
//! have fixed numbers (user-visible in `linux/nsfs.h` since 6.18; used since 3.8 for all but `net` and `mnt`), and all
//! later ones are numbered from 0xF0000000 up, so a number says whether a namespace is the first of its kind, even
//! where pid 1 is itself inside the same container.
//!
//! Read: the links of this process and, where the kernel allows it, of pid 1.
//! Left out: `pid_for_children` and `time_for_children`; the tree that namespaces form.
//! Where to read more: namespaces(7); `include/uapi/linux/nsfs.h`, `enum init_ns_ino`.

use super::{Confidence, Layer, LayerKind, Root};

/// The kinds with the inode number of the kernel's first one, and whether every kernel that has them uses it.
const KINDS: [(&str, u64, bool); 8] = [
    ("cgroup", 0xEFFF_FFFB, true),
    ("ipc", 0xEFFF_FFFF, true),
    ("mnt", 0xEFFF_FFF8, false),
    ("net", 0xEFFF_FFF9, false),
    ("pid", 0xEFFF_FFFC, true),
    ("time", 0xEFFF_FFFA, true),
    ("user", 0xEFFF_FFFD, true),
    ("uts", 0xEFFF_FFFE, true),
];

/// One namespace of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// `pid`, `mnt`, …
    pub kind: &'static str,
    /// Its inode number.
    pub inode: Option<u64>,
    /// Whether it is the kernel's first; `None` where that cannot be told.
    pub initial: Option<bool>,
    /// Whether pid 1 is in it; `None` where pid 1's cannot be read.
    pub shared_with_pid1: Option<bool>,
    /// What was read.
    pub evidence: String,
}

/// The namespaces of this process, by kind.
pub fn of(root: &Root) -> Vec<Namespace> {
    let first_pid = inode(root, "self", "pid") == Some(0xEFFF_FFFC);
    let all_fixed = all_fixed(root);
    KINDS
        .iter()
        .map(|&(kind, first, always)| {
            let own = inode(root, "self", kind);
            let one = inode(root, "1", kind);
            let shared_with_pid1 = own.zip(one).map(|(own, one)| own == one);
            let initial = match own {
                None => None,
                Some(own) if own == first => Some(true),
                Some(_) if always || all_fixed => Some(false),
                // Pid 1 of the first pid namespace is the machine's init, which lives in the first of all kinds.
                Some(_) if first_pid => shared_with_pid1,
                Some(_) => None,
            };
            let first = (always || all_fixed).then_some(first);
            Namespace { kind, inode: own, initial, shared_with_pid1, evidence: evidence(root, kind, first, initial) }
        })
        .collect()
}

/// Whether this kernel's first namespaces of all kinds have fixed numbers: it is one since 6.18, or, whatever it calls
/// itself, one such number of `mnt` or `net` is in use.
fn all_fixed(root: &Root) -> bool {
    let release = root.release().unwrap_or_default();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
    let since = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (6, 18);
    let in_use =
        |&(kind, first, _): &(&str, u64, bool)| ["self", "1"].iter().any(|who| inode(root, who, kind) == Some(first));
    since || KINDS.iter().filter(|(.., always)| !always).any(in_use)
}

/// Whether the namespace of this kind is the kernel's first.
pub fn initial(namespaces: &[Namespace], kind: &str) -> Option<bool> {
    namespaces.iter().find(|namespace| namespace.kind == kind)?.initial
}

/// The number in `/proc/WHO/ns/KIND`.
fn inode(root: &Root, who: &str, kind: &str) -> Option<u64> {
    root.link(&format!("/proc/{who}/ns/{kind}"))?
        .strip_prefix(kind)?
        .strip_prefix(":[")?
        .strip_suffix(']')?
        .parse()
        .ok()
}

fn evidence(root: &Root, kind: &str, first: Option<u64>, initial: Option<bool>) -> String {
    let path = format!("/proc/self/ns/{kind}");
    let Some(own) = root.link(&path) else {
        let why = root.refused(&path).unwrap_or("not there: this kernel has no such namespace, or hides it");
        return super::root::quote(&path, why);
    };
    let one = format!("/proc/1/ns/{kind}");
    let pid1 = match (root.link(&one), root.refused(&one)) {
        (Some(link), _) if link == own => "the same as pid 1's".into(),
        (Some(link), _) => format!("pid 1's is {link}"),
        (None, Some(why)) => format!("pid 1's not readable, {why}"),
        (None, None) => "pid 1's not there".into(),
    };
    let word = match (initial, first) {
        (Some(true), _) => "the kernel's first".into(),
        (Some(false), Some(first)) => format!("made later (the first is {first})"),
        (Some(false), None) => "not the kernel's first".into(),
        (None, _) => "first or not is unknown, as this kind has no fixed number before Linux 6.18".into(),
    };
    format!("{path}: {own}, {word}; {pid1}")
}

/// The layer that lists them.
pub fn layer(namespaces: &[Namespace]) -> Layer {
    let own: Vec<&str> = namespaces.iter().filter(|n| n.initial == Some(false)).map(|n| n.kind).collect();
    let unsure: Vec<&str> =
        namespaces.iter().filter(|n| n.inode.is_some() && n.initial.is_none()).map(|n| n.kind).collect();
    let known = namespaces.iter().filter(|n| n.initial.is_some()).count();
    let (name, confidence) = match (known, own.is_empty()) {
        (0, _) => ("namespaces unknown".into(), Confidence::Unknown),
        (_, true) if unsure.is_empty() => ("the kernel's first namespaces".into(), Confidence::Certain),
        (_, true) => ("the kernel's first namespaces, as far as known".into(), Confidence::Likely),
        (_, false) => (format!("own namespaces: {}", own.join(", ")), Confidence::Certain),
    };
    let mut layer = Layer::new(LayerKind::Namespaces, name, confidence);
    let shared: Vec<&str> = namespaces.iter().filter(|n| n.initial == Some(true)).map(|n| n.kind).collect();
    let mut parts = Vec::new();
    if !own.is_empty() && !shared.is_empty() {
        parts.push(format!("shared with the machine: {}", shared.join(", ")));
    }
    if !unsure.is_empty() {
        parts.push(format!("not known: {}", unsure.join(", ")));
    }
    layer.detail = parts.join(" · ");
    layer.evidence = namespaces.iter().map(|namespace| namespace.evidence.clone()).collect();
    layer
}
