//! What a device tree says of the layer below: on ARM, POWER, RISC-V and others.
//!
//! Firmware, or the program that models the machine, hands the kernel a tree of what is there. A hypervisor that follows
//! the bindings puts a node of its own into it; others show by the machine's name. POWER's firmware names the partition
//! that PowerVM runs; OPAL's node is there on the bare machine only. A name that is in no list is evidence for a
//! machine, and a node of a hypervisor that is in no list is one for a hypervisor.
//!
//! Left out: the rest of the tree, and what properties hold that tell one machine from another.
//! Where to read more: the Devicetree Specification 0.4, section 2.3; Linux `Documentation/devicetree/bindings`, "xen";
//! the Power Architecture Platform Reference, appendix on partitions; QEMU `hw/arm/virt.c`, `hw/ppc/spapr.c`.

use super::root::quote;
use super::{Confidence, Root, processor};

/// Properties and nodes whose existence alone is read.
pub const PRESENCE: &[&str] = &[
    "/proc/device-tree/ibm,partition-name",
    "/proc/device-tree/hmc-managed?",
    "/proc/device-tree/chosen/qemu,graphic-width",
    "/proc/device-tree/ibm,opal",
];

const COMPATIBLE: &str = "/proc/device-tree/compatible";
const MODEL: &str = "/proc/device-tree/model";
const NODE: &str = "/proc/device-tree/hypervisor/compatible";

/// Hypervisors by what their node is compatible with.
const NODES: &[(&str, &str)] = &[
    ("xen", "Xen"),
    ("kvm", "KVM"),
    ("vmware", "VMware"),
    ("gunyah", "Gunyah"),
    ("haven", "Haven"),
    ("microsoft,hyperv", "Hyper-V"),
    ("jailhouse", "Jailhouse"),
];

/// Machines that exist only in software, by words in what they are compatible with or their model: whose model.
const BOARDS: &[(&str, &str, Confidence)] = &[
    ("qemu", "QEMU", Confidence::Certain),
    ("linux,dummy-virt", "QEMU's virt, or one like it", Confidence::Possible),
    ("linux,dummy-loongson3", "QEMU's virt, or one like it", Confidence::Possible),
    ("riscv-virtio", "QEMU's virt, or one like it", Confidence::Possible),
    ("spike-bare", "the Spike simulator", Confidence::Certain),
    ("arm,foundation", "ARM's Foundation model", Confidence::Certain),
    ("arm,fvp", "ARM's fixed virtual platform", Confidence::Certain),
    ("xen,xenvm", "Xen's toolstack", Confidence::Certain),
    ("jailhouse", "Jailhouse", Confidence::Certain),
];

/// What the tree says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// A hypervisor's name.
    pub maker: Option<String>,
    /// Whether that name is a conclusion.
    pub unsure: bool,
    /// Whose model of a machine this is, and how sure that is.
    pub model: Option<(&'static str, Confidence)>,
    /// The whole machine's own firmware says that nothing is below it.
    pub bare: bool,
    /// A machine that is in no list of made-up ones.
    pub board: Option<String>,
    /// All of it, quoted.
    pub evidence: Vec<String>,
}

