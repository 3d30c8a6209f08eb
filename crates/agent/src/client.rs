//! The way to the API server: from inside a pod, or by a kubeconfig.
//!
//! The same client for all watches, with no time-out that a quiet watch would run into.

use std::path::Path;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// Why there is no way.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The kubeconfig, or what a pod has instead.
    #[error("it is not known where the API server is")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What was found there cannot be used.
    #[error("the way to the API server cannot be used")]
    Client(#[from] kube::Error),
}

/// A client, and the API server's address in words.
///
/// # Errors
/// Where the configuration is absent or cannot be used.
pub async fn client(kubeconfig: Option<&Path>) -> Result<(Client, String), ClientError> {
    let config = match kubeconfig {
        Some(path) => {
            let read = Kubeconfig::read_from(path).map_err(|e| ClientError::Unknown(e.into()))?;
            let options = KubeConfigOptions::default();
            let config = Config::from_custom_kubeconfig(read, &options).await;
            config.map_err(|error| ClientError::Unknown(error.into()))?
        }
        None => Config::incluster().map_err(|error| ClientError::Unknown(error.into()))?,
    };
    let server = config.cluster_url.to_string();
    Ok((Client::try_from(config)?, server))
}
