//! The names that hypervisors sign with in CPUID, and whose interface each is.
//!
//! A hypervisor signs leaf 0x40000000 with twelve letters. It may sign with another's name there, so that guests find an
//! interface that they know, or with one that somebody made up, and have its own at 0x40000100 or further on. Which
//! interface it is that leaf 0x40000000 names, the next leaf tells where it is Hyper-V's, whatever the letters are.
//!
//! A signature is a word that can be given to anything. Where several stand, all count: the one that is known to offer
//! the other's interface is the hypervisor; where none is, they contradict each other.
//!
//! KVM's Hyper-V is filled by QEMU, up to leaf 0x40000005 and, where more is asked for, 0x4000000a and 0x40000080 to 82;
//! Microsoft's own hypervisor answers 0x40000006 too, with what of the hardware it uses.
//!
//! Where to read more: Microsoft TLFS, "Feature and Interface Discovery"; Linux `hv_identify_partition_type`,
//! `arch/x86/include/asm/acrn.h`; Xen `public/arch-x86/cpuid.h`; QEMU `docs/system/i386/hyperv.rst` (`hv-vendor-id`),
//! `target/i386/kvm/kvm.c` (`hyperv_fill_cpuids`) and `docs/system/i386/xen.rst`.

use super::makers::{self, imitates};
use super::{Confidence, Cpuid};

/// How the name of a hypervisor with a signature that is in no list begins.
pub const UNKNOWN: &str = "unknown hypervisor";

/// Hyper-V's privileges, in EBX of leaf 0x40000003: may create partitions, may manage processors, is isolated.
const CREATE_PARTITIONS: u32 = 1 << 0;
const CPU_MANAGEMENT: u32 = 1 << 12;
const ISOLATION: u32 = 1 << 22;

/// `Hv#1`, which is in EAX of leaf 0x40000001 where the interface is Hyper-V's, whoever offers it.
const HYPERV_INTERFACE: u32 = u32::from_le_bytes(*b"Hv#1");

/// The bit in EAX of ACRN's leaf 0x40000001 that only the virtual machine with the devices has.
const ACRN_PRIVILEGED: u32 = 1 << 0;

/// The leaf of Hyper-V in which EAX has what of the hardware the hypervisor itself uses.
const HARDWARE_IN_USE: u32 = 0x4000_0006;

/// The highest leaf of Hyper-V that KVM's has, unless more is asked for.
const HIGHEST_OF_KVM: u32 = 0x4000_0005;

/// What the leaves come to.
pub struct Signed {
    /// All the names, as they stand.
    pub names: Vec<String>,
    /// Who signs, with documented imitation resolved; more than one is a contradiction.
    pub makers: Vec<String>,
    /// How sure that is.
    pub sure: Confidence,
    /// What this is to the hypervisor, where that leaves the machine to it.
    pub privileged: Option<&'static str>,
}

