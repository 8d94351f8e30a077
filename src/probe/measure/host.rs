//! What the measurements must know of the host: which processors they may use, how large its caches say they are,
//! whether it is a guest, and its name for the report.

use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::small_file::read_small;

/// The processors to measure on.
#[derive(Clone, Copy, Debug)]
pub struct Cpus {
    /// Everything runs here.
    pub main: usize,
    /// Where a measurement needs a partner on another core; not a hardware thread of `main`'s core.
    pub partner: Option<usize>,
}

impl Cpus {
    /// The last of the most capable processors that this process may use (the first ones take most interrupts), and a
    /// partner on another core.
    pub fn choose() -> Cpus {
        let mut allowed = allowed();
        sort_by_use(&mut allowed, capability);
        let main = allowed.first().copied().unwrap_or(0);
        let siblings = siblings(main);
        Cpus { main, partner: allowed.into_iter().find(|cpu| !siblings.contains(cpu)) }
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

/// The processors that this process may use.
fn allowed() -> Vec<usize> {
    sched_getaffinity(None).map(|set| (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect()).unwrap_or_default()
}

/// What a processor can do, as far as the kernel says; comparable on one computer only.
fn capability(cpu: usize) -> Option<u64> {
    let read = |what| read_small(&format!("/sys/devices/system/cpu/cpu{cpu}/{what}")).ok()?.trim().parse().ok();
    read("cpu_capacity").or_else(|| read("cpufreq/cpuinfo_max_freq"))
}

/// Of the cores of one kind some reach a slightly higher frequency than others; those of another kind are much slower.
fn is_capable(cpu: u64, best: u64) -> bool {
    cpu >= best - best / 10
}

/// The most capable ones first, of each kind the last first.
fn sort_by_use(cpus: &mut [usize], capability: impl Fn(usize) -> Option<u64>) {
    let of = |cpu: &usize| capability(*cpu).unwrap_or(0);
    let best = cpus.iter().map(of).max().unwrap_or(0);
    cpus.sort_by_cached_key(|cpu| std::cmp::Reverse((is_capable(of(cpu), best), *cpu)));
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

/// Processor, processors, kernel, hypervisor in one line; where the cores differ, also the one that is measured.
pub fn describe() -> String {
    let cpuinfo = read_small("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|l| l.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, name)| name.trim());
    let usable = std::thread::available_parallelism().map_or(1, |n| n.get());
    let online = parse_list(&read_small("/sys/devices/system/cpu/online").unwrap_or_default());
    let processors = processors(online.len().max(usable), usable);
    let kernel = rustix::system::uname();
    let under = hypervisor().map_or(String::new(), |name| format!("{GUEST}{name}"));
    let capable: Vec<u64> = online.into_iter().filter_map(capability).collect();
    let best = capable.iter().copied().max().unwrap_or(0);
    let unequal = if capable.iter().all(|&cpu| is_capable(cpu, best)) {
        String::new()
    } else {
        format!(", measured on CPU {} of unequal ones", Cpus::choose().main)
    };
    format!("{model}, {processors}, Linux {}{under}{unequal}", kernel.release().to_string_lossy())
}

const GUEST: &str = ", guest of ";

/// How many there are, and how many of them this process may use if those are fewer.
fn processors(online: usize, usable: usize) -> String {
    let all = if online == 1 { "1 processor".to_owned() } else { format!("{online} processors") };
    if usable < online { format!("{all} (this process may use {usable})") } else { all }
}

/// The processor's name in what [`describe`] says, and whether it says that this is a guest.
fn identity(described: &str) -> Option<(&str, bool)> {
    let is_count = |part: &str| {
        let (count, what) = part.split_once(' ')?;
        (count.parse::<u32>().is_ok() && what.starts_with("processor")).then_some(())
    };
    let mut commas = described.match_indices(", ").map(|(at, _)| at);
    let end = commas.find(|at| is_count(&described[at + 2..]).is_some())?;
    Some((&described[..end], described[end..].contains(GUEST)))
}

/// Whether two descriptions are of the same kind of computer, as far as they tell: a new kernel and another number of
/// processors change neither the processor nor that it is a guest.
pub fn is_same_computer(one: &str, other: &str) -> bool {
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

/// When this process was started; now, if the kernel does not say.
pub fn began() -> Instant {
    let now = Instant::now();
    age().and_then(|age| now.checked_sub(age)).unwrap_or(now)
}

/// For how long this process has been there.
fn age() -> Option<Duration> {
    let stat = read_small("/proc/self/stat").ok()?;
    // Field 22, counted after the name in brackets: clock ticks after the computer was started.
    let ticks: f64 = stat.rsplit(')').next()?.split_whitespace().nth(19)?.parse().ok()?;
    let began = ticks / rustix::param::clock_ticks_per_second() as f64;
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from_secs_f64(now.tv_sec as f64 + now.tv_nsec as f64 / 1e9 - began).ok()
}

/// Why no thread can be made.
pub fn no_thread(error: io::Error) -> String {
    format!("making a thread: {error}; this user (ulimit -u) or its cgroup (pids.max) may have no more of them")
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
    fn the_last_of_the_most_capable_processors_is_chosen() {
        let sorted = |capability: fn(usize) -> Option<u64>| {
            let mut cpus: Vec<usize> = (0..6).collect();
            sort_by_use(&mut cpus, capability);
            cpus
        };
        assert_eq!(sorted(|_| None), [5, 4, 3, 2, 1, 0]);
        // Two fast cores, one of them favoured a little, and slow ones.
        let hybrid = |cpu| {
            Some(if cpu == 0 {
                5_200_000
            } else if cpu < 3 {
                5_000_000
            } else {
                3_900_000
            })
        };
        assert_eq!(sorted(hybrid), [2, 1, 0, 5, 4, 3]);
        assert_eq!(sorted(|cpu| Some(if cpu % 2 == 0 { 1024 } else { 446 })), [4, 2, 0, 5, 3, 1]);
    }

    #[test]
    fn the_number_of_processors_is_the_computers_and_not_the_processs() {
        assert_eq!(processors(2, 1), "2 processors (this process may use 1)");
        assert_eq!(processors(8, 8), "8 processors");
        assert_eq!(processors(1, 1), "1 processor");
    }

    #[test]
    fn another_processor_is_another_computer_and_a_new_kernel_is_none() {
        let here = "AMD EPYC 7B13, rev 2, 2 processors, Linux 6.1, guest of KVMKVMKVM";
        let newer = "AMD EPYC 7B13, rev 2, 2 processors (this process may use 1), Linux 6.2, guest of KVMKVMKVM";
        assert!(is_same_computer(here, here) && is_same_computer(here, newer));
        assert!(!is_same_computer(here, "AMD EPYC 7B13, rev 2, 2 processors, Linux 6.1"));
        assert!(!is_same_computer(here, "Intel(R) Xeon(R), 2 processors, Linux 6.1, guest of KVMKVMKVM"));
        assert!(!is_same_computer(here, "macos on aarch64") && !is_same_computer("", ""));
        assert!(is_same_computer(&describe(), &describe()), "{}", describe());
    }

    #[test]
    fn a_process_began_before_now() {
        assert!(age().is_some() && began() <= Instant::now());
    }

    #[test]
    fn lists_of_processors_are_read_and_nonsense_is_ignored() {
        assert_eq!(parse_list("0-2,8\n"), [0, 1, 2, 8]);
        assert!(parse_list("x-,,9-").is_empty());
    }
}
