//! Asks for the Lease, renews it, and gives it back: of several controllers one writes.
//!
//! Who could not renew it stops writing long before another may take it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Client;
use kube::api::{Api, ObjectMeta, PostParams};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::lease::{Claim, Seen, claim};
use crate::settings::LeaseSettings;

const CONFLICT: u16 = 409;

/// Whether this process may write.
#[derive(Clone, Debug)]
pub struct Leading(Arc<watch::Sender<Option<Instant>>>);

impl Default for Leading {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Leading {
    /// Whether it may at this moment.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.0.borrow().is_some_and(|until| Instant::now() < until)
    }
}

/// Why a Lease could not be asked for.
#[derive(Debug, thiserror::Error)]
pub enum ElectError {
    /// The API server does not answer.
    #[error("the API server does not answer")]
    Late,
    /// It refuses.
    #[error("the API server refuses it: {0}")]
    Refused(#[from] kube::Error),
}

/// Asks for a Lease.
#[derive(Debug)]
pub struct Elector {
    api: Api<Lease>,
    settings: LeaseSettings,
    identity: String,
    leading: Leading,
    seen: Seen,
    begun: Instant,
}

impl Elector {
    /// For `identity`, which has nothing yet.
    #[must_use]
    pub fn new(
        client: Client,
        settings: LeaseSettings,
        identity: String,
        leading: Leading,
    ) -> Self {
        let api = Api::namespaced(client, &settings.namespace);
        let (seen, begun) = (Seen::default(), Instant::now());
        Self { api, settings, identity, leading, seen, begun }
    }

    /// Asks and renews for as long as it is let.
    pub async fn run(&mut self) {
        let mut said = String::new();
        loop {
            match self.turn().await {
                Ok(()) => said.clear(),
                Err(error) if error.to_string() != said => {
                    said = error.to_string();
                    tracing::warn!(error = said, "the lease cannot be had");
                }
                Err(_) => {}
            }
            tokio::time::sleep(self.settings.renew).await;
        }
    }

    /// Does once what there is to do.
    ///
    /// # Errors
    /// Where the API server does not answer or refuses.
    pub async fn turn(&mut self) -> Result<(), ElectError> {
        let asked = Instant::now();
        let lease = self.answered(self.api.get_opt(&self.settings.name)).await?;
        let now = self.begun.elapsed();
        if let Some(lease) = &lease {
            self.seen.look(lease, now);
        }
        let claimed = claim(&self.identity, lease.as_ref(), &self.seen, now);
        if claimed == Claim::Wait {
            self.lead(None);
            return Ok(());
        }
        match self.put(claimed, lease).await {
            Ok(()) => self.lead(Some(asked + self.confidence())),
            // Another was faster.
            Err(ElectError::Refused(kube::Error::Api(status))) if status.code == CONFLICT => {
                self.lead(None);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Gives the Lease back, so that another need not wait for its end.
    ///
    /// # Errors
    /// Where the API server does not answer or refuses; then the others wait.
    pub async fn give_back(&mut self) -> Result<(), ElectError> {
        if !self.leading.is_held() {
            return Ok(());
        }
        self.lead(None);
        let Some(mut lease) = self.answered(self.api.get_opt(&self.settings.name)).await? else {
            return Ok(());
        };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_deref() != Some(&self.identity) {
            return Ok(());
        }
        spec.holder_identity = Some(String::new());
        spec.renew_time = Some(MicroTime(Timestamp::now()));
        self.replace(lease).await
    }

    async fn put(&self, claimed: Claim, lease: Option<Lease>) -> Result<(), ElectError> {
        let now = MicroTime(Timestamp::now());
        let mut lease = lease.unwrap_or_else(|| self.empty());
        let spec = lease.spec.get_or_insert_default();
        if claimed != Claim::Renew {
            let transitions = spec.lease_transitions.unwrap_or_default();
            let is_first = claimed == Claim::Make;
            spec.lease_transitions = Some(if is_first { 0 } else { transitions.saturating_add(1) });
            spec.acquire_time = Some(now.clone());
            spec.holder_identity = Some(self.identity.clone());
        }
        let seconds = self.settings.duration.as_secs().try_into().unwrap_or(i32::MAX);
        spec.lease_duration_seconds = Some(seconds);
        spec.renew_time = Some(now);
        match claimed {
            Claim::Make => {
                let params = PostParams::default();
                self.answered(self.api.create(&params, &lease)).await.map(drop)
            }
            Claim::Take | Claim::Renew | Claim::Wait => self.replace(lease).await,
        }
    }

    /// Only if nobody wrote it since it was read: its version is in it.
    async fn replace(&self, lease: Lease) -> Result<(), ElectError> {
        let (name, params) = (&self.settings.name, PostParams::default());
        self.answered(self.api.replace(name, &params, &lease)).await.map(drop)
    }

    fn empty(&self) -> Lease {
        let LeaseSettings { namespace, name, .. } = &self.settings;
        let metadata = ObjectMeta {
            namespace: Some(namespace.clone()),
            name: Some(name.clone()),
            ..ObjectMeta::default()
        };
        Lease { metadata, spec: Some(LeaseSpec::default()) }
    }

    fn lead(&self, until: Option<Instant>) {
        let was_held = self.leading.is_held();
        self.leading.0.send_replace(until);
        match (was_held, self.leading.is_held()) {
            (false, true) => tracing::info!(identity = self.identity, "this controller writes now"),
            (true, false) => {
                tracing::info!(identity = self.identity, "another controller may write")
            }
            (true, true) | (false, false) => {}
        }
    }

    /// Two thirds of the time after which another may take it: room for clocks and for a write under way.
    fn confidence(&self) -> Duration {
        self.settings.duration.saturating_mul(2) / 3
    }

    async fn answered<T>(
        &self,
        asked: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, ElectError> {
        match timeout(self.confidence(), asked).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(ElectError::Late),
        }
    }
}
