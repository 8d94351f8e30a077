//! Signs that the hypervisor below is itself a guest.
//!
//! A nested guest is meant not to notice: its hypervisor shows it the same leaves, tables and devices as on hardware.
//! Where the layer below is named all the same (a mainframe lists them, Xen's paravirtual guests see its CPUID), it is
//! certain. What remains is indirect. Hyper-V says so in its hints. A kernel built for software nesting has its module and its
//! parameter. A processor whose model number never had the features it shows was put together by software. And every
//! exit costs several times what it does on one level, which is for the measurements to say.
//!
//! Left out: whether this guest can itself hold guests; `/dev/kvm`'s layer says that.
//! Where to read more: Linux `Documentation/virt/kvm/x86/running-nested-guests.rst`; Ben-Yehuda et al., "The Turtles
//! Project", OSDI 2010; Huang et al., "PVM: Efficient Shadow Paging for Deploying Secure Containers in Cloud-native
//! Environment", SOSP 2023.

use super::signs::Signs;
use super::{Confidence, Layer, LayerKind, Root, firmware, hypervisor, kernel, processor};
use crate::engine::Time;

/// One exit through a single hypervisor takes at most about this long, in nanoseconds, as published for hardware of the
/// last ten years.
const SINGLE_LEVEL_NS: f64 = 3000.0;

/// CPUID that nothing intercepts takes less than this, in nanoseconds.
const NATIVE_NS: f64 = 150.0;

/// The layer of a hypervisor below the one this kernel runs on.
pub fn layer(root: &Root, signs: &Signs) -> Layer {
    let mut layer = Layer::new(LayerKind::OuterHypervisor, "", Confidence::Unknown);
    let mut weak = 0;

    if let [nearest, further @ ..] = &signs.below[..] {
        layer.confidence = Confidence::Certain;
        layer.name = format!("{nearest} below");
        layer.detail = match further {
            [] => String::new(),
            further => format!("that one in {}", further.join(", in ")),
        };
        let order: Vec<&str> = signs.own.iter().chain(&signs.below).map(String::as_str).collect();
        layer.evidence.push(format!("from this kernel down: {}", order.join(", ")));
        return layer;
    }
    if let Some(named) = below_privileged(signs) {
        layer.evidence.push(format!("firmware and devices are the machine's own here, and they name {named}"));
        weak += 1;
    }

    let hyperv = root.cpuid().hypervisors().iter().any(|(_, signature, _)| signature == "Microsoft Hv");
    if let (true, Some([eax, ..])) = (hyperv, root.cpuid().get(0x4000_0004, 0)) {
        let nested = eax >> 12 & 1;
        layer.evidence.push(format!("CPUID 0x40000004 EAX {eax:#010x}: bit 12, nested hypervisor, is {nested}"));
        if nested == 1 {
            layer.confidence = Confidence::Certain;
        }
    }
    for (key, value) in kernel::parameters(root) {
        // KVM's own parameters are about guests above, not about what is below.
        if key.starts_with("nested") || key.starts_with("pvm") {
            layer.evidence.push(format!("/proc/cmdline: {key}={value}"));
            weak += 1;
        }
    }
    if root.exists("/sys/module/kvm_pvm") {
        layer.evidence.push(
            "/sys/module/kvm_pvm: there; it runs guests without hardware virtualization, as is done inside another guest"
                .into(),
        );
        weak += 1;
    }
    if processor::virtualization(root) == processor::Virtualization::Present {
        let technique = processor::technique(root);
        layer
            .evidence
            .push(format!("{technique} is offered inside this guest: the hypervisor below supports guests of guests"));
    }
    if let Some(odd) = made_up_processor(root) {
        // Any hypervisor may do this; it says that the processor is filtered, not how often.
        layer.evidence.push(odd);
    }
    if layer.confidence != Confidence::Certain && weak > 0 {
        layer.confidence = Confidence::Possible;
    }
    layer.present = layer.confidence != Confidence::Unknown;
    layer.name = match layer.confidence {
        Confidence::Unknown => "no sign of another hypervisor below",
        _ => "another hypervisor below",
    }
    .into();
    layer.detail = match layer.confidence {
        Confidence::Certain => "",
        _ => "from within, only what an exit costs could settle it",
    }
    .into();
    if layer.evidence.is_empty() {
        layer.evidence.push("nothing read speaks for or against it".into());
    }
    layer
}

