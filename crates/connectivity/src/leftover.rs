//! What a test leaves behind, and how it goes: by its label, and by nothing else.
//!
//! So that a test that was killed is found by the next one, and nobody else's namespace is ever removed.

use std::time::{Duration, Instant};

use kube::Client;

use crate::ConnectivityError;
use crate::error::refused;
use crate::objects::{CLUSTER_POLICY, NAMESPACE, delete, ours};
use crate::stage::{CLIENTS, LABEL, SERVERS};

/// Namespaces go slowly: each of their pods has to be ended by its kubelet first.
const GONE_MAX: Duration = Duration::from_secs(120);
const EVERY: Duration = Duration::from_millis(500);

/// Everything of a test that is there.
pub(crate) async fn found(client: &Client) -> Result<Vec<String>, ConnectivityError> {
    let namespaces = ours(client, NAMESPACE).await?;
    let policies = ours(client, CLUSTER_POLICY).await?;
    let namespaces = namespaces.into_iter().map(|name| format!("namespace {name}"));
    let policies = policies.into_iter().map(|name| format!("ClusterNetworkPolicy {name}"));
    Ok(namespaces.chain(policies).collect())
}

/// Nothing may be left, and nobody else may have our names.
pub(crate) async fn nothing(client: &Client) -> Result<(), ConnectivityError> {
    let names = found(client).await?;
    if !names.is_empty() {
        return Err(ConnectivityError::LeftOver { names });
    }
    for namespace in [CLIENTS, SERVERS] {
        let api = NAMESPACE.everywhere(client);
        let there = api.get_opt(namespace).await.map_err(refused("read", namespace))?;
        let is_foreign = there
            .is_some_and(|it| it.metadata.labels.is_none_or(|labels| !labels.contains_key(LABEL)));
        if is_foreign {
            return Err(ConnectivityError::Foreign { namespace: namespace.to_owned() });
        }
    }
    Ok(())
}

/// Removes everything that tests made, and waits until it is gone. Returns what that was.
///
/// # Errors
/// Where the API server refuses, or it does not go.
pub async fn clean_up(client: &Client) -> Result<Vec<String>, ConnectivityError> {
    let names = found(client).await?;
    for kind in [CLUSTER_POLICY, NAMESPACE] {
        for name in ours(client, kind).await? {
            delete(&kind.everywhere(client), &name).await?;
        }
    }
    let begun = Instant::now();
    let mut every = tokio::time::interval(EVERY);
    loop {
        every.tick().await;
        let left = found(client).await?;
        if left.is_empty() {
            return Ok(names);
        }
        if begun.elapsed() >= GONE_MAX {
            return Err(ConnectivityError::NotGone { names: left, seconds: GONE_MAX.as_secs() });
        }
    }
}
