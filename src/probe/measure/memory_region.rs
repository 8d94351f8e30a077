//! Memory of a known page size, and random walks through it.
//!
//! A walk follows pointers, each load waiting for the one before, in an order without any pattern for a prefetcher.
//! Huge pages are asked for with `madvise` and then checked in `/proc/self/smaps`: the kernel may not have any.

use std::io;
use std::ptr::NonNull;

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

use super::small_file::read_small;
use crate::amounts::bytes;

/// Bytes in a small page.
pub const PAGE: usize = 4096;
/// Bytes in a huge page.
pub const HUGE: usize = 2 << 20;
/// Bytes in a cache line.
pub const LINE: usize = 64;

/// Which pages to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// 4 KiB, never merged into larger ones.
    Small,
    /// 2 MiB, transparently.
    Huge,
}

/// A private anonymous mapping, aligned to 2 MiB, unmapped when dropped.
#[derive(Debug)]
pub struct Region {
    map: NonNull<u8>,
    map_len: usize,
    start: NonNull<u8>,
    len: usize,
}

impl Region {
    /// Maps `len` bytes without touching them.
    ///
    /// # Errors
    /// There is not enough memory.
    pub fn untouched(len: usize, pages: Pages) -> Result<Region, String> {
        let map_len = len.next_multiple_of(HUGE) + HUGE;
        let error =
            |e: rustix::io::Errno| format!("mapping {} of memory: {}", bytes(map_len as u64), io::Error::from(e));
        // SAFETY: a new private mapping where the kernel likes; nothing else lies there.
        let map = unsafe {
            mmap_anonymous(std::ptr::null_mut(), map_len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
        };
        let map = NonNull::new(map.map_err(error)?.cast::<u8>()).ok_or("the kernel mapped memory at address 0")?;
        let offset = map.as_ptr().align_offset(HUGE);
        // SAFETY: offset < HUGE, and the mapping has HUGE bytes more than are used.
        let start = unsafe { map.add(offset) };
        let region = Region { map, map_len, start, len };
        let advice = if pages == Pages::Huge { Advice::LinuxHugepage } else { Advice::LinuxNoHugepage };
        // SAFETY: the range is within the mapping. A kernel without huge pages refuses both, and only has small ones.
        let advised = unsafe { madvise(map.as_ptr().cast(), map_len, advice) };
        match (advised, pages) {
            (Err(e), Pages::Huge) => Err(format!("this kernel has no transparent huge pages ({})", io::Error::from(e))),
            _ => Ok(region),
        }
    }

    /// Maps `len` bytes and touches every page.
    ///
    /// # Errors
    /// There is not enough memory, or the kernel gave no huge pages.
    pub fn new(len: usize, pages: Pages) -> Result<Region, String> {
        let mut region = Region::untouched(len, pages)?;
        region.bytes_mut().chunks_mut(PAGE).for_each(|page| page[0] = 1);
        if pages == Pages::Huge {
            region.check_huge()?;
        }
        Ok(region)
    }

    /// # Errors
    /// Touched as it is, it is not in huge pages, and why that may be.
    pub fn check_huge(&self) -> Result<(), String> {
        let huge = self.huge_bytes();
        // A little may be missing; walks don't notice.
        if huge >= self.len / 10 * 9 {
            return Ok(());
        }
        let why = if rustix::thread::transparent_huge_pages_are_disabled().unwrap_or(false) {
            "this process may have none (PR_SET_THP_DISABLE)"
        } else {
            "memory is fragmented, or /sys/kernel/mm/transparent_hugepage/enabled says never"
        };
        Err(format!("of {} the kernel gave {} as huge pages: {why}", bytes(self.len as u64), bytes(huge as u64)))
    }

    /// The address.
    pub fn as_ptr(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Bytes.
    pub fn size(&self) -> usize {
        self.len
    }

    /// All of it.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: mapped readable and writable, owned by self, zero-initialized by the kernel.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }

    /// Gives the pages back; the next touch faults.
    pub fn forget_pages(&mut self) {
        // SAFETY: private anonymous memory of our own; it reads as zero afterwards. It can't fail on such a mapping.
        let _ = unsafe { madvise(self.start.as_ptr().cast(), self.len, Advice::LinuxDontNeed) };
    }

    /// How much of it is in huge pages now.
    fn huge_bytes(&self) -> usize {
        let text = read_small("/proc/self/smaps").unwrap_or_default();
        let begins = format!("{:x}-", self.map.as_ptr() as usize);
        // Neighbouring mappings of the same kind may have been merged with this one: take the one that contains it.
        let at = self.start.as_ptr() as usize;
        let mut inside = false;
        for line in text.lines() {
            if let Some((from, to)) = line.split_once(' ').and_then(|(range, _)| range.split_once('-'))
                && let (Ok(from), Ok(to)) = (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16))
            {
                inside = line.starts_with(&begins) || (from <= at && at < to);
            } else if inside && let Some(rest) = line.strip_prefix("AnonHugePages:") {
                return rest.trim().trim_end_matches(" kB").trim().parse().unwrap_or(0) << 10;
            }
        }
        0
    }

    /// Lays a random cycle through the cache lines at `offsets` and returns its walk.
    pub fn chain(&mut self, offsets: &[usize]) -> Walk<'_> {
        self.lay(offsets, self.start.as_ptr() as u64);
        let at = offsets.first().map_or(self.start.as_ptr(), |&o| self.start.as_ptr().wrapping_add(o));
        Walk { at, _region: std::marker::PhantomData }
    }

