//! Copies: bytes from a program's memory to its kernel's, and back.
//!
//! Real (Linux, arch/x86/lib/copy_user_64.S): REP MOVSB moves line after line of 64 bytes. Out of the caches a core is as
//! fast as it can load and store. What lies in memory comes no faster than so many lines at once, each a memory latency
//! under way: a core has that many line fill buffers (J. D. McCalpin, "Single-threaded memory performance for dual socket
//! Xeon E5-* systems", Intel Developer Zone).
//! Modelled: both, in proportion to the bytes. A copy touches its bytes at both ends: what an operation moves comes out of
//! the caches if the last level holds it twice, and out of memory otherwise. Left out: what others have displaced from the
//! caches in the meantime, which level it is, network cards and disks that write into caches (DDIO), stores past them, the
//! other socket's memory, how many cores a memory channel serves.

use crate::costs::{Primitive, Table};
use crate::engine::Time;
use crate::trace::{ComponentId, Crossing, Token, What};

use crate::machine::frame::{At, Pc};
use crate::machine::turn::Turn;

const PAGE: u64 = 4096;
/// A line of a cache.
const LINE: u64 = 64;

/// What copying costs if the operation that it belongs to moves so many bytes in all.
pub fn price(costs: &Table, whole: u64) -> Primitive {
    match whole.saturating_mul(2) <= costs.get(Primitive::L3Bytes) {
        true => Primitive::Copy4k,
        false => Primitive::Copy4kMemory,
    }
}

/// What a copy of so many bytes takes at so much for 4 KiB.
fn part(page: Time, bytes: u64) -> Time {
    let ps = u128::from(page.as_ps()) * u128::from(bytes) / u128::from(PAGE);
    Time(u64::try_from(ps).unwrap_or(u64::MAX))
}

/// The uses that so many bytes count as: 4 KiB that has been begun is one.
fn uses(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(PAGE)).unwrap_or(u32::MAX)
}

impl Turn<'_> {
    /// Copies `bytes` of the `whole` that an operation moves, then goes on at `next`.
    pub fn copy(
        &mut self,
        at: At,
        next: impl Into<Pc>,
        (bytes, whole): (u64, u64),
        component: ComponentId,
        token: Token,
    ) {
        let primitive = price(&self.f.costs, whole);
        let time = part(self.f.time(primitive), bytes);
        self.spend(at, next, What::Pay(primitive), time, uses(bytes), component, Crossing::None, token);
    }

    /// The same for a message. Its first line is part of what sending and receiving cost anyway.
    pub fn copy_message(
        &mut self,
        at: At,
        next: impl Into<Pc>,
        (bytes, whole): (u64, u64),
        component: ComponentId,
        token: Token,
    ) {
        match bytes <= LINE {
            true => self.goto(at, next),
            false => self.copy(at, next, (bytes, whole), component, token),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::Profile;

    #[test]
    fn a_copy_takes_as_long_as_its_bytes_and_what_no_cache_holds_twice_takes_longer() {
        let costs = Profile::xeon_2017().table();
        let l3 = costs.get(Primitive::L3Bytes);
        assert_eq!(price(&costs, l3 / 2), Primitive::Copy4k);
        assert_eq!(price(&costs, l3 / 2 + 1), Primitive::Copy4kMemory);
        assert!(costs.get(Primitive::Copy4kMemory) > costs.get(Primitive::Copy4k));
        let page = Time::ns(150);
        assert_eq!([1024, 4096, 1 << 20].map(|bytes| part(page, bytes)), [37_500, 150_000, 38_400_000].map(Time));
        assert_eq!([1, 4096, 4097].map(uses), [1, 1, 2]);
    }
}
