//! Finding a part of the machine by the words of an author: "vm/guest kernel", "hypervisor".

use crate::machine::Topology;
use crate::trace::ComponentId;

/// The part that `path` names: its last word is the part's name (or a stack's, for the stack's outermost part), the
/// words before it are parts that it lies in or stands on, outermost first, with any left out; the first may be the
/// name of its stack. Of several the lowest one wins: "hypervisor" is the host's before it is a guest's.
pub fn look_up(topology: &Topology, path: &str) -> Option<ComponentId> {
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
}
