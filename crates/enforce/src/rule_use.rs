//! What each rule of a node's table has decided.
//!
//! The kernel counts by numbers; people know rules by their policies.

use abi::RuleCount;
use compile::Compiled;
use datapath::{Instance, ReadError};

use crate::status::RuleUse;

/// Every rule that is counted, the most used first.
pub(crate) fn of(instance: &Instance, compiled: &Compiled) -> Result<Vec<RuleUse>, ReadError> {
    let counters = plan::counters(&compiled.image);
    let counts = instance.rule_counts(counters.values().copied())?;
    let uses = counters.iter().filter_map(|(rule, counter)| {
        let RuleCount { packets, bytes } = *counts.get(counter)?;
        Some(RuleUse { rule: compiled.reason(*rule)?.to_string(), packets, bytes })
    });
    let mut uses: Vec<RuleUse> = uses.collect();
    uses.sort_by(|one, other| {
        other.packets.cmp(&one.packets).then_with(|| one.rule.cmp(&other.rule))
    });
    Ok(uses)
}
