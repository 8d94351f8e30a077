//! The hypervisor this kernel runs on, if any.
//!
//! By convention a hypervisor sets CPUID leaf 1, ECX bit 31, and signs leaf 0x40000000 with twelve letters. Some sign
//! with another's name so that guests find a familiar interface: KVM can imitate Hyper-V, VirtualBox can imitate KVM.
//! DMI, ACPI and the devices say which program models the machine: QEMU, Firecracker, … Other processors than x86 have
//! no such bit; there, names and devices are all there is.
//!
//! One virtual machine may manage the machine itself: Xen's dom0, Hyper-V's root partition. Firmware and devices are
//! the real ones to it, so what they say is about what lies below the hypervisor.
//!
//! So each sign votes for a maker, imitation known to be documented is not a contradiction, and the rest is shown as
//! conflict. Left out: a hypervisor that hides all of this; only the time that an exit takes gives it away.
//! Where to read more: Linux `arch/x86/kernel/cpu/hypervisor.c`; Microsoft TLFS, "Feature and Interface Discovery";
//! Linux `hv_identify_partition_type`; Xen `public/arch-x86/cpuid.h`, `public/features.h`; Firecracker `docs/design.md`.

use super::root::quote;
use super::{Confidence, Entry, Layer, LayerKind, Root, devices, firmware, processor};

/// The signatures, and whose they are.
const SIGNATURES: &[(&str, &str)] = &[
    ("KVMKVMKVM", "KVM"),
    ("Linux KVM Hv", "KVM"),
    ("Microsoft Hv", "Hyper-V"),
    ("VMwareVMware", "VMware"),
    ("XenVMMXenVMM", "Xen"),
    ("TCGTCGTCGTCG", "QEMU without an accelerator"),
    ("VBoxVBoxVBox", "VirtualBox"),
    ("bhyve bhyve", "bhyve"),
    ("prl hyperv", "Parallels"),
    (" lrpepyh vr", "Parallels"),
    ("ACRNACRNACRN", "ACRN"),
    (" QNXQVMBSQG", "QNX"),
    ("IntelTDX", "TDX module"),
    ("Jailhouse", "Jailhouse"),
    ("EVMMEVMMEVMM", "Intel KGT"),
    ("HAXMHAXMHAXM", "HAXM"),
    ("SRESRESRESRE", "LMHS"),
    ("OpenBSDVMM58", "OpenBSD vmm"),
];

/// What a DMI maker or product says: the text, the hypervisor (empty: any KVM-based one), the device model or cloud.
const DMI: &[(&str, &str, &str)] = &[
    ("QEMU", "", "QEMU"),
    ("VMware", "VMware", ""),
    ("VirtualBox", "VirtualBox", ""),
    ("innotek GmbH", "VirtualBox", ""),
    ("Xen", "Xen", ""),
    ("HVM domU", "Xen", ""),
    ("BHYVE", "bhyve", ""),
    ("Parallels", "Parallels", ""),
    ("Apple Virtualization", "Apple Virtualization", ""),
    ("Amazon EC2", "", "Amazon EC2"),
    ("Google Compute Engine", "KVM", "Google Compute Engine"),
    ("Cloud Hypervisor", "", "Cloud Hypervisor"),
    ("OpenStack", "", "OpenStack"),
    ("KubeVirt", "KVM", "KubeVirt"),
    ("RHEV", "KVM", "QEMU"),
    ("KVM", "KVM", "QEMU"),
    ("Bochs", "", "QEMU or Bochs"),
];

/// Hyper-V's privileges, in EBX of leaf 0x40000003: may create partitions, may manage processors, is isolated.
const CREATE_PARTITIONS: u32 = 1 << 0;
const CPU_MANAGEMENT: u32 = 1 << 12;
const ISOLATION: u32 = 1 << 22;

/// The bit in Xen's features that only the first domain has, `XENFEAT_dom0`.
const XEN_DOM0: u32 = 1 << 11;

/// How the name of a hypervisor with a signature not listed above begins.
const UNKNOWN: &str = "unknown hypervisor";

