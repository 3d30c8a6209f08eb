//! What was written already, whether or not the watch has come back with it.
//!
//! A watch lags behind a write; who decided by it alone would write everything twice.

use std::collections::BTreeMap;

use api::{Condition, PolicyStatus, ResourceVersion};
use cluster::Key;

/// What was said of one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// In an object of its own.
    Status(Box<PolicyStatus>),
    /// In the policy's own status.
    Conditions(Vec<Condition>),
}

impl Told {
    pub(crate) fn conditions(&self) -> &[Condition] {
        match self {
            Self::Status(status) => &status.conditions,
            Self::Conditions(conditions) => conditions,
        }
    }
}

/// What this process wrote, by the kind of the policy and its name, with the version that it got.
#[derive(Debug, Default)]
pub(crate) struct Written(BTreeMap<(&'static str, Key), (ResourceVersion, Told)>);

impl Written {
    pub(crate) fn note(
        &mut self,
        kind: &'static str,
        key: Key,
        version: ResourceVersion,
        told: Told,
    ) {
        self.0.insert((kind, key), (version, told));
    }

    /// It is gone, so it was not written.
    pub(crate) fn forget(&mut self, kind: &'static str, key: &Key) {
        self.0.remove(&(kind, key.clone()));
    }

    /// What was written later than what a watch said in `version`.
    pub(crate) fn after(
        &self,
        kind: &'static str,
        key: &Key,
        version: ResourceVersion,
    ) -> Option<&Told> {
        let (written, told) = self.0.get(&(kind, key.clone()))?;
        (*written > version).then_some(told)
    }

    /// Keeps what is about policies that there are.
    pub(crate) fn retain(&mut self, is_there: impl Fn(&'static str, &Key) -> bool) {
        self.0.retain(|(kind, key), _| is_there(kind, key));
    }
}
