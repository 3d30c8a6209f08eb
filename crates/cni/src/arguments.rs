//! `CNI_ARGS`: whose sandbox it is, in the words of Kubernetes.
//!
//! The specification keeps this variable for pairs that it knows nothing of. Kubernetes' runtimes
//! put the pod's names there, which is the only place where a plugin learns them.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// The pod of a sandbox, as its runtime names it. A static pod's uid here is the hash of its
/// configuration and not that of its mirror at the API server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodArguments {
    /// `K8S_POD_NAMESPACE`.
    pub namespace: String,
    /// `K8S_POD_NAME`.
    pub name: String,
    /// `K8S_POD_UID`; runtimes before 2021 do not say it.
    pub uid: Option<String>,
}

impl PodArguments {
    /// Reads `key=value` pairs that are separated by semicolons. Unknown keys are others' business.
    ///
    /// # Errors
    /// Where a pair has no value, or the pod's names are missing.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut found = [None, None, None];
        for pair in text.split(';').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| invalid(text))?;
            let at = match key {
                "K8S_POD_NAMESPACE" => 0,
                "K8S_POD_NAME" => 1,
                "K8S_POD_UID" => 2,
                _ => continue,
            };
            if let Some(place) = found.get_mut(at)
                && !value.is_empty()
            {
                *place = Some(value.to_owned());
            }
        }
        let [namespace, name, uid] = found;
        let (Some(namespace), Some(name)) = (namespace, name) else { return Err(invalid(text)) };
        Ok(Self { namespace, name, uid })
    }
}

fn invalid(text: &str) -> Refusal {
    Refusal::Invalid {
        name: "CNI_ARGS",
        value: text.to_owned(),
        wanted: "pairs of key=value with K8S_POD_NAMESPACE and K8S_POD_NAME",
    }
}
