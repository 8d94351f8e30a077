//! Slots for what is born and ends during a run.
//!
//! A slot is used again, each time under a new generation, so that starting and ending things for ever takes no more
//! memory than what lives at once. A key that outlives its thing is found to be stale by its generation, and never
//! leads to what came after.

/// Which slot, and which of the things that lived in it one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    slot: u32,
    generation: u32,
}

impl Key {
    /// Stands for "none".
    pub const NONE: Key = Key { slot: u32::MAX, generation: u32::MAX };
    /// Not after any other.
    pub const FIRST: Key = Key { slot: 0, generation: 0 };

    /// What first lives in a slot.
    #[cfg(test)]
    pub fn of_slot(slot: u32) -> Key {
        Key { slot, generation: 0 }
    }
}

#[derive(Clone, Debug, Hash)]
struct Slot<T> {
    generation: u32,
    live: bool,
    value: T,
}

/// Things of one kind.
#[derive(Clone, Debug, Hash)]
pub struct Arena<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Arena<T> {
    /// Something is born.
    pub fn insert(&mut self, value: T) -> Key {
        match self.free.pop() {
            Some(slot) => {
                let place = &mut self.slots[slot as usize];
                place.live = true;
                place.value = value;
                Key { slot, generation: place.generation }
            }
            None => {
                self.slots.push(Slot { generation: 0, live: true, value });
                Key { slot: self.slots.len() as u32 - 1, generation: 0 }
            }
        }
    }

    /// It has ended: its key is stale from now on.
    pub fn remove(&mut self, key: Key) {
        if !self.has(key) {
            return;
        }
        let place = &mut self.slots[key.slot as usize];
        place.live = false;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(key.slot);
    }

    /// Whether what the key names is still there.
    pub fn has(&self, key: Key) -> bool {
        self.slots.get(key.slot as usize).is_some_and(|slot| slot.live && slot.generation == key.generation)
    }

    /// What is known to be there.
    #[inline]
    pub fn at(&self, key: Key) -> &T {
        let slot = &self.slots[key.slot as usize];
        debug_assert!(slot.live && slot.generation == key.generation, "a stale key was followed");
        &slot.value
    }

    /// What is known to be there, to change it.
    #[inline]
    pub fn at_mut(&mut self, key: Key) -> &mut T {
        let slot = &mut self.slots[key.slot as usize];
        debug_assert!(slot.live && slot.generation == key.generation, "a stale key was followed");
        &mut slot.value
    }

    /// All that is there, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        let live = self.slots.iter().enumerate().filter(|(_, slot)| slot.live);
        live.map(|(index, slot)| (Key { slot: index as u32, generation: slot.generation }, &slot.value))
    }

    /// How many are there.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// How many slots there are: the most that ever lived at once.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_outlives_its_thing_does_not_lead_to_the_next_one_in_its_slot() {
        let mut arena = Arena::default();
        let first = arena.insert(1);
        arena.remove(first);
        let second = arena.insert(2);
        assert!(!arena.has(first) && arena.has(second));
        assert_eq!((*arena.at(second), arena.len(), arena.slots()), (2, 1, 1));
        // Ended twice is ended once.
        arena.remove(first);
        assert!(arena.has(second));
        assert!(!arena.has(Key::NONE));
    }
}
