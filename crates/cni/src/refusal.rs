//! Why a call is refused, with the code that the specification has for it.
//!
//! A runtime shows the message to whoever wonders why a pod does not start, and tries again where
//! the code says so; both are all that it ever learns.

use serde::Serialize;

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The configuration has a version that is not spoken here.
    #[error(
        "CNI version {found:?} is not supported: this plugin speaks 0.3.1, 0.4.0, 1.0.0 and 1.1.0"
    )]
    IncompatibleVersion {
        /// As it is written.
        found: String,
    },
    /// The configuration's version does not have this command.
    #[error("{command} came with CNI {since}, and the chain is configured for {version}")]
    NotInVersion {
        /// The command.
        command: &'static str,
        /// The version that has it.
        since: crate::Version,
        /// The chain's.
        version: crate::Version,
    },
    /// A variable of the environment is missing.
    #[error("the variable {name} is not set")]
    Missing {
        /// Of the variable.
        name: &'static str,
    },
    /// A variable of the environment means nothing.
    #[error("the variable {name} is {value:?}, which is not {wanted}")]
    Invalid {
        /// Of the variable.
        name: &'static str,
        /// As it is.
        value: String,
        /// What it could be.
        wanted: &'static str,
    },
    /// The input cannot be read.
    #[error("the input cannot be read")]
    Input(#[source] std::io::Error),
    /// The input is not what the specification says.
    #[error("the configuration cannot be read")]
    Decode(#[source] serde_json::Error),
    /// The plugin is the first of its chain, or alone.
    #[error("there is no prevResult: this plugin makes no interface of its own")]
    NotChained,
    /// What the plugin before said has no interface of that name in the pod.
    #[error("the result of the plugin before has no interface {interface} in the pod")]
    NoInterface {
        /// In the pod.
        interface: String,
    },
    /// Nobody listens at the agent's socket.
    #[error("the agent does not listen at {socket}")]
    NoAgent {
        /// The socket's path.
        socket: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The agent did not answer in time.
    #[error("the agent did not answer within {seconds} s")]
    TimedOut {
        /// As configured.
        seconds: u64,
    },
    /// The connection to the agent broke.
    #[error("the connection to the agent broke")]
    Broken(#[source] std::io::Error),
    /// The agent's words mean nothing; one of the two is older.
    #[error("the agent's answer cannot be read")]
    Wire(#[from] crate::WireError),
    /// The agent's words are an answer, and not to what was asked.
    #[error("the agent answered another question")]
    AnotherAnswer,
    /// The agent refused.
    #[error("{0}")]
    Agent(crate::Denied),
    /// The agent is not ready, or something is wrong with the node.
    #[error("{why}")]
    NotReady {
        /// In the agent's words.
        why: String,
        /// Pods that run may be affected too.
        pods_affected: bool,
    },
}

impl Refusal {
    /// The code of the specification; 100 and above are this plugin's own.
    #[must_use]
    pub fn code(&self) -> u32 {
        match self {
            Self::IncompatibleVersion { .. } | Self::NotInVersion { .. } => 1,
            Self::Missing { .. } | Self::Invalid { .. } => 4,
            Self::Input(_) | Self::Broken(_) => 5,
            Self::Decode(_) => 6,
            Self::NotChained | Self::NoInterface { .. } => 7,
            Self::NoAgent { .. } | Self::TimedOut { .. } => 11,
            Self::NotReady { pods_affected: false, .. } => 50,
            Self::NotReady { pods_affected: true, .. } => 51,
            Self::Wire(_) | Self::AnotherAnswer => 100,
            Self::Agent(denied) => denied.code(),
        }
    }

    /// As the runtime wants it, in JSON.
    #[must_use]
    pub fn to_json(&self, version: &str) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Said<'a> {
            cni_version: &'a str,
            code: u32,
            msg: String,
            details: String,
        }
        let msg = format!("ringfence: {self}");
        let details = causes(self).join(": ");
        crate::result::json(&Said { cni_version: version, code: self.code(), msg, details })
    }
}

fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.map(ToString::to_string).collect()
}