/// What each sign says.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    /// Leaf 1, ECX bit 31; `None` on a processor that has no such bit, or where it could not be read.
    pub bit: Option<bool>,
    /// The makers named in hypervisor leaves, own name first where one imitates another.
    pub leaves: Vec<String>,
    /// The maker DMI names.
    pub dmi: Option<&'static str>,
    /// The device model or the cloud, with how sure that is.
    pub model: Option<(&'static str, Confidence)>,
    /// The maker `/sys/hypervisor` names.
    pub sysfs: Option<String>,
    /// Runs above the hypervisor, but manages the machine: dom0 or a root partition.
    pub privileged: Option<&'static str>,
    /// Devices are there that only a hypervisor makes.
    pub devices: bool,
    /// All of it, quoted.
    pub evidence: Vec<String>,
}

/// Collects what is said about a hypervisor.
pub fn signs(root: &Root) -> Signs {
    let mut out = Signs::default();
    from_cpuid(root, &mut out);
    from_firmware(root, &mut out);
    from_kernel(root, &mut out);
    let devices = devices::signs(root);
    out.devices = devices.iter().any(|sign| sign.only_virtual);
    out.evidence.extend(devices.into_iter().map(|sign| sign.evidence));
    if out.bit.is_none() {
        say_what_is_missing(root, &mut out);
    }
    out
}

fn from_cpuid(root: &Root, out: &mut Signs) {
    let cpuid = root.cpuid();
    if !cpuid.is_empty() {
        let bit = cpuid.decoded().hypervisor_bit;
        out.bit = Some(bit);
        out.evidence.push(format!("CPUID 0x1 ECX bit 31, hypervisor: {}", u8::from(bit)));
    } else if processor::cpuinfo(root, "flags").is_some() {
        let bit = processor::has_flag(root, "hypervisor");
        out.bit = Some(bit);
        out.evidence.push(format!("/proc/cpuinfo, flags: {}hypervisor", if bit { "" } else { "no " }));
    }
    for (base, signature, max) in cpuid.hypervisors() {
        let maker = SIGNATURES.iter().find(|(text, _)| *text == signature).map(|(_, maker)| *maker);
        let said = maker.map(|maker| format!(", {maker}")).unwrap_or(", unknown to Strata".into());
        out.evidence.push(format!("CPUID {base:#x}: \"{signature}\"{said}, leaves to {max:#x}"));
        let name = maker.map_or_else(|| format!("{UNKNOWN} \"{signature}\""), str::to_owned);
        if !out.leaves.contains(&name) {
            out.leaves.push(name);
        }
    }
    let [first, ..] = &out.leaves[..] else { return };
    let leaf = |number| cpuid.get(number, 0);
    match (first.as_str(), out.leaves.len()) {
        ("Hyper-V", 1) => {
            if let Some([eax, ebx, ..]) = leaf(0x4000_0003) {
                let has = |bit: u32| u8::from(ebx & bit != 0);
                out.evidence.push(format!(
                    "CPUID 0x40000003: privileges {eax:#010x} {ebx:#010x}: create partitions {}, manage processors {}, \
                     isolated {}",
                    has(CREATE_PARTITIONS),
                    has(CPU_MANAGEMENT),
                    has(ISOLATION)
                ));
                // A guest that may only create partitions is no root: it divides what it was given.
                let root = CREATE_PARTITIONS | CPU_MANAGEMENT;
                out.privileged = (ebx & (root | ISOLATION) == root).then_some("root partition");
            }
        }
        ("KVM", _) => {
            let features = leaf(0x4000_0001).map(|[eax, ..]| format!("CPUID 0x40000001: KVM features {eax:#010x}"));
            out.evidence.extend(features);
        }
        _ => {}
    }
    if first == "Hyper-V" && out.leaves.len() > 1 {
        // The documented way to offer Hyper-V's interface: its name at 0x40000000, one's own at 0x40000100.
        out.evidence
            .push(format!("{} offers Hyper-V's interface first, under its own name at a later leaf", out.leaves[1]));
        out.leaves.swap(0, 1);
    }
}

