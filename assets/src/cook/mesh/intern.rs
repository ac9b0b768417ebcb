//! Equal things get one number: an open-addressing table of ids.
//!
//! Ids are given in the order of first use, so the result does not depend on hashes. That allows them
//! to be seeded by chance, which keeps crafted sources from turning every look-up into a search.

use std::hash::{BuildHasher, RandomState};

/// Maps hashes to ids. The things themselves are the caller's.
pub(super) struct Interner {
    /// Hash in the upper half, id in the lower; [`VACANT`] for none. The length is a power of two.
    slots: Vec<u64>,
    len: usize,
    seeds: [u64; 2],
}

const VACANT: u64 = u64::MAX;

impl Interner {
    /// Room for some things; it grows as needed.
    pub(super) fn with_capacity(things: usize) -> Self {
        let state = RandomState::new();
        Self {
            slots: vec![VACANT; (things.max(8) * 2).next_power_of_two()],
            len: 0,
            seeds: [state.hash_one(0u8), state.hash_one(1u8)],
        }
    }

    /// Hashes words.
    #[inline]
    pub(super) fn hash(&self, words: &[u32]) -> u32 {
        let [mut state, seed] = self.seeds;
        let wide = |words: &[u32]| match *words {
            [low, high, ..] => u64::from(low) | u64::from(high) << 32,
            [low] => u64::from(low),
            [] => 0,
        };
        for words in words.chunks(4) {
            let (low, high) = words.split_at(words.len().min(2));
            let product = u128::from(wide(low) ^ state) * u128::from(wide(high) ^ seed);
            state = (product as u64) ^ (product >> 64) as u64;
        }
        (state ^ state >> 32) as u32
    }

    /// The id of a thing with this hash: the known one for which `is_same` says so, else `next`, which
    /// it has from now on. Ids are less than `u32::MAX`.
    #[inline]
    pub(super) fn intern(
        &mut self,
        hash: u32,
        next: u32,
        mut is_same: impl FnMut(u32) -> bool,
    ) -> u32 {
        if (self.len + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == VACANT {
                self.slots[at] = u64::from(hash) << 32 | u64::from(next);
                self.len += 1;
                return next;
            }
            let id = slot as u32;
            if (slot >> 32) as u32 == hash && is_same(id) {
                return id;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![VACANT; mask + 1];
        for &slot in self.slots.iter().filter(|&&slot| slot != VACANT) {
            let mut at = (slot >> 32) as usize & mask;
            while slots[at] != VACANT {
                at = (at + 1) & mask;
            }
            slots[at] = slot;
        }
        self.slots = slots;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_share_an_id_in_order_of_first_use() {
        let mut interner = Interner::with_capacity(0);
        let mut known: Vec<[u32; 3]> = Vec::new();
        let mut ids = Vec::new();
        for n in 0..10_000u32 {
            let thing = [n % 257, 7, n % 257];
            let hash = interner.hash(&thing);
            let next = known.len() as u32;
            let id = interner.intern(hash, next, |id| known[id as usize] == thing);
            if id == next {
                known.push(thing);
            }
            ids.push(id);
        }
        assert_eq!(known.len(), 257);
        assert!((0u32..).zip(&ids).all(|(n, &id)| id == n % 257));
    }
}
