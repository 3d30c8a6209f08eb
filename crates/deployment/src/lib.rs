//! Puts Ringfence on a cluster and takes it off again, by the plain manifests that the chart gives.
//!
//! For whoever has no Helm: the same objects, applied by the API server, and each step waited for.
//!
//! **Invariant:** what Helm installed is left to Helm.
//! **Invariant:** nothing is removed from the cluster before it was taken off the nodes.

mod apply;
mod error;
mod kinds;
mod manifests;
mod run;
mod wait;

pub use error::DeploymentError;
pub use manifests::{Manifest, NAMESPACE, agents, uninstaller};
pub use run::{Settings, install, uninstall, upgrade};
