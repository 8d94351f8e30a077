//! Bars that may be compared: for each stack the operations of one kind that have ended by a moment.
//!
//! Real: whoever compares latencies compares like with like, states how many were measured and how far they spread,
//! and gives an interval with a ratio. Here the same. Operations are alike if they are of one kind and size and were
//! answered from the same place. A bar is the median; its parts are the mean ledger of the middle half, scaled to the
//! median, so that they add up to it; a ratio of two medians has a bootstrap interval, the wider the more stacks are
//! compared. Where another figure is asked for than the median, the bar is that: a percentile's or the longest's parts are
//! that one operation's own ledger. Left out: that operations of one stack may follow from each other (a queue).
//!
//! The numbers at a moment follow from the trace and the moment alone. What is kept between questions only makes the
//! next answer quick: one step forward costs the logarithm of the number of operations.

mod prefix;
mod ratio;

use std::collections::{BTreeMap, BTreeSet};

use prefix::Prefix;
pub use prefix::split;
pub use ratio::Ratio;

use super::{ComponentId, CpuId, Crossing, JourneyId, Layer, OperationKind, StackId, Statistic, Token, Trace, What};
use crate::costs::Primitive;
use crate::engine::Time;

/// With fewer operations than this no ratio is given.
pub const FEW: usize = 8;
/// With fewer than this the whisker reaches from the least to the largest.
pub const SMALL: usize = 20;

/// Where the answer to a read or write came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answered {
    /// It asks no storage.
    Nowhere,
    /// The page cache of the program's own kernel.
    PageCache,
    /// A virtual device, by nothing below it.
    GuestDevice,
    /// The page cache of a kernel below.
    HostCache,
    /// The disk, through the page cache.
    Disk,
    /// The disk, past the page cache.
    DiskDirect,
}

impl Answered {
    /// In a few words; empty where there is nothing to say.
    pub const fn label(self) -> &'static str {
        match self {
            Answered::Nowhere => "",
            Answered::PageCache => "from the page cache",
            Answered::GuestDevice => "from the virtual device",
            Answered::HostCache => "from the host's page cache",
            Answered::Disk => "from the disk",
            Answered::DiskDirect => "from the disk, past the page cache",
        }
    }
}

/// What makes operations alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind.
    pub kind: OperationKind,
    /// What is done and how much of it: "read, 4 KiB". Names of files are left out.
    pub what: String,
    /// Where the answer came from.
    pub answered: Answered,
    /// From which disk, where the run uses several: one kind of disk is not like another.
    pub disk: Option<ComponentId>,
    /// Its name, once it has been told: [`Bars::named`].
    pub disk_name: String,
}

impl Key {
    /// "read, 4 KiB, from the disk", or "from hdd0" where there are several.
    pub fn label(&self) -> String {
        match self.answered.label() {
            "" => self.what.clone(),
            from if self.disk_name.is_empty() => format!("{}, {from}", self.what),
            from => format!("{}, {}", self.what, from.replace("the disk", &self.disk_name)),
        }
    }
}

/// A key's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u16);

/// The operations of one stack and one kind that have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many.
    pub count: usize,
    /// The median, by the nearest rank as in reports, or another figure that was asked for.
    pub length: u64,
    /// 5 in a hundred are at or below; of fewer than [`SMALL`], the least.
    pub low: u64,
    /// 95 in a hundred are at or below; of fewer than [`SMALL`], the largest. Of a figure that is not the median there is
    /// no such range: both ends are its length.
    pub high: u64,
    /// By [`Layer`]; they add up to the length.
    pub parts: [u64; Layer::ALL.len()],
}

/// All operations of a run, sorted by what they are.
#[derive(Clone, Debug, Default)]
pub struct Bars {
    keys: Vec<Key>,
    key_of: Vec<u16>,
    /// Ended operations in the order of their ends.
    groups: BTreeMap<(KeyId, StackId), Vec<JourneyId>>,
    ledgers: Vec<[u64; Layer::ALL.len()]>,
    ends: Vec<Time>,
    /// By key: how many stacks have such operations.
    sharers: BTreeMap<KeyId, usize>,
    stacks: usize,
    seed: u64,
    /// Worked out for the keys that were asked for.
    prefixes: BTreeMap<KeyId, Vec<Option<Prefix>>>,
    ratios: BTreeMap<(KeyId, StackId, StackId, usize, usize), Ratio>,
}

