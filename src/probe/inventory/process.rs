//! This process: who it is to the kernel, and what it may do.
//!
//! Root without capabilities is an ordinary user; an ordinary user in a user namespace of its own may have all of
//! them there. A seccomp filter runs on every system call, which costs time.
//!
//! Read: `/proc/self/status`, `uid_map`, three switches on user namespaces. Left out: AppArmor and SELinux labels.
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
];

/// Capability 40, CHECKPOINT_RESTORE, is the last one up to Linux 6.18.
const ALL_CAPABILITIES: u64 = (1 << 41) - 1;

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
    let capable = match effective {
        Some(0) => "no capabilities".into(),
        Some(set) if set & ALL_CAPABILITIES == ALL_CAPABILITIES => "all capabilities".into(),
        Some(set) => format!("{} of {} capabilities", set.count_ones(), ALL_CAPABILITIES.count_ones()),
        None => "capabilities unknown".into(),
    };
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
