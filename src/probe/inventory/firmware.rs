//! Firmware: what started this machine, or what imitates it.
//!
//! Real firmware leaves SMBIOS tables (`/sys/class/dmi`), ACPI tables with the maker's name in each header, and, on EFI,
//! its run-time services. Hypervisors leave the same tables with their own names in them, or, the small ones, none.
//!
//! Read: makers, products and versions from DMI; the OEM name in ACPI headers where readable (root only);
//! ACPI device names; whether EFI, a device tree or QEMU's fw_cfg is there; the device tree's model. Left out: all serial numbers and UUIDs.
//! Where to read more: SMBIOS 3.7; ACPI 6.5, section 5.2.6; Linux `Documentation/ABI/testing/sysfs-class-dmi`.

use super::root::quote;
use super::{Confidence, Entry, Layer, LayerKind, Root};

/// The DMI fields that carry no serial number.
pub const DMI: &[&str] = &[
    "sys_vendor",
    "product_name",
    "product_version",
    "board_vendor",
    "board_name",
    "chassis_vendor",
    "chassis_type",
    "bios_vendor",
    "bios_version",
    "bios_date",
];

/// A DMI field.
pub fn dmi(root: &Root, field: &str) -> Option<String> {
    root.line(&format!("/sys/class/dmi/id/{field}"))
}

/// The six letters that name the maker in an ACPI table's header (bytes 10 to 15), where readable.
pub fn acpi_oem(root: &Root) -> Option<String> {
    ["DSDT", "FACP"].iter().find_map(|table| {
        let header = root.bytes(&format!("/sys/firmware/acpi/tables/{table}"))?.get(10..16)?;
        let text: String = header.iter().filter(|b| b.is_ascii_graphic()).map(|&b| char::from(b)).collect();
        (!text.is_empty()).then_some(text)
    })
}

/// The first 20 bytes of SMBIOS' structure on the BIOS: up to the second byte of extended characteristics.
pub const SMBIOS: &str = "/sys/firmware/dmi/entries/0-0/raw";

/// How many of them are read.
#[cfg(target_os = "linux")]
pub const SMBIOS_LENGTH: usize = 20;

/// Whether SMBIOS says that this is a virtual machine (bit 4 of the second extension byte), where readable: by root.
pub fn virtual_bit(root: &Root) -> Option<bool> {
    let bytes = root.bytes(SMBIOS)?;
    // Byte 1 is the structure's length: older ones end before that byte.
    let whole = bytes.len() >= 20 && bytes[1] >= 20;
    whole.then(|| bytes[19] & (1 << 4) != 0)
}

/// How its name begins where a hypervisor is below, so that it is an imitation.
pub const VIRTUAL: &str = "virtual ";

/// The firmware's layer. `below`: how sure it is that a hypervisor is below, so that this is an imitation; none where
/// nothing speaks for one.
pub fn layer(root: &Root, below: Option<Confidence>) -> Layer {
    let mut evidence: Vec<String> =
        DMI.iter().filter_map(|field| root.quoted(&format!("/sys/class/dmi/id/{field}"))).collect();
    let named = !evidence.is_empty();
    if !named {
        evidence.push("/sys/class/dmi: not there".into());
    }
    if let Some(oem) = acpi_oem(root) {
        evidence.push(quote("/sys/firmware/acpi/tables, OEM", &oem));
    }
    let efi = root.exists("/sys/firmware/efi");
    let acpi = root.names("/sys/firmware").iter().any(|name| name == "acpi");
    let tree = root.names("/sys/firmware").iter().any(|name| name == "devicetree");
    let folders = root.names("/sys/firmware").join(" ");
    match (root.get("/sys/firmware"), folders.is_empty()) {
        (_, false) => evidence.push(quote("/sys/firmware", &folders)),
        (Some(Entry::Dir(_)), true) => evidence.push("/sys/firmware: empty".into()),
        _ => evidence.push(root.missing("/sys/firmware")),
    }
    if let Some(bits) = root.quoted("/sys/firmware/efi/fw_platform_size") {
        evidence.push(bits);
    }
    let board = root.line("/proc/device-tree/model");
    evidence.extend(board.as_ref().map(|model| quote("/proc/device-tree/model", model)));
    let kind = match (efi, acpi, tree, named) {
        (true, ..) => "UEFI",
        // Containers often hide the folder that would tell.
        (false, false, false, true) if folders.is_empty() => "BIOS or UEFI",
        (false, _, _, true) => "BIOS",
        (false, true, ..) => "ACPI tables only",
        (false, false, true, _) => "device tree",
        _ => "none seen",
    };
    let maker = dmi(root, "bios_vendor").or_else(|| acpi_oem(root));
    let virtual_ = if below.is_some() { VIRTUAL } else { "" };
    let own = match (named || acpi || tree || efi, kind) {
        (false, _) => Confidence::Unknown,
        (true, "BIOS" | "BIOS or UEFI") => Confidence::Likely,
        _ => Confidence::Certain,
    };
    let confidence = below.map_or(own, |below| of_both(own, below));
    if let Some(below) = below.filter(|below| confidence != own && *below != own) {
        evidence.push(format!("that it is an imitation is no surer than that a hypervisor is below: {}", below.word()));
    }
    let mut layer = Layer::new(LayerKind::Firmware, format!("{virtual_}firmware: {kind}"), confidence);
    layer.present = own != Confidence::Unknown;
    let product =
        [dmi(root, "sys_vendor"), dmi(root, "product_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let product = if product.is_empty() { board.unwrap_or_default() } else { product };
    layer.detail = [product, maker.map(|maker| format!("made by {maker}")).unwrap_or_default()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ");
    layer.evidence = evidence;
    layer
}

/// How sure it is that this is firmware of that kind, and an imitation.
fn of_both(own: Confidence, below: Confidence) -> Confidence {
    match (own, below) {
        (Confidence::Unknown | Confidence::NotMeasured, _) => own,
        (_, Confidence::Certain) => own,
        (_, Confidence::Conflict) => Confidence::Conflict,
        (_, Confidence::Likely) => Confidence::Likely,
        // That there is one is then no more than one reading of a sign.
        (_, Confidence::Possible | Confidence::Unknown | Confidence::NotMeasured) => Confidence::Possible,
    }
}
