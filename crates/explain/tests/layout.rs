//! What a person reads, on five realistic clusters. Verdicts have other tests; these hold layout.
//!
//! `INSTA_UPDATE=always cargo test -p ringfence-explain --test layout` writes them anew.

#![allow(clippy::unwrap_used, reason = "a test may crash")]

mod support;

use manifest::Document;
use model::{End, Family, Flow, Protocol, Traffic, World};
use report::Colour;
use ringfence_explain::{Question, explain, text};
use support::Cluster;

/// The documents of an example, with their names as seen from the top of the project.
fn example(name: &str) -> Cluster {
    let top = format!("{}/../../", env!("CARGO_MANIFEST_DIR"));
    let paths = vec![format!("{top}examples/{name}").into()];
    let request = sources::Request { paths, ..sources::Request::default() };
    let loaded = sources::load(&request, || Ok(std::io::empty())).unwrap();
    let documents = loaded.documents.into_iter().map(|document| Document {
        name: document.name.strip_prefix(&top).unwrap().into(),
        text: document.text,
    });
    Cluster::read(documents.collect())
}

/// The first pod of a workload as `NAMESPACE/NAME`, or an address.
fn end(world: &World, word: &str) -> End {
    match word.split_once('/') {
        Some((namespace, name)) => {
            let is_own = |pod: &model::Pod| {
                let owner = pod.owner.as_ref().map_or(&pod.name, |owner| &owner.name);
                pod.namespace == namespace && owner == name
            };
            let (id, _) = world.pods().find(|(_, pod)| is_own(pod)).unwrap();
            world.pod_end(id, Family::V4)
        }
        None => world.end_at(word.parse().unwrap()),
    }
}

fn said(example_name: &str, from: &str, to: &str, port: u16) -> String {
    coloured(example_name, from, to, port, Colour::No)
}

fn coloured(example_name: &str, from: &str, to: &str, port: u16, colour: Colour) -> String {
    let cluster = example(example_name);
    let world = &cluster.world;
    let traffic = Traffic::Port(Protocol::Tcp, port);
    let flow = Flow::new(end(world, from), end(world, to), traffic, Family::V4).unwrap();
    let question = Question {
        from: from.to_owned(),
        to: to.to_owned(),
        port: port.to_string(),
        service: None,
        is_example: false,
        flows: vec![flow],
    };
    text(&explain(&cluster.input(), &question), colour)
}

#[test]
fn an_allowed_flow_of_the_shop() {
    insta::assert_snapshot!(said("shop", "payments/billing", "payments/ledger", 5432));
}

#[test]
fn one_end_of_the_shop_denies() {
    insta::assert_snapshot!(said("shop", "store/cart", "payments/ledger", 5432));
}

#[test]
fn both_ends_of_the_databases_deny() {
    insta::assert_snapshot!(said("databases", "app/backend", "data/postgres", 5432));
}

#[test]
fn a_tenant_is_fenced() {
    insta::assert_snapshot!(said("tenants", "blue-prod/orders", "green-prod/reports", 8080));
}

#[test]
fn a_tier_is_skipped() {
    insta::assert_snapshot!(said("three-tiers", "bookstore/web", "bookstore/db", 5432));
}

#[test]
fn an_address_comes_to_the_edge() {
    insta::assert_snapshot!(said("edge", "203.0.113.9", "edge/admin", 8443));
}

#[test]
fn colours_add_codes_and_no_words() {
    let painted = coloured("shop", "store/cart", "payments/ledger", 5432, Colour::Yes);
    assert!(painted.contains("\u{1b}[1;31mdeny\u{1b}[0m"), "{painted}");
    let codes = ["\u{1b}[0m", "\u{1b}[32m", "\u{1b}[1;31m", "\u{1b}[1;36m", "\u{1b}[2m"];
    let plain = codes.iter().fold(painted, |text, code| text.replace(code, ""));
    assert_eq!(plain, said("shop", "store/cart", "payments/ledger", 5432));
}
