//! How fast cgroups let this process use each disk.
//!
//! A group may limit four things of each device: bytes and operations per second, read and written. Each of them binds
//! by itself, at every level, so what is in force is the least of each device and kind on the whole way; there is no
//! single tightest one.
//!
//! Read: v2's `io.max`, which has a line for each limited device, and v1's four `blkio.throttle` files, which have one
//! kind each. Left out: weights and latency targets, which limit only under contention.
//! Where to read more: Linux `Documentation/admin-guide/cgroup-v2.rst`, "IO Interface Files", and
//! `cgroup-v1/blkio-controller.rst`.

use serde::Serialize;
use std::collections::BTreeMap;

/// What is limited of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskUse {
    /// Bytes read.
    ReadBytes,
    /// Bytes written.
    WriteBytes,
    /// Read operations.
    ReadOperations,
    /// Write operations.
    WriteOperations,
}

/// v1's files, and what each limits.
const V1: [(&str, DiskUse); 4] = [
    ("blkio.throttle.read_bps_device", DiskUse::ReadBytes),
    ("blkio.throttle.write_bps_device", DiskUse::WriteBytes),
    ("blkio.throttle.read_iops_device", DiskUse::ReadOperations),
    ("blkio.throttle.write_iops_device", DiskUse::WriteOperations),
];

/// v2's keys in `io.max`, and what each limits.
const V2: [(&str, DiskUse); 4] = [
    ("rbps", DiskUse::ReadBytes),
    ("wbps", DiskUse::WriteBytes),
    ("riops", DiskUse::ReadOperations),
    ("wiops", DiskUse::WriteOperations),
];

/// How many limits a text names before it counts the rest.
const NAMED: usize = 8;

/// The tightest limit on one use of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Throttle {
    /// The device's numbers, as the kernel writes them: `259:0`.
    pub device: String,
    /// What is limited.
    pub kind: DiskUse,
    /// How many a second.
    pub per_second: u64,
    /// The folder of the group that sets it.
    pub set_at: String,
}

/// The least limits of each device and kind met so far.
#[derive(Default)]
pub struct Tightest(BTreeMap<(Device, DiskUse), Throttle>);

/// A device's numbers, major and minor.
type Device = (u32, u32);

impl Tightest {
    /// Takes in what one file of one level says; levels must come from the root down, as ties go to the upper one.
    pub fn add(&mut self, folder: &str, file: &str, text: &str) {
        for (device, kind, per_second) in text.lines().flat_map(|line| parse(file, line)) {
            let name = format!("{}:{}", device.0, device.1);
            let new = || Throttle { device: name.clone(), kind, per_second, set_at: folder.to_owned() };
            let least = self.0.entry((device, kind)).or_insert_with(new);
            if per_second < least.per_second {
                *least = new();
            }
        }
    }

    /// All of them, by device and kind.
    pub fn into_list(self) -> Vec<Throttle> {
        self.0.into_values().collect()
    }
}

/// What a line of one of the files limits.
fn parse(file: &str, line: &str) -> Vec<(Device, DiskUse, u64)> {
    let mut words = line.split_whitespace();
    let Some(device) = words.next().and_then(device) else { return Vec::new() };
    let limit = |kind, number: &str| Some((device, kind, number.parse().ok()?));
    match V1.iter().find(|(name, _)| *name == file) {
        Some(&(_, kind)) => words.next().and_then(|number| limit(kind, number)).into_iter().collect(),
        // `max` is no number, and so no limit.
        None => words
            .filter_map(|word| {
                let (key, number) = word.split_once('=')?;
                let (_, kind) = V2.iter().find(|(name, _)| *name == key)?;
                limit(*kind, number)
            })
            .collect(),
    }
}

/// The device of which the kernel writes the numbers as `259:0`.
fn device(word: &str) -> Option<Device> {
    let (major, minor) = word.split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The folder that sets all of them; `None` where there are several, or no limits.
pub fn place(all: &[Throttle]) -> Option<&str> {
    let first = all.first()?.set_at.as_str();
    all.iter().all(|throttle| throttle.set_at == first).then_some(first)
}

/// All of them for display; each names its group, without those above it, where they are not all set by one.
pub fn text(all: &[Throttle]) -> String {
    let apart = place(all).is_none();
    let mut parts: Vec<String> = all.iter().take(NAMED).map(|throttle| one(throttle, apart)).collect();
    if all.len() > NAMED {
        parts.push(format!("and {} more", all.len() - NAMED));
    }
    parts.join("; ")
}

fn one(throttle: &Throttle, with_place: bool) -> String {
    let Throttle { device, kind, per_second, set_at } = throttle;
    let rate = match kind {
        DiskUse::ReadBytes => format!("read {}/s", crate::amounts::bytes(*per_second)),
        DiskUse::WriteBytes => format!("write {}/s", crate::amounts::bytes(*per_second)),
        DiskUse::ReadOperations => format!("read {per_second} operations/s"),
        DiskUse::WriteOperations => format!("write {per_second} operations/s"),
    };
    let group = set_at.rsplit('/').next().filter(|_| with_place);
    format!("{device} {rate}{}", group.map(|name| format!(" (by {name})")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(levels: &[(&str, &str, &str)]) -> Vec<Throttle> {
        let mut all = Tightest::default();
        levels.iter().for_each(|(folder, file, text)| all.add(folder, file, text));
        all.into_list()
    }

    #[test]
    fn each_device_and_kind_has_its_own_tightest_level() {
        let all = of(&[
            ("/a", "io.max", "259:0 rbps=104857600 wbps=max riops=max wiops=50"),
            (
                "/a/b",
                "io.max",
                "259:0 rbps=1048576 wbps=max riops=max wiops=50\n8:0 rbps=max wbps=2097152 riops=9 wiops=max",
            ),
        ]);
        assert_eq!(
            text(&all),
            "8:0 write 2 MiB/s (by b); 8:0 read 9 operations/s (by b); \
             259:0 read 1 MiB/s (by b); 259:0 write 50 operations/s (by a)"
        );
        assert_eq!(place(&all), None);
    }

    #[test]
    fn v1_has_a_file_for_each_kind() {
        let all = of(&[
            ("/a", "blkio.throttle.read_bps_device", "8:0 1048576\n8:16 2048"),
            ("/a", "blkio.throttle.write_iops_device", "8:0 100"),
        ]);
        assert_eq!(text(&all), "8:0 read 1 MiB/s; 8:0 write 100 operations/s; 8:16 read 2 KiB/s");
        assert_eq!(place(&all), Some("/a"));
    }

    #[test]
    fn what_is_no_limit_is_not_taken_for_one() {
        for nothing in ["", "259:0", "259:0 rbps=max", "rbps=1", "x:0 rbps=1", "259:0 rbps=-1", "259:0 nbps=1"] {
            assert_eq!(of(&[("/a", "io.max", nothing)]), [], "{nothing}");
        }
    }
}
