//! `/dev/kvm`: whether virtual machines can be made here, and what would change that.
//!
//! Three things have to hold: the processor offers VT-x or AMD-V (or a module does without), the kernel has KVM, and
//! this process may open the device. Permission is asked of the kernel with access(2); the device is not opened.
//!
//! Left out: whether a guest then runs on the hardware or is interpreted, which only running one shows.
//! Where to read more: Linux `Documentation/virt/kvm/api.rst`.

use super::processor::{self, Virtualization};
use super::{Confidence, Entry, Layer, LayerKind, Root};

/// The modules whose presence and parameters are read.
pub const MODULES: &[(&str, &[&str])] = &[
    ("kvm", &[]),
    ("kvm_intel", &["nested", "ept", "vpid", "enable_shadow_vmcs"]),
    ("kvm_amd", &["nested", "npt", "avic"]),
    ("kvm_pvm", &["pvm_native"]),
];

/// What is below this kernel.
#[derive(Clone, Copy, Debug)]
pub struct Below<'a> {
    /// Whether that is a hypervisor.
    pub guest: bool,
    /// Whether that is certain.
    pub certain: bool,
    /// What this is to it, if that manages the machine.
    pub privileged: Option<&'a str>,
    /// What imitates Linux here: such a kernel has no KVM.
    pub imitation: Option<&'a str>,
}

/// The layer of `/dev/kvm`.
pub fn layer(root: &Root, below: Below) -> Layer {
    let Below { guest, privileged, .. } = below;
    let mut evidence = evidence(root);
    let virtualization = processor::virtualization(root);
    let technique = processor::technique(root);
    let software = root.exists("/sys/module/kvm_pvm");
    let arm = root.fact("arch") == Some("aarch64");
    let mut layer = Layer::new(LayerKind::KvmDevice, "", Confidence::Certain);
    match root.entries.get("/dev/kvm") {
        Some(Entry::Node { refused, .. }) if refused.is_empty() => {
            layer.name = "/dev/kvm can be opened".into();
            layer.detail = match (virtualization, software) {
                (Virtualization::Present, _) if guest && below.certain => {
                    format!("{technique} is offered here, inside a guest: guests made here are nested")
                }
                (Virtualization::Present, _) if guest => {
                    format!("guests can run on {technique}; if a hypervisor is below, they are nested")
                }
                (Virtualization::Present, _) => format!("guests can run on {technique}"),
                (_, true) => format!("no {technique} here: guests run in software, by kvm_pvm or interpreted"),
                // On ARM the device is there only where the kernel has the exception level that KVM needs.
                (Virtualization::Unknown, _) if arm => {
                    "guests can run on the processor's own virtualization (EL2)".into()
                }
                (Virtualization::Unknown, _) => "what the processor offers to guests cannot be read".into(),
                _ => {
                    layer.confidence = Confidence::Conflict;
                    format!("the device is there without {technique}")
                }
            };
        }
        Some(Entry::Node { refused, mode, .. }) => {
            layer.name = "/dev/kvm can't be opened".into();
            layer.detail = match mode & 0o060 {
                0 => format!(
                    "{refused}; its group has no access either: an administrator could grant it (mode 0660, group kvm)"
                ),
                _ => format!("{refused}; membership in its group, usually kvm, would give it"),
            };
        }
        Some(Entry::Refused(why)) => {
            layer.name = "/dev/kvm unknown".into();
            layer.detail = why.clone();
            layer.confidence = Confidence::Unknown;
        }
        other => {
            layer.present = false;
            layer.name = "no /dev/kvm".into();
            layer.detail = match (virtualization, other.is_some()) {
                _ if below.imitation.is_some() => {
                    format!("{} has no KVM", below.imitation.unwrap_or_default())
                }
                _ if privileged.is_some() && other.is_none() => {
                    "the hypervisor below keeps the hardware's help to itself: guests are made through it".into()
                }
                (_, true) => "what is there is not a device".into(),
                (Virtualization::Present, _) if root.exists("/sys/module/kvm") => {
                    "the kernel has KVM: whoever made this container or machine would have to pass the device in".into()
                }
                (Virtualization::Present, _) if !root.exists("/sys/module") => {
                    "whether the kernel has KVM cannot be seen, as /sys/module is hidden".into()
                }
                (Virtualization::Present, _) => {
                    let module = match technique {
                        "VT-x" => "kvm_intel",
                        "AMD-V" => "kvm_amd",
                        _ => "kvm",
                    };
                    format!("the kernel module is missing: loading {module} would give it")
                }
                (Virtualization::SwitchedOff, _) => format!("switching {technique} on in the firmware would give it"),
                (Virtualization::Masked, _) => {
                    "nested virtualization, switched on in the hypervisor below, would give it".into()
                }
                (Virtualization::Absent, _) => format!("this processor has no {technique}"),
                (Virtualization::Unknown, _) if arm && guest => {
                    "nested virtualization (EL2 for guests), if the hypervisor below has it, would give it".into()
                }
                (Virtualization::Unknown, _) if arm => "the kernel has no KVM, or was not started at EL2".into(),
                (Virtualization::Unknown, _) => "why is unknown".into(),
            };
        }
    }
    if evidence.is_empty() {
        evidence.push("/dev/kvm: not there".into());
    }
    layer.evidence = evidence;
    layer
}

fn evidence(root: &Root) -> Vec<String> {
    let mut out = Vec::new();
    match root.entries.get("/dev/kvm") {
        Some(Entry::Node { device, mode, refused }) => {
            let access = if refused.is_empty() { "read and write allowed" } else { refused };
            out.push(format!("/dev/kvm: {device}, mode {mode:04o}, access: {access}"));
        }
        Some(Entry::Refused(why)) => out.push(format!("/dev/kvm: {why}")),
        _ => out.push("/dev/kvm: not there".into()),
    }
    for (module, parameters) in MODULES {
        let folder = format!("/sys/module/{module}");
        if root.exists(&folder) {
            out.push(format!("{folder}: there"));
        }
        out.extend(parameters.iter().filter_map(|name| root.quoted(&format!("{folder}/parameters/{name}"))));
    }
    out
}
