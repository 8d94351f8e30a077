//! What a description must fulfil before a machine is made of it: everything counted fits its number, nothing that
//! is divided by is zero, everything named by a number exists.
//!
//! A scenario file is checked against the same limits, with places in the file; here a description that was made in
//! some other way is.

use super::spec::{CgroupSpec, GroupSpec, HostSpec, MountSpec, NodeSpec, ProcessSpec, Spec, Statement, VmSpec};
use crate::engine::Time;

/// How many kernels, containers and processes may stand on one another.
pub const MAX_DEPTH: usize = 8;
/// The most stacks.
pub const MAX_STACKS: usize = 16_384;
/// The most vCPUs of one virtual machine.
pub const MAX_VM_VCPUS: u16 = 64;
/// The most programs, and the most operations written in all of them.
pub const MAX_PROGRAMS: usize = 1024;
/// How many named cgroups may lie in one another.
pub const MAX_GROUP_DEPTH: usize = 8;
/// The most named cgroups of a kernel.
pub const MAX_GROUPS: usize = 1024;
/// The most disks, and the most network cards, of a machine.
pub const MAX_DEVICES: u64 = 16;

/// The most processes, containers and virtual machines: a thousand virtual machines of a hundred containers each.
pub const MAX_NODES: u64 = 131_072;
/// The most vCPUs.
const MAX_VCPUS: u64 = 32_768;
/// The most threads of programs.
const MAX_THREADS: u64 = 131_072;
/// The most parts that can be drawn.
const MAX_PARTS: u64 = 500_000;

/// Counts over a node and all that stands in it, copies included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    nodes: u64,
    vcpus: u64,
    threads: u64,
    parts: u64,
}

impl Total {
    /// The counts of one node without what stands in it.
    pub fn of(node: &NodeSpec) -> Total {
        let (vcpus, threads, parts) = match node {
            NodeSpec::Process(process) => (0, u64::from(process.threads), 2),
            NodeSpec::Container(container) => (0, u64::from(container.process.threads), 3),
            // A wall, virtual hardware with memory, timer and its devices, a kernel with seven parts, a hypervisor with four.
            NodeSpec::Vm(vm) => {
                let devices = vm.disks.len().max(1) + vm.nics.len().max(1);
                (u64::from(vm.vcpus), 0, 17 + devices as u64 + u64::from(vm.vcpus) + vm.groups.len() as u64)
            }
        };
        Total { nodes: 1, vcpus, threads, parts }
    }

    /// Processes, containers and virtual machines.
    pub fn nodes(self) -> u64 {
        self.nodes
    }

    /// Both together.
    pub fn plus(self, other: Total) -> Total {
        Total {
            nodes: self.nodes.saturating_add(other.nodes),
            vcpus: self.vcpus.saturating_add(other.vcpus),
            threads: self.threads.saturating_add(other.threads),
            parts: self.parts.saturating_add(other.parts),
        }
    }

    /// So many copies of it.
    pub fn times(self, n: u64) -> Total {
        Total {
            nodes: self.nodes.saturating_mul(n),
            vcpus: self.vcpus.saturating_mul(n),
            threads: self.threads.saturating_mul(n),
            parts: self.parts.saturating_mul(n),
        }
    }

    /// The first count that is too large, with the most that it may be, and what it counts.
    pub fn too_many(self) -> Option<(u64, u64, &'static str)> {
        let limits = [
            (self.nodes, MAX_NODES, "processes, containers and virtual machines"),
            (self.vcpus, MAX_VCPUS, "vCPUs"),
            (self.threads, MAX_THREADS, "threads"),
            (self.parts, MAX_PARTS, "parts of the machine"),
        ];
        limits.into_iter().find(|(n, most, _)| n > most)
    }
}

/// The most services that a machine starts when it boots.
pub const MAX_SERVICES: u16 = 1_000;

