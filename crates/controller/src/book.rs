//! Everything that the controller knows, and what follows from it to be written.
//!
//! It hears what watches say, is asked now and then what there is to do, and is told what was done. It has
//! neither a clock nor a client, so that a test can be both.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Condition, ResourceVersion, Timestamp};
use cluster::{Heard, Key, Kind, News, Object, Store};

use crate::accept::{Accepted, accept};
use crate::kept::{self, Policy};
use crate::kinds::{KEPT, NODE_STATUS, POLICY_STATUS, policies};
use crate::known::{Told, Written};
use crate::metrics::Counts;
use crate::progress::Progress;
use crate::review::Facts;
use crate::standing::{Node, Standing, Which};
use crate::tell::tale;
use crate::write::{What, Write};

/// What the controller knows.
#[derive(Debug)]
pub struct Book {
    store: Store,
    /// A node should have an agent if it has these labels.
    node_labels: Vec<(String, String)>,
    pages: BTreeMap<(&'static str, Key), Page>,
    written: Written,
    /// Policies were looked at once, so that those that come now are new.
    has_looked: bool,
}

/// One policy.
#[derive(Debug)]
struct Page {
    /// As the watch said it, to see whether it is another.
    kept: Arc<str>,
    uid: String,
    policy: Policy,
    accepted: Accepted,
    progress: Progress,
    /// Its version came since this process looked first.
    is_new: bool,
}

impl Book {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(node_labels: Vec<(String, String)>) -> Self {
        let (pages, written) = (BTreeMap::new(), Written::default());
        Self { store: Store::of(&KEPT), node_labels, pages, written, has_looked: false }
    }

    /// Takes what a watch of one of [`KEPT`] says.
    pub fn hear(&mut self, (at, news): Heard) {
        if let (Some(kind), News::Gone(key)) = (KEPT.get(at), &news) {
            if kind.kind == POLICY_STATUS {
                self.written.forget(NETWORK_POLICY, key);
            }
            self.written.forget(kind.kind, key);
        }
        self.store.hear(at, news);
    }

    /// The kinds that were not listed yet; nothing may be written before there is none.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        self.store.incomplete().map(|kind| kind.kind).collect()
    }

    /// Another may have written meanwhile: what this process wrote is no longer what there is.
    pub fn forget_written(&mut self) {
        (self.written, self.has_looked) = (Written::default(), false);
        self.pages.clear();
    }

    /// What there is to write now.
    pub fn review(&mut self, now: Timestamp) -> Vec<Write> {
        if !self.missing().is_empty() {
            return Vec::new();
        }
        self.turn_pages();
        let nodes = self.nodes();
        let Self { store, pages, written, .. } = self;
        let writes = pages.iter_mut().filter_map(|((kind, key), page)| {
            let kind = KEPT.iter().find(|one| one.kind == *kind)?;
            let before = Before::of(store, written, (kind.kind, key), page);
            page.remember(&before);
            let standing = page.stand(kind.kind, key, &nodes);
            page.write(kind, key, &standing, &before, now)
        });
        writes.collect()
    }

    /// It was written, and the object has this version now.
    pub fn note(&mut self, write: &Write, version: ResourceVersion) {
        self.written.note(write.kind.kind, write.key.clone(), version, write.told());
    }

    /// How many there are of everything.
    pub fn counts(&mut self) -> Counts {
        self.turn_pages();
        let nodes = self.nodes();
        let count = |kind: &str| self.pages.keys().filter(|(of, _)| *of == kind).count();
        let is_read = |page: &&Page| !matches!(page.accepted, Accepted::Not { .. });
        Counts {
            policies: policies().map(|kind| (kind.kind, count(kind.kind))).collect(),
            unreadable: self.pages.len() - self.pages.values().filter(is_read).count(),
            silent: nodes.iter().filter(|node| node.is_silent()).count(),
            nodes: nodes.len(),
        }
    }

    /// The nodes that should have an agent, with what it said.
    fn nodes(&self) -> Vec<Node> {
        let said = |node: &Object| kept::node_status(self.store.get(NODE_STATUS, &node.key)?);
        let nodes = self.store.objects("Node");
        let nodes = nodes.filter(|node| kept::has_labels(node, &self.node_labels));
        nodes.map(|node| Node::new(node.key.name.clone(), said(node))).collect()
    }

    /// Reads policies that are new or changed, and forgets those that are gone.
    fn turn_pages(&mut self) {
        let Self { store, pages, has_looked, written, .. } = self;
        for kind in policies() {
            for object in store.objects(kind.kind) {
                let page = pages.entry((kind.kind, object.key.clone()));
                let page = page.or_insert_with(|| Page::of(kind, object, *has_looked));
                page.turn(kind, object);
            }
        }
        let is_there = |kind: &'static str, key: &Key| store.get(kind, key).is_some();
        pages.retain(|(kind, key), _| is_there(kind, key));
        written.retain(is_there);
        *has_looked = true;
    }
}

