//! Which set of texture coordinates vertices get: they hold one.

/// What was selected, and what is to be said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UvSet {
    /// All sets of the primitive, ascending.
    pub(super) available: Vec<u32>,
    /// The selected one.
    pub(super) selected: Option<u32>,
    /// Sets that the material uses, when they are not one and the same.
    pub(super) conflict: Vec<u32>,
    /// A set that the material uses and the primitive does not have.
    pub(super) missing: Option<u32>,
}

/// Selects a set. `candidates` are those that the material uses, the most important first: the first one
/// is taken if it is there, else the lowest that is.
pub(super) fn select(available: &[u32], candidates: &[u32]) -> UvSet {
    let wanted = candidates.first().copied();
    let missing = wanted.filter(|set| !available.contains(set));
    let selected = match wanted {
        Some(set) if missing.is_none() => Some(set),
        _ => available.first().copied(),
    };
    let mut conflict = candidates.to_vec();
    conflict.sort_unstable();
    conflict.dedup();
    if conflict.len() < 2 {
        conflict.clear();
    }
    UvSet {
        available: available.to_vec(),
        selected,
        conflict,
        // Without any coordinates the mesh cooker says so.
        missing: missing.filter(|_| !available.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selection() {
        // Available, candidates, selected, conflict, missing.
        type Row = (
            &'static [u32],
            &'static [u32],
            Option<u32>,
            &'static [u32],
            Option<u32>,
        );
        let rows: [Row; 9] = [
            (&[], &[], None, &[], None),
            (&[], &[1], None, &[], None),
            (&[0], &[], Some(0), &[], None),
            (&[2, 5], &[], Some(2), &[], None),
            (&[0, 1], &[1], Some(1), &[], None),
            (&[0, 1], &[1, 1, 1], Some(1), &[], None),
            (&[0, 1], &[1, 0, 1], Some(1), &[0, 1], None),
            (&[0], &[1], Some(0), &[], Some(1)),
            (&[0, 1], &[3, 1], Some(0), &[1, 3], Some(3)),
        ];
        for (available, candidates, selected, conflict, missing) in rows {
            let expected = UvSet {
                available: available.to_vec(),
                selected,
                conflict: conflict.to_vec(),
                missing,
            };
            assert_eq!(
                select(available, candidates),
                expected,
                "{available:?} {candidates:?}"
            );
        }
    }
}