impl Bars {
    /// Reads the trace once. `operations` are the texts of journeys, `seed` is the scenario's.
    pub fn new(trace: &Trace, operations: &[String], stacks: usize, seed: u64) -> Bars {
        let (seen, ledgers) = read(trace);
        let disks: BTreeSet<ComponentId> = seen.iter().filter_map(|seen| seen.disk).collect();
        let ends = trace.journeys.iter().map(|journey| journey.end).collect();
        let mut bars = Bars { stacks, seed, ledgers, ends, ..Bars::default() };
        let mut numbers: BTreeMap<(OperationKind, u16, Answered, Option<ComponentId>), u16> = BTreeMap::new();
        for (i, journey) in trace.journeys.iter().enumerate() {
            let seen = seen.get(i).copied().unwrap_or_default();
            let answered = answered(journey.kind, seen);
            let from_disk = matches!(answered, Answered::Disk | Answered::DiskDirect) && disks.len() > 1;
            let disk = seen.disk.filter(|_| from_disk);
            let keys = &mut bars.keys;
            let number = *numbers.entry((journey.kind, journey.label, answered, disk)).or_insert_with(|| {
                let text = operations.get(usize::from(journey.label)).map_or("", String::as_str);
                let what = without_file(journey.kind, text);
                let key = Key { kind: journey.kind, what, answered, disk, disk_name: String::new() };
                let known = keys.iter().position(|known| *known == key);
                known.unwrap_or_else(|| {
                    keys.push(key);
                    keys.len() - 1
                }) as u16
            });
            bars.key_of.push(number);
            // Where there was no room for all hops, an operation is left out rather than shown too short.
            let spent: u64 = bars.ledgers[i].iter().sum();
            if journey.latency().is_some_and(|latency| latency.as_ps() == spent) {
                let group = bars.groups.entry((KeyId(number), journey.stack)).or_default();
                group.push(JourneyId(i as u32));
            }
        }
        for (key, _) in bars.groups.keys() {
            *bars.sharers.entry(*key).or_default() += 1;
        }
        for group in bars.groups.values_mut() {
            group.sort_by_key(|id| (trace.journeys[id.index()].end, *id));
        }
        bars
    }

    /// The same, with another seed for the intervals beside ratios.
    pub fn seeded(self, seed: u64) -> Bars {
        Bars { seed, ratios: BTreeMap::new(), ..self }
    }

    /// The same, with the names of disks.
    pub fn named(mut self, name: impl Fn(ComponentId) -> String) -> Bars {
        for key in &mut self.keys {
            key.disk_name = key.disk.map_or(String::new(), &name);
        }
        self
    }

    /// All keys that occur.
    pub fn keys(&self) -> impl Iterator<Item = (KeyId, &Key)> {
        self.keys.iter().enumerate().map(|(i, key)| (KeyId(i as u16), key))
    }

    /// A key by its number.
    pub fn key(&self, id: KeyId) -> Option<&Key> {
        self.keys.get(usize::from(id.0))
    }

    /// The key of an operation.
    pub fn key_of(&self, journey: JourneyId) -> Option<KeyId> {
        self.key_of.get(journey.index()).copied().map(KeyId)
    }

    /// How many operations of this key end in the whole run.
    pub fn total(&self, key: KeyId, stack: StackId) -> usize {
        self.groups.get(&(key, stack)).map_or(0, Vec::len)
    }

    /// Of each stack's operations of this key, those that have ended at `time`.
    pub fn at(&mut self, key: KeyId, time: Time) -> Vec<Option<Summary>> {
        self.figures(key, Statistic::P50, time)
    }

    /// The same with another figure than the median.
    pub fn figures(&mut self, key: KeyId, statistic: Statistic, time: Time) -> Vec<Option<Summary>> {
        let summary = |prefix: &mut Option<Prefix>| {
            let prefix = prefix.as_mut()?;
            prefix.ended_by(time);
            prefix.summary(statistic)
        };
        self.prefixes(key).iter_mut().map(summary).collect()
    }

    /// The longest that a bar or its whisker is when the run is over.
    pub fn largest(&mut self, key: KeyId, statistic: Statistic) -> u64 {
        match statistic {
            Statistic::P50 => self.prefixes(key).iter().flatten().map(Prefix::high_at_the_end).max(),
            other => self.figures(key, other, Time::MAX).into_iter().flatten().map(|summary| summary.length).max(),
        }
        .unwrap_or(0)
    }

    /// How a stack's median compares with that of the stack `measure` at `time`.
    pub fn ratio(&mut self, key: KeyId, stack: StackId, measure: StackId, time: Time) -> Ratio {
        let prefixes = self.prefixes(key);
        for stack in [measure, stack] {
            if let Some(Some(prefix)) = prefixes.get_mut(stack.index()) {
                prefix.ended_by(time);
            }
        }
        let of = |stack: StackId| {
            let prefix = self.prefixes.get(&key)?.get(stack.index())?.as_ref();
            prefix.filter(|prefix| prefix.count() > 0)
        };
        let Some(own) = of(stack) else { return Ratio::Nothing };
        if stack == measure {
            return Ratio::Measure;
        }
        let Some(first) = of(measure) else { return Ratio::Nothing };
        if own.count() < FEW || first.count() < FEW {
            return Ratio::TooFew(own.count().min(first.count()));
        }
        let others = self.sharers.get(&key).map_or(0, |sharers| sharers - 1);
        let counts = (key, stack, measure, first.count(), own.count());
        if let Some(known) = self.ratios.get(&counts) {
            return *known;
        }
        let ratio = ratio::compare(first, own, others, self.seed, &format!("bars {} {} {}", key.0, stack.0, measure.0));
        // Playing on asks for ever new ones, and dragging back for old ones.
        if self.ratios.len() >= 4096 {
            self.ratios.clear();
        }
        self.ratios.insert(counts, ratio);
        ratio
    }

