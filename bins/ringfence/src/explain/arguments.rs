//! What `ringfence explain` can be asked.
//!
//! Words keep the text that they were typed as, because the answer says the next command to type.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use model::Verdict;

use crate::cli::Input;
use crate::word::{PeerWord, PortWord};

/// A word and the text that it was typed as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typed<T> {
    /// As typed.
    pub(crate) text: String,
    /// What it means.
    pub(crate) word: T,
}

impl<T: FromStr> FromStr for Typed<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        Ok(Self { text: text.to_owned(), word: text.parse()? })
    }
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// One JSON object a line: what both ends say of each flow
    Jsonl,
    /// Only the change that would allow it
    Patch,
}

/// The verdict that somebody expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Expectation {
    /// The flow must be allowed
    Allow,
    /// The flow must be denied
    Deny,
}

impl From<Expectation> for Verdict {
    fn from(expected: Expectation) -> Self {
        match expected {
            Expectation::Allow => Self::Allow,
            Expectation::Deny => Self::Deny,
        }
    }
}

#[derive(Args, Debug)]
#[command(after_help = "\
Peers: NS/NAME or NAME (a pod), [NS/]KIND/NAME (deploy, sts, ds, job, rs, po, svc), ip:ADDR,
node/NAME, dns:NAME, internet. Ports: 5432/tcp, 5432, http, icmp.

Examples:
  ringfence explain manifests/ --from shop/web-0 --to shop/deploy/db --port 5432
  ringfence explain manifests/ --from shop/deploy/web --to shop/svc/db --port 5432 --expect allow
  ringfence explain manifests/ --from shop/deploy/web --to shop/sts/db --port 5432 -o patch | patch -p1
  ringfence explain manifests/ --flows flows.jsonl -o jsonl")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) input: Input,
    /// Who starts the flow
    #[arg(long, value_name = "PEER", required_unless_present = "flows")]
    pub(super) from: Option<Typed<PeerWord>>,
    /// Whom it is for; policy of a Service is judged at its backends and their ports
    #[arg(long, value_name = "PEER", required_unless_present = "flows")]
    pub(super) to: Option<Typed<PeerWord>>,
    /// On what
    #[arg(long, value_name = "PORT", required_unless_present = "flows")]
    pub(super) port: Option<Typed<PortWord>>,
    /// End with 1 unless this is the verdict
    #[arg(long, value_name = "VERDICT", conflicts_with = "flows")]
    pub(super) expect: Option<Expectation>,
    /// Flows to decide, one JSON object a line: {"src", "dst", "protocol", "port"}; `-` for
    /// standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to", "port"])]
    pub(super) flows: Option<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    pub(super) output: Format,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE", conflicts_with = "flows")]
    pub(super) output_file: Option<PathBuf>,
    /// Write the change that would allow a denied flow to this file
    #[arg(long, value_name = "FILE", conflicts_with = "flows")]
    pub(super) patch: Option<PathBuf>,
}
