//! The hypervisor this kernel runs on, if any: what the signs ([`signs`](super::signs)) come to.
//!
//! Each sign votes for a maker, imitation known to be documented ([`makers`](super::makers)) is not a contradiction, and
//! the rest is shown as conflict. A device model that the one who signs does not have shows that the name is lent; one
//! that may be anybody's leaves it open. What a machine without a hypervisor can have too is no proof: where the bit is
//! off, only what virtual machines alone have contradicts it. To what manages the machine, firmware and devices are the
//! real ones, so what they say is about what lies below the hypervisor.
//!
//! Left out: a hypervisor that hides all of this; only the time that an exit takes gives it away.

use super::imitation::Kind;
use super::makers::{self, imitates};
use super::signatures::UNKNOWN;
use super::signs::{LOGICAL_DOMAINS, Signs};
use super::{Confidence, Entry, Layer, LayerKind, Root, mainframe};

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

/// How the evidence begins where what answers CPUID is a program on the processor, and not what is below.
pub const NOT_THE_PROCESSOR: &str = "CPUID may be answered by a program: ";

/// Why virtio functions and a cloud's names decide nothing.
const BARE_TOO: &str = "virtio functions, a cloud's cards and a cloud's names are in machines without a hypervisor too, \
                        where a card has processors of its own";

/// The hypervisor's layer.
pub fn layer(root: &Root, signs: &Signs) -> Layer {
    let Named { makers, sure, because } = named(signs);
    let mut evidence = signs.evidence.clone();
    evidence.extend(because);
    let owned = signs.own.is_some();
    let (name, mut confidence, present) = match (&makers[..], signs.bit) {
        ([one], _) if signs.imitation.is_some() && signs.own.as_ref() == Some(one) => {
            (one.clone(), Confidence::Certain, true)
        }
        ([one], _) if signs.listed && one == mainframe::PARTITION => {
            ("a logical partition of PR/SM".into(), sure, true)
        }
        ([one], _) if signs.listed && owned => (format!("{one} guest"), sure, true),
        ([one], Some(true)) if one.starts_with(UNKNOWN) => (one.clone(), Confidence::Unknown, true),
        ([one], Some(true)) => (format!("{one} guest"), sure, true),
        ([one], None) if owned && one == "PowerVM" => {
            let sure = if signs.unsure { Confidence::Likely } else { Confidence::Certain };
            ("PowerVM partition".into(), sure, true)
        }
        ([one], None) if owned && one == LOGICAL_DOMAINS => {
            ("a logical domain of sun4v's hypervisor".into(), Confidence::Certain, true)
        }
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
        (many, _) => {
            // Two that may be meant by one name contradict nothing.
            let confidence = if sure == Confidence::Possible { sure } else { Confidence::Conflict };
            (format!("{}: which is not clear", many.join(" or ")), confidence, true)
        }
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
    if makers.first().is_some_and(|maker| maker == mainframe::PARTITION || maker == LOGICAL_DOMAINS) {
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

/// The hypervisors named.
struct Named {
    /// With documented imitation resolved; more than one is a contradiction.
    makers: Vec<String>,
    /// How sure that is where it is one.
    sure: Confidence,
    /// What decided it, if that is more than the signs themselves.
    because: Vec<String>,
}

fn named(signs: &Signs) -> Named {
    let mut out = Named { makers: signs.makers.clone(), sure: signs.sure, because: Vec::new() };
    if let Some(own) = signs.own.as_ref().filter(|_| signs.listed || signs.imitation.is_some()) {
        let sure = if signs.unsure { Confidence::Likely } else { Confidence::Certain };
        return Named { makers: vec![own.clone()], sure, ..out };
    }
    // A cloud's name counts for nothing where the processor says that no hypervisor is there.
    let cloud = signs.cloud.filter(|_| signs.bit != Some(false));
    let dmi = signs.dmi.or(cloud).filter(|_| signs.privileged.is_none());
    for named in [signs.own.as_deref(), dmi].into_iter().flatten() {
        if out.makers.iter().any(|maker| maker == named) {
            continue;
        }
        let imitation = out.makers.first().and_then(|first| imitates(named, first));
        match (out.makers.first().map(String::as_str), imitation) {
            // A signature that is in no list contradicts no name.
            (Some(first), _) if first.starts_with(UNKNOWN) => {
                (out.makers, out.sure) = (vec![named.into()], Confidence::Likely);
            }
            (Some(_), Some(how)) if out.makers.len() == 1 => {
                out.sure = if how == Confidence::Certain { out.sure } else { how };
                out.makers = vec![named.into()];
            }
            // The kernel names the interface that it found, and not who offers it.
            (Some(first), _) if signs.own.as_deref() == Some(named) && imitates(first, named).is_some() => {}
            // `KVM` in a product name of a machine run by QEMU's own emulation.
            (Some("QEMU without an accelerator"), _) if named == "KVM" => {}
            _ => out.makers.push(named.into()),
        }
    }
    if signs.privileged.is_none() {
        by_devices(signs, &mut out);
        by_model(signs, &mut out);
    }
    out
}

/// What devices say counts where nothing else names anybody, or names one whose interface that maker offers.
fn by_devices(signs: &Signs, out: &mut Named) {
    let Some(maker) = signs.by_devices else { return };
    let lends = match &out.makers[..] {
        [] => signs.model.is_none(),
        [one] => imitates(maker, one).is_some(),
        _ => false,
    };
    if lends {
        (out.makers, out.sure) = (vec![maker.into()], Confidence::Likely);
    }
}

/// What the device model says of who signs: whose it is may be known to lend that name, and some have models of their
/// own.
fn by_model(signs: &Signs, out: &mut Named) {
    let ([one], Some((model, sure))) = (&out.makers[..], signs.model) else { return };
    if !signs.makers.contains(one) {
        return;
    }
    if let Some(maker) = makers::behind(model, one) {
        out.because.push(format!("the device model is {model}'s, and {maker} may offer {one}'s interface"));
        let own = signs.filled_by_microsoft.as_ref().filter(|_| makers::may_run(one, model));
        out.because.extend(own.map(|(_, line)| line.clone()));
        (out.makers, out.sure) = match own {
            Some((true, _)) => (vec![one.clone()], Confidence::Likely),
            None if makers::may_run(one, model) => {
                out.because.push(format!("{model} runs on {one} itself too, and nothing read tells the two apart"));
                (vec![maker.into(), one.clone()], Confidence::Possible)
            }
            _ => (vec![maker.into()], Confidence::Likely),
        };
    } else if makers::has_another(one, model) && sure == Confidence::Certain {
        out.because.push(format!("the device model is {model}'s, which {one} does not have"));
        out.sure = Confidence::Conflict;
    }
}
