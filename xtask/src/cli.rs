//! The words that xtask understands.
//!
//! Kept apart from the tasks so that `--help` can be read in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The logic behind the make targets
#[derive(Parser)]
#[command(name = "xtask", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Run every test; what needs root says SKIPPED where there is none
    Test,
    /// Compare the project's drawings, lists and habits with its tree
    Tidy,
    /// Break the code on purpose and say which tier noticed
    Mutants(Mutants),
    /// Fuzz every target for a while
    Fuzz(Fuzz),
    /// Give generated packets to the programs' parser and to its twin; needs root
    FuzzParser(FuzzParser),
    /// Measure how many branches of the parser's twin the corpus reaches
    Coverage,
    /// Run the kernel's tests on other kernels, booted in an emulator
    Kernels(Kernels),
    /// Be the first process of a guest of `kernels`
    #[command(hide = true)]
    Guest,
    /// Measure the programs in the kernel and write docs/benchmarks.md anew
    BenchDatapath(BenchDatapath),
    /// Pods start and stop, policies flip, agents are killed, and every packet is judged; needs root
    Soak(Soak),
    /// Run a suite of somebody else's against Ringfence, on a cluster of this machine; needs root
    Suite(Suite),
    /// Print what is in programs of ours, as SPDX
    Sbom(Sbom),
    /// Measure whole processes on generated clusters and write docs/speed.md anew
    Speed,
    /// Measure one process: what `speed` runs
    #[command(hide = true)]
    Measure(Measure),
}

#[derive(Args)]
pub(crate) struct BenchDatapath {
    /// Print figures that show no more than that everything works, and write nothing
    #[arg(long)]
    pub(crate) quick: bool,
}

#[derive(Args)]
pub(crate) struct Mutants {
    /// Only the mutants with these numbers
    #[arg(long, value_name = "NUMBER")]
    pub(crate) only: Vec<u32>,
    /// Only so many, spread over the places, always the same ones
    #[arg(long, value_name = "COUNT", conflicts_with = "only")]
    pub(crate) sample: Option<usize>,
    /// Which tiers may judge
    #[arg(long, value_enum, default_value_t = Tiers::All)]
    pub(crate) tier: Tiers,
    /// Write who noticed what to the table in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tiers {
    /// T0 and T1
    Core,
    /// T2 and T3
    Kernel,
    /// All four
    All,
}

#[derive(Args)]
pub(crate) struct Fuzz {
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u32,
}

#[derive(Args)]
pub(crate) struct FuzzParser {
    /// How many
    #[arg(long, default_value_t = 10_000_000)]
    pub(crate) packets: u64,
}

#[derive(Args)]
pub(crate) struct Kernels {
    /// Only these series
    #[arg(long, value_name = "SERIES")]
    pub(crate) only: Vec<String>,
    /// Only these test programs
    #[arg(long, value_name = "NAME")]
    pub(crate) test: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Soak {
    /// How long: a full run is 10m, a shorter one does its share
    #[arg(long, default_value = "10m")]
    pub(crate) duration: String,
    /// What everything random is drawn from
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// The agent of the version before begins, ours takes over, and it takes over again
    #[arg(long)]
    pub(crate) versions: bool,
}

#[derive(Args)]
pub(crate) struct Suite {
    /// Which one
    #[arg(value_enum)]
    pub(crate) name: SuiteName,
    /// The cluster's families instead of all that the suite runs with: "4 6", "6 4", "4" or "6"
    #[arg(long, value_name = "FAMILIES")]
    pub(crate) families: Option<String>,
    /// kube-proxy's mode instead of all that the suite runs with: nftables, iptables or none
    #[arg(long, value_name = "MODE")]
    pub(crate) proxy: Option<String>,
    /// Only tests whose names match; for cyclonus, those that have the tag
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// Without Ringfence, to see that the suite can fail
    #[arg(long)]
    pub(crate) bare: bool,
    /// Leave the cluster up, to look at
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SuiteName {
    /// Whether a cluster with Ringfence does what a cluster does: ours
    Check,
    /// The CNI specification, by libcni's own tool
    Cni,
    /// The conformance suite of ClusterNetworkPolicies, all features
    Cnp,
    /// `ringfence connectivity-test`, and the commands that ask agents: ours
    Connectivity,
    /// Generated policies with truth tables
    Cyclonus,
    /// What has to hold when parts of a cluster die, restart or overflow: ours; `--only` names cases
    Hard,
    /// Kubernetes' own end-to-end tests of NetworkPolicies
    Netpol,
}

impl SuiteName {
    /// As it is written.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Cni => "cni",
            Self::Cnp => "cnp",
            Self::Connectivity => "connectivity",
            Self::Cyclonus => "cyclonus",
            Self::Hard => "hard",
            Self::Netpol => "netpol",
        }
    }

    /// What `tests/cluster/build.sh` has to build for it.
    pub(crate) fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Check | Self::Connectivity | Self::Hard => &["base"],
            Self::Cni => &["base", "cni"],
            Self::Cnp => &["base", "cnp"],
            Self::Cyclonus => &["base", "cyclonus"],
            Self::Netpol => &["base", "netpol"],
        }
    }

    /// Whether it is one script of ours, of which no part runs by itself.
    pub(crate) fn is_script(self) -> bool {
        matches!(self, Self::Check | Self::Cni | Self::Connectivity)
    }
}

#[derive(Args)]
pub(crate) struct Sbom {
    /// What they are built for
    #[arg(long, value_name = "TRIPLE")]
    pub(crate) target: String,
    /// The packages of the programs
    #[arg(required = true)]
    pub(crate) package: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Measure {
    /// The program and its words
    #[arg(last = true, required = true)]
    pub(crate) words: Vec<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_words_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