    /// Lays a random cycle through the cache lines at `offsets`, each holding `base` plus the offset of the next.
    pub fn lay(&mut self, offsets: &[usize], base: u64) {
        let mut order: Vec<u32> = (0..offsets.len() as u32).collect();
        // Sattolo's shuffle: a single cycle through all of them.
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        for i in (1..order.len()).rev() {
            order.swap(i, chance.below(i));
        }
        for (i, &next) in order.iter().enumerate() {
            let (from, to) = (offsets[i], offsets[next as usize]);
            assert!(from + size_of::<usize>() <= self.len && to < self.len && from % 8 == 0, "within the region");
            // SAFETY: asserted to lie within the region and to be aligned.
            unsafe { self.start.add(from).cast::<u64>().write(base + to as u64) };
        }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: mapped by us, and nothing borrows it any more. It can't fail on a mapping that exists.
        let _ = unsafe { munmap(self.map.as_ptr().cast(), self.map_len) };
    }
}

/// A walk along a chain of pointers.
#[derive(Debug)]
pub struct Walk<'a> {
    at: *mut u8,
    _region: std::marker::PhantomData<&'a mut Region>,
}

impl Walk<'_> {
    /// Takes `steps` steps: one dependent load each, four to a turn of the loop.
    #[inline(never)]
    pub fn steps(&mut self, steps: u64) {
        let mut at = self.at;
        for _ in 0..steps.div_ceil(4) {
            // SAFETY: `chain` made a cycle of pointers within the region, which is borrowed.
            unsafe {
                at = at.cast::<*mut u8>().read();
                at = at.cast::<*mut u8>().read();
                at = at.cast::<*mut u8>().read();
                at = at.cast::<*mut u8>().read();
            }
        }
        self.at = std::hint::black_box(at);
    }
}

/// A small generator (xorshift), for orders and offsets that no prefetcher foresees.
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((u128::from(self.0) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_visits_every_line_before_it_returns() {
        let mut region = Region::new(1 << 16, Pages::Small).unwrap();
        let offsets: Vec<usize> = (0..region.size()).step_by(LINE).collect();
        let base = region.as_ptr() as usize;
        let mut walk = region.chain(&offsets);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..offsets.len() {
            seen.insert(walk.at as usize - base);
            walk.steps(4);
        }
        // 1024 lines; four steps at a time visit a quarter of them on each of four rounds, or all if the cycle allows.
        assert!(seen.len() >= offsets.len() / 4);
        assert!(seen.iter().all(|o| o % LINE == 0));
    }
}
