//! The labels of metrics, and all the values that they can have.
//!
//! Each value is known beforehand, so that what never happened is 0 and not absent.

use abi::EventKind;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ByResult {
    pub(crate) result: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Outcome {
    Success,
    Failure,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ByCommand {
    pub(crate) command: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ByEvent {
    pub(crate) event: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ByKind {
    pub(crate) kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ByStep {
    pub(crate) step: &'static str,
}

pub(crate) const EVENTS: [EventKind; 4] =
    [EventKind::Opened, EventKind::Denied, EventKind::Cut, EventKind::Closed];

/// A step from what is known to what is in force.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Documents become a world and rules.
    Read,
    /// Interfaces are led to the endpoints of their pods.
    Follow,
    /// Tables are compiled and written.
    Program,
    /// Connections that wait and are cut are ended.
    EndSilent,
}

pub(crate) const STEPS: [Step; 4] = [Step::Read, Step::Follow, Step::Program, Step::EndSilent];

impl Step {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Follow => "follow",
            Self::Program => "program",
            Self::EndSilent => "end-silent",
        }
    }
}

pub(crate) fn word_of(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Opened => "opened",
        EventKind::Denied => "denied",
        EventKind::Cut => "cut",
        EventKind::Closed => "closed",
    }
}

pub(crate) fn outcome(is_done: bool) -> Outcome {
    if is_done { Outcome::Success } else { Outcome::Failure }
}
