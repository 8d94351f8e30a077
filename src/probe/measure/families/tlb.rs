//! Page walks: what a load costs whose translation is not in the TLB.
//!
//! One line in each page is visited in random order; the same number of lines side by side costs the same in the
//! caches and needs hardly any translations, so the difference is the page walk. It is zero while the pages fit the
//! TLB, rises beyond, and its bend is the TLB's reach. On 2 MiB pages the same places need no walk, unless the layer
//! below backs a guest's huge pages with small ones: then the TLB holds the small ones, and `page_walk_huge` shows it.
//! One walk makes 4 references natively and up to 24 in a guest under nested paging (4 + 4 levels); the profile divides
//! the walk by that, natively for `page_walk_reference`, in a guest for `nested_walk_reference`. Left out: the first-level TLB apart from the second, 1 GiB pages, and the
//! reach of 2 MiB entries, which lies beyond the memory this probe allows itself.

use super::super::bench::Bench;
use super::super::memory_region::{Chance, LINE, PAGE, Pages, Region};
use super::super::timing::{Effort, Samples, per_event};
use crate::costs::Unit;

pub const GIVES: &[(&str, Unit)] = &[
    ("page_walk", Unit::Ns),
    ("page_walk_huge", Unit::Ns),
    ("tlb_entries_4k", Unit::Count),
    ("tlb_entries_2m", Unit::Count),
];

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let reach = "2 MiB entries reach further than the memory this probe allows itself (512 MiB)";
    bench.missing("tlb_entries_2m", Unit::Count, reach);
    // More pages than any TLB has entries. Not many more: under nested paging each page of fragmented memory needs a
    // cache line of the layer below's page table as well, and both should still fit the second-level cache.
    let pages = 8_192;

    bench.doing("page walk");
    let effort = bench.effort();
    let side_by_side = over_layouts(&effort, pages, LINE, Pages::Small)?.median();
    let huge = over_layouts(&effort, pages, PAGE, Pages::Huge).map(|walks| walks.minus(side_by_side));
    let walks = over_layouts(&effort, pages, PAGE, Pages::Small)?.minus(side_by_side);

    let mib = (pages * PAGE) >> 20;
    let method = format!("random loads, one in each 4 KiB of {mib} MiB, less as many from lines side by side");
    bench.put_ns("page_walk", &walks, method.clone());
    bench.put_or_missing("page_walk_huge", huge, format!("{method}; on 2 MiB pages"));

    let mut dense = Region::new(pages * LINE, Pages::Small)?;
    let mut small = Region::new(pages * PAGE, Pages::Small)?;
    bench.doing("TLB reach");
    let border = walks.median() / 2.0;
    let coarse = effort.coarse();
    let mut cost = |count| {
        let baseline = walk(&coarse, &mut dense, count, LINE).median();
        walk(&coarse, &mut small, count, PAGE).median() - baseline
    };
    let counts = (0..20).map(|i| (128 << (i / 2)) + if i % 2 == 1 { 64 << (i / 2) } else { 0 });
    let counts: Vec<usize> = counts.filter(|&count| count <= pages).collect();
    let fits = counts.iter().take_while(|&&count| cost(count) < border).count();
    if fits == 0 || fits == counts.len() {
        bench.missing("tlb_entries_4k", Unit::Count, format!("no bend in the walks through up to {pages} pages"));
        return Ok(());
    }
    let point = |index: usize| counts[index] as f64;
    let (inside, outside) = (point(fits - 1), point(fits));
    // The bend lies between two points of the curve; noise may have put it one further down.
    let samples = Samples::of_events(vec![inside, inside, point(fits.saturating_sub(2)), inside, outside]);
    let method =
        "the most pages of 4 KiB whose random loads cost less than half a page walk more than lines side by side";
    bench.put("tlb_entries_4k", Unit::Count, &samples, method);
    Ok(())
}

/// The same walk in several fresh mappings, as its cost depends on where in physical memory they happen to lie.
fn over_layouts(effort: &Effort, count: usize, step: usize, pages: Pages) -> Result<Samples, String> {
    let mut values = Vec::new();
    for _ in 0..7 {
        let mut region = Region::new(count * step, pages)?;
        values.extend(walk(&effort.coarse(), &mut region, count, step).into_values());
    }
    Ok(Samples::of_runs(values))
}

/// Random loads, one in each of `count` steps of `step` bytes; within a step at any line, so that no cache set overflows.
fn walk(effort: &Effort, region: &mut Region, count: usize, step: usize) -> Samples {
    let mut chance = Chance(5);
    let offsets: Vec<usize> = (0..count).map(|i| i * step + chance.below(step / LINE) * LINE).collect();
    let mut walk = region.chain(&offsets);
    // Until the caches hold what they can; then each run is once or more around.
    let rounds = (8_192 / count).max(1) as u64;
    let steps = (count as u64 * rounds).next_multiple_of(4);
    walk.steps(3 * steps);
    per_event(effort, steps, || {}, || walk.steps(steps))
}