/// Why no machine can be made of a description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The host, or a virtual machine, has no processor or too many of them.
    #[error("{of} has {n} processors; it may have from 1 to {most}")]
    #[allow(missing_docs)]
    Cpus { of: String, n: u16, most: u16 },
    /// Something is pinned to a processor that its kernel does not have.
    #[error("\"{of}\" is pinned to CPU {cpu}, and the kernel that it stands on has {has}; CPUs count from 0")]
    #[allow(missing_docs)]
    NoSuchCpu { of: String, cpu: u16, has: u16 },
    /// More of something than there may be.
    #[error("{n} {what}; {most} is the most")]
    #[allow(missing_docs)]
    TooMany { n: u64, most: u64, what: &'static str },
    /// A process runs a program that is not among the description's.
    #[error("\"{of}\" runs program {program}, and there are {has}; programs count from 0")]
    #[allow(missing_docs)]
    NoSuchProgram { of: String, program: u16, has: usize },
    /// A weight of zero, or a cgroup's quota or period of no time.
    #[error("{what} of \"{of}\" is zero; it must be more")]
    #[allow(missing_docs)]
    Zero { of: String, what: &'static str },
    /// A `cpu.weight` that the kernel does not take.
    #[error("the cpu.weight of \"{of}\" is {weight}; it may be from 1 to {}", CgroupSpec::MAX_WEIGHT)]
    #[allow(missing_docs)]
    Weight { of: String, weight: u32 },
    /// A cgroup is to lie in one that its kernel does not have.
    #[error("\"{of}\" is to lie in the cgroup \"{parent}\", and its kernel has none of this name")]
    #[allow(missing_docs)]
    NoSuchGroup { of: String, parent: String },
    /// Two cgroups of a kernel have one name.
    #[error("two cgroups are called \"{of}\"")]
    #[allow(missing_docs)]
    GroupTwice { of: String },
    /// A cgroup that lies in itself, or too deep.
    #[error("the cgroup \"{of}\" lies in itself, or more than {MAX_GROUP_DEPTH} deep")]
    #[allow(missing_docs)]
    GroupTooDeep { of: String },
    /// A virtual machine on a kernel without a hypervisor.
    #[error("\"{of}\" is a virtual machine, and the host's kernel has no hypervisor")]
    #[allow(missing_docs)]
    NoHypervisor { of: String },
    /// Something is on a disk, or leaves by a network card, that its kernel does not have.
    #[error("\"{of}\" is on {what} {device}, and the kernel that it stands on has {has}; they count from 0")]
    #[allow(missing_docs)]
    NoSuchDevice { of: String, what: &'static str, device: u16, has: usize },
    /// A stack that stands too deep.
    #[error("\"{of}\" stands more than {MAX_DEPTH} deep")]
    #[allow(missing_docs)]
    TooDeep { of: String },
}

/// Whether a machine can be made of `spec`.
pub fn check(spec: &Spec) -> Result<(), SpecError> {
    let host = &spec.host;
    cpus("the host", host.cores, HostSpec::MAX_CORES)?;
    at_most(spec.stacks.len() as u64, MAX_STACKS as u64, "stacks")?;
    at_most(spec.programs.len() as u64, MAX_PROGRAMS as u64, "programs")?;
    let operations = spec.programs.iter().map(|program| operations(&program.body)).sum();
    at_most(operations, MAX_PROGRAMS as u64, "operations in the programs")?;
    at_most(host.disks.len() as u64, MAX_DEVICES, "disks")?;
    at_most(host.nics.len() as u64, MAX_DEVICES, "network cards")?;
    let on = Platform::of(host.cores, host.disks.len(), host.nics.len(), &host.groups);
    mounts("the host", &host.mounts, on)?;
    groups(on.groups)?;
    let mut total = Total::default();
    for node in &spec.stacks {
        nodes(spec, node, on, 1, &mut total)?;
    }
    total.too_many().map_or(Ok(()), |(n, most, what)| Err(SpecError::TooMany { n, most, what }))
}

/// What a kernel has: processors, disks, network cards, cgroups.
#[derive(Clone, Copy)]
struct Platform<'a> {
    cpus: u16,
    disks: usize,
    nics: usize,
    groups: &'a [GroupSpec],
}

impl Platform<'_> {
    /// Where no device is described there is one.
    fn of(cpus: u16, disks: usize, nics: usize, groups: &[GroupSpec]) -> Platform<'_> {
        Platform { cpus, disks: disks.max(1), nics: nics.max(1), groups }
    }
}

/// The named cgroups of a kernel.
fn groups(groups: &[GroupSpec]) -> Result<(), SpecError> {
    at_most(groups.len() as u64, MAX_GROUPS as u64, "cgroups with names")?;
    for (i, group) in groups.iter().enumerate() {
        let of = || group.name.clone();
        if groups[..i].iter().any(|other| other.name == group.name) {
            return Err(SpecError::GroupTwice { of: of() });
        }
        cgroup(&group.name, &group.cgroup, groups)?;
        if group_depth(groups, group).is_none() {
            return Err(SpecError::GroupTooDeep { of: of() });
        }
    }
    Ok(())
}

/// How many named cgroups one lies in, itself counted; `None` for too many, and for one in itself.
pub fn group_depth(groups: &[GroupSpec], group: &GroupSpec) -> Option<usize> {
    let outer = |group: &&GroupSpec| {
        let parent = group.cgroup.parent.as_ref()?;
        groups.iter().find(|other| other.name == *parent)
    };
    let depth = std::iter::successors(Some(group), outer).take(MAX_GROUP_DEPTH + 1).count();
    (depth <= MAX_GROUP_DEPTH).then_some(depth)
}

