//! Waits for a DaemonSet to be ready on all nodes, by asking the API server what it says of it.
//!
//! Taking Ringfence off a cluster is done when it is off every node, and whoever removes a release only
//! waits for Jobs: such a Job waits by this.

use std::time::Duration;

use kube::api::{ApiResource, DynamicObject};
use kube::{Api, Client};
use serde_json::Value;

/// How often it is asked. It is a question of one object, and of minutes.
const EVERY: Duration = Duration::from_secs(1);

/// Why nothing can be said of the DaemonSet.
#[derive(Debug, thiserror::Error)]
pub enum AwaitError {
    /// The API server does not answer, refuses, or has none of that name.
    #[error("the DaemonSet {name} cannot be read")]
    Read {
        /// Its name.
        name: String,
        /// What the client said.
        source: kube::Error,
    },
}

/// Comes back when `name` is ready on every node where it is to run.
///
/// # Errors
/// Where it cannot be read.
pub async fn await_daemon_set(
    client: Client,
    namespace: &str,
    name: &str,
) -> Result<(), AwaitError> {
    let kind = ApiResource {
        group: "apps".to_owned(),
        version: "v1".to_owned(),
        api_version: "apps/v1".to_owned(),
        kind: "DaemonSet".to_owned(),
        plural: "daemonsets".to_owned(),
    };
    let api: Api<DynamicObject> = Api::namespaced_with(client, namespace, &kind);
    let mut every = tokio::time::interval(EVERY);
    let mut said = String::new();
    loop {
        every.tick().await;
        let read = api.get(name).await;
        let found = read.map_err(|source| AwaitError::Read { name: name.to_owned(), source })?;
        let Some(lacks) = lacks(found.metadata.generation, &found.data) else { return Ok(()) };
        if lacks != said {
            tracing::info!(name, "{lacks}");
            said = lacks;
        }
    }
}

/// What it waits for, in words; nothing where it is ready everywhere. A status of an older generation, or
/// of none, speaks of another DaemonSet.
fn lacks(generation: Option<i64>, data: &Value) -> Option<String> {
    let number = |name: &str| data.get("status").and_then(|status| status.get(name)?.as_i64());
    if generation.is_none() || number("observedGeneration") != generation {
        return Some("nobody has looked at it yet".to_owned());
    }
    let wanted = number("desiredNumberScheduled").unwrap_or(0);
    let [updated, ready] =
        ["updatedNumberScheduled", "numberReady"].map(|name| number(name).unwrap_or(0));
    let is_ready = updated == wanted && ready == wanted;
    (!is_ready).then(|| format!("it is ready on {ready} of {wanted} nodes"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ready_is_what_has_a_status_of_today_that_says_all_nodes() {
        let status = |ready, of| {
            json!({"status": {"observedGeneration": 2, "desiredNumberScheduled": of,
                "updatedNumberScheduled": of, "numberReady": ready}})
        };
        assert_eq!(lacks(Some(2), &status(3, 3)), None);
        assert_eq!(lacks(Some(2), &status(0, 0)), None, "a cluster without nodes");
        let one_lacks = Some("it is ready on 2 of 3 nodes".to_owned());
        assert_eq!(lacks(Some(2), &status(2, 3)), one_lacks);
    }

    #[test]
    fn a_status_of_yesterday_or_none_is_never_ready() {
        let unseen = Some("nobody has looked at it yet".to_owned());
        let old = json!({"status": {"observedGeneration": 1}});
        for (generation, data) in [(Some(2), &old), (Some(2), &json!({})), (None, &json!({}))] {
            assert_eq!(lacks(generation, data), unseen, "{data}");
        }
    }

    #[test]
    fn a_node_that_still_has_the_pod_from_before_is_not_counted() {
        let data = json!({"status": {"observedGeneration": 2, "desiredNumberScheduled": 2,
            "updatedNumberScheduled": 1, "numberReady": 2}});
        assert!(lacks(Some(2), &data).is_some());
    }
}
