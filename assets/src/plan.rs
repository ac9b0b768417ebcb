//! Plans: typed items with dependencies, in a stable order.
//!
//! An importer adds items to a [`Planner`]; sealing it checks the dependencies and gives a [`Plan`]
//! whose order is topological by waves: every item without unmet dependencies in ascending id,
//! then everything those unlocked in ascending id, and so on. The same plan always has the same
//! order, which makes the order of the output independent of how fast things are cooked.

use thiserror::Error;

/// Identity of an item inside its plan: the order in which it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanItemId(u32);

impl PlanItemId {
    /// The id as a position.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why a plan cannot be executed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// An id that no item has.
    #[error("PlanItemId out of range: {id} of {len} items")]
    UnknownItem {
        /// The id that was given.
        id: u32,
        /// How many items there are.
        len: usize,
    },
    /// Items that wait for each other, or for themselves.
    #[error("cycle detected: `{name}` waits for itself, directly or through others")]
    Cycle {
        /// The name of one item of the cycle.
        name: String,
    },
    /// More items than an id can number.
    #[error("a plan has at most {} items", u32::MAX)]
    TooManyItems,
}

#[derive(Debug)]
struct Draft<P> {
    name: String,
    payload: P,
    producers: Vec<u32>,
}

/// Collects items and their dependencies. Sealing consumes it, so a sealed plan cannot change.
#[derive(Debug)]
pub struct Planner<P> {
    items: Vec<Draft<P>>,
}

impl<P> Default for Planner<P> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

/// One step of a [`Plan`].
#[derive(Debug, PartialEq, Eq)]
pub struct PlanStep<P> {
    /// The name for people: a source id, a mesh name.
    pub name: String,
    /// What is to be done.
    pub payload: P,
    /// Positions in the plan of the steps that must be finished before; all are smaller than the
    /// position of this step. Ascending, without duplicates.
    pub producers: Vec<usize>,
}

/// Steps in executable order.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan<P> {
    steps: Vec<PlanStep<P>>,
}

impl<P> Planner<P> {
    /// An empty planner.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many items were added.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds an item; ids count from 0.
    ///
    /// # Errors
    /// [`PlanError::TooManyItems`] past `u32::MAX` items.
    pub fn add(&mut self, name: impl Into<String>, payload: P) -> Result<PlanItemId, PlanError> {
        let id = u32::try_from(self.items.len()).map_err(|_| PlanError::TooManyItems)?;
        self.items.push(Draft {
            name: name.into(),
            payload,
            producers: Vec::new(),
        });
        Ok(PlanItemId(id))
    }

    /// Makes `consumer` wait for `producer`. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`PlanError::UnknownItem`] for an id of another planner.
    pub fn add_dependency(
        &mut self,
        consumer: PlanItemId,
        producer: PlanItemId,
    ) -> Result<(), PlanError> {
        let len = self.items.len();
        if producer.index() >= len {
            return Err(PlanError::UnknownItem {
                id: producer.0,
                len,
            });
        }
        let draft = self
            .items
            .get_mut(consumer.index())
            .ok_or(PlanError::UnknownItem {
                id: consumer.0,
                len,
            })?;
        draft.producers.push(producer.0);
        Ok(())
    }

    /// Seals the plan.
    ///
    /// # Errors
    /// [`PlanError::Cycle`] when items wait for each other.
    pub fn seal(mut self) -> Result<Plan<P>, PlanError> {
        for item in &mut self.items {
            item.producers.sort_unstable();
            item.producers.dedup();
        }
        let len = self.items.len();
        let mut unmet: Vec<usize> = self.items.iter().map(|item| item.producers.len()).collect();
        let mut consumers: Vec<Vec<usize>> = vec![Vec::new(); len];
        for (index, item) in self.items.iter().enumerate() {
            for &producer in &item.producers {
                consumers[producer as usize].push(index);
            }
        }
        let mut position = vec![usize::MAX; len];
        let mut order = Vec::with_capacity(len);
        let mut wave: Vec<usize> = (0..len).filter(|&i| unmet[i] == 0).collect();
        while !wave.is_empty() {
            let mut next = Vec::new();
            for &index in &wave {
                position[index] = order.len();
                order.push(index);
                for &consumer in &consumers[index] {
                    unmet[consumer] -= 1;
                    if unmet[consumer] == 0 {
                        next.push(consumer);
                    }
                }
            }
            next.sort_unstable();
            wave = next;
        }
        if let Some(stuck) = position.iter().position(|&p| p == usize::MAX) {
            return Err(PlanError::Cycle {
                name: self.items[stuck].name.clone(),
            });
        }
        let mut steps: Vec<(usize, PlanStep<P>)> = self
            .items
            .into_iter()
            .enumerate()
            .map(|(index, draft)| {
                let mut producers: Vec<usize> = draft
                    .producers
                    .iter()
                    .map(|&p| position[p as usize])
                    .collect();
                producers.sort_unstable();
                let step = PlanStep {
                    name: draft.name,
                    payload: draft.payload,
                    producers,
                };
                (position[index], step)
            })
            .collect();
        steps.sort_unstable_by_key(|(position, _)| *position);
        Ok(Plan {
            steps: steps.into_iter().map(|(_, step)| step).collect(),
        })
    }
}