/// What the machine is named that a dom0 or root partition manages, where that is a virtual one.
pub fn below_privileged(signs: &Signs) -> Option<&'static str> {
    signs.privileged?;
    signs.dmi.or(signs.cloud).or(signs.model.map(|(model, _)| model))
}

/// Features that no processor with this model number has.
fn made_up_processor(root: &Root) -> Option<String> {
    let decoded = root.cpuid().decoded();
    let (family, model, _) = decoded.signature?;
    // AMX came with model 143 (Sapphire Rapids); of the numbers above it, 151 to 168 are client parts without it.
    let amx = root.cpuid().get(7, 0).is_some_and(|[.., edx]| edx >> 24 & 1 == 1);
    let client = decoded.vendor == "GenuineIntel" && family == 6 && (model < 143 || (151..=168).contains(&model));
    if amx && client {
        return Some(format!(
            "CPUID: model {model} has no AMX in hardware, yet AMX is shown: the processor is made up"
        ));
    }
    let generic = ["QEMU Virtual CPU", "Common KVM processor", "Common 32-bit KVM"];
    generic
        .iter()
        .any(|name| decoded.brand.contains(name))
        .then(|| format!("CPUID 0x80000002..4: {}, a model that exists only in software", decoded.brand))
}

/// Weighs what one CPUID was measured to cost.
pub fn add_exit_cost(layers: &mut [Layer], cpuid_ns: f64) {
    let guest = |layers: &[Layer]| layers.iter().any(|layer| layer.layer == LayerKind::Hypervisor && layer.present);
    let before = guest(layers);
    weigh(layers, cpuid_ns);
    if before && !guest(layers) {
        // Without a hypervisor nothing imitates the firmware.
        for layer in layers.iter_mut().filter(|layer| layer.layer == LayerKind::Firmware) {
            if let Some(name) = layer.name.strip_prefix(firmware::VIRTUAL) {
                layer.name = name.to_owned();
                layer.confidence = Confidence::Likely;
            }
        }
    }
}

fn weigh(layers: &mut [Layer], cpuid_ns: f64) {
    let line = format!("measured: one CPUID takes {}", Time((cpuid_ns.max(0.0) * 1000.0).round() as u64));
    let by_a_program = |layer: &Layer| layer.evidence.iter().any(|l| l.starts_with(hypervisor::NOT_THE_PROCESSOR));
    if let Some(layer) = layers.iter_mut().find(|layer| by_a_program(layer)) {
        layer.evidence.push(format!("{line}, which tells nothing of what is below, as a program may answer it"));
        return;
    }
    if let Some(layer) = layers.iter_mut().find(|layer| layer.layer == LayerKind::Hypervisor) {
        let intercepted = cpuid_ns > NATIVE_NS;
        layer
            .evidence
            .push(format!("{line}, so {}", if intercepted { "something intercepts it" } else { "nothing does" }));
        match (layer.present, intercepted) {
            // Hardware catches every CPUID of a guest, so that what speaks for one is something else. Paravirtual guests
            // and programs run on the processor itself, and are not told by this.
            (true, false) if layer.evidence.iter().any(|line| line.starts_with(hypervisor::BIT_IS_OFF)) => {
                layer.name = "no hypervisor".into();
                layer.detail = "names or devices speak for one; what a CPUID costs speaks against it".into();
                layer.present = false;
                layer.confidence = Confidence::Likely;
            }
            (false, true) => {
                layer.name = "a hypervisor that hides itself".into();
                layer.present = true;
                layer.confidence = Confidence::Conflict;
            }
            (false, false) => layer.confidence = Confidence::Certain,
            _ => {}
        }
    }
    if let Some(layer) = layers.iter_mut().find(|layer| layer.layer == LayerKind::OuterHypervisor) {
        let slow = cpuid_ns > SINGLE_LEVEL_NS;
        let said = if slow { "several times what one level costs" } else { "what one level costs" };
        layer.evidence.push(format!("{line}, {said}"));
        layer.confidence = match (layer.confidence, slow) {
            (Confidence::Possible, true) => Confidence::Likely,
            (Confidence::Unknown, true) => {
                layer.present = true;
                layer.name = "another hypervisor below".into();
                Confidence::Possible
            }
            (confidence, _) => confidence,
        };
        if layer.confidence != Confidence::Certain {
            layer.detail = format!("an exit takes {said}");
        }
    }
}
