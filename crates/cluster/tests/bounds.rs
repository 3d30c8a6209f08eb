//! Policies that could not be read: what is certain all the same, and what is not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test panics")]

use std::collections::BTreeSet;

use cluster::{KINDS, Place, Unread, bounds};
use manifest::{Document, Options, ReadAs, read};

fn unread(kind: &str, place: Place) -> Unread {
    Unread { kind: KINDS.iter().find(|one| one.kind == kind).unwrap(), place }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn of(unread: &[Unread]) -> Option<[Vec<Document>; 2]> {
    bounds(unread, &set(&["payments", "shop"]), &set(&["shop"]))
}

#[test]
fn what_is_no_policy_and_no_label_bounds_nothing() {
    let pods = unread("Pod", Place::Namespace("payments".to_owned()));
    assert_eq!(of(&[pods, unread("Node", Place::Everywhere)]), None);
    assert_eq!(of(&[]), None);
    let elsewhere = Place::Elsewhere(vec!["payments".to_owned(), "shop".to_owned()]);
    assert_eq!(of(&[unread("NetworkPolicy", elsewhere)]), None, "of namespaces that nobody is in");
}

#[test]
fn every_bound_is_a_policy_that_can_be_read() {
    let cases = [
        unread("NetworkPolicy", Place::Namespace("payments".to_owned())),
        unread("NetworkPolicy", Place::Elsewhere(vec!["shop".to_owned()])),
        unread("ClusterNetworkPolicy", Place::Everywhere),
        unread("AdminNetworkPolicy", Place::Everywhere),
        unread("Namespace", Place::Elsewhere(vec!["shop".to_owned()])),
    ];
    for case in cases {
        let [least, most] = of(std::slice::from_ref(&case)).unwrap();
        for documents in [&least, &most] {
            let options = Options { read_as: ReadAs::Cluster, ..Options::default() };
            let reading = read(documents, &options);
            assert!(reading.is_complete(), "{case:?}: {:?}", reading.problems);
            assert!(reading.rules.iter().len() > 0);
        }
        assert_ne!(least, most);
    }
}

#[test]
fn only_namespaces_that_were_not_read_are_bound() {
    let [least, _] =
        of(&[unread("NetworkPolicy", Place::Elsewhere(vec!["shop".to_owned()]))]).unwrap();
    assert_eq!(least.len(), 1);
    assert!(least[0].text.contains("payments") && !least[0].text.contains("shop"));
}
