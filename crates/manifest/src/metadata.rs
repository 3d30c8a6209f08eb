//! `metadata`: the part that all objects share.

use model::Labels;

use crate::check::{dns_label, dns_subdomain};
use crate::fields::{Fields, boolean, text};
use crate::reader::{Read, Reader, all};
use crate::selector::labels;
use crate::yaml::{Entry, Span, Tree};

const READ: [&str; 5] = ["name", "namespace", "labels", "annotations", "ownerReferences"];
const OTHERS: [&str; 11] = [
    "generateName",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "finalizers",
    "managedFields",
    "clusterName",
];

/// A reference to what made an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnerReference {
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// One annotation and its place.
#[derive(Clone, Debug)]
pub(crate) struct Annotation {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) span: Span,
}

/// What is read of `metadata`.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) name_span: Span,
    /// The namespace, or the default where none is written; meaningless for cluster-scoped kinds.
    pub(crate) namespace: String,
    pub(crate) labels: Labels,
    pub(crate) annotations: Vec<Annotation>,
    /// The controller among `ownerReferences`.
    pub(crate) owner: Option<OwnerReference>,
}

impl Metadata {
    /// Reads `metadata` of `object`.
    pub(crate) fn read(object: &Fields<'_>, reader: &mut Reader<'_>) -> Read<Self> {
        let node = object.need("metadata", reader)?;
        let known: Vec<&str> = READ.iter().chain(&OTHERS).copied().collect();
        let fields = Fields::strict(node, "metadata", &known, reader);
        let fields = fields?;
        let name = fields.required("name", reader, dns_subdomain);
        let namespace = fields.optional("namespace", reader, dns_label);
        let labels = fields.optional("labels", reader, labels);
        let annotations = fields.optional("annotations", reader, annotations);
        let owner = fields.list("ownerReferences", reader, owner_reference);
        let default = || reader.options.default_namespace.clone();
        Ok(Self {
            name: name?,
            name_span: fields.get("name").map_or(fields.span, |name| name.span()),
            namespace: namespace?.unwrap_or_else(default),
            labels: labels?.unwrap_or_default(),
            annotations: annotations?.unwrap_or_default(),
            owner: owner?
                .into_iter()
                .flatten()
                .find_map(|(owner, controls)| controls.then_some(owner)),
        })
    }

    /// Reads the labels of a pod template's `metadata`, which has no name.
    pub(crate) fn template_labels(node: Tree<'_>, reader: &mut Reader<'_>) -> Read<Labels> {
        let fields = Fields::of(node, "the template's metadata", reader)?;
        let fields = fields.reject_near(&["labels"], &OTHERS, reader)?;
        Ok(fields.optional("labels", reader, labels)?.unwrap_or_default())
    }
}

fn annotations(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Vec<Annotation>> {
    let fields = Fields::of(node, "annotations", reader)?;
    let read = |entry: Entry<'_>| {
        let value = match entry.value.is_null() {
            true => String::new(),
            false => text(entry.value, entry.key, reader)?.to_owned(),
        };
        Ok(Annotation { key: entry.key.to_owned(), value, span: entry.value.span() })
    };
    all(fields.entries(), read)
}

fn owner_reference(
    node: Tree<'_>,
    _: &str,
    reader: &mut Reader<'_>,
) -> Read<(OwnerReference, bool)> {
    let fields = Fields::of(node, "an owner reference", reader)?;
    let kind = fields.required("kind", reader, text);
    let name = fields.required("name", reader, text);
    let controls = fields.optional("controller", reader, boolean);
    let owner = OwnerReference { kind: kind?.to_owned(), name: name?.to_owned() };
    Ok((owner, controls?.unwrap_or(true)))
}
