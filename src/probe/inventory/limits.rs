//! What cgroups allow this process: the tightest limit along its whole path, per resource.
//!
//! A group's limit binds everything below it, so what is in force is the least of all on the way, wherever it is set.
//! v2 says `max` for none; v1 says -1 for processor time, and for memory the most pages that a counter holds, which
//! depends on the size of a word and of a page. v1 limits memory and swap together (`memsw`); what it leaves for swap
//! is that less the limit on memory. v1's `memory.stat` has the least limit on memory along the whole way, groups that
//! cannot be seen from here included, and without those that do not bind because a hierarchy is switched off.
//!
//! A set of processors is a limit where one of the machine's processors is not in it. lxcfs shows a container a list of
//! processors made from its own set or quota, which is no measure for it. v1 may keep processors in a set that are not
//! there.
//!
//! Read: `cpu.max`, `memory.max`, `memory.high`, `memory.swap.max`, `pids.max`, `cpuset.cpus.effective`, `io.max` and
//! their v1 counterparts, at every level. Left out: weights and shares, which limit only under contention; the
//! real-time scheduler's budget; huge pages; limits that are not cgroups' (`ulimit`).
//! Where to read more: Linux `Documentation/admin-guide/cgroup-v2.rst`, "Controllers"; `cgroup-v1/memory.rst`;
//! `include/linux/page_counter.h`, `PAGE_COUNTER_MAX`; lxcfs, `src/sysfs_fuse.c`.

use super::amounts::Cpus;
use super::cgroup::Hierarchy;
use super::namespaces::{self, Namespace};
use super::root::quote;
use super::throttles::{self, Throttle};
use super::{Confidence, Layer, LayerKind, Root, cgroup, mounts};
use serde::Serialize;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Processor time, in cores' worth.
    Cpu,
    /// The processors it may run on, as their number.
    Cpuset,
    /// Memory beyond which the kernel kills, in bytes.
    Memory,
    /// Memory beyond which the kernel throttles and reclaims, in bytes.
    MemoryHigh,
    /// Swap, in bytes.
    Swap,
    /// Processes and threads.
    Pids,
    /// Bytes or operations per second, read or written, of each device.
    Io,
}

impl Resource {
    const ALL: [Resource; 7] = [
        Resource::Cpu,
        Resource::Cpuset,
        Resource::Memory,
        Resource::MemoryHigh,
        Resource::Swap,
        Resource::Pids,
        Resource::Io,
    ];

    /// The label on screen.
    pub fn label(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu",
            Resource::Cpuset => "cpuset",
            Resource::Memory => "memory",
            Resource::MemoryHigh => "memory.high",
            Resource::Swap => "swap",
            Resource::Pids => "pids",
            Resource::Io => "io",
        }
    }

    /// The unit of [`Limit::value`].
    pub fn unit(self) -> &'static str {
        match self {
            Resource::Cpu => "cores",
            Resource::Cpuset => "cpus",
            Resource::Memory | Resource::MemoryHigh | Resource::Swap => "bytes",
            Resource::Pids => "tasks",
            Resource::Io => "",
        }
    }

    /// The files that hold it in a group's folder.
    const fn files(self, version: u8) -> &'static [&'static str] {
        match (self, version) {
            (Resource::Cpu, 2) => &["cpu.max"],
            (Resource::Cpu, _) => &["cpu.cfs_quota_us"],
            (Resource::Cpuset, 2) => &["cpuset.cpus.effective"],
            // Older kernels have only the set as it was asked for.
            (Resource::Cpuset, _) => &["cpuset.effective_cpus", "cpuset.cpus"],
            (Resource::Memory, 2) => &["memory.max"],
            (Resource::Memory, _) => &["memory.limit_in_bytes"],
            (Resource::MemoryHigh, 2) => &["memory.high"],
            (Resource::MemoryHigh, _) => &[],
            (Resource::Swap, 2) => &["memory.swap.max"],
            (Resource::Swap, _) => &["memory.memsw.limit_in_bytes"],
            (Resource::Pids, _) => &["pids.max"],
            (Resource::Io, 2) => &["io.max"],
            (Resource::Io, _) => &[
                "blkio.throttle.read_bps_device",
                "blkio.throttle.write_bps_device",
                "blkio.throttle.read_iops_device",
                "blkio.throttle.write_iops_device",
            ],
        }
    }

    /// The v1 controller that sets it.
    const fn controller(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu",
            Resource::Cpuset => "cpuset",
            Resource::Memory | Resource::MemoryHigh | Resource::Swap => "memory",
            Resource::Pids => "pids",
            Resource::Io => "blkio",
        }
    }
}

