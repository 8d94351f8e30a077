//! What has been done so far at each part and on each processor, at any moment of a run: looked up, not added up.

use std::collections::BTreeMap;

use super::{ComponentId, CpuId, OperationKind, StackId, Trace, What};
use crate::costs::Primitive;
use crate::engine::Time;

/// Uses of one primitive at one part: when each ended, and how many uses and how much time up to and with it.
#[derive(Clone, Debug, Default)]
struct Uses(Vec<(Time, u64, u64)>);

/// A processor's hops on behalf of one stack: when each began and ended, and the time of all before it.
#[derive(Clone, Debug, Default)]
struct Ran(Vec<(Time, Time, u64)>);

/// Reads that a page cache could answer, and those it could not.
#[derive(Clone, Debug, Default)]
struct Cache {
    hits: Vec<Time>,
    misses: Vec<Time>,
}

/// Everything that is counted by part and processor.
#[derive(Clone, Debug, Default)]
pub struct Tallies {
    uses: BTreeMap<(ComponentId, Primitive), Uses>,
    ran: BTreeMap<(CpuId, StackId), Ran>,
    caches: BTreeMap<ComponentId, Cache>,
}

impl Tallies {
    /// Reads the trace once.
    pub fn new(trace: &Trace) -> Tallies {
        let mut tallies = Tallies::default();
        for hop in &trace.hops {
            if let What::Pay(primitive) = hop.what {
                let uses = &mut tallies.uses.entry((hop.component, primitive)).or_default().0;
                uses.push((hop.end, u64::from(hop.count), hop.duration().as_ps()));
            }
            let mut cpus = vec![hop.core];
            if hop.cpu != hop.core {
                cpus.push(hop.cpu);
            }
            for cpu in cpus.into_iter().filter(|cpu| *cpu != CpuId::NONE) {
                tallies.ran.entry((cpu, hop.stack)).or_default().0.push((hop.start, hop.end, 0));
            }
        }
        tallies.read_caches(trace);
        for Uses(uses) in tallies.uses.values_mut() {
            uses.sort_by_key(|(end, ..)| *end);
            let (mut count, mut time) = (0, 0);
            for (_, uses, spent) in uses {
                (count, time) = (count + *uses, time + *spent);
                (*uses, *spent) = (count, time);
            }
        }
        for Ran(ran) in tallies.ran.values_mut() {
            ran.sort_by_key(|(start, ..)| *start);
            let mut sum = 0;
            for (start, end, before) in ran {
                *before = sum;
                sum += (*end - *start).as_ps();
            }
        }
        for cache in tallies.caches.values_mut() {
            cache.hits.sort_unstable();
            cache.misses.sort_unstable();
        }
        tallies
    }

    /// A read looks a page up; if it is not there, it adds one. Then it copies; past the cache it does neither.
    fn read_caches(&mut self, trace: &Trace) {
        let mut missed: BTreeMap<(u32, ComponentId), bool> = BTreeMap::new();
        for hop in &trace.hops {
            let reads = |journey: &super::Journey| journey.kind == OperationKind::Read;
            if !trace.journeys.get(hop.journey.index()).is_some_and(reads) {
                continue;
            }
            let at = (hop.journey.0, hop.component);
            match hop.what {
                What::Pay(Primitive::FileLookup) => drop(missed.insert(at, false)),
                What::Pay(Primitive::PageCacheInsert) if hop.count > 0 => {
                    missed.insert(at, true);
                    self.caches.entry(hop.component).or_default().misses.push(hop.end);
                }
                What::Pay(Primitive::Copy4k | Primitive::Copy4kMemory) if missed.remove(&at) == Some(false) => {
                    self.caches.entry(hop.component).or_default().hits.push(hop.start);
                }
                _ => {}
            }
        }
    }

    /// What was done at a part up to `time`: each primitive, how many uses, and how long they took together.
    pub fn done_at(&self, part: ComponentId, time: Time) -> Vec<(Primitive, u64, Time)> {
        let from = (part, Primitive::ALL[0]);
        let of_part = self.uses.range(from..).take_while(|((component, _), _)| *component == part);
        let so_far = of_part.filter_map(|((_, primitive), Uses(uses))| {
            let (_, count, spent) = uses.get(uses.partition_point(|(end, ..)| *end <= time).checked_sub(1)?)?;
            Some((*primitive, *count, Time(*spent)))
        });
        so_far.collect()
    }

    /// Who has run on a processor up to `time`, and for how long.
    pub fn ran_on(&self, cpu: CpuId, time: Time) -> Vec<(StackId, Time)> {
        let of_cpu = self.ran.range((cpu, StackId(0))..=(cpu, StackId::NONE));
        let so_far = of_cpu.filter_map(|((_, stack), Ran(ran))| {
            let (start, end, before) = ran.get(ran.partition_point(|(start, ..)| *start <= time).checked_sub(1)?)?;
            Some((*stack, Time(before + ((*end).min(time) - *start).as_ps())))
        });
        so_far.collect()
    }

    /// How many reads a page cache has answered up to `time`, and how many it could not. `None` if none ever asks it.
    pub fn cache(&self, files: ComponentId, time: Time) -> Option<(usize, usize)> {
        let cache = self.caches.get(&files)?;
        let so_far = |times: &Vec<Time>| times.partition_point(|at| *at <= time);
        Some((so_far(&cache.hits), so_far(&cache.misses)))
    }
}
