//! The kernel, and what it does about the processor's flaws.
//!
//! Mitigations are part of what every system call, context switch and VM exit costs: page-table isolation switches the
//! address space on entry and exit, retpolines replace indirect branches, buffers are cleared on the way out.
//!
//! Where `/proc` shows processes only (`subset=pid`), uname(2) still tells the release.
//!
//! Read: version and boot parameters (those that matter here), `/sys/devices/system/cpu/vulnerabilities`, the `pti`
//! flag. Left out: configuration options; modules other than KVM's.
//! Where to read more: Linux `Documentation/admin-guide/hw-vuln`.

use super::imitation::{Imitation, Kind};
use super::{Confidence, Layer, LayerKind, Root, mounts, processor};

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

/// The kernel's layer. `imitation`: what imitates Linux here.
pub fn layer(root: &Root, imitation: Option<&Imitation>) -> Layer {
    let release = root.release();
    let kind = root.line("/proc/sys/kernel/ostype").unwrap_or("Linux".into());
    let (name, confidence) = match (&release, imitation) {
        (Some(release), Some(other)) if other.kind == Kind::UserMode => {
            (format!("{} {release}", other.name), other.confidence)
        }
        (Some(release), Some(other)) => (format!("{}, imitates {kind} {release}", other.name), other.confidence),
        (None, Some(other)) => (format!("{}, imitates {kind}", other.name), other.confidence),
        (Some(release), None) => (format!("{kind} {release}"), Confidence::Certain),
        (None, None) => ("unknown kernel".into(), Confidence::Unknown),
    };
    let mut layer = Layer::new(LayerKind::Kernel, name, confidence);
    match root.quoted("/proc/sys/kernel/osrelease") {
        Some(line) => layer.evidence.push(line),
        None => layer.evidence.extend(root.fact("release").map(|release| super::root::quote("uname", release))),
    }
    layer.evidence.extend(root.quoted("/proc/version"));
    if let Some(other) = imitation {
        layer.evidence.extend(other.evidence.clone());
    }
    for (key, value) in parameters(root) {
        let equals = if value.is_empty() { "" } else { "=" };
        layer.evidence.push(super::root::quote("/proc/cmdline", &format!("{key}{equals}{value}")));
    }
    let flaws = Flaws::of(root, &mut layer.evidence);
    let translates = imitation.is_some_and(|other| other.kind != Kind::UserMode);
    let mut detail: Vec<String> = imitation.map(|other| other.is.to_owned()).into_iter().collect();
    if translates {
        detail.push("what the machine's own kernel is and does about the processor's flaws can't be seen".into());
    } else {
        detail.push(page_table_isolation(root));
        detail.extend(flaws.told());
    }
    layer.detail = detail.join(" · ");
    if release.is_none() {
        layer.evidence.push(root.missing("/proc/sys/kernel/osrelease"));
        layer.evidence.push("uname: its answer is not among what was captured".into());
        let subset = mounts::of(root).into_iter().find(|m| m.kind == "proc" && m.options.contains_key("subset"));
        layer
            .evidence
            .extend(subset.map(|m| format!("/proc/self/mountinfo: {} shows processes only (subset)", m.point)));
    }
    layer
}

/// What the kernel does about the processor's flaws, by name.
#[derive(Default)]
struct Flaws {
    mitigated: usize,
    vulnerable: Vec<String>,
    unknown: Vec<String>,
    retpolines: bool,
}

impl Flaws {
    fn of(root: &Root, evidence: &mut Vec<String>) -> Flaws {
        let mut out = Flaws::default();
        for name in root.names(VULNERABILITIES) {
            let path = format!("{VULNERABILITIES}/{name}");
            let Some(line) = root.line(&path) else { continue };
            let (state, parts) = judge(&line);
            // Of one that is open as a whole no part has to be named.
            let open = |name: &str| match &parts[..] {
                [] => name.to_owned(),
                parts => format!("{name} ({})", parts.join(", ")),
            };
            match state {
                State::NotAffected => continue,
                State::Vulnerable => out.vulnerable.push(open(name)),
                State::Mitigated => {
                    out.mitigated += 1;
                    if !parts.is_empty() {
                        out.vulnerable.push(open(name));
                    }
                }
                State::Unknown => out.unknown.push(name.clone()),
            }
            // Before Linux 5.17: "Full generic retpoline", "Minimal AMD ASM retpoline".
            out.retpolines |= name == "spectre_v2" && line.to_ascii_lowercase().contains("retpoline");
            evidence.push(super::root::quote(&path, &line));
        }
        out
    }

