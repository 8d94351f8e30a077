//! The bare hardware.

use super::scalar;
use crate::machine::spec::HostSpec;
use crate::scenario::file::{DiskFile, HostFile, Named, NicFile};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;

/// The memory that a host may have, in bytes.
const MEMORY: std::ops::RangeInclusive<u64> = 64 << 20..=64 << 40;
/// The most disks or network cards.
const MOST_DEVICES: usize = 16;

pub(super) fn check(host: &HostFile, at: &Node, problems: &mut Problems) -> HostSpec {
    let cores = 1..=u64::from(HostSpec::MAX_CORES);
    let disk = |DiskFile::Nvme { capacity }: &DiskFile, at: &Node, problems: &mut Problems| {
        scalar::size(capacity, at.key("capacity"), "capacity", 1 << 20..=1 << 50, problems)
    };
    let nic = |NicFile::Nic { bandwidth }: &NicFile, at: &Node, problems: &mut Problems| {
        scalar::bandwidth(bandwidth, at.key("bandwidth"), "bandwidth", problems)
    };
    // What stands in for a mistake is the most, so that nothing that needs cores or memory is told as well.
    let before = problems.len();
    let cores = scalar::whole(&host.cores, at.key("cores"), "cores", cores, problems) as u16;
    let cores = if problems.len() > before { HostSpec::MAX_CORES } else { cores };
    let before = problems.len();
    let memory = scalar::size(&host.memory, at.key("memory"), "memory", MEMORY, problems);
    let memory = if problems.len() > before { *MEMORY.end() } else { memory };
    HostSpec {
        cores,
        memory,
        disks: devices(&host.disks, at.key("disks"), "disks", disk, problems),
        nics: devices(&host.nics, at.key("nics"), "network cards", nic, problems),
        hypervisor: host.hypervisor.is_some(),
    }
}

fn devices<T>(
    devices: &Named<T>,
    at: &Node,
    what: &str,
    value: impl Fn(&T, &Node, &mut Problems) -> u64,
    problems: &mut Problems,
) -> Vec<(String, u64)> {
    if devices.0.len() > MOST_DEVICES {
        let help = Some(format!("{MOST_DEVICES} is the most"));
        problems.add(at.span.clone(), format!("{} {what}", devices.0.len()), help);
    }
    names(devices, at, problems);
    devices
        .0
        .iter()
        .enumerate()
        .map(|(i, (name, device))| (name.clone(), value(device, at.item(i), problems)))
        .collect()
}

/// Tells names that are empty, too long, unprintable or there twice.
pub(super) fn names<T>(named: &Named<T>, at: &Node, problems: &mut Problems) {
    let mut seen = std::collections::HashSet::new();
    for (i, (name, _)) in named.0.iter().enumerate() {
        if name.trim().is_empty() || name.chars().count() > 64 || name.contains(|c: char| c.is_control() || c == '/') {
            let help = Some("a name is 1 to 64 characters on one line, without \"/\"".to_owned());
            problems.add(at.key_span(i), "this can't be a name", help);
        }
        if !seen.insert(name) {
            let help = Some("give one of them another name".to_owned());
            problems.add(at.key_span(i), format!("the name \"{name}\" stands here for the second time"), help);
        }
    }
}
