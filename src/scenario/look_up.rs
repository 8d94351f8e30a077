//! Finding a part of the machine by the words of an author: "vm/guest kernel", "hypervisor".
//!
//! A walkthrough may name very many parts of a machine that has very many. So the parts are listed by name once
//! ([`Parts`]), and numbered depth first: what lies in a part is then a range of numbers, and is found among those of a
//! name by bisection.

use std::cell::Cell;
use std::collections::HashMap;

use crate::machine::Topology;
use crate::trace::{ComponentId, StackId};

/// The part that `path` names: its last word is the part's name (or a stack's, for the stack's outermost part), the
/// words before it are parts that it lies in or stands on, outermost first, with any left out; the first may be the
/// name of its stack. Of several the lowest one wins: "hypervisor" is the host's before it is a guest's.
pub fn look_up(topology: &Topology, path: &str) -> Option<ComponentId> {
    Parts::of(topology).find(path)
}

/// The parts of a machine by name, to look up many of them as [`look_up`] does one.
pub struct Parts<'a> {
    topology: &'a Topology,
    /// The parts of each name, with their places in a walk that goes into each part before the next; in that order.
    named: HashMap<&'a str, Vec<(u32, ComponentId)>>,
    /// The parts of each name that belong to a stack, from the lowest.
    in_stack: HashMap<(StackId, &'a str), Vec<ComponentId>>,
    stacks: HashMap<&'a str, Vec<StackId>>,
    /// By component: the places in that walk of the part itself and of the last one in it.
    walk: Vec<(u32, u32)>,
    /// How many parts have been looked at so far.
    looked_at: Cell<u64>,
}

