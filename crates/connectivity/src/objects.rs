//! Makes and removes objects, whatever their kinds.
//!
//! They are JSON from beginning to end: what is sent is what is written in `stage` and `step`.

use kube::Client;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use serde_json::Value;

use crate::ConnectivityError;
use crate::error::refused;
use crate::stage::LABEL;

const MANAGER: &str = "ringfence-connectivity-test";
const NOT_FOUND: u16 = 404;

/// A kind of which objects are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
}

pub(crate) const NAMESPACE: Kind =
    Kind { group: "", version: "v1", kind: "Namespace", plural: "namespaces" };
pub(crate) const CLUSTER_POLICY: Kind = Kind {
    group: "policy.networking.k8s.io",
    version: "v1alpha2",
    kind: "ClusterNetworkPolicy",
    plural: "clusternetworkpolicies",
};
const KINDS: [Kind; 5] = [
    NAMESPACE,
    CLUSTER_POLICY,
    Kind { group: "", version: "v1", kind: "Pod", plural: "pods" },
    Kind { group: "", version: "v1", kind: "Service", plural: "services" },
    Kind {
        group: "networking.k8s.io",
        version: "v1",
        kind: "NetworkPolicy",
        plural: "networkpolicies",
    },
];

impl Kind {
    fn resource(self) -> ApiResource {
        let Self { group, version, kind, plural } = self;
        let api_version =
            if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version,
            kind: kind.to_owned(),
            plural: plural.to_owned(),
        }
    }

    pub(crate) fn everywhere(self, client: &Client) -> Api<DynamicObject> {
        Api::all_with(client.clone(), &self.resource())
    }
}

/// The API and the name of an object that is to be made.
fn place(client: &Client, object: &Value) -> Option<(Api<DynamicObject>, String)> {
    let kind = object.get("kind")?.as_str()?;
    let kind = KINDS.iter().find(|one| one.kind == kind)?;
    let metadata = object.get("metadata")?;
    let name = metadata.get("name")?.as_str()?.to_owned();
    let api = match metadata.get("namespace").and_then(Value::as_str) {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &kind.resource()),
        None => kind.everywhere(client),
    };
    Some((api, name))
}

/// Makes an object, or makes it what it is to be.
pub(crate) async fn apply(client: &Client, object: &Value) -> Result<(), ConnectivityError> {
    // Every object of ours has a kind that is in the table, and a name.
    let Some((api, name)) = place(client, object) else { return Ok(()) };
    let params = PatchParams::apply(MANAGER).force();
    let applied = api.patch(&name, &params, &Patch::Apply(object)).await;
    applied.map(drop).map_err(refused("make", name))
}

/// Removes an object; that it is gone already is as good.
pub(crate) async fn remove(client: &Client, object: &Value) -> Result<(), ConnectivityError> {
    let Some((api, name)) = place(client, object) else { return Ok(()) };
    delete(&api, &name).await
}

/// Removes what has this name.
pub(crate) async fn delete(api: &Api<DynamicObject>, name: &str) -> Result<(), ConnectivityError> {
    match api.delete(name, &DeleteParams::background()).await {
        Err(kube::Error::Api(status)) if status.code == NOT_FOUND => Ok(()),
        deleted => deleted.map(drop).map_err(refused("remove", name)),
    }
}

/// The names of a kind's objects that a test made; none of a kind that the cluster lacks.
pub(crate) async fn ours(client: &Client, kind: Kind) -> Result<Vec<String>, ConnectivityError> {
    let params = ListParams::default().labels(LABEL);
    match kind.everywhere(client).list(&params).await {
        Ok(list) => Ok(list.items.into_iter().filter_map(|one| one.metadata.name).collect()),
        Err(kube::Error::Api(status)) if status.code == NOT_FOUND => Ok(Vec::new()),
        Err(error) => Err(refused("list", kind.plural)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage;
    use crate::step::{Facts, steps};

    #[test]
    fn every_object_that_is_made_has_a_kind_that_is_known_here_and_a_name() {
        let facts = Facts { first: Vec::new(), has_cluster_policies: true };
        let policies = steps(&facts).into_iter().flat_map(|step| step.policies);
        let all = stage::namespaces(model::Enforcement::Audit)
            .into_iter()
            .chain(stage::of_node(0, "n", "i"))
            .chain(policies);
        for object in all {
            let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
            let known = KINDS.iter().find(|one| one.kind == kind);
            let version = known.map(|one| one.resource().api_version);
            assert_eq!(version.as_deref(), object.get("apiVersion").and_then(Value::as_str));
            let metadata = object.get("metadata");
            assert!(metadata.and_then(|it| it.get("name")).is_some(), "{object}");
            let label = metadata.and_then(|it| it.get("labels")?.get(LABEL));
            assert!(label.is_some(), "{object}");
        }
    }
}
