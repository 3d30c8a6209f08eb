//! Writing to the switch that policies are out of force for a while, or no longer; and that it
//! happened.
//!
//! Only the keys that are meant are sent, so two who write at once do not undo each other.

use std::time::SystemTime;

use humantime::format_rfc3339_seconds;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Map, Value, json};

use super::read::{api, resource};
use super::{CONFIG_MAP, Disabled, Switch, Whom};
use crate::ApiError;
use crate::connect::Connection;

const NOT_FOUND: u16 = 404;
/// Who reports an Event, by the name that it has in its `source`.
const COMPONENT: &str = "ringfence";
/// Events about what has no namespace are kept there, as everybody does it.
const EVENTS_OF_NODES: &str = "default";

/// The name under which the API server knows who asks.
pub type Author = String;

/// Something that is to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incident {
    /// Policies were taken out of force.
    Disabled,
    /// They were put in force again, before the while was over.
    Enabled,
}

impl Incident {
    fn reason(self) -> &'static str {
        match self {
            Self::Disabled => "EnforcementDisabled",
            Self::Enabled => "EnforcementEnabled",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Disabled => "Warning",
            Self::Enabled => "Normal",
        }
    }
}

/// Takes policies out of force. Where there is no ConfigMap, it is made with nothing else in it.
///
/// # Errors
/// Where the API server does not answer, or refuses.
pub async fn write_disabled(
    connection: &Connection,
    namespace: &str,
    whom: &Whom,
    disabled: &Disabled,
) -> Result<(), ApiError> {
    let data = Map::from_iter([(whom.key(), json!(disabled.text()))]);
    match patch(connection, namespace, &data).await {
        Err(kube::Error::Api(status)) if status.code == NOT_FOUND => {
            let object = DynamicObject::new(CONFIG_MAP, &resource());
            let object = object.data(json!({ "data": data }));
            let api = api(&connection.client, namespace);
            let made = api.create(&PostParams::default(), &object).await;
            made.map(drop).map_err(|error| failed(connection, "configmaps", error))
        }
        written => written.map_err(|error| failed(connection, "configmaps", error)),
    }
}

/// Puts policies in force again, wherever `switch` says that they are not and `whom` is meant. Returns
/// where that was.
///
/// # Errors
/// Where the API server does not answer, or refuses.
pub async fn write_enabled(
    connection: &Connection,
    namespace: &str,
    switch: &Switch,
    whom: &Whom,
) -> Result<Vec<Whom>, ApiError> {
    let is_meant = |one: &&Whom| *whom == Whom::Everywhere || *one == whom;
    let keys: Vec<Whom> = switch.disabled.keys().filter(is_meant).cloned().collect();
    let data = keys.iter().map(|whom| (whom.key(), Value::Null)).collect();
    if !keys.is_empty() {
        let written = patch(connection, namespace, &data).await;
        written.map_err(|error| failed(connection, "configmaps", error))?;
    }
    Ok(keys)
}

async fn patch(
    connection: &Connection,
    namespace: &str,
    data: &Map<String, Value>,
) -> Result<(), kube::Error> {
    let change = Patch::Merge(json!({ "data": data }));
    let api = api(&connection.client, namespace);
    api.patch(CONFIG_MAP, &PatchParams::default(), &change).await.map(drop)
}

/// Who asks, as the API server knows them.
///
/// # Errors
/// Where it does not say.
pub async fn author(connection: &Connection) -> Result<Author, ApiError> {
    let kind = kind("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews");
    let api: Api<DynamicObject> = Api::all_with(connection.client.clone(), &kind);
    let question = DynamicObject::new("", &kind);
    let answer = api.create(&PostParams::default(), &question).await;
    let answer = answer.map_err(|error| failed(connection, "selfsubjectreviews", error))?;
    let name = answer.data.pointer("/status/userInfo/username").and_then(Value::as_str);
    Ok(name.unwrap_or_default().to_owned())
}

/// Records an incident as an Event: about the node that it is about, or about the ConfigMap.
///
/// # Errors
/// Where the API server does not answer, or refuses.
pub async fn record(
    connection: &Connection,
    namespace: &str,
    whom: &Whom,
    (incident, at): (Incident, SystemTime),
    message: &str,
) -> Result<(), ApiError> {
    let (kept, about) = match whom {
        Whom::Everywhere => {
            let kind = resource();
            let about = json!({ "apiVersion": kind.api_version, "kind": kind.kind,
                "namespace": namespace, "name": CONFIG_MAP });
            (namespace, about)
        }
        // Of a node everybody says its name for its uid, the kubelet first of all.
        Whom::Node(node) => {
            let about = json!({ "apiVersion": "v1", "kind": "Node", "name": node, "uid": node });
            (EVENTS_OF_NODES, about)
        }
    };
    let now = format_rfc3339_seconds(at).to_string();
    let kind = kind("", "Event", "events");
    let mut event = DynamicObject::new("", &kind).data(json!({
        "involvedObject": about, "reason": incident.reason(), "message": message,
        "type": incident.kind(), "source": { "component": COMPONENT },
        "firstTimestamp": now, "lastTimestamp": now, "count": 1 }));
    event.metadata.name = None;
    event.metadata.generate_name = Some(format!("{COMPONENT}-"));
    event.metadata.namespace = Some(kept.to_owned());
    let api: Api<DynamicObject> = Api::namespaced_with(connection.client.clone(), kept, &kind);
    let made = api.create(&PostParams::default(), &event).await;
    made.map(drop).map_err(|error| failed(connection, "events", error))
}

fn kind(group: &str, kind: &str, plural: &str) -> ApiResource {
    let api_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    ApiResource {
        group: group.to_owned(),
        version: "v1".to_owned(),
        api_version,
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

fn failed(connection: &Connection, what: &'static str, error: kube::Error) -> ApiError {
    ApiError::new(&connection.server, what, error)
}
