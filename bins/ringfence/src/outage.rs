//! `ringfence disable` and `ringfence enable`: policies out of force for a while, and in force again.
//!
//! What is written ends by itself, so whoever breaks the glass need not remember to mend it.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use cluster::{
    Connection, Disabled, DisabledError, Incident, Switch, Target, Whom, author, read_switch,
    record, write_disabled, write_enabled,
};
use miette::Diagnostic;
use thiserror::Error;

use crate::exit::Exit;

/// Which cluster, and what of it.
#[derive(Args, Debug)]
pub(crate) struct Installation {
    /// The context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// A kubeconfig instead of KUBECONFIG or the one in the home folder
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Namespace that Ringfence is installed in
    #[arg(short, long, value_name = "NAMESPACE", default_value = cluster::NAMESPACE)]
    namespace: String,
    /// One node, instead of all
    #[arg(long, value_name = "NODE")]
    node: Option<String>,
}

/// Take policies out of force for a while
#[derive(Args, Debug)]
#[command(after_help = "\
Policies decide nothing meanwhile; what they would deny is told as for staged policies. Every node
ends it by itself, also while the API server is away. It is recorded in the ConfigMap ringfence and
as an Event.

Examples:
  ringfence disable --for 30m --reason 'the shop is down, INC-1234'
  ringfence disable --node worker-3 --for 10m

Exit code: 0 if it is written, 2 if not.")]
pub(crate) struct Disable {
    #[command(flatten)]
    at: Installation,
    /// How long, for example 30m or 2h; at most 24h
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    long: Duration,
    /// Why, for whoever reads the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Put policies in force again
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  ringfence enable

Exit code: 0 if policies are in force as far as this is about them, 2 if that cannot be written.")]
pub(crate) struct Enable {
    #[command(flatten)]
    at: Installation,
}

/// Why it cannot be done.
#[derive(Debug, Error, Diagnostic)]
enum OutageError {
    /// The while.
    #[error("policies are not taken out of force: {0}")]
    #[diagnostic(
        code("no-such-while"),
        help("whoever needs longer sets `enforcement: audit`, see docs/rollout.md")
    )]
    While(DisabledError),
    /// One node cannot be put in force while all are out of it.
    #[error("policies are out of force on every node, until {until}")]
    #[diagnostic(code("disabled-everywhere"), help("`ringfence enable` without --node ends it"))]
    Everywhere {
        /// Until when.
        until: String,
    },
    /// There is no way to the cluster.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Connect(#[from] cluster::ConnectError),
    /// It does not answer, or refuses.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Api(#[from] cluster::ApiError),
    /// No runtime.
    #[error("the process cannot be set up")]
    Process(#[from] std::io::Error),
}

impl Installation {
    async fn connect(&self) -> Result<Connection, cluster::ConnectError> {
        let Self { context, kubeconfig, .. } = self;
        let target = Target { kubeconfig: kubeconfig.clone(), context: context.clone() };
        cluster::connect(&target).await
    }

    fn whom(&self) -> Whom {
        self.node.clone().map_or(Whom::Everywhere, Whom::Node)
    }
}

/// Takes policies out of force.
pub(crate) fn disable(arguments: &Disable) -> Exit {
    end(|| async {
        let now = SystemTime::now();
        let mut disabled = Disabled::new(now, arguments.long).map_err(OutageError::While)?;
        let connection = arguments.at.connect().await?;
        disabled.reason.clone_from(&arguments.reason);
        disabled.by = match author(&connection).await {
            Ok(name) => Some(name).filter(|name| !name.is_empty()),
            Err(error) => {
                eprintln!("warning: who asks is not known and not recorded: {error}");
                None
            }
        };
        let (namespace, whom) = (&arguments.at.namespace, arguments.at.whom());
        write_disabled(&connection, namespace, &whom, &disabled).await?;
        let message = told(&whom, &disabled);
        println!("{message}");
        let incident = (Incident::Disabled, now);
        recorded(record(&connection, namespace, &whom, incident, &message).await);
        Ok(())
    })
}

fn told(whom: &Whom, disabled: &Disabled) -> String {
    let by = disabled.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
    let reason = disabled.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let until = disabled.until_text();
    format!("policies are out of force on {whom} until {until}{by}{reason}")
}

/// Puts policies in force.
pub(crate) fn enable(arguments: &Enable) -> Exit {
    end(|| async {
        let connection = arguments.at.connect().await?;
        let (namespace, whom) = (&arguments.at.namespace, arguments.at.whom());
        let now = SystemTime::now();
        let switch = read_switch(&connection, namespace).await?.unwrap_or_default();
        let everywhere = switch.disabled.get(&Whom::Everywhere).filter(|it| it.until() > now);
        if let (Some(disabled), Whom::Node(_)) = (everywhere, &whom) {
            return Err(OutageError::Everywhere { until: disabled.until_text() });
        }
        let ended = write_enabled(&connection, namespace, &switch, &whom).await?;
        for one in &ended {
            let message = ended_words(one, &switch);
            println!("{message}");
            let incident = (Incident::Enabled, now);
            recorded(record(&connection, namespace, one, incident, &message).await);
        }
        if ended.is_empty() {
            println!("nobody took policies out of force on {whom}");
        }
        Ok(())
    })
}

fn ended_words(whom: &Whom, switch: &Switch) -> String {
    let until = switch.disabled.get(whom).map(Disabled::until_text).unwrap_or_default();
    format!("policies are no longer out of force on {whom}; it would have ended at {until}")
}

/// What is not recorded has happened all the same.
fn recorded(recorded: Result<(), cluster::ApiError>) {
    if let Err(error) = recorded {
        eprintln!("warning: no Event was written: {error}");
    }
}

fn end<F: Future<Output = Result<(), OutageError>>>(work: impl FnOnce() -> F) -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(OutageError::from).and_then(|runtime| runtime.block_on(work()));
    match done {
        Ok(()) => Exit::Good,
        Err(error) => {
            eprintln!("{:?}", miette::Report::from(error));
            Exit::Incomplete
        }
    }
}
