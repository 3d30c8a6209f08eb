//! Waits for what a step leads to, for a bounded time, and says what is still to come.
//!
//! A status of an older generation, or none at all, speaks of something else.

use std::time::{Duration, Instant};

use kube::Client;
use kube::api::DynamicObject;
use serde_json::Value;

use crate::{DeploymentError, Manifest, apply};

const EVERY: Duration = Duration::from_millis(500);

/// How long, and who hears what is going on.
#[derive(Clone, Copy)]
pub(crate) struct Patience<'a> {
    pub(crate) most: Duration,
    pub(crate) tell: &'a (dyn Fn(&str) + Sync),
    /// Where to look when it takes too long.
    pub(crate) hint: &'static str,
}

/// Waits until `lacks` finds nothing in what an object is.
pub(crate) async fn until(
    client: &Client,
    manifest: &Manifest,
    patience: Patience<'_>,
    lacks: impl Fn(Option<&DynamicObject>) -> Option<String>,
) -> Result<(), DeploymentError> {
    let (begun, mut every) = (Instant::now(), tokio::time::interval(EVERY));
    let mut said = String::new();
    loop {
        every.tick().await;
        let found = apply::get(client, manifest).await?;
        let Some(lacks) = lacks(found.as_ref()) else { return Ok(()) };
        if lacks != said {
            (patience.tell)(&lacks);
            said = lacks;
        }
        if begun.elapsed() >= patience.most {
            let (seconds, hint) = (patience.most.as_secs(), patience.hint);
            return Err(DeploymentError::Late { lacks: said, seconds, hint });
        }
    }
}

/// What a DaemonSet lacks to be ready on every node.
pub(crate) fn not_ready(found: Option<&DynamicObject>) -> Option<String> {
    let Some(found) = found else { return Some("the agents' DaemonSet is not there".to_owned()) };
    let number =
        |name: &str| found.data.get("status").and_then(|status| status.get(name)?.as_i64());
    if found.metadata.generation.is_none()
        || number("observedGeneration") != found.metadata.generation
    {
        return Some("nobody has looked at the agents' DaemonSet yet".to_owned());
    }
    let wanted = number("desiredNumberScheduled").unwrap_or(0);
    let [updated, ready] =
        ["updatedNumberScheduled", "numberReady"].map(|name| number(name).unwrap_or(0));
    // While pods are replaced those of before are ready too.
    let done = updated.min(ready);
    (done != wanted || ready != wanted).then(|| format!("{done} of {wanted} nodes are ready"))
}

/// What a Job lacks to be complete.
pub(crate) fn not_complete(found: Option<&DynamicObject>) -> Option<String> {
    let conditions = found.and_then(|found| found.data.pointer("/status/conditions"));
    let mut conditions = conditions.and_then(Value::as_array).into_iter().flatten();
    let is_true = |one: &Value, kind: &str| {
        one.get("type").and_then(Value::as_str) == Some(kind)
            && one.get("status").and_then(Value::as_str) == Some("True")
    };
    let is_complete = conditions.any(|one| is_true(one, "Complete"));
    (!is_complete).then(|| "the nodes are not all clean yet".to_owned())
}

/// What is still there.
pub(crate) fn there(found: Option<&DynamicObject>) -> Option<String> {
    found.map(|found| {
        let kind = found.types.as_ref().map(|types| types.kind.clone()).unwrap_or_default();
        format!("{kind} {} goes", found.metadata.name.clone().unwrap_or_default())
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use serde_json::json;

    use super::*;

    fn daemon_set(status: &Value) -> DynamicObject {
        let object = json!({ "metadata": { "name": "a", "generation": 2 }, "status": status });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn ready_is_what_todays_status_says_of_all_nodes() {
        let status = |generation, updated, ready| {
            daemon_set(&json!({ "observedGeneration": generation, "desiredNumberScheduled": 2,
                "updatedNumberScheduled": updated, "numberReady": ready }))
        };
        assert_eq!(not_ready(Some(&status(2, 2, 2))), None);
        for lacking in [status(1, 2, 2), status(2, 1, 2), status(2, 2, 1), daemon_set(&json!({}))] {
            assert!(not_ready(Some(&lacking)).is_some(), "{lacking:?}");
        }
        assert!(not_ready(None).is_some());
    }

    #[test]
    fn only_a_job_that_is_complete_is() {
        let job = |kind: &str, status: &str| {
            let conditions = json!([{ "type": kind, "status": status }]);
            let object = json!({ "metadata": {}, "status": { "conditions": conditions } });
            serde_json::from_value::<DynamicObject>(object).unwrap()
        };
        assert_eq!(not_complete(Some(&job("Complete", "True"))), None);
        assert!(not_complete(Some(&job("Complete", "False"))).is_some());
        assert!(
            not_complete(Some(&job("Failed", "True"))).is_some() && not_complete(None).is_some()
        );
    }
}
