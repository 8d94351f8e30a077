//! The processor, as this program sees it.
//!
//! In a virtual machine that is what the hypervisor lets through: a model name it chose, a topology it made up, caches
//! copied from the host or not, and features masked. A feature bit that is off has three very different reasons, and
//! the line says which fits: the hardware lacks it, the firmware switched it off, the hypervisor masks it.
//!
//! `/proc/cpuinfo` has fields of its own on each kind of processor, some before the first processor or after the last.
//!
//! Read: CPUID, `/proc/cpuinfo` (the first processor and what is common to all), `/sys/devices/system/cpu`. Left out: frequencies; the other cores of
//! a hybrid processor.
//! Where to read more: Intel SDM volume 3C, chapter 24; AMD APM volume 2, chapter 15; Linux `arch/*/kernel`, each
//! `show_cpuinfo`.

use super::amounts::count_list;
use super::root::quote;
use super::{Confidence, Layer, LayerKind, Root, mainframe, mounts};

/// Why VT-x or AMD-V can or cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Virtualization {
    /// Offered and usable.
    Present,
    /// The processor has it; the firmware or the kernel switched it off.
    SwitchedOff,
    /// The hardware surely has it; the hypervisor does not pass it on.
    Masked,
    /// The processor has none, as far as can be seen.
    Absent,
    /// The processor does not say, or nothing can be read.
    Unknown,
}

/// How many lines at the beginning of `/proc/cpuinfo` hold the first processor, and how many at its end what all share.
const FIRST: usize = 160;
const COMMON: usize = 16;

/// A field in `/proc/cpuinfo` of the first processor, or of what all processors have in common.
pub fn cpuinfo(root: &Root, key: &str) -> Option<String> {
    let text = root.text("/proc/cpuinfo")?;
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case(key).then(|| value.trim().to_owned())
    };
    let first = text.lines().take(FIRST).find_map(field);
    first.or_else(|| text.lines().rev().take(COMMON).find_map(field)).filter(|value| !value.is_empty())
}

/// Whether the kernel lists a flag for the first processor.
pub fn has_flag(root: &Root, flag: &str) -> bool {
    cpuinfo(root, "flags").is_some_and(|flags| flags.split_whitespace().any(|f| f == flag))
}

/// Whether virtual machines could be run by the hardware, and why not.
pub fn virtualization(root: &Root) -> Virtualization {
    match elsewhere(root) {
        Some((_, true)) => return Virtualization::Present,
        Some((_, false)) => return Virtualization::Unknown,
        None => {}
    }
    // A kernel that is a program lists nothing, whatever the processor offers.
    if is_a_program(root) {
        return Virtualization::Unknown;
    }
    let decoded = root.cpuid().decoded();
    let flag = has_flag(root, "vmx") || has_flag(root, "svm");
    let guest = decoded.hypervisor_bit || has_flag(root, "hypervisor");
    match (root.cpuid().is_empty(), decoded.virtualization, flag) {
        (_, _, true) => Virtualization::Present,
        (_, true, false) if root.text("/proc/cpuinfo").is_some() => Virtualization::SwitchedOff,
        (_, true, false) => Virtualization::Present,
        (true, false, false) if cpuinfo(root, "flags").is_none() => Virtualization::Unknown,
        (..) if guest && (decoded.modern || has_flag(root, "avx2")) => Virtualization::Masked,
        (..) if guest => Virtualization::Unknown,
        _ => Virtualization::Absent,
    }
}

/// Whether `/proc/cpuinfo` is User Mode Linux's, which tells of itself.
fn is_a_program(root: &Root) -> bool {
    cpuinfo(root, "vendor_id").is_some_and(|vendor| vendor.starts_with("User Mode Linux"))
}

/// What processors other than x86 and ARM have for virtual machines, and whether the kernel lists it: s390's instruction
/// SIE, LoongArch's LVZ, RISC-V's extension H.
fn elsewhere(root: &Root) -> Option<(&'static str, bool)> {
    let has = |key: &str, wanted: &str| {
        cpuinfo(root, key).is_some_and(|list| list.split_whitespace().any(|feature| feature == wanted))
    };
    match root.fact("arch")? {
        "s390x" => Some(("SIE", has("features", "sie"))),
        "loongarch64" => Some(("LVZ", has("features", "lvz"))),
        "riscv32" | "riscv64" => {
            // `rv64imafdch_zicsr`: one letter each, up to the first long name.
            let isa = cpuinfo(root, "isa").unwrap_or_default();
            let letters = isa.split('_').next().unwrap_or_default();
            Some(("the extension H", letters.get(4..).is_some_and(|letters| letters.contains('h'))))
        }
        _ => None,
    }
}

/// The name of the technique for this vendor.
pub fn technique(root: &Root) -> &'static str {
    if let Some((name, _)) = elsewhere(root) {
        return name;
    }
    match vendor(root).as_str() {
        "GenuineIntel" | "CentaurHauls" | "  Shanghai  " => "VT-x",
        "AuthenticAMD" | "HygonGenuine" => "AMD-V",
        _ => "hardware virtualization",
    }
}

