//! What can be typed after `ringfence lab`.
//!
//! Kept apart from what is done with it, so that the help texts can be read in one place.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ipnet::IpNet;

use crate::cli::Input;
use crate::explain::Expectation;

/// Manifests as real namespaces and packets on this machine
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The lab's commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a lab, probe all pairs, compare with the oracle, remove everything
    Run(Run),
    /// Make a lab, enforce its policies and leave it up
    Up(Making),
    /// Probe all pairs of a lab that is up
    Probe(Probe),
    /// Run a command in a pod's place
    Exec(Exec),
    /// Follow the manifests of a lab that is up and say what opens and closes
    Watch(Named),
    /// Show what a lab that is up let through and what it denied, and why
    Flows(Flows),
    /// Say which labs there are and how their datapaths are
    Status(Status),
    /// Remove a lab, however it ended
    Down(Named),
}

/// What a lab is made from.
#[derive(Args, Debug)]
pub(crate) struct Making {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Name of the lab
    #[arg(long, default_value = "lab")]
    pub(crate) name: String,
    /// Nodes to make where the manifests name none
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) nodes: u16,
    /// Most pods of one workload
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=2))]
    pub(crate) replicas_max: u32,
    /// Address outside to probe, besides those that the policies make interesting
    #[arg(long, value_name = "ADDR")]
    pub(crate) outside: Vec<IpAddr>,
    #[command(flatten)]
    pub(crate) host: Host,
}

/// What policies of the nodes themselves must leave alone.
#[derive(Args, Debug)]
pub(crate) struct Host {
    /// Where the nodes' agents find their API server; port 6443 of the first node unless given
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) api_server: Option<SocketAddr>,
    /// Name server that a policy of a node must not cut it off from
    #[arg(long, value_name = "ADDR")]
    pub(crate) dns: Vec<IpAddr>,
    /// From where a policy of a node must let SSH in; anywhere unless given
    #[arg(long, value_name = "CIDR", value_parser = block)]
    pub(crate) ssh_from: Vec<IpNet>,
    /// Enforce policies of a node that cut it off from its API server, DNS or SSH
    #[arg(long)]
    pub(crate) allow_lock_out: bool,
}

impl Host {
    /// As a lab is told.
    #[cfg(target_os = "linux")]
    pub(crate) fn settings(&self) -> lab::HostSettings {
        let usual = lab::HostSettings::default();
        let ssh_from = match self.ssh_from.is_empty() {
            true => usual.ssh_from,
            false => self.ssh_from.clone(),
        };
        lab::HostSettings {
            api_server: self.api_server,
            dns: self.dns.clone(),
            ssh_from,
            allow_lock_out: self.allow_lock_out,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) making: Making,
    /// Probe what the tests in this file are about, and judge them by what arrived
    #[arg(long = "test", value_name = "FILE")]
    pub(crate) tests: Vec<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "matrix")]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Probe {
    /// Name of the lab
    #[arg(long, default_value = "lab")]
    pub(crate) name: String,
    /// How to print
    #[arg(short, long, value_enum, default_value = "matrix")]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Exec {
    /// Name of the lab
    #[arg(long, default_value = "lab")]
    pub(crate) name: String,
    /// Namespace of a pod that names none
    #[arg(short, long, default_value = "default")]
    pub(crate) namespace: String,
    /// The pod: NS/NAME or NAME
    pub(crate) pod: String,
    /// The command
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<OsString>,
}

/// Which flows, and how to print them.
#[derive(Args, Debug)]
#[command(after_help = "\
Words of one kind widen, words of different kinds narrow what is shown.

Examples:
  ringfence lab flows --verdict deny
  ringfence lab flows -f --pod shop/web --port 5432
  ringfence lab flows -f --verdict allow --staged deny
  ringfence lab flows --last 1000 -o json | jq -r .reason | sort | uniq -c")]
pub(crate) struct Flows {
    /// Name of the lab
    #[arg(long, default_value = "lab")]
    pub(crate) name: String,
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

/// An address is a block of itself alone.
fn block(word: &str) -> Result<IpNet, String> {
    let address = word.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| word.parse()).map_err(|_| "it is no address and no block".to_owned())
}

#[derive(Args, Debug)]
pub(crate) struct Named {
    /// Name of the lab
    #[arg(long, default_value = "lab")]
    pub(crate) name: String,
}

#[derive(Args, Debug)]
pub(crate) struct Status {
    /// Name of the lab; all where absent
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: StatusOutput,
}

/// How the state of labs is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusOutput {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Who reaches whom, with a legend of rules
    Matrix,
    /// One line per probe
    Table,
    /// One JSON document
    Json,
    /// JUnit XML
    Junit,
}