    fn told(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.retpolines {
            out.push("retpolines".into());
        }
        if self.mitigated > 0 {
            out.push(format!("{} mitigated", self.mitigated));
        }
        for (what, names) in [("vulnerable to", &self.vulnerable), ("unknown for", &self.unknown)] {
            if !names.is_empty() {
                out.push(format!("{what} {}", names.join(", ")));
            }
        }
        out
    }
}

/// What a line says of one flaw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    NotAffected,
    Mitigated,
    Vulnerable,
    Unknown,
}

/// The state that a line tells, and the parts that are open where not all of it is: `VMX`, `SMT`, `KVM`.
///
/// A line is a state, which may stand after the part that it is about, and more parts after semicolons and commas, each
/// with a state of its own: `KVM: Mitigation: Split huge pages`, `Mitigation: PTE Inversion; VMX: vulnerable`, `Vulnerable; SMT
/// vulnerable`, `Mitigation: Retpolines; STIBP: disabled; BHI: Vulnerable`.
fn judge(line: &str) -> (State, Vec<String>) {
    let mut segments = line.split([';', ',']).map(str::trim);
    let named = segments.next().unwrap_or_default();
    let first = named.to_ascii_lowercase();
    let begins =
        |word: &str| first.starts_with(word) || first.split_once(": ").is_some_and(|(_, rest)| rest.starts_with(word));
    let state = match () {
        _ if begins("not affected") => State::NotAffected,
        _ if begins("mitigation") => State::Mitigated,
        _ if begins("vulnerable") || begins("processor vulnerable") => State::Vulnerable,
        _ => State::Unknown,
    };
    let whose = |text: &str| text.split([':', ' ']).next().unwrap_or_default().to_owned();
    let mut parts = Vec::new();
    if state == State::Vulnerable && !first.starts_with("vulnerable") && !first.starts_with("processor") {
        parts.push(whose(named));
    }
    if state == State::Mitigated {
        let open = |segment: &&str| {
            let lower = segment.to_ascii_lowercase();
            lower.contains("vulnerable") && !lower.contains("not vulnerable")
        };
        parts.extend(segments.filter(open).map(whose));
    }
    (state, parts)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_in_which_kernels_say_how_a_flaw_is_met_is_understood() {
        use State::{Mitigated, NotAffected, Unknown, Vulnerable};
        for (line, state, parts) in [
            ("Not affected", NotAffected, &[][..]),
            ("Mitigation: PTI", Mitigated, &[]),
            ("Vulnerable", Vulnerable, &[]),
            ("Vulnerable: Clear CPU buffers attempted, no microcode; SMT vulnerable", Vulnerable, &[]),
            ("Processor vulnerable", Vulnerable, &[]),
            ("KVM: Vulnerable", Vulnerable, &["KVM"]),
            ("KVM: Mitigation: Split huge pages", Mitigated, &[]),
            ("KVM: Mitigation: VMX disabled", Mitigated, &[]),
            ("Mitigation: PTE Inversion; VMX: vulnerable", Mitigated, &["VMX"]),
            ("Mitigation: PTE Inversion; VMX: conditional cache flushes, SMT vulnerable", Mitigated, &["SMT"]),
            ("Mitigation: Clear CPU buffers; SMT Host state unknown", Mitigated, &[]),
            (
                "Mitigation: Retpolines; IBPB: conditional; PBRSB-eIBRS: Not affected; BHI: Vulnerable",
                Mitigated,
                &["BHI"],
            ),
            ("Mitigation: Full generic retpoline, IBPB: conditional, STIBP: disabled", Mitigated, &[]),
            ("Mitigation: Enhanced IBRS, IBPB: conditional, PBRSB-eIBRS: Vulnerable", Mitigated, &["PBRSB-eIBRS"]),
            ("Vulnerable, IBPB: disabled, STIBP: disabled", Vulnerable, &[]),
            ("Vulnerable: Safe RET, no microcode", Vulnerable, &[]),
            ("Mitigation: untrained return thunk; SMT vulnerable", Mitigated, &["SMT"]),
            ("Mitigation: RFI Flush, L1D private per thread", Mitigated, &[]),
            ("Mitigation: execute trampolines", Mitigated, &[]),
            ("KVM: Mitigation: VMX unsupported", Mitigated, &[]),
            ("Unknown: No mitigations", Unknown, &[]),
            ("Unknown: Dependent on hypervisor status", Unknown, &[]),
            ("Unknown (XEN PV detected, hypervisor mitigation required)", Unknown, &[]),
        ] {
            let (said, open) = judge(line);
            assert_eq!((said, &open.iter().map(String::as_str).collect::<Vec<_>>()[..]), (state, parts), "{line}");
        }
    }
}
