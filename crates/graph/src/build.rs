//! From what `reach` says to a picture: one node for each word of its table, one edge for each pair
//! of words.
//!
//! A namespace in which everybody may do the same is one node and not a hundred, as in the table.

use std::collections::{BTreeMap, BTreeSet};

use analysis::reach::{Connection, OutsideConnection, Report};
use analysis::{Members, Name};
use model::{Direction, Place, Reason, Rules};
use report::{Crowds, network_words};

use crate::graph::{Because, Box, Edge, Graph, Kind, Node};

/// Where rules were written.
pub struct Source<'s> {
    /// The rules with their places.
    pub rules: &'s Rules,
    /// The lines of YAML at a place.
    pub lines: &'s dyn Fn(&Place) -> Option<String>,
}

/// Draws a report.
#[must_use]
pub fn build(report: &Report, crowds: &Crowds, source: &Source<'_>) -> Graph {
    let mut builder =
        Builder { report, crowds, source, ends: BTreeMap::new(), ways: BTreeMap::new() };
    report.everybody.iter().for_each(|name| builder.everybody(name));
    report.connections.iter().for_each(|one| builder.inside(one));
    report.outside.iter().for_each(|one| builder.outside(one));
    builder.finish()
}

struct Builder<'b> {
    report: &'b Report,
    crowds: &'b Crowds,
    source: &'b Source<'b>,
    /// By word.
    ends: BTreeMap<String, Kind>,
    ways: BTreeMap<(String, String), (BTreeSet<String>, BTreeSet<Because>)>,
}

impl Builder<'_> {
    /// Who reaches nobody is drawn too: that is an answer.
    fn everybody(&mut self, name: &Name) {
        let kind = match name {
            Name::Node(_) => Kind::Node,
            Name::Namespace(_) | Name::Workload { .. } | Name::Pod { .. } => Kind::Member,
        };
        self.ends.insert(name.to_string(), kind);
    }

    fn inside(&mut self, one: &Connection) {
        let because = one.because.as_ref();
        let egress = because.map(|both| self.because("egress", &both.egress)).unwrap_or_default();
        let ingress =
            because.map(|both| self.because("ingress", &both.ingress)).unwrap_or_default();
        let because: Vec<Because> = egress.into_iter().chain(ingress).collect();
        let (from, to) = (self.words(one.from), self.words(one.to));
        self.ways(&from, &to, &one.ports.to_string(), &because);
    }

    fn outside(&mut self, one: &OutsideConnection) {
        let end = match one.direction {
            Direction::Egress => "egress",
            Direction::Ingress => "ingress",
        };
        let because = self.because(end, one.because.as_deref().unwrap_or_default());
        let own = self.words(one.group);
        let networks = vec![network_words(&one.networks).join(", ")];
        self.ends.extend(networks.iter().map(|word| (word.clone(), Kind::Outside)));
        let (from, to) = match one.direction {
            Direction::Egress => (own, networks),
            Direction::Ingress => (networks, own),
        };
        self.ways(&from, &to, &one.ports.to_string(), &because);
    }

    fn ways(&mut self, from: &[String], to: &[String], ports: &str, because: &[Because]) {
        for (from, to) in from.iter().flat_map(|from| to.iter().map(move |to| (from, to))) {
            if from == to && self.ends.get(from) != Some(&Kind::Crowd) {
                continue;
            }
            let (all, reasons) = self.ways.entry((from.clone(), to.clone())).or_default();
            all.insert(ports.to_owned());
            reasons.extend(because.iter().cloned());
        }
    }

    /// The words of a group, known as ends from now on.
    fn words(&mut self, group: usize) -> Vec<String> {
        let Some(group) = self.report.groups.get(group) else { return Vec::new() };
        let words = match &group.names {
            Members::AllExcept(except) if !except.is_empty() => {
                let rest = self.report.everybody.iter().filter(|name| !except.contains(name));
                self.crowds.words(&Members::Names(rest.cloned().collect()))
            }
            Members::AllExcept(_) | Members::Names(_) => self.crowds.words(&group.names),
        };
        for word in &words {
            self.ends.entry(word.clone()).or_insert(Kind::Crowd);
        }
        words
    }

    fn because(&self, end: &'static str, reasons: &[Reason]) -> Vec<Because> {
        let of = |reason: &Reason| {
            let place = match reason {
                Reason::Rule(rule) => self.source.rules.place(rule),
                Reason::DefaultDeny(_) | Reason::Builtin(_) => None,
            };
            Because {
                end,
                reason: reason.to_string(),
                place: place.map(|place| format!("{}:{}", place.file, place.line)),
                yaml: place.and_then(|place| (self.source.lines)(place)),
            }
        };
        reasons.iter().map(of).collect()
    }

    fn finish(self) -> Graph {
        let namespace = |word: &str, kind| match kind {
            Kind::Member | Kind::Crowd => {
                word.split_once('/').map(|(namespace, _)| namespace.to_owned())
            }
            Kind::Node | Kind::Outside => None,
        };
        let names: BTreeSet<String> =
            self.ends.iter().filter_map(|(word, kind)| namespace(word, *kind)).collect();
        let boxes: Vec<Box> = names.iter().map(|name| Box { name: name.clone() }).collect();
        let nodes: Vec<Node> = self
            .ends
            .iter()
            .map(|(word, kind)| {
                let around = namespace(word, *kind);
                let inside =
                    around.as_ref().and_then(|name| names.iter().position(|it| it == name));
                let label = around.as_ref().and_then(|name| word.strip_prefix(&format!("{name}/")));
                let label = label.map_or_else(|| label_of(word), label_of);
                Node { word: word.clone(), label, kind: *kind, inside }
            })
            .collect();
        let position: BTreeMap<&String, usize> = self.ends.keys().zip(0..).collect();
        let edges = self.ways.iter().filter_map(|((from, to), (ports, because))| {
            Some(Edge {
                from: *position.get(from)?,
                to: *position.get(to)?,
                ports: ports.iter().cloned().collect::<Vec<_>>().join(", "),
                because: because.iter().cloned().collect(),
            })
        });
        Graph { boxes, edges: edges.collect(), nodes }
    }
}

fn label_of(word: &str) -> String {
    match word {
        "*" => "everybody".to_owned(),
        "0.0.0.0/0, ::/0" | "0.0.0.0/0" | "::/0" => "internet".to_owned(),
        word => word.to_owned(),
    }
}
