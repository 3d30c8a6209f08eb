//! Asking the API server: lists that were refused are kept as refusals.

use cluster::Connection;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, PostParams};
use serde_json::{Value, json};

/// What the installation makes, as groups, plurals and whether that is in its namespace.
const MADE: [(&str, &str, bool); 5] = [
    ("apps", "daemonsets", true),
    ("", "configmaps", true),
    ("rbac.authorization.k8s.io", "roles", true),
    ("rbac.authorization.k8s.io", "clusterroles", false),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies", false),
];
const NOT_FOUND: u16 = 404;

/// Why nothing can be said of the cluster.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The API server does not answer.
    #[error("{server} does not say which groups it has")]
    Groups {
        /// Where it is.
        server: String,
        /// What the client said.
        source: Box<kube::Error>,
    },
}

/// Something that was asked, or how it was refused.
pub(super) type Asked<T> = Result<T, String>;

/// What a cluster says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ClusterFacts {
    pub(super) groups: Vec<String>,
    pub(super) daemon_sets: Asked<Vec<Value>>,
    pub(super) nodes: Asked<Vec<Value>>,
    /// How many policies there are, of every kind that there is.
    pub(super) policies: Asked<usize>,
    /// The ConfigMap of kube-proxy, if there is one.
    pub(super) proxy: Asked<Option<Value>>,
    /// The namespace of the installation, if it is there.
    pub(super) namespace: Asked<Option<Value>>,
    /// What of [`MADE`] may not be made.
    pub(super) refused: Asked<Vec<&'static str>>,
}

pub(super) async fn ask(
    connection: &Connection,
    namespace: &str,
) -> Result<ClusterFacts, LiveError> {
    let Connection { client, server, .. } = connection;
    let groups = client
        .list_api_groups()
        .await
        .map_err(|source| LiveError::Groups { server: server.clone(), source: Box::new(source) })?;
    let groups: Vec<String> = groups.groups.into_iter().map(|group| group.name).collect();
    Ok(ClusterFacts {
        daemon_sets: all(client, &kind("apps", "v1", "daemonsets")).await,
        nodes: all(client, &kind("", "v1", "nodes")).await,
        policies: policies(client, &groups).await,
        proxy: one(client, &kind("", "v1", "configmaps"), Some("kube-system"), "kube-proxy").await,
        namespace: one(client, &kind("", "v1", "namespaces"), None, namespace).await,
        refused: refused(client, namespace).await,
        groups,
    })
}

async fn policies(client: &Client, groups: &[String]) -> Asked<usize> {
    let kinds = cluster::KINDS.iter().filter(|kind| kind.is_policy());
    let served = kinds.filter(|kind| groups.iter().any(|group| group == kind.group));
    let mut count = 0;
    for kind in served {
        let listed = all(client, &self::kind(kind.group, kind.version, kind.plural)).await;
        // A group may be there without each of its kinds.
        count += match listed {
            Err(_) if kind.is_optional => 0,
            listed => listed?.len(),
        };
    }
    Ok(count)
}

async fn all(client: &Client, kind: &ApiResource) -> Asked<Vec<Value>> {
    let api: Api<DynamicObject> = Api::all_with(client.clone(), kind);
    let listed = api.list(&ListParams::default()).await;
    let listed = listed.map_err(|error| format!("{} cannot be listed: {error}", kind.plural))?;
    Ok(listed.items.iter().map(|object| serde_json::to_value(object).unwrap_or_default()).collect())
}

async fn one(
    client: &Client,
    kind: &ApiResource,
    namespace: Option<&str>,
    name: &str,
) -> Asked<Option<Value>> {
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, kind),
        None => Api::all_with(client.clone(), kind),
    };
    match api.get(name).await {
        Ok(object) => Ok(Some(serde_json::to_value(object).unwrap_or_default())),
        Err(kube::Error::Api(status)) if status.code == NOT_FOUND => Ok(None),
        Err(error) => Err(format!("{name} of {} cannot be read: {error}", kind.plural)),
    }
}

async fn refused(client: &Client, namespace: &str) -> Asked<Vec<&'static str>> {
    let kind = kind("authorization.k8s.io", "v1", "selfsubjectaccessreviews");
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
    let mut refused = Vec::new();
    for (group, plural, is_namespaced) in MADE {
        let attributes = json!({ "group": group, "resource": plural, "verb": "create",
            "namespace": if is_namespaced { namespace } else { "" } });
        let mut question = DynamicObject::new("", &kind);
        question.data = json!({ "spec": { "resourceAttributes": attributes } });
        let answer = api.create(&PostParams::default(), &question).await;
        let answer = answer.map_err(|error| format!("what may be made is not said: {error}"))?;
        let is_allowed = answer.data.pointer("/status/allowed").and_then(Value::as_bool);
        if is_allowed != Some(true) {
            refused.push(plural);
        }
    }
    Ok(refused)
}

/// Names of kinds are not needed for lists, only for what is made.
fn kind(group: &str, version: &str, plural: &str) -> ApiResource {
    let api_version =
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let kind = match plural {
        "selfsubjectaccessreviews" => "SelfSubjectAccessReview",
        _ => "List",
    };
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version,
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}
