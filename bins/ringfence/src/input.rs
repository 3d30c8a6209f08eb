//! From what was typed to a world and its rules, problems said on the way.
//!
//! Every command reads its manifests through here, so all of them accept and refuse the same.

use std::io;

use manifest::{Options, Reading};
use model::{Rules, World, WorldParts};

use crate::cli::Input;

/// What the manifests say.
pub(crate) struct Manifests {
    /// Everything that is there.
    pub(crate) world: World,
    /// The lowered rules, with their places.
    pub(crate) rules: Rules,
    /// Whether every object was understood (ruling E4).
    pub(crate) is_complete: bool,
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

/// Reads all manifests and prints every problem to standard error.
///
/// # Errors
/// Where no answer is possible at all; why is printed already.
pub(crate) fn read(input: &Input) -> Result<Manifests, Unreadable> {
    let Parts { parts, rules, is_complete } = read_parts(input, Options::default().replicas_max)?;
    let world = World::new(parts).map_err(|error| {
        eprintln!("error: {error}");
        Unreadable
    })?;
    Ok(Manifests { world, rules, is_complete })
}

/// As [`read`], with at most `replicas_max` pods of each workload.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_parts(input: &Input, replicas_max: u32) -> Result<Parts, Unreadable> {
    let documents = sources::load(&input.paths, || Ok(io::stdin())).map_err(|errors| {
        print(&errors.into());
        Unreadable
    })?;
    let reading = manifest::read(&documents.documents, &options(input, replicas_max));
    let is_complete = reading.is_complete();
    let Reading { parts, rules, problems, .. } = reading;
    problems.into_iter().for_each(|problem| print(&problem.into()));
    Ok(Parts { parts, rules, is_complete })
}

/// No answer is possible.
pub(crate) struct Unreadable;

fn options(input: &Input, replicas_max: u32) -> Options {
    Options {
        replicas_max,
        default_namespace: input.namespace.clone(),
        pod_networks: input.pod_cidrs.clone(),
        ignore_kinds: input.ignore_kinds.iter().cloned().collect(),
        ..Options::default()
    }
}

fn print(report: &miette::Report) {
    eprintln!("{report:?}");
}
