//! Who makes which hypervisor: the signatures in CPUID, and the names in firmware's tables.
//!
//! A signature is twelve bytes; shorter ones are padded with zeros or spaces, in front too, so that they are compared
//! without what surrounds them. Some hypervisors sign with another's name, so that guests find an interface that they
//! know; which may do that is in [`IMITATORS`]. A cloud gives its names to whole machines that it rents too, so that
//! such a name is no proof of a hypervisor.
//!
//! Left out: what is told by serial numbers and asset tags.
//! Where to read more: Linux `arch/x86/kernel/cpu/*` (each platform's `detect`); the interface documents of Microsoft
//! (TLFS), VMware, Xen (`public/arch-x86/cpuid.h`) and KVM (`Documentation/virt/kvm/x86/cpuid.rst`); systemd's
//! `src/basic/virt.c` and util-linux' `lscpu-virt.c` for names in use.

use super::Confidence;

/// The signatures in leaf 0x40000000 and at each 0x100 above, and whose they are.
///
/// Of IntelTDX, that of leaf 0x21 is the documented one; some shells repeat it here.
pub const SIGNATURES: &[(&str, &str)] = &[
    ("KVMKVMKVM", "KVM"),
    ("Linux KVM Hv", "KVM"),
    ("LKVMLKVMLKVM", "KVM"),
    ("Microsoft Hv", "Hyper-V"),
    ("VMwareVMware", "VMware"),
    ("XenVMMXenVMM", "Xen"),
    ("TCGTCGTCGTCG", "QEMU without an accelerator"),
    ("VBoxVBoxVBox", "VirtualBox"),
    ("bhyve bhyve ", "bhyve"),
    ("BHyVE BHyVE ", "bhyve"),
    (" prl hyperv ", "Parallels"),
    (" lrpepyh  vr", "Parallels"),
    ("ACRNACRNACRN", "ACRN"),
    (" QNXQVMBSQG ", "QNX"),
    ("QXNQSBMV", "QNX"),
    ("___ NVMM ___", "NetBSD NVMM"),
    ("OpenBSDVMM58", "OpenBSD vmm"),
    ("HAXMHAXMHAXM", "HAXM"),
    ("UnisysSpar64", "Unisys s-Par"),
    ("SRESRESRESRE", "LMHS"),
    ("Jailhouse", "Jailhouse"),
    ("Apple VZ", "Apple Virtualization"),
    ("EVMMEVMMEVMM", "Intel KGT"),
    ("IntelTDX", "TDX module"),
    ("Barevisor!", "Barevisor"),
    ("MiniVisor", "MiniVisor"),
    ("NoirVisor ZT", "NoirVisor"),
    ("Neko Project", "Neko Project"),
];

/// Whose interface may be offered by whom: the signature's maker, those who sign so as well, and how sure it then is
/// that it is one of those.
///
/// KVM and Xen offer Hyper-V's to Windows, Google and libvirt name KVM in DMI whatever is offered; Parallels and
/// VirtualBox offer KVM's to Linux. QEMU offers Xen's by way of KVM (`xen-version`), and then signs with nothing else.
pub const IMITATORS: &[(&str, &[&str], Confidence)] = &[
    ("Hyper-V", &["KVM", "VirtualBox", "Parallels", "Xen", "bhyve"], Confidence::Certain),
    ("KVM", &["VirtualBox", "Parallels"], Confidence::Certain),
    ("Xen", &["KVM"], Confidence::Likely),
];

/// Device models of one maker's hypervisor: what is signed with another's name that such a model comes with is that
/// maker's, if it offers that interface, and else a contradiction.
pub const MODELS: &[(&str, &str)] = &[("QEMU", "KVM"), ("Firecracker", "KVM")];

/// Device models that others run too, whose name then stands there as their own: QEMU on Microsoft's hypervisor, from
/// Windows (`-accel whpx`) and from Linux (`-accel mshv`).
const ALSO_ON: &[(&str, &str)] = &[("QEMU", "Hyper-V")];