fn cgroup(of: &str, cgroup: &CgroupSpec, groups: &[GroupSpec]) -> Result<(), SpecError> {
    let of = || of.to_owned();
    if !(1..=CgroupSpec::MAX_WEIGHT).contains(&cgroup.cpu_weight) {
        return Err(SpecError::Weight { of: of(), weight: cgroup.cpu_weight });
    }
    let unknown = |parent: &&String| groups.iter().all(|group| group.name != **parent);
    if let Some(parent) = cgroup.parent.as_ref().filter(unknown) {
        return Err(SpecError::NoSuchGroup { of: of(), parent: parent.clone() });
    }
    match cgroup.cpu_max {
        Some(max) if max.quota == Time::ZERO => Err(SpecError::Zero { of: of(), what: "the quota of cpu.max" }),
        Some(max) if max.period == Time::ZERO => Err(SpecError::Zero { of: of(), what: "the period of cpu.max" }),
        _ => Ok(()),
    }
}

/// A node and what stands in it, on a kernel.
fn nodes(spec: &Spec, node: &NodeSpec, on: Platform<'_>, depth: usize, total: &mut Total) -> Result<(), SpecError> {
    if depth > MAX_DEPTH {
        return Err(SpecError::TooDeep { of: node.name().to_owned() });
    }
    *total = total.plus(Total::of(node));
    match node {
        NodeSpec::Process(process) => self::process(spec, process, on),
        NodeSpec::Container(container) => {
            let of = &container.process.name;
            container.disk.map_or(Ok(()), |disk| device(of, "disk", disk, on.disks))?;
            mounts(of, &container.volumes, on)?;
            process(spec, &container.process, on)
        }
        NodeSpec::Vm(vm) => {
            virtual_machine(spec, vm, on)?;
            let inside = Platform::of(vm.vcpus, vm.disks.len(), vm.nics.len(), &vm.groups);
            groups(inside.groups)?;
            mounts(&vm.name, &vm.mounts, inside)?;
            vm.stacks.iter().try_for_each(|inner| nodes(spec, inner, inside, depth + 1, total))
        }
    }
}

fn mounts(of: &str, mounts: &[MountSpec], on: Platform<'_>) -> Result<(), SpecError> {
    mounts.iter().try_for_each(|mount| device(of, "disk", mount.disk, on.disks))
}

fn device(of: &str, what: &'static str, device: u16, has: usize) -> Result<(), SpecError> {
    match usize::from(device) < has {
        true => Ok(()),
        false => Err(SpecError::NoSuchDevice { of: of.to_owned(), what, device, has }),
    }
}

fn process(spec: &Spec, process: &ProcessSpec, on: Platform<'_>) -> Result<(), SpecError> {
    let of = || process.name.clone();
    if let Some(program) = process.program.filter(|program| usize::from(program.0) >= spec.programs.len()) {
        return Err(SpecError::NoSuchProgram { of: of(), program: program.0, has: spec.programs.len() });
    }
    device(&process.name, "network card", process.nic, on.nics)?;
    if process.weight == 0 {
        return Err(SpecError::Zero { of: of(), what: "the weight" });
    }
    process.cgroup.as_ref().map_or(Ok(()), |own| cgroup(&process.name, own, on.groups))?;
    pinned(&process.name, process.cpu.as_slice(), on.cpus)
}

fn virtual_machine(spec: &Spec, vm: &VmSpec, on: Platform<'_>) -> Result<(), SpecError> {
    if !spec.host.hypervisor {
        return Err(SpecError::NoHypervisor { of: vm.name.clone() });
    }
    cpus(&format!("\"{}\"", vm.name), vm.vcpus, MAX_VM_VCPUS)?;
    cgroup(&vm.name, &vm.cgroup, on.groups)?;
    at_most(vm.disks.len() as u64, MAX_DEVICES, "disks of a virtual machine")?;
    at_most(vm.nics.len() as u64, MAX_DEVICES, "network cards of a virtual machine")?;
    vm.disks.iter().try_for_each(|disk| device(&vm.name, "disk", disk.on, on.disks))?;
    vm.nics.iter().try_for_each(|nic| device(&vm.name, "network card", nic.on, on.nics))?;
    pinned(&vm.name, &vm.pin, on.cpus)
}

fn cpus(of: &str, n: u16, most: u16) -> Result<(), SpecError> {
    if (1..=most).contains(&n) { Ok(()) } else { Err(SpecError::Cpus { of: of.to_owned(), n, most }) }
}

fn pinned(of: &str, cpus: &[u16], has: u16) -> Result<(), SpecError> {
    let missing = cpus.iter().find(|cpu| **cpu >= has);
    missing.map_or(Ok(()), |cpu| Err(SpecError::NoSuchCpu { of: of.to_owned(), cpu: *cpu, has }))
}

fn at_most(n: u64, most: u64, what: &'static str) -> Result<(), SpecError> {
    if n <= most { Ok(()) } else { Err(SpecError::TooMany { n, most, what }) }
}

fn operations(body: &[Statement]) -> u64 {
    let one = |statement: &Statement| match statement {
        Statement::Do(_) => 1,
        Statement::Repeat(_, body) => operations(body),
    };
    body.iter().map(one).sum()
}
