//! How news of the cluster reaches the node: late, twice, or as a new list.
//!
//! Each kind is a watch of its own. Within one the order holds, between two nothing does; that is what
//! an API server promises.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::chance::Chance;
use crate::clock::Clock;
use crate::state::{Kind, News, State};

/// All watches of one process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watches {
    on_the_way: BTreeMap<Kind, VecDeque<(u64, News)>>,
    /// When a list of the kind arrives, of kinds that were never listed or whose watch broke.
    lists: BTreeMap<Kind, u64>,
    /// Kinds that were listed at least once.
    known: BTreeSet<Kind>,
    believed: State,
}

impl Watches {
    /// A process that has heard of nothing yet.
    pub(crate) fn start(clock: &Clock, chance: &mut Chance) -> Self {
        let lists = Kind::ALL.into_iter().map(|kind| (kind, clock.soon(chance))).collect();
        Self { lists, ..Self::default() }
    }

    pub(crate) fn tell(&mut self, news: News, clock: &Clock, chance: &mut Chance) {
        let queue = self.on_the_way.entry(news.kind()).or_default();
        if chance.one_in(6) {
            queue.push_back((clock.soon(chance), news.clone()));
        }
        queue.push_back((clock.soon(chance), news));
    }

    /// A watch breaks: what was on its way is lost, and a new list is asked for.
    pub(crate) fn break_one(&mut self, clock: &Clock, chance: &mut Chance) {
        if let Some(kind) = chance.pick(&Kind::ALL) {
            self.on_the_way.remove(kind);
            self.lists.insert(*kind, clock.soon(chance));
        }
    }

    /// Takes what has arrived. What is late holds up what was sent after it.
    pub(crate) fn receive(&mut self, truth: &State, clock: &Clock) {
        let due = |at: u64| at <= clock.wall_ns;
        let listed: Vec<Kind> =
            self.lists.iter().filter(|(_, at)| due(**at)).map(|(kind, _)| *kind).collect();
        for kind in listed {
            self.lists.remove(&kind);
            self.known.insert(kind);
            // What a list holds is newer than anything that is still on its way.
            self.on_the_way.remove(&kind);
            self.believed.list(kind, truth);
        }
        for (kind, queue) in &mut self.on_the_way {
            // A watch begins where its list ends.
            while !self.lists.contains_key(kind) && queue.front().is_some_and(|(at, _)| due(*at)) {
                if let Some((_, news)) = queue.pop_front() {
                    self.believed.learn(news);
                }
            }
        }
    }

    /// Everything arrives.
    pub(crate) fn catch_up(&mut self, truth: &State) {
        self.lists.clear();
        self.on_the_way.clear();
        self.known.extend(Kind::ALL);
        self.believed.clone_from(truth);
    }

    /// What the node believes, once every kind was listed: nothing is done before that.
    pub(crate) fn believed(&self) -> Option<&State> {
        Kind::ALL.iter().all(|kind| self.known.contains(kind)).then_some(&self.believed)
    }
}
