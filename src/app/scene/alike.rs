//! Residents that are alike: where there is no room for each, they are drawn as one, and counted.

use std::collections::BTreeMap;

use super::tree::Resident;
use crate::app::letters::letter;
use crate::machine::{ComponentKind, Topology};
use crate::trace::{ComponentId, Layer};

/// So few that differ are named where they are counted.
const FEW: usize = 3;

/// What is drawn as one.
#[derive(Clone, Debug)]
pub struct Unit<'a> {
    /// Those that it stands for; the first is drawn.
    pub members: Vec<&'a Resident>,
    /// Whether they differ.
    mixed: bool,
}

/// What makes parts alike: kind, layer and note of each part within, and where each hangs. Names may differ.
type Likeness<'a> = Vec<(usize, ComponentKind, Layer, &'a str)>;

/// A resident and all within it, in the order of their numbers.
fn family(topology: &Topology, id: ComponentId) -> Vec<ComponentId> {
    let mut family = vec![id];
    // What belongs to one resident was built in one piece, so its numbers follow each other.
    for next in id.0 + 1..topology.components.len() as u32 {
        let next = ComponentId(next);
        let Some(parent) = topology.component(next).and_then(|c| c.parent) else { break };
        let valve = topology.component(next).is_some_and(|c| c.kind == ComponentKind::Cgroup);
        let beside = valve && Some(parent) == topology.component(id).and_then(|c| c.parent) && next.0 == id.0 + 1;
        if family.binary_search(&parent).is_err() && !beside {
            break;
        }
        family.push(next);
    }
    family
}

fn likeness<'a>(topology: &'a Topology, id: ComponentId) -> Likeness<'a> {
    let family = family(topology, id);
    let place = |parent: Option<ComponentId>| parent.and_then(|p| family.binary_search(&p).ok()).unwrap_or(usize::MAX);
    let parts = family.iter().filter_map(|&id| topology.component(id));
    parts.map(|c| (place(c.parent), c.kind, c.layer, c.note.as_str())).collect()
}

impl<'a> Unit<'a> {
    /// The one that is drawn.
    pub fn first(&self) -> &'a Resident {
        self.members[0]
    }

    /// "× 5 alike, c1 to c5", if it stands for more than one.
    pub fn count(&self, topology: &Topology) -> Option<String> {
        if self.members.len() < 2 {
            return None;
        }
        let word = if self.mixed { "others" } else { "alike" };
        let name = |resident: Option<&&Resident>| {
            let component = resident.and_then(|r| topology.component(r.id));
            component.map_or("", |c| c.name.as_str()).to_owned()
        };
        let marks = |resident: Option<&&Resident>| {
            let id = resident.map(|r| r.id)?;
            let stack = topology.component(id)?.stack?;
            topology.stacks.get(stack.index()).filter(|info| info.component == id).map(|_| letter(stack))
        };
        let (first, last) = (self.members.first(), self.members.last());
        let whose = match (marks(first), marks(last)) {
            (Some(first), Some(last)) => format!("{first} to {last}"),
            // A few are named: programs that are alike in shape need not do the same.
            _ if self.members.len() <= FEW => {
                let names: Vec<String> = self.members.iter().map(|member| name(Some(member))).collect();
                return Some(format!("× {}: {}", self.members.len(), names.join(" and ")));
            }
            _ => format!("{} to {}", name(first), name(last)),
        };
        Some(format!("× {} {word}, {whose}", grouped(self.members.len())))
    }

    /// Which part of each member is drawn as which part of the first.
    pub fn same(&self, topology: &Topology) -> Vec<(ComponentId, ComponentId)> {
        let drawn = family(topology, self.first().id);
        let mut pairs = Vec::new();
        for member in &self.members[1..] {
            let own = family(topology, member.id);
            if self.mixed {
                pairs.extend(own.into_iter().map(|id| (id, drawn[0])));
            } else {
                pairs.extend(own.into_iter().zip(drawn.iter().copied()));
            }
        }
        pairs
    }
}

/// "1,080".
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Residents as they are drawn in `room`: each alone if there is room for all; else those that are alike as one, but
/// for those that have to stand alone; and if that is still too many, the last ones as one. There are `least` of them
/// however little room there is.
pub fn fold<'a>(
    topology: &Topology,
    residents: &'a [Resident],
    (room, opened, least): (f32, bool, usize),
    wants: impl Fn(&Resident) -> f32,
    alone: impl Fn(&Resident) -> bool,
) -> Vec<Unit<'a>> {
    let single = |resident: &'a Resident| Unit { members: vec![resident], mixed: false };
    if residents.iter().map(&wants).sum::<f32>() <= room {
        return residents.iter().map(single).collect();
    }
    let mut units: Vec<Unit> = Vec::new();
    let mut known: BTreeMap<Likeness, usize> = BTreeMap::new();
    for resident in residents {
        if alone(resident) {
            units.push(single(resident));
            continue;
        }
        match known.entry(likeness(topology, resident.id)) {
            std::collections::btree_map::Entry::Occupied(at) => units[*at.get()].members.push(resident),
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(units.len());
                units.push(single(resident));
            }
        }
    }
    if opened {
        // The first of each group come out of it, as far as there is room.
        let mut left = room - units.iter().map(|unit| wants(unit.first())).sum::<f32>();
        let mut out = Vec::new();
        for mut unit in units {
            while unit.members.len() > 1 && left >= wants(unit.first()) {
                left -= wants(unit.first());
                out.push(single(unit.members.remove(0)));
            }
            out.push(unit);
        }
        units = out;
    }
    let mut used = 0.0;
    let fit = units.iter().take_while(|unit| {
        used += wants(unit.first());
        used <= room
    });
    let fit = fit.count().max(least);
    if fit < units.len() {
        let rest = units.split_off(fit - 1);
        let (kept, rest): (Vec<Unit>, Vec<Unit>) =
            rest.into_iter().partition(|unit| unit.members.iter().any(|r| alone(r)));
        units.extend(kept);
        let members: Vec<&Resident> = rest.into_iter().flat_map(|unit| unit.members).collect();
        if !members.is_empty() {
            units.push(Unit { members, mixed: true });
        }
    }
    // Whatever stands alone, the order of the scenario stays.
    let order = |unit: &Unit| residents.iter().position(|resident| resident.id == unit.first().id);
    units.sort_by_key(order);
    units
}