/// v1's file with the least limits on memory along the whole way.
const STATISTICS: &str = "memory.stat";

/// Every file looked for in a cgroup's folder of v1 or v2.
pub(super) fn files(version: u8) -> impl Iterator<Item = &'static str> {
    let others = [PERIOD, STATISTICS].into_iter().filter(move |_| version == 1);
    Resource::ALL.into_iter().flat_map(move |resource| resource.files(version)).copied().chain(others)
}

/// The limit in force on one resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// What is limited.
    pub resource: Resource,
    /// The least limit on the way, in `unit`; none where no level sets one, and for `io`, which has one for each device
    /// and kind: [`Limit::devices`].
    pub value: Option<f64>,
    /// The unit of `value`.
    pub unit: &'static str,
    /// For display: `0.5 cores`, `512 MiB`, `none`.
    pub text: String,
    /// The folder of the group that sets it; none where no level does, and for `io` where several groups do.
    pub set_at: Option<String>,
    /// For `io`, the least limit on the way of each device and kind; else empty.
    pub devices: Vec<Throttle>,
    /// The file of each level that was read, from the top down.
    pub evidence: Vec<String>,
    /// Certain where the whole way to the root was seen; likely where levels above are hidden, or something had to be
    /// assumed; unknown where no file could be read.
    pub confidence: Confidence,
    /// Why it is no more than likely, in a few words.
    #[serde(skip)]
    pub doubt: Option<&'static str>,
}

impl Limit {
    /// Whether some level sets one.
    pub fn is_set(&self) -> bool {
        self.value.is_some() || !self.devices.is_empty()
    }
}

/// One level's limit.
struct Bound {
    value: f64,
    text: String,
    /// The group that sets it; none where that cannot be seen.
    folder: Option<String>,
}

/// The period of a quota where no other is set, in microseconds.
const DEFAULT_PERIOD: i64 = 100_000;

/// v1's file of it.
const PERIOD: &str = "cpu.cfs_period_us";

/// Why a limit is no more than likely.
const HIDDEN: &str = "levels above are hidden";
const CUT: &str = "the list of mounts or groups is cut";
const ASSUMED: &str = "the period is the kernel's default, as none could be read";
const NOT_LESS: &str = "the limit on memory, which is to be taken off, is not certain";

/// How many lines of a file are evidence.
const LINES: usize = 16;

/// The limits in force, one per resource.
pub fn in_force(root: &Root, namespaces: &[Namespace]) -> Vec<Limit> {
    let hierarchies = cgroup::hierarchies(root, namespaces::initial(namespaces, "cgroup"));
    Resource::ALL.iter().map(|&resource| limit(root, resource, &hierarchies)).collect()
}

/// What was found of one resource's limits.
#[derive(Default)]
struct Found {
    bounds: Vec<Bound>,
    io: throttles::Tightest,
    evidence: Vec<String>,
    /// Why what was found may not be all: a group on the way is, or may be, out of sight.
    doubt: Option<&'static str>,
    /// Whether the process's own group was seen.
    seen: bool,
}

/// The hierarchies that may limit a resource. A controller is in one only: where one of v1 has it, v2's has it not.
fn relevant(resource: Resource, hierarchies: &[Hierarchy]) -> Vec<&Hierarchy> {
    let has = |h: &&Hierarchy| h.controllers.iter().any(|c| c == resource.controller());
    let of_v1: Vec<&Hierarchy> = hierarchies.iter().filter(has).collect();
    if of_v1.is_empty() { hierarchies.iter().filter(|h| h.version == 2).collect() } else { of_v1 }
}

