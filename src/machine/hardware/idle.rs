//! Leaving an idle state.
//!
//! Real: a core without work halts, and sinks deeper the longer that lasts: the processor's own states (C1 to C6), each
//! entered when the time that it needs to pay off has gone by or is expected; in a guest the kernel polls, then halts,
//! the hypervisor polls for a while and then gives the core away, and where that hypervisor is a guest too, the next
//! one does the same. The deeper, the longer the way back to the first instruction.
//! Modelled: a shallowest state, a deepest one, and between them a way back that grows with the logarithm of the time
//! spent idle, which is what many states look like, each entered after some times as long as the one before; no way
//! between where the two times are one (a step). Left out: what the governor expects instead of what happens, the
//! energy, neighbours that keep a shared state shallow.
//! More: Linux, drivers/cpuidle; KVM, `halt_poll_ns`.

use crate::costs::{Primitive, Table, log2};
use crate::engine::Time;

/// From which depth a core that was idle for so long is woken, and how long it takes.
pub fn exit(costs: &Table, idle: Time) -> (Primitive, Time) {
    let [shallow, deep, from, to] =
        [Primitive::IdleExit, Primitive::IdleExitDeep, Primitive::IdleShallowUntil, Primitive::IdleDeepAfter]
            .map(|primitive| costs.get(primitive));
    if idle.as_ps() >= to {
        return (Primitive::IdleExitDeep, Time(deep));
    }
    if idle.as_ps() <= from || deep <= shallow {
        return (Primitive::IdleExit, Time(shallow));
    }
    let (way, whole) = (log2(idle.as_ps()) - log2(from), log2(to) - log2(from));
    let more = u128::from(deep - shallow) * u128::from(way) / u128::from(whole.max(1));
    // At most `deep - shallow`, since `way` is at most `whole`.
    (Primitive::IdleExit, Time(shallow + more as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::Profile;

    fn table(from: u64, to: u64) -> Table {
        let mut costs = Profile::xeon_2017().table();
        for (primitive, value) in [
            (Primitive::IdleExit, 10_000),
            (Primitive::IdleExitDeep, 90_000),
            (Primitive::IdleShallowUntil, from),
            (Primitive::IdleDeepAfter, to),
        ] {
            costs.set(primitive, value);
        }
        costs
    }

    #[test]
    fn a_core_sinks_from_the_shallowest_to_the_deepest_state_and_never_back() {
        let costs = table(1 << 20, 1 << 28);
        let at = |idle: u64| exit(&costs, Time(idle)).1.as_ps();
        assert_eq!(
            [at(0), at(1 << 20), at(1 << 24), at(1 << 28), at(u64::MAX)],
            [10_000, 10_000, 50_000, 90_000, 90_000]
        );
        let all: Vec<u64> = (0..400).map(|i| at(i * 1_000_000)).collect();
        assert!(all.is_sorted());
    }

    #[test]
    fn where_the_two_times_are_one_there_is_a_step() {
        let costs = table(1 << 20, 1 << 20);
        assert_eq!(exit(&costs, Time((1 << 20) - 1)), (Primitive::IdleExit, Time(10_000)));
        assert_eq!(exit(&costs, Time(1 << 20)), (Primitive::IdleExitDeep, Time(90_000)));
        // Nonsense in a profile of somebody's own is no reason to panic.
        for (from, to) in [(5, 3), (0, 0), (0, u64::MAX), (u64::MAX, 1)] {
            exit(&table(from, to), Time(4));
        }
    }
}
