//! The switch as it is now, for who asks once.
//!
//! A command asks and ends, where an agent follows; both take the same words for the same.

use std::collections::BTreeMap;

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};

use super::{CONFIG_MAP, Switch};
use crate::ApiError;
use crate::connect::Connection;

const WHAT: &str = "configmaps";
const NOT_FOUND: u16 = 404;

/// What the ConfigMap in `namespace` says; nothing where there is none.
///
/// # Errors
/// Where the API server does not answer, or refuses.
pub async fn read_switch(
    connection: &Connection,
    namespace: &str,
) -> Result<Option<Switch>, ApiError> {
    let Connection { client, server, .. } = connection;
    match api(client, namespace).get(CONFIG_MAP).await {
        Ok(object) => Ok(Some(Switch::of(&data(&object)))),
        Err(kube::Error::Api(status)) if status.code == NOT_FOUND => Ok(None),
        Err(error) => Err(ApiError::new(server, WHAT, error)),
    }
}

pub(super) fn resource() -> ApiResource {
    ApiResource {
        group: String::new(),
        version: "v1".to_owned(),
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        plural: WHAT.to_owned(),
    }
}

pub(super) fn api(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &resource())
}

/// The data of a ConfigMap. An API server lets nothing but texts be there.
pub(super) fn data(object: &DynamicObject) -> BTreeMap<String, String> {
    let data = object.data.get("data").and_then(|data| data.as_object());
    let texts = data.into_iter().flatten().filter_map(|(key, value)| {
        let value = value.as_str()?;
        Some((key.clone(), value.to_owned()))
    });
    texts.collect()
}
