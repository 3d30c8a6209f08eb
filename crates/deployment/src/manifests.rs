//! The manifests, as they were when this was built.
//!
//! They are what `deploy/manifests/generate.sh` writes from the chart, so both ways install the same.

use kube::api::ApiResource;
use serde_json::Value;

use crate::DeploymentError;
use crate::kinds::resource;

/// The namespace of everything of ours.
pub const NAMESPACE: &str = "ringfence-system";
/// The agents' DaemonSet.
pub(crate) const AGENT: &str = "ringfence-agent";
/// The DaemonSet and the Job that take everything off the nodes.
pub(crate) const UNINSTALL: &str = "ringfence-uninstall";

const AGENTS: &str = include_str!("../../../deploy/manifests/ringfence.yaml");
const UNINSTALLER: &str = include_str!("../../../deploy/manifests/uninstall.yaml");
/// The image in them, up to its tag.
const IMAGE: &str = "image: ringfence.io/ringfence:";

/// An object of the manifests.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// What it is.
    pub(crate) resource: ApiResource,
    /// Its name.
    pub(crate) name: String,
    /// Its namespace, if it has one.
    pub(crate) namespace: Option<String>,
    /// All of it.
    pub(crate) object: Value,
}

impl Manifest {
    /// Its kind and name.
    #[must_use]
    pub fn called(&self) -> String {
        format!("{} {}", self.resource.kind, self.name)
    }

    fn read(text: &str) -> Result<Option<Self>, DeploymentError> {
        let object: Value = serde_saphyr::from_str(text)
            .map_err(|error| DeploymentError::Manifest { why: error.to_string() })?;
        if object.is_null() {
            return Ok(None);
        }
        let word = |at: &str| object.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let (version, kind) = (word("/apiVersion"), word("/kind"));
        let found = version.zip(kind).and_then(|(version, kind)| resource(&version, &kind));
        let unknown = || DeploymentError::Manifest { why: format!("no kind is known of {object}") };
        let (resource, name) = found.zip(word("/metadata/name")).ok_or_else(unknown)?;
        let namespace = word("/metadata/namespace");
        Ok(Some(Self { resource, name, namespace, object }))
    }
}

/// The text of the manifests of agents, with another image where one is said.
#[must_use]
pub fn agents(image: Option<&str>) -> String {
    with_image(AGENTS, image)
}

/// The text of what takes everything off the nodes.
#[must_use]
pub fn uninstaller(image: Option<&str>) -> String {
    with_image(UNINSTALLER, image)
}

fn with_image(text: &str, image: Option<&str>) -> String {
    let Some(image) = image else { return text.to_owned() };
    let line = |line: &str| match line.find(IMAGE) {
        Some(at) => format!("{}image: {image}\n", line.get(..at).unwrap_or_default()),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// The objects of a text, in their order.
pub(crate) fn objects(text: &str) -> Result<Vec<Manifest>, DeploymentError> {
    let texts = text.split("\n---\n").map(|one| one.strip_prefix("---\n").unwrap_or(one));
    let has_content =
        |text: &&str| text.lines().any(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let read = texts.filter(has_content).map(Manifest::read);
    Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;

    #[test]
    fn every_object_of_the_manifests_is_known_and_what_is_waited_for_is_among_them() {
        let names = |text: &str| -> Vec<String> {
            objects(text).unwrap().iter().map(Manifest::called).collect()
        };
        let agents = names(&agents(None));
        assert_eq!(agents.first().map(String::as_str), Some("Namespace ringfence-system"));
        assert!(agents.contains(&format!("DaemonSet {AGENT}")), "{agents:?}");
        assert_eq!(agents.len(), AGENTS.matches("\nkind: ").count());
        let uninstaller = names(&uninstaller(None));
        for kind in ["DaemonSet", "Job"] {
            assert!(uninstaller.contains(&format!("{kind} {UNINSTALL}")), "{uninstaller:?}");
        }
        assert_eq!(uninstaller.len(), UNINSTALLER.matches("\nkind: ").count());
    }

    #[test]
    fn another_image_is_in_every_container_and_nothing_else_is_changed() {
        for (own, other) in
            [(agents(None), agents(Some("x/y:1"))), (uninstaller(None), uninstaller(Some("x/y:1")))]
        {
            let differ = own.lines().zip(other.lines()).filter(|(one, other)| one != other);
            let differ: Vec<(&str, &str)> = differ.collect();
            assert!(!differ.is_empty() && differ.len() == own.matches(IMAGE).count());
            assert!(differ.iter().all(|(_, other)| other.trim() == "image: x/y:1"), "{differ:?}");
        }
    }

    #[test]
    fn an_object_of_no_known_kind_is_an_error_and_not_left_out() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n";
        assert!(matches!(objects(text), Err(DeploymentError::Manifest { .. })));
    }
}
