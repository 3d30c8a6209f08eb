//! Writes the node's status to the API server, never in the way of enforcement.
//!
//! Whoever works leaves the newest report in a mailbox and goes on; this takes it when there is time, at most
//! once a second, and writes what is not written yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::{Change, NodeStatus, PolicyKindInForce};
use cluster::Kind;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// A status is written no more often.
const EVERY: Duration = Duration::from_secs(1);
/// Somebody may have deleted it, so it is applied again now and then. What is the same makes no version.
const AGAIN: Duration = Duration::from_secs(300);
/// What failed is tried again after so long; each time it fails again twice that.
const RETRY: Duration = Duration::from_secs(2);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// A server that takes longer is asked again.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Who writes, in the API server's books.
const MANAGER: &str = "ringfence-agent";
const NOT_FOUND: u16 = 404;

/// Objects of a node each.
const KIND: Kind = Kind {
    group: api::GROUP,
    version: api::VERSION,
    kind: "NodeStatus",
    plural: "nodestatuses",
    is_optional: true,
};

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) status: NodeStatus,
    /// The uid of the Node, with which the status goes.
    pub(crate) owner: String,
}

/// Where the newest report lies until somebody has time to write it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mailbox {
    inside: Arc<Mutex<Inside>>,
    posted: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inside {
    waiting: Option<Report>,
    /// What the API server has, as far as is known.
    written: Option<Report>,
}

impl Mailbox {
    /// Leaves a report in place of the one before. It never waits.
    pub(crate) fn post(&self, report: Report) {
        let mut inside = self.inside();
        let Inside { waiting, written } = &*inside;
        let known = waiting.as_ref().or(written.as_ref());
        let status = with_slowest(report.status, known, waiting.is_none());
        let report = Report { status, ..report };
        let is_news = known != Some(&report);
        inside.waiting = (written.as_ref() != Some(&report)).then_some(report);
        if is_news {
            self.posted.notify_one();
        }
    }