/// Reads the signatures.
pub fn of(cpuid: &Cpuid, evidence: &mut Vec<String>) -> Signed {
    let mut names: Vec<String> = Vec::new();
    for (base, signature, max) in cpuid.hypervisors() {
        let maker = makers::of_signature(&signature);
        let said = maker.map(|maker| format!(", {maker}")).unwrap_or(", unknown to Strata".into());
        evidence.push(format!("CPUID {base:#x}: \"{signature}\"{said}, leaves to {max:#x}"));
        let name = maker.map_or_else(|| format!("{UNKNOWN} \"{signature}\""), str::to_owned);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let privileged = privileged(cpuid, &names, evidence);
    let hyperv = cpuid.get(0x4000_0001, 0).is_some_and(|[eax, ..]| eax == HYPERV_INTERFACE);
    let (makers, sure) = resolve(names.clone(), hyperv, evidence);
    Signed { names, makers, sure, privileged }
}

/// Whether Hyper-V's leaves are filled as Microsoft's hypervisor does it, and not as QEMU does for KVM, with the line
/// that tells; `None` where nothing does.
pub fn filled_by_microsoft(cpuid: &Cpuid) -> Option<(bool, String)> {
    let [highest, ..] = cpuid.get(0x4000_0000, 0)?;
    if highest == HIGHEST_OF_KVM {
        return Some((false, format!("CPUID 0x40000000: leaves to {highest:#x}, as QEMU fills them for KVM")));
    }
    let [used, ..] = cpuid.get(HARDWARE_IN_USE, 0).filter(|_| highest >= HARDWARE_IN_USE)?;
    let said = match used {
        0 => "no hardware in use is told of, as where QEMU fills it for KVM",
        _ => "hardware that the hypervisor uses, as Microsoft's tells and KVM's does not",
    };
    Some((used != 0, format!("CPUID {HARDWARE_IN_USE:#x} EAX {used:#010x}: {said}")))
}

/// What the first of the names tells of this guest's rights.
fn privileged(cpuid: &Cpuid, names: &[String], evidence: &mut Vec<String>) -> Option<&'static str> {
    let leaf = |number| cpuid.get(number, 0);
    match (names.first()?.as_str(), names.len()) {
        ("Hyper-V", 1) => {
            let [eax, ebx, ..] = leaf(0x4000_0003)?;
            let has = |bit: u32| u8::from(ebx & bit != 0);
            evidence.push(format!(
                "CPUID 0x40000003: privileges {eax:#010x} {ebx:#010x}: create partitions {}, manage processors {}, \
                 isolated {}",
                has(CREATE_PARTITIONS),
                has(CPU_MANAGEMENT),
                has(ISOLATION)
            ));
            // A guest that may only create partitions is no root: it divides what it was given.
            let root = CREATE_PARTITIONS | CPU_MANAGEMENT;
            (ebx & (root | ISOLATION) == root).then_some("root partition")
        }
        ("ACRN", _) => {
            let [eax, ..] = leaf(0x4000_0001)?;
            evidence.push(format!("CPUID 0x40000001 EAX {eax:#010x}: bit 0, privileged, is {}", eax & 1));
            (eax & ACRN_PRIVILEGED != 0).then_some("service VM")
        }
        ("KVM", _) => {
            let features = leaf(0x4000_0001).map(|[eax, ..]| format!("CPUID 0x40000001: KVM features {eax:#010x}"));
            evidence.extend(features);
            None
        }
        _ => None,
    }
}

/// Whose the names are, the first leaf's first. `hyperv`: its interface is Hyper-V's, whatever its name is.
fn resolve(mut names: Vec<String>, hyperv: bool, evidence: &mut Vec<String>) -> (Vec<String>, Confidence) {
    let is_known = |name: &String| !name.starts_with(UNKNOWN);
    let mut sure = Confidence::Certain;
    let Some(first) = names.first().cloned() else { return (names, sure) };
    let lent = hyperv && first != "Hyper-V" && imitates(&first, "Hyper-V").is_none();
    if lent {
        // That name is somebody's who offers no such interface.
        sure = if is_known(&first) { Confidence::Conflict } else { sure };
        let whose = if is_known(&first) { "another's name" } else { "a name that is not its own" };
        evidence.push(format!("CPUID 0x40000001 EAX: \"Hv#1\", Hyper-V's interface under {whose}"));
    }
    if names.iter().any(is_known) && first != "Hyper-V" && names.len() > 1 && (lent || !is_known(&first)) {
        // A name that somebody gave to the interface that is offered first; the own one stands behind it.
        names.remove(0);
        sure = if is_known(&first) { Confidence::Likely } else { sure };
        evidence.push(format!("{} offers another interface first, under its own name at a later leaf", names[0]));
    } else if first == "Hyper-V" && names.len() > 1 && !names.iter().skip(1).any(is_known) {
        names.remove(0);
        evidence.push(format!("{} offers Hyper-V's interface first, under its own name at a later leaf", names[0]));
        return (names, sure);
    }
    if !names.iter().any(is_known) {
        names.truncate(1);
        return (names, sure);
    }
    names.retain(is_known);
    let all = names.clone();
    for imitated in &all {
        let by = all.iter().find_map(|other| Some((other, imitates(other, imitated)?)));
        let Some((other, how)) = by else { continue };
        evidence.push(format!(
            "{other} offers {imitated}'s interface{}",
            match imitated == &first {
                true => " first, under its own name at a later leaf",
                false => " too",
            }
        ));
        names.retain(|name| name != imitated);
        sure = if how == Confidence::Certain { sure } else { how };
    }
    if names.len() > 1 {
        evidence.push(format!("none of {} is known to offer another's interface", names.join(", ")));
    }
    (names, sure)
}
