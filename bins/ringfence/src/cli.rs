//! What can be typed.
//!
//! Kept apart from what it means, so that the whole command line can be read in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

use crate::live::Live;
use crate::{
    about, check, compare, connectivity_test, diff, explain, exposure, flows, graph, install, lab,
    outage, path, preflight, prune, reach, status, sysdump, test,
};

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
    /// Say what is wrong with manifests, and what is probably not meant
    Check(check::Arguments),
    /// Say whether two sets of policies are equivalent, contained, disjoint or interfering
    Compare(compare::Arguments),
    /// Say what a change of manifests opens and closes
    Diff(diff::Arguments),
    /// Say whether one end reaches another, and which rule decides
    Explain(explain::Arguments),
    /// Say who could reach a workload without existing yet
    Exposure(exposure::Arguments),
    /// Say which rules and policies nobody needs, and remove them
    Prune(prune::Arguments),
    /// Draw who reaches whom
    Graph(graph::Arguments),
    /// Say who reaches whom on what
    Reach(reach::Arguments),
    /// Judge intentions: who must, may and must never reach whom
    Test(test::Arguments),
    /// Make manifests real on this machine and probe them
    Lab(lab::Arguments),
    /// Try on a cluster whether its network does what the oracle says
    ConnectivityTest(connectivity_test::Arguments),
    /// Say how every node of a cluster enforces its policies, and whom no policy selects
    Status(status::Arguments),
    /// Show what a cluster let through and what it denied, and why
    Flows(flows::Arguments),
    /// Show how the nodes of a cluster decide one flow: tables, maps, and the oracle beside them
    Path(path::Arguments),
    /// Say what a node or a cluster lacks before Ringfence is there
    Preflight(preflight::Arguments),
    /// Take the policies of a cluster out of force for a while
    Disable(outage::Disable),
    /// Put the policies of a cluster in force again
    Enable(outage::Enable),
    /// Collect everything that a report of a fault needs, without secrets
    Sysdump(sysdump::Arguments),
    /// Put Ringfence on every node of a cluster
    Install(install::Install),
    /// Make the Ringfence of a cluster what this version brings
    Upgrade(install::Upgrade),
    /// Take Ringfence off a cluster, and all that it left on its nodes
    Uninstall(install::Uninstall),
    /// Print the version
    Version(about::Version),
    /// Print a completion script for a shell
    Completion(about::Completion),
    /// Write manual pages
    #[command(hide = true)]
    Man(about::Man),
    /// Keep a lab up: what `lab up` leaves behind
    #[command(hide = true)]
    LabAgent(lab::Making),
    /// Stand for one container of a lab
    #[command(hide = true)]
    PodHelper,
}

/// Where manifests come from.
#[derive(Args, Debug)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("manifests").required(true).multiple(true))]
pub(crate) struct Input {
    /// Manifest files or directories, charts, kustomizations; `-` for standard input
    #[arg(value_name = "PATH", group = "manifests")]
    pub(crate) paths: Vec<PathBuf>,
    /// The same, as kubectl takes it
    #[arg(short = 'f', long = "filename", value_name = "PATH", group = "manifests")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Whom blocks match; tools of the field differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum IpBlocks {
    Pods,
    External,
}

/// What host-network pods are; tools of the field differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum HostNetwork {
    Node,
    Pod,
}

/// How manifests are read.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Reading {
    /// Read the paths as they are at this revision of the git repository around them
    #[arg(long, value_name = "REV")]
    pub(crate) git: Option<String>,
    /// Values for Helm charts
    #[arg(long, value_name = "FILE")]
    pub(crate) helm_values: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) live: Live,
    /// Namespace of objects and peers that name none [default: the context's, or default]; more of
    /// them are read where the cluster's namespaces may not be listed
    #[arg(short = 'n', long = "namespace", value_name = "NAMESPACE")]
    pub(crate) namespaces: Vec<String>,
    /// Network that pods get addresses from, for pods whose address is not known
    #[arg(long = "pod-cidr", value_name = "CIDR")]
    pub(crate) pod_cidrs: Vec<IpNet>,
    /// Whom an ipBlock matches: whoever has an address in it, or nobody in the pod network
    #[arg(long = "ipblocks", value_enum, value_name = "WHOM", default_value = "pods")]
    pub(crate) ip_blocks: IpBlocks,
    /// What a pod with hostNetwork is: its node, or a pod like any other
    #[arg(long, value_enum, value_name = "WHAT", default_value = "node")]
    pub(crate) host_network: HostNetwork,
    /// Judge as if staged policies were enforced
    #[arg(long)]
    pub(crate) staged: bool,
    /// Foreign policy kind to leave out of the answer, said in the report
    #[arg(long = "ignore-kind", value_name = "GROUP/KIND")]
    pub(crate) ignore_kinds: Vec<String>,
}

impl Input {
    /// All paths, however they were typed.
    pub(crate) fn all_paths(&self) -> Vec<PathBuf> {
        self.paths.iter().chain(&self.files).cloned().collect()
    }
}

impl Reading {
    /// The options that change the answer, as they would be typed.
    pub(crate) fn words(&self) -> Vec<String> {
        let git = self.git.iter().map(|revision| format!("--git {revision}"));
        let values =
            self.helm_values.iter().map(|file| format!("--helm-values {}", file.display()));
        let namespaces = self.namespaces.iter().filter(|name| *name != "default");
        let namespaces = namespaces.map(|name| format!("--namespace {name}"));
        let networks = self.pod_cidrs.iter().map(|network| format!("--pod-cidr {network}"));
        let ignored = self.ignore_kinds.iter().map(|kind| format!("--ignore-kind {kind}"));
        let blocks =
            (self.ip_blocks == IpBlocks::External).then(|| "--ipblocks external".to_owned());
        let host = (self.host_network == HostNetwork::Pod).then(|| "--host-network pod".to_owned());
        let staged = self.staged.then(|| "--staged".to_owned());
        git.chain(values)
            .chain(self.live.words())
            .chain(namespaces)
            .chain(networks)
            .chain(blocks)
            .chain(host)
            .chain(staged)
            .chain(ignored)
            .collect()
    }
}
