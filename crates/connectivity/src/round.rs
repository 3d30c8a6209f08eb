//! One step: its policies are applied, and everything is tried until it comes out or time is up.
//!
//! When a policy is in force nobody can say from outside, so a round that disagrees is tried again for a
//! while; what disagrees then, has failed. The objects are listed anew each time, because what must come
//! out is what they say.

use std::time::{Duration, Instant};

use cluster::{Connection, Scope};
use kube::Client;
use model::Enforcement;

use crate::probe::Proof;
use crate::{ConnectivityError, Outcome, PlanError, Probe, exec};

const AGAIN: Duration = Duration::from_millis(500);

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For what one probe waits, milliseconds.
    pub(crate) probe_ms: u64,
    /// Until all of a step has come out.
    pub(crate) step: Duration,
}

/// What the last round of a step found.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) probes: Vec<Probe>,
    pub(crate) outcomes: Vec<Outcome>,
}

impl Round {
    /// Every probe with what it found.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&Probe, &Outcome)> {
        self.probes.iter().zip(&self.outcomes)
    }

    fn is_good(&self) -> bool {
        self.each().all(|(probe, outcome)| outcome.is(probe.expected))
    }
}

/// Reads the whole cluster.
pub(crate) async fn proof(
    connection: &Connection,
    enforcement: Enforcement,
) -> Result<Proof, ConnectivityError> {
    let scope = Scope { namespaces: Vec::new(), is_whole: true };
    let listed = cluster::list(connection, &scope, &|_| ()).await?;
    Ok(Proof::new(&listed.documents, enforcement)?)
}

/// Tries everything between so many nodes until it comes out as the oracle says, or time is up.
pub(crate) async fn settled(
    connection: &Connection,
    (nodes, enforcement): (usize, Enforcement),
    patience: Patience,
) -> Result<Round, ConnectivityError> {
    let begun = Instant::now();
    loop {
        let round = round(connection, (nodes, enforcement), patience.probe_ms).await;
        let is_late = begun.elapsed() >= patience.step;
        match round {
            Ok(round) if round.is_good() || is_late => return Ok(round),
            Err(error) if is_late || !is_passing(&error) => return Err(error),
            Ok(_) | Err(_) => tokio::time::sleep(AGAIN).await,
        }
    }
}

/// A Service's backends come a moment after its pods.
fn is_passing(error: &ConnectivityError) -> bool {
    matches!(
        error,
        ConnectivityError::Plan(
            PlanError::Backends(_) | PlanError::NoService(_) | PlanError::NoFamily(..)
        )
    )
}

async fn round(
    connection: &Connection,
    (nodes, enforcement): (usize, Enforcement),
    probe_ms: u64,
) -> Result<Round, ConnectivityError> {
    let probes = proof(connection, enforcement).await?.probes(nodes)?;
    let client: &Client = &connection.client;
    let outcomes = exec::outcomes(client, &probes, probe_ms).await?;
    Ok(Round { probes, outcomes })
}
