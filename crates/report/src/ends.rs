//! Both ends of an answer that stands on a line of its own.
//!
//! A document names each group once and refers to it; a line has nothing to refer to.

use analysis::reach::Outsiders;
use analysis::{Group, family_word};
use ipnet::IpNet;
use model::{Direction, Family};
use serde::Serialize;

/// The scope of what happens between members of the cluster.
pub(crate) const INSIDE: &str = "cluster";

/// The scope of what happens with others.
pub(crate) fn scope(outsiders: Outsiders) -> &'static str {
    match outsiders {
        Outsiders::External => "external",
        Outsiders::UnknownPods => "unknown pods",
    }
}

/// Who is at the ends.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ends<'r> {
    from: End<'r>,
    to: End<'r>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    families: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum End<'r> {
    Group(Option<&'r Group>),
    Networks { networks: &'r [IpNet] },
}

impl<'r> Ends<'r> {
    pub(crate) fn inside(groups: &'r [Group], from: usize, to: usize, families: &[Family]) -> Self {
        let families = families.iter().map(|family| family_word(*family)).collect();
        let end = |group: usize| End::Group(groups.get(group));
        Self { from: end(from), to: end(to), families }
    }

    pub(crate) fn outside(
        groups: &'r [Group],
        direction: Direction,
        group: usize,
        networks: &'r [IpNet],
    ) -> Self {
        let (own, other) = (End::Group(groups.get(group)), End::Networks { networks });
        let (from, to) = match direction {
            Direction::Egress => (own, other),
            Direction::Ingress => (other, own),
        };
        Self { from, to, families: Vec::new() }
    }
}