fn limit(root: &Root, resource: Resource, hierarchies: &[Hierarchy]) -> Limit {
    let relevant = relevant(resource, hierarchies);
    let cut = cgroup::cut(root);
    let mut found = Found {
        // Groups, but none with this controller: the kernel does not have it, so nothing can be limited.
        seen: !hierarchies.is_empty() && relevant.is_empty() && cut.is_none(),
        doubt: cut.is_some().then_some(CUT),
        ..Found::default()
    };
    found.evidence.extend(cut);
    if relevant.iter().any(|hierarchy| hierarchy.cut) {
        found.evidence.extend(mounts::cut(root));
    }
    for hierarchy in &relevant {
        level_by_level(root, resource, hierarchy, &mut found);
    }
    let devices = std::mem::take(&mut found.io).into_list();
    let mut least = tightest(std::mem::take(&mut found.bounds));
    if let (Resource::Swap, Some(bound)) = (resource, &mut least) {
        less_memory(root, hierarchies, bound, &mut found);
    }
    let set = least.is_some() || !devices.is_empty();
    let (confidence, doubt) = match (found.seen, found.doubt) {
        (false, _) if !set => (Confidence::Unknown, None),
        (true, None) => (Confidence::Certain, None),
        (_, doubt) => (Confidence::Likely, doubt.or(Some(HIDDEN))),
    };
    let (value, text, set_at) = match least {
        Some(bound) => (Some(bound.value), bound.text, bound.folder),
        None if !devices.is_empty() => (None, throttles::text(&devices), throttles::place(&devices).map(str::to_owned)),
        None if found.seen => (None, "none".into(), None),
        None => {
            let shown = relevant.iter().filter(|h| h.own.is_none());
            found.evidence.extend(shown.map(|h| format!("{}: {}", h.label(), h.place())));
            (None, "unknown".into(), None)
        }
    };
    Limit { resource, value, unit: resource.unit(), text, set_at, devices, evidence: found.evidence, confidence, doubt }
}

/// Reads the files of every level of one hierarchy.
fn level_by_level(root: &Root, resource: Resource, hierarchy: &Hierarchy, found: &mut Found) {
    let (mut bounds, mut hidden) = (Vec::new(), hierarchy.hidden_above);
    if hierarchy.cut {
        found.doubt = found.doubt.or(Some(CUT));
    }
    found.seen |= hierarchy.own.as_ref().is_some_and(|own| root.refused(own).is_none());
    for folder in &hierarchy.levels {
        if let Some(why) = root.refused(folder) {
            hidden = true;
            found.evidence.push(quote(folder, why));
            continue;
        }
        // A file that is not there sets no limit: the root group has none, nor has one whose controller is off.
        for &name in resource.files(hierarchy.version) {
            let file = hierarchy.file(name);
            let path = format!("{folder}/{file}");
            if let Some(why) = root.refused(&path) {
                hidden = true;
                found.evidence.push(quote(&path, why));
            }
            let Some(text) = root.text(&path) else { continue };
            let text = text.trim();
            found.evidence.extend(text.lines().take(LINES).map(|line| quote(&path, line)));
            if text.is_empty() {
                found.evidence.push(quote(&path, "(empty)"));
            }
            match resource {
                Resource::Io => found.io.add(folder, name, text),
                Resource::Swap if hierarchy.version == 1 => bounds.extend(together(root, text, folder)),
                _ => bounds.extend(bound(root, resource, hierarchy, folder, text, found)),
            }
            // Of a set's two files the first says what is in force.
            if resource == Resource::Cpuset {
                break;
            }
        }
    }
    if let Some((line, total)) = along_the_way(root, resource, hierarchy) {
        found.evidence.push(line);
        hidden = false;
        // Where a hierarchy of v1 is switched off, limits above do not bind.
        bounds.retain(|bound: &Bound| Some(bound.value) == total.map(|bytes| bytes as f64));
        if let (Some(bytes), true) = (total, bounds.is_empty()) {
            let together = if resource == Resource::Swap { ", memory and swap together" } else { "" };
            let text = format!(
                "{}{together}, set by a group above that cannot be seen from here",
                crate::amounts::bytes(bytes)
            );
            bounds.push(Bound { value: bytes as f64, text, folder: None });
        }
    }
    found.doubt = found.doubt.or(hidden.then_some(HIDDEN));
    found.bounds.extend(bounds);
}

/// What the kernel itself says is the least limit on the way, hidden groups included: the line, and the bytes, none of
/// which means no limit. Only v1 tells, in the statistics of the process's own group.
fn along_the_way(root: &Root, resource: Resource, hierarchy: &Hierarchy) -> Option<(String, Option<u64>)> {
    let key = match (resource, hierarchy.version) {
        (Resource::Memory, 1) => "hierarchical_memory_limit",
        (Resource::Swap, 1) => "hierarchical_memsw_limit",
        _ => return None,
    };
    let path = format!("{}/{STATISTICS}", hierarchy.own.as_ref()?);
    let text = root.text(&path)?;
    let line = text.lines().find(|line| line.split(' ').next() == Some(key))?;
    let number: u64 = line.split(' ').nth(1)?.trim().parse().ok()?;
    Some((quote(&path, line), (!is_no_limit(root, number)).then_some(number)))
}