/// Reads the tree.
pub fn said(root: &Root) -> Said {
    let mut out = Said::default();
    if let Some(line) = root.line(NODE) {
        let known = NODES.iter().find(|(text, _)| line.contains(text)).map(|(_, name)| (*name).to_owned());
        let word = line.split('\0').next().unwrap_or_default();
        out.evidence.push(match known {
            Some(_) => quote(NODE, &line),
            None => format!("{}: a hypervisor's own node, of a kind unknown to Strata", quote(NODE, &line)),
        });
        out.maker = Some(known.unwrap_or_else(|| super::root::short(word)));
    }
    partition(root, &mut out);
    let (compatible, model) = (root.line(COMPATIBLE), root.line(MODEL));
    if compatible.is_none() && model.is_none() {
        of_power(root, &mut out);
    }
    let configured = root.names("/proc/device-tree").iter().find(|name| name.contains("fw-cfg"));
    if let Some(name) = configured {
        out.evidence.push(format!("/proc/device-tree/{name}: there, as QEMU makes it"));
        out.model = Some(("QEMU", Confidence::Certain));
    }
    for (path, text) in [(COMPATIBLE, &compatible), (MODEL, &model)] {
        let Some(text) = text else { continue };
        let lower = text.to_ascii_lowercase();
        // QEMU models the bare machine of POWER too, and says so.
        if let Some((_, name, sure)) = BOARDS.iter().find(|(word, ..)| lower.contains(word)) {
            out.evidence.push(format!("{}: a board that exists only in software", quote(path, text)));
            out.model = out.model.or(Some((name, *sure)));
            out.bare = false;
            // On POWER it makes a node for KVM where it uses that, and interprets where it does not.
            let power = root.fact("arch").is_some_and(|arch| arch.starts_with("powerpc"));
            if power && *name == "QEMU" && out.maker.is_none() {
                out.evidence.push(format!("{NODE}: not there, as it is where QEMU uses KVM: it interprets"));
                out.maker = Some("QEMU".into());
            }
        }
    }
    match (model.or(compatible), out.maker.is_some(), out.model.is_some()) {
        (board, false, false) => out.board = board,
        (Some(board), _, false) => out.evidence.push(quote("/proc/device-tree", &board)),
        _ => {}
    }
    out
}

/// Containers often hide the tree; on POWER, the end of `/proc/cpuinfo` has what matters of it.
fn of_power(root: &Root, out: &mut Said) {
    if !root.fact("arch").is_some_and(|arch| arch.starts_with("powerpc")) {
        return;
    }
    let field = |key| processor::cpuinfo(root, key).unwrap_or_default();
    let (platform, machine) = (field("platform"), field("machine"));
    for (key, text) in [("platform", &platform), ("machine", &machine)] {
        if !text.is_empty() {
            out.evidence.push(quote(&format!("/proc/cpuinfo, {key}"), text));
        }
    }
    match platform.as_str() {
        _ if machine.contains("qemu") => out.model = Some(("QEMU", Confidence::Certain)),
        "PowerNV" => out.bare = true,
        "PS3" => out.maker = out.maker.take().or(Some("LV1 of the PlayStation 3".into())),
        "pSeries" if out.maker.is_none() => {
            out.maker = Some("PowerVM".into());
            out.unsure = true;
        }
        _ => {}
    }
}

/// POWER: PowerVM's partitions, and the bare machine.
fn partition(root: &Root, out: &mut Said) {
    if root.line(COMPATIBLE).is_some_and(|line| line.contains("ibm,powernv")) {
        out.evidence.push(format!("{COMPATIBLE}: ibm,powernv, the machine itself"));
        out.bare = true;
    } else if root.exists("/proc/device-tree/ibm,opal") {
        out.evidence.push("/proc/device-tree/ibm,opal: there, the firmware of the machine itself".into());
        out.bare = true;
    }
    let [name, managed, qemu, _] = PRESENCE else { return };
    if root.exists(qemu) {
        out.evidence.push(format!("{qemu}: there"));
        out.model = Some(("QEMU", Confidence::Certain));
    } else if root.exists(name) && !out.bare {
        // QEMU names partitions too, without whose console manages them.
        let hmc = root.exists(managed);
        out.evidence
            .push(format!("{name}: there, a logical partition{}", if hmc { "" } else { " of some hypervisor" }));
        if hmc {
            out.evidence.push(format!("{managed}: there, as PowerVM's firmware makes it"));
        }
        // QEMU's name is in its trees; nothing else divides such machines.
        let emulated = [COMPATIBLE, MODEL].iter().any(|path| root.line(path).is_some_and(|text| text.contains("qemu")));
        if !emulated && out.maker.is_none() {
            out.maker = Some("PowerVM".into());
            out.unsure = !hmc;
        }
    }
    if root.exists("/proc/iSeries") {
        out.evidence.push("/proc/iSeries: there".into());
        out.maker = out.maker.take().or(Some("OS/400".into()));
    }
}
