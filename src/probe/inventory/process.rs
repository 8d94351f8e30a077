//! This process: who it is to the kernel, and what it may do.
//!
//! Root without capabilities is an ordinary user; an ordinary user in a user namespace of its own may have all of
//! them there. A seccomp filter runs on every system call, which costs time.
//!
//! A kernel that knows fewer capabilities than fit a set may show the rest as set too.
//!
//! Read: `/proc/self/status`, `uid_map`, the last capability that the kernel knows, three switches on user namespaces. Left out: AppArmor and SELinux labels.
//! Where to read more: capabilities(7), seccomp(2), user_namespaces(7).

use super::{Confidence, Layer, LayerKind, Root};

/// The fields of `/proc/self/status` that are used; no other is kept in a captured tree.
pub const STATUS: &[&str] = &[
    "NSpid",
    "CapInh",
    "CapPrm",
    "CapEff",
    "CapBnd",
    "NoNewPrivs",
    "Seccomp",
    "Seccomp_filters",
    "Cpus_allowed_list",
    "Mems_allowed_list",
    "envID",
    "VxID",
];

/// The capabilities by number; the last one up to Linux 6.18 is 40.
const CAPABILITIES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// The last capability that this kernel knows.
const LAST: &str = "/proc/sys/kernel/cap_last_cap";

/// Since which release the last capability is this one.
const LAST_SINCE: &[((u32, u32), u32)] =
    &[((5, 9), 40), ((5, 8), 39), ((3, 16), 37), ((3, 5), 36), ((3, 0), 35), ((2, 6), 34)];

/// The last capability that a kernel of this release knows.
fn last_by_release(release: &str) -> Option<u32> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().ok());
    let release = (numbers.next()??, numbers.next()??);
    LAST_SINCE.iter().find(|(since, _)| release >= *since).map(|(_, last)| *last)
}

/// A set of capabilities in words: of those that the kernel knows, as far as that can be told.
fn in_words(root: &Root, set: u64) -> String {
    let told = root.line(LAST).and_then(|line| line.parse::<u32>().ok()).filter(|last| *last < 64);
    // Distributions bring later ones to old kernels: what is set within those that are known exists.
    let by_release = || {
        let last = last_by_release(&root.release()?)?;
        let sets = ["CapBnd", "CapPrm", "CapEff"].map(|key| capabilities(root, key).unwrap_or(0));
        let held = sets.into_iter().fold(set, |all, set| all | set);
        // Old kernels show all 64 as set, which tells nothing.
        let highest = 63 - (held | 1).leading_zeros();
        Some(if highest < CAPABILITIES.len() as u32 { last.max(highest) } else { last })
    };
    let last = told.or_else(by_release);
    let known = last.map_or(CAPABILITIES.len() as u32, |last| last + 1);
    let all = if known >= 64 { u64::MAX } else { (1 << known) - 1 };
    let (held, missing) = ((set & all).count_ones(), all & !set);
    let names: Vec<String> = (0..known)
        .filter(|bit| missing >> bit & 1 == 1)
        .map(|bit| CAPABILITIES.get(bit as usize).map_or_else(|| format!("number {bit}"), |name| (*name).to_owned()))
        .collect();
    match (held, names.len()) {
        (0, _) => "no capabilities".into(),
        (_, 0) => "all capabilities".into(),
        (_, 1..=3) => format!("all capabilities but {}", names.join(", ")),
        _ => format!("{held} of {known} capabilities"),
    }
}

/// A field of `/proc/self/status`.
pub fn status(root: &Root, key: &str) -> Option<String> {
    let text = root.text("/proc/self/status")?;
    text.lines().take(128).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name == key).then(|| value.trim().to_owned())
    })
}

/// A capability set of this process.
pub fn capabilities(root: &Root, key: &str) -> Option<u64> {
    u64::from_str_radix(&status(root, key)?, 16).ok()
}

/// Whether user ids here are those of the machine: `None` where that is not known.
pub fn identity_map(root: &Root) -> Option<bool> {
    let text = root.text("/proc/self/uid_map")?;
    let numbers: Vec<u64> = text.split_whitespace().take(6).map(|word| word.parse().ok()).collect::<Option<_>>()?;
    (!numbers.is_empty()).then(|| numbers == [0, 0, u64::from(u32::MAX)])
}

/// This process's layer.
pub fn layer(root: &Root) -> Layer {
    let mut layer = Layer::new(LayerKind::Process, "strata", Confidence::Certain);
    let user = match root.fact("uid") {
        Some("0") if identity_map(root) == Some(false) => "root of its own user namespace",
        Some("0") => "root",
        Some(_) => "ordinary user",
        None => "user unknown",
    };
    let effective = capabilities(root, "CapEff");
    let capable = effective.map_or("capabilities unknown".into(), |set| in_words(root, set));
    let filter = match status(root, "Seccomp").as_deref() {
        Some("0") => "no seccomp filter".into(),
        Some("1") => "seccomp in strict mode".into(),
        Some("2") => match status(root, "Seccomp_filters").as_deref() {
            Some("1") | None => "a seccomp filter".into(),
            Some(count) => format!("{count} seccomp filters"),
        },
        _ => "seccomp unknown".into(),
    };
    layer.detail = [user.to_owned(), capable, filter].join(" · ");
    for key in STATUS {
        if let Some(value) = status(root, key) {
            layer.evidence.push(super::root::quote(&format!("/proc/self/status, {key}"), &value));
        }
    }
    layer.evidence.extend(root.quoted("/proc/self/uid_map"));
    for switch in [
        LAST,
        "/proc/sys/user/max_user_namespaces",
        "/proc/sys/kernel/unprivileged_userns_clone",
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    ] {
        layer.evidence.extend(root.quoted(switch));
    }
    if effective.is_none() {
        layer.evidence.insert(0, root.missing("/proc/self/status"));
        layer.confidence = Confidence::Unknown;
    }
    layer
}
