//! The hypervisor this kernel runs on, if any.
//!
//! By convention a hypervisor sets CPUID leaf 1, ECX bit 31, and signs leaf 0x40000000 with twelve letters. Some sign
//! with another's name so that guests find a familiar interface ([`makers`]). DMI, ACPI and the devices say which
//! program models the machine: QEMU, Firecracker, … Other processors than x86 have no such bit; there, the machine's
//! own list ([`mainframe`]), its device tree, names and devices are all there is.
//!
//! What a machine without a hypervisor can have too is no proof: virtio functions of a card with processors of its own,
//! a cloud's names on an instance that is the whole machine. Where the bit is off, only what virtual machines alone have
//! contradicts it.
//!
//! Xen's paravirtual guests execute CPUID on the processor, and see what lies below Xen. User Mode Linux is a program,
//! and sees what its host sees. One virtual machine may manage the machine itself: Xen's dom0, Hyper-V's root partition.
//! Firmware and devices are the real ones to it, so what they say is about what lies below the hypervisor.
//!
//! So each sign votes for a maker, imitation known to be documented is not a contradiction, and the rest is shown as
//! conflict. Left out: a hypervisor that hides all of this; only the time that an exit takes gives it away.
//! Where to read more: Linux `arch/x86/kernel/cpu/hypervisor.c`; Microsoft TLFS, "Feature and Interface Discovery";
//! Linux `hv_identify_partition_type`; Xen `public/arch-x86/cpuid.h`, `public/features.h`; Firecracker `docs/design.md`;
//! SMBIOS 3.7, "BIOS Characteristics Extension Byte 2" (the bit of virtual machines).

use super::imitation::{Imitation, Kind};
use super::makers::{self, imitates};
use super::root::quote;
use super::{Confidence, Entry, Layer, LayerKind, Root, device_tree, devices, firmware, mainframe, processor};

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
    /// The maker that DMI names by a cloud's name, which whole machines have too.
    pub cloud: Option<&'static str>,
    /// The device model or the cloud, with how sure that is.
    pub model: Option<(&'static str, Confidence)>,
    /// The maker that the kernel, or the machine's own firmware, names.
    pub own: Option<String>,
    /// The machine itself lists what is below, so that nothing is left to weigh.
    pub listed: bool,
    /// The hypervisors below the one this kernel runs on, the nearest first, where something names them.
    pub below: Vec<String>,
    /// Runs above the hypervisor, but manages the machine: dom0 or a root partition.
    pub privileged: Option<&'static str>,
    /// Devices are there that virtual machines have.
    pub devices: bool,
    /// Something is there that only a virtual machine has: a device, a table, a name.
    pub only_virtual: bool,
    /// Something is there that virtual machines have, and machines without a hypervisor may.
    pub perhaps_virtual: bool,
    /// A machine's own name, and devices of its own: not made up, as far as known.
    pub a_machine: bool,
    /// What imitates Linux here.
    pub imitation: Option<Imitation>,
    /// All of it, quoted.
    pub evidence: Vec<String>,
}

/// Collects what is said about a hypervisor.
pub fn signs(root: &Root, imitation: Option<&Imitation>) -> Signs {
    let mut out = Signs { imitation: imitation.cloned(), ..Signs::default() };
    from_cpuid(root, &mut out);
    from_firmware(root, &mut out);
    from_kernel(root, &mut out);
    from_device_tree(root, &mut out);
    from_mainframe(root, &mut out);
    for sign in devices::signs(root) {
        out.only_virtual |= sign.only_virtual;
        out.perhaps_virtual |= !sign.only_virtual;
        out.devices = true;
        out.evidence.push(sign.evidence);
    }
    order(root, &mut out);
    if out.bit.is_none() && !out.listed {
        say_what_is_missing(root, &mut out);
    }
    out
}

