//! VM exits by virtual processor: which of them is out of guest mode at a moment, why and since when, and how often and
//! how long each has been out so far.
//!
//! Real: KVM counts exits by reason (`perf kvm stat`), and the VMCS holds the reason of the last one until the next
//! entry. Here both follow from the trace. A hop says on which core an exit was and on whose behalf, not which vCPU
//! left: that is the one of the same stack that did something on that core last. It is back when it does something
//! again. A vCPU whose own guest runs is out as well: it left by VMRESUME. Left out: exits of a stack whose vCPUs have
//! not done anything yet are its first vCPU's.

use std::collections::BTreeMap;

use super::stays::Stays;
use super::{CpuId, Crossing, ExitReason, Hop, StackId, Trace};
use crate::engine::Time;

/// How often, and for how long in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// How often it has begun.
    pub count: u64,
    /// The time of those that are over, and of the one under way so far.
    pub time: Time,
}

/// One virtual processor's exits.
#[derive(Clone, Debug, Default)]
struct Log {
    outs: Stays<ExitReason>,
    /// By [`ExitReason`]: when each began, and the time of all before it.
    by_reason: Vec<Vec<(Time, Time, Time)>>,
}

/// The exits of all virtual processors of a run.
#[derive(Clone, Debug, Default)]
pub struct Exits {
    /// By [`CpuId`], of which the first are the hardware's cores.
    logs: Vec<Log>,
}

impl Exits {
    /// Reads the trace once. `stacks` says of each processor whose it is; the first `cores` are the hardware's.
    pub fn new(trace: &Trace, cores: usize, stacks: &[Option<StackId>]) -> Exits {
        let virtual_one = |cpu: CpuId| (cores..stacks.len()).contains(&cpu.index());
        let mut begins: Vec<Vec<Time>> = vec![Vec::new(); stacks.len()];
        let mut first: BTreeMap<StackId, usize> = BTreeMap::new();
        for cpu in (cores..stacks.len()).rev() {
            first.extend(stacks[cpu].map(|stack| (stack, cpu)));
        }
        // By core, since hops are in the order in which they ended.
        let mut lanes: Vec<Vec<&Hop>> = vec![Vec::new(); cores];
        for hop in &trace.hops {
            if virtual_one(hop.cpu) {
                begins[hop.cpu.index()].push(hop.start);
            }
            let wanted = virtual_one(hop.cpu) || matches!(hop.crossing, Crossing::VmExit(_));
            lanes.get_mut(hop.core.index()).filter(|_| wanted).into_iter().for_each(|lane| lane.push(hop));
        }
        begins.iter_mut().for_each(|begins| begins.sort_unstable());
        let mut outs: Vec<Vec<(Time, Time, ExitReason)>> = vec![Vec::new(); stacks.len()];
        for lane in &mut lanes {
            lane.sort_by_key(|hop| hop.start);
            let mut guests: BTreeMap<StackId, usize> = BTreeMap::new();
            for hop in lane.iter() {
                if virtual_one(hop.cpu) {
                    guests.extend(stacks[hop.cpu.index()].map(|stack| (stack, hop.cpu.index())));
                }
                let Crossing::VmExit(reason) = hop.crossing else { continue };
                let Some(&cpu) = guests.get(&hop.stack).or_else(|| first.get(&hop.stack)) else { continue };
                let back = begins[cpu].partition_point(|at| *at <= hop.start);
                outs[cpu].push((hop.start, begins[cpu].get(back).copied().unwrap_or(Time::MAX), reason));
            }
        }
        Exits { logs: outs.into_iter().map(Log::new).collect() }
    }

    /// Whether a vCPU is out of guest mode: since when, until when, and why it left last.
    pub fn out(&self, vcpu: CpuId, time: Time) -> Option<(Time, Time, ExitReason)> {
        let last = self.logs.get(vcpu.index())?.outs.last(time)?;
        (last.1 > time).then_some(*last)
    }

    /// A vCPU's exits from `from` on and before `to`: since when, until when, and why.
    pub fn between(&self, vcpu: CpuId, from: Time, to: Time) -> &[(Time, Time, ExitReason)] {
        let all = self.logs.get(vcpu.index()).map_or(&[][..], |log| log.outs.all());
        let begin = all.partition_point(|out| out.0 < from);
        &all[begin..all.partition_point(|out| out.0 < to).max(begin)]
    }

    /// A vCPU's exits for one reason up to `time`.
    pub fn spent(&self, vcpu: CpuId, reason: ExitReason, time: Time) -> Spent {
        let list = self.logs.get(vcpu.index()).and_then(|log| log.by_reason.get(reason as usize));
        let Some(list) = list else { return Spent::default() };
        let count = list.partition_point(|(from, _, _)| *from <= time);
        let last = count.checked_sub(1).and_then(|i| list.get(i));
        let spent = last.map_or(Time::ZERO, |&(from, until, before)| before + (until.min(time) - from));
        Spent { count: count as u64, time: spent }
    }
}

impl Log {
    fn new(mut outs: Vec<(Time, Time, ExitReason)>) -> Log {
        outs.sort_by_key(|out| out.0);
        // Where two follow each other without anything in between, the first ends with the second's beginning.
        for i in 1..outs.len() {
            outs[i - 1].1 = outs[i - 1].1.min(outs[i].0);
        }
        let mut by_reason = vec![Vec::new(); ExitReason::ALL.len()];
        let mut sums = [Time::ZERO; ExitReason::ALL.len()];
        for &(from, until, reason) in &outs {
            let sum = &mut sums[reason as usize];
            by_reason[reason as usize].push((from, until, *sum));
            if until < Time::MAX {
                *sum += until - from;
            }
        }
        Log { outs: Stays::new(outs), by_reason }
    }
}
