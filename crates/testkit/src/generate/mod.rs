//! Random worlds, rules and flows from a small alphabet.
//!
//! With few names everything meets everything, so a few thousand draws find what a wide alphabet
//! never would. One generator has two sources: a seed for speed, and choices that proptest shrinks.

mod alphabet;
mod edges;
mod enforcement;
mod random;
mod rules;
mod strategy;
mod world;

use model::{Flow, Rules, World};

pub use edges::edge_flows;
pub use random::{Choices, Random, Source};
pub use rules::{policies, processes, rules, staged};
pub use strategy::generated;
pub use world::world;

/// A world, rules that were drawn for it, and the flows at all their edges.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The world.
    pub world: World,
    /// The rules.
    pub rules: Rules,
    /// The flows.
    pub flows: Vec<Flow>,
}

impl Generated {
    /// Draws one.
    pub fn draw(source: &mut dyn Source) -> Self {
        let world = world(source);
        let rules = rules(source);
        // What is drawn after the rules leaves the worlds of all seeds what they were.
        let rules = rules::with_other_subjects(source, &rules);
        let flows = edge_flows(&world, &rules);
        let staged = staged(source, &rules);
        let (world, switch) = enforcement::drawn(source, world);
        let namespaces = world.namespaces();
        let namespaces =
            namespaces.map(|(name, labels)| (name.to_owned(), labels.clone())).collect();
        let rules = rules.with_staged(staged).under(switch, &namespaces);
        Self { world, rules, flows }
    }

    /// The one of `seed`, in which every policy is enforced and speaks for whole pods: for questions
    /// that know no others.
    #[must_use]
    pub fn of_pods(seed: u64) -> Self {
        let source = &mut Random::new(seed);
        let world = world(source);
        let rules = rules(source);
        let flows = edge_flows(&world, &rules);
        Self { world, rules, flows }
    }

    /// The one of `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::draw(&mut Random::new(seed))
    }

    /// At most `count` of the flows, spread evenly over all of them.
    #[must_use]
    pub fn sample(&self, count: usize) -> Vec<&Flow> {
        let step = self.flows.len().div_ceil(count.max(1)).max(1);
        self.flows.iter().step_by(step).collect()
    }
}
