//! Which nodes can run a probe, and whether all pods do.
//!
//! A probe from a pod that is not there yet would be taken for a denial.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::Client;
use kube::api::{Api, ListParams};

use crate::ConnectivityError;
use crate::error::refused;
use crate::stage::{CLIENTS, LABEL, SERVERS};

const EVERY: Duration = Duration::from_millis(300);

/// The nodes that were named, or all that are ready and run Linux, by name.
pub(crate) async fn nodes(
    client: &Client,
    named: &[String],
) -> Result<Vec<String>, ConnectivityError> {
    let api: Api<Node> = Api::all(client.clone());
    let list = api.list(&ListParams::default()).await.map_err(refused("list", "nodes"))?;
    let ready = list.items.iter().filter(|node| can_run(node));
    let mut ready: Vec<String> = ready.filter_map(|node| node.metadata.name.clone()).collect();
    ready.sort_unstable();
    if let Some(node) = named.iter().find(|node| !ready.contains(node)) {
        return Err(ConnectivityError::NoSuchNode { node: node.clone() });
    }
    ready.retain(|node| named.is_empty() || named.contains(node));
    match ready.is_empty() {
        true => Err(ConnectivityError::NoNodes),
        false => Ok(ready),
    }
}

fn can_run(node: &Node) -> bool {
    let system = node.metadata.labels.as_ref().and_then(|labels| labels.get("kubernetes.io/os"));
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    let is_ready = conditions.any(|one| one.type_ == "Ready" && one.status == "True");
    is_ready && system.is_none_or(|system| system == "linux")
}

/// Waits until so many pods are ready and have addresses.
pub(crate) async fn pods(
    client: &Client,
    wanted: usize,
    patience: Duration,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<(), ConnectivityError> {
    let (begun, mut every) = (Instant::now(), tokio::time::interval(EVERY));
    let mut said = String::new();
    loop {
        every.tick().await;
        let (there, lacking) = lacking(client).await?;
        if there == wanted && lacking.is_empty() {
            return Ok(());
        }
        let now = format!("{} of {wanted} pods are ready", there - lacking.len());
        if now != said {
            tell(&now);
            said = now;
        }
        if begun.elapsed() >= patience {
            return Err(ConnectivityError::NotReady { pods: lacking, seconds: patience.as_secs() });
        }
    }
}

/// How many pods there are, and what those lack that are not ready.
async fn lacking(client: &Client) -> Result<(usize, Vec<String>), ConnectivityError> {
    let (mut there, mut lacking) = (0, Vec::new());
    for namespace in [CLIENTS, SERVERS] {
        let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let params = ListParams::default().labels(LABEL);
        let list = api.list(&params).await.map_err(refused("list", "pods"))?;
        there += list.items.len();
        lacking.extend(list.items.iter().filter_map(|pod| lacks(namespace, pod)));
    }
    Ok((there, lacking))
}

fn lacks(namespace: &str, pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    let has_address = status.is_some_and(|status| status.pod_ip.is_some());
    if has_address && conditions.any(|one| one.type_ == "Ready" && one.status == "True") {
        return None;
    }
    let waiting = status.and_then(|status| status.container_statuses.as_ref());
    let why = waiting
        .into_iter()
        .flatten()
        .find_map(|container| container.state.as_ref()?.waiting.as_ref()?.reason.clone());
    let name = pod.metadata.name.clone().unwrap_or_default();
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).unwrap_or_default();
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    Some(format!("{namespace}/{name} on {node}{why}"))
}