/// What a DMI field says: the hypervisor and the device model or cloud, either of them empty.
fn named_in_dmi(root: &Root, text: &str) -> Option<(&'static str, &'static str)> {
    let vendor = || firmware::dmi(root, "sys_vendor").unwrap_or_default();
    match text {
        // Others call their products so too, with their own names before it.
        "Virtual Machine" => vendor().starts_with("Microsoft").then_some(("Hyper-V", "")),
        _ => DMI.iter().find(|(name, ..)| text.contains(name)).map(|&(_, maker, model)| (maker, model)),
    }
}

/// Whether this type of Amazon's instances has the whole machine: `m6g.metal`, `m7i.metal-24xl`.
fn is_metal(instance: &str) -> bool {
    instance.split_once('.').is_some_and(|(_, size)| size.starts_with("metal"))
}

fn from_firmware(root: &Root, out: &mut Signs) {
    // Amazon's metal instances carry the same names as the others, but for the product's. Where there is a bit, it
    // knows better.
    let amazon = firmware::dmi(root, "sys_vendor").is_some_and(|vendor| vendor.starts_with("Amazon EC2"));
    let instance = firmware::dmi(root, "product_name").filter(|_| amazon && out.bit != Some(true));
    let metal = instance.as_deref().is_some_and(is_metal);
    if let Some(instance) = &instance {
        let said =
            if metal { "an instance that is the whole machine" } else { "an instance that is not the whole machine" };
        out.evidence.push(format!("{}: {said}", quote("/sys/class/dmi/id/product_name", instance)));
    }
    for field in ["sys_vendor", "product_name", "board_vendor", "chassis_vendor", "bios_vendor", "product_version"] {
        let Some(text) = firmware::dmi(root, field) else { continue };
        let Some((maker, model)) = named_in_dmi(root, &text) else { continue };
        if model == "Amazon EC2" && metal {
            continue;
        }
        out.evidence.push(quote(&format!("/sys/class/dmi/id/{field}"), &text));
        out.dmi = out.dmi.or((!maker.is_empty()).then_some(maker));
        out.model = out.model.or((!model.is_empty()).then_some((model, Confidence::Certain)));
    }
    let oem = firmware::acpi_oem(root);
    let by_oem = [("FIRECK", "Firecracker"), ("BOCHS", "QEMU"), ("CLOUDH", "Cloud Hypervisor"), ("CROSVM", "crosvm")];
    if let Some((oem, model)) = oem.and_then(|oem| by_oem.into_iter().find(|(text, _)| oem.starts_with(text))) {
        out.evidence.push(format!("/sys/firmware/acpi/tables, OEM: {oem}, {model}'s"));
        out.model = out.model.or(Some((model, Confidence::Certain)));
    }
    let acpi = root.names("/sys/bus/acpi/devices");
    let has = |prefix: &str| acpi.iter().any(|name| name.starts_with(prefix));
    for (id, model) in [("QEMU", "QEMU"), ("VMGENCTR", "Firecracker"), ("PRLS", ""), ("VMBUS", "")] {
        if has(id) {
            out.evidence.push(format!("/sys/bus/acpi/devices: {id}…"));
            out.model = out.model.or((!model.is_empty()).then_some((model, Confidence::Likely)));
        }
    }
    if root.exists("/sys/firmware/qemu_fw_cfg") {
        out.evidence.push("/sys/firmware/qemu_fw_cfg: there".into());
        out.model = out.model.or(Some(("QEMU", Confidence::Likely)));
    }
    if devices::pci(root).iter().any(|&(vendor, device, _)| (vendor, device) == (0x8086, 0x0d57)) {
        out.evidence
            .push("/sys/bus/pci/devices: host bridge 8086:0d57, as Cloud Hypervisor and Firecracker have".into());
        out.model = out.model.or(Some(("Cloud Hypervisor or Firecracker", Confidence::Possible)));
    }
    // Firecracker without ACPI: virtio over MMIO announced on the command line, no PCI, no DMI.
    let mmio = super::kernel::parameters(root).iter().any(|(key, _)| key == "virtio_mmio.device");
    if mmio && root.names("/sys/bus/pci/devices").is_empty() && firmware::dmi(root, "sys_vendor").is_none() {
        out.evidence.push("/proc/cmdline: virtio_mmio.device; no PCI, no DMI: a minimal device model".into());
        out.model = out.model.or(Some(("Firecracker-like", Confidence::Likely)));
    }
}

