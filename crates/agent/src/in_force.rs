//! How much of the policies is in the kernel, by kind: what a `NodeStatus` promises.
//!
//! A version counts when its writes are done, never when it was heard; what changed nothing counts as soon
//! as everything before it does.

use std::collections::BTreeMap;
use std::time::Instant;

use api::{Change, PolicyKindInForce, ResourceVersion, Timestamp};

/// How much of the policies is in the kernel.
#[derive(Debug, Default)]
pub(crate) struct InForce {
    kinds: BTreeMap<&'static str, (ResourceVersion, Option<Change>)>,
    last: Option<Change>,
}

/// A change whose last write is done now.
pub(crate) fn change(since: Instant) -> Change {
    let milliseconds = since.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
    Change { at: now(), milliseconds }
}

/// To the millisecond: nobody's clock is better.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

impl InForce {
    /// Everything up to these versions is in force, by a change or because nothing had to be changed.
    pub(crate) fn reached(
        &mut self,
        versions: &[(&'static str, ResourceVersion)],
        change: Option<Change>,
    ) {
        self.last = change.or(self.last);
        for (kind, version) in versions {
            let known = self.kinds.entry(kind).or_default();
            let is_other = known.0 != *version;
            *known = (*version, change.filter(|_| is_other).or(known.1));
        }
    }

    /// As it is written.
    pub(crate) fn kinds(&self) -> Vec<PolicyKindInForce> {
        let kinds = self.kinds.iter().map(|(kind, (version, change))| PolicyKindInForce {
            kind: (*kind).to_owned(),
            resource_version: *version,
            change: *change,
        });
        kinds.collect()
    }

    pub(crate) fn last(&self) -> Option<Change> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "NetworkPolicy";

    fn at(number: u64) -> [(&'static str, ResourceVersion); 2] {
        [(KIND, ResourceVersion::new(number)), ("ClusterNetworkPolicy", ResourceVersion::NONE)]
    }

    fn of(second: i64) -> Change {
        Change { at: Timestamp::from_second(second).unwrap_or_default(), milliseconds: 3 }
    }

    fn known(in_force: &InForce) -> Option<PolicyKindInForce> {
        in_force.kinds().into_iter().find(|one| one.kind == KIND)
    }

    #[test]
    fn a_change_is_of_the_kinds_whose_version_it_brought() {
        let mut in_force = InForce::default();
        in_force.reached(&at(5), Some(of(1)));
        in_force.reached(&at(5), Some(of(2)));
        assert_eq!(
            known(&in_force).and_then(|one| one.change),
            Some(of(1)),
            "of pods, for example"
        );
        assert_eq!(in_force.last(), Some(of(2)));
    }

    #[test]
    fn a_version_that_changed_nothing_counts_and_is_no_change() {
        let mut in_force = InForce::default();
        in_force.reached(&at(5), Some(of(1)));
        in_force.reached(&at(9), None);
        let known = known(&in_force);
        assert_eq!(known.as_ref().map(|one| one.resource_version), Some(ResourceVersion::new(9)));
        assert_eq!(known.and_then(|one| one.change), Some(of(1)));
        assert_eq!(in_force.last(), Some(of(1)));
    }

    #[test]
    fn a_list_without_what_had_the_highest_version_brings_a_lower_one() {
        let mut in_force = InForce::default();
        in_force.reached(&at(9), Some(of(1)));
        in_force.reached(&at(4), None);
        assert_eq!(known(&in_force).map(|one| one.resource_version), Some(ResourceVersion::new(4)));
    }
}
