//! What the CNI plugin asks, and what is done about it.
//!
//! ADD is answered when the pod's policies are in force, all others at once.

use std::collections::BTreeSet;
use std::time::Instant;

use cni::{Answer, Attached as Protection, Attachment, AttachmentKey, Denied, Request};
use enforce::{PodState, chain};
use tokio::sync::oneshot;

use crate::AgentError;
use crate::attachment::{Attached, id};
use crate::host_end::{self, HostEndError};
use crate::node_agent::{NodeAgent, Waiting};

impl NodeAgent {
    /// Does what is asked. Whether the world is another now, so that everything has to be led there.
    pub(crate) fn asked(&mut self, request: Request, reply: oneshot::Sender<Answer>) -> bool {
        let command = word(&request);
        let (answer, is_news) = match request {
            Request::Add(attachment) => match self.add(&attachment) {
                Ok(Protection::Enforced) => {
                    let id = id(&attachment.key);
                    self.waiting.push(Waiting { id, since: Instant::now(), reply });
                    self.metrics.asked(command);
                    return true;
                }
                Ok(Protection::Unprotected) => (Answer::Attached(Protection::Unprotected), false),
                Err(denied) => (Answer::Denied(denied), false),
            },
            Request::Del(key) => (done(self.del(&[key])), true),
            Request::Check(attachment) => (self.check(&attachment), false),
            Request::Status => (self.status(), false),
            Request::Gc(valid) => (done(self.gc(&valid)), true),
        };
        self.metrics.asked(command);
        // A plugin that no longer listens asks again, or the runtime does.
        let _ = reply.send(answer);
        is_news
    }

    /// Attaches in quarantine, or to the pod's policies where they are in force already.
    fn add(&mut self, attachment: &Attachment) -> Result<Protection, Denied> {
        let Attachment { key, netns, pod, addresses } = attachment;
        let uid = pod.uid.clone().ok_or_else(|| Denied::Failed {
            why: "the runtime does not say K8S_POD_UID, and a name may be another pod's".into(),
        })?;
        let found = host_end::find(&self.settings.netns, netns.as_ref(), &key.interface);
        let end = match found {
            Err(error) if is_unprotectable(&error) && self.settings.allow_unprotected => {
                tracing::warn!(%error, pod = %format!("{}/{}", pod.namespace, pod.name),
                    "a pod runs without any policy");
                self.unprotected.insert(key.clone());
                return Ok(Protection::Unprotected);
            }
            found => found.map_err(denied)?,
        };
        let attached = Attached {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            uid,
            netns: netns.into(),
            index: end.index,
            mac: end.mac,
            addresses: if addresses.is_empty() { end.addresses } else { addresses.clone() },
            is_adopted: false,
        };
        self.attach(&id(key), attached).map_err(failed)?;
        Ok(Protection::Enforced)
    }

    fn attach(&mut self, id: &str, attached: Attached) -> Result<(), AgentError> {
        let is_in_the_way =
            |(at, one): &(&String, &Attached)| (one.index == attached.index) != (at.as_str() == id);
        let before: Vec<String> =
            self.attachments.iter().filter(is_in_the_way).map(|(at, _)| at.clone()).collect();
        self.detach(&before)?;
        // The bridge of a chain is made with its first pod.
        self.look_at_addresses()?;
        let interface = attached.interface(id, Self::owner(&self.view, &attached));
        self.attachments.insert(id, attached)?;
        Ok(self.enforcer.attach(&[interface], &self.wanted.world)?)
    }

    /// Detaches what is there of these.
    pub(crate) fn detach(&mut self, ids: &[String]) -> Result<(), AgentError> {
        for id in ids {
            self.enforcer.detach(id)?;
        }
        Ok(self.attachments.remove(ids)?)
    }

    fn del(&mut self, keys: &[AttachmentKey]) -> Result<(), AgentError> {
        keys.iter().for_each(|key| {
            self.unprotected.remove(key);
        });
        let ids: Vec<String> = keys.iter().map(id).collect();
        self.waiting.retain(|waiting| !ids.contains(&waiting.id));
        self.detach(&ids)
    }

    /// What was adopted has no name that the runtime knows; it goes with its interface.
    fn gc(&mut self, valid: &[AttachmentKey]) -> Result<(), AgentError> {
        let valid: BTreeSet<String> = valid.iter().map(id).collect();
        let gone = self.attachments.iter();
        let gone = gone.filter(|(id, one)| !one.is_adopted && !valid.contains(*id));
        let gone: Vec<String> = gone.map(|(id, _)| id.clone()).collect();
        self.unprotected.retain(|key| valid.contains(&id(key)));
        self.detach(&gone)
    }

    fn check(&self, Attachment { key, netns, .. }: &Attachment) -> Answer {
        let changed = |why: &str| Answer::Denied(Denied::Changed { why: why.to_owned() });
        if self.unprotected.contains(key) {
            return Answer::Done;
        }
        let end = match host_end::find(&self.settings.netns, netns.as_ref(), &key.interface) {
            Err(error) => return Answer::Denied(denied(error)),
            Ok(end) => end,
        };
        // What was adopted has another name than the runtime's.
        let is_it = |one: &Attached| (one.index, one.mac) == (end.index, end.mac);
        let found = self.attachments.iter().find(|(_, one)| is_it(one));
        match found.and_then(|(id, _)| self.enforcer.state(id)) {
            Some(PodState::Enforced) => Answer::Done,
            Some(PodState::Unowned | PodState::Behind | PodState::Held(..)) => {
                changed("its policies are not in force")
            }
            None => changed("its interface is not attached"),
        }
    }

    fn status(&self) -> Answer {
        match (self.is_settled, &self.failed) {
            (true, None) => Answer::Done,
            (true, Some(failed)) => {
                let why = format!("the node's policies cannot be programmed: {failed}");
                Answer::NotReady { why, pods_affected: true }
            }
            (false, _) => Answer::NotReady { why: self.not_begun(), pods_affected: false },
        }
    }

    /// Why nothing is in force yet.
    fn not_begun(&self) -> String {
        match (self.view.missing().as_slice(), &self.failed) {
            ([], None) => "the node's policies are being programmed for the first time".to_owned(),
            ([], Some(failed)) => format!("the node's policies cannot be programmed: {failed}"),
            (missing, _) => format!("the API server has not listed every {}", missing.join(", ")),
        }
    }
}

/// The commands, as metrics call them.
pub(crate) const COMMANDS: [&str; 5] = ["add", "del", "check", "status", "gc"];

fn word(request: &Request) -> &'static str {
    match request {
        Request::Add(_) => "add",
        Request::Del(_) => "del",
        Request::Check(_) => "check",
        Request::Status => "status",
        Request::Gc(_) => "gc",
    }
}

fn done(done: Result<(), AgentError>) -> Answer {
    done.map_or_else(|error| Answer::Denied(failed(error)), |()| Answer::Done)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: AgentError) -> Denied {
    Denied::Failed { why: chain(&error) }
}

fn is_unprotectable(error: &HostEndError) -> bool {
    matches!(error, HostEndError::NotVeth { .. } | HostEndError::Elsewhere(_))
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn denied(error: HostEndError) -> Denied {
    let why = chain(&error);
    match error {
        HostEndError::Namespace(_) | HostEndError::NoInterface(_) => Denied::Unknown { why },
        HostEndError::Kernel(_) => Denied::Failed { why },
        HostEndError::NotVeth { .. } | HostEndError::Elsewhere(_) => Denied::NoHostEnd {
            why: format!("{why}; `--allow-unprotected` lets such pods run without any policy"),
        },
    }
}
