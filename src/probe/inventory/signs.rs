//! What a host shows of a hypervisor, collected; [`hypervisor`](super::hypervisor) judges it.
//!
//! By convention a hypervisor sets CPUID leaf 1, ECX bit 31, and signs ([`signatures`]). DMI, ACPI and devices say which
//! program models the machine: QEMU, Firecracker, … Other processors than x86 have no such bit; there, the machine's own
//! list ([`mainframe`]), its device tree, names and devices are all there is.
//!
//! What a machine without a hypervisor can have too is kept apart: virtio functions of a card with processors of its
//! own, a cloud's names, the folder of a driver.
//!
//! Xen's paravirtual guests execute CPUID on the processor, and see what lies below Xen. User Mode Linux is a program,
//! and sees what its host sees. One virtual machine may manage the machine itself: Xen's dom0, Hyper-V's root partition,
//! ACRN's service VM, Jailhouse's root cell.
//!
//! Left out: what an exit costs, which is measured.
//! Where to read more: Linux `arch/x86/kernel/cpu/hypervisor.c`, `drivers/firmware/qemu_fw_cfg.c`; Xen
//! `public/features.h`; Firecracker `docs/design.md`; SMBIOS 3.7, "BIOS Characteristics Extension Byte 2" (the bit of
//! virtual machines).

use super::imitation::{Imitation, Kind};
use super::makers::{self, imitates};
use super::root::quote;
use super::signatures::{self, UNKNOWN};
use super::{Confidence, Root, device_tree, devices, firmware, mainframe, processor};

/// The bit in Xen's features that only the first domain has, `XENFEAT_dom0`.
const XEN_DOM0: u32 = 1 << 11;

/// The hypervisor in the firmware of Oracle's SPARC machines.
pub const LOGICAL_DOMAINS: &str = "sun4v";