fn vendor(root: &Root) -> String {
    let vendor = root.cpuid().decoded().vendor;
    if vendor.is_empty() { cpuinfo(root, "vendor_id").unwrap_or_default() } else { vendor }
}

/// The processor's layer.
pub fn layer(root: &Root) -> Layer {
    let decoded = root.cpuid().decoded();
    let model = cpuinfo(root, "model name");
    let arm = arm(root);
    let other = of_other_kinds(root);
    let brand = Some(decoded.brand.clone()).filter(|brand| !brand.is_empty());
    let fact = root.fact("processor").map(str::to_owned);
    let known =
        brand.clone().or(model.clone()).or(arm.clone()).or(other.clone().map(|(name, _)| name)).or(fact.clone());
    let confidence = if known.is_some() { Confidence::Certain } else { Confidence::Unknown };
    let mut layer = Layer::new(
        LayerKind::Processor,
        known.map_or("unknown processor".into(), |name| super::root::short(&name)),
        confidence,
    );

    if let Some(brand) = &brand {
        layer.evidence.push(quote("CPUID 0x80000002..4", brand));
    }
    if let Some((family, model, stepping)) = decoded.signature {
        let vendor = &decoded.vendor;
        layer
            .evidence
            .push(format!("CPUID 0x0 and 0x1: {vendor}, family {family}, model {model}, stepping {stepping}"));
    }
    if let Some(model) = &model {
        layer.evidence.push(quote("/proc/cpuinfo, model name", model));
        if brand.as_ref().is_some_and(|brand| !same_words(brand, model)) && !is_a_program(root) {
            layer.confidence = Confidence::Conflict;
        }
    }
    if arm.is_some() {
        let field = |key| format!("{key} {}", cpuinfo(root, key).unwrap_or("?".into()));
        let said = ["CPU implementer", "CPU part", "CPU revision"].map(field).join(", ");
        layer.evidence.push(quote("/proc/cpuinfo", &said));
    }
    if let (true, Some((_, line))) = (layer.evidence.is_empty(), other) {
        layer.evidence.push(line);
    }
    if let (true, Some(fact)) = (layer.evidence.is_empty(), &fact) {
        layer.evidence.push(quote("the operating system's own name for it", fact));
    }
    if layer.evidence.is_empty() {
        layer.evidence.push(root.missing("/proc/cpuinfo"));
    }
    let mut detail = vec![topology(root, &mut layer.evidence)];
    detail.push(caches(root, &decoded.caches, &mut layer.evidence));
    detail.push(features(root, &mut layer.evidence));
    layer.detail = detail.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    layer
}

/// The cores of ARM's own design met in servers and boards, by part number.
const ARM_PARTS: [(&str, &str); 10] = [
    ("0xd03", "Cortex-A53"),
    ("0xd05", "Cortex-A55"),
    ("0xd07", "Cortex-A57"),
    ("0xd08", "Cortex-A72"),
    ("0xd0b", "Cortex-A76"),
    ("0xd0c", "Neoverse-N1"),
    ("0xd40", "Neoverse-V1"),
    ("0xd49", "Neoverse-N2"),
    ("0xd4f", "Neoverse-V2"),
    ("0xd81", "Cortex-A720"),
];

/// An ARM processor's name: of ARM's own designs the core's, else its numbers.
fn arm(root: &Root) -> Option<String> {
    let part = cpuinfo(root, "CPU part")?;
    let implementer = cpuinfo(root, "CPU implementer").unwrap_or_default();
    let named = ARM_PARTS.iter().find(|(number, _)| *number == part && implementer == "0x41");
    Some(named.map_or_else(|| format!("ARM implementer {implementer}, part {part}"), |(_, name)| format!("ARM {name}")))
}

/// The name of a processor that is neither x86 nor ARM, and the line that has it.
fn of_other_kinds(root: &Root) -> Option<(String, String)> {
    if let Some(machine) = mainframe::machine(root) {
        let line = cpuinfo(root, "vendor_id").unwrap_or_else(|| machine.clone());
        return Some((machine, quote("/proc/cpuinfo, vendor_id, and the machine's type", &line)));
    }
    // POWER and SPARC: `cpu`; MIPS: `cpu model`; RISC-V: `uarch` where the tree tells, else what it can do.
    let (key, value) = ["cpu", "cpu model", "uarch", "isa"].iter().find_map(|key| Some((*key, cpuinfo(root, key)?)))?;
    let line = quote(&format!("/proc/cpuinfo, {key}"), &value);
    // `POWER9 (architected), altivec supported`
    let name = value.split([',', '(']).next().unwrap_or_default().trim();
    let name = match key {
        "uarch" => value.clone(),
        "isa" => format!("RISC-V {}", value.split('_').next().unwrap_or_default()),
        _ if name.is_empty() => value.clone(),
        _ => name.to_owned(),
    };
    Some((name, line))
}

fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

fn topology(root: &Root, evidence: &mut Vec<String>) -> String {
    let cpu = "/sys/devices/system/cpu";
    let list = |path: &str| root.line(&format!("{cpu}/{path}"));
    let Some(online) = list("online") else {
        return root.fact("cpus").map(|cpus| format!("{cpus} processors")).unwrap_or_default();
    };
    let count = |list: Option<String>| list.and_then(|list| count_list(&list));
    let made_up = mounts::is_made_up(&mounts::of(root), "/sys/devices/system/cpu/online");
    let by = if made_up { ", which lxcfs makes up from the container's own limits" } else { "" };
    evidence.push(format!("{}{by}", quote("/sys/devices/system/cpu/online", &online)));
    let mut out = match count_list(&online) {
        Some(1) => "1 processor".into(),
        Some(n) => format!("{n} processors"),
        None => return String::new(),
    };
    let threads = count(list("cpu0/topology/core_cpus_list").or(list("cpu0/topology/thread_siblings_list")));
    let package = count(list("cpu0/topology/package_cpus_list").or(list("cpu0/topology/core_siblings_list")));
    if made_up {
        out = format!("{out} shown by lxcfs");
    }
    if let (Some(threads), Some(package)) = (threads, package) {
        evidence.push(format!("{cpu}/cpu0/topology: {threads} to a core, {package} to a package"));
        out = format!("{out}, {threads} to a core");
    }
    if let Some(nodes) = root.line("/sys/devices/system/node/online").filter(|nodes| nodes != "0") {
        evidence.push(quote("/sys/devices/system/node/online", &nodes));
        out = format!("{out}, {} memory nodes", count_list(&nodes).unwrap_or(1));
    }
    out
}

fn caches(root: &Root, decoded: &[(u8, &str, usize)], evidence: &mut Vec<String>) -> String {
    let mut out = Vec::new();
    for index in 0..8 {
        let path = |file: &str| format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{file}");
        let (Some(level), Some(kind), Some(size)) =
            (root.line(&path("level")), root.line(&path("type")), root.line(&path("size")))
        else {
            continue;
        };
        let shared = match root.line(&path("shared_cpu_list")) {
            None => String::new(),
            Some(one) if one.parse::<u32>().is_ok() => format!(", used by processor {one} alone"),
            Some(list) => format!(", shared by processors {list}"),
        };
        evidence.push(format!("{}: L{level} {kind} {size}{shared}", path("")));
        if kind != "Instruction" {
            let bytes = size.strip_suffix('K').and_then(|k| k.parse::<u64>().ok()).and_then(|k| k.checked_mul(1024));
            out.push(format!("L{level} {}", bytes.map_or(size, crate::amounts::bytes)));
        }
    }
    if out.is_empty() {
        for (level, kind, bytes) in decoded {
            evidence.push(format!("CPUID cache leaf: L{level} {kind} {bytes} bytes"));
            out.push(format!("L{level} {}", crate::amounts::bytes(*bytes as u64)));
        }
    }
    out.join(", ")
}

fn features(root: &Root, evidence: &mut Vec<String>) -> String {
    let technique = technique(root);
    let bit = root.cpuid().decoded().virtualization;
    if let (false, Some([_, _, ecx, _])) = (root.cpuid().is_empty(), root.cpuid().get(1, 0)) {
        let svm = root.cpuid().get(0x8000_0001, 0).map_or(0, |[_, _, ecx, _]| ecx >> 2 & 1);
        evidence.push(format!("CPUID 0x1 ECX {ecx:#010x}: VMX bit {}; 0x80000001 ECX: SVM bit {svm}", ecx >> 5 & 1));
    }
    let named: Vec<&str> = ["vmx", "svm", "ept", "npt", "vpid", "ept_ad", "avic", "vgif", "flexpriority"]
        .into_iter()
        .filter(|flag| {
            has_flag(root, flag) || cpuinfo(root, "vmx flags").is_some_and(|f| f.split_whitespace().any(|f| f == *flag))
        })
        .collect();
    if !named.is_empty() {
        evidence.push(format!("/proc/cpuinfo, flags: {}", named.join(" ")));
    }
    match virtualization(root) {
        Virtualization::Present => {
            let nested = if named.iter().any(|f| matches!(*f, "ept" | "npt")) { " with nested paging" } else { "" };
            format!("{technique}{nested}")
        }
        Virtualization::SwitchedOff => {
            evidence.push(format!(
                "{technique}: the processor has it (bit {}), the kernel does not list it",
                u8::from(bit)
            ));
            format!("{technique} switched off by the firmware or the kernel")
        }
        Virtualization::Masked => {
            evidence.push(format!(
                "{technique}: the bit is off in a virtual machine on a processor generation that has it (AVX2), so it is masked"
            ));
            format!("{technique} masked by the hypervisor")
        }
        Virtualization::Absent => format!("no {technique}"),
        Virtualization::Unknown => String::new(),
    }
}
