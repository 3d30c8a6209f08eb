//! Why a test could not be made, which is something else than that it failed.
//!
//! Each says what to do next.

use cluster::ApiError;
use miette::Diagnostic;
use thiserror::Error;

use crate::PlanError;

/// Why a test could not be made.
#[derive(Debug, Error, Diagnostic)]
pub enum ConnectivityError {
    /// The cluster cannot be listed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Api(#[from] ApiError),
    /// The API server refused, or did not answer.
    #[error("cannot {doing} {what}")]
    #[diagnostic(
        code("connectivity-refused"),
        help("docs/permissions.md says what a connectivity test may have to do")
    )]
    Kube {
        /// The step.
        doing: &'static str,
        /// Of what.
        what: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// An earlier test was not cleaned up.
    #[error("an earlier test left {}", names.join(", "))]
    #[diagnostic(
        code("left-over"),
        help("`ringfence connectivity-test --clean-up` removes it; another test may be under way")
    )]
    LeftOver {
        /// What it left.
        names: Vec<String>,
    },
    /// Somebody else has a namespace of that name.
    #[error("the namespace {namespace} is there, and no connectivity test made it")]
    #[diagnostic(code("foreign-namespace"), help("nothing was touched"))]
    Foreign {
        /// Which.
        namespace: String,
    },
    /// Somebody took policies out of force for a while.
    #[error("policies on {whom} are disabled until {until}")]
    #[diagnostic(code("disabled"), help("`ringfence enable` puts them in force again"))]
    Disabled {
        /// The cluster or a node.
        whom: String,
        /// Until when.
        until: String,
    },
    /// There is nobody to probe.
    #[error("no node is ready that could run a probe")]
    #[diagnostic(code("no-nodes"), help("`kubectl get nodes` says how they are"))]
    NoNodes,
    /// A node that was named is not there, or not ready.
    #[error("the node {node} is not there, or not ready")]
    #[diagnostic(code("unknown-node"), help("`kubectl get nodes` says how they are"))]
    NoSuchNode {
        /// Which.
        node: String,
    },
    /// Pods did not get ready.
    #[error("not ready after {seconds} s: {}", pods.join(", "))]
    #[diagnostic(
        code("not-ready"),
        help(
            "`kubectl describe pods --all-namespaces --selector ringfence.io/connectivity-test` says why; --keep leaves them there"
        )
    )]
    NotReady {
        /// Each with what it lacks.
        pods: Vec<String>,
        /// How long was waited.
        seconds: u64,
    },
    /// It cannot be said what to try.
    #[error("it cannot be said what to probe")]
    #[diagnostic(code("no-plan"))]
    Plan(#[from] PlanError),
    /// A client's script did not run.
    #[error("the probes of {pod} did not run: {why}")]
    #[diagnostic(
        code("exec"),
        help("the API server has to reach the kubelets for that, as `kubectl exec` does")
    )]
    Exec {
        /// The client.
        pod: String,
        /// What happened.
        why: String,
    },
    /// What was made does not go.
    #[error("still there after {seconds} s: {}", names.join(", "))]
    #[diagnostic(code("not-gone"), help("`ringfence connectivity-test --clean-up` tries again"))]
    NotGone {
        /// What.
        names: Vec<String>,
        /// How long was waited.
        seconds: u64,
    },
}

impl ConnectivityError {
    /// Whether a pod was refused because its namespace has no account for pods yet.
    pub(crate) fn is_about_account(&self) -> bool {
        let Self::Kube { source, .. } = self else { return false };
        let kube::Error::Api(status) = &**source else { return false };
        status.code == 403 && status.message.contains("serviceaccount")
    }
}

/// An error of the library with the step that it happened in.
pub(crate) fn refused(
    doing: &'static str,
    what: impl Into<String>,
) -> impl FnOnce(kube::Error) -> ConnectivityError {
    let what = what.into();
    move |source| ConnectivityError::Kube { doing, what, source: Box::new(source) }
}
