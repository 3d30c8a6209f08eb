//! What is to be written, decided: the objects as they are applied, without anybody to apply them.

use api::{Condition, PolicyStatus, ResourceVersion};
use cluster::{Key, Kind};
use serde_json::{Value, json};

use crate::known::Told;
use crate::tell::Tale;

/// One thing to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The policy's kind.
    pub kind: &'static Kind,
    /// Its name.
    pub key: Key,
    /// Its uid.
    pub uid: String,
    /// The version of the policy that it is about.
    pub version: ResourceVersion,
    /// What is said of it.
    pub what: What,
    /// What is told of it beside, as an Event.
    pub tale: Option<Tale>,
}

/// What is said of a policy, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// In an object of its own.
    Status {
        /// What.
        status: Box<PolicyStatus>,
        /// The object has to be made first, or given to this policy.
        needs_object: bool,
    },
    /// In the policy's own status.
    Conditions(Vec<Condition>),
}

impl Write {
    pub(crate) fn told(&self) -> Told {
        match &self.what {
            What::Status { status, .. } => Told::Status(status.clone()),
            What::Conditions(conditions) => Told::Conditions(conditions.clone()),
        }
    }

    /// The object of our own that the policy owns.
    pub(crate) fn object(&self, own: &Kind) -> Value {
        let owner = json!({ "apiVersion": self.kind.api_version(), "kind": self.kind.kind,
            "name": self.key.name, "uid": self.uid });
        json!({ "apiVersion": own.api_version(), "kind": own.kind, "metadata": {
            "name": self.key.name, "namespace": self.key.namespace, "ownerReferences": [owner] } })
    }

    /// The status of `kind`, ours or the policy's.
    pub(crate) fn status(&self, kind: &Kind) -> Value {
        let metadata = match self.key.namespace.as_str() {
            "" => json!({ "name": self.key.name }),
            namespace => json!({ "name": self.key.name, "namespace": namespace }),
        };
        let status = match &self.what {
            What::Status { status, .. } => json!(status),
            What::Conditions(conditions) => json!({ "conditions": conditions }),
        };
        json!({ "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": metadata,
            "status": status })
    }
}
