//! From what was typed to a world and its rules, problems said on the way.
//!
//! Every command reads its manifests through here, so all of them accept and refuse the same.

use std::io;
use std::path::PathBuf;

use cluster::Unread;
use manifest::{Document, HostNetwork, IpBlocks, Options, ReadAs, Reading};
use model::{Enforcement, Peer, Peers, Rules, World, WorldParts};
use report::Header;
use sources::Request;

use crate::cli::{self, Input};
use crate::live::{self, Snapshot};
use crate::progress;
use crate::unknown::{self, Bounds};

/// Pods of one workload, where nothing is made real.
pub(crate) const REPLICAS_MAX: u32 = 1;

/// What the manifests say.
pub(crate) struct Manifests {
    /// Everything that is there.
    pub(crate) world: World,
    /// The lowered rules, with their places.
    pub(crate) rules: Rules,
    /// Whether every object was understood (ruling E4).
    pub(crate) is_complete: bool,
    /// What was read, for the header of a report.
    pub(crate) digest: String,
    /// How many policies are staged, whether or not they count.
    pub(crate) staged: usize,
    /// The namespace of words that name none.
    pub(crate) namespace: String,
    /// What could not be read of a cluster.
    pub(crate) unread: Vec<Unread>,
    /// What the rules may be at least and at most, if some could not be read.
    pub(crate) bounds: Option<Bounds>,
}

/// What the manifests say, before anything is added to it.
pub(crate) struct Parts {
    /// What a world is made of.
    pub(crate) parts: WorldParts,
    /// The lowered rules, with their places.
    pub(crate) rules: Rules,
    /// Whether every object was understood (ruling E4).
    pub(crate) is_complete: bool,
}

/// The documents and all that was read of them; nothing was said about it yet.
pub(crate) struct Loaded {
    /// The documents.
    pub(crate) documents: Vec<Document>,
    /// How they were read.
    pub(crate) options: Options,
    /// What they say.
    pub(crate) reading: Reading,
    /// What was read, for the header of a report.
    pub(crate) digest: String,
    /// What could not be read of a cluster.
    pub(crate) unread: Vec<Unread>,
    /// What the rules may be at least and at most, if some could not be read.
    pub(crate) bounds: Option<Bounds>,
}

/// Reads all manifests without saying what is wrong with them.
///
/// # Errors
/// Where no answer is possible at all; why is printed already.
pub(crate) fn load(input: &Input) -> Result<Loaded, Unreadable> {
    load_paths(input.all_paths(), &input.reading)
}

/// As [`load`], for paths that a command names in its own way.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_paths(paths: Vec<PathBuf>, how: &cli::Reading) -> Result<Loaded, Unreadable> {
    load_replicas(paths, how, REPLICAS_MAX)
}

/// As [`load_paths`], with at most `replicas_max` pods of a workload.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_replicas(
    paths: Vec<PathBuf>,
    how: &cli::Reading,
    replicas_max: u32,
) -> Result<Loaded, Unreadable> {
    let cluster = live::snapshot(how)?;
    load_over(paths, how, cluster.as_ref(), replicas_max)
}

/// As [`load_replicas`], over a cluster that is read already.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_over(
    paths: Vec<PathBuf>,
    how: &cli::Reading,
    cluster: Option<&Snapshot>,
    replicas_max: u32,
) -> Result<Loaded, Unreadable> {
    let request =
        Request { paths, revision: how.git.clone(), helm_values: how.helm_values.clone() };
    let load = || sources::load(&request, || Ok(io::stdin()));
    let mut loaded = progress::during("loading manifests", load).map_err(|errors| {
        print(&errors.into());
        Unreadable
    })?;
    for rendered in &loaded.rendered {
        eprintln!("rendered {} by {}", rendered.path, rendered.by);
    }
    if let Some(cluster) = cluster {
        loaded.documents.splice(0..0, cluster.documents.iter().cloned());
    }
    let (digest, options) = (loaded.digest(), options(how, cluster, replicas_max));
    let read = || manifest::read(&loaded.documents, &options);
    let reading = progress::during("reading manifests", read);
    if !reading.staged.is_empty() && !how.staged {
        let names: Vec<String> = reading.staged.iter().map(ToString::to_string).collect();
        eprintln!("staged, so they decide nothing: {}", names.join(", "));
    }
    if !reading.audited.is_empty() && !how.staged {
        let names = reading.audited.join(", ");
        eprintln!("in audit, so policies decide nothing for pods of namespace: {names}");
    }
    let unread = cluster.map(|cluster| cluster.unread.clone()).unwrap_or_default();
    let documents = loaded.documents;
    let bounds = unknown::bounds(&documents, &options, &reading, &unread);
    Ok(Loaded { documents, options, reading, digest, unread, bounds })
}