fn from_kernel(root: &Root, out: &mut Signs) {
    let board = "/proc/device-tree/compatible";
    if let Some(line) = root.line(board).filter(|line| line.contains("linux,dummy-virt")) {
        out.evidence.push(format!("{}: a board that exists only in software", quote(board, &line)));
        out.model = out.model.or(Some(("QEMU's virt, or one like it", Confidence::Possible)));
    }
    let tree = "/proc/device-tree/hypervisor/compatible";
    if let Some(line) = root.line(tree) {
        out.evidence.push(quote(tree, &line));
        let named = [("xen", "Xen"), ("kvm", "KVM")].into_iter().find(|(text, _)| line.contains(text));
        out.sysfs = named.map(|(_, name)| name.to_owned());
    }
    if let Some(kind) = root.line("/sys/hypervisor/type") {
        out.evidence.push(quote("/sys/hypervisor/type", &kind));
        out.sysfs = Some(if kind == "xen" { "Xen".into() } else { kind });
    }
    for path in ["/sys/hypervisor/guest_type", "/proc/xen/capabilities"] {
        if let Some(line) = root.line(path) {
            out.evidence.push(quote(path, &line));
            if line.contains("control_d") {
                out.privileged = Some("dom0");
            }
        }
    }
    let features = "/sys/hypervisor/properties/features";
    if let Some(bits) = root.line(features).and_then(|line| u32::from_str_radix(&line, 16).ok()) {
        let dom0 = bits & XEN_DOM0 != 0;
        out.evidence.push(format!("{features}: {bits:08x}, dom0: {}", u8::from(dom0)));
        if dom0 {
            out.privileged = Some("dom0");
        }
    }
    let clock = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
    if let Some(line) = root.line(clock) {
        out.evidence.push(quote(clock, &line));
        for (source, maker) in [("kvm-clock", "KVM"), ("hyperv_clocksource", "Hyper-V"), ("xen", "Xen")] {
            if line.split_whitespace().any(|word| word.starts_with(source)) && out.leaves.is_empty() {
                out.leaves.push(maker.into());
            }
        }
    }
}

/// Without a bit that decides it: says so, and which of the places that could name a hypervisor are not there.
fn say_what_is_missing(root: &Root, out: &mut Signs) {
    let arch = root.fact("arch").unwrap_or("unknown");
    out.evidence.push(match arch.starts_with("x86") {
        true => format!("CPUID: not read; {}", root.missing("/proc/cpuinfo")),
        false => format!("{arch}: such a processor has no bit that tells of a hypervisor"),
    });
    let places = ["/sys/class/dmi/id/sys_vendor", "/sys/hypervisor/type", "/proc/device-tree/hypervisor/compatible"];
    let missing = places.into_iter().filter(|path| root.line(path).is_none());
    out.evidence.extend(missing.map(|path| root.missing(path)));
}

/// Without a bit and without a name: what else was seen.
fn unnamed(root: &Root, evidence: &mut Vec<String>) -> (String, Confidence, bool) {
    let device = matches!(root.get("/dev/kvm"), Some(Entry::Node { .. }));
    if device && root.fact("arch") == Some("aarch64") {
        evidence.push("/dev/kvm: there; KVM needs the exception level of hypervisors (EL2), which few pass on".into());
        return ("no hypervisor".into(), Confidence::Likely, false);
    }
    let looked = root.paths().any(|path| path.starts_with("/sys/") || path.starts_with("/proc/device-tree/"));
    match looked {
        true => ("no hypervisor seen".into(), Confidence::Possible, false),
        false => ("hypervisor or not: unknown".into(), Confidence::Unknown, false),
    }
}

