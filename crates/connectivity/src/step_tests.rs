//! Steps by themselves: names, labels, and what is left out where a kind is missing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]

use std::collections::BTreeSet;

use super::*;

fn facts(has_cluster_policies: bool) -> Facts {
    let first = ["10.0.0.1", "fd00::1"].map(|text| text.parse().unwrap());
    Facts { first: first.into(), has_cluster_policies }
}

#[test]
fn the_first_step_has_no_policy_and_is_the_only_one() {
    let all = steps(&facts(true));
    let empty: Vec<&str> =
        all.iter().filter(|step| step.policies.is_empty()).map(|step| step.name).collect();
    assert_eq!((empty, all[0].name), (vec!["no-policy"], "no-policy"));
}

#[test]
fn no_two_policies_have_one_name() {
    let names = steps(&facts(true)).into_iter().flat_map(|step| step.policies);
    let names: Vec<String> = names.map(|it| it["metadata"]["name"].to_string()).collect();
    let policies = steps(&facts(true)).into_iter().flat_map(|step| step.policies);
    let places = policies
        .map(|it| (it["metadata"]["namespace"].to_string(), it["metadata"]["name"].to_string()));
    assert_eq!(places.collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn policies_of_the_cluster_select_what_is_ours_and_are_left_out_where_there_are_none() {
    let kinds = |has| {
        let all = steps(&facts(has)).into_iter().flat_map(|step| step.policies);
        all.filter(|policy| policy["kind"] == "ClusterNetworkPolicy").collect::<Vec<_>>()
    };
    assert_eq!(kinds(false), Vec::<Value>::new());
    assert_eq!(kinds(true).len(), 3);
    for policy in kinds(true) {
        assert_eq!(policy["spec"]["subject"], json!({ "namespaces": labels("side", "servers") }));
    }
}

#[test]
fn a_block_takes_the_first_client_out_in_every_family_that_it_has() {
    let block = by_block(&facts(false).first);
    let rules = &block["spec"]["ingress"];
    let except = |at: usize| rules[0]["from"][at]["ipBlock"]["except"][0].clone();
    assert_eq!((except(0), except(1)), (json!("10.0.0.1/32"), json!("fd00::1/128")));
    assert_eq!(rules[1]["from"].as_array().unwrap().len(), 2);
}
