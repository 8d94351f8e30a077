//! The kernel, and what it does about the processor's flaws.
//!
//! Mitigations are part of what every system call, context switch and VM exit costs: page-table isolation switches the
//! address space on entry and exit, retpolines replace indirect branches, buffers are cleared on the way out.
//!
//! Read: version and boot parameters (those that matter here), `/sys/devices/system/cpu/vulnerabilities`, the `pti`
//! flag. Left out: configuration options; modules other than KVM's.
//! Where to read more: Linux `Documentation/admin-guide/hw-vuln`.

use super::{Confidence, Layer, LayerKind, Root, processor};

const VULNERABILITIES: &str = "/sys/devices/system/cpu/vulnerabilities";

/// Boot parameters that say something about layers or mitigations; no other is kept in a captured tree.
///
/// A name that ends in `*` matches what begins with it.
pub const PARAMETERS: &[&str] = &[
    "mitigations",
    "pti",
    "nopti",
    "nospectre_v1",
    "nospectre_v2",
    "spectre_v2",
    "retbleed",
    "nosmt",
    "nested_*",
    "*nested",
    "kvm*",
    "pvm*",
    "no-kvmclock",
    "virtio_mmio.device",
    "pci",
    "iommu",
    "intel_iommu",
    "amd_iommu",
    "cgroup_no_v1",
    "cgroup_disable",
    "systemd.unified_cgroup_hierarchy",
    "isolcpus",
    "nohz_full",
    "idle",
    "cpuidle_haltpoll.force",
    "hv_*",
    "xen*",
];

/// The boot parameters of interest, in order; a flag has an empty value. Those after `--` are not the kernel's.
pub fn parameters(root: &Root) -> Vec<(String, String)> {
    root.text("/proc/cmdline").map(|text| parameters_of(&text)).unwrap_or_default()
}

/// The parameters of interest in a command line.
pub fn parameters_of(text: &str) -> Vec<(String, String)> {
    text.split_whitespace()
        .take_while(|word| *word != "--")
        .take(512)
        .map(|word| word.split_once('=').unwrap_or((word, "")))
        .filter(|(key, _)| of_interest(key))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// Whether a boot parameter is one of [`PARAMETERS`].
pub fn of_interest(key: &str) -> bool {
    PARAMETERS.iter().any(|known| match (known.strip_suffix('*'), known.strip_prefix('*')) {
        (Some(start), _) => key.starts_with(start),
        (_, Some(end)) => key.ends_with(end),
        _ => key == *known,
    })
}

/// The kernel's layer.
pub fn layer(root: &Root) -> Layer {
    let release = root.line("/proc/sys/kernel/osrelease");
    let kind = root.line("/proc/sys/kernel/ostype").unwrap_or("Linux".into());
    let (name, confidence) = match &release {
        Some(release) => (format!("{kind} {release}"), Confidence::Certain),
        None => ("unknown kernel".into(), Confidence::Unknown),
    };
    let mut layer = Layer::new(LayerKind::Kernel, name, confidence);
    layer.evidence.extend(root.quoted("/proc/sys/kernel/osrelease"));
    layer.evidence.extend(root.quoted("/proc/version"));
    for (key, value) in parameters(root) {
        let equals = if value.is_empty() { "" } else { "=" };
        layer.evidence.push(super::root::quote("/proc/cmdline", &format!("{key}{equals}{value}")));
    }
    let mut detail = vec![page_table_isolation(root)];
    let (mut mitigated, mut vulnerable, mut unknown) = (0, Vec::new(), Vec::new());
    for name in root.names(VULNERABILITIES) {
        let path = format!("{VULNERABILITIES}/{name}");
        let Some(line) = root.line(&path) else { continue };
        if line.starts_with("Not affected") {
            continue;
        }
        match () {
            _ if line.starts_with("Vulnerable") || line.starts_with("Processor vulnerable") => {
                vulnerable.push(name.as_str());
            }
            _ if line.contains("Mitigation") => mitigated += 1,
            _ => unknown.push(name.as_str()),
        }
        layer.evidence.push(super::root::quote(&path, &line));
    }
    if root.line(&format!("{VULNERABILITIES}/spectre_v2")).is_some_and(|line| line.contains("Retpolines")) {
        detail.push("retpolines".into());
    }
    if mitigated > 0 {
        detail.push(format!("{mitigated} mitigated"));
    }
    if !vulnerable.is_empty() {
        detail.push(format!("vulnerable to {}", vulnerable.join(", ")));
    }
    if !unknown.is_empty() {
        detail.push(format!("unknown for {}", unknown.join(", ")));
    }
    layer.detail = detail.join(" · ");
    if layer.evidence.is_empty() {
        layer.evidence.push(root.missing("/proc/sys/kernel/osrelease"));
    }
    layer
}

/// Whether kernel and user run on different page tables.
fn page_table_isolation(root: &Root) -> String {
    let meltdown = root.line(&format!("{VULNERABILITIES}/meltdown")).unwrap_or_default();
    let flag = processor::has_flag(root, "pti");
    let state = match (meltdown.contains("PTI") || flag, meltdown.as_str()) {
        (true, _) => "on",
        (false, "") => "unknown",
        (false, text) if text.starts_with("Not affected") => "off, not needed",
        (false, text) if text.starts_with("Vulnerable") => "off, though needed",
        // A paravirtual kernel's page tables are Xen's to keep apart.
        (false, text) if text.contains("XEN PV") => "left to the hypervisor",
        (false, _) => "off",
    };
    format!("page-table isolation {state}")
}
