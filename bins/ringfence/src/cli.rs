//! What can be typed.
//!
//! Kept apart from what it means, so that the whole command line can be read in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;

use crate::lab;
use crate::word::{PeerWord, PortWord};

/// Who may talk to whom: proved on files, enforced by the kernel, explained by rule
#[derive(Debug, Parser)]
#[command(name = "ringfence", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say whether one end reaches another, and which rule decides
    Explain(Explain),
    /// Make manifests real on this machine and probe them
    Lab(lab::Arguments),
    /// Keep a lab up: what `lab up` leaves behind
    #[command(hide = true)]
    LabAgent(lab::Making),
    /// Stand for one container of a lab
    #[command(hide = true)]
    PodHelper,
}

/// Where manifests come from.
#[derive(Args, Debug)]
pub(crate) struct Input {
    /// Manifest files or directories, `-` for standard input
    #[arg(short = 'f', long = "filename", value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Namespace of objects and peers that name none
    #[arg(short, long, value_name = "NAMESPACE", default_value = "default")]
    pub(crate) namespace: String,
    /// Network that pods get addresses from, for pods whose address is not known
    #[arg(long = "pod-cidr", value_name = "CIDR")]
    pub(crate) pod_cidrs: Vec<IpNet>,
    /// Foreign policy kind to leave out of the answer, said in the report
    #[arg(long = "ignore-kind", value_name = "GROUP/KIND")]
    pub(crate) ignore_kinds: Vec<String>,
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Jsonl,
}

/// The verdict that somebody expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Expectation {
    /// The flow must be allowed.
    Allow,
    /// The flow must be denied.
    Deny,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Peers: NS/NAME or NAME (a pod), [NS/]KIND/NAME (deploy, sts, ds, job, rs, po, svc), ip:ADDR,
node/NAME, dns:NAME, internet. Ports: 5432/tcp, 5432, http, icmp.

Examples:
  ringfence explain -f manifests/ --from shop/web-0 --to shop/deploy/db --port 5432
  ringfence explain -f manifests/ --flows flows.jsonl -o jsonl")]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Who starts the flow
    #[arg(long, value_name = "PEER", required_unless_present = "flows")]
    pub(crate) from: Option<PeerWord>,
    /// Whom it is for
    #[arg(long, value_name = "PEER", required_unless_present = "flows")]
    pub(crate) to: Option<PeerWord>,
    /// On what
    #[arg(long, value_name = "PORT", required_unless_present = "flows")]
    pub(crate) port: Option<PortWord>,
    /// End with 1 unless this is the verdict
    #[arg(long, value_name = "VERDICT", conflicts_with = "flows")]
    pub(crate) expect: Option<Expectation>,
    /// Flows to decide, one JSON object a line: {"src", "dst", "protocol", "port"}; `-` for
    /// standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to", "port"])]
    pub(crate) flows: Option<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: Format,
}
