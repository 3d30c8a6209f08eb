//! Why an agent, or all of them, cannot be asked.
//!
//! What one agent lacks is said of that one; only what keeps everybody from being asked is an error of
//! the whole.

use miette::Diagnostic;
use thiserror::Error;

/// Why agents cannot be asked.
#[derive(Debug, Error, Diagnostic)]
pub enum FleetError {
    /// Nodes or pods cannot be listed.
    #[error("cannot list {what}")]
    #[diagnostic(
        code("fleet-list"),
        help("docs/permissions.md says what whoever asks agents may have to do")
    )]
    List {
        /// Of which kind.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// There is no agent at all.
    #[error("no agent runs in the namespace {namespace}")]
    #[diagnostic(
        code("no-agents"),
        help(
            "--system-namespace names another one; --server reaches an agent that runs outside of a pod"
        )
    )]
    NoAgents {
        /// Where was looked.
        namespace: String,
    },
    /// No agent runs on that node.
    #[error("no agent runs on the node {node}")]
    #[diagnostic(code("no-agent"), help("`ringfence status` names every node and what it has"))]
    NoAgent {
        /// The node.
        node: String,
    },
    /// There is no way to the agent.
    #[error("the agent of {node} cannot be reached")]
    #[diagnostic(
        code("agent-unreachable"),
        help("its pod has to be forwarded to, as `kubectl port-forward` does")
    )]
    Unreachable {
        /// Its node.
        node: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// It answered, and not as asked.
    #[error("the agent of {node} answered {code}: {message}")]
    #[diagnostic(code("agent-refused"))]
    Refused {
        /// Its node.
        node: String,
        /// The code of HTTP.
        code: u16,
        /// What it said.
        message: String,
    },
    /// What it said cannot be read.
    #[error("what the agent of {node} says cannot be read")]
    #[diagnostic(
        code("agent-unreadable"),
        help("is it of another version? `ringfence version` says this one's")
    )]
    Unreadable {
        /// Its node.
        node: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// It said nothing in time.
    #[error("the agent of {node} said nothing for {seconds} s")]
    #[diagnostic(code("agent-silent"))]
    Silent {
        /// Its node.
        node: String,
        /// How long was waited.
        seconds: u64,
    },
}

/// What a library said.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An error and all its causes in one line.
pub(crate) fn line(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
