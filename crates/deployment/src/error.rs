//! Why Ringfence cannot be put on a cluster, or taken off.
//!
//! What was done until then stays; every command may be repeated.

use miette::Diagnostic;
use thiserror::Error;

/// Why it cannot be done.
#[derive(Debug, Error, Diagnostic)]
pub enum DeploymentError {
    /// A manifest of our own cannot be read.
    #[error("a manifest that is built in cannot be read: {why}")]
    #[diagnostic(code("broken-manifest"), help("please report it"))]
    Manifest {
        /// Why.
        why: String,
    },
    /// The API server refused, or did not answer.
    #[error("cannot {doing} {what}")]
    #[diagnostic(
        code("deployment-refused"),
        help("whoever does this has to be an administrator of the cluster; it may be repeated")
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
    /// It is there already.
    #[error("Ringfence is installed already")]
    #[diagnostic(code("installed"), help("`ringfence upgrade` makes it what this version brings"))]
    Installed,
    /// It is not there.
    #[error("Ringfence is not installed in {namespace}")]
    #[diagnostic(code("not-installed"), help("`ringfence install` does that"))]
    NotInstalled {
        /// Where was looked.
        namespace: String,
    },
    /// Helm installed it.
    #[error("Helm installed Ringfence here")]
    #[diagnostic(code("of-helm"), help("`helm upgrade` and `helm uninstall` know what they made"))]
    OfHelm,
    /// It takes too long.
    #[error("after {seconds} s: {lacks}")]
    #[diagnostic(code("too-late"), help("what was done stays, and this may be repeated; {hint}"))]
    Late {
        /// What is still to come.
        lacks: String,
        /// How long was waited.
        seconds: u64,
        /// Where to look.
        hint: &'static str,
    },
}

/// An error of the library with the step that it happened in.
pub(crate) fn refused(
    doing: &'static str,
    what: impl Into<String>,
) -> impl FnOnce(kube::Error) -> DeploymentError {
    let what = what.into();
    move |source| DeploymentError::Kube { doing, what, source: Box::new(source) }
}
