//! The bare hardware.

use super::scalar;
use crate::machine::spec::HostSpec;
use crate::scenario::file::{DiskFile, HostFile, Named, NicFile};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;
use crate::visible::is_hidden;

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

/// Whether a name can be shown and told from others: one that turns the text around it, or is not seen, can't.
pub(super) fn can_be_a_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 64 && !name.contains(is_hidden)
}

/// Words for what [`can_be_a_name`] refuses.
pub(super) fn no_name(name: &str) -> String {
    let hidden = name.chars().find(|c| is_hidden(*c));
    let why = hidden.map_or(String::new(), |c| format!(": it has the hidden character U+{:04X}", u32::from(c)));
    format!("this can't be a name{why}")
}

/// Tells names that are empty, too long, unprintable or there twice.
pub(super) fn names<T>(named: &Named<T>, at: &Node, problems: &mut Problems) {
    let mut seen = std::collections::HashSet::new();
    for (i, (name, _)) in named.0.iter().enumerate() {
        if !can_be_a_name(name) || name.contains('/') {
            let help = "a name is 1 to 64 characters that can be seen, on one line, without \"/\"";
            problems.add_with(at.key_span(i), || (no_name(name), Some(help.to_owned())));
        }
        if !seen.insert(name) {
            let help = Some("give one of them another name".to_owned());
            problems.add(at.key_span(i), format!("the name \"{name}\" stands here for the second time"), help);
        }
    }
}
