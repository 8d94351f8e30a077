//! Kernels that answer Linux's system calls and are not the Linux of this machine.
//!
//! gVisor's Sentry, Windows under WSL 1, illumos' branded zones, FreeBSD's Linuxulator and Fuchsia's Starnix write
//! files under `/proc` that look like Linux's, as far as programs need them. User Mode Linux is Linux, compiled to run
//! as a program of another one. What such a kernel says of namespaces, control groups and filters is about its own,
//! and says nothing of what holds it in the machine's.
//!
//! Read: the kernel's release and version, `/proc/cpuinfo`, the root's file system, the numbers of namespaces, which
//! Linux counts from 0xEFFFFFF8 up. Left out: programs that are translated one by one (qemu-user, Rosetta), where the
//! kernel is the machine's.
//! Where to read more: gVisor `pkg/sentry/fsimpl/proc`, `pkg/sentry/kernel/uts_namespace.go`; Linux
//! `Documentation/virt/uml/user_mode_linux_howto_v2.rst`; FreeBSD `linprocfs(5)`; illumos `lx(7)`; microsoft/WSL issue 423.

use super::root::quote;
use super::{Confidence, Root, mounts, processor};

/// Which kernel it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Linux as a program of another Linux.
    UserMode,
    /// gVisor's Sentry.
    Gvisor,
    /// Windows, translating.
    Wsl1,
    /// Another system's kernel, which has Linux's calls beside its own.
    Other,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imitation {
    /// Which kernel.
    pub kind: Kind,
    /// Its name.
    pub name: &'static str,
    /// What it is, in half a sentence.
    pub is: &'static str,
    /// How sure that is.
    pub confidence: Confidence,
    /// The signs, quoted.
    pub evidence: Vec<String>,
}

impl Imitation {
    /// What its lines on namespaces, control groups and processes mean.
    pub fn of_its_own(&self) -> String {
        format!("as {} says, which is not what holds it in the machine's own kernel", self.name)
    }
}

/// Words in a release or version that only such a kernel has.
const WORDS: &[(&str, Kind, &str, &str)] = &[
    ("-starnix", Kind::Other, "Starnix", "a part of Fuchsia that answers Linux's system calls"),
    (
        "BrandZ virtual linux",
        Kind::Other,
        "illumos",
        "an illumos kernel whose branded zone answers Linux's system calls",
    ),
    ("des@freebsd.org", Kind::Other, "FreeBSD", "a FreeBSD kernel whose Linuxulator answers Linux's system calls"),
    ("-ish", Kind::Other, "iSH", "a program on iOS that interprets processor and system calls"),
];

/// gVisor's version is the same text in every build.
const GVISOR_BUILD: &str = "#1 SMP Sun Jan 10 15:06:54 PST 2016";

/// The first number that Linux gives to a namespace.
const FIRST_NUMBER: u64 = 0xEFFF_FFF8;

/// The kernel that imitates Linux here, if one does.
pub fn of(root: &Root) -> Option<Imitation> {
    user_mode(root).or_else(|| gvisor(root)).or_else(|| wsl1(root)).or_else(|| other(root))
}

fn user_mode(root: &Root) -> Option<Imitation> {
    let vendor = processor::cpuinfo(root, "vendor_id").filter(|vendor| vendor.starts_with("User Mode Linux"))?;
    let mut evidence = vec![quote("/proc/cpuinfo, vendor_id", &vendor)];
    evidence.extend(processor::cpuinfo(root, "host").map(|host| quote("/proc/cpuinfo, host", &host)));
    Some(Imitation {
        kind: Kind::UserMode,
        name: "User Mode Linux",
        is: "Linux, compiled to run as a program of another Linux",
        confidence: Confidence::Certain,
        evidence,
    })
}