/// Reads all manifests and prints every problem to standard error.
///
/// # Errors
/// Where no answer is possible at all; why is printed already.
pub(crate) fn read(input: &Input) -> Result<Manifests, Unreadable> {
    told(load(input)?)
}

/// Prints every problem of what was read, and makes a world of the rest.
///
/// # Errors
/// Where the rest makes no world.
pub(crate) fn told(mut loaded: Loaded) -> Result<Manifests, Unreadable> {
    let (digest, staged) = (loaded.digest.clone(), loaded.reading.staged.len());
    let (unread, bounds) = (loaded.unread.clone(), loaded.bounds.take());
    let namespace = loaded.options.default_namespace.clone();
    let Parts { parts, rules, is_complete } = loaded.told();
    let world = World::new(parts).map_err(|error| {
        eprintln!("error: {error}");
        Unreadable
    })?;
    Ok(Manifests { world, rules, is_complete, digest, staged, namespace, unread, bounds })
}

impl Manifests {
    /// What a report about them says of itself.
    pub(crate) fn header(&self, command: &str, options: Vec<String>) -> Header {
        let unknown = cluster::unread_words(&self.unread);
        let header = header(command, options, &self.digest, self.is_complete, self.staged);
        Header { unknown, ..header }
    }
}

impl Loaded {
    /// As [`Manifests::header`].
    pub(crate) fn header(&self, command: &str, options: Vec<String>) -> Header {
        let staged = self.reading.staged.len();
        let unknown = cluster::unread_words(&self.unread);
        let is_complete = self.reading.is_complete();
        Header { unknown, ..header(command, options, &self.digest, is_complete, staged) }
    }

    /// Prints every problem.
    pub(crate) fn told(self) -> Parts {
        let is_complete = self.reading.is_complete();
        let Reading { parts, rules, problems, .. } = self.reading;
        problems.into_iter().for_each(|problem| print(&problem.into()));
        Parts { parts, rules, is_complete }
    }
}

fn header(
    command: &str,
    options: Vec<String>,
    digest: &str,
    complete: bool,
    staged: usize,
) -> Header {
    Header {
        tool: format!("ringfence {command}"),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs: digest.to_owned(),
        options,
        unknown: Vec::new(),
        staged,
        complete,
    }
}

/// Says which rules an answer about flows leaves out: a DNS name has no addresses yet (ruling C8).
pub(crate) fn say_domains(rules: &Rules) {
    let has_domain = |peers: &Peers| match peers {
        Peers::Any => false,
        Peers::OneOf(peers) => peers.iter().any(|peer| matches!(peer, Peer::Domain(_))),
    };
    for rule in rules.iter().filter(|rule| has_domain(&rule.peers)) {
        eprintln!("note: {} names domains, which match nobody yet: left out", rule.origin);
    }
}

/// No answer is possible.
pub(crate) struct Unreadable;

fn options(how: &cli::Reading, cluster: Option<&Snapshot>, replicas_max: u32) -> Options {
    let of_context = cluster.map(|cluster| cluster.namespace.clone());
    let namespace = how.namespaces.first().cloned().or(of_context);
    Options {
        replicas_max,
        default_namespace: namespace.unwrap_or(Options::default().default_namespace),
        read_as: if cluster.is_some() { ReadAs::Cluster } else { ReadAs::File },
        base: cluster.map_or(0, |cluster| cluster.documents.len()),
        pod_networks: how.pod_cidrs.clone(),
        ip_blocks: match how.ip_blocks {
            cli::IpBlocks::Pods => IpBlocks::Pods,
            cli::IpBlocks::External => IpBlocks::External,
        },
        host_network: match how.host_network {
            cli::HostNetwork::Node => HostNetwork::Node,
            cli::HostNetwork::Pod => HostNetwork::Pod,
        },
        staged: how.staged,
        enforcement: cluster.map_or_else(Enforcement::default, |cluster| cluster.enforcement),
        ignore_kinds: how.ignore_kinds.iter().cloned().collect(),
    }
}

fn print(report: &miette::Report) {
    eprintln!("{report:?}");
}
