//! Clusters of any size as the YAML that people would have written, for measurements.
//!
//! `n` workloads live in `n / 20` namespaces under `2 n` policies of every form. A seed decides
//! everything, so the same size and seed give the same bytes on every machine.

mod policy;
mod workload;

use crate::generate::{Random, Source};

/// Workloads in one namespace.
pub const WORKLOADS_PER_NAMESPACE: u32 = 20;
/// Policies for each workload.
pub const POLICIES_PER_WORKLOAD: u32 = 2;
const TEAMS: u32 = 25;

/// A cluster to be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// How many workloads it has.
    pub workloads: u32,
    /// Other seeds give other clusters of the same shape.
    pub seed: u64,
}

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// Its YAML.
    pub text: String,
}

impl Scale {
    /// How many namespaces there are.
    #[must_use]
    pub fn namespaces(self) -> u32 {
        self.workloads.div_ceil(WORKLOADS_PER_NAMESPACE)
    }

    /// The files, one for each namespace.
    pub fn files(self) -> impl Iterator<Item = File> {
        (0..self.namespaces()).map(move |number| self.file(number))
    }

    fn file(self, number: u32) -> File {
        let first = number * WORKLOADS_PER_NAMESPACE;
        let workloads = WORKLOADS_PER_NAMESPACE.min(self.workloads - first);
        let mut source = Random::new(self.seed ^ (u64::from(number) << 20));
        let namespace = Namespace { number, workloads, namespaces: self.namespaces() };
        let mut documents = vec![namespace.object()];
        documents.extend((0..workloads).map(|at| workload::workload(namespace, at, &mut source)));
        let policies = workloads * POLICIES_PER_WORKLOAD;
        documents.extend((0..policies).map(|at| policy::policy(namespace, at, &mut source)));
        File { name: format!("{}.yaml", namespace.name()), text: documents.join("---\n") }
    }
}

/// One namespace of a cluster.
#[derive(Clone, Copy, Debug)]
struct Namespace {
    number: u32,
    workloads: u32,
    namespaces: u32,
}

impl Namespace {
    fn name(self) -> String {
        name(self.number)
    }

    fn object(self) -> String {
        let (name, team) = (self.name(), team(self.number));
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels:\n    team: {team}\n"
        )
    }

    /// Every second namespace isolates what leaves its pods too.
    fn isolates_egress(self) -> bool {
        self.number % 2 == 1
    }

    fn any_workload(self, source: &mut dyn Source) -> u32 {
        below(source, self.workloads)
    }

    fn any_namespace(self, source: &mut dyn Source) -> u32 {
        below(source, self.namespaces)
    }
}

fn name(namespace: u32) -> String {
    format!("ns{namespace}")
}

fn team(namespace: u32) -> String {
    format!("team{}", namespace % TEAMS)
}

fn below(source: &mut dyn Source, bound: u32) -> u32 {
    let bound = usize::try_from(bound).unwrap_or(usize::MAX);
    u32::try_from(source.below(bound)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::{Document, Options, read};

    fn documents(scale: Scale) -> Vec<Document> {
        let document = |file: File| Document { name: file.name.into(), text: file.text.into() };
        scale.files().map(document).collect()
    }

    #[test]
    fn every_size_reads_without_a_problem_and_has_what_it_says() {
        for workloads in [1, 19, 20, 21, 100] {
            let reading = read(&documents(Scale { workloads, seed: 1 }), &Options::default());
            assert!(reading.is_complete(), "{:?}", reading.problems.first());
            assert_eq!(reading.parts.pods.len(), workloads as usize);
            let policies: std::collections::BTreeSet<_> =
                reading.rules.iter().map(|rule| &rule.origin.policy).collect();
            assert_eq!(policies.len(), 2 * workloads as usize);
        }
    }

    #[test]
    fn one_seed_gives_the_same_bytes_and_another_seed_others() {
        let text = |seed| {
            let files = Scale { workloads: 60, seed }.files();
            files.map(|file| file.text).collect::<String>()
        };
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }
}
