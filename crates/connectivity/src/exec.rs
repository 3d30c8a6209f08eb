//! Runs a client's script in its pod, as `kubectl exec` does.
//!
//! One `exec` a client and a round, because each costs the API server a connection to a kubelet.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, AttachParams};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::answer::{heard, script};
use crate::stage::{self, CLIENTS};
use crate::{ConnectivityError, Outcome, Probe};

/// A script that takes longer than this hangs.
const SCRIPT_MAX: Duration = Duration::from_secs(120);

/// Tries all probes, each from its own client; what was said of each, in their order.
pub(crate) async fn outcomes(
    client: &Client,
    probes: &[Probe],
    patience_ms: u64,
) -> Result<Vec<Outcome>, ConnectivityError> {
    let mut by_client: BTreeMap<usize, Vec<(usize, &Probe)>> = BTreeMap::new();
    for numbered in probes.iter().enumerate() {
        by_client.entry(numbered.1.client).or_default().push(numbered);
    }
    let asked = by_client.into_iter().map(|(at, probes)| async move {
        let text = ask(client, &stage::client(at), script(probes.into_iter(), patience_ms)).await?;
        Ok::<_, ConnectivityError>(heard(&text))
    });
    let mut all: BTreeMap<usize, Outcome> =
        try_join_all(asked).await?.into_iter().flatten().collect();
    Ok((0..probes.len()).map(|at| all.remove(&at).unwrap_or(Outcome::Unheard)).collect())
}

/// What the script writes to its standard output.
async fn ask(client: &Client, pod: &str, script: String) -> Result<String, ConnectivityError> {
    let failed = |why: String| ConnectivityError::Exec { pod: pod.to_owned(), why };
    let api: Api<Pod> = Api::namespaced(client.clone(), CLIENTS);
    // An input that is held open: where it is closed, servers of before 1.30 end the whole exec.
    let params = AttachParams::default().stdin(true).stderr(false);
    let run = async {
        let mut process = api.exec(pod, ["sh", "-c", &script], &params).await;
        let process = process.as_mut().map_err(|error| failed(error.to_string()))?;
        let mut text = String::new();
        if let Some(mut out) = process.stdout() {
            out.read_to_string(&mut text).await.map_err(|error| failed(error.to_string()))?;
        }
        Ok(text)
    };
    match timeout(SCRIPT_MAX, run).await {
        Ok(said) => said,
        Err(_) => Err(failed(format!("nothing after {} s", SCRIPT_MAX.as_secs()))),
    }
}
