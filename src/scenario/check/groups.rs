//! Cgroups: those with names, which lie in one another, and the own ones of what stands on a kernel.

use std::collections::HashMap;

use super::{names, scalar};
use crate::engine::Time;
use crate::machine::limits::{MAX_GROUP_DEPTH, MAX_GROUPS};
use crate::machine::spec::{CgroupSpec, CpuMax, GroupSpec};
use crate::scenario::file::{CgroupFile, Loose, Named};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;

/// A cgroup that lies in the kernel's root, or in one of those `known`.
pub(super) fn cgroup(file: &CgroupFile, at: &Node, known: &[&str], problems: &mut Problems) -> CgroupSpec {
    let max_at = at.key("cpu_max");
    let max = file.cpu_max.as_ref();
    let cpu_max = max.map(|file| cpu_max(&file.quota, &file.period, &file.burst, max_at, problems));
    let cpu_weight = file.cpu_weight.as_ref().map_or(CgroupSpec::default().cpu_weight, |n| weight(n, at, problems));
    let parent = file.parent.clone();
    if let Some(unknown) = parent.as_deref().filter(|parent| !known.contains(parent))
        && let Some(problems) = problems.given(&["host", "stacks"])
    {
        let at = at.key("parent").span.clone();
        match known {
            [] => {
                let help = "add it where its kernel is described: groups: { \"batch\": Cgroup(cpu_weight: 50) }";
                let message = format!("no cgroup is called \"{unknown}\": there is none with a name here");
                problems.add(at, message, Some(help.to_owned()));
            }
            known => problems.unknown(at, "cgroup", unknown, known.iter().copied()),
        }
    }
    CgroupSpec { cpu_weight, cpu_max, parent }
}

/// `cpu_weight` in the range that the Linux kernel accepts.
pub(super) fn weight(value: &Loose, at: &Node, problems: &mut Problems) -> u32 {
    let most = u64::from(CgroupSpec::MAX_WEIGHT);
    // At most 10,000.
    scalar::whole(value, at.key("cpu_weight"), "cpu_weight", 1..=most, problems) as u32
}

/// The cgroups of a kernel that have names.
pub(super) fn named(groups: &Named<CgroupFile>, at: &Node, problems: &mut Problems) -> Vec<GroupSpec> {
    if groups.0.len() > MAX_GROUPS {
        let help = Some(format!("{MAX_GROUPS} is the most"));
        problems.add(at.span.clone(), format!("{} cgroups", groups.0.len()), help);
        return Vec::new();
    }
    names::names(groups, at, problems);
    let known: Vec<&str> = groups.0.iter().map(|(name, _)| name.as_str()).collect();
    let parents: HashMap<&str, &str> =
        groups.0.iter().filter_map(|(name, group)| Some((name.as_str(), group.parent.as_deref()?))).collect();
    let checked = groups.0.iter().enumerate().map(|(i, (name, group))| {
        let at = at.item(i);
        let around = std::iter::successors(Some(name.as_str()), |name| parents.get(name).copied());
        // The way out is longer than there are groups if it leads round in a circle.
        let way: Vec<&str> = around.take(known.len() + 1).collect();
        let sure = problems.given(&["host", "stacks"]).is_some();
        if sure && way[1..].contains(&name.as_str()) {
            let message = format!("\"{name}\" lies in itself");
            let help = "leave out one of the parents on the way round: the outermost cgroup has none";
            problems.add(at.key("parent").span.clone(), message, Some(help.to_owned()));
        } else if sure && way.len() > MAX_GROUP_DEPTH && way.len() <= known.len() {
            let message = format!("\"{name}\" lies {} deep", way.len());
            let help = format!("cgroups with names may lie {MAX_GROUP_DEPTH} deep in one another");
            problems.add(at.key("parent").span.clone(), message, Some(help));
        }
        GroupSpec { name: names::beginning(name).to_owned(), cgroup: cgroup(group, at, &known, problems) }
    });
    checked.collect()
}

/// Tells a stack that has the name of a cgroup on its kernel: an order could mean either.
pub(super) fn apart<T>(nodes: &Named<T>, at: &Node, groups: &[&str], problems: &mut Problems) {
    for (i, (name, _)) in nodes.0.iter().enumerate().filter(|(_, (name, _))| groups.contains(&name.as_str())) {
        let help = Some("give one of them another name".to_owned());
        problems.add(at.key_span(i), format!("a cgroup on this kernel is called \"{name}\" too"), help);
    }
}

/// A limit of CPU time, wherever it is written.
pub(super) fn cpu_max(
    quota: &Loose,
    period: &Option<Loose>,
    burst: &Option<Loose>,
    at: &Node,
    problems: &mut Problems,
) -> CpuMax {
    let period = period.as_ref().map_or(Time::ms(100), |p| between(p, at, "period", Time::ms(1), Time::s(1), problems));
    let quota = between(quota, at, "quota", Time::ms(1), Time::s(1_000), problems);
    let burst = burst.as_ref().map_or(Time::ZERO, |b| between(b, at, "burst", Time::ZERO, quota, problems));
    CpuMax { quota, period, burst }
}

/// A time in the range that the Linux kernel accepts.
fn between(value: &Loose, at: &Node, what: &str, from: Time, to: Time, problems: &mut Problems) -> Time {
    let around = at;
    let at = around.key(what);
    let before = problems.len();
    let time = scalar::time_in(value, at, what, from..=to, problems);
    if problems.len() == before
        && !(from..=to).contains(&time)
        && let Some(problems) = problems.given_all_of(&around.span)
    {
        let help = match what {
            "burst" => "a burst is at most the quota".to_owned(),
            _ => format!("write a time from {from} to {to}, as the Linux kernel wants it"),
        };
        problems.add(at.span.clone(), format!("{what} is {time}"), Some(help));
    }
    if (from..=to).contains(&time) { time } else { from }
}