/// The hypervisor's layer.
pub fn layer(root: &Root, signs: &Signs) -> Layer {
    let makers = makers(signs);
    let mut evidence = signs.evidence.clone();
    let paravirtual_only = signs.devices || signs.dmi.is_some() || signs.model.is_some();
    let (name, mut confidence, present) = match (&makers[..], signs.bit) {
        ([one], Some(true)) if one.starts_with(UNKNOWN) => (one.clone(), Confidence::Unknown, true),
        ([one], Some(true)) => (format!("{one} guest"), Confidence::Certain, true),
        ([one], None) => (format!("{one} guest"), Confidence::Likely, true),
        // Xen's paravirtual guests see the hardware's CPUID.
        ([one], Some(false)) if signs.sysfs.is_some() => (format!("{one} guest"), Confidence::Likely, true),
        ([one], Some(false)) => {
            evidence.push("the hypervisor bit is off, and yet something names a hypervisor".into());
            (format!("{one} guest"), Confidence::Conflict, true)
        }
        ([], Some(true)) => ("unknown hypervisor".into(), Confidence::Unknown, true),
        ([], None) if paravirtual_only => ("a virtual machine, hypervisor not named".into(), Confidence::Likely, true),
        ([], None) => unnamed(root, &mut evidence),
        ([], Some(false)) if paravirtual_only => {
            evidence.push("the hypervisor bit is off, and yet devices or tables are a virtual machine's".into());
            ("a virtual machine, hypervisor hidden".into(), Confidence::Conflict, true)
        }
        ([], Some(false)) => {
            evidence.push("a hypervisor that hides itself would look the same; what a CPUID costs would tell".into());
            ("no hypervisor".into(), Confidence::Likely, false)
        }
        (many, _) => (format!("{}: which is not clear", many.join(" or ")), Confidence::Conflict, true),
    };
    let mut layer = Layer::new(LayerKind::Hypervisor, name, confidence);
    if let Some(role) = signs.privileged {
        layer.name = format!("{} {role}", makers.first().map_or("Hypervisor", String::as_str));
        layer.detail = "manages the machine: firmware and devices are the machine's own".into();
    } else if let Some((model, sure)) = signs.model {
        layer.detail = match sure {
            Confidence::Certain => format!("device model: {model}"),
            _ => format!("device model: {model}, {}", sure.word()),
        };
    }
    if layer.detail.is_empty() && signs.devices && present {
        layer.detail = "with paravirtual devices".into();
    }
    if root.fact("system") != Some("linux") && confidence == Confidence::Likely {
        confidence = Confidence::Possible;
        layer.confidence = confidence;
    }
    layer.present = present;
    layer.evidence = evidence;
    layer
}

/// The hypervisors named, with documented imitation resolved; more than one is a contradiction.
fn makers(signs: &Signs) -> Vec<String> {
    let mut out: Vec<String> = signs.leaves.first().cloned().into_iter().collect();
    let dmi = signs.dmi.filter(|_| signs.privileged.is_none());
    for named in [signs.sysfs.as_deref(), dmi].into_iter().flatten() {
        if out.iter().any(|maker| maker == named) {
            continue;
        }
        match (out.first().map(String::as_str), named) {
            // VirtualBox's paravirtualization provider signs as KVM or Hyper-V; Parallels can sign as Hyper-V.
            (Some("KVM" | "Hyper-V"), "VirtualBox") | (Some("Hyper-V"), "Parallels") => out = vec![named.into()],
            // Google and libvirt name KVM in DMI whatever interface the guest is offered.
            (Some("Hyper-V"), "KVM") => out = vec![named.into()],
            // Xen offering Hyper-V's interface, without a leaf of its own captured.
            (Some("Hyper-V"), "Xen") => out = vec![named.into()],
            // `KVM` in a product name of a machine run by QEMU's own emulation.
            (Some("QEMU without an accelerator"), "KVM") => {}
            _ => out.push(named.into()),
        }
    }
    out
}
