//! Which flows are meant, and how they are printed: of a lab or of a cluster.
//!
//! Who learned the words of one command knows those of the other.

use std::net::IpAddr;

use clap::{Args, ValueEnum};
use flows::FlowFilter;
use ipnet::IpNet;
use model::Verdict;

use crate::explain::Expectation;

/// Which flows, and how to print them.
#[derive(Args, Debug)]
#[group(skip)]
pub(crate) struct FlowWords {
    /// Go on with what comes
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// At most this many of those that were before
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) last: usize,
    /// Only with one of these ends: NS/NAME of a pod, or node/NAME
    #[arg(long, value_name = "POD")]
    pub(crate) pod: Vec<String>,
    /// Only with pods of these namespaces
    #[arg(short, long)]
    pub(crate) namespace: Vec<String>,
    /// Only with these addresses or blocks
    #[arg(long, value_name = "ADDR", value_parser = block)]
    pub(crate) address: Vec<IpNet>,
    /// Only with these ports
    #[arg(long)]
    pub(crate) port: Vec<u16>,
    /// Only with this verdict
    #[arg(long, value_enum)]
    pub(crate) verdict: Vec<Expectation>,
    /// Only where staged policies, if they were enforced, would have said this
    #[arg(long, value_enum, value_name = "VERDICT")]
    pub(crate) staged: Vec<Expectation>,
    /// Only where the deciding rule or reason contains this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) rule: Vec<String>,
    /// Only from containers of this name
    #[arg(long)]
    pub(crate) container: Vec<String>,
    /// Only from processes of this executable: its path or the last part of it
    #[arg(long, value_name = "PATH")]
    pub(crate) executable: Vec<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: FlowsOutput,
}

/// How flows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FlowsOutput {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

impl FlowWords {
    /// What a record must have.
    pub(crate) fn filter(&self) -> FlowFilter {
        let verdicts = |typed: &[Expectation]| {
            typed.iter().map(|verdict| Verdict::from(*verdict).to_string()).collect()
        };
        FlowFilter {
            names: self.pod.clone(),
            namespaces: self.namespace.clone(),
            addresses: self.address.clone(),
            ports: self.port.clone(),
            verdicts: verdicts(&self.verdict),
            staged: verdicts(&self.staged),
            rules: self.rule.clone(),
            containers: self.container.clone(),
            executables: self.executable.clone(),
            events: Vec::new(),
        }
    }
}

/// An address is a block of itself alone.
pub(crate) fn block(word: &str) -> Result<IpNet, String> {
    let address = word.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| word.parse()).map_err(|_| "it is no address and no block".to_owned())
}
