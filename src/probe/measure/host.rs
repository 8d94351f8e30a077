//! What the measurements must know of the host: which processors they may use, how large its caches say they are,
//! whether it is a guest, and its name for the report.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::cell::read_small;

/// The processors to measure on.
#[derive(Clone, Copy, Debug)]
pub struct Cpus {
    /// Everything runs here.
    pub main: usize,
    /// Where a measurement needs a partner on another core; not a hardware thread of `main`'s core.
    pub partner: Option<usize>,
}

impl Cpus {
    /// The last processor that this process may use (the first ones take most interrupts), and a partner on another
    /// core.
    pub fn choose() -> Cpus {
        let allowed: Vec<usize> = sched_getaffinity(None)
            .map(|set| (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect())
            .unwrap_or_default();
        let main = allowed.last().copied().unwrap_or(0);
        let siblings = siblings(main);
        Cpus { main, partner: allowed.iter().rev().copied().find(|cpu| !siblings.contains(cpu)) }
    }

    /// Keeps the calling thread on `main`.
    ///
    /// # Errors
    /// The kernel refused.
    pub fn pin_main(self) -> io::Result<()> {
        pin(self.main)
    }

    /// The partner's processor.
    ///
    /// # Errors
    /// There is none.
    pub fn partner(self) -> Result<usize, String> {
        self.partner.ok_or_else(|| "needs a second core, and this process may use only one".to_owned())
    }
}

/// Keeps the calling thread on `cpu`.
///
/// # Errors
/// This process may not use it.
pub fn pin(cpu: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    Ok(sched_setaffinity(None, &set)?)
}

/// The hardware threads of `cpu`'s core, itself among them.
fn siblings(cpu: usize) -> Vec<usize> {
    let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
    let mut all = parse_list(&read_small(&path).unwrap_or_default());
    all.push(cpu);
    all
}

/// Reads `0-2,8`.
fn parse_list(text: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.trim().parse().ok()?..=to.trim().parse::<usize>().ok()?.min(CpuSet::MAX_CPU))
    };
    text.split(',').filter_map(range).flatten().collect()
}

/// The bytes of a data or unified cache as the kernel reports them, if it does.
pub fn cache_bytes(cpu: usize, level: u32) -> Option<usize> {
    (0..8).find_map(|index| {
        let read = |what| read_small(&format!("/sys/devices/system/cpu/cpu{cpu}/cache/index{index}/{what}")).ok();
        if read("level")?.trim().parse::<u32>().ok()? != level || read("type")?.trim() == "Instruction" {
            return None;
        }
        let size = read("size")?;
        let kib: usize = size.trim().strip_suffix('K')?.parse().ok()?;
        Some(kib * 1024)
    })
}

/// The name of the hypervisor below, by CPUID; `None` on bare hardware, and where CPUID can't say.
pub fn hypervisor() -> Option<String> {
    #[cfg(target_arch = "x86_64")]
    {
        let leaf = raw_cpuid::cpuid!(1);
        if leaf.ecx >> 31 == 0 {
            return None;
        }
        let leaf = raw_cpuid::cpuid!(0x4000_0000);
        let bytes = [leaf.ebx, leaf.ecx, leaf.edx].map(u32::to_le_bytes).concat();
        Some(String::from_utf8_lossy(&bytes).trim_matches(['\0', ' ']).to_owned())
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}

/// Processor, processors, kernel, hypervisor in one line.
pub fn describe() -> String {
    let cpuinfo = read_small("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|l| l.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, name)| name.trim());
    let cpus = std::thread::available_parallelism().map_or(1, |n| n.get());
    let kernel = rustix::system::uname();
    let under = hypervisor().map_or(String::new(), |name| format!(", guest of {name}"));
    format!("{model}, {cpus} processors, Linux {}{under}", kernel.release().to_string_lossy())
}

/// Today (UTC) as `2026-11-23`.
pub fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    date_of_day(seconds / 86_400)
}

/// The civil date of a day counted from 1970-01-01, by the Gregorian calendar's 400-year cycle of 146097 days.
fn date_of_day(day: u64) -> String {
    // Years begin in March, so that the leap day is the last.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + carry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_across_leap_days() {
        assert_eq!(date_of_day(0), "1970-01-01");
        assert_eq!(date_of_day(19_782), "2024-02-29");
        assert_eq!(date_of_day(19_783), "2024-03-01");
        assert_eq!(date_of_day(20_780), "2026-11-23");
    }

    #[test]
    fn lists_of_processors_are_read_and_nonsense_is_ignored() {
        assert_eq!(parse_list("0-2,8\n"), [0, 1, 2, 8]);
        assert!(parse_list("x-,,9-").is_empty());
    }
}
