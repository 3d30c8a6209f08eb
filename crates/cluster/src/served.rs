//! Whether an API server has a kind at all, in its own words.
//!
//! An answer of 404 or 403 does not say that: a proxy may give the one, and who may not ask gets the
//! other for kinds that do not exist either.

use kube::Client;

use crate::kind::Kind;

/// Whether the API server has a kind; `None` where it does not say.
pub async fn is_served(client: &Client, kind: &Kind) -> Option<bool> {
    let groups = client.list_api_groups().await.ok()?;
    let Some(group) = groups.groups.iter().find(|group| group.name == kind.group) else {
        return Some(false);
    };
    let mut versions = group.versions.iter();
    let Some(version) = versions.find(|one| one.version == kind.version) else {
        return Some(false);
    };
    let list = client.list_api_group_resources(&version.group_version).await.ok()?;
    Some(list.resources.iter().any(|resource| resource.name == kind.plural))
}
