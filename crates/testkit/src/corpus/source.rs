//! From what a case is written in to a world and its rules.
//!
//! Cases use ordinary manifests; only the area `lowered` writes rules directly.

use std::sync::Arc;

use ipnet::IpNet;
use manifest::{Document, Options, Problem, Reading};
use model::{AddressPlan, Enforcement, Rules, World, WorldParts};
use serde_saphyr::Spanned;

use super::Fault;
use super::objects::{Object, Objects};
use super::text::{Addresses, EnforcementText, OptionsText, ReadAs};
use crate::lowered::{RuleText, WorldText};

/// Nodes that a world without any gets.
const PLAN: AddressPlan = AddressPlan { nodes: 1 };
/// As in a lab.
const REPLICAS_MAX: u32 = 2;

pub(super) fn of_manifests(
    file: &str,
    objects: &Objects,
    options: &OptionsText,
) -> Result<(World, Rules), Fault> {
    let documents: Vec<Document> =
        objects.in_order().into_iter().map(|object| document(file, object)).collect();
    let Reading { parts, rules, problems, .. } =
        manifest::read(&documents, &reading_options(options)?);
    match (problems.is_empty(), options.read_as) {
        (true, _) | (false, Some(ReadAs::Cluster)) => Ok((addressed(parts, options)?, rules)),
        (false, None) => Err(Fault::Manifests(problems.iter().map(describe).collect())),
    }
}

fn describe(problem: &Problem) -> String {
    format!("line {}: {problem}", problem.line())
}

/// Empty lines before an object put its places where it stands in the case.
fn document(file: &str, object: &Object) -> Document {
    let lines = usize::try_from(object.line).unwrap_or(0);
    let text = format!("{}{}", "\n".repeat(lines), object.text);
    Document { name: Arc::from(file), text: Arc::from(text) }
}

fn reading_options(options: &OptionsText) -> Result<Options, Fault> {
    let network = |text: &String| text.parse().map_err(|_| Fault::Cidr(text.clone()));
    let pod_networks: Result<Vec<IpNet>, Fault> = options.pod_cidr.iter().map(network).collect();
    Ok(Options {
        replicas_max: REPLICAS_MAX,
        pod_networks: pod_networks?,
        staged: options.staged,
        enforcement: enforcement(options),
        read_as: match options.read_as {
            Some(ReadAs::Cluster) => manifest::ReadAs::Cluster,
            None => manifest::ReadAs::File,
        },
        ..Options::default()
    })
}

pub(super) fn of_lowered(
    world: &WorldText,
    rules: &[Spanned<RuleText>],
    options: &OptionsText,
) -> Result<(World, Rules), Fault> {
    let parts = world.parts().map_err(Fault::Lowered)?;
    let staged: Vec<_> = rules.iter().filter_map(|rule| rule.value.staged()).collect();
    let rules: Result<Vec<_>, String> = rules.iter().map(|rule| rule.value.rule()).collect();
    let rules = Rules::new(rules.map_err(Fault::Lowered)?).with_staged(staged);
    let rules = rules.under(enforcement(options), &parts.namespaces);
    Ok((addressed(parts, options)?, rules))
}

fn enforcement(options: &OptionsText) -> Enforcement {
    match options.enforcement {
        EnforcementText::Enforce => Enforcement::Enforce,
        EnforcementText::Audit => Enforcement::Audit,
        EnforcementText::Disabled => Enforcement::Disabled,
    }
}

fn addressed(mut parts: WorldParts, options: &OptionsText) -> Result<World, Fault> {
    match options.addresses {
        Addresses::Assigned => parts.assign(PLAN).map_err(Fault::Assign)?,
        Addresses::Unknown => {}
    }
    World::new(parts).map_err(Fault::World)
}