impl<P> Plan<P> {
    /// A plan of one step.
    pub fn single(name: impl Into<String>, payload: P) -> Self {
        Self {
            steps: vec![PlanStep {
                name: name.into(),
                payload,
                producers: Vec::new(),
            }],
        }
    }

    /// The steps in executable order.
    pub fn steps(&self) -> &[PlanStep<P>] {
        &self.steps
    }

    /// The steps, to be executed.
    pub fn into_steps(self) -> Vec<PlanStep<P>> {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(plan: &Plan<()>) -> Vec<&str> {
        plan.steps().iter().map(|step| step.name.as_str()).collect()
    }

    #[test]
    fn independent_items_keep_their_order() {
        let mut planner = Planner::new();
        for name in ["a", "b", "c"] {
            planner.add(name, ()).unwrap();
        }
        assert_eq!(names(&planner.seal().unwrap()), ["a", "b", "c"]);
    }

    #[test]
    fn waves_come_in_ascending_id() {
        // Registered top-down: scene, geometry, material, two textures.
        let mut planner = Planner::new();
        let scene = planner.add("scene", ()).unwrap();
        let geometry = planner.add("geometry", ()).unwrap();
        let material = planner.add("material", ()).unwrap();
        let t0 = planner.add("t0", ()).unwrap();
        let t1 = planner.add("t1", ()).unwrap();
        planner.add_dependency(scene, geometry).unwrap();
        planner.add_dependency(geometry, material).unwrap();
        planner.add_dependency(material, t1).unwrap();
        planner.add_dependency(material, t0).unwrap();
        planner.add_dependency(material, t0).unwrap();
        let plan = planner.seal().unwrap();
        assert_eq!(names(&plan), ["t0", "t1", "material", "geometry", "scene"]);
        assert_eq!(plan.steps()[2].producers, [0, 1]);
        assert_eq!(plan.steps()[4].producers, [3]);
    }

    #[test]
    fn late_middle_early_is_turned_round() {
        let mut planner = Planner::new();
        let late = planner.add("late", ()).unwrap();
        let middle = planner.add("middle", ()).unwrap();
        let early = planner.add("early", ()).unwrap();
        planner.add_dependency(late, middle).unwrap();
        planner.add_dependency(middle, early).unwrap();
        assert_eq!(names(&planner.seal().unwrap()), ["early", "middle", "late"]);
    }

    #[test]
    fn cycles_are_named() {
        let mut planner = Planner::new();
        let a = planner.add("a", ()).unwrap();
        planner.add_dependency(a, a).unwrap();
        assert!(matches!(planner.seal(), Err(PlanError::Cycle { name }) if name == "a"));
        let mut planner = Planner::new();
        let a = planner.add("a", ()).unwrap();
        let b = planner.add("b", ()).unwrap();
        planner.add_dependency(a, b).unwrap();
        planner.add_dependency(b, a).unwrap();
        assert!(
            planner
                .seal()
                .unwrap_err()
                .to_string()
                .contains("cycle detected")
        );
    }

    #[test]
    fn unknown_ids_are_refused() {
        let mut planner = Planner::new();
        let a = planner.add("a", ()).unwrap();
        let error = planner.add_dependency(a, PlanItemId(42)).unwrap_err();
        assert_eq!(error, PlanError::UnknownItem { id: 42, len: 1 });
        let error = planner.add_dependency(PlanItemId(99), a).unwrap_err();
        assert!(error.to_string().contains("PlanItemId out of range"));
    }

    #[test]
    fn an_empty_plan_is_a_plan() {
        assert!(Planner::<()>::new().seal().unwrap().steps().is_empty());
    }
}
