//! What can be typed after `ringfence lab`.
//!
//! Kept apart from what is done with it, so that the help texts can be read in one place.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::Input;

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
    /// Say which labs there are
    Status(MaybeNamed),
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

#[derive(Args, Debug)]
pub(crate) struct Named {
    /// Name of the lab
    #[arg(long, default_value = "lab")]
    pub(crate) name: String,
}

#[derive(Args, Debug)]
pub(crate) struct MaybeNamed {
    /// Name of the lab; all where absent
    #[arg(long)]
    pub(crate) name: Option<String>,
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
