//! Install, upgrade and uninstall, from the first object to the last.
//!
//! Each begins by looking whose installation there is, and changes nothing where that is somebody else's.

use std::time::Duration;

use kube::Client;

use crate::manifests::{AGENT, Manifest, UNINSTALL, agents, objects, uninstaller};
use crate::wait::{Patience, not_complete, not_ready, there, until};
use crate::{DeploymentError, NAMESPACE, apply};

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// How it is done.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The image of agents, instead of this version's.
    pub image: Option<String>,
    /// How long each step may take.
    pub wait_max: Duration,
    /// Whether the namespace stays when Ringfence goes.
    pub keep_namespace: bool,
}

/// Who hears what is going on.
pub(crate) type Tell<'a> = &'a (dyn Fn(&str) + Sync);

/// Puts Ringfence on a cluster, and waits until every node is ready.
///
/// # Errors
/// Where it is there already, the API server refuses, or it takes too long.
pub async fn install(
    client: &Client,
    settings: &Settings,
    tell: Tell<'_>,
) -> Result<(), DeploymentError> {
    let all = objects(&agents(settings.image.as_deref()))?;
    match owner(client, &all).await? {
        Some(owner) if is_helm(&owner) => Err(DeploymentError::OfHelm),
        Some(_) => Err(DeploymentError::Installed),
        None => bring(client, &all, settings, tell).await,
    }
}

/// Makes what is installed what this version brings, and waits until every node is ready.
///
/// # Errors
/// Where it is not there or of Helm, the API server refuses, or it takes too long.
pub async fn upgrade(
    client: &Client,
    settings: &Settings,
    tell: Tell<'_>,
) -> Result<(), DeploymentError> {
    let all = objects(&agents(settings.image.as_deref()))?;
    is_ours(client, &all).await?;
    bring(client, &all, settings, tell).await
}

/// Takes Ringfence off: the agents first, then all that they left on the nodes, then the objects.
///
/// # Errors
/// Where it is not there or of Helm, the API server refuses, or a node does not get clean. Then what is
/// needed to go on is still there.
pub async fn uninstall(
    client: &Client,
    settings: &Settings,
    tell: Tell<'_>,
) -> Result<(), DeploymentError> {
    let image = settings.image.as_deref();
    let (all, helpers) = (objects(&agents(image))?, objects(&uninstaller(image))?);
    if owner(client, &all).await?.is_none() && owner_of_helper(client, &helpers).await? {
        tell("an uninstallation that was ended is taken up again");
    } else {
        is_ours(client, &all).await?;
    }
    let hint = "`kubectl --namespace ringfence-system get pods` says what it waits for";
    let patience = Patience { most: settings.wait_max, tell, hint };
    for agent in named(&all, "DaemonSet", AGENT) {
        tell("ending the agents; what they enforce stays for a moment");
        apply::remove(client, agent).await?;
        until(client, agent, patience, there).await?;
    }
    for helper in &helpers {
        tell(&format!("apply {}", helper.called()));
        apply::apply(client, helper).await?;
    }
    for job in named(&helpers, "Job", UNINSTALL) {
        until(client, job, patience, not_complete).await?;
    }
    tell("every node is clean");
    let is_kept = |one: &&Manifest| settings.keep_namespace && one.resource.kind == "Namespace";
    for object in helpers.iter().rev().chain(all.iter().rev().filter(|one| !is_kept(one))) {
        tell(&format!("remove {}", object.called()));
        apply::remove(client, object).await?;
        until(client, object, patience, there).await?;
    }
    Ok(())
}

async fn bring(
    client: &Client,
    all: &[Manifest],
    settings: &Settings,
    tell: Tell<'_>,
) -> Result<(), DeploymentError> {
    for object in all {
        // The switch is the administrator's from the moment that it is there.
        if object.resource.kind == "ConfigMap" && apply::get(client, object).await?.is_some() {
            tell(&format!("{} stays as it is", object.called()));
            continue;
        }
        tell(&format!("apply {}", object.called()));
        apply::apply(client, object).await?;
    }
    let hint = "`kubectl --namespace ringfence-system describe pods` and `ringfence status` say what is missing";
    let patience = Patience { most: settings.wait_max, tell, hint };
    for agent in named(all, "DaemonSet", AGENT) {
        until(client, agent, patience, not_ready).await?;
    }
    tell("every node is ready");
    Ok(())
}

fn named<'a>(
    all: &'a [Manifest],
    kind: &'a str,
    name: &'a str,
) -> impl Iterator<Item = &'a Manifest> {
    all.iter().filter(move |one| one.resource.kind == kind && one.name == name)
}

/// Who manages the agents that are there; nothing where there are none.
async fn owner(client: &Client, all: &[Manifest]) -> Result<Option<String>, DeploymentError> {
    for agent in named(all, "DaemonSet", AGENT) {
        if let Some(found) = apply::get(client, agent).await? {
            let labels = found.metadata.labels.unwrap_or_default();
            return Ok(Some(labels.get(MANAGED_BY).cloned().unwrap_or_default()));
        }
    }
    Ok(None)
}

/// Whether an uninstallation of ours was begun and not ended.
async fn owner_of_helper(client: &Client, helpers: &[Manifest]) -> Result<bool, DeploymentError> {
    for job in named(helpers, "DaemonSet", UNINSTALL) {
        if let Some(found) = apply::get(client, job).await? {
            let labels = found.metadata.labels.unwrap_or_default();
            return Ok(!labels.get(MANAGED_BY).is_some_and(|owner| is_helm(owner)));
        }
    }
    Ok(false)
}

fn is_helm(owner: &str) -> bool {
    owner == "Helm"
}

async fn is_ours(client: &Client, all: &[Manifest]) -> Result<(), DeploymentError> {
    match owner(client, all).await? {
        Some(owner) if is_helm(&owner) => Err(DeploymentError::OfHelm),
        Some(_) => Ok(()),
        None => Err(DeploymentError::NotInstalled { namespace: NAMESPACE.to_owned() }),
    }
}
