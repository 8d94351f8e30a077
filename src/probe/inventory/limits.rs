//! What cgroups allow this process: the tightest limit along its whole path, per resource.
//!
//! A group's limit binds everything below it, so what is in force is the least of all on the way, wherever it is set.
//! v2 says `max` for none; v1 says -1 for processor time and a number beyond any memory for memory. v1 limits memory and
//! swap together (`memsw`); what it leaves for swap is that less the limit on memory.
//!
//! Read: `cpu.max`, `memory.max`, `memory.high`, `memory.swap.max`, `pids.max`, `cpuset.cpus.effective`, `io.max` and
//! their v1 counterparts, at every level. Left out: weights and shares, which limit only under contention; the
//! real-time scheduler's budget; huge pages; limits that are not cgroups' (`ulimit`).
//! Where to read more: Linux `Documentation/admin-guide/cgroup-v2.rst`, "Controllers".

use super::cgroup::Hierarchy;
use super::namespaces::{self, Namespace};
use super::root::quote;
use super::throttles::{self, Throttle};
use super::{Confidence, Layer, LayerKind, Root, cgroup};
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
            (Resource::Cpuset, _) => &["cpuset.effective_cpus"],
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

/// Every file looked for in a cgroup's folder of v1 or v2.
#[cfg(target_os = "linux")]
pub(super) fn files(version: u8) -> impl Iterator<Item = &'static str> {
    let period = (version == 1).then_some("cpu.cfs_period_us");
    Resource::ALL.into_iter().flat_map(move |resource| resource.files(version)).copied().chain(period)
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
    /// Certain where the whole way to the root was seen; likely where levels above are hidden; unknown where no
    /// file could be read.
    pub confidence: Confidence,
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
    folder: String,
}

/// How many lines of a file are evidence.
const LINES: usize = 16;

/// The limits in force, one per resource.
pub fn in_force(root: &Root, namespaces: &[Namespace]) -> Vec<Limit> {
    let hierarchies = cgroup::hierarchies(root, namespaces::initial(namespaces, "cgroup"));
    Resource::ALL.iter().map(|&resource| limit(root, resource, &hierarchies)).collect()
}

fn limit(root: &Root, resource: Resource, hierarchies: &[Hierarchy]) -> Limit {
    let (mut bounds, mut evidence) = (Vec::new(), Vec::new());
    let mut tightest_io = throttles::Tightest::default();
    let relevant = |h: &&Hierarchy| h.version == 2 || h.controllers.iter().any(|c| c == resource.controller());
    // Groups, but none with this controller: the kernel does not have it, so nothing can be limited.
    let (mut hidden, mut readable) = (false, !hierarchies.is_empty() && !hierarchies.iter().any(|h| relevant(&h)));
    for hierarchy in hierarchies.iter().filter(relevant) {
        hidden |= hierarchy.hidden_above;
        readable |= hierarchy.mount_point.is_some();
        for folder in &hierarchy.levels {
            // A file that is not there sets no limit: the root group has none, nor has one whose controller is off.
            for &file in resource.files(hierarchy.version) {
                let path = format!("{folder}/{file}");
                if let Some(why) = root.refused(&path) {
                    hidden = true;
                    evidence.push(quote(&path, why));
                }
                let Some(text) = root.text(&path) else { continue };
                let text = text.trim();
                evidence.extend(text.lines().take(LINES).map(|line| quote(&path, line)));
                if text.is_empty() {
                    evidence.push(quote(&path, "(empty)"));
                }
                match resource {
                    Resource::Io => tightest_io.add(folder, file, text),
                    Resource::Swap if hierarchy.version == 1 => bounds.extend(together(text, folder)),
                    _ => bounds.extend(bound(root, resource, hierarchy.version, folder, text)),
                }
            }
        }
    }
    let confidence = match (readable, hidden) {
        (false, _) => Confidence::Unknown,
        (true, true) => Confidence::Likely,
        (true, false) => Confidence::Certain,
    };
    let devices = tightest_io.into_list();
    let mut least = tightest(bounds);
    if let (Resource::Swap, Some(bound)) = (resource, &mut least) {
        less_memory(root, hierarchies, bound, &mut evidence);
    }
    let (value, text, set_at) = match least {
        Some(bound) => (Some(bound.value), bound.text, Some(bound.folder)),
        None if !devices.is_empty() => (None, throttles::text(&devices), throttles::place(&devices).map(str::to_owned)),
        None if readable => (None, "none".into(), None),
        None => (None, "unknown".into(), None),
    };
    Limit { resource, value, unit: resource.unit(), text, set_at, devices, evidence, confidence }
}

