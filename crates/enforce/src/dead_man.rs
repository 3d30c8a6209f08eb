//! The dead man's switch: a policy of a node is on trial until the node's agent has reached its API
//! server under it; else the one before it comes back.
//!
//! No guard knows every way in which an agent can be cut off, and one that is cut off hears of no better
//! rule. Time is an argument, so nothing here waits.

use std::time::Duration;

use model::Rule;

/// How long an agent may try to reach its API server under a new policy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The rules of one node: those that are in force, those that proved themselves, and those that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeadMan {
    in_force: Vec<Rule>,
    trial: Option<Trial>,
    failed: Option<Vec<Rule>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Trial {
    since: Duration,
    /// What proved itself before.
    before: Vec<Rule>,
}

/// What a try to reach the API server means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The rules in force have proved themselves.
    Proven,
    /// Nothing yet.
    Wait,
    /// They cut the agent off: what was in force before is to come back.
    Revert,
}

impl DeadMan {
    /// What is in force.
    pub(crate) fn in_force(&self) -> &[Rule] {
        &self.in_force
    }

    /// What proved itself last.
    pub(crate) fn proven(&self) -> &[Rule] {
        self.trial.as_ref().map_or(&self.in_force, |trial| &trial.before)
    }

    /// Whether `rules` cut the agent off when they were tried last, and nothing else was tried since.
    pub(crate) fn has_failed(&self, rules: &[Rule]) -> bool {
        self.failed.as_deref() == Some(rules)
    }

    /// Whether the agent has to show that it reaches its API server.
    pub(crate) fn is_on_trial(&self) -> bool {
        self.trial.is_some()
    }

    /// `rules` were wanted and `chosen` is in force from now on. Fewer rules than proved themselves are
    /// tried too: what they open may be open now, and what they were is gone.
    pub(crate) fn begin(&mut self, now: Duration, rules: &[Rule], chosen: Vec<Rule>) {
        if !self.has_failed(rules) {
            self.failed = None;
        }
        if chosen == self.in_force {
            return;
        }
        let before = self.proven().to_vec();
        self.trial =
            (!chosen.is_empty() && chosen != before).then_some(Trial { since: now, before });
        self.in_force = chosen;
    }

    /// The agent tried to reach its API server.
    pub(crate) fn heard(&mut self, now: Duration, reached: bool) -> Heard {
        let Some(trial) = &self.trial else { return Heard::Proven };
        if reached {
            self.trial = None;
            return Heard::Proven;
        }
        if now.saturating_sub(trial.since) < PATIENCE {
            return Heard::Wait;
        }
        let before = trial.before.clone();
        self.failed = Some(std::mem::replace(&mut self.in_force, before));
        self.trial = None;
        Heard::Revert
    }
}

#[cfg(test)]
mod tests {
    use model::{
        Action, Direction, Peers, PolicyKind, PolicyRef, Ports, RuleRef, Selector, Subject, Tier,
    };

    use super::*;

    fn rules(name: &str) -> Vec<Rule> {
        let kind = PolicyKind::ClusterNetworkPolicy;
        let policy = PolicyRef { name: name.to_owned(), namespace: None, kind };
        vec![Rule {
            tier: Tier::Admin,
            group: 0,
            origin: RuleRef { policy, direction: Direction::Egress, index: 0 },
            subject: Subject::of_nodes(Selector::everything()),
            peers: Peers::Any,
            ports: Ports::Any,
            action: Action::Deny,
        }]
    }

    fn second(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn begun(at: u64, name: &str) -> DeadMan {
        let mut man = DeadMan::default();
        man.begin(second(at), &rules(name), rules(name));
        man
    }

    #[test]
    fn a_policy_that_lets_the_agent_through_stays() {
        let mut man = begun(100, "good");
        assert!(man.is_on_trial());
        assert_eq!(man.heard(second(101), false), Heard::Wait);
        assert_eq!(man.heard(second(104), true), Heard::Proven);
        assert!(!man.is_on_trial());
        assert_eq!(man.heard(second(900), false), Heard::Proven, "it has proved itself");
        assert_eq!(man.in_force(), rules("good"));
    }

    #[test]
    fn one_that_does_not_gives_way_to_the_one_before_and_is_not_tried_again() {
        let mut man = begun(100, "good");
        man.heard(second(100), true);
        man.begin(second(200), &rules("bad"), rules("bad"));
        assert_eq!(man.heard(second(204), false), Heard::Wait);
        assert_eq!(man.heard(second(205), false), Heard::Revert);
        assert_eq!(man.in_force(), rules("good"));
        assert!(!man.is_on_trial() && man.has_failed(&rules("bad")));
        // The same rules are wanted again, and what is chosen is what proved itself.
        man.begin(second(206), &rules("bad"), rules("good"));
        assert!(man.has_failed(&rules("bad")) && !man.is_on_trial());
    }

    #[test]
    fn other_rules_are_tried_and_then_the_first_may_be_again() {
        let mut man = begun(100, "bad");
        man.heard(second(105), false);
        assert!(man.in_force().is_empty(), "nothing was in force before");
        man.begin(second(110), &rules("other"), rules("other"));
        assert!(man.is_on_trial() && !man.has_failed(&rules("bad")));
    }

    #[test]
    fn a_change_during_a_trial_reverts_to_what_proved_itself() {
        let mut man = begun(100, "good");
        man.heard(second(100), true);
        man.begin(second(200), &rules("first"), rules("first"));
        man.begin(second(203), &rules("second"), rules("second"));
        assert_eq!(man.heard(second(206), false), Heard::Wait, "its own time counts");
        assert_eq!(man.heard(second(208), false), Heard::Revert);
        assert_eq!(man.in_force(), rules("good"));
    }

    #[test]
    fn no_rules_at_all_need_no_trial() {
        let mut man = begun(100, "good");
        man.heard(second(100), true);
        man.begin(second(200), &[], Vec::new());
        assert!(!man.is_on_trial() && man.in_force().is_empty());
    }
}