/// Tells apart what CPUID says of the hypervisor here and of one below it.
fn order(root: &Root, out: &mut Signs) {
    let lower: Vec<String> = out.leaves.iter().filter(|name| !name.starts_with(UNKNOWN)).cloned().collect();
    if out.imitation.as_ref().is_some_and(|other| other.kind == Kind::UserMode) {
        out.own = Some("User Mode Linux".into());
        out.leaves.clear();
        out.below = lower;
        // What a user-mode kernel has of firmware and devices is its own.
        (out.dmi, out.cloud, out.model) = (None, None, None);
        let said = match (out.bit, out.below.is_empty()) {
            (Some(true), false) => "it names what that program's host runs on",
            (Some(true), true) => "something runs below that program's host",
            _ => "nothing is seen below that program's host",
        };
        out.evidence.push(format!("CPUID is not answered by a kernel that is a program: {said}"));
        return;
    }
    if out.own.as_deref() != Some("Xen") || out.leaves.iter().any(|name| name == "Xen") {
        return;
    }
    let guest = root.line("/sys/hypervisor/guest_type");
    let meltdown = root.line("/sys/devices/system/cpu/vulnerabilities/meltdown").unwrap_or_default();
    let paravirtual = guest.as_deref() == Some("PV") || meltdown.contains("XEN PV");
    // Guests with hardware's help see Xen's own leaves, perhaps after Hyper-V's.
    let must_be = guest.is_none() && lower.iter().any(|name| name != "Hyper-V");
    if (paravirtual || must_be) && !out.leaves.is_empty() {
        out.leaves.clear();
        out.evidence.push(format!(
            "Xen's paravirtual guests execute CPUID on the processor, so that it tells of what is below Xen: {}",
            if lower.is_empty() { "a hypervisor with an unknown signature".into() } else { lower.join(", ") }
        ));
        out.below = if lower.is_empty() { vec!["an unknown hypervisor".into()] } else { lower };
    }
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
        let maker = makers::of_signature(&signature);
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

/// What a DMI field says.
fn named_in_dmi(root: &Root, text: &str) -> Option<makers::Named> {
    let vendor = || firmware::dmi(root, "sys_vendor").unwrap_or_default();
    match text {
        // Others call their products so too, with their own names before it.
        "Virtual Machine" => vendor().starts_with("Microsoft").then_some(makers::Named {
            text: "Virtual Machine",
            maker: "Hyper-V",
            model: "",
            machines: false,
        }),
        _ => makers::of_dmi(text).copied(),
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
    out.a_machine |= metal;
    if let Some(instance) = &instance {
        let said =
            if metal { "an instance that is the whole machine" } else { "an instance that is not the whole machine" };
        out.evidence.push(format!("{}: {said}", quote("/sys/class/dmi/id/product_name", instance)));
    }
    for field in ["sys_vendor", "product_name", "board_vendor", "chassis_vendor", "bios_vendor", "product_version"] {
        let Some(text) = firmware::dmi(root, field) else { continue };
        let Some(named) = named_in_dmi(root, &text) else { continue };
        let of_amazon = named.model == "Amazon EC2";
        if of_amazon && metal {
            continue;
        }
        out.evidence.push(quote(&format!("/sys/class/dmi/id/{field}"), &text));
        let maker = Some(named.maker).filter(|maker| !maker.is_empty());
        // A type of instance tells more than the cloud's name.
        if named.machines && !(of_amazon && instance.is_some()) {
            out.cloud = out.cloud.or(maker);
            out.perhaps_virtual = true;
        } else {
            out.dmi = out.dmi.or(maker);
            out.only_virtual = true;
        }
        out.model = out.model.or((!named.model.is_empty()).then_some((named.model, Confidence::Certain)));
    }
    match firmware::virtual_bit(root) {
        Some(true) => {
            out.evidence.push(format!("{}: SMBIOS says that this is a virtual machine", firmware::SMBIOS));
            out.only_virtual = true;
        }
        Some(false) if out.perhaps_virtual => {
            out.evidence.push(format!("{}: SMBIOS does not say that this is a virtual machine", firmware::SMBIOS));
        }
        _ => {}
    }
    let oem = firmware::acpi_oem(root);
    let by_oem = [("FIRECK", "Firecracker"), ("BOCHS", "QEMU"), ("CLOUDH", "Cloud Hypervisor"), ("CROSVM", "crosvm")];
    if let Some((oem, model)) = oem.and_then(|oem| by_oem.into_iter().find(|(text, _)| oem.starts_with(text))) {
        out.evidence.push(format!("/sys/firmware/acpi/tables, OEM: {oem}, {model}'s"));
        out.model = out.model.or(Some((model, Confidence::Certain)));
        out.only_virtual = true;
    }
    let acpi = root.names("/sys/bus/acpi/devices");
    let has = |prefix: &str| acpi.iter().any(|name| name.starts_with(prefix));
    for (id, model) in [("QEMU", "QEMU"), ("VMGENCTR", "Firecracker"), ("PRLS", ""), ("VMBUS", "")] {
        if has(id) {
            out.evidence.push(format!("/sys/bus/acpi/devices: {id}…"));
            out.model = out.model.or((!model.is_empty()).then_some((model, Confidence::Likely)));
            out.only_virtual = true;
        }
    }
    if root.exists("/sys/firmware/qemu_fw_cfg") {
        out.only_virtual = true;
        out.evidence.push("/sys/firmware/qemu_fw_cfg: there".into());
        out.model = out.model.or(Some(("QEMU", Confidence::Likely)));
    }
    if devices::pci(root).iter().any(|&(vendor, device, _)| (vendor, device) == (0x8086, 0x0d57)) {
        out.evidence
            .push("/sys/bus/pci/devices: host bridge 8086:0d57, as Cloud Hypervisor and Firecracker have".into());
        out.only_virtual = true;
        out.model = out.model.or(Some(("Cloud Hypervisor or Firecracker", Confidence::Possible)));
    }
    // Firecracker without ACPI: virtio over MMIO announced on the command line, no PCI, no DMI.
    let mmio = super::kernel::parameters(root).iter().any(|(key, _)| key == "virtio_mmio.device");
    if mmio && root.names("/sys/bus/pci/devices").is_empty() && firmware::dmi(root, "sys_vendor").is_none() {
        out.evidence.push("/proc/cmdline: virtio_mmio.device; no PCI, no DMI: a minimal device model".into());
        out.only_virtual = true;
        out.model = out.model.or(Some(("Firecracker-like", Confidence::Likely)));
    }
}

/// The device tree's node of a hypervisor, and the machine that it describes.
fn from_device_tree(root: &Root, out: &mut Signs) {
    let said = device_tree::said(root);
    out.evidence.extend(said.evidence);
    out.own = out.own.take().or(said.maker);
    out.only_virtual |= said.model.is_some();
    out.model = out.model.or(said.model);
    out.listed |= said.bare && said.model.is_none();
    if let Some(board) = &said.board {
        out.evidence.push(format!("{}: no made-up machine that Strata knows", quote("/proc/device-tree", board)));
    }
    let real = |field| firmware::dmi(root, field).is_some_and(|text| named_in_dmi(root, &text).is_none());
    let made_up = |vendor: u32| makers::PCI.iter().any(|(id, ..)| *id == vendor);
    let cards = devices::pci(root).iter().any(|&(vendor, _, class)| matches!(class >> 16, 1 | 2) && !made_up(vendor));
    out.a_machine |= (real("sys_vendor") && cards) || said.board.is_some();
}

/// The list of layers that a mainframe has.
fn from_mainframe(root: &Root, out: &mut Signs) {
    let Some(said) = mainframe::said(root) else { return };
    out.listed = true;
    out.evidence.extend(said.evidence);
    let mut names = said.hypervisors.into_iter();
    out.own = names.next();
    out.below = said.versions.into_iter().skip(1).collect();
}

fn from_kernel(root: &Root, out: &mut Signs) {
    if let Some(kind) = root.line("/sys/hypervisor/type") {
        out.evidence.push(quote("/sys/hypervisor/type", &kind));
        out.own = Some(if kind == "xen" { "Xen".into() } else { kind });
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
fn unnamed(root: &Root, signs: &Signs, evidence: &mut Vec<String>) -> (String, Confidence, bool) {
    if signs.listed {
        return ("no hypervisor".into(), Confidence::Certain, false);
    }
    let device = matches!(root.get("/dev/kvm"), Some(Entry::Node { .. }));
    if device && root.fact("arch") == Some("aarch64") {
        evidence.push("/dev/kvm: there; KVM needs the exception level of hypervisors (EL2), which few pass on".into());
        return ("no hypervisor".into(), Confidence::Likely, false);
    }
    if signs.perhaps_virtual && !signs.a_machine {
        let confidence = if signs.devices { Confidence::Likely } else { Confidence::Possible };
        return ("a virtual machine, hypervisor not named".into(), confidence, true);
    }
    if signs.perhaps_virtual {
        evidence.push(BARE_TOO.into());
    }
    let looked = root.paths().any(|path| path.starts_with("/sys/") || path.starts_with("/proc/device-tree/"));
    match looked {
        true => ("no hypervisor seen".into(), Confidence::Possible, false),
        false => ("hypervisor or not: unknown".into(), Confidence::Unknown, false),
    }
}

/// How the evidence begins where the processor says that no hypervisor is there.
pub const BIT_IS_OFF: &str = "the hypervisor bit is off";

/// Why virtio functions and a cloud's names decide nothing.
const BARE_TOO: &str = "virtio functions, a cloud's cards and a cloud's names are in machines without a hypervisor too, \
                        where a card has processors of its own";

/// The hypervisor's layer.
pub fn layer(root: &Root, signs: &Signs) -> Layer {
    let (makers, unsure) = makers(signs);
    let mut evidence = signs.evidence.clone();
    let owned = signs.own.is_some();
    let (name, mut confidence, present) = match (&makers[..], signs.bit) {
        ([one], _) if signs.imitation.is_some() && signs.own.as_ref() == Some(one) => {
            (one.clone(), Confidence::Certain, true)
        }
        ([one], _) if signs.listed && one == mainframe::PARTITION => {
            ("a logical partition of PR/SM".into(), Confidence::Certain, true)
        }
        ([one], _) if signs.listed && owned => (format!("{one} guest"), Confidence::Certain, true),
        ([one], Some(true)) if one.starts_with(UNKNOWN) => (one.clone(), Confidence::Unknown, true),
        ([one], Some(true)) if unsure => (format!("{one} guest"), Confidence::Likely, true),
        ([one], Some(true)) => (format!("{one} guest"), Confidence::Certain, true),
        ([one], None) if owned && one == "PowerVM" => ("PowerVM partition".into(), Confidence::Certain, true),
        ([one], None) if owned => (format!("{one} guest"), Confidence::Certain, true),
        ([_], None) if signs.cloud.is_some() && !signs.only_virtual && root.exists("/dev/kvm") => {
            unnamed(root, signs, &mut evidence)
        }
        // A cloud rents whole machines under the same name.
        ([one], None) if signs.cloud.is_some() && !signs.only_virtual && !signs.devices => {
            evidence.push(BARE_TOO.into());
            (format!("{one} guest"), Confidence::Possible, true)
        }
        ([one], None) => (format!("{one} guest"), Confidence::Likely, true),
        // Xen's paravirtual guests see the hardware's CPUID.
        ([one], Some(false)) if owned => (format!("{one} guest"), Confidence::Likely, true),
        ([one], Some(false)) => {
            evidence.push(format!("{BIT_IS_OFF}, and yet something names a hypervisor"));
            (format!("{one} guest"), Confidence::Conflict, true)
        }
        ([], Some(true)) => ("unknown hypervisor".into(), Confidence::Unknown, true),
        ([], None) if signs.only_virtual => {
            ("a virtual machine, hypervisor not named".into(), Confidence::Likely, true)
        }
        ([], None) => unnamed(root, signs, &mut evidence),
        ([], Some(false)) if signs.only_virtual => {
            evidence.push(format!("{BIT_IS_OFF}, and yet devices or tables are a virtual machine's"));
            ("a virtual machine, hypervisor hidden".into(), Confidence::Conflict, true)
        }
        ([], Some(false)) => {
            if signs.perhaps_virtual {
                evidence.push(format!("{BIT_IS_OFF}; {BARE_TOO}"));
            }
            evidence.push("a hypervisor that hides itself would look the same; what a CPUID costs would tell".into());
            ("no hypervisor".into(), Confidence::Likely, false)
        }
        (many, _) => (format!("{}: which is not clear", many.join(" or ")), Confidence::Conflict, true),
    };
    let mut layer = Layer::new(LayerKind::Hypervisor, name, confidence);
    layer.present = present;
    layer.detail = detail(signs, &makers, present);
    if let Some(role) = signs.privileged {
        layer.name = format!("{} {role}", makers.first().map_or("Hypervisor", String::as_str));
    }
    if root.fact("system") != Some("linux") && confidence == Confidence::Likely {
        confidence = Confidence::Possible;
        layer.confidence = confidence;
    }
    layer.evidence = evidence;
    layer
}

/// One line more: what it is to the machine, or who models it.
fn detail(signs: &Signs, makers: &[String], present: bool) -> String {
    if signs.privileged.is_some() {
        return "manages the machine: firmware and devices are the machine's own".into();
    }
    if signs.imitation.as_ref().is_some_and(|other| other.kind == Kind::UserMode) {
        return "a kernel that is a program; no hardware virtualization".into();
    }
    if makers.first().is_some_and(|maker| maker == mainframe::PARTITION) {
        return "a hypervisor in the machine's firmware, which divides all such machines".into();
    }
    match (signs.model, present) {
        (Some((model, _)), false) if signs.perhaps_virtual => format!("a whole machine, as far as seen; named {model}"),
        (Some((model, Confidence::Certain)), _) => format!("device model: {model}"),
        (Some((model, sure)), _) => format!("device model: {model}, {}", sure.word()),
        (None, true) if signs.devices => "with paravirtual devices".into(),
        (None, _) => String::new(),
    }
}

/// The hypervisors named, with documented imitation resolved, and whether that is less than sure; more than one is a
/// contradiction.
fn makers(signs: &Signs) -> (Vec<String>, bool) {
    let mut out: Vec<String> = signs.leaves.first().cloned().into_iter().collect();
    let mut unsure = false;
    if let Some(own) = signs.own.as_ref().filter(|_| signs.listed || signs.imitation.is_some()) {
        return (vec![own.clone()], false);
    }
    // A cloud's name counts for nothing where the processor says that no hypervisor is there.
    let cloud = signs.cloud.filter(|_| signs.bit != Some(false));
    let dmi = signs.dmi.or(cloud).filter(|_| signs.privileged.is_none());
    for named in [signs.own.as_deref(), dmi].into_iter().flatten() {
        if out.iter().any(|maker| maker == named) {
            continue;
        }
        match out.first().map(String::as_str) {
            // A signature that is in no list contradicts no name.
            Some(first) if first.starts_with(UNKNOWN) => (out, unsure) = (vec![named.into()], true),
            Some(first) if imitates(named, first) => out = vec![named.into()],
            // `KVM` in a product name of a machine run by QEMU's own emulation.
            Some("QEMU without an accelerator") if named == "KVM" => {}
            _ => out.push(named.into()),
        }
    }
    (out, unsure)
}