/// The least of the levels' limits. Ties go to the level nearest the root, which is where a change would have to be
/// made first.
fn tightest(bounds: Vec<Bound>) -> Option<Bound> {
    bounds.into_iter().reduce(|least, next| if next.value < least.value { next } else { least })
}

/// What one level's file says; `None` where it sets no limit.
fn bound(root: &Root, resource: Resource, version: u8, folder: &str, text: &str) -> Option<Bound> {
    let folder = folder.to_owned();
    match resource {
        Resource::Cpu => {
            let (quota, period) = match version {
                2 => text.split_once(' ')?,
                _ => (text, &*root.line(&format!("{folder}/cpu.cfs_period_us"))?),
            };
            let (quota, period): (i64, i64) = (quota.trim().parse().ok()?, period.trim().parse().ok()?);
            if quota <= 0 || period <= 0 {
                return None;
            }
            let cores = quota as f64 / period as f64;
            let text = format!("{cores} cores ({quota} µs each {period} µs)");
            Some(Bound { value: cores, text, folder })
        }
        Resource::Cpuset => {
            let cpus = count_list(text)?;
            let online = root.line("/sys/devices/system/cpu/online").and_then(|list| count_list(&list));
            (online != Some(cpus)).then(|| Bound {
                value: cpus as f64,
                text: super::root::short(&format!("cpus {text}")),
                folder,
            })
        }
        Resource::Memory | Resource::MemoryHigh | Resource::Swap => {
            let bytes = bytes(version, text)?;
            Some(Bound { value: bytes as f64, text: bytes_text(bytes), folder })
        }
        Resource::Pids => {
            let tasks: u64 = text.parse().ok()?;
            Some(Bound { value: tasks as f64, text: format!("{tasks} tasks"), folder })
        }
        // Has as many limits as devices and kinds: see `throttles`.
        Resource::Io => None,
    }
}

/// A limit in bytes; `None` where the text says that there is none.
fn bytes(version: u8, text: &str) -> Option<u64> {
    // v1's "none" is the greatest multiple of the page size that fits 63 bits.
    text.trim().parse().ok().filter(|&bytes: &u64| version == 2 || bytes < i64::MAX as u64 - 0xffff)
}

/// v1's limit on memory and swap together.
fn together(text: &str, folder: &str) -> Option<Bound> {
    let bytes = bytes(1, text)?;
    let text = format!("{}, memory and swap together", bytes_text(bytes));
    Some(Bound { value: bytes as f64, text, folder: folder.to_owned() })
}

/// Takes from v1's limit on memory and swap together what is memory's, which leaves what may be swap.
///
/// The kernel keeps the one at least as great as the other at every level, so the least of the one is at least the
/// least of the other.
fn less_memory(root: &Root, hierarchies: &[Hierarchy], bound: &mut Bound, evidence: &mut Vec<String>) {
    let memory = limit(root, Resource::Memory, hierarchies);
    let v1 = hierarchies.iter().find(|h| h.version == 1 && h.controllers.iter().any(|c| c == "memory"));
    let of_v1 = v1.is_some_and(|h| h.levels.contains(&bound.folder));
    let (true, Some(limit)) = (of_v1, memory.value) else { return };
    let all = bound.value;
    bound.value = (all - limit).max(0.0);
    bound.text =
        format!("{} ({} with memory's {})", bytes_text(bound.value as u64), bytes_text(all as u64), memory.text);
    evidence.extend(memory.evidence);
}

/// How many processors a list such as `0-3,8` names.
pub(super) fn count_list(list: &str) -> Option<u64> {
    let mut count = 0u64;
    for part in list.trim().split(',').filter(|part| !part.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u64, u64) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        count = count.checked_add(to.checked_sub(from)?.checked_add(1)?)?;
    }
    (count > 0).then_some(count)
}

/// Bytes as a person writes them: the greatest unit in which the number is at least one.
pub(super) fn bytes_text(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let power = (bytes.max(1).ilog2() / 10) as usize;
    let value = bytes as f64 / (1u64 << (10 * power)) as f64;
    // ilog2 of a u64 is at most 63, so `power` is at most 6.
    format!("{} {}", (value * 10.0).round() / 10.0, units[power.min(6)])
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
        let place = match &hierarchy.mount_point {
            Some(point) => format!("mounted at {point}"),
            None => "not mounted here".into(),
        };
        let above = if hierarchy.hidden_above && hierarchy.mount_point.is_some() {
            "; levels above, if any, are hidden"
        } else {
            ""
        };
        let path = super::root::short(&hierarchy.path);
        layer.evidence.push(format!("/proc/self/cgroup: {} {path}, {place}{above}", hierarchy.label()));
    }
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