/// Those who have device models of their own, and none of [`MODELS`].
const OWN_MODELS: &[&str] = &["VMware", "VirtualBox", "Parallels", "Xen", "bhyve"];

/// The maker of a signature.
pub fn of_signature(signature: &str) -> Option<&'static str> {
    let plain = |text: &str| text.split([' ', '\0']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let wanted = plain(signature);
    SIGNATURES.iter().find(|(text, _)| plain(text).eq_ignore_ascii_case(&wanted)).map(|(_, maker)| *maker)
}

/// Whether `maker` is known to sign with `other`'s name, and how sure that makes it.
pub fn imitates(maker: &str, other: &str) -> Option<Confidence> {
    let found = IMITATORS.iter().find(|(imitated, by, _)| *imitated == other && by.contains(&maker));
    found.map(|(.., sure)| *sure)
}

/// Who is behind a device model where `other` signs: known to offer that interface.
pub fn behind(model: &str, other: &str) -> Option<&'static str> {
    let (_, maker) = MODELS.iter().find(|(name, _)| *name == model)?;
    imitates(maker, other).map(|_| *maker)
}

/// Whether `maker` itself may be below this device model.
pub fn may_run(maker: &str, model: &str) -> bool {
    ALSO_ON.contains(&(model, maker))
}

/// Whether `maker` never has this device model.
pub fn has_another(maker: &str, model: &str) -> bool {
    OWN_MODELS.contains(&maker) && MODELS.iter().any(|(name, _)| *name == model)
}

/// A name in DMI's tables, and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The words in the table.
    pub text: &'static str,
    /// The hypervisor; empty where several are behind this name.
    pub maker: &'static str,
    /// The device model or the cloud; may be empty.
    pub model: &'static str,
    /// Whether whole machines, without a hypervisor, have this name too.
    pub machines: bool,
}

const fn vm(text: &'static str, maker: &'static str, model: &'static str) -> Named {
    Named { text, maker, model, machines: false }
}

const fn cloud(text: &'static str, maker: &'static str) -> Named {
    Named { text, maker, model: text, machines: true }
}

/// The names of virtual machines, and of clouds, the more telling ones first.
pub const DMI: &[Named] = &[
    vm("QEMU", "", "QEMU"),
    vm("VMware", "VMware", ""),
    vm("VMW71", "VMware", ""),
    vm("VirtualBox", "VirtualBox", ""),
    vm("innotek GmbH", "VirtualBox", ""),
    vm("Xen", "Xen", ""),
    vm("HVM domU", "Xen", ""),
    vm("BHYVE", "bhyve", ""),
    vm("Parallels", "Parallels", ""),
    vm("Hyper-V", "Hyper-V", ""),
    vm("Apple Virtualization", "Apple Virtualization", ""),
    vm("VirtualMac", "Apple Virtualization", ""),
    cloud("Amazon EC2", ""),
    cloud("Google Compute Engine", "KVM"),
    cloud("Alibaba Cloud", ""),
    cloud("Tencent Cloud", ""),
    cloud("HUAWEICLOUD", ""),
    cloud("Scaleway", ""),
    vm("Droplet", "", "DigitalOcean"),
    vm("vServer", "", "Hetzner Cloud"),
    vm("Cloud Hypervisor", "", "Cloud Hypervisor"),
    vm("crosvm", "", "crosvm"),
    vm("OxVM", "bhyve", "Propolis"),
    vm("SmartDC HVM", "", "SmartOS"),
    vm("AHV", "KVM", "QEMU"),
    vm("OpenStack", "", "OpenStack"),
    vm("KubeVirt", "KVM", "KubeVirt"),
    vm("RHEV", "KVM", "QEMU"),
    vm("oVirt", "KVM", "QEMU"),
    vm("KVM", "KVM", "QEMU"),
    vm("Bochs", "", "QEMU or Bochs"),
];

