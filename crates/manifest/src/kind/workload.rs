//! Workloads: kinds that make pods from a template.

use model::Labels;

use super::pod::{PodSpec, pod_spec};
use super::{Kind, WorkloadKind};
use crate::check::in_range;
use crate::fields::Fields;
use crate::metadata::{Metadata, OwnerReference};
use crate::object::Object;
use crate::reader::{Read, Reader};
use crate::yaml::{Span, Tree};

/// A workload.
pub(crate) struct Workload {
    pub(crate) kind: WorkloadKind,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) owner: Option<OwnerReference>,
    /// How many pods it wants.
    pub(crate) replicas: u32,
    /// The labels of its pods, without those that controllers add.
    pub(crate) labels: Labels,
    pub(crate) spec: PodSpec,
    pub(crate) span: Span,
}

impl WorkloadKind {
    pub(crate) fn name(self) -> &'static str {
        Kind::Workload(self).name()
    }

    /// The field that says how many pods run at a time.
    fn count_field(self) -> Option<&'static str> {
        match self {
            Self::Deployment
            | Self::ReplicaSet
            | Self::StatefulSet
            | Self::ReplicationController => Some("replicas"),
            Self::Job | Self::CronJob => Some("parallelism"),
            Self::DaemonSet => None,
        }
    }
}

/// Reads a workload.
pub(crate) fn workload(
    object: &Object<'_>,
    kind: WorkloadKind,
    reader: &mut Reader<'_>,
) -> Read<Workload> {
    let spec = object.fields.need("spec", reader)?;
    let spec = match kind {
        WorkloadKind::CronJob => job_spec(spec, reader)?,
        WorkloadKind::Deployment
        | WorkloadKind::ReplicaSet
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::Job
        | WorkloadKind::ReplicationController => spec,
    };
    let fields = Fields::of(spec, "a workload's spec", reader)?;
    let fields = fields.reject_near(&["replicas", "template"], &[], reader)?;
    let replicas = match kind.count_field() {
        Some(count) => fields.optional(count, reader, |node, field, reader| {
            in_range(node, field, (0, i64::from(i32::MAX)), reader)
        }),
        None => Ok(None),
    };
    let template = fields.required("template", reader, template);
    let (replicas, (labels, spec)) = (replicas?.unwrap_or(1), template?);
    let metadata = &object.metadata;
    Ok(Workload {
        kind,
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        owner: metadata.owner.clone(),
        replicas: u32::try_from(replicas).unwrap_or(u32::MAX),
        labels,
        spec,
        span: metadata.name_span,
    })
}

/// The spec of the jobs that a CronJob makes.
fn job_spec<'n>(spec: Tree<'n>, reader: &mut Reader<'_>) -> Read<Tree<'n>> {
    let fields = Fields::of(spec, "a CronJob's spec", reader)?;
    let fields = fields.reject_near(&["jobTemplate"], &[], reader)?;
    let template = fields.need("jobTemplate", reader)?;
    Fields::of(template, "a CronJob's jobTemplate", reader)?.need("spec", reader)
}

fn template(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<(Labels, PodSpec)> {
    let fields = Fields::of(node, "a pod template", reader)?;
    let fields = fields.reject_near(&["metadata", "spec"], &[], reader)?;
    let labels = fields
        .optional("metadata", reader, |node, _, reader| Metadata::template_labels(node, reader));
    let spec = fields.required("spec", reader, pod_spec);
    Ok((labels?.unwrap_or_default(), spec?))
}
