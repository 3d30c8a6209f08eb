//! Which changes of a policy's status are told as Events: those that a person would want to hear of.
//!
//! How many nodes have it is no news while it is on its way; that it can no longer be read, cannot be in
//! force, or has arrived is.

use api::{ACCEPTED, Condition, ConditionStatus, PROGRAMMED, find};

/// The policy is on its way to some nodes.
pub(crate) const PENDING: &str = "Pending";
/// Some nodes do not have it and will not.
pub(crate) const NOT_PROGRAMMED: &str = "NotProgrammed";

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It is as it should be.
    Normal,
    /// Somebody should look.
    Warning,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tale {
    /// How grave it is.
    pub severity: Severity,
    /// One word.
    pub reason: String,
    /// One line.
    pub note: String,
}

/// What is told of a change from `before` to `after`; before is nothing where nothing was said yet.
pub(crate) fn tale(before: Option<&[Condition]>, after: &[Condition]) -> Option<Tale> {
    let both = |kind| (before.and_then(|before| find(before, kind)), find(after, kind));
    let (old, new) = both(ACCEPTED);
    if let Some(told) = new.and_then(|new| of_accepted(old, new)) {
        return Some(told);
    }
    let (old, new) = both(PROGRAMMED);
    of_programmed(old, new?)
}

/// That it cannot be read is told at once, and again when something else is wrong with it.
fn of_accepted(old: Option<&Condition>, new: &Condition) -> Option<Tale> {
    let was_so = old.is_some_and(|old| old.status == ConditionStatus::True);
    match new.status {
        ConditionStatus::True if old.is_some() && !was_so => told(Severity::Normal, new),
        ConditionStatus::True | ConditionStatus::Unknown => None,
        ConditionStatus::False if old.is_some_and(|old| old.message == new.message) => None,
        ConditionStatus::False => told(Severity::Warning, new),
    }
}

/// What was in force before anybody looked is no news.
fn of_programmed(old: Option<&Condition>, new: &Condition) -> Option<Tale> {
    let was = |reason: &str| old.is_some_and(|old| old.reason == reason);
    match new.reason.as_str() {
        NOT_PROGRAMMED if !was(NOT_PROGRAMMED) => told(Severity::Warning, new),
        PROGRAMMED if was(PENDING) || was(NOT_PROGRAMMED) => told(Severity::Normal, new),
        _ => None,
    }
}

fn told(severity: Severity, condition: &Condition) -> Option<Tale> {
    let Condition { reason, message, .. } = condition;
    Some(Tale { severity, reason: reason.clone(), note: message.clone() })
}

#[cfg(test)]
mod tests {
    use api::Timestamp;

    use super::*;

    fn conditions(accepted: &str, programmed: &str) -> Vec<Condition> {
        let of = |kind: &str, reason: &str, is_so: bool| Condition {
            kind: kind.into(),
            status: if is_so { ConditionStatus::True } else { ConditionStatus::False },
            observed_generation: 1,
            last_transition_time: Timestamp::UNIX_EPOCH,
            reason: reason.into(),
            message: format!("about {reason}"),
        };
        vec![
            of(ACCEPTED, accepted, accepted == ACCEPTED),
            of(PROGRAMMED, programmed, programmed == PROGRAMMED),
        ]
    }

    fn reason(before: Option<(&str, &str)>, after: (&str, &str)) -> Option<String> {
        let before = before.map(|(accepted, programmed)| conditions(accepted, programmed));
        tale(before.as_deref(), &conditions(after.0, after.1)).map(|tale| tale.reason)
    }

    #[test]
    fn what_is_as_it_should_be_at_first_sight_is_not_told() {
        assert_eq!(reason(None, (ACCEPTED, PROGRAMMED)), None);
        assert_eq!(reason(None, (ACCEPTED, PENDING)), None);
        assert_eq!(reason(None, (ACCEPTED, NOT_PROGRAMMED)), Some(NOT_PROGRAMMED.into()));
        assert_eq!(reason(None, ("Invalid", "Invalid")), Some("Invalid".into()));
    }

    #[test]
    fn an_arrival_is_told_once() {
        let there = (ACCEPTED, PROGRAMMED);
        assert_eq!(reason(Some((ACCEPTED, PENDING)), there), Some(PROGRAMMED.into()));
        assert_eq!(reason(Some((ACCEPTED, NOT_PROGRAMMED)), there), Some(PROGRAMMED.into()));
        assert_eq!(reason(Some(there), there), None);
        assert_eq!(reason(Some(there), (ACCEPTED, PENDING)), None, "it is on its way");
    }

    #[test]
    fn what_cannot_be_read_is_told_once_and_so_is_that_it_can_again() {
        let wrong = ("Invalid", "Invalid");
        assert_eq!(reason(Some((ACCEPTED, PROGRAMMED)), wrong), Some("Invalid".into()));
        assert_eq!(reason(Some(wrong), wrong), None);
        assert_eq!(reason(Some(wrong), ("Unknown", "Invalid")), Some("Unknown".into()));
        assert_eq!(reason(Some(wrong), (ACCEPTED, PENDING)), Some(ACCEPTED.into()));
    }

    #[test]
    fn that_it_cannot_be_in_force_is_told_once() {
        let stuck = (ACCEPTED, NOT_PROGRAMMED);
        assert_eq!(reason(Some((ACCEPTED, PENDING)), stuck), Some(NOT_PROGRAMMED.into()));
        assert_eq!(reason(Some(stuck), stuck), None);
    }
}