impl<'a> Parts<'a> {
    /// Lists the parts of a machine.
    pub fn of(topology: &'a Topology) -> Parts<'a> {
        let walk = walk(topology);
        let mut parts = Parts {
            topology,
            named: HashMap::new(),
            in_stack: HashMap::new(),
            stacks: HashMap::new(),
            walk,
            looked_at: Cell::new(0),
        };
        for (id, component) in topology.iter() {
            parts.add(&component.name, id);
        }
        for (i, stack) in topology.stacks.iter().enumerate() {
            // There are at most as many stacks as a u32 counts.
            parts.stacks.entry(&stack.name).or_default().push(StackId(i as u32));
            if topology.component(stack.component).is_some_and(|component| component.name != stack.name) {
                parts.add(&stack.name, stack.component);
            }
        }
        parts.named.values_mut().for_each(|parts| parts.sort_unstable());
        parts.in_stack.values_mut().for_each(|parts| parts.sort_unstable());
        parts
    }

    fn add(&mut self, name: &'a str, id: ComponentId) {
        self.named.entry(name).or_default().push((self.walk[id.index()].0, id));
        if let Some(stack) = self.topology.component(id).and_then(|component| component.stack) {
            self.in_stack.entry((stack, name)).or_default().push(id);
        }
    }

    /// How many parts have been looked at in all searches so far: what they have cost.
    pub fn looked_at(&self) -> u64 {
        self.looked_at.get()
    }

    /// As [`look_up`].
    pub fn find(&self, path: &str) -> Option<ComponentId> {
        let words: Vec<&str> = path.split('/').map(str::trim).collect();
        self.looked_at.set(self.looked_at.get() + words.len() as u64);
        let (last, before) = words.split_last()?;
        let named = self.named.get(last)?;
        let Some(first) = before.first() else { return named.iter().map(|(_, id)| *id).min() };
        // What nothing is called can't be on the way either.
        if before.iter().any(|word| !self.named.contains_key(word)) {
            return None;
        }
        let mut best = None;
        let mut look = |id: ComponentId| {
            self.looked_at.set(self.looked_at.get() + 1);
            if best.is_none_or(|best| id < best) && self.fits(id, before) {
                best = Some(id);
            }
        };
        for stack in self.stacks.get(first).into_iter().flatten() {
            self.in_stack.get(&(*stack, *last)).into_iter().flatten().for_each(|id| look(*id));
        }
        for (from, ancestor) in self.named.get(first).into_iter().flatten() {
            let to = self.walk[ancestor.index()].1;
            let within = named.partition_point(|(at, _)| at <= from)..named.partition_point(|(at, _)| *at <= to);
            named[within].iter().for_each(|(_, id)| look(*id));
        }
        best
    }

    fn is_named(&self, id: ComponentId, word: &str) -> bool {
        self.named.get(word).is_some_and(|named| named.binary_search(&(self.walk[id.index()].0, id)).is_ok())
    }

    /// Whether the words `before` a part's name lead to it.
    fn fits(&self, id: ComponentId, before: &[&str]) -> bool {
        let component = |id: ComponentId| self.topology.component(id);
        let stack = component(id).and_then(|c| c.stack).and_then(|s| self.topology.stacks.get(s.index()));
        let before = match before.split_first() {
            Some((first, rest)) if stack.is_some_and(|stack| stack.name == *first) => rest,
            _ => before,
        };
        let parent = |id: ComponentId| component(id).and_then(|component| component.parent);
        let mut below = std::iter::successors(parent(id), |id| parent(*id));
        before.iter().rev().all(|word| below.any(|id| self.is_named(id, word)))
    }
}

/// By component: its place in a walk that goes into each part before it goes on, and that of the last part in it.
fn walk(topology: &Topology) -> Vec<(u32, u32)> {
    let mut sizes = vec![1u32; topology.components.len()];
    // A parent comes before its children.
    for (id, component) in topology.iter().collect::<Vec<_>>().into_iter().rev() {
        if let Some(parent) = component.parent {
            sizes[parent.index()] += sizes[id.index()];
        }
    }
    let mut next = vec![0u32; topology.components.len()];
    let mut roots = 0;
    let mut walk = vec![(0, 0); topology.components.len()];
    for (id, component) in topology.iter() {
        let at = component.parent.map_or(&mut roots, |parent| &mut next[parent.index()]);
        let place = *at;
        *at += sizes[id.index()];
        next[id.index()] = place + 1;
        walk[id.index()] = (place, place + sizes[id.index()] - 1);
    }
    walk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::Profile;
    use crate::scenario::{Scenario, find};

    #[test]
    fn parts_are_found_by_the_words_of_an_author() {
        let scenario = Scenario::parse(&find("vm-in-vm").unwrap()).unwrap();
        let options = crate::machine::RunOptions { max_events: 0, ..scenario.options() };
        let topology = scenario.run(&Profile::xeon_2017(), &options, |_, _| true).unwrap().topology;
        let found = |path: &str| look_up(&topology, path).map(|id| topology.path(id));
        assert_eq!(found("hypervisor").as_deref(), Some("hardware/host kernel/hypervisor"));
        assert!(found("vm in a vm/hypervisor").unwrap().ends_with("guest kernel/hypervisor"));
        assert!(found("vm/guest kernel").unwrap().ends_with("vm/virtual hardware/guest kernel"));
        assert!(found("process").unwrap().ends_with("host kernel/process"));
        assert_ne!(found("vm/guest kernel"), found("vm in a vm/guest kernel"));
        assert_ne!(found("vm in a vm/guest kernel"), found("inner vm/guest kernel"));
        assert_eq!(found("vm/gust kernel"), None);
    }

    /// The same, part by part: what the lists must give too.
    fn one_by_one(topology: &Topology, path: &str) -> Option<ComponentId> {
        let words: Vec<&str> = path.split('/').map(str::trim).collect();
        let (last, before) = words.split_last()?;
        let named = |id: ComponentId, word: &str| {
            let is_stack = topology.stacks.iter().any(|stack| stack.component == id && stack.name == word);
            is_stack || topology.component(id).is_some_and(|component| component.name == word)
        };
        let fits = |id: ComponentId| {
            let stack = topology.component(id).and_then(|c| c.stack).and_then(|s| topology.stacks.get(s.index()));
            let before = match before.split_first() {
                Some((first, rest)) if stack.is_some_and(|stack| stack.name == *first) => rest,
                _ => before,
            };
            let parent = |id: ComponentId| topology.component(id).and_then(|component| component.parent);
            let mut below = std::iter::successors(parent(id), |id| parent(*id));
            before.iter().rev().all(|word| below.any(|id| named(id, word)))
        };
        topology.iter().map(|(id, _)| id).find(|id| named(*id, last) && fits(*id))
    }

    #[test]
    fn the_lists_find_what_a_search_through_all_parts_finds() {
        for id in ["vm-in-vm", "one-read", "throttled"] {
            let scenario = Scenario::parse(&find(id).unwrap()).unwrap();
            let options = crate::machine::RunOptions { max_events: 0, ..scenario.options() };
            let topology = scenario.run(&Profile::xeon_2017(), &options, |_, _| true).unwrap().topology;
            let parts = Parts::of(&topology);
            let mut words: Vec<&str> = topology.components.iter().map(|part| part.name.as_str()).collect();
            words.extend(topology.stacks.iter().map(|stack| stack.name.as_str()));
            words.extend(["nothing", ""]);
            words.sort_unstable();
            words.dedup();
            for a in &words {
                for b in &words {
                    for path in
                        [a.to_string(), format!("{a}/{b}"), format!("{a}/{b}/hypervisor"), format!("vm/{a}/{b}")]
                    {
                        assert_eq!(parts.find(&path), one_by_one(&topology, &path), "{id}: {path}");
                    }
                }
            }
        }
    }
}
