//! Programs that are translated, instruction by instruction, for a processor of another kind.
//!
//! qemu-user, Rosetta, FEX and box64 run a program made for one kind of processor on another, as containers of a
//! foreign architecture do. The kernel is the machine's own, and `/proc/cpuinfo` is too, unless the translator makes
//! that up as well. CPUID, where the program's processor has such an instruction, is answered by the translator, and
//! tells nothing of the machine.
//!
//! Read: what this program was made for, against `/proc/cpuinfo`; Rosetta's name for its processor. Left out: other
//! translators that make up `/proc/cpuinfo`: they look like such a machine.
//! Where to read more: QEMU `linux-user/syscall.c`, `open_cpuinfo`; Linux `Documentation/admin-guide/binfmt-misc.rst`.

use super::root::quote;
use super::{Cpuid, Root, hypervisor, processor};

/// The name that Rosetta gives to its processor.
const ROSETTA: &str = "VirtualApple";

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// Who translates.
    pub by: &'static str,
    /// What the program was made for.
    pub from: String,
    /// What the machine's processor is.
    pub to: &'static str,
    /// The signs, quoted.
    pub evidence: Vec<String>,
}

/// Whether this program is translated.
pub fn of(root: &Root) -> Option<Translation> {
    let from = root.fact("arch")?.to_owned();
    let vendor = processor::cpuinfo(root, "vendor_id").unwrap_or_default();
    let decoded = root.cpuid().decoded();
    let rosetta = [("/proc/cpuinfo, vendor_id", &vendor), ("CPUID 0x0", &decoded.vendor), ("CPUID", &decoded.brand)];
    let named = rosetta.into_iter().find(|(_, text)| text.starts_with(ROSETTA));
    let (by, to, line) = match named {
        Some((place, text)) => ("Rosetta", "aarch64", quote(place, text)),
        None => {
            let (to, line) = of_cpuinfo(root, &vendor)?;
            ("a translator (qemu-user, FEX, box64 or alike)", to, line)
        }
    };
    let made_for = format!("this program was made for {from}, and the processor is another: {line}");
    (kind(&from) != kind(to)).then(|| Translation { by, from, to, evidence: vec![made_for] })
}

/// The kind of processor that `/proc/cpuinfo` describes, where it is certain, and the line that tells.
fn of_cpuinfo(root: &Root, vendor: &str) -> Option<(&'static str, String)> {
    let field = |key: &str| processor::cpuinfo(root, key);
    let line = |key: &str, value: &str| quote(&format!("/proc/cpuinfo, {key}"), value);
    if let Some(implementer) = field("CPU implementer") {
        let old = field("CPU architecture").and_then(|version| version.parse::<u32>().ok()).is_some_and(|v| v < 8);
        return Some((if old { "arm" } else { "aarch64" }, line("CPU implementer", &implementer)));
    }
    if ["GenuineIntel", "AuthenticAMD", "HygonGenuine", "CentaurHauls"].contains(&vendor) {
        return Some(("x86_64", line("vendor_id", vendor)));
    }
    if vendor == "IBM/S390" {
        return Some(("s390x", line("vendor_id", vendor)));
    }
    let known = [("isa", "rv", "riscv64"), ("cpu", "POWER", "powerpc64"), ("model name", "Loongson", "loongarch64")];
    known.into_iter().find_map(|(key, start, to)| {
        let value = field(key).filter(|value| value.starts_with(start))?;
        Some((to, line(key, &value)))
    })
}

/// What runs each other's programs without translation, or is a bigger or smaller form of the other.
fn kind(arch: &str) -> &str {
    match arch {
        "arm" | "aarch64" => "arm",
        "x86" | "x86_64" => "x86",
        _ if arch.starts_with("powerpc") => "powerpc",
        _ if arch.starts_with("riscv") => "riscv",
        // Some of their processors call themselves after the same maker.
        _ if arch.starts_with("mips") || arch.starts_with("loongarch") => "loongson",
        other => other,
    }
}

impl Translation {
    /// What was read without what the translator answered, as a program for the machine's own processor would see it.
    pub fn taken_away(&self, root: &Root) -> Root {
        let mut out = root.clone();
        out.set_cpuid(Cpuid::default());
        out.set_fact("arch", self.to);
        out.set_fact("translator", self.by);
        out
    }

    /// What it means for a line, in half a sentence.
    pub fn told(&self) -> String {
        format!("made for {}, translated by {}", self.from, self.by)
    }

    /// What it means for CPUID.
    pub fn of_cpuid(&self) -> String {
        format!("{}{}", hypervisor::NOT_THE_PROCESSOR, self.by)
    }
}
