//! The reading: from documents to a world's parts, its rules, and everything that is wrong.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use model::{Enforcement, Place, PolicyKind, PolicyRef, Rules, WorldParts};

use crate::assemble::{Found, assemble};
use crate::elsewhere::reread;
use crate::kind::Kind;
use crate::kind::admin_network_policy::{admin_network_policy, baseline_admin_network_policy};
use crate::kind::cluster_network_policy::cluster_network_policy;
use crate::kind::endpoint_slice::endpoint_slice;
use crate::kind::namespace::namespace;
use crate::kind::network_policy::network_policy;
use crate::kind::node::node;
use crate::kind::pod::{PodRead, pod};
use crate::kind::service::service;
use crate::kind::workload::workload;
use crate::lint::lint;
use crate::lower::Policy;
use crate::object::{Object, Sorter};
use crate::reader::Reader;
use crate::written::Written;
use crate::yaml::{Comment, Forest, Span, parse};
use crate::{Document, Options, Problem};

/// What documents say.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The parts of the world; they always make one.
    pub parts: WorldParts,
    /// The rules, with their places.
    pub rules: Rules,
    /// What could not be read or contradicts itself. One is enough to make the answer incomplete.
    pub problems: Vec<Problem>,
    /// What is legal and probably not meant.
    pub lints: Vec<Problem>,
    /// How many objects of each kind (`GROUP/KIND`) were left out because they do not matter, or
    /// because the options say so.
    pub skipped: BTreeMap<String, usize>,
    /// Every staged policy (ruling N37). Their rules are staged ones of `rules`, or enforced ones where
    /// the options say so.
    pub staged: Vec<PolicyRef>,
    /// The namespaces that say `audit`: what policies say of their pods is staged (ruling N41), in the
    /// same way.
    pub audited: Vec<String>,
    /// Every object as it was written, whatever became of it.
    pub written: Vec<Written>,
    forests: Vec<Arc<Forest>>,
}

impl Reading {
    /// Whether everything that matters could be read (ruling E4).
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    /// The comments that have a line of their own.
    #[must_use]
    pub fn comments(&self) -> Vec<Comment> {
        self.forests.iter().flat_map(|forest| forest.comments()).collect()
    }
}

/// Reads documents. Their order does not matter (ruling E6).
#[must_use]
pub fn read(documents: &[Document], options: &Options) -> Reading {
    read_beside(documents, options, Vec::new()).0
}

/// Reads documents but those of `known` pods, which were read before from the same texts. Returns the
/// pods that were read now as well.
pub(crate) fn read_beside(
    documents: &[Document],
    options: &Options,
    known: Vec<PodRead>,
) -> (Reading, Vec<PodRead>) {
    let mut reader = Reader::new(documents, options);
    let forests = forests(&known, &mut reader);
    let mut sorter = Sorter::default();
    // What replaces comes first, so that what is replaced is known when it is met.
    let (base, over) = forests.split_at(options.base.min(forests.len()));
    for forest in over.iter().chain(base) {
        sorter.take(forest, &mut reader);
    }
    let before = known.len();
    let mut found = Found { pods: known, ..Found::default() };
    for object in &sorter.objects {
        decode(object, &mut found, &mut reader);
    }
    let fresh = found.pods.get(before..).map(<[PodRead]>::to_vec).unwrap_or_default();
    let mut policies = std::mem::take(&mut found.policies);
    let (mut parts, pods) = assemble(found, &policies, &mut reader);
    lint(&parts, &pods, &policies, &mut reader);
    reread(&mut parts, &mut policies, options);
    let Reader { mut problems, mut lints, .. } = reader;
    problems.sort_by_key(Problem::position);
    lints.sort_by_key(Problem::position);
    let staged = staged(&policies);
    let rules = rules(policies, documents);
    let rules = match options.staged {
        true => rules,
        false => {
            rules.with_staged(staged.iter().cloned()).under(options.enforcement, &parts.namespaces)
        }
    };
    let audited = audited(&parts);
    let Sorter { skipped, written, .. } = sorter;
    let reading =
        Reading { parts, rules, problems, lints, skipped, staged, audited, written, forests };
    (reading, fresh)
}

fn audited(parts: &WorldParts) -> Vec<String> {
    let namespaces = parts.namespaces.iter();
    let audited =
        namespaces.filter(|(_, labels)| Enforcement::Enforce.within(labels) == Enforcement::Audit);
    audited.map(|(name, _)| name.clone()).collect()
}

fn staged(policies: &[Policy]) -> Vec<PolicyRef> {
    let staged = policies.iter().filter(|policy| policy.transition.staged);
    let mut staged: Vec<PolicyRef> = staged.map(|policy| policy.reference.clone()).collect();
    staged.sort_unstable();
    staged
}

fn forests(known: &[PodRead], reader: &mut Reader<'_>) -> Vec<Arc<Forest>> {
    let known: HashSet<u32> = known.iter().map(|pod| pod.span.document).collect();
    let mut forests = Vec::new();
    for (at, document) in (0..).zip(reader.documents).filter(|(at, _)| !known.contains(at)) {
        let (forest, failures) = parse(at, &document.text);
        forests.push(Arc::new(forest));
        for (span, error, other) in failures {
            match other {
                Some(other) => reader.refuse_pair(span, other, error),
                None => reader.refuse(span, error),
            };
        }
    }
    forests
}

/// Reads one object. What is refused is reported, and adds nothing.
fn decode(object: &Object<'_>, found: &mut Found, reader: &mut Reader<'_>) {
    match object.kind {
        Kind::Pod => found.pods.extend(pod(object, reader)),
        Kind::Namespace => found.namespaces.extend([namespace(object, reader)]),
        Kind::Node => found.nodes.extend(node(object, reader)),
        Kind::Service => found.services.extend(service(object, reader)),
        Kind::EndpointSlice => found.slices.extend(endpoint_slice(object, reader)),
        Kind::Workload(kind) => found.workloads.extend(workload(object, kind, reader)),
        Kind::Policy(kind) => found.policies.push(policy(object, kind, reader)),
    }
}

fn policy(object: &Object<'_>, kind: PolicyKind, reader: &mut Reader<'_>) -> Policy {
    match kind {
        PolicyKind::NetworkPolicy => network_policy(object, reader),
        PolicyKind::ClusterNetworkPolicy => cluster_network_policy(object, reader),
        PolicyKind::AdminNetworkPolicy => admin_network_policy(object, reader),
        PolicyKind::BaselineAdminNetworkPolicy => baseline_admin_network_policy(object, reader),
    }
}

fn rules(policies: Vec<Policy>, documents: &[Document]) -> Rules {
    let place = |span: Span| {
        let document = documents.get(span.document as usize);
        let file = document.map_or_else(|| Arc::from(""), |document| Arc::clone(&document.name));
        Place { file, line: span.line }
    };
    let all = policies.iter().flat_map(|policy| &policy.rules).map(|(rule, _)| rule.clone());
    let mut rules = Rules::new(all.collect());
    for policy in policies {
        if policy.transition.keeping {
            rules = rules.with_keeping(policy.reference.clone());
        }
        rules = rules.with_policy_place(policy.reference, place(policy.span));
        for (rule, span) in policy.rules {
            rules = rules.with_place(rule.origin, place(span));
        }
    }
    rules
}
