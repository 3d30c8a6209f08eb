//! Compares what happened to a probe with what the oracle and the kernel say.
//!
//! **Invariant:** a probe agrees only if its outcome is the oracle's and each end that has a policy
//! has testified with the oracle's reason; silence is a difference.

use abi::EventKind;
use model::{Builtin, Decision, Direction, End, Judgement, Reason, Verdict};

use crate::message::Outcome;
use crate::probe::Probe;
use crate::witness::Testimony;

/// One disagreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The oracle allows, but nobody answered.
    NotReached {
        /// What happened instead.
        outcome: Outcome,
    },
    /// The oracle denies, but the sender noticed something else: an answer, or another error.
    NotDenied {
        /// What happened instead.
        outcome: Outcome,
    },
    /// Somebody else answered.
    WrongReceiver {
        /// Who should have.
        expected: String,
        /// Who did.
        by: String,
    },
    /// The kernel said nothing about this end.
    NoEvent {
        /// The end.
        direction: Direction,
    },
    /// The kernel decided the other way.
    OtherVerdict {
        /// The end.
        direction: Direction,
        /// What the kernel reported.
        kind: &'static str,
        /// Why, if its table says.
        reason: Option<Reason>,
    },
    /// The kernel decided the same for another reason.
    OtherReason {
        /// The end.
        direction: Direction,
        /// The oracle's.
        expected: Reason,
        /// The kernel's, if its table says.
        found: Option<Reason>,
    },
}

/// The ends of a probe that must testify, and what the oracle says for each: the ends that are pods
/// with a network of their own, or nodes that rules speak for, until the first one that denies.
pub(crate) fn demanded<'a>(
    probe: &Probe,
    decision: &'a Decision,
) -> Vec<(Direction, &'a Judgement)> {
    let (source, destination) = (probe.flow.source(), probe.flow.destination());
    if source.pod().is_some() && source.pod() == destination.pod() {
        return hairpin_denial(probe, decision).into_iter().collect();
    }
    let is_judged = |end: &End, judgement: &Judgement| match end {
        End::Pod { .. } => true,
        // What a node sends to itself goes over its loopback device, where nobody judges.
        End::Host { .. } => ![Builtin::Host, Builtin::Itself]
            .iter()
            .any(|builtin| judgement.reason == Reason::Builtin(*builtin)),
        End::UnknownPod { .. } | End::External { .. } | End::Domain { .. } => false,
    };
    let egress =
        is_judged(source, &decision.egress).then_some((Direction::Egress, &decision.egress));
    let stops = egress.is_some() && decision.egress.verdict == Verdict::Deny;
    let ingress = (is_judged(destination, &decision.ingress) && !stops)
        .then_some((Direction::Ingress, &decision.ingress));
    egress.into_iter().chain(ingress).collect()
}

/// The end that denies a pod's way to itself through a Service. The hook at the socket tells of
/// nothing else: of an allowed one only the outcome counts.
fn hairpin_denial<'a>(probe: &Probe, decision: &'a Decision) -> Option<(Direction, &'a Judgement)> {
    let ends = [(Direction::Egress, &decision.egress), (Direction::Ingress, &decision.ingress)];
    let mut denials = ends.into_iter().filter(|(_, end)| end.verdict == Verdict::Deny);
    denials.next().filter(|_| probe.is_hairpin())
}

/// Everything in which `outcome` and `heard` disagree with the oracle.
pub(crate) fn compare(
    probe: &Probe,
    outcome: &Outcome,
    answerer: &str,
    heard: &[Testimony],
) -> Vec<Difference> {
    let ends = demanded(probe, &probe.decision).into_iter();
    let ends = ends.filter_map(|(direction, judgement)| end(direction, judgement, heard));
    outcome_difference(expected(probe), outcome, answerer).into_iter().chain(ends).collect()
}

/// Where the control run, without any program, did not reach a listener.
pub(crate) fn reached(outcome: &Outcome, answerer: &str) -> bool {
    outcome_difference(Expected::Answer, outcome, answerer).is_none()
}

/// What the sender is to notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// The right one answers.
    Answer,
    /// A denied packet: nothing (ruling N26).
    Silence,
    /// A denied way to itself: there is no packet, so the call itself fails (ruling N14).
    Forbidden,
    /// A node's own socket may not send: some calls fail, those of TCP and of echoes over IPv6 do not
    /// (ruling N39).
    Stopped,
}

fn expected(probe: &Probe) -> Expected {
    match probe.decision.verdict() {
        Verdict::Allow => Expected::Answer,
        Verdict::Deny if probe.is_hairpin() => Expected::Forbidden,
        Verdict::Deny if is_stopped_at_socket(probe) => Expected::Stopped,
        Verdict::Deny => Expected::Silence,
    }
}

fn is_stopped_at_socket(probe: &Probe) -> bool {
    let is_host = matches!(probe.flow.source(), End::Host { .. });
    is_host && probe.decision.egress.verdict == Verdict::Deny
}

fn outcome_difference(expected: Expected, outcome: &Outcome, answerer: &str) -> Option<Difference> {
    match (expected, outcome) {
        (Expected::Silence | Expected::Stopped, Outcome::Timeout)
        | (Expected::Forbidden | Expected::Stopped, Outcome::Forbidden) => None,
        (Expected::Silence | Expected::Forbidden | Expected::Stopped, outcome) => {
            Some(Difference::NotDenied { outcome: outcome.clone() })
        }
        (Expected::Answer, Outcome::Reached { by }) if by == answerer => None,
        (Expected::Answer, Outcome::Reached { by }) => {
            Some(Difference::WrongReceiver { expected: answerer.to_owned(), by: by.clone() })
        }
        (Expected::Answer, outcome) => Some(Difference::NotReached { outcome: outcome.clone() }),
    }
}

