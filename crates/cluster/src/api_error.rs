//! Why an API server did not answer, in words that say what to do next.
//!
//! What a server or a credential plugin printed is never passed on where it may hold a secret.

use std::error::Error as StdError;
use std::io;

use kube::client::AuthError;
use miette::Diagnostic;
use thiserror::Error;

type Cause = Box<dyn StdError + Send + Sync>;

/// An API server did not answer, or refused.
#[derive(Debug, Error, Diagnostic)]
pub enum ApiError {
    /// Nobody answers there.
    #[error("{server} cannot be reached")]
    #[diagnostic(
        code("server-unreachable"),
        help(
            "is the cluster up, and is a VPN or a tunnel needed? `kubectl cluster-info` asks the same server"
        )
    )]
    Unreachable {
        /// Its address.
        server: String,
        /// Why.
        source: Cause,
    },
    /// Its certificate, or ours, is not accepted.
    #[error("the certificate of {server} is not trusted, or it does not trust ours")]
    #[diagnostic(
        code("tls"),
        help(
            "compare certificate-authority-data, tls-server-name and the client certificate of this context with the cluster's"
        )
    )]
    Tls {
        /// Its address.
        server: String,
        /// Why.
        source: Cause,
    },
    /// Who we are is not known, or no longer.
    #[error("{server} does not accept these credentials: they are expired or wrong")]
    #[diagnostic(
        code("credentials-refused"),
        help("log in again; `kubectl auth whoami` asks with the same ones")
    )]
    Unauthorized {
        /// Its address.
        server: String,
    },
    /// There are no credentials to ask with.
    #[error("no credentials for {server}: {step}")]
    #[diagnostic(
        code("no-credentials"),
        help("log in again; `kubectl auth whoami` asks with the same ones")
    )]
    Credentials {
        /// Its address.
        server: String,
        /// The step that failed. What a plugin printed is left out.
        step: String,
    },
    /// This may not be listed.
    #[error("{what} may not be listed {place}")]
    #[diagnostic(
        code("forbidden"),
        help("without --all-namespaces what may not be read is left unknown")
    )]
    Forbidden {
        /// The kind.
        what: &'static str,
        /// Where.
        place: String,
    },
    /// It answered something else.
    #[error("{server} answered {code} about {what}: {message}")]
    #[diagnostic(code("refused"))]
    Refused {
        /// Its address.
        server: String,
        /// The kind.
        what: &'static str,
        /// The code of HTTP.
        code: u16,
        /// What it says.
        message: String,
    },
    /// What came back is not what an API server says.
    #[error("{server} does not answer like an API server")]
    #[diagnostic(code("no-api-server"))]
    NoApiServer {
        /// Its address.
        server: String,
        /// Why.
        source: Cause,
    },
}

impl ApiError {
    /// What `error` means, of a list of `what`.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's enum, and all else is one thing"
    )]
    pub(crate) fn new(server: &str, what: &'static str, error: kube::Error) -> Self {
        let server = server.to_owned();
        match error {
            kube::Error::Api(status) if status.code == 401 => Self::Unauthorized { server },
            kube::Error::Api(status) => {
                let message = status.message.clone();
                Self::Refused { server, what, code: status.code, message }
            }
            kube::Error::Auth(error) => Self::Credentials { server, step: step(&error) },
            kube::Error::RustlsTls(error) => Self::Tls { server, source: error.into() },
            kube::Error::Service(cause) => Self::of_cause(server, cause),
            kube::Error::HyperError(error) => Self::of_cause(server, error.into()),
            error => Self::NoApiServer { server, source: error.into() },
        }
    }

    fn of_cause(server: String, cause: Cause) -> Self {
        if let Some(error) = find::<AuthError>(&*cause) {
            return Self::Credentials { server, step: step(error) };
        }
        match find::<rustls::Error>(&*cause) {
            Some(_) => Self::Tls { server, source: cause },
            None => Self::Unreachable { server, source: cause },
        }
    }
}

/// The first error of a kind in a chain. An IO error stands before the one that it was made of.
fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    if let Some(found) = error.downcast_ref::<T>() {
        return Some(found);
    }
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    if let Some(found) = inner.and_then(|inner| find::<T>(inner)) {
        return Some(found);
    }
    error.source().and_then(find::<T>)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum, and all else is one thing")]
/// The step, without what a plugin printed: that may be a token.
fn step(error: &AuthError) -> String {
    let step = match error {
        AuthError::AuthExecStart(source) => {
            return format!("the credential plugin cannot be started ({source})");
        }
        AuthError::AuthExecRun { out, .. } => {
            return format!("the credential plugin ended with {}", out.status);
        }
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
            "the credential plugin did not print credentials"
        }
        AuthError::ReadTokenFile(source, path) => {
            return format!("the token file {} cannot be read ({source})", path.display());
        }
        _ => "what the kubeconfig says of the user cannot be used",
    };
    step.to_owned()
}
