//! A staged policy in a lab: what it would deny passes, and the record of flows says that it would
//! have been denied and by what; once it is enforced, just that is denied.

#![expect(clippy::unwrap_used, reason = "a test may crash")]

mod support;

use std::collections::BTreeSet;

use lab::{FlowFilter, FlowRecord, Lab, Outcome, Probe, progress::Quiet};
use model::{
    Action, AddressPlan, Direction, Peer, Peers, Place, PolicyKind, PolicyRef, Ports, Protocol,
    Rule, RuleRef, Rules, Selector, Subject, Tier, World, WorldParts,
};
use support::{pod, settings};

const PORT: u16 = 8080;

fn policy() -> PolicyRef {
    PolicyRef {
        name: "api".into(),
        namespace: Some("shop".into()),
        kind: PolicyKind::NetworkPolicy,
    }
}

/// `api` lets in `web` and nobody else.
fn rules() -> Rules {
    let app = |name: &str| Selector::equals("app", name);
    let web = Peer::Pods { namespaces: Selector::everything(), pods: app("web") };
    let origin = RuleRef { policy: policy(), direction: Direction::Ingress, index: 0 };
    let place = Place { file: "shop.yaml".into(), line: 7 };
    let rule = Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin,
        subject: Subject::new(Selector::everything(), app("api")),
        peers: Peers::OneOf(vec![web]),
        ports: Ports::Any,
        action: Action::Allow,
    };
    Rules::new(vec![rule]).with_policy_place(policy(), place)
}

fn world() -> World {
    let pods = ["web", "batch", "api"].map(|name| pod(name, name, &[(Protocol::Tcp, PORT)])).into();
    let mut parts = WorldParts { pods, ..WorldParts::default() };
    parts.assign(AddressPlan { nodes: 1 }).unwrap();
    World::new(parts).unwrap()
}

/// Sends the probes of pods to `api`; who got through. The oracle and the kernel agree on all.
fn reach(lab: &mut Lab) -> BTreeSet<String> {
    let is_to_api = |probe: &Probe| {
        probe.to == "shop/api" && ["shop/web", "shop/batch"].contains(&&*probe.from)
    };
    let probes: Vec<Probe> = lab.probes().unwrap().into_iter().filter(is_to_api).collect();
    let results = lab.probe(&probes, &mut Quiet).unwrap();
    for result in &results {
        assert_eq!(result.differences, [], "{result:?}");
    }
    let reached = results.into_iter().filter(|it| matches!(it.outcome, Outcome::Reached { .. }));
    reached.map(|result| result.probe.from).collect()
}

/// What the record says of flows that staged policies would have said `verdict` of.
fn staged(lab: &mut Lab, verdict: &str) -> Vec<FlowRecord> {
    lab.listen().unwrap();
    let filter = FlowFilter { staged: vec![verdict.to_owned()], ..FlowFilter::default() };
    lab.flows(0, &filter, usize::MAX).records
}

/// Who sent, what the destination said, and what it would have said because of what.
fn said(records: &[FlowRecord]) -> BTreeSet<[&str; 4]> {
    let of = |record: &FlowRecord| record.staged.clone().unwrap().reason;
    let reasons: BTreeSet<String> = records.iter().map(of).collect();
    assert_eq!(reasons.len(), 1, "{records:?}");
    records
        .iter()
        .map(|record| {
            let staged = record.staged.as_ref().unwrap();
            let from = record.source.name.as_deref().unwrap();
            [from, &record.verdict, &record.direction, &staged.reason]
        })
        .collect()
}

#[test]
fn what_a_staged_policy_would_deny_passes_and_is_told_until_it_is_enforced() {
    let Some(settings) = settings("t-staged") else { return };
    let everybody = BTreeSet::from(["shop/batch".to_owned(), "shop/web".to_owned()]);
    let audited = rules().with_staged([policy()]);
    let mut lab = Lab::up_enforced(settings, world(), audited).unwrap();
    lab.keep_flows();
    assert_eq!(reach(&mut lab), everybody, "nothing is enforced yet");
    let denied = staged(&mut lab, "deny");
    let places = denied.iter().map(|record| record.staged.clone().unwrap());
    assert!(places.into_iter().all(|it| (it.file, it.line) == (Some("shop.yaml".into()), Some(7))));
    let reason = "default-deny by NetworkPolicy shop/api";
    assert_eq!(said(&denied), BTreeSet::from([["shop/batch", "allow", "ingress", reason]]));
    let allowed = staged(&mut lab, "allow");
    let to_api: Vec<FlowRecord> =
        allowed.into_iter().filter(|record| record.direction == "ingress").collect();
    let rule = "NetworkPolicy shop/api ingress[0]";
    assert_eq!(said(&to_api), BTreeSet::from([["shop/web", "allow", "ingress", rule]]));
    lab.apply(world(), rules(), &[]).unwrap();
    assert_eq!(reach(&mut lab), BTreeSet::from(["shop/web".to_owned()]), "now it is");
    lab.down().unwrap();
}
