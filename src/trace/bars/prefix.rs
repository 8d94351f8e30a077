//! The first so many of a list of latencies, in order of size: any rank and the sum of any range of ranks in the
//! logarithm of their number, and as many more or fewer of them at the same price each.

use super::{SMALL, Summary};
use crate::engine::Time;
use crate::trace::{Layer, Statistic};

type Ledger = [u64; Layer::ALL.len()];

/// The operations of one stack and key, of which the first [`count`](Self::count) have ended.
#[derive(Clone, Debug)]
pub(super) struct Prefix {
    /// By order of ending.
    ends: Vec<Time>,
    /// By order of ending: the place in the order of size.
    ranks: Vec<u32>,
    /// By rank.
    latencies: Vec<u64>,
    ledgers: Vec<Ledger>,
    /// How many have ended, and in Fenwick trees over ranks: how many there are, and their ledgers.
    count: usize,
    counts: Vec<u32>,
    sums: Vec<Ledger>,
}

impl Prefix {
    /// `ends` in order, and what each has spent; none has ended yet.
    pub fn new(ends: Vec<Time>, ledgers: Vec<Ledger>) -> Prefix {
        let latency = |ledger: &Ledger| ledger.iter().sum::<u64>();
        let mut order: Vec<u32> = (0..ledgers.len() as u32).collect();
        // Of equal ones the ledgers decide, so that the order in which they ended does not.
        order.sort_by_key(|&i| (latency(&ledgers[i as usize]), ledgers[i as usize]));
        let mut ranks = vec![0; ledgers.len()];
        for (rank, &i) in order.iter().enumerate() {
            ranks[i as usize] = rank as u32;
        }
        let sorted: Vec<Ledger> = order.iter().map(|&i| ledgers[i as usize]).collect();
        let nodes = sorted.len() + 1;
        Prefix {
            ends,
            ranks,
            latencies: sorted.iter().map(latency).collect(),
            ledgers: sorted,
            count: 0,
            counts: vec![0; nodes],
            sums: vec![[0; Layer::ALL.len()]; nodes],
        }
    }

    /// How many have ended.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Takes in those that have ended at `time`, and leaves out the others.
    pub fn ended_by(&mut self, time: Time) {
        let wanted = self.ends.partition_point(|end| *end <= time);
        while self.count < wanted {
            self.change(self.count, true);
            self.count += 1;
        }
        while self.count > wanted {
            self.count -= 1;
            self.change(self.count, false);
        }
    }

    fn change(&mut self, i: usize, add: bool) {
        let rank = self.ranks[i] as usize;
        let ledger = self.ledgers[rank];
        let mut node = rank + 1;
        while node < self.counts.len() {
            if add {
                self.counts[node] += 1
            } else {
                self.counts[node] -= 1
            }
            for (sum, part) in self.sums[node].iter_mut().zip(&ledger) {
                *sum = if add { sum.wrapping_add(*part) } else { sum.wrapping_sub(*part) };
            }
            node += node & node.wrapping_neg();
        }
    }

    /// The rank, among all, of the one that is at place `k` (from 0) of those that have ended.
    fn rank(&self, k: usize) -> usize {
        let (mut node, mut left) = (0, k as u32);
        let mut step = self.counts.len().next_power_of_two();
        while step > 0 {
            if let Some(&count) = self.counts.get(node + step).filter(|count| **count <= left) {
                (node, left) = (node + step, left - count);
            }
            step /= 2;
        }
        node
    }

    /// The latency at place `k`, from 0, of those that have ended.
    pub fn latency(&self, k: usize) -> u64 {
        self.latencies.get(self.rank(k)).copied().unwrap_or(0)
    }

    /// The sum of the ledgers of those that have ended, of ranks below `rank`.
    fn below(&self, rank: usize) -> Ledger {
        let mut sum = [0u64; Layer::ALL.len()];
        let mut node = rank.min(self.sums.len() - 1);
        while node > 0 {
            for (all, part) in sum.iter_mut().zip(&self.sums[node]) {
                *all = all.wrapping_add(*part);
            }
            node -= node & node.wrapping_neg();
        }
        sum
    }

    /// What is shown of those that have ended; `None` of none.
    pub fn summary(&self, statistic: Statistic) -> Option<Summary> {
        let count = self.count.checked_sub(1)? + 1;
        Some(match statistic {
            Statistic::P50 => self.median(count),
            Statistic::P95 => self.one(count, place(count, 95)),
            Statistic::P99 => self.one(count, place(count, 99)),
            Statistic::Max => self.one(count, count - 1),
            Statistic::Mean => self.all(count, count as u64),
            Statistic::Total => self.all(count, 1),
        })
    }

    /// The operation at place `k`, with its own ledger.
    fn one(&self, count: usize, k: usize) -> Summary {
        let rank = self.rank(k);
        let parts = self.ledgers.get(rank).copied().unwrap_or_default();
        let length = self.latency(k);
        Summary { count, length, low: length, high: length, parts }
    }

    /// All of them together, divided by a number.
    fn all(&self, count: usize, by: u64) -> Summary {
        let sum = self.below(self.latencies.len());
        let length = sum.iter().sum::<u64>() / by;
        Summary { count, length, low: length, high: length, parts: split(length, &sum) }
    }

    /// The median, with the mean ledger of the middle half.
    fn median(&self, count: usize) -> Summary {
        let length = self.latency(place(count, 50));
        let (low, high) = whisker(count);
        let quarter = count / 4;
        let (first, last) = (self.rank(quarter), self.rank(count - 1 - quarter));
        let (below, through) = (self.below(first), self.below(last + 1));
        let middle = std::array::from_fn(|i| through[i].wrapping_sub(below[i]));
        let (low, high) = (self.latency(low), self.latency(high));
        Summary { count, length, low, high, parts: split(length, &middle) }
    }

    /// The upper end of the whisker once all have ended.
    pub fn high_at_the_end(&self) -> u64 {
        let count = self.latencies.len();
        if count == 0 { 0 } else { self.latencies.get(whisker(count).1).copied().unwrap_or(0) }
    }
}

/// The place, from 0, of the nearest rank of a percentile.
pub(super) fn place(count: usize, percent: usize) -> usize {
    (count * percent).div_ceil(100).max(1) - 1
}

fn whisker(count: usize) -> (usize, usize) {
    if count < SMALL { (0, count - 1) } else { (place(count, 5), place(count, 95)) }
}

/// `whole` in parts as `shares` are to each other, rounded by the largest remainder: they add up to it.
pub fn split(whole: u64, shares: &Ledger) -> Ledger {
    let all: u128 = shares.iter().map(|share| u128::from(*share)).sum();
    if all == 0 {
        return [0; Layer::ALL.len()];
    }
    let exact = shares.map(|share| u128::from(share) * u128::from(whole));
    let mut parts = exact.map(|part| (part / all) as u64);
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(exact[i] % all), i));
    let missing = whole - parts.iter().sum::<u64>();
    for &i in order.iter().take(missing as usize) {
        parts[i] += 1;
    }
    parts
}