    /// The newest report, as soon as there is one that is not written, or what was written long ago.
    async fn newest(&self) -> Report {
        loop {
            let posted = timeout(AGAIN, self.posted.notified());
            if let Some(report) = self.inside().waiting.clone() {
                return report;
            }
            let is_long_ago = posted.await.is_err();
            if let (true, Some(report)) = (is_long_ago, self.inside().written.clone()) {
                return report;
            }
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the API server has an object of this owner, as far as is known.
    fn is_of_owner(&self, owner: &str) -> bool {
        self.inside().written.as_ref().is_none_or(|written| written.owner == owner)
    }

    fn note_written(&self, report: Report) {
        let mut inside = self.inside();
        if inside.waiting.as_ref() == Some(&report) {
            inside.waiting = None;
        }
        inside.written = Some(report);
    }
}

/// Of several changes of a kind since the status was written the slowest counts, whatever came after it.
fn with_slowest(mut status: NodeStatus, known: Option<&Report>, is_written: bool) -> NodeStatus {
    for of_kind in &mut status.in_force {
        let known = known.and_then(|known| known.status.of_kind(&of_kind.kind)?.change);
        if let (Some(known), PolicyKindInForce { change: Some(change), .. }) = (known, of_kind) {
            change.milliseconds = slowest(known, *change, is_written);
        }
    }
    status
}

fn slowest(known: Change, new: Change, is_written: bool) -> u32 {
    match (known.at == new.at, is_written) {
        (true, _) => known.milliseconds,
        (false, true) => new.milliseconds,
        (false, false) => new.milliseconds.max(known.milliseconds),
    }
}

/// Writes what is posted, for as long as it is let.
pub(crate) async fn publish(client: Client, node: String, mailbox: Mailbox) {
    let api = Api::all_with(client, &KIND.resource());
    let writer = Writer { api, node };
    let (mut failed, mut pause) = (String::new(), RETRY);
    loop {
        let report = mailbox.newest().await;
        match writer.write(&report, mailbox.is_of_owner(&report.owner)).await {
            Ok(()) => {
                mailbox.note_written(report);
                (failed, pause) = (String::new(), RETRY);
                sleep(EVERY).await;
            }
            Err(error) => {
                let error = error.to_string();
                if error != failed {
                    tracing::warn!(error, "the node's status is not written");
                    failed = error;
                }
                sleep(pause).await;
                pause = pause.saturating_mul(2).min(RETRY_MAX);
            }
        }
    }
}

/// Why a status is not written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("the API server does not answer")]
    Late,
    #[error("the API server refuses it: {0}")]
    Refused(#[from] kube::Error),
}

struct Writer {
    api: Api<DynamicObject>,
    node: String,
}

impl Writer {
    /// The status first, since the object is nearly always there. One of a Node that was deleted goes with
    /// it, so it is given to the Node that there is now.
    async fn write(&self, report: &Report, is_ours: bool) -> Result<(), WriteError> {
        if is_ours {
            match self.apply_status(report).await {
                Err(WriteError::Refused(kube::Error::Api(status))) if status.code == NOT_FOUND => {}
                done => return done,
            }
        }
        let owner = json!({ "apiVersion": "v1", "kind": "Node", "name": self.node,
            "uid": report.owner });
        let metadata = json!({ "name": self.node, "ownerReferences": [owner] });
        let object = json!({ "apiVersion": KIND.api_version(), "kind": KIND.kind,
            "metadata": metadata });
        let params = params();
        self.answered(self.api.patch(&self.node, &params, &Patch::Apply(object))).await?;
        self.apply_status(report).await
    }

    async fn apply_status(&self, report: &Report) -> Result<(), WriteError> {
        let object = json!({ "apiVersion": KIND.api_version(), "kind": KIND.kind,
            "metadata": { "name": self.node }, "status": report.status });
        let params = params();
        self.answered(self.api.patch_status(&self.node, &params, &Patch::Apply(object))).await
    }

    async fn answered(
        &self,
        asked: impl Future<Output = Result<DynamicObject, kube::Error>>,
    ) -> Result<(), WriteError> {
        match timeout(ANSWER_MAX, asked).await {
            Ok(answer) => Ok(answer.map(drop)?),
            Err(_) => Err(WriteError::Late),
        }
    }
}

/// What we write is ours, whoever wrote it before.
fn params() -> PatchParams {
    PatchParams::apply(MANAGER).force()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use api::{Endpoints, Enforcement, ResourceVersion, Timestamp};

    use super::*;

    fn report(version: u64, at: i64, milliseconds: u32) -> Report {
        let at = Timestamp::from_second(at).unwrap();
        let status = NodeStatus {
            ready: true,
            since: Timestamp::UNIX_EPOCH,
            lacks: Vec::new(),
            enforcement: Enforcement::Enforce,
            agent_version: "1".into(),
            endpoints: Endpoints { attached: 1, enforced: 1 },
            in_force: vec![PolicyKindInForce {
                kind: "NetworkPolicy".into(),
                resource_version: ResourceVersion::new(version),
                change: Some(Change { at, milliseconds }),
            }],
            not_programmed: Vec::new(),
            not_programmed_count: 0,
            unreadable: Vec::new(),
            unreadable_count: 0,
            last_change: None,
        };
        Report { status, owner: "uid".into() }
    }

    fn waiting(mailbox: &Mailbox) -> Option<Report> {
        mailbox.inside().waiting.clone()
    }

    #[test]
    fn what_is_written_is_not_written_again_and_what_changed_back_neither() {
        let mailbox = Mailbox::default();
        mailbox.post(report(1, 1, 5));
        mailbox.note_written(report(1, 1, 5));
        mailbox.post(report(1, 1, 5));
        assert_eq!(waiting(&mailbox), None);
        mailbox.post(Report { owner: "other".into(), ..report(1, 1, 5) });
        assert!(waiting(&mailbox).is_some() && !mailbox.is_of_owner("other"));
        mailbox.post(report(1, 1, 5));
        assert_eq!(waiting(&mailbox), None);
    }

    #[test]
    fn what_came_while_a_report_was_written_still_waits() {
        let mailbox = Mailbox::default();
        mailbox.post(report(1, 1, 5));
        mailbox.post(report(2, 2, 5));
        mailbox.note_written(report(1, 1, 5));
        assert_eq!(waiting(&mailbox), Some(report(2, 2, 5)));
    }

    #[test]
    fn the_slowest_change_that_was_not_told_counts_and_is_forgotten_when_it_was() {
        let mailbox = Mailbox::default();
        mailbox.post(report(1, 1, 50));
        mailbox.post(report(2, 2, 5));
        assert_eq!(waiting(&mailbox), Some(report(2, 2, 50)));
        // Nothing changed since, and the agent still knows of the last change alone.
        mailbox.post(report(2, 2, 5));
        assert_eq!(waiting(&mailbox), Some(report(2, 2, 50)));
        mailbox.note_written(report(2, 2, 50));
        mailbox.post(report(2, 2, 5));
        assert_eq!(waiting(&mailbox), None);
        mailbox.post(report(3, 3, 6));
        assert_eq!(waiting(&mailbox), Some(report(3, 3, 6)));
    }
}
