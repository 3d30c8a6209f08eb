//! Connections that exist when a denial begins.
//!
//! They are ended, unless everybody who denies them asked for them to be kept.

use model::{Judgement, Reason, Rules, Verdict};

/// Whether a connection that was allowed before lives on although `judgement` denies it: every
/// policy that the denial names says so (ruling N25).
#[must_use]
pub fn keeps_existing(rules: &Rules, judgement: &Judgement) -> bool {
    let named = match (&judgement.verdict, &judgement.reason) {
        (Verdict::Deny, Reason::Rule(rule)) => std::slice::from_ref(&rule.policy),
        (Verdict::Deny, Reason::DefaultDeny(policies)) => policies.as_slice(),
        (Verdict::Deny, Reason::Builtin(_)) | (Verdict::Allow, _) => return false,
    };
    named.iter().all(|policy| rules.is_keeping(policy))
}
