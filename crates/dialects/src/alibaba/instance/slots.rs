//! How many key pairs an instance makes at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts, for each instance, what it makes at present.
pub(super) struct Slots {
    most: usize,
    /// By the instance's id; never zero.
    taken: Mutex<BTreeMap<String, usize>>,
}

/// A place, free again when it is dropped.
pub(super) struct Slot<'a> {
    slots: &'a Slots,
    instance: &'a str,
}

impl Slots {
    /// So many for each instance, at least one.
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), taken: Mutex::default() }
    }

    /// A place of this instance, unless all are taken.
    pub(super) fn take<'a>(&'a self, instance: &'a str) -> Option<Slot<'a>> {
        let mut taken = self.taken();
        let count = taken.get(instance).copied().unwrap_or_default();
        if count >= self.most {
            return None;
        }
        taken.insert(instance.to_owned(), count + 1);
        Some(Slot { slots: self, instance })
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        match taken.get_mut(self.instance) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(self.instance);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_each_instances_own_and_come_back() {
        for (most, expected) in [(0, 1), (1, 1), (3, 3)] {
            let slots = Slots::new(most);
            for _ in 0..2 {
                let held: Vec<_> = (0..5).map_while(|_| slots.take("a")).collect();
                assert_eq!(held.len(), expected);
                assert!(slots.take("a").is_none());
                assert!(slots.take("b").is_some());
                drop(held);
            }
            assert!(slots.taken().is_empty());
        }
    }
}
