//! Writes what was decided, by server-side apply, and tells the Events that go with it.
//!
//! It has no opinions: what is to be written is in the write.

use std::time::{Duration, Instant};

use api::ResourceVersion;
use cluster::{Key, Kind};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use serde_json::Value;
use tokio::time::timeout;

use crate::budget::Budget;
use crate::kinds::{KEPT, POLICY_STATUS};
use crate::metrics::Metrics;
use crate::tell::{Severity, Tale};
use crate::write::{What, Write};

/// Who writes, in the API server's books and in Events.
const MANAGER: &str = "ringfence-controller";
/// A server that takes longer is asked again.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// What an Event's note holds, in octets.
const NOTE_MAX: usize = 1000;

/// Why something is not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error("the API server does not answer")]
    Late,
    #[error("the API server refuses it: {0}")]
    Refused(#[from] kube::Error),
    #[error("there is no kind to write it to")]
    NoKind,
}

pub(crate) struct Writer {
    client: Client,
    recorder: Recorder,
    budget: Budget,
    begun: Instant,
    metrics: Metrics,
}

impl Writer {
    pub(crate) fn new(client: Client, identity: String, metrics: Metrics) -> Self {
        let reporter = Reporter { controller: MANAGER.to_owned(), instance: Some(identity) };
        let recorder = Recorder::new(client.clone(), reporter);
        let begun = Instant::now();
        Self { client, recorder, budget: Budget::new(Duration::ZERO), begun, metrics }
    }

    /// Writes it. Returns the version that the object has then.
    pub(crate) async fn write(&self, write: &Write) -> Result<ResourceVersion, WriteError> {
        let own = KEPT.iter().find(|kind| kind.kind == POLICY_STATUS).ok_or(WriteError::NoKind)?;
        let (kind, needs_object) = match write.what {
            What::Status { needs_object, .. } => (own, needs_object),
            What::Conditions(_) => (write.kind, false),
        };
        let (api, name) = (self.api(kind, &write.key), write.key.name.as_str());
        let params = PatchParams::apply(MANAGER).force();
        if needs_object {
            let object = Patch::Apply(write.object(own));
            answered(api.patch(name, &params, &object)).await?;
        }
        let status: Patch<Value> = Patch::Apply(write.status(kind));
        let written = answered(api.patch_status(name, &params, &status)).await?;
        let version = written.metadata.resource_version.as_deref().and_then(api::parse_version);
        Ok(version.unwrap_or_default())
    }

    /// Tells what goes with it, unless too much was told already. What fails is not told again: the object
    /// says it too.
    pub(crate) async fn tell(&mut self, write: &Write) {
        let Some(tale) = &write.tale else { return };
        if !self.budget.take(self.begun.elapsed()) {
            self.metrics.untold();
            return;
        }
        let (event, regarding) = (event(tale), regarding(write));
        let told = answered(self.recorder.publish(&event, &regarding)).await;
        if let Err(error) = &told {
            tracing::warn!(policy = write.key.name, %error, "an event is not told");
        }
        self.metrics.told(told.is_ok());
    }

    fn api(&self, kind: &Kind, key: &Key) -> Api<DynamicObject> {
        let (client, resource) = (self.client.clone(), kind.resource());
        match key.namespace.as_str() {
            "" => Api::all_with(client, &resource),
            namespace => Api::namespaced_with(client, namespace, &resource),
        }
    }
}

fn event(tale: &Tale) -> Event {
    let type_ = match tale.severity {
        Severity::Normal => EventType::Normal,
        Severity::Warning => EventType::Warning,
    };
    let note = tale.note.get(..tale.note.floor_char_boundary(NOTE_MAX)).map(ToOwned::to_owned);
    let (reason, action) = (tale.reason.clone(), "Program".to_owned());
    Event { type_, reason, note, action, secondary: None }
}

fn regarding(write: &Write) -> ObjectReference {
    ObjectReference {
        api_version: Some(write.kind.api_version()),
        kind: Some(write.kind.kind.to_owned()),
        namespace: Some(write.key.namespace.clone()),
        name: Some(write.key.name.clone()),
        uid: Some(write.uid.clone()),
        resource_version: Some(write.version.to_string()),
        ..ObjectReference::default()
    }
}

async fn answered<T>(asked: impl Future<Output = Result<T, kube::Error>>) -> Result<T, WriteError> {
    match timeout(ANSWER_MAX, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(WriteError::Late),
    }
}
