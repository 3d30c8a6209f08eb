//! Applies and removes objects one by one, and says each.
//!
//! By the API server's own way of applying, so that what others set beside it stays.

use kube::Client;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};

use crate::error::refused;
use crate::kinds::api;
use crate::{DeploymentError, Manifest};

const MANAGER: &str = "ringfence";
const NOT_FOUND: u16 = 404;

/// Makes an object what the manifest says.
pub(crate) async fn apply(client: &Client, manifest: &Manifest) -> Result<(), DeploymentError> {
    let params = PatchParams::apply(MANAGER).force();
    let (api, patch) = (api(client, manifest), Patch::Apply(&manifest.object));
    let applied = api.patch(&manifest.name, &params, &patch).await;
    applied.map(drop).map_err(refused("apply", manifest.called()))
}

/// Removes an object, and first what belongs to it. That it is gone already is as good.
pub(crate) async fn remove(client: &Client, manifest: &Manifest) -> Result<(), DeploymentError> {
    match api(client, manifest).delete(&manifest.name, &DeleteParams::foreground()).await {
        Err(kube::Error::Api(status)) if status.code == NOT_FOUND => Ok(()),
        deleted => deleted.map(drop).map_err(refused("remove", manifest.called())),
    }
}

/// An object as it is, if it is there.
pub(crate) async fn get(
    client: &Client,
    manifest: &Manifest,
) -> Result<Option<DynamicObject>, DeploymentError> {
    let found = api(client, manifest).get_opt(&manifest.name).await;
    found.map_err(refused("read", manifest.called()))
}