/// What a DMI field's text says.
pub fn of_dmi(text: &str) -> Option<&'static Named> {
    DMI.iter().find(|named| has_words(text, named.text))
}

/// Whether a text has these words: not as part of a longer one, as Xen is in Xenon. A number may follow.
fn has_words(text: &str, words: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.match_indices(&words.to_ascii_lowercase()).any(|(at, found)| {
        let before = lower[..at].chars().next_back();
        let after = lower[at + found.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphabetic)
    })
}

/// PCI vendors of virtual machines' devices, and whether machines without a hypervisor have such devices too.
///
/// Cards with processors of their own, as data centres use them, show functions of virtio, Amazon or Google to the
/// machine that they are in.
pub const PCI: &[(u32, &str, bool)] = &[
    (0x1af4, "virtio (Red Hat)", true),
    (0x1b36, "QEMU (Red Hat)", false),
    (0x1234, "QEMU standard VGA", false),
    (0x15ad, "VMware", false),
    (0x80ee, "VirtualBox", false),
    (0x5853, "Xen", false),
    (0x1414, "Microsoft Hyper-V", true),
    (0x1d0f, "Amazon", true),
    (0x1ab8, "Parallels", false),
    (0x1ae0, "Google", true),
];

/// The hypervisor that has devices of this PCI vendor.
pub fn of_pci(vendor: u32) -> Option<&'static str> {
    let known = [(0x15ad, "VMware"), (0x80ee, "VirtualBox"), (0x5853, "Xen"), (0x1ab8, "Parallels")];
    known.into_iter().find(|(number, _)| *number == vendor).map(|(_, maker)| maker)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The twelve bytes that a processor answers with, as they are published.
    fn padded(signature: &str, with: char) -> String {
        let mut out = signature.to_owned();
        while out.len() < 12 {
            out.push(with);
        }
        out
    }

    #[test]
    fn each_published_signature_is_known_however_it_is_padded() {
        for (signature, maker) in SIGNATURES {
            for text in [
                (*signature).to_owned(),
                padded(signature, '\0'),
                padded(signature, ' '),
                signature.trim().to_owned(),
                format!(" {} ", signature.trim()),
            ] {
                assert_eq!(of_signature(&text), Some(*maker), "{text:?}");
            }
        }
        for other in ["", "            ", "KVM", "KVMKVMKVMKVM", "GenuineIntel", "Abracadabra!", "bhyvebhyve"] {
            assert_eq!(of_signature(other), None, "{other:?}");
        }
    }

    #[test]
    fn imitations_are_of_makers_in_the_table_and_never_mutual() {
        let known = |maker: &str| SIGNATURES.iter().any(|(_, name)| *name == maker);
        for (imitated, by, _) in IMITATORS {
            assert!(known(imitated) && by.iter().all(|maker| known(maker)), "{imitated}");
            assert!(by.iter().all(|maker| imitates(imitated, maker).is_none()), "{imitated}");
        }
        assert!(MODELS.iter().all(|(_, maker)| known(maker)) && OWN_MODELS.iter().all(|maker| known(maker)));
    }

    #[test]
    fn a_name_that_is_part_of_another_word_names_nobody() {
        for (text, maker) in [
            ("Xen", "Xen"),
            ("HVM domU", "Xen"),
            ("VMware20,1", "VMware"),
            ("VMware-42 1a", "VMware"),
            ("VirtualMac2,1", "Apple Virtualization"),
            ("Parallels ARM Virtual Machine", "Parallels"),
            ("Hyper-V UEFI Release v4.1", "Hyper-V"),
        ] {
            assert_eq!(of_dmi(text).map(|named| named.maker), Some(maker), "{text}");
        }
        for text in ["Xenon Systems", "KVMSwitch 8", "Oracle Corporation", "Dell Inc.", "MyDroplets", ""] {
            assert_eq!(of_dmi(text), None, "{text}");
        }
    }
}
