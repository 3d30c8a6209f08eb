//! From a kubeconfig to a client, as kubectl goes: the same files, the same variable, the same
//! contexts.
//!
//! **Invariant:** nothing of a kubeconfig's text is ever in an error; it may be a secret.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use miette::Diagnostic;
use thiserror::Error;

use crate::api_error::ApiError;

/// A server that does not answer in this time is away.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// A name that is less like a known one than this is no misspelling of it.
const LIKENESS_MIN: f64 = 0.6;

/// Which cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The kubeconfig; without it those of `KUBECONFIG`, or the one in the home folder.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; without it the current one.
    pub context: Option<String>,
}

/// A way to ask an API server.
#[derive(Clone)]
pub struct Connection {
    /// The client.
    pub client: Client,
    /// Where the server is.
    pub server: String,
    /// The context's namespace.
    pub namespace: String,
}

/// Why there is no way to ask.
#[derive(Debug, Error, Diagnostic)]
pub enum ConnectError {
    /// There is no kubeconfig.
    #[error("there is no kubeconfig, so there is no cluster to read")]
    #[diagnostic(code("no-kubeconfig"), help("name one with --kubeconfig or in KUBECONFIG"))]
    NoKubeconfig,
    /// A kubeconfig cannot be read.
    #[error("cannot read the kubeconfig {}", path.display())]
    #[diagnostic(code("kubeconfig-unreadable"))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A kubeconfig is none.
    #[error("what should be a kubeconfig is none")]
    #[diagnostic(
        code("no-kubeconfig-text"),
        help("`kubectl config view` says what is wrong with it")
    )]
    Malformed,
    /// No context is the current one.
    #[error("no context was named, and the kubeconfig has no current one")]
    #[diagnostic(code("no-context"), help("name one with --context: {known}"))]
    NoContext {
        /// The contexts that there are.
        known: String,
    },
    /// There is no such context.
    #[error("the kubeconfig has no context {context}")]
    #[diagnostic(code("unknown-context"), help("{hint}"))]
    UnknownContext {
        /// The context as it was typed.
        context: String,
        /// What was probably meant, or what there is.
        hint: String,
    },
    /// The context does not lead to a server.
    #[error("the context {context} is not whole")]
    #[diagnostic(code("broken-context"))]
    Broken {
        /// The context.
        context: String,
        /// Why.
        source: KubeconfigError,
    },
    /// It does, and nobody can be asked.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Api(#[from] ApiError),
}

/// Opens a way to the cluster that is meant; nothing is asked yet.
///
/// # Errors
/// Where the kubeconfig does not lead to one.
pub async fn connect(target: &Target) -> Result<Connection, ConnectError> {
    #[cfg(not(target_os = "linux"))]
    // It fails only where one is chosen already.
    drop(rustls_graviola::default_provider().install_default());
    let mut config = config(target).await?;
    config.connect_timeout = Some(CONNECT_MAX);
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let namespace = config.default_namespace.clone();
    let client = Client::try_from(config);
    let client = client.map_err(|error| ApiError::new(&server, "namespaces", error))?;
    Ok(Connection { client, server, namespace })
}

async fn config(target: &Target) -> Result<Config, ConnectError> {
    let read = match &target.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let is_named = target.kubeconfig.is_some() || std::env::var_os("KUBECONFIG").is_some();
    match read {
        Ok(kubeconfig) => of_context(kubeconfig, target).await,
        Err(error) if is_named || !is_absent(&error) => Err(unreadable(error)),
        // Inside of a pod there is a service account instead, unless a context was named.
        Err(_) if target.context.is_none() => {
            Config::incluster().map_err(|_| ConnectError::NoKubeconfig)
        }
        Err(_) => Err(ConnectError::NoKubeconfig),
    }
}

fn is_absent(error: &KubeconfigError) -> bool {
    let is_missing = |cause: &io::Error| cause.kind() == io::ErrorKind::NotFound;
    matches!(error, KubeconfigError::FindPath)
        || matches!(error, KubeconfigError::ReadConfig(cause, _) if is_missing(cause))
}

/// A parser's error shows the text around it, so it is left out.
fn unreadable(error: KubeconfigError) -> ConnectError {
    if let KubeconfigError::ReadConfig(source, path) = error {
        return ConnectError::Read { path, source };
    }
    ConnectError::Malformed
}

async fn of_context(kubeconfig: Kubeconfig, target: &Target) -> Result<Config, ConnectError> {
    let known: Vec<String> = kubeconfig.contexts.iter().map(|one| one.name.clone()).collect();
    let context = target.context.clone().or_else(|| kubeconfig.current_context.clone());
    let context = context.filter(|context| !context.is_empty());
    let Some(context) = context else {
        return Err(ConnectError::NoContext { known: known.join(", ") });
    };
    if !known.contains(&context) {
        let hint = hint(&context, &known);
        return Err(ConnectError::UnknownContext { context, hint });
    }
    let options = KubeConfigOptions { context: Some(context.clone()), ..Default::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    config.map_err(|source| ConnectError::Broken { context, source })
}

fn hint(context: &str, known: &[String]) -> String {
    let likeness = |name: &String| strsim::jaro_winkler(context, name);
    let nearest = known.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    match nearest.filter(|name| likeness(name) >= LIKENESS_MIN) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("it has {}", known.join(", ")),
    }
}