/// The least of the levels' limits. Ties go to the level nearest the root, which is where a change would have to be
/// made first.
fn tightest(bounds: Vec<Bound>) -> Option<Bound> {
    bounds.into_iter().reduce(|least, next| if next.value < least.value { next } else { least })
}

/// What one level's file says; `None` where it sets no limit.
fn bound(
    root: &Root,
    resource: Resource,
    hierarchy: &Hierarchy,
    folder: &str,
    text: &str,
    found: &mut Found,
) -> Option<Bound> {
    let version = hierarchy.version;
    let (value, text) = match resource {
        Resource::Cpu => {
            let (quota, period) = text.split_once(' ').filter(|_| version == 2).unwrap_or((text, ""));
            let quota: i64 = quota.trim().parse().ok().filter(|quota| *quota > 0)?;
            let period = match version {
                2 => period.trim().parse().ok(),
                _ => period_of(root, hierarchy, folder, found),
            };
            let period: i64 = period.unwrap_or_else(|| assumed(found));
            if period <= 0 {
                return None;
            }
            let cores = quota as f64 / period as f64;
            let what = if quota == period { "core" } else { "cores" };
            // In thousandths, and never so little that it reads as none.
            let rounded = ((cores * 1000.0).round() / 1000.0).max(0.001);
            (cores, format!("{rounded} {what} ({quota} µs each {period} µs)"))
        }
        Resource::Cpuset => {
            let set = Cpus::parse(text)?;
            let set = in_force_of(root, set, &mut found.evidence)?;
            let what = if set.count() == 1 { "CPU" } else { "CPUs" };
            (set.count() as f64, super::root::short(&format!("{} {what} ({})", set.count(), set.text())))
        }
        Resource::Memory | Resource::MemoryHigh | Resource::Swap => {
            let bytes = bytes(root, version, text)?;
            (bytes as f64, crate::amounts::bytes(bytes))
        }
        Resource::Pids => {
            let tasks: u64 = text.parse().ok()?;
            (tasks as f64, format!("{tasks} tasks"))
        }
        // Has as many limits as devices and kinds: see `throttles`.
        Resource::Io => return None,
    };
    Some(Bound { value, text, folder: Some(folder.to_owned()) })
}

/// The period of a quota of v1, in microseconds, which has a file of its own.
fn period_of(root: &Root, hierarchy: &Hierarchy, folder: &str, found: &mut Found) -> Option<i64> {
    let path = format!("{folder}/{}", hierarchy.file(PERIOD));
    let period = root.line(&path).and_then(|line| line.trim().parse().ok());
    if period.is_none() {
        found.evidence.push(root.missing(&path));
    }
    period
}

/// The period that is in force unless somebody set another.
fn assumed(found: &mut Found) -> i64 {
    found.doubt = found.doubt.or(Some(ASSUMED));
    found.evidence.push(format!("no period could be read: the kernel's default of {DEFAULT_PERIOD} µs is taken"));
    DEFAULT_PERIOD
}

/// What a set of processors leaves of the machine's; `None` where it leaves out none of them.
///
/// v1 gives the set as it was asked for, with processors in it that are switched off or not there.
fn in_force_of(root: &Root, set: Cpus, evidence: &mut Vec<String>) -> Option<Cpus> {
    const CPUS: &str = "/sys/devices/system/cpu";
    let read = |file: &str| root.line(&format!("{CPUS}/{file}")).and_then(|list| Cpus::parse(&list));
    let online = format!("{CPUS}/online");
    if !mounts::is_made_up(&mounts::of(root), &online) {
        return match read("online") {
            Some(online) if set.contain(&online) => None,
            Some(online) => Some(set.common(&online).unwrap_or(set)),
            None => Some(set),
        };
    }
    let said = root.line(&online).unwrap_or_default();
    let line = quote(&online, &format!("{said}, which lxcfs makes up from the container's own set"));
    if !evidence.contains(&line) {
        evidence.push(line);
    }
    let limits = match (read("present"), read("online")) {
        (Some(present), _) => !set.contain(&present),
        // Fewer than the set has are made up from a quota, and tell nothing of the set.
        (None, Some(online)) => online != set && online.count() >= set.count(),
        (None, None) => true,
    };
    limits.then_some(set)
}

/// A limit in bytes; `None` where the text says that there is none.
fn bytes(root: &Root, version: u8, text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|&bytes: &u64| version == 2 || !is_no_limit(root, bytes))
}