fn end(direction: Direction, expected: &Judgement, heard: &[Testimony]) -> Option<Difference> {
    let wanted = match expected.verdict {
        Verdict::Allow => EventKind::Opened,
        Verdict::Deny => EventKind::Denied,
    };
    let mut here = heard.iter().filter(|one| one.direction == direction && is_verdict(one.kind));
    let contrary = here.clone().find(|one| one.kind != wanted);
    match (contrary, here.next()) {
        (Some(Testimony { kind, reason, .. }), _) => {
            let (kind, reason) = (word(*kind), reason.clone());
            Some(Difference::OtherVerdict { direction, kind, reason })
        }
        (None, None) => Some(Difference::NoEvent { direction }),
        (None, Some(one)) if one.reason.as_ref() == Some(&expected.reason) => None,
        (None, Some(one)) => Some(Difference::OtherReason {
            direction,
            expected: expected.reason.clone(),
            found: one.reason.clone(),
        }),
    }
}

fn is_verdict(kind: EventKind) -> bool {
    match kind {
        EventKind::Opened | EventKind::Denied | EventKind::Cut => true,
        EventKind::Closed => false,
    }
}

fn word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Opened => "opened",
        EventKind::Denied => "denied",
        EventKind::Cut => "cut",
        EventKind::Closed => "closed",
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = |reason: &Option<Reason>| match reason {
            Some(reason) => reason.to_string(),
            None => "an id that its table does not use".to_owned(),
        };
        match self {
            Self::NotReached { outcome } => write!(f, "allowed, but {outcome}"),
            Self::NotDenied { outcome } => write!(f, "denied, but {outcome}"),
            Self::WrongReceiver { expected, by } => write!(f, "{by} answered for {expected}"),
            Self::NoEvent { direction } => write!(f, "the kernel has no event at {direction}"),
            Self::OtherVerdict { direction, kind, reason } => {
                write!(f, "the kernel {kind} it at {direction} because of {}", said(reason))
            }
            Self::OtherReason { direction, expected, found } => {
                let found = said(found);
                write!(f, "at {direction} the kernel names {found}, the oracle {expected}")
            }
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reached { by } => write!(f, "{by} answered"),
            Self::Timeout => f.write_str("nobody answered"),
            Self::Refused => f.write_str("it was refused"),
            Self::Forbidden => f.write_str("the call was forbidden"),
            Self::Error { message } => write!(f, "sending failed: {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Builtin;

    use super::*;
    use crate::witness::FlowKey;

    fn heard(kind: EventKind, reason: Option<Reason>) -> Testimony {
        let any = std::net::IpAddr::from([10, 0, 0, 1]);
        let key = FlowKey {
            source: any,
            source_port: 1,
            destination: any,
            destination_port: 2,
            protocol: 6,
        };
        Testimony { key, kind, direction: Direction::Ingress, reason }
    }

    #[test]
    fn an_end_agrees_only_with_the_oracles_verdict_and_reason() {
        let expected = Judgement::from(Builtin::DefaultAllow);
        let reason = Some(Reason::Builtin(Builtin::DefaultAllow));
        let other = Some(Reason::Builtin(Builtin::LocalNode));
        let end = |heard: &[Testimony]| end(Direction::Ingress, &expected, heard);
        assert_eq!(end(&[heard(EventKind::Opened, reason.clone())]), None);
        assert_eq!(end(&[]), Some(Difference::NoEvent { direction: Direction::Ingress }));
        let wrong = end(&[heard(EventKind::Opened, other)]);
        assert!(matches!(wrong, Some(Difference::OtherReason { .. })));
        let unknown = end(&[heard(EventKind::Opened, None)]);
        assert!(matches!(unknown, Some(Difference::OtherReason { found: None, .. })));
        for contrary in [EventKind::Denied, EventKind::Cut] {
            let both = [heard(EventKind::Opened, reason.clone()), heard(contrary, reason.clone())];
            assert!(matches!(end(&both), Some(Difference::OtherVerdict { .. })), "{contrary:?}");
        }
        let only_closed = end(&[heard(EventKind::Closed, reason)]);
        assert_eq!(only_closed, Some(Difference::NoEvent { direction: Direction::Ingress }));
    }

    #[test]
    fn a_denial_is_silence_and_an_answer_must_come_from_the_right_one() {
        let reached = |by: &str| Outcome::Reached { by: by.to_owned() };
        let difference = |expected, outcome| outcome_difference(expected, &outcome, "shop/api");
        assert_eq!(difference(Expected::Answer, reached("shop/api")), None);
        assert_eq!(difference(Expected::Silence, Outcome::Timeout), None);
        assert_eq!(difference(Expected::Stopped, Outcome::Timeout), None);
        assert_eq!(difference(Expected::Stopped, Outcome::Forbidden), None);
        assert_eq!(difference(Expected::Forbidden, Outcome::Forbidden), None);
        for (expected, outcome) in [
            (Expected::Answer, reached("shop/web")),
            (Expected::Answer, Outcome::Timeout),
            (Expected::Answer, Outcome::Refused),
            (Expected::Answer, Outcome::Forbidden),
            (Expected::Silence, reached("shop/api")),
            (Expected::Silence, Outcome::Refused),
            (Expected::Silence, Outcome::Forbidden),
            (Expected::Silence, Outcome::Error { message: "no route".into() }),
            (Expected::Forbidden, reached("shop/api")),
            (Expected::Forbidden, Outcome::Timeout),
            (Expected::Stopped, Outcome::Refused),
            (Expected::Stopped, reached("shop/api")),
        ] {
            assert!(difference(expected, outcome.clone()).is_some(), "{expected:?} {outcome}");
        }
    }
}
