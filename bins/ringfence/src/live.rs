//! The cluster that is meant, and what of it could be read.
//!
//! It becomes documents like any file's, so that no command knows where its answer comes from.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use cluster::{Connection, Listed, Scope, Target, Unread, Whom};
use manifest::Document;
use model::Enforcement;

use crate::cli::Reading;
use crate::input::Unreadable;
use crate::progress::Counter;

/// The code of what may not be read.
const FORBIDDEN: u16 = 403;

/// Which cluster is read, if any.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub(crate) struct Live {
    /// Read the cluster of the current context; manifests, if there are any, replace what is there
    #[arg(long, group = "manifests")]
    live: bool,
    /// Read the cluster of this context of the kubeconfig
    #[arg(long, value_name = "NAME", group = "manifests")]
    context: Option<String>,
    /// Read a cluster by this kubeconfig instead of KUBECONFIG or the one in the home folder
    #[arg(long, value_name = "FILE", group = "manifests")]
    kubeconfig: Option<PathBuf>,
    /// Insist on reading all namespaces: no answer where one may not be read
    #[arg(short = 'A', long, group = "manifests")]
    all_namespaces: bool,
}

/// A cluster at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// Its objects.
    pub(crate) documents: Vec<Document>,
    /// What could not be read of it.
    pub(crate) unread: Vec<Unread>,
    /// The context's namespace.
    pub(crate) namespace: String,
    /// Whether policies count there.
    pub(crate) enforcement: Enforcement,
}

impl Live {
    /// Whether a cluster is to be read.
    pub(crate) fn is_asked(&self) -> bool {
        self.live || self.context.is_some() || self.kubeconfig.is_some() || self.all_namespaces
    }

    /// The options as they would be typed.
    pub(crate) fn words(&self) -> impl Iterator<Item = String> {
        let live = self.live.then(|| "--live".to_owned());
        let context = self.context.iter().map(|name| format!("--context {name}"));
        let file = self.kubeconfig.iter().map(|file| format!("--kubeconfig {}", file.display()));
        let all = self.all_namespaces.then(|| "--all-namespaces".to_owned());
        live.into_iter().chain(context).chain(file).chain(all)
    }
}

/// The cluster that is meant, if one is; why it cannot be read is printed.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn snapshot(how: &Reading) -> Result<Option<Snapshot>, Unreadable> {
    if !how.live.is_asked() {
        return Ok(None);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        eprintln!("error: {error}");
        Unreadable
    })?;
    let snapshot = runtime.block_on(read(how)).map_err(|report| {
        eprintln!("{report:?}");
        Unreadable
    })?;
    for words in cluster::unread_words(&snapshot.unread) {
        eprintln!("unknown, because they may not be read: {words}");
    }
    Ok(Some(snapshot))
}

async fn read(how: &Reading) -> Result<Snapshot, miette::Report> {
    let Live { context, kubeconfig, all_namespaces, .. } = &how.live;
    let target = Target { kubeconfig: kubeconfig.clone(), context: context.clone() };
    let connection = cluster::connect(&target).await?;
    let Listed { documents, unread } = listed(&connection, how, *all_namespaces).await?;
    let enforcement = enforcement(&connection).await?;
    Ok(Snapshot { documents, unread, namespace: connection.namespace, enforcement })
}

/// Whether policies count in the cluster. Where nobody may know, the answer is what they say.
async fn enforcement(connection: &Connection) -> Result<Enforcement, cluster::ApiError> {
    let switch = match cluster::read_switch(connection, cluster::NAMESPACE).await {
        Ok(switch) => switch.unwrap_or_default(),
        Err(cluster::ApiError::Refused { code: FORBIDDEN, .. }) => {
            eprintln!(
                "unknown, because it may not be read: whether the cluster enforces; judged as if it does"
            );
            return Ok(Enforcement::default());
        }
        Err(error) => return Err(error),
    };
    let now = SystemTime::now();
    let lasting = switch.disabled.iter().filter(|(_, disabled)| disabled.until() > now);
    let mut enforcement = switch.enforcement.unwrap_or_default();
    for (whom, disabled) in lasting {
        eprintln!("disabled until {}: policies on {whom}", disabled.until_text());
        if *whom == Whom::Everywhere {
            enforcement = Enforcement::Disabled;
        }
    }
    match enforcement {
        Enforcement::Audit => eprintln!(
            "in audit, so policies decide nothing but for namespaces that say enforce: the cluster"
        ),
        Enforcement::Enforce | Enforcement::Disabled => {}
    }
    Ok(enforcement)
}

async fn listed(
    connection: &Connection,
    how: &Reading,
    is_whole: bool,
) -> Result<Listed, cluster::ApiError> {
    let own = std::iter::once(&connection.namespace).filter(|_| how.namespaces.is_empty());
    let namespaces: BTreeSet<&String> = how.namespaces.iter().chain(own).collect();
    let scope = Scope { namespaces: namespaces.into_iter().cloned().collect(), is_whole };
    let counter = Counter::begin(&format!("listing {}", connection.server));
    cluster::list(connection, &scope, &|(kind, came)| counter.count(kind.plural, came)).await
}
