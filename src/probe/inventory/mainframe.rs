//! The layers below on s390x, which the machine itself lists.
//!
//! The instruction STSI tells a program the machine, the logical partition (LPAR) that PR/SM has divided off, and each
//! virtual machine around it: VM00 is the nearest, VM01 the one that its hypervisor runs in. Linux writes all of it to
//! `/proc/sysinfo`, so that nothing has to be guessed here.
//!
//! A program that interprets such a machine answers for all of it: machine, partition and, so that Linux does not take
//! it for z/VM, a level of KVM. It shows by the manufacturer that it names; under KVM itself that is the real one's.
//!
//! Left out: capacities, counts of processors, names of machines and partitions, which are somebody's own.
//! Where to read more: z/Architecture Principles of Operation, "STORE SYSTEM INFORMATION"; Linux
//! `arch/s390/kernel/sysinfo.c`; QEMU `target/s390x/tcg/misc_helper.c`, `HELPER(stsi)`; Hercules' configuration,
//! `MANUFACTURER`.

use super::Root;
use super::root::quote;

/// The file.
pub const SYSINFO: &str = "/proc/sysinfo";

/// The fields that say something about layers; no other is kept in a captured tree. A name is kept without what it is.
pub fn is_of_interest(key: &str) -> bool {
    let of_vm = |what: &str| level(key).is_some_and(|(_, field)| field == what);
    matches!(key, "Manufacturer" | "Type" | "LPAR Name" | "LPAR Number") || of_vm("Control Program") || of_vm("Name")
}

/// IBM's machines by type.
const MACHINES: &[(&str, &str)] = &[
    ("2097", "z10"),
    ("2098", "z10 BC"),
    ("2817", "z196"),
    ("2818", "z114"),
    ("2827", "zEC12"),
    ("2828", "zBC12"),
    ("2964", "z13"),
    ("2965", "z13s"),
    ("3906", "z14"),
    ("3907", "z14 ZR1"),
    ("8561", "z15"),
    ("8562", "z15 T02"),
    ("3931", "z16"),
    ("3932", "z16 A02"),
    ("9175", "z17"),
];

/// Who makes such machines.
const MAKER: &str = "IBM";

/// A program that interprets the machine.
struct Interpreter {
    /// What it writes as the manufacturer.
    manufacturer: &'static str,
    name: &'static str,
    /// The control program of a virtual machine that it says is around everything; empty where it says none.
    level: &'static str,
}

const INTERPRETERS: &[Interpreter] = &[
    Interpreter { manufacturer: "QEMU", name: "QEMU", level: "KVM/Linux" },
    Interpreter { manufacturer: "HRC", name: "Hercules", level: "" },
];

/// What the machine says is below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The hypervisors, the nearest first; the last is PR/SM where there is a partition.
    pub hypervisors: Vec<String>,
    /// Each with its version, as it says it.
    pub versions: Vec<String>,
    /// The program that interprets the machine, where one does.
    pub interpreter: Option<&'static str>,
    /// The machine is nobody's that is known: it may be made up by a program.
    pub unsure: bool,
    /// The lines, quoted.
    pub evidence: Vec<String>,
}

/// Reads the list; `None` where there is none.
pub fn said(root: &Root) -> Option<Said> {
    let text = root.text(SYSINFO)?;
    let fields = || text.lines().take(256).filter_map(|line| line.split_once(':')).map(|(k, v)| (k.trim(), v.trim()));
    let mut programs: Vec<(u32, &str)> = fields()
        .filter_map(|(key, value)| level(key).filter(|(_, field)| *field == "Control Program").map(|(n, _)| (n, value)))
        .collect();
    programs.sort_by_key(|(number, _)| *number);
    programs.dedup_by_key(|(number, _)| *number);
    let manufacturer = fields().find(|(key, _)| *key == "Manufacturer").map(|(_, value)| value);
    let interpreter = INTERPRETERS.iter().find(|one| manufacturer == Some(one.manufacturer));
    let mut out = Said { interpreter: interpreter.map(|one| one.name), ..Said::default() };
    // The outermost level is what the interpreter says of itself.
    let made_up = interpreter.and_then(|one| programs.pop_if(|(_, program)| *program == one.level));
    for (number, program) in programs {
        out.evidence.push(quote(SYSINFO, &format!("VM{number:02} Control Program: {program}")));
        let version = program.split_whitespace().collect::<Vec<_>>().join(" ");
        let (name, _) = version.split_once(' ').unwrap_or((&version, ""));
        let name = if name.starts_with("KVM") { "KVM" } else { name };
        out.hypervisors.push(super::root::short(name));
        out.versions.push(super::root::short(&version));
    }
    if let (Some(Interpreter { manufacturer, name, .. }), level) = (interpreter, made_up) {
        let level = level.map(|(number, program)| format!(" and a VM{number:02} of {program}")).unwrap_or_default();
        let said = format!("which interprets the machine: it makes up the partition{level}");
        out.evidence.push(format!("{SYSINFO}: Manufacturer: {manufacturer}, as {name} writes, {said}"));
        out.hypervisors.push((*name).into());
        out.versions.push((*name).into());
    } else if fields().any(|(key, _)| key.starts_with("LPAR ")) {
        if let Some(other) = manufacturer.filter(|name| *name != MAKER) {
            out.unsure = true;
            out.evidence.push(quote(SYSINFO, &format!("Manufacturer: {other}, who makes no such machines, as known")));
        }
        out.evidence.push(format!("{SYSINFO}: a logical partition (LPAR), which PR/SM divides off"));
        out.hypervisors.push(PARTITION.into());
        out.versions.push(PARTITION.into());
    }
    Some(out)
}

/// The hypervisor in every such machine's firmware.
pub const PARTITION: &str = "PR/SM";

/// The machine's name, as `IBM z13 (2964)`.
pub fn machine(root: &Root) -> Option<String> {
    let of_cpuinfo = || {
        let text = root.text("/proc/cpuinfo")?;
        let line = text.lines().take(64).find(|line| line.contains("machine = "))?;
        Some(line.split("machine = ").nth(1)?.split([',', ' ']).next()?.to_owned())
    };
    let of_sysinfo = || {
        let text = root.text(SYSINFO)?;
        let line = text.lines().find_map(|line| line.strip_prefix("Type:"))?;
        Some(line.trim().to_owned())
    };
    let number = of_sysinfo().or_else(of_cpuinfo).filter(|number| !number.is_empty())?;
    let number = super::root::short(&number);
    Some(match MACHINES.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => format!("IBM {name} ({number})"),
        None => format!("IBM Z, machine type {number}"),
    })
}

/// `VM01 Name` as (1, "Name").
fn level(key: &str) -> Option<(u32, &str)> {
    let (number, field) = key.strip_prefix("VM")?.split_once(' ')?;
    Some((number.parse().ok()?, field))
}
