//! Exposure as rows: who could reach a workload without existing yet, and whom it could reach.
//!
//! One row says one condition, in the words of a selector, so that a person sees which label opens
//! the door.

use std::collections::BTreeSet;

use analysis::exposure::{Exposed, Exposure, Pods};
use analysis::{Members, Name, TrafficSet, family_word, selector_words};
use compile::Condition;
use model::{Direction, Selector};

use crate::{Crowds, Table};

const PLAIN: [&str; 4] = ["workload", "direction", "who", "ports"];
const WIDE: [&str; 1] = ["families"];
/// The label that says a namespace's own name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name=";

/// The rows: one for each kind of pod, the whole cluster and the internet among them.
#[must_use]
pub fn table(exposure: &Exposure, crowds: &Crowds) -> Table {
    let mut table = Table::new(&PLAIN, &WIDE);
    for exposed in &exposure.exposed {
        let families = exposed.families.iter().map(|family| family_word(*family));
        let families = families.collect::<Vec<_>>().join(", ");
        let workloads = crowds.words(&Members::Names(exposed.workloads.clone())).join("\n");
        for (who, ports) in rows(exposed) {
            let direction = exposed.direction.to_string();
            table.push([workloads.clone(), direction, who, ports, families.clone()]);
        }
    }
    table
}

/// Who, and on what.
fn rows(exposed: &Exposed) -> Vec<(String, String)> {
    let everybody = exposed.unprotected && exposed.cluster.is_all() && exposed.internet.is_all();
    if everybody {
        return vec![("everybody: no policy".to_owned(), "all".to_owned())];
    }
    let open = |who: &str, ports: &TrafficSet| {
        (!ports.is_empty()).then(|| (who.to_owned(), ports.to_string()))
    };
    let cluster = open("any pod", &exposed.cluster);
    let internet = open("internet", &exposed.internet);
    let pods = exposed.pods.iter().map(|pods| (who(pods), pods.ports.to_string()));
    let rows: Vec<_> = cluster.into_iter().chain(internet).chain(pods).collect();
    match rows.is_empty() {
        true => vec![("nobody".to_owned(), String::new())],
        false => rows,
    }
}

/// Pods in words: `app=web in shop, not role=test`.
fn who(pods: &Pods) -> String {
    let joined =
        |all: &[Condition], by: &str| all.iter().map(condition).collect::<Vec<_>>().join(by);
    let all_of = match pods.all_of.is_empty() {
        true => "any pod".to_owned(),
        false => joined(&pods.all_of, " and "),
    };
    match pods.none_of.is_empty() {
        true => all_of,
        false => format!("{all_of}, but not {}", joined(&pods.none_of, " nor ")),
    }
}

fn condition(condition: &Condition) -> String {
    match condition {
        Condition::PortName { name, protocol, number } => {
            format!("port {name} at {number}/{protocol}")
        }
        Condition::Labels { namespaces, pods } => {
            let pods = match selector_words(pods) {
                words if words.is_empty() => "any pod".to_owned(),
                words => words,
            };
            format!("{pods} in {}", namespace(namespaces))
        }
    }
}

fn namespace(selector: &Selector) -> String {
    let words = selector_words(selector);
    match words.strip_prefix(NAMESPACE_NAME) {
        Some(name) if !name.contains([',', '=', ' ']) => name.to_owned(),
        Some(_) | None if words.is_empty() => "any namespace".to_owned(),
        Some(_) | None => format!("namespaces with {words}"),
    }
}

/// How many workloads stand how open, in one line.
#[must_use]
pub fn closing(exposure: &Exposure) -> String {
    let count = |wanted: &dyn Fn(&Exposed) -> bool| {
        let ingress = exposure.exposed.iter().filter(|it| it.direction == Direction::Ingress);
        let named = ingress.filter(|it| wanted(it)).flat_map(|it| &it.workloads);
        named.collect::<BTreeSet<&Name>>().len()
    };
    format!(
        "{} workloads: {} without a policy for ingress, {} open to any pod, {} open to the internet",
        count(&|_| true),
        count(&|it| it.unprotected),
        count(&|it| !it.cluster.is_empty()),
        count(&|it| !it.internet.is_empty()),
    )
}