fn gvisor(root: &Root) -> Option<Imitation> {
    let mut evidence = Vec::new();
    let release = root.release().filter(|release| release.contains("gvisor"));
    evidence.extend(release.map(|release| quote("the kernel's release", &release)));
    let versions = versions(root);
    let version = versions.iter().find(|(_, line)| line.contains(GVISOR_BUILD));
    evidence.extend(version.map(|(place, line)| format!("{}, as every build of gVisor says", quote(place, line))));
    let named = !evidence.is_empty();
    // Its gofer hands files to the sandbox over a pair of descriptors, in the protocol of Plan 9.
    let all = mounts::of(root);
    let top = mounts::at_root(&all).filter(|top| top.kind == "9p" && top.options.contains_key("rfdno"));
    evidence.extend(top.map(|_| "/proc/self/mountinfo: / is 9p over a descriptor, as gVisor's gofer serves it".into()));
    let small = ["pid", "user", "net", "mnt", "uts", "ipc"].iter().find_map(|kind| {
        let link = root.link(&format!("/proc/self/ns/{kind}"))?;
        let number: u64 = link.split('[').nth(1)?.trim_end_matches(']').parse().ok()?;
        (number < FIRST_NUMBER).then(|| link.to_owned())
    });
    evidence.extend(small.map(|link| format!("/proc/self/ns: {link}, a number that no Linux gives to a namespace")));
    let confidence = match (named, evidence.len()) {
        (_, 0 | 1) if !named => return None,
        (true, 2..) => Confidence::Certain,
        _ => Confidence::Likely,
    };
    Some(Imitation {
        kind: Kind::Gvisor,
        name: "gVisor",
        is: "a kernel in a program: it answers system calls itself, and what it asks of the machine's Linux is filtered",
        confidence,
        evidence,
    })
}

/// What the kernel says of its build, and where.
fn versions(root: &Root) -> Vec<(&'static str, String)> {
    let files = ["/proc/version", "/proc/sys/kernel/version"].into_iter();
    let of_files = files.filter_map(|path| Some((path, root.line(path)?)));
    of_files.chain(root.fact("version").map(|text| ("uname, version", text.to_owned()))).collect()
}

fn wsl1(root: &Root) -> Option<Imitation> {
    // `4.4.0-19041-Microsoft`, built as `#1237-Microsoft Sat …`; the kernels of WSL 2 are Linux and are called otherwise.
    let release = root.release().filter(|release| release.ends_with("-Microsoft"));
    let mut evidence: Vec<String> =
        release.map(|release| quote("the kernel's release", &release)).into_iter().collect();
    let of_microsoft = |text: &str| text.split_whitespace().any(|word| word.ends_with("-Microsoft"));
    let build = versions(root).into_iter().find(|(_, text)| of_microsoft(text));
    evidence.extend(build.map(|(place, text)| quote(place, &text)));
    let all = mounts::of(root);
    let top = mounts::at_root(&all).filter(|top| matches!(top.kind.as_str(), "lxfs" | "wslfs"));
    evidence.extend(top.map(|top| format!("/proc/self/mountinfo: / is {}, which only Windows has", top.kind)));
    (!evidence.is_empty()).then_some(Imitation {
        kind: Kind::Wsl1,
        name: "WSL 1",
        is: "the kernel of Windows, which translates Linux's system calls",
        confidence: Confidence::Certain,
        evidence,
    })
}

fn other(root: &Root) -> Option<Imitation> {
    let release = root.release().map(|text| ("the kernel's release", text));
    let found = release.into_iter().chain(versions(root)).find_map(|(place, text)| {
        let word = WORDS.iter().find(|(word, ..)| has(&text, word))?;
        Some((word, quote(place, &text)))
    });
    if let Some(((_, kind, name, is), line)) = found {
        return Some(Imitation { kind: *kind, name, is, confidence: Confidence::Certain, evidence: vec![line] });
    }
    let all = mounts::of(root);
    let files = all.iter().find(|mount| mount.kind == "linprocfs")?;
    Some(Imitation {
        kind: Kind::Other,
        name: "FreeBSD",
        is: "a FreeBSD kernel whose Linuxulator answers Linux's system calls",
        confidence: Confidence::Certain,
        evidence: vec![quote("/proc/self/mountinfo", &format!("{} is linprocfs", files.point))],
    })
}

/// The words of such kernels that stand in a text.
pub fn telling(text: &str) -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(word, ..)| *word).chain([GVISOR_BUILD]).filter(move |word| has(text, word))
}

/// Whether a text has this word, and not as the beginning of a longer one.
fn has(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[at + word.len()..].starts_with(char::is_alphabetic))
}