    fn prefixes(&mut self, key: KeyId) -> &mut Vec<Option<Prefix>> {
        let (groups, ends, ledgers, stacks) = (&self.groups, &self.ends, &self.ledgers, self.stacks);
        self.prefixes.entry(key).or_insert_with(|| {
            let prefix = |stack: usize| {
                let group = groups.get(&(key, StackId(stack as u32)))?;
                let ends = group.iter().map(|id| ends[id.index()]).collect();
                Some(Prefix::new(ends, group.iter().map(|id| ledgers[id.index()]).collect()))
            };
            (0..stacks).map(prefix).collect()
        })
    }
}

/// The least of 1, 2 and 5 times a power of ten that is no less than `largest`.
pub fn scale(largest: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for step in [1, 2, 5] {
            match power.checked_mul(step) {
                Some(round) if round >= largest => return round,
                Some(_) => {}
                None => return u64::MAX,
            }
        }
        power = power.saturating_mul(10);
    }
}

/// What a journey has come by: bits, and the disk of the hardware that served it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    bits: u8,
    disk: Option<ComponentId>,
}

impl Seen {
    const RING: u8 = 1;
    const DISK: u8 = 2;
    const CACHED: u8 = 4;
    const BELOW: u8 = 8;

    fn has(self, bit: u8) -> bool {
        self.bits & bit != 0
    }
}

/// Of each journey: what it has come by, and its ledger.
fn read(trace: &Trace) -> (Vec<Seen>, Vec<[u64; Layer::ALL.len()]>) {
    let mut seen = vec![Seen::default(); trace.journeys.len()];
    let mut ledgers = vec![[0; Layer::ALL.len()]; trace.journeys.len()];
    for hop in &trace.hops {
        let of = hop.journey.index();
        let (Some(seen), Some(ledger)) = (seen.get_mut(of), ledgers.get_mut(of)) else { continue };
        ledger[hop.layer as usize] += hop.duration().as_ps();
        // A device of the hardware, of whatever kind, serves without a processor.
        if hop.crossing == Crossing::Device && hop.cpu == CpuId::NONE && hop.token == Token::IoRequest {
            seen.bits |= Seen::DISK;
            seen.disk = Some(hop.component);
        }
        let What::Pay(primitive) = hop.what else { continue };
        seen.bits |= match primitive {
            Primitive::VirtioFill => Seen::RING,
            Primitive::FileLookup | Primitive::PageLookup if seen.has(Seen::RING) => Seen::BELOW,
            Primitive::PageCacheInsert => Seen::CACHED,
            _ => 0,
        };
    }
    (seen, ledgers)
}

fn answered(kind: OperationKind, seen: Seen) -> Answered {
    match kind {
        OperationKind::Read | OperationKind::Write => {}
        _ => return Answered::Nowhere,
    }
    match (seen.has(Seen::DISK), seen.has(Seen::RING)) {
        // A write goes into the page cache first, unless that has the page already.
        (true, _) if kind == OperationKind::Read && !seen.has(Seen::CACHED) => Answered::DiskDirect,
        (true, _) => Answered::Disk,
        (false, true) if seen.has(Seen::BELOW) => Answered::HostCache,
        (false, true) => Answered::GuestDevice,
        (false, false) => Answered::PageCache,
    }
}

/// "read(data, 4 KiB)" as "read, 4 KiB": which file it is does not make it another operation.
fn without_file(kind: OperationKind, text: &str) -> String {
    let inside = || text.strip_suffix(')')?.split_once('(');
    match (kind, inside()) {
        (OperationKind::Read | OperationKind::Write, Some((name, arguments))) => {
            // A file's name may hold a comma itself: the size is what follows the last that is not "sync".
            let (rest, sync) = arguments.strip_suffix(", sync").map_or((arguments, ""), |rest| (rest, ", sync"));
            let size = rest.rsplit(", ").next().unwrap_or(rest);
            format!("{name}, {size}{sync}")
        }
        (OperationKind::Open | OperationKind::Fsync, Some((name, _))) => name.to_owned(),
        _ if text.is_empty() => kind.key().replace('_', " "),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