/// What each sign says.
#[derive(Clone, Debug)]
pub struct Signs {
    /// Leaf 1, ECX bit 31; `None` on a processor that has no such bit, or where it could not be read.
    pub bit: Option<bool>,
    /// The names that stand in hypervisor leaves, all of them.
    pub names: Vec<String>,
    /// Who signs, with documented imitation resolved; more than one is a contradiction.
    pub makers: Vec<String>,
    /// How sure that is.
    pub sure: Confidence,
    /// Whether Hyper-V's leaves are filled as Microsoft fills them, and the line that tells.
    pub filled_by_microsoft: Option<(bool, String)>,
    /// The maker DMI names.
    pub dmi: Option<&'static str>,
    /// The maker that DMI names by a cloud's name, which whole machines have too.
    pub cloud: Option<&'static str>,
    /// The maker whose devices are there. Others have copies of them too.
    pub by_devices: Option<&'static str>,
    /// The device model or the cloud, with how sure that is.
    pub model: Option<(&'static str, Confidence)>,
    /// The maker that the kernel, or the machine's own firmware, names.
    pub own: Option<String>,
    /// What `own` says is a conclusion, and nobody's word.
    pub unsure: bool,
    /// The hypervisor that the kernel keeps time by.
    pub clock: Option<&'static str>,
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

impl Signs {
    /// Nothing yet.
    fn none() -> Signs {
        Signs {
            bit: None,
            names: Vec::new(),
            makers: Vec::new(),
            sure: Confidence::Certain,
            filled_by_microsoft: None,
            dmi: None,
            cloud: None,
            by_devices: None,
            model: None,
            own: None,
            unsure: false,
            clock: None,
            listed: false,
            below: Vec::new(),
            privileged: None,
            devices: false,
            only_virtual: false,
            perhaps_virtual: false,
            a_machine: false,
            imitation: None,
            evidence: Vec::new(),
        }
    }
}

/// Collects what is said about a hypervisor.
pub fn of(root: &Root, imitation: Option<&Imitation>) -> Signs {
    let mut out = Signs { imitation: imitation.cloned(), ..Signs::none() };
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
        out.by_devices = out.by_devices.or(sign.maker);
    }
    // A virtual machine of Apple's is where that one translates.
    if root.fact("translator") == Some("Rosetta") {
        out.evidence.push("Rosetta translates programs for Linux in virtual machines of Apple's only".into());
        out.by_devices = Some("Apple Virtualization");
        out.only_virtual = true;
    }
    timed(&mut out);
    order(root, &mut out);
    if out.bit.is_none() && !out.listed {
        say_what_is_missing(root, &mut out);
    }
    out
}

/// Tells apart what CPUID says of the hypervisor here and of one below it.
fn order(root: &Root, out: &mut Signs) {
    // What a signature in no list names, and a bit without one, is something all the same.
    let signed: Vec<&str> = out.makers.iter().map(String::as_str).filter(|name| !name.starts_with(UNKNOWN)).collect();
    let lower = (!signed.is_empty()).then(|| signed.join(" or "));
    if out.imitation.as_ref().is_some_and(|other| other.kind == Kind::UserMode) {
        out.own = Some("User Mode Linux".into());
        let said = match (out.bit == Some(true) || !out.makers.is_empty(), &lower) {
            (true, Some(_)) => "it names what that program's host runs on",
            (true, None) => "something without a known name runs below that program's host",
            (false, _) => "nothing is seen below that program's host",
        };
        out.evidence.push(format!("CPUID is not answered by a kernel that is a program: {said}"));
        if out.bit == Some(true) || !out.makers.is_empty() {
            out.below = vec![lower.unwrap_or_else(|| NAMELESS.into())];
        }
        out.makers.clear();
        // What a user-mode kernel has of firmware and devices is its own.
        (out.dmi, out.cloud, out.model, out.by_devices) = (None, None, None, None);
        return;
    }
    // Whoever answers with Xen's name is no processor.
    if out.own.as_deref() != Some("Xen") || out.names.iter().chain(&out.makers).any(|name| name == "Xen") {
        return;
    }
    let guest = root.line("/sys/hypervisor/guest_type");
    let meltdown = root.line("/sys/devices/system/cpu/vulnerabilities/meltdown").unwrap_or_default();
    let paravirtual = guest.as_deref() == Some("PV") || meltdown.contains("XEN PV");
    // Guests with hardware's help see Xen's own leaves, perhaps after Hyper-V's.
    let must_be = guest.is_none() && lower.as_ref().is_some_and(|name| name != "Hyper-V");
    if (paravirtual || must_be) && !out.makers.is_empty() {
        out.makers.clear();
        out.evidence.push(format!(
            "Xen's paravirtual guests execute CPUID on the processor, so that it tells of what is below Xen: {}",
            lower.as_deref().unwrap_or("a hypervisor with an unknown signature")
        ));
        out.below = vec![lower.unwrap_or_else(|| NAMELESS.into())];
    }
}

/// A hypervisor that is there and has no name that is known.
const NAMELESS: &str = "an unknown hypervisor";

/// Weighs by whose clock the kernel keeps time, which it does where it found that one's interface.
fn timed(out: &mut Signs) {
    let Some(clock) = out.clock.filter(|clock| out.own.as_deref() != Some(clock)) else { return };
    match &out.makers[..] {
        [] => out.makers.push(clock.into()),
        [one] if one.starts_with(UNKNOWN) => out.makers = vec![clock.into()],
        all if all.iter().any(|one| one == clock || imitates(one, clock).is_some()) => {}
        [one] if imitates(clock, one).is_some() => {
            out.evidence.push(format!("the clock is {clock}'s, which may offer {one}'s interface"));
            (out.makers, out.sure) = (vec![clock.into()], Confidence::Likely);
        }
        _ => out.makers.push(clock.into()),
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
    let signed = signatures::of(cpuid, &mut out.evidence);
    out.names = signed.names;
    out.makers = signed.makers;
    out.sure = signed.sure;
    out.filled_by_microsoft = signatures::filled_by_microsoft(cpuid);
    out.privileged = signed.privileged;
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
    const FIELDS: [&str; 7] = [
        "sys_vendor",
        "product_name",
        "board_vendor",
        "board_name",
        "chassis_vendor",
        "bios_vendor",
        "product_version",
    ];
    for field in FIELDS {
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
    for (id, model) in
        [("QEMU", "QEMU"), ("FCVMGID", "Firecracker"), ("VMGENCTR", "Firecracker"), ("PRLS", ""), ("VMBUS", "")]
    {
        if has(id) {
            out.evidence.push(format!("/sys/bus/acpi/devices: {id}…"));
            out.model = out.model.or((!model.is_empty()).then_some((model, Confidence::Likely)));
            out.only_virtual = true;
        }
    }
    // The driver makes the folder wherever it is loaded; what is in it, only where it finds the device.
    let folder = "/sys/firmware/qemu_fw_cfg";
    let found = root.exists(&format!("{folder}/rev"));
    if found {
        out.only_virtual = true;
        out.evidence.push(format!("{folder}/rev: there"));
    } else if root.exists(folder) {
        out.evidence.push(format!("{folder}: there, as its driver makes it on any machine"));
    }
    if found || (root.exists(folder) && out.bit == Some(true)) {
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
    out.unsure |= out.own.is_none() && said.unsure;
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
    out.unsure = said.unsure;
    out.only_virtual |= said.interpreter.is_some();
    out.model = out.model.or(said.interpreter.map(|name| (name, Confidence::Certain)));
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
    let cell = "/sys/devices/jailhouse/enabled";
    if root.line(cell).as_deref() == Some("1") {
        out.evidence.push(format!("{cell}: 1; the machine's devices are divided from here"));
        out.own = Some("Jailhouse".into());
        out.privileged = Some("root cell");
    }
    // Oracle's processors start no kernel but on the hypervisor in their firmware.
    let sparc = root.fact("arch").is_some_and(|arch| arch.starts_with("sparc"));
    if let (true, Some("sun4v")) = (sparc, processor::cpuinfo(root, "type").as_deref()) {
        out.evidence.push("/proc/cpuinfo, type: sun4v, which is an interface of the machine's own hypervisor".into());
        out.own = Some(LOGICAL_DOMAINS.into());
    }
    let clock = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
    if let Some(line) = root.line(clock) {
        out.evidence.push(quote(clock, &line));
        for (source, maker) in [("kvm-clock", "KVM"), ("hyperv_clocksource", "Hyper-V"), ("xen", "Xen")] {
            if line.split_whitespace().any(|word| word.starts_with(source)) {
                out.clock = out.clock.or(Some(maker));
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
