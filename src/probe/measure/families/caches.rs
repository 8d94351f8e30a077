//! Caches and memory: what a load costs that waits for the one before, by where it hits.
//!
//! Measured on huge pages, so that no page walk is mixed in: random walks through working sets that fit the first,
//! second and last-level cache; memory by walking lines that CLFLUSH has just thrown out of every cache, which is right
//! however large the last level is. Sizes come from a curve of walks: the largest working set still nearer to the
//! cache's own latency than to the next one's. Bandwidth is a stream through memory, one core. Left out: the effect of
//! other cores on a shared cache, prefetching, memory of other NUMA nodes.

use super::super::Plan;
use super::super::bench::Bench;
use super::super::host::cache_bytes;
use super::super::memory_region::{LINE, Pages, Region};
use super::super::timing::{Effort, Samples, per_event, per_iteration};
use crate::costs::Unit;

pub const GIVES: &[(&str, Unit)] = &[
    ("l1_hit", Unit::Ns),
    ("l2_hit", Unit::Ns),
    ("l3_hit", Unit::Ns),
    ("dram_access", Unit::Ns),
    ("l1_bytes", Unit::Count),
    ("l2_bytes", Unit::Count),
    ("l3_bytes", Unit::Count),
    ("memory_read_bandwidth", Unit::BytesPerSecond),
    ("memory_write_bandwidth", Unit::BytesPerSecond),
];

/// Where the kernel reports no sizes, these are taken: small enough for anything of the last fifteen years.
const L1: usize = 32 << 10;
const L2: usize = 256 << 10;
const L3: usize = 4 << 20;

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let (most, pages) = (if bench.plan == Plan::Quick { 64 << 20 } else { 256 << 20 }, Pages::Huge);
    let (mut region, note) = match Region::new(most, pages) {
        Ok(region) => (region, String::new()),
        Err(because) => {
            let small = Region::new(most, Pages::Small)?;
            (small, format!("; on 4 KiB pages, so page walks are included: {because}"))
        }
    };
    let size = |level, otherwise| cache_bytes(bench.cpus.main, level).unwrap_or(otherwise);
    let (l1, l2, l3) = (size(1, L1), size(2, L2), size(3, L3));

    let mut latency = |bench: &mut Bench, name: &str, bytes: usize| {
        let samples = walk(&bench.effort(), &mut region, bytes);
        let method = format!("dependent random loads within {} KiB{note}", bytes >> 10);
        bench.put_ns(name, &samples, method);
        samples.median()
    };
    let first = latency(bench, "l1_hit", l1 / 2);
    bench.doing("second-level cache");
    let second = latency(bench, "l2_hit", l2 / 2);
    bench.doing("last-level cache");
    let last = latency(bench, "l3_hit", (l2 * 4).min(l3 / 2).min(most));

    bench.doing("memory latency");
    let memory = memory_latency(bench, &mut region)?;
    bench.put_ns(
        "dram_access",
        &memory,
        format!("dependent random loads of lines just flushed from every cache{note}"),
    );

    bench.doing("cache sizes");
    let curve = curve(bench, &mut region);
    let levels = [("l1_bytes", first, second), ("l2_bytes", second, last), ("l3_bytes", last, memory.median())];
    for (name, here, next) in levels {
        knee(bench, name, &curve, here, next);
    }

    bench.doing("memory bandwidth");
    bandwidth(bench, &mut region);
    Ok(())
}

/// The latency of a random walk through `bytes`.
fn walk(effort: &Effort, region: &mut Region, bytes: usize) -> Samples {
    let offsets: Vec<usize> = (0..bytes).step_by(LINE).collect();
    let mut walk = region.chain(&offsets);
    // Once around, to bring it all into the cache.
    walk.steps(offsets.len() as u64);
    per_iteration(effort, |n| walk.steps(n.next_multiple_of(64)))
}

