//! The event queue: a 4-ary heap ordered by (time, sequence number).
//!
//! A heap with four children a node is half as deep as a binary one and keeps siblings in one or two cache lines,
//! which pays when many timers are pending (`benches/queue.rs` compares it with `std::collections::BinaryHeap`).
//! Cancelling is left to the model: an event carries a generation and is ignored when it is stale.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::Time;

const ARITY: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Entry<E> {
    at: Time,
    sequence: u64,
    event: E,
}

impl<E> Entry<E> {
    /// Both parts of the order in one number, so that a comparison is one branch.
    #[inline(always)]
    fn key(&self) -> u128 {
        (u128::from(self.at.0) << 64) | u128::from(self.sequence)
    }
}

/// The sequence number of the first event; those below are for inputs.
const FIRST_EVENT: u64 = 1 << 32;

/// Pending events, earliest first; at one instant inputs come first, then events in the order in which they were pushed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Queue<E> {
    heap: Vec<Entry<E>>,
    next_sequence: u64,
    next_input: u64,
}

/// What is pending, and not where in the heap it lies: that depends on when it was pushed.
impl<E: Hash> Hash for Queue<E> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let mut entries: Vec<&Entry<E>> = self.heap.iter().collect();
        entries.sort_unstable_by_key(|entry| entry.key());
        entries.hash(hasher);
        (self.next_sequence, self.next_input).hash(hasher);
    }
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Queue { heap: Vec::new(), next_sequence: FIRST_EVENT, next_input: 0 }
    }
}

impl<E: Copy> Queue<E> {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many events are pending.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// How many bytes a copy takes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.len() * size_of::<Entry<E>>()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// When the earliest pending event is due.
    #[inline]
    pub fn next_at(&self) -> Option<Time> {
        self.heap.first().map(|entry| entry.at)
    }

    /// Adds an event.
    #[inline]
    pub fn push(&mut self, at: Time, event: E) {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.add(Entry { at, sequence, event });
    }

    /// Adds what comes from outside. When it was added makes no difference, as long as it was before it is due: a script
    /// that is known from the start and a hand that acts at the moment give the same run.
    pub fn push_input(&mut self, at: Time, event: E) {
        let sequence = self.next_input;
        self.next_input += 1;
        self.add(Entry { at, sequence, event });
    }

    #[inline(always)]
    fn add(&mut self, entry: Entry<E>) {
        self.heap.push(entry);
        self.sift_up(self.heap.len() - 1, entry);
    }

    /// Takes the earliest event.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        let last = self.heap.pop()?;
        let Some(first) = self.heap.first().copied() else {
            return Some((last.at, last.event));
        };
        self.sift_down(last);
        Some((first.at, first.event))
    }

    /// All pending events in no particular order, for inspection.
    pub fn iter(&self) -> impl Iterator<Item = (Time, &E)> {
        self.heap.iter().map(|entry| (entry.at, &entry.event))
    }

    #[inline(always)]
    fn sift_up(&mut self, mut hole: usize, entry: Entry<E>) {
        let key = entry.key();
        while hole > 0 {
            let parent = (hole - 1) / ARITY;
            if self.heap[parent].key() <= key {
                break;
            }
            self.heap[hole] = self.heap[parent];
            hole = parent;
        }
        self.heap[hole] = entry;
    }

    /// Lets the hole at the root sink to where `entry` fits.
    #[inline(always)]
    fn sift_down(&mut self, entry: Entry<E>) {
        let key = entry.key();
        let len = self.heap.len();
        let mut hole = 0;
        loop {
            let first = hole * ARITY + 1;
            if first >= len {
                break;
            }
            let (mut least, mut least_key) = (first, self.heap[first].key());
            for child in first + 1..(first + ARITY).min(len) {
                let child_key = self.heap[child].key();
                if child_key < least_key {
                    (least, least_key) = (child, child_key);
                }
            }
            if key <= least_key {
                break;
            }
            self.heap[hole] = self.heap[least];
            hole = least;
        }
        self.heap[hole] = entry;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn events_leave_in_order_of_time_then_of_arrival(times in proptest::collection::vec(0u64..50, 0..300)) {
            let mut queue = Queue::new();
            for (i, &t) in times.iter().enumerate() {
                queue.push(Time(t), i);
            }
            let mut expected: Vec<_> = times.iter().enumerate().map(|(i, &t)| (Time(t), i)).collect();
            expected.sort();
            let mut got = Vec::new();
            while let Some(next) = queue.pop() {
                got.push(next);
            }
            prop_assert_eq!(got, expected);
        }

        #[test]
        fn an_input_comes_before_the_events_of_its_instant_whenever_it_was_given(late in any::<bool>()) {
            let mut queue = Queue::new();
            let input = |queue: &mut Queue<u8>| queue.push_input(Time(7), 0);
            if !late {
                input(&mut queue);
            }
            queue.push(Time(7), 1);
            queue.push(Time(5), 2);
            prop_assert_eq!(queue.pop(), Some((Time(5), 2)));
            if late {
                input(&mut queue);
            }
            prop_assert_eq!(queue.pop(), Some((Time(7), 0)));
            prop_assert_eq!(queue.pop(), Some((Time(7), 1)));
        }

        #[test]
        fn pushes_between_pops_keep_the_order(steps in proptest::collection::vec((any::<bool>(), 0u64..1000), 1..400)) {
            let mut queue = Queue::new();
            let mut model = std::collections::BTreeSet::new();
            for (i, &(pop, t)) in steps.iter().enumerate() {
                if pop {
                    prop_assert_eq!(queue.pop(), model.pop_first());
                } else {
                    queue.push(Time(t), i);
                    model.insert((Time(t), i));
                }
            }
        }
    }
}
