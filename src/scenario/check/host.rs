//! The bare hardware.

use super::names::{can_be_a_name, names, no_name};
use super::{boot, groups, scalar};
use crate::machine::limits::MAX_DEVICES;
use crate::machine::spec::{DiskKind, DiskSpec, HostSpec, MountSpec, NicSpec};
use crate::scenario::file::{DiskFile, HostFile, Loose, Named, NicFile};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;

/// The memory that a host may have, in bytes.
const MEMORY: std::ops::RangeInclusive<u64> = 64 << 20..=64 << 40;
/// The bytes of a swap area.
const SWAP: std::ops::RangeInclusive<u64> = 1 << 20..=64 << 40;
/// The most disks or network cards.
const MOST_DEVICES: usize = MAX_DEVICES as usize;
/// Revolutions a minute.
const RPM: std::ops::RangeInclusive<u64> = 100..=30_000;

pub(super) fn check(host: &HostFile, at: &Node, problems: &mut Problems) -> HostSpec {
    let cores = 1..=u64::from(HostSpec::MAX_CORES);
    // What stands in for a mistake is the most, so that nothing that needs cores or memory is told as well.
    let before = problems.len();
    let cores = scalar::whole(&host.cores, at.key("cores"), "cores", cores, problems) as u16;
    let cores = if problems.len() > before { HostSpec::MAX_CORES } else { cores };
    let before = problems.len();
    let memory = scalar::size(&host.memory, at.key("memory"), "memory", MEMORY, problems);
    let memory = if problems.len() > before { *MEMORY.end() } else { memory };
    let disks = devices(&host.disks, at.key("disks"), "disks", disk, problems);
    let nics = devices(&host.nics, at.key("nics"), "network cards", nic, problems);
    let names: Vec<&str> = disks.iter().map(|disk| disk.name.as_str()).collect();
    let mounts = mounts(&host.mounts, at.key("mounts"), &names, problems);
    let groups = groups::named(&host.groups, at.key("groups"), problems);
    let boot = boot::check(host.boot.as_ref(), at.key("boot"), false, memory, problems);
    let swap = swap(host.swap.as_ref(), at.key("swap"), "the host", !disks.is_empty(), problems);
    let (huge_pages, hypervisor) = (host.transparent_huge_pages.into(), host.hypervisor.is_some());
    HostSpec { cores, memory, swap, huge_pages, disks, nics, mounts, groups, hypervisor, boot }
}

/// The bytes of a swap area, which lies on a kernel's first disk.
pub(super) fn swap(swap: Option<&Loose>, at: &Node, whose: &str, has_disk: bool, problems: &mut Problems) -> u64 {
    let Some(swap) = swap else { return 0 };
    if !has_disk && let Some(problems) = problems.given(&["host", "stacks"]) {
        let help = Some("give it one under \"disks\", or leave out the swap".to_owned());
        problems.add(at.span.clone(), format!("{whose} has no disk to swap to"), help);
    }
    scalar::size(swap, at, "swap", SWAP, problems)
}

fn disk(name: &str, disk: &DiskFile, at: &Node, problems: &mut Problems) -> DiskSpec {
    let (capacity, kind) = match disk {
        DiskFile::Nvme { capacity } => (capacity, DiskKind::Nvme),
        DiskFile::SataSsd { capacity } => (capacity, DiskKind::SataSsd),
        DiskFile::Hdd { capacity, rpm } => {
            let rpm = rpm.as_ref().map_or(7_200, |rpm| scalar::whole(rpm, at.key("rpm"), "rpm", RPM, problems));
            (capacity, DiskKind::Hdd { rpm: rpm as u32 })
        }
    };
    let capacity = scalar::size(capacity, at.key("capacity"), "capacity", 1 << 20..=1 << 50, problems);
    DiskSpec { name: name.to_owned(), kind, capacity }
}

fn nic(name: &str, NicFile::Nic { bandwidth }: &NicFile, at: &Node, problems: &mut Problems) -> NicSpec {
    let bandwidth = scalar::bandwidth(bandwidth, at.key("bandwidth"), "bandwidth", problems);
    NicSpec { name: name.to_owned(), bandwidth }
}

/// What lies where: the number of the disk called so, of those in `disks`, for each path.
pub(super) fn mounts(mounts: &Named<String>, at: &Node, disks: &[&str], problems: &mut Problems) -> Vec<MountSpec> {
    let mut seen = std::collections::HashSet::new();
    let mut checked = Vec::new();
    for (i, (path, name)) in mounts.0.iter().enumerate() {
        if !can_be_a_name(path) {
            let help = "write a file's name or the beginning of a path, as in \"/srv\"";
            problems.add_with(at.key_span(i), no_name(path), || Some(help.to_owned()));
        }
        if !seen.insert(path.trim_end_matches('/')) {
            let message = format!("two disks are mounted at \"{path}\"");
            problems.add(at.key_span(i), message, Some("leave one of them out".to_owned()));
        }
        if let Some(disk) = device(name, "disk", disks, at.item(i), problems) {
            checked.push(MountSpec { path: path.clone(), disk });
        }
    }
    checked
}

/// The number of the device called `name`.
pub(super) fn device(name: &str, what: &str, known: &[&str], at: &Node, problems: &mut Problems) -> Option<u16> {
    let found = known.iter().position(|known| *known == name);
    // The devices of a guest are those of the kernel below, where it has none of its own.
    let problems = if found.is_none() { problems.given(&["host", "stacks"])? } else { problems };
    match (found, known) {
        // No more than MOST_DEVICES.
        (Some(index), _) => return Some(index as u16),
        (None, []) => {
            let message = format!("no {what} is called \"{name}\": there is none here");
            problems.add(
                at.span.clone(),
                message,
                Some(format!("add one under \"{what}s\"").replace("network card", "nic")),
            );
        }
        (None, _) => problems.unknown(at.span.clone(), what, name, known.iter().copied()),
    }
    None
}

/// Checked devices, in the order of the file.
pub(super) fn devices<T, D>(
    devices: &Named<T>,
    at: &Node,
    what: &str,
    value: impl Fn(&str, &T, &Node, &mut Problems) -> D,
    problems: &mut Problems,
) -> Vec<D> {
    if devices.0.len() > MOST_DEVICES {
        let help = Some(format!("{MOST_DEVICES} is the most"));
        problems.add(at.span.clone(), format!("{} {what}", devices.0.len()), help);
    }
    names(devices, at, problems);
    let counted = devices.0.iter().take(MOST_DEVICES).enumerate();
    counted.map(|(i, (name, device))| value(name, device, at.item(i), problems)).collect()
}