#[cfg(target_arch = "x86_64")]
fn memory_latency(bench: &Bench, region: &mut Region) -> Result<Samples, String> {
    // One line in each 4 KiB of 32 MiB: 16 huge pages, so that every translation stays in the first-level TLB.
    const LINES: usize = 4096;
    let mut chance = super::super::memory_region::Chance(11);
    let offsets: Vec<usize> = (0..LINES).map(|i| i * 8192 + chance.below(8192 / LINE) * LINE).collect();
    let base = region.as_ptr();
    let walk = std::cell::RefCell::new(region.chain(&offsets));
    let flush = || {
        for &offset in &offsets {
            // SAFETY: within the region; flushing changes nothing that a program can read.
            unsafe { std::arch::x86_64::_mm_clflush(base.add(offset)) };
        }
        // SAFETY: orders the flushes before the walk.
        unsafe { std::arch::x86_64::_mm_mfence() };
        // The TLB may have lost an entry while flushing: touch another line of every huge page.
        for page in (0..LINES * 8192).step_by(super::super::memory_region::HUGE) {
            // SAFETY: within the region.
            std::hint::black_box(unsafe { base.add(page).read_volatile() });
        }
    };
    Ok(per_event(&bench.effort(), LINES as u64, flush, || walk.borrow_mut().steps(LINES as u64)))
}

#[cfg(not(target_arch = "x86_64"))]
fn memory_latency(bench: &Bench, region: &mut Region) -> Result<Samples, String> {
    let bytes = region.size();
    Ok(walk(&bench.effort(), region, bytes))
}

/// Latencies by working set, each about 1.4 times the one before.
fn curve(bench: &Bench, region: &mut Region) -> Vec<(usize, f64)> {
    let most = region.size();
    let sizes = (0..).map(|i: u32| (8 << 10 << (i / 2)) + if i % 2 == 1 { 4 << 10 << (i / 2) } else { 0 });
    sizes
        .take_while(|&bytes| bytes <= most)
        .map(|bytes| (bytes, walk(&bench.effort().coarse(), region, bytes).median()))
        .collect()
}

/// The size of a cache: the largest working set nearer (by ratio) to this level's latency than to the next one's.
fn knee(bench: &mut Bench, name: &str, curve: &[(usize, f64)], here: f64, next: f64) {
    let border = (here * next).sqrt();
    let fits = curve.iter().take_while(|&&(_, ns)| ns < border).count();
    let largest = curve.last().map_or(0, |&(bytes, _)| bytes);
    if next <= here || fits == 0 || fits == curve.len() {
        let because = format!("no bend in the latencies of working sets up to {} MiB", largest >> 20);
        return bench.missing(name, Unit::Count, because);
    }
    let point = |index: usize| curve[index].0 as f64;
    let (inside, outside) = (point(fits - 1), point(fits));
    // The bend lies between two points of the curve; noise may have put it one further down.
    let samples = Samples::of_events(vec![inside, inside, point(fits.saturating_sub(2)), inside, outside]);
    let method = "the largest working set whose random loads are nearer to this level's latency than to the next one's";
    bench.put(name, Unit::Count, &samples, method);
}

fn bandwidth(bench: &mut Bench, region: &mut Region) {
    let bytes = region.size().min(64 << 20);
    let data = &mut region.bytes_mut()[..bytes];
    let reading = per_event(
        &bench.effort(),
        bytes as u64,
        || {},
        || {
            // SAFETY: any eight aligned bytes are a u64.
            let (_, words, _) = unsafe { data.align_to::<u64>() };
            std::hint::black_box(words.iter().fold(0u64, |sum, &word| sum.wrapping_add(word)));
        },
    );
    let writing = per_event(&bench.effort(), bytes as u64, || {}, || std::hint::black_box(&mut *data).fill(7));
    for (name, samples, how) in [
        ("memory_read_bandwidth", reading, "adding up 64 MiB in order, one core"),
        ("memory_write_bandwidth", writing, "filling 64 MiB in order, one core"),
    ] {
        let per_second = samples.into_values().iter().map(|ns| 1e9 / ns).collect();
        bench.put(name, Unit::BytesPerSecond, &Samples::of_runs(per_second), how);
    }
}
