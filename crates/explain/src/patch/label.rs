//! The labels that select a workload and nobody else of its namespace.
//!
//! All labels that its pods share are named, so that tomorrow's pods are not let in by accident;
//! where others have these too, what they have beyond is excluded.

use std::collections::{BTreeMap, BTreeSet};

use analysis::Name;
use model::{Labels, PodId, World};

use super::refusal::Refusal;
use super::yaml::Yaml;

/// Labels in which the pods of one workload differ, whoever made them.
const OF_ONE_POD: [&str; 6] = [
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/controller-uid",
    "controller-uid",
    "pod-template-hash",
];
const OF_ONE_REVISION: [&str; 2] = ["controller-revision-hash", "pod-template-generation"];

/// A selector of pods inside one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Labelled {
    labels: BTreeMap<String, String>,
    absent: BTreeSet<String>,
    others: BTreeMap<String, BTreeSet<String>>,
}

/// The selector of the pods `ids`, which are the workload `name`.
pub(crate) fn labelled(world: &World, name: &Name, ids: &[PodId]) -> Result<Labelled, Refusal> {
    let own: Vec<&Labels> = ids.iter().map(|id| &world.pod(*id).labels).collect();
    let labels = shared(&own);
    if labels.is_empty() {
        return Err(Refusal::NoLabels { workload: name.to_string() });
    }
    let mut all = Labelled { labels, absent: BTreeSet::new(), others: BTreeMap::new() };
    let namespace = name.namespace().unwrap_or_default();
    for (id, pod) in world.pods() {
        let is_other = pod.namespace == namespace && !pod.host_network && !ids.contains(&id);
        if is_other && all.selects(&pod.labels) && !all.exclude(&pod.labels, &own) {
            let other = Name::of_workload(pod).to_string();
            return Err(Refusal::Inseparable { workload: name.to_string(), other });
        }
    }
    Ok(all)
}

fn shared(own: &[&Labels]) -> BTreeMap<String, String> {
    let Some(first) = own.first() else { return BTreeMap::new() };
    let lasts = |key: &str| !OF_ONE_POD.contains(&key) && !OF_ONE_REVISION.contains(&key);
    let everybody = |key: &str, value: &str| own.iter().all(|it| it.get(key) == Some(value));
    let shared = first.iter().filter(|(key, value)| lasts(key) && everybody(key, value));
    shared.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

impl Labelled {
    fn selects(&self, labels: &Labels) -> bool {
        self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.absent.iter().all(|key| labels.get(key).is_none())
            && self
                .others
                .iter()
                .all(|(key, values)| labels.get(key).is_none_or(|value| !values.contains(value)))
    }

    /// Excludes `other` by something that none of `own` has; false where there is nothing.
    fn exclude(&mut self, other: &Labels, own: &[&Labels]) -> bool {
        if let Some((key, _)) =
            other.iter().find(|(key, _)| own.iter().all(|it| it.get(key).is_none()))
        {
            self.absent.insert(key.to_owned());
            return true;
        }
        let differs = |key: &str, value: &str| own.iter().all(|it| it.get(key) != Some(value));
        let Some((key, value)) = other.iter().find(|(key, value)| differs(key, value)) else {
            return false;
        };
        self.others.entry(key.to_owned()).or_default().insert(value.to_owned());
        true
    }

    /// As a `LabelSelector`.
    pub(crate) fn yaml(&self) -> Yaml {
        let text = |text: &String| Yaml::Text(text.clone());
        let labels = self.labels.iter().map(|(key, value)| (key.clone(), text(value)));
        let mut fields = vec![("matchLabels".to_owned(), Yaml::Mapping(labels.collect()))];
        let absent = self.absent.iter().map(|key| expression(key, "DoesNotExist", None));
        let others = self.others.iter().map(|(key, values)| {
            expression(key, "NotIn", Some(Yaml::List(values.iter().map(text).collect())))
        });
        let expressions: Vec<Yaml> = absent.chain(others).collect();
        if !expressions.is_empty() {
            fields.push(("matchExpressions".to_owned(), Yaml::List(expressions)));
        }
        Yaml::Mapping(fields)
    }
}

fn expression(key: &str, operator: &str, values: Option<Yaml>) -> Yaml {
    let text = |text: &str| Yaml::Text(text.to_owned());
    let fields = [("key", Some(text(key))), ("operator", Some(text(operator))), ("values", values)];
    let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Yaml::Mapping(fields.collect())
}
