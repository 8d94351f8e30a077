//! Page walks and the TLB.
//!
//! Real (Intel SDM vol. 3A 4.3 and 3C 29.3): a TLB miss walks the page tables, 4 references at four levels; under
//! nested paging each of these, and the address it ends in, is translated by a walk of the nested tables, up to
//! (4+1)(4+1)-1 = 24. A large page shortens its own dimension by one level, and the TLB holds a whole large page only if
//! both are large. A guest of a guest still has two dimensions,
//! because the lowest hypervisor merges the nested tables of the others.
//! Modelled: loads at random over a working set, so the share of misses follows from sizes alone; counts, no
//! addresses. Left out: five-level paging, page-walk caches other than in the cost of a reference, other tenants'
//! pressure on caches and TLB, TLB shootdowns. These caches serve far more of a walk in two dimensions, so that its
//! references have a cost of their own.

use crate::costs::{Primitive, Table};

/// Levels of a page table for 4 KiB pages.
const LEVELS: u64 = 4;

/// Bytes of a page.
pub fn page_bytes(huge: bool) -> u64 {
    if huge { 2 << 20 } else { 4 << 10 }
}

/// Memory references of one page walk: of a page of this size, and in nested tables whose pages are of that size, if there
/// are such tables.
pub fn walk_references(huge: bool, nested: Option<bool>) -> u64 {
    let guest = LEVELS - u64::from(huge);
    let host = nested.map_or(0, |huge| LEVELS - u64::from(huge));
    (guest + 1) * (host + 1) - 1
}

/// How many loads are served at each level, and how many references page walks make: of `accesses` loads at random
/// over `working_set` bytes. `huge` and `nested` as in [`walk_references`].
pub fn loads(
    costs: &Table,
    working_set: u64,
    accesses: u64,
    huge: bool,
    nested: Option<bool>,
) -> [(Primitive, u64); 5] {
    let size = |primitive| costs.get(primitive).min(working_set);
    let share = |bytes: u64| (u128::from(accesses) * u128::from(bytes) / u128::from(working_set.max(1))) as u64;
    let l1 = share(size(Primitive::L1Bytes));
    let l2 = share(size(Primitive::L2Bytes)).max(l1);
    let l3 = share(size(Primitive::L3Bytes)).max(l2);
    // An entry of the TLB is no larger than the smaller of the two pages.
    let whole = huge && nested != Some(false);
    let entries = if whole { Primitive::TlbEntries2m } else { Primitive::TlbEntries4k };
    let reach = costs.get(entries).saturating_mul(page_bytes(whole)).min(working_set);
    let misses = share(working_set - reach);
    let reference = if nested.is_some() { Primitive::NestedWalkReference } else { Primitive::PageWalkReference };
    [
        (Primitive::L1Hit, l1),
        (Primitive::L2Hit, l2 - l1),
        (Primitive::L3Hit, l3 - l2),
        (Primitive::DramAccess, accesses - l3),
        (reference, misses.saturating_mul(walk_references(huge, nested))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::Profile;

    #[test]
    fn a_walk_has_as_many_references_as_the_manual_says() {
        assert_eq!([false, true].map(|huge| walk_references(huge, None)), [4, 3]);
        assert_eq!([false, true].map(|huge| walk_references(huge, Some(false))), [24, 19]);
        assert_eq!([false, true].map(|huge| walk_references(huge, Some(true))), [19, 15]);
    }

    #[test]
    fn only_a_walk_in_two_dimensions_pays_for_nested_references() {
        let costs = Profile::xeon_2017().table();
        let walks = |nested| loads(&costs, 1 << 30, 1000, false, nested)[4];
        let (native, nested) = (walks(None), walks(Some(false)));
        assert_eq!([native.0, nested.0], [Primitive::PageWalkReference, Primitive::NestedWalkReference]);
        assert_eq!(6 * native.1, nested.1);
    }

    #[test]
    fn every_load_is_served_once_and_nothing_walks_within_the_reach() {
        let costs = Profile::xeon_2017().table();
        for working_set in [1, 4096, 1 << 20, 6 << 20, 1 << 30] {
            let loads = loads(&costs, working_set, 1000, false, Some(true));
            assert_eq!(loads[..4].iter().map(|l| l.1).sum::<u64>(), 1000);
            let reach = costs.get(Primitive::TlbEntries4k) * 4096;
            assert_eq!(loads[4].1 == 0, working_set <= reach);
        }
    }
}