const NETWORK_POLICY: &str = "NetworkPolicy";

/// What was said of a policy so far.
struct Before {
    told: Option<Told>,
    /// The object in which it is said is there and the policy's.
    has_object: bool,
}

impl Before {
    fn of(
        store: &Store,
        written: &Written,
        (kind, key): (&'static str, &Key),
        page: &Page,
    ) -> Self {
        let of_policy = store.get(kind, key).map(|object| object.version);
        if kind != NETWORK_POLICY {
            let later = written.after(kind, key, of_policy.unwrap_or_default());
            let told = later.cloned().unwrap_or(Told::Conditions(page.policy.conditions.clone()));
            return Self { told: Some(told), has_object: true };
        }
        let object = store.get(POLICY_STATUS, key);
        let version = object.map_or(ResourceVersion::NONE, |object| object.version);
        let later = written.after(kind, key, version);
        let is_owned = |object: &Object| kept::owners(object).contains(&page.uid);
        let has_object = later.is_some() || object.is_some_and(is_owned);
        let said = || object.and_then(kept::policy_status);
        let told = later.cloned().or_else(|| Some(Told::Status(Box::new(said()?))));
        Self { told: told.filter(|_| has_object), has_object }
    }

    fn conditions(&self) -> Option<&[Condition]> {
        self.told.as_ref().map(Told::conditions)
    }
}

impl Page {
    fn of(kind: &'static Kind, object: &Object, is_new: bool) -> Self {
        let policy = Policy::of(object);
        let accepted = accept(&cluster::document(kind, object).name, &policy.text);
        let progress = Progress::begin(object.version, None);
        let (kept, uid) = (Arc::clone(&object.text), object.uid.clone());
        Self { kept, uid, policy, accepted, progress, is_new }
    }

    /// What changed in the status alone leaves the policy as it is, and its version too: a node that has the
    /// one before has this one.
    fn turn(&mut self, kind: &'static Kind, object: &Object) {
        if *self.kept == *object.text && self.uid == object.uid {
            return;
        }
        let policy = Policy::of(object);
        let is_same = policy.text == self.policy.text && self.uid == object.uid;
        match is_same {
            true => (self.policy, self.kept) = (policy, Arc::clone(&object.text)),
            false => *self = Self::of(kind, object, true),
        }
    }

    fn stand(&mut self, kind: &'static str, key: &Key, nodes: &[Node]) -> Standing {
        let Key { namespace, name } = key;
        let which = Which { kind, namespace, name, version: self.progress.version };
        let standing = Standing::of(which, nodes);
        self.progress.look(kind, nodes, &standing, std::mem::take(&mut self.is_new));
        standing
    }

    /// Who wrote before knows how this version came to the kernels.
    fn remember(&mut self, before: &Before) {
        if let (Some(Told::Status(told)), None) = (&before.told, self.progress.in_kernel) {
            let is_same = told.policy_resource_version == self.progress.version;
            self.progress.in_kernel = told.in_kernel.filter(|_| is_same);
        }
    }

    fn write(
        &self,
        kind: &'static Kind,
        key: &Key,
        standing: &Standing,
        before: &Before,
        now: Timestamp,
    ) -> Option<Write> {
        let Self { policy, accepted, progress, .. } = self;
        let facts = Facts { generation: policy.generation, accepted, standing, progress };
        let conditions = facts.conditions(before.conditions().unwrap_or_default(), now);
        let (told, tale) = match kind.kind {
            NETWORK_POLICY => {
                let tale = tale(before.conditions(), &conditions);
                (Told::Status(Box::new(facts.status(conditions))), tale)
            }
            _ => (Told::Conditions(with_others(&conditions, before.conditions())), None),
        };
        if before.told.as_ref() == Some(&told) {
            return None;
        }
        let what = match told {
            Told::Status(status) => What::Status { status, needs_object: !before.has_object },
            Told::Conditions(conditions) => What::Conditions(ours(conditions)),
        };
        let (key, uid) = (key.clone(), self.uid.clone());
        Some(Write { kind, key, uid, version: self.progress.version, what, tale })
    }
}

/// In the order in which they are there, with those of others.
fn with_others(new: &[Condition], before: Option<&[Condition]>) -> Vec<Condition> {
    let before = before.unwrap_or_default();
    let of = |kind: &str| new.iter().find(|one| one.kind == kind).cloned();
    let known = before.iter().map(|old| of(&old.kind).unwrap_or_else(|| old.clone()));
    let more = new.iter().filter(|one| !before.iter().any(|old| old.kind == one.kind)).cloned();
    known.chain(more).collect()
}

/// What is applied: what others say is theirs.
fn ours(conditions: Vec<Condition>) -> Vec<Condition> {
    let is_ours = |one: &Condition| [api::ACCEPTED, api::PROGRAMMED].contains(&one.kind.as_str());
    conditions.into_iter().filter(is_ours).collect()
}
