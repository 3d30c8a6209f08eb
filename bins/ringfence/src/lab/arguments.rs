//! What can be typed after `ringfence lab`.
//!
//! Kept apart from what is done with it, so that the help texts can be read in one place.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ipnet::IpNet;

use crate::cli::Input;
use crate::flow_words::{FlowWords, block};

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
    #[command(flatten)]
    pub(crate) words: FlowWords,
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
