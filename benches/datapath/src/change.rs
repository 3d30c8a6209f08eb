//! From a changed policy to the kernel, on a node of 110 pods.
//!
//! Each change compiles all of the node anew, plans, and writes into real maps; only reading YAML is
//! left out.

use compile::{Image, Scope, Slots};
use model::{Peer, Peers, PortMatch, PortRange, Ports, Protocol, Rule, Rules, Selector};
use ringfence_benches::Cluster;
use ringfence_kernel::Bench;

use crate::step::{Step, step};
use crate::table::TableError;

const NODE: Cluster = Cluster { namespaces: 22, pods: 5, policies: 5 };

/// What each of so many changes took.
pub(crate) fn run(changes: usize) -> Result<Vec<Step>, TableError> {
    let (world, rules) = (NODE.world()?, NODE.rules());
    let slots = Slots::of(&world, Scope::Everywhere);
    let bench = Bench::new()?;
    let mut now = Image::default();
    let took = (0..=changes)
        .map(|number| step(&bench, (&world, &changed(&rules, number), &slots), &mut now))
        .collect::<Result<Vec<_>, _>>()?;
    // The first one wrote everything and was no change.
    Ok(took.into_iter().skip(1).collect())
}

/// The rules with another one changed each time: by turns a port more, and another selector.
fn changed(rules: &Rules, number: usize) -> Rules {
    let all = rules.iter().cloned().enumerate();
    let count = rules.iter().len();
    let turned = all.map(|(index, rule)| match index == number * 7 % count {
        true => turned(rule, number),
        false => rule,
    });
    Rules::new(turned.collect())
}

fn turned(rule: Rule, number: usize) -> Rule {
    if number.is_multiple_of(2) {
        let ports = [8_080, 9_000 + number as u16].map(|port| PortMatch::Numbers {
            protocol: Protocol::Tcp,
            range: PortRange::single(port),
        });
        return Rule { ports: Ports::OneOf(ports.into()), ..rule };
    }
    let pods = Selector::equals("app", format!("app{}", number % 5));
    let peer = Peer::Pods { namespaces: rule.subject.namespaces.clone(), pods };
    Rule { peers: Peers::OneOf(vec![peer]), ..rule }
}

/// The value that so many of a hundred do not exceed.
pub(crate) fn percentile<T: Ord + Copy + Default>(values: &[T], percent: usize) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{NODE, changed, percentile};

    #[test]
    fn every_change_changes_one_rule() {
        let rules = NODE.rules();
        for number in 0..10 {
            let changed = changed(&rules, number);
            let same = changed.iter().filter(|rule| rules.iter().any(|old| old == *rule)).count();
            assert!(same + 1 >= rules.iter().len(), "{number}: {same}");
        }
        assert_ne!(changed(&rules, 1), changed(&rules, 2));
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let all: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        let seen = [50, 99, 100].map(|percent| percentile(&all, percent).as_millis());
        assert_eq!(seen, [100, 198, 200]);
    }
}
