//! What the kernel counts of this process and its children: facts of a program, never times.

use std::fs;

/// Whose faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// This process's.
    Own,
    /// Those of its children that have ended and been waited for, and of theirs.
    Children,
}

/// The page faults that no device had to serve.
pub fn minor_faults(of: Of) -> u64 {
    let who = if of == Of::Own { libc::RUSAGE_SELF } else { libc::RUSAGE_CHILDREN };
    // SAFETY: all zeros is a valid rusage, and the kernel fills it in.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(who, &raw mut usage);
        usage
    };
    usage.ru_minflt as u64
}

/// The pages of memory of this process that a fork makes its child share: those that no file is behind.
///
/// # Errors
/// The kernel does not tell.
pub fn anonymous_pages() -> Result<u64, String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|e| format!("reading /proc/self/status: {e}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    let page = rustix::param::page_size() as u64;
    kib.map(|kib| kib * 1024 / page).ok_or_else(|| "/proc/self/status has no RssAnon".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_touched_for_the_first_time_is_a_fault_and_then_a_page() {
        // Other tests, in other threads, give pages back meanwhile, and memory that they gave back is used again
        // without a fault: what was touched is kept, so that new pages come in the end.
        let mut kept = Vec::new();
        let counted = (0..20).any(|_| {
            let (faults, pages) = (minor_faults(Of::Own), anonymous_pages().unwrap());
            kept.push(std::hint::black_box(vec![1u8; 8 << 20]));
            minor_faults(Of::Own) > faults && anonymous_pages().unwrap() > pages
        });
        assert!(counted, "8 MiB were touched 20 times, and no page was counted");
    }
}
