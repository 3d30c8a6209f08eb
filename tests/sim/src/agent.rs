//! The process that keeps the node's policies in force, as far as it is more than `node`'s loop: it
//! hears news, attaches interfaces, and dies.
//!
//! Its steps have the order of the lab's: who is gone is detached before slots are given away, and who
//! is new is attached before anything is programmed.

use compile::{Scope, Slots};
use model::{Rules, World};
use node::{Node, ProgramError};

use crate::chance::Chance;
use crate::clock::Clock;
use crate::kernel::{FakeKernel, Interface};
use crate::state::{HERE, Key, State};
use crate::watch::Watches;

/// The process.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) node: Node,
    pub(crate) watches: Watches,
}

/// What it believes, ready to be programmed.
pub(crate) struct Belief {
    pub(crate) state: State,
    pub(crate) world: World,
    pub(crate) rules: Rules,
}

impl Agent {
    /// Begins with what the kernel holds: the interfaces that lead to slots.
    pub(crate) fn start(kernel: &FakeKernel, clock: &Clock, chance: &mut Chance) -> Self {
        let held = kernel.interfaces.iter();
        // No rule of these worlds is about nodes, so none has a record.
        let slots = Slots::held(held.map(|(key, interface)| (key.clone(), interface.slot)), None);
        Self { node: Node::restarted(slots), watches: Watches::start(clock, chance) }
    }

    /// What it believes, or nothing before every kind was listed.
    pub(crate) fn belief(&self) -> Option<Belief> {
        let state = self.watches.believed()?.clone();
        let world = state.world().ok()?;
        let rules = state.rules();
        Some(Belief { state, world, rules })
    }

    /// Detaches who is gone and attaches who is new. It may die in between.
    pub(crate) fn follow(
        &mut self,
        kernel: &mut FakeKernel,
        belief: &Belief,
        mut dies: impl FnMut() -> bool,
    ) {
        let is_here =
            |key: &Key, uid: u64| belief.state.pods.get(key).is_some_and(|life| life.uid == uid);
        let gone: Vec<Key> = kernel
            .interfaces
            .iter()
            .filter(|(key, interface)| !is_here(key, interface.uid))
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            if dies() {
                kernel.is_dead = true;
                return;
            }
            kernel.detach(&key);
        }
        self.node.follow(&belief.world, Scope::Node(HERE));
        for (key, life) in &belief.state.pods {
            let Some(slot) = self.node.slots().get(&life.pod) else { continue };
            if kernel.interfaces.contains_key(key) {
                continue;
            }
            if dies() {
                kernel.is_dead = true;
                return;
            }
            kernel.attach(key.clone(), Interface { uid: life.uid, slot });
            if kernel.word(slot).is_live() {
                kernel.judge.report(format!("{key:?} is new in slot {slot}, which is live"));
            }
        }
    }

    pub(crate) fn program(
        &mut self,
        kernel: &mut FakeKernel,
        belief: &Belief,
    ) -> Result<(), ProgramError<FakeKernel>> {
        self.node.program(kernel, &belief.world, &belief.rules, &mut |_, _| Ok(()))
    }
}
