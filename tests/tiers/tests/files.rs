//! Which subject a file of a container is: paths that rules name may be the same file.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a failing case panics with its name")]

use std::collections::BTreeMap;

use abi::{ProcessKey, subject};
use compile::{Compiled, Scope, Slots, compile};
use model::{Process, ProcessMatch, Rule, Rules};
use testkit::corpus::load_all;

const CONTAINER: u64 = 9;
const WEB: &str = "web";
const NGINX: &str = "/usr/sbin/nginx";
const ALIAS: &str = "/usr/bin/alias";

/// The world of a case in which one executable of one container is named, with rules about `names`;
/// those of the last are staged.
fn table(names: &[(Option<&str>, &str)], staged: usize) -> (Compiled, model::PodId) {
    let cases = load_all().unwrap_or_else(|error| panic!("{error}"));
    let case = cases.iter().find(|case| case.name == "lowered/one-executable-of-one-container");
    let Some(step) = case.map(|case| &case.steps[0]) else { panic!("the case is gone") };
    let first = step.rules.iter().find(|rule| !rule.subject.processes.is_everybody());
    let rule = |(at, (container, executable)): (usize, &(Option<&str>, &str))| {
        let Some(mut rule): Option<Rule> = first.cloned() else { panic!("the rule is gone") };
        rule.origin.policy.name = format!("rule{at}");
        rule.subject.processes = ProcessMatch {
            container: container.map(str::to_owned),
            executable: (!executable.is_empty()).then(|| (*executable).to_owned()),
        };
        rule
    };
    let rules: Vec<Rule> = names.iter().enumerate().map(rule).collect();
    let staged = rules.iter().rev().take(staged).map(|rule| rule.origin.policy.clone());
    let staged: Vec<_> = staged.collect();
    let rules = Rules::new(rules).with_staged(staged);
    let slots = Slots::of(&step.world, Scope::Everywhere);
    let compiled = compile(&step.world, &rules, &slots).unwrap_or_else(|error| panic!("{error}"));
    let Some(pod) = step.world.find_pod("x", "web") else { panic!("the pod is gone") };
    (compiled, pod)
}

/// What the kernel is told of the container whose files all are the one with inode 5.
fn told((compiled, pod): &(Compiled, model::PodId)) -> BTreeMap<(u64, u32), u32> {
    let processes =
        compiled.subjects.processes(compiled.slots[pod], WEB, CONTAINER, |_| Some((5, 1)));
    let key = |key: ProcessKey| (key.inode, key.device);
    processes.into_iter().map(|(process, subject)| (key(process), subject)).collect()
}

fn id((compiled, pod): &(Compiled, model::PodId), executable: &str) -> u32 {
    let (container, executable) = (WEB.to_owned(), executable.to_owned());
    compiled.subjects.id(compiled.slots[pod], &Process { container, executable })
}

#[test]
fn a_file_of_one_name_is_that_executable() {
    let table = table(&[(Some(WEB), NGINX)], 0);
    assert_eq!(told(&table)[&(5, 1)], id(&table, NGINX));
    assert_ne!(id(&table, NGINX), id(&table, ALIAS));
}

#[test]
fn a_file_of_two_names_is_neither_and_stays_its_containers() {
    let table = table(&[(Some(WEB), NGINX), (None, ALIAS), (Some(WEB), "")], 0);
    let others = id(&table, "/bin/whatever");
    assert_eq!(told(&table), BTreeMap::from([((5, 1), others), ((0, 0), others)]));
    assert_ne!(others, subject::OTHER, "what holds for the container holds for it");
}

#[test]
fn what_only_a_staged_rule_names_takes_no_file_from_an_enforced_one() {
    let table = table(&[(None, NGINX), (None, ALIAS)], 1);
    assert_eq!(told(&table)[&(5, 1)], id(&table, NGINX));
    let enforced = self::table(&[(None, NGINX), (None, ALIAS)], 0);
    assert_eq!(told(&enforced)[&(5, 1)], subject::OTHER, "enforced, both have a claim");
}
