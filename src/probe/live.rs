//! What this computer does right now: a few counters of the kernel that only rise, read twice, and the difference.
//!
//! Read: `/proc/stat` (context switches and interrupts of the whole system since it started), `/proc/pressure/cpu` (for
//! how long some task was ready and had no processor), and `cpu.stat` of every control group from the mount down to
//! this process's own (in how many periods a quota held it back). Reading is apart from judging, as in the inventory:
//! [`Reading::of`] is a pure function of a [`Root`].
//!
//! Left out: what other groups of the system are held back; which interrupts there are.
//! Where to read more: proc_stat(5); Linux `Documentation/accounting/psi.rst` and `admin-guide/cgroup-v2.rst`.

use std::time::Duration;

use super::inventory::{Root, hierarchies};
use crate::amounts::grouped;

/// One counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gauge {
    /// Switches from one task to another, on all processors.
    ContextSwitches,
    /// Interrupts, on all processors.
    Interrupts,
    /// Periods in which a quota held this process's groups back.
    Throttled,
    /// Nanoseconds in which some task was ready and had no processor.
    Pressure,
}

impl Gauge {
    /// All of them, in the order on screen.
    pub const ALL: [Gauge; 4] = [Gauge::ContextSwitches, Gauge::Interrupts, Gauge::Throttled, Gauge::Pressure];

    /// The label on screen.
    pub fn label(self) -> &'static str {
        match self {
            Gauge::ContextSwitches => "context switches",
            Gauge::Interrupts => "interrupts",
            Gauge::Throttled => "throttled periods",
            Gauge::Pressure => "pressure, cpu",
        }
    }

    /// What it counts, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Gauge::ContextSwitches => "switches from one task to another, on all processors (/proc/stat, ctxt)",
            Gauge::Interrupts => "interrupts, on all processors (/proc/stat, intr)",
            Gauge::Throttled => {
                "periods in which a quota of processor time held this process's control groups back (cpu.stat, nr_throttled)"
            }
            Gauge::Pressure => {
                "share of the time in which some task was ready and had no processor (/proc/pressure/cpu)"
            }
        }
    }

    /// How fast it rose, as a person writes it.
    ///
    /// `rate` is what [`Reading::since`] gave.
    pub fn text(self, rate: f64) -> String {
        match self {
            Gauge::Pressure => format!("{} %", three(rate / 1e7)),
            _ if rate < 99.95 => format!("{} /s", three(rate)),
            _ => format!("{} /s", grouped(rate.round() as u64)),
        }
    }
}

/// Three significant digits: "3.10", "0.40", "100"; "0" for nothing.
fn three(number: f64) -> String {
    match number {
        n if n < 0.005 => "0".to_owned(),
        n if n < 9.995 => format!("{n:.2}"),
        n if n < 99.95 => format!("{n:.1}"),
        n => format!("{n:.0}"),
    }
}

/// The counters at one moment: each its value, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading([Result<u64, String>; 4]);

impl Reading {
    /// Reads this host.
    pub fn host() -> Reading {
        Reading::of(&Root::live())
    }

    /// The counters in what was read.
    pub fn of(root: &Root) -> Reading {
        let pressure = || {
            let text = text(root, "/proc/pressure/cpu", "this kernel keeps no pressure (CONFIG_PSI, or psi=0)")?;
            let total = text.lines().find_map(|line| line.strip_prefix("some ")?.split("total=").nth(1)?.parse().ok());
            total.map(|us: u64| us.saturating_mul(1000)).ok_or_else(|| "/proc/pressure/cpu: not understood".to_owned())
        };
        Reading([statistic(root, "ctxt"), statistic(root, "intr"), throttled(root), pressure()])
    }

    /// The value of a counter since the system or the group began.
    pub fn value(&self, gauge: Gauge) -> Result<u64, &str> {
        self.0[gauge as usize].as_ref().copied().map_err(String::as_str)
    }

    /// How fast a counter rose since an `earlier` reading, per second; a counter that fell was exchanged, and rose by
    /// nothing.
    pub fn since(&self, earlier: &Reading, passed: Duration, gauge: Gauge) -> Result<f64, &str> {
        let (before, now) = (earlier.value(gauge).unwrap_or(0), self.value(gauge)?);
        Ok(now.saturating_sub(before) as f64 / passed.as_secs_f64().max(1e-3))
    }
}

/// A file's text, or why there is none: what the kernel said, else `absent`.
fn text<'a>(root: &'a Root, path: &str, absent: &str) -> Result<std::borrow::Cow<'a, str>, String> {
    let why = || root.refused(path).map_or_else(|| absent.to_owned(), |why| format!("{path}: {why}"));
    root.text(path).ok_or_else(why)
}