/// Whether v1 says "none" by this number: the most pages that a counter holds, in bytes.
///
/// A counter holds what is LONG_MAX in bytes on 64 bits, and LONG_MAX pages on 32. Before Linux 3.19 it held whatever
/// fits 63 or 64 bits.
fn is_no_limit(root: &Root, bytes: u64) -> bool {
    const LARGEST_PAGE: u64 = 1 << 18;
    let arch = root.fact("arch").unwrap_or_default();
    let is_32_bit = !arch.is_empty() && !arch.contains("64") && arch != "s390x";
    let pages_of_32_bit = || (12..=18).any(|shift| bytes == (i32::MAX as u64) << shift);
    bytes > i64::MAX as u64 - LARGEST_PAGE || (is_32_bit && pages_of_32_bit())
}

/// v1's limit on memory and swap together.
fn together(root: &Root, text: &str, folder: &str) -> Option<Bound> {
    let bytes = bytes(root, 1, text)?;
    let text = format!("{}, memory and swap together", crate::amounts::bytes(bytes));
    Some(Bound { value: bytes as f64, text, folder: Some(folder.to_owned()) })
}

/// Takes from v1's limit on memory and swap together what is memory's, which leaves what may be swap.
///
/// The kernel keeps the one at least as great as the other at every level, so the least of the one is at least the
/// least of the other.
fn less_memory(root: &Root, hierarchies: &[Hierarchy], bound: &mut Bound, found: &mut Found) {
    let memory = limit(root, Resource::Memory, hierarchies);
    let v1 = hierarchies.iter().find(|h| h.version == 1 && h.controllers.iter().any(|c| c == "memory"));
    let of_v1 = v1.is_some_and(|h| bound.folder.as_ref().is_none_or(|folder| h.levels.contains(folder)));
    if of_v1 && memory.confidence != Confidence::Certain {
        found.doubt = found.doubt.or(Some(NOT_LESS));
    }
    let (true, Some(limit)) = (of_v1, memory.value) else { return };
    let all = bound.value;
    bound.value = (all - limit).max(0.0);
    bound.text = format!(
        "{} ({} with memory's {})",
        crate::amounts::bytes(bound.value as u64),
        crate::amounts::bytes(all as u64),
        crate::amounts::bytes(limit as u64)
    );
    found.evidence.extend(memory.evidence);
}

/// The layer that sums them up.
pub fn layer(root: &Root, limits: &[Limit], namespaces: &[Namespace]) -> Layer {
    let set: Vec<&Limit> = limits.iter().filter(|limit| limit.is_set()).collect();
    let known = limits.iter().filter(|limit| limit.confidence != Confidence::Unknown).count();
    let hidden = limits.iter().any(|limit| limit.confidence == Confidence::Likely);
    let (name, confidence) = match (known, set.is_empty()) {
        (0, _) => ("cgroup limits unknown", Confidence::Unknown),
        (_, true) if hidden => ("no cgroup limit in sight", Confidence::Likely),
        (_, true) => ("no cgroup limit in force", Confidence::Certain),
        (_, false) if hidden => ("cgroup limits in force", Confidence::Likely),
        (_, false) => ("cgroup limits in force", Confidence::Certain),
    };
    let mut layer = Layer::new(LayerKind::Cgroups, name, confidence);
    layer.detail = set
        .iter()
        .map(|limit| {
            let place = limit.set_at.as_deref().map(|place| format!(", set at {place}")).unwrap_or_default();
            format!("{}: {}{place}", limit.resource.label(), limit.text)
        })
        .collect::<Vec<_>>()
        .join(" · ");
    for hierarchy in cgroup::hierarchies(root, namespaces::initial(namespaces, "cgroup")) {
        let place = hierarchy.place();
        let above = match hierarchy.mount_point {
            Some(_) if hierarchy.hidden_above => "; levels above, if any, are hidden",
            _ => "",
        };
        let path = super::root::short(&hierarchy.path);
        layer.evidence.push(format!("/proc/self/cgroup: {} {path}, {place}{above}", hierarchy.label()));
    }
    layer.evidence.extend(cgroup::cut(root).into_iter().chain(mounts::cut(root)));
    for line in set.iter().flat_map(|limit| &limit.evidence) {
        // v1's limit on memory is evidence for swap too.
        if !layer.evidence.contains(line) {
            layer.evidence.push(line.clone());
        }
    }
    if let Some(total) = root.quoted("/proc/meminfo") {
        layer.evidence.push(total);
    }
    if layer.evidence.is_empty() {
        layer.evidence.push("/proc/self/cgroup: not there".into());
    }
    layer
}
