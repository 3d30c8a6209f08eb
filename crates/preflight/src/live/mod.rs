//! What a cluster says of itself before Ringfence is there: asked of its API server, and of nothing
//! else.
//!
//! Who asks may not see everything; what may not be seen is unknown.

mod ask;
mod judge;

use cluster::Connection;

use crate::finding::Finding;

pub use ask::LiveError;

/// Everything that there is to say of the cluster, if Ringfence is to be in `namespace`.
///
/// # Errors
/// Where the API server does not answer.
pub async fn live(connection: &Connection, namespace: &str) -> Result<Vec<Finding>, LiveError> {
    Ok(judge::judge(&ask::ask(connection, namespace).await?))
}