/// The first number after `name` in `/proc/stat`.
fn statistic(root: &Root, name: &str) -> Result<u64, String> {
    let text = text(root, "/proc/stat", "this system has no /proc/stat")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let number = line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok());
    number.ok_or_else(|| format!("/proc/stat: no number after \"{name}\""))
}

/// The periods in which any group on the way to this process was held back.
fn throttled(root: &Root) -> Result<u64, String> {
    let (mut sum, mut why) = (None, None);
    for path in groups(root) {
        match text(root, &path, "no control group around this process counts throttled periods") {
            Ok(text) => {
                let count =
                    text.lines().find_map(|line| line.strip_prefix("nr_throttled ")?.trim().parse::<u64>().ok());
                sum = count.map(|count| sum.unwrap_or(0) + count).or(sum);
            }
            Err(said) => why = Some(said),
        }
    }
    let absent = || "no control group around this process counts throttled periods".to_owned();
    sum.ok_or_else(|| why.unwrap_or_else(absent))
}

/// The `cpu.stat` of every group on the way to this process.
pub(super) fn groups(root: &Root) -> Vec<String> {
    let counts = |version: u8, controllers: &[String]| version == 2 || controllers.iter().any(|name| name == "cpu");
    let found = hierarchies(root, None).into_iter().filter(|h| counts(h.version, &h.controllers));
    found.flat_map(|hierarchy| hierarchy.levels).map(|folder| format!("{folder}/cpu.stat")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::inventory::Entry;

    fn root(files: &[(&str, &str)]) -> Root {
        let mut root = Root::default();
        for (path, text) in files {
            root.insert(*path, Entry::File { bytes: text.as_bytes().to_vec(), whole: true });
        }
        root
    }

    const STAT: (&str, &str) = ("/proc/stat", "cpu  1 2 3\nintr 5000 1 2 3\nctxt 9000\nbtime 7\n");

    #[test]
    fn counters_of_both_cgroup_versions_are_found_and_summed_along_the_way() {
        let v2 = root(&[
            STAT,
            ("/proc/self/cgroup", "0::/user/work\n"),
            ("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n"),
            ("/sys/fs/cgroup/cpu.stat", "usage_usec 10\n"),
            ("/sys/fs/cgroup/user/cpu.stat", "usage_usec 10\nnr_periods 9\nnr_throttled 3\nthrottled_usec 5\n"),
            ("/sys/fs/cgroup/user/work/cpu.stat", "nr_throttled 4\n"),
            ("/proc/pressure/cpu", "some avg10=0.40 avg60=0.10 avg300=0.00 total=2500\nfull avg10=0.00 total=9\n"),
        ]);
        let reading = Reading::of(&v2);
        let values = Gauge::ALL.map(|gauge| reading.value(gauge).unwrap());
        assert_eq!(values, [9000, 5000, 7, 2_500_000]);
        let v1 = root(&[
            ("/proc/self/cgroup", "3:cpu,cpuacct:/docker\n1:name=systemd:/\n"),
            ("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"),
            ("/sys/fs/cgroup/cpu/docker/cpu.stat", "nr_periods 9\nnr_throttled 2\nthrottled_time 5\n"),
        ]);
        assert_eq!(Reading::of(&v1).value(Gauge::Throttled), Ok(2));
    }

    #[test]
    fn what_is_missing_refused_or_nonsense_says_why_and_never_counts_as_zero() {
        let reading = Reading::of(&Root::default());
        assert!(Gauge::ALL.iter().all(|gauge| reading.value(*gauge).is_err_and(|why| !why.is_empty())));
        let mut odd = root(&[("/proc/stat", "ctxt many\nintr\n"), ("/proc/pressure/cpu", "some total=x")]);
        assert!(Gauge::ALL.iter().all(|gauge| Reading::of(&odd).value(*gauge).is_err()));
        odd.insert("/proc/pressure/cpu", Entry::Refused("permission denied".into()));
        assert_eq!(Reading::of(&odd).value(Gauge::Pressure), Err("/proc/pressure/cpu: permission denied"));
    }

    #[test]
    fn rates_are_per_second_and_a_counter_that_begins_anew_does_not_wrap() {
        let at = |count: u64| Reading([Ok(count), Ok(count), Ok(count), Ok(count)]);
        let passed = Duration::from_secs(2);
        assert_eq!(at(2408).since(&at(0), passed, Gauge::ContextSwitches), Ok(1204.0));
        assert_eq!(at(1).since(&at(500), passed, Gauge::Interrupts), Ok(0.0));
        assert_eq!(Gauge::ContextSwitches.text(1204.4), "1\u{202f}204 /s");
        assert_eq!(Gauge::Throttled.text(0.0), "0 /s");
        assert_eq!(Gauge::Pressure.text(4e6), "0.40 %");
    }
}
