//! The devices the kernel drives, which tell a machine from an imitation.
//!
//! A virtual machine's devices are what its device model offers: virtio over PCI, MMIO or channel I/O, Hyper-V's VMBus,
//! Xen's front ends, or copies of old hardware. Real hardware has real vendors.
//!
//! Read: names under `/sys/bus/{virtio,vmbus,xen,pci,acpi}/devices`, their type numbers, `/sys/block`, `/sys/class/net`.
//! Left out: serial numbers and addresses; drivers; anything behind USB.
//! Where to read more: virtio 1.3, section 5 (device types); the PCI ID repository.

use super::{Confidence, Layer, LayerKind, Root, makers};

/// The folders that list what is counted.
const FOLDERS: [&str; 4] = ["/sys/bus/pci/devices", "/sys/bus/virtio/devices", "/sys/block", "/sys/class/net"];

/// virtio's device types, by number.
const VIRTIO: &[(u32, &str)] = &[
    (1, "net"),
    (2, "block"),
    (3, "console"),
    (4, "entropy"),
    (5, "balloon"),
    (7, "remote processor messages"),
    (8, "scsi"),
    (9, "9p"),
    (16, "gpu"),
    (18, "input"),
    (19, "vsock"),
    (20, "crypto"),
    (23, "iommu"),
    (24, "mem"),
    (25, "sound"),
    (26, "fs"),
    (27, "pmem"),
];

/// A number as sysfs writes it, `0x1af4`.
fn hex(root: &Root, path: &str) -> Option<u32> {
    u32::from_str_radix(root.line(path)?.strip_prefix("0x")?, 16).ok()
}

/// The virtio devices' types, in order.
pub fn virtio(root: &Root) -> Vec<String> {
    let folder = "/sys/bus/virtio/devices";
    root.names(folder)
        .iter()
        .map(|name| match hex(root, &format!("{folder}/{name}/device")) {
            Some(number) => {
                VIRTIO.iter().find(|(id, _)| *id == number).map_or(format!("type {number}"), |(_, name)| (*name).into())
            }
            None => "type unknown".into(),
        })
        .collect()
}

/// The PCI functions: vendor, device, class.
pub fn pci(root: &Root) -> Vec<(u32, u32, u32)> {
    let folder = "/sys/bus/pci/devices";
    root.names(folder)
        .iter()
        .filter_map(|name| {
            let number = |file| hex(root, &format!("{folder}/{name}/{file}"));
            Some((number("vendor")?, number("device")?, number("class")?))
        })
        .collect()
}

/// Devices that speak for a virtual machine.
pub struct Sign {
    /// What was read.
    pub evidence: String,
    /// Whether they are found in virtual machines only. virtio functions are not: cards with processors of their own show
    /// them to the machine that they are in, and processors beside a board's main one speak virtio.
    pub only_virtual: bool,
    /// The hypervisor that has them, where one alone has.
    pub maker: Option<&'static str>,
}

/// The buses and vendors that speak for a virtual machine.
pub fn signs(root: &Root) -> Vec<Sign> {
    let mut out = Vec::new();
    let mut sign = |evidence, only_virtual, maker| out.push(Sign { evidence, only_virtual, maker });
    let virtio = virtio(root);
    if !virtio.is_empty() {
        let over = if root.names("/sys/bus/pci/devices").is_empty() { ", no PCI bus" } else { "" };
        sign(format!("/sys/bus/virtio/devices: {}{over}", virtio.join(", ")), false, None);
    }
    for (bus, maker) in [("vmbus", "Hyper-V"), ("xen", "Xen")] {
        let count = root.names(&format!("/sys/bus/{bus}/devices")).len();
        if count > 0 {
            sign(format!("/sys/bus/{bus}/devices: {count}"), true, Some(maker));
        }
    }
    let functions = pci(root);
    for &(vendor, name, machines) in makers::PCI {
        let count = functions.iter().filter(|(id, ..)| *id == vendor).count();
        if count > 0 {
            sign(
                format!("/sys/bus/pci/devices: {count} of vendor {vendor:#06x}, {name}"),
                !machines,
                makers::of_pci(vendor),
            );
        }
    }
    out
}

/// The devices' layer.
pub fn layer(root: &Root) -> Layer {
    let disks: Vec<&str> = root
        .names("/sys/block")
        .iter()
        .map(String::as_str)
        .filter(|name| !["loop", "ram", "zram", "dm-", "nbd", "sr", "fd"].iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    let cards: Vec<&str> =
        root.names("/sys/class/net").iter().map(String::as_str).filter(|name| *name != "lo").collect();
    let mut evidence: Vec<String> = signs(root).into_iter().map(|sign| sign.evidence).collect();
    let pci = pci(root);
    if !pci.is_empty() {
        evidence.push(format!("/sys/bus/pci/devices: {} functions, {}", pci.len(), classes(&pci)));
    }
    for (place, names) in [("/sys/block", &disks), ("/sys/class/net", &cards)] {
        if !names.is_empty() {
            evidence.push(super::root::quote(place, &names.join(" ")));
        }
    }
    for node in [
        "/dev/mshv",
        "/dev/dxg",
        "/dev/dri/renderD128",
        "/dev/nvidia0",
        "/dev/sev-guest",
        "/dev/tdx_guest",
        "/dev/vhost-net",
    ] {
        if root.exists(node) {
            evidence.push(format!("{node}: there"));
        }
    }
    let name = match evidence.len() {
        0 => "no device seen".into(),
        _ => [counted(disks.len(), "disk"), counted(cards.len(), "network interface")].join(", "),
    };
    let cut: Vec<String> = FOLDERS.iter().filter_map(|folder| root.cut(folder)).collect();
    let confidence = match (evidence.is_empty(), cut.is_empty()) {
        (true, _) => Confidence::Unknown,
        (false, true) => Confidence::Certain,
        (false, false) => Confidence::Likely,
    };
    evidence.extend(cut);
    let mut layer = Layer::new(LayerKind::Devices, name, confidence);
    let virtio = virtio(root);
    layer.detail = if virtio.is_empty() { classes(&pci) } else { format!("virtio: {}", virtio.join(", ")) };
    layer.present = !evidence.is_empty();
    if evidence.is_empty() {
        evidence.extend(["/sys/bus/pci/devices", "/sys/block", "/sys/class/net"].map(|path| root.missing(path)));
    }
    layer.evidence = evidence;
    layer
}

fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// The functions by PCI base class, as `2 storage, 1 network`.
fn classes(pci: &[(u32, u32, u32)]) -> String {
    let names =
        [(1, "storage"), (2, "network"), (3, "display"), (0xc, "serial bus"), (6, "bridge"), (0x12, "accelerator")];
    let of = |class: u32| pci.iter().filter(|(.., c)| c >> 16 == class).count();
    let known: Vec<String> = names
        .iter()
        .filter(|(class, _)| of(*class) > 0)
        .map(|(class, name)| format!("{} {name}", of(*class)))
        .collect();
    known.join(", ")
}
