//! Whether policies count on this node now: what the cluster's switch says, and a while for which
//! somebody took them out of force.
//!
//! It asks no clock and no API server; both are told to it, so that what follows from them is tested
//! without either.

mod clock;
mod memory;
mod outage;

use std::path::Path;

use cluster::{Switch as Said, SwitchNews};
use enforce::chain;
use enforce::status::EnforcementStatus;
use model::Enforcement;

pub use clock::Moment;
pub use memory::MemoryError;
use memory::{Memory, Remembered};
use outage::Outage;

/// What decides whether policies count on this node.
#[derive(Debug)]
pub struct Switch {
    node: String,
    /// What holds where no ConfigMap was ever read.
    unsaid: Enforcement,
    memory: Memory,
    known: Remembered,
    /// Nobody answered yet.
    is_waiting: bool,
    /// Why the ConfigMap, or a part of it, is not followed.
    problems: Vec<String>,
    /// Other engines that enforce here, beside which nobody said to enforce.
    engines: Vec<String>,
}

impl Switch {
    /// What the agent before knew. `unsaid` holds where it knew nothing, and there is no ConfigMap.
    ///
    /// # Errors
    /// Where what is remembered cannot be read.
    pub fn open(
        node: &str,
        directory: &Path,
        unsaid: Enforcement,
        now: Moment,
    ) -> Result<Self, MemoryError> {
        let (memory, mut known) = Memory::open(directory)?;
        known.outages.iter_mut().for_each(|outage| outage.resume(now));
        let node = node.to_owned();
        let (problems, engines) = (Vec::new(), Vec::new());
        Ok(Self { node, unsaid, memory, known, is_waiting: true, problems, engines })
    }

    /// Other engines enforce here: policies are staged where they would count, except for namespaces that
    /// say otherwise.
    pub fn stand_beside(&mut self, engines: &[String]) {
        self.engines = engines.to_vec();
    }

    /// Whether nothing may be programmed yet, because nobody said what holds. What is remembered may be
    /// of yesterday, so it does not count before.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// Whether policies count.
    #[must_use]
    pub fn enforcement(&self) -> Enforcement {
        match (self.current(), self.known.enforcement.unwrap_or(self.unsaid)) {
            (Some(_), _) => Enforcement::Disabled,
            (None, Enforcement::Enforce) if !self.engines.is_empty() => Enforcement::Audit,
            (None, said) => said,
        }
    }

    /// The outage that ends last of those that last.
    fn current(&self) -> Option<&Outage> {
        let lasting = self.known.outages.iter().filter(|outage| !outage.is_over());
        lasting.max_by_key(|outage| outage.ends())
    }

    /// Takes what is known of the ConfigMap. Whether something else holds now.
    pub fn hear(&mut self, news: &SwitchNews, now: Moment) -> bool {
        let before = (self.is_waiting, self.enforcement());
        let problems = match news {
            SwitchNews::Nothing => return false,
            SwitchNews::Said(said) => self.learn(said, now),
            SwitchNews::Absent => vec!["there is no ConfigMap; what was known last holds".into()],
            SwitchNews::Refused(why) => {
                vec![format!("the ConfigMap cannot be read, what was known last holds: {why}")]
            }
        };
        self.is_waiting = false;
        self.note(problems);
        self.remember();
        before != (self.is_waiting, self.enforcement())
    }

    /// What a ConfigMap says that can be read, and what of it cannot.
    fn learn(&mut self, said: &Said, now: Moment) -> Vec<String> {
        self.known.enforcement = said.enforcement.or(self.known.enforcement);
        let meant = said.disabled.iter().filter(|(whom, _)| whom.has(&self.node));
        let before = std::mem::take(&mut self.known.outages);
        self.known.outages = meant
            .map(|(_, disabled)| {
                let known = before.iter().find(|outage| outage.is_of(disabled)).cloned();
                known.unwrap_or_else(|| Outage::begin(disabled.clone(), now))
            })
            .collect();
        said.problems.iter().map(ToString::to_string).collect()
    }

    /// Ends what is over by now. Whether something else holds.
    pub fn look(&mut self, now: Moment) -> bool {
        let before = self.enforcement();
        let mut is_new = false;
        for outage in &mut self.known.outages {
            is_new |= outage.look(now);
        }
        if is_new {
            self.remember();
        }
        before != self.enforcement()
    }

    /// What there is to say of it.
    #[must_use]
    pub fn status(&self) -> EnforcementStatus {
        let outage = self.current().map(Outage::disabled);
        EnforcementStatus {
            mode: self.enforcement().word().to_owned(),
            until: outage.map(cluster::Disabled::until_text),
            by: outage.and_then(|outage| outage.by.clone()),
            reason: outage.and_then(|outage| outage.reason.clone()),
            problems: self.problems.iter().chain(&self.engines).cloned().collect(),
        }
    }

    fn note(&mut self, problems: Vec<String>) {
        for problem in problems.iter().filter(|problem| !self.problems.contains(problem)) {
            tracing::warn!(problem, "the switch is not as it should be");
        }
        self.problems = problems;
    }

    /// A restart that finds nothing asks the API server, so this is no reason to stop.
    fn remember(&mut self) {
        if let Err(error) = self.memory.keep(&self.known) {
            tracing::warn!(error = chain(&error), "the switch is not remembered");
        }
    }
}

#[cfg(test)]
mod tests;
