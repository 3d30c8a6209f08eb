//! What objects become: pods of workloads, defaulted fields, lowered rules, and what is left of a
//! policy that a cluster holds and nobody can read.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use model::{Action, Direction, Peer, Peers, Ports, Rule, Selector, TargetPort};
use ringfence_manifest::{Document, Options, ReadAs, Reading, read};

fn document(text: &str) -> Document {
    Document { name: Arc::from("test.yaml"), text: Arc::from(text) }
}

fn reading_with(text: &str, options: &Options) -> Reading {
    read(&[document(text)], options)
}

fn reading(text: &str) -> Reading {
    let reading = reading_with(text, &Options::default());
    assert!(reading.is_complete(), "{text}: {:?}", reading.problems);
    reading
}

fn in_cluster(text: &str) -> Reading {
    let reading = reading_with(text, &Options { read_as: ReadAs::Cluster, ..Options::default() });
    assert!(!reading.is_complete(), "{text}");
    reading
}

fn network_policy(spec: &str) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, \
         metadata: {{name: p, namespace: x}}, spec: {{{spec}}}}}"
    )
}

fn cluster_policy(spec: &str) -> String {
    format!(
        "{{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, \
         metadata: {{name: c}}, spec: {{priority: 7, {spec}}}}}"
    )
}

fn workload(kind: &str, rest: &str) -> String {
    let version = match kind {
        "Job" => "batch/v1",
        "ReplicationController" => "v1",
        _ => "apps/v1",
    };
    format!(
        "{{apiVersion: {version}, kind: {kind}, metadata: {{name: w, namespace: x}}, \
         spec: {{{rest} template: {{metadata: {{labels: {{app: w}}}}, \
         spec: {{containers: [{{name: c}}]}}}}}}}}\n"
    )
}

fn rules(reading: &Reading) -> Vec<Rule> {
    reading.rules.iter().cloned().collect()
}

fn directions(spec: &str) -> Vec<Direction> {
    rules(&reading(&network_policy(spec))).iter().map(Rule::direction).collect()
}

fn pod_names(reading: &Reading) -> Vec<&str> {
    reading.parts.pods.iter().map(|pod| pod.name.as_str()).collect()
}

#[test]
fn absent_policy_types_are_ingress_and_egress_where_it_has_a_rule() {
    use Direction::{Egress, Ingress};
    assert_eq!(directions("podSelector: {}"), [Ingress]);
    assert_eq!(directions("podSelector: {}, egress: []"), [Ingress]);
    assert_eq!(directions("podSelector: {}, policyTypes: []"), [Ingress]);
    assert_eq!(directions("podSelector: {}, egress: [{}]"), [Egress, Ingress]);
    assert_eq!(directions("podSelector: {}, policyTypes: [Egress]"), [Egress]);
    assert_eq!(directions("podSelector: {}, policyTypes: [Egress], ingress: [{}]"), [Egress]);
}

#[test]
fn no_rule_isolates_and_an_empty_rule_allows_everything() {
    let none = rules(&reading(&network_policy("podSelector: {}, ingress: []")));
    assert_eq!(none.first().unwrap().peers, Peers::OneOf(Vec::new()));
    for rule in ["{}", "{from: []}", "{ports: []}", "{from: null, ports: null}"] {
        let all =
            rules(&reading(&network_policy(&format!("podSelector: {{}}, ingress: [{rule}]"))));
        let all = all.first().unwrap();
        assert_eq!((&all.peers, &all.ports), (&Peers::Any, &Ports::Any), "{rule}");
    }
}

#[test]
fn a_pod_selector_alone_stays_in_the_policys_namespace() {
    let peer = |peer: &str| {
        let spec = format!("podSelector: {{}}, ingress: [{{from: [{peer}]}}]");
        match rules(&reading(&network_policy(&spec))).first().unwrap().peers.clone() {
            Peers::OneOf(peers) => peers.first().unwrap().clone(),
            Peers::Any => unreachable!("a peer is written"),
        }
    };
    let own = Selector::equals("kubernetes.io/metadata.name", "x");
    let all = Selector::everything();
    let pods =
        |namespaces: &Selector| Peer::Pods { namespaces: namespaces.clone(), pods: all.clone() };
    assert_eq!(peer("{podSelector: {}}"), pods(&own));
    assert_eq!(peer("{namespaceSelector: {}}"), pods(&all));
    assert_eq!(peer("{namespaceSelector: {}, podSelector: {}}"), pods(&all));
}

#[test]
fn places_lead_to_the_rule() {
    let text = "apiVersion: networking.k8s.io/v1\r\nkind: NetworkPolicy\r\nmetadata: {name: é}\r\n";
    assert!(!reading_with(text, &Options::default()).is_complete());
    let text = "\u{feff}# ünï\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: p\nspec:\n  podSelector: {}\n  ingress:\n    - {}\n    - from: []\n";
    let reading = reading(text);
    let lines: Vec<u32> =
        reading.rules.iter().map(|rule| reading.rules.place(&rule.origin).unwrap().line).collect();
    assert_eq!(lines, [10, 11]);
}

#[test]
fn workloads_make_pods() {
    let two = Options { replicas_max: 2, ..Options::default() };
    let names = |text: &str, options: &Options| {
        let reading = reading_with(text, options);
        assert!(reading.is_complete(), "{:?}", reading.problems);
        pod_names(&reading).join(" ")
    };
    for kind in ["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"] {
        assert_eq!(names(&workload(kind, "replicas: 3,"), &Options::default()), "w-0", "{kind}");
        assert_eq!(names(&workload(kind, "replicas: 3,"), &two), "w-0 w-1", "{kind}");
        assert_eq!(names(&workload(kind, "replicas: 0,"), &two), "w-0", "{kind}");
    }
    let nodes: String = ["k", "l", "m"]
        .map(|name| format!("---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}}}\n"))
        .concat();
    let daemons = format!("{}{nodes}", workload("DaemonSet", ""));
    assert_eq!(names(&daemons, &Options::default()), "w-0 w-1 w-2");
    assert_eq!(names(&workload("Job", ""), &two), "w-0");
}

#[test]
fn a_selector_that_tells_replicas_apart_splits_them() {
    let spec = "podSelector: {matchLabels: {statefulset.kubernetes.io/pod-name: w-2}}";
    let text = format!("{}---\n{}", workload("StatefulSet", "replicas: 3,"), network_policy(spec));
    let reading = reading(&text);
    assert_eq!(pod_names(&reading), ["w-0", "w-1", "w-2"]);
    let last = reading.parts.pods.last().unwrap();
    assert_eq!(last.labels.get("apps.kubernetes.io/pod-index"), Some("2"));
}

#[test]
fn listed_pods_replace_those_of_their_workload() {
    let pod = |phase: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: w-7f-abc, namespace: x, \
             ownerReferences: [{{kind: ReplicaSet, name: w-7f, controller: true}}]}}, \
             spec: {{containers: [{{name: c}}]}}, status: {{phase: {phase}, podIP: 10.0.0.9}}}}\n"
        )
    };
    let running = reading(&format!("{}{}", workload("Deployment", ""), pod("Running")));
    assert_eq!(pod_names(&running), ["w-7f-abc"]);
    let owner = running.parts.pods.first().and_then(|pod| pod.owner.clone()).unwrap();
    assert_eq!((owner.kind.as_str(), owner.name.as_str()), ("Deployment", "w"));
    let ended = reading(&format!("{}{}", workload("Deployment", ""), pod("Failed")));
    assert!(ended.parts.pods.is_empty());
}

#[test]
fn sidecars_come_first_and_other_init_containers_not_at_all() {
    let text = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {\
        containers: [{name: main, ports: [{name: http, containerPort: 80}]}], \
        initContainers: [{name: setup, ports: [{name: http, containerPort: 1}]}, \
        {name: mesh, restartPolicy: Always, ports: [{name: http, containerPort: 8080}]}]}}";
    let reading = reading(text);
    let pod = reading.parts.pods.first().unwrap();
    assert_eq!(pod.containers, ["mesh", "main"]);
    assert_eq!(pod.named_port("http", model::Protocol::Tcp), Some(8080));
    assert_eq!(pod.namespace, "default");
}

#[test]
fn a_services_target_is_its_port_where_none_is_written() {
    let text = "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: x}, spec: {\
        clusterIPs: [10.96.0.21, 'fd00::21'], selector: {app: a}, \
        ports: [{port: 80}, {port: 81, name: web, targetPort: http}]}}\n---\n\
        {apiVersion: v1, kind: Service, metadata: {name: t, namespace: x}, \
        spec: {clusterIP: None, ports: [{port: 80}]}}";
    let reading = reading(text);
    let [service, headless] = reading.parts.services.as_slice() else { unreachable!("two") };
    let targets: Vec<&TargetPort> = service.ports.iter().map(|port| &port.target).collect();
    assert_eq!(targets, [&TargetPort::Number(80), &TargetPort::Name("http".into())]);
    assert_eq!((service.addresses.len(), service.headless), (2, false));
    assert!(headless.headless && headless.addresses.is_empty() && headless.selector.is_none());
}

#[test]
fn a_client_keeps_its_backend_for_three_hours_unless_the_service_says_otherwise() {
    let read = |words: &str| {
        let spec = format!("{{clusterIP: 10.96.0.21, ports: [{{port: 80}}]{words}}}");
        let text = "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: x}, spec: ";
        let reading = reading_with(&format!("{text}{spec}}}"), &Options::default());
        let service = reading.parts.services.first();
        (service.map(|service| service.affinity_seconds), reading.problems.len())
    };
    assert_eq!(read(""), (Some(None), 0));
    assert_eq!(read(", sessionAffinity: None"), (Some(None), 0));
    assert_eq!(read(", sessionAffinity: ClientIP"), (Some(Some(10_800)), 0));
    let timed = |seconds: u32| {
        let config = format!("sessionAffinityConfig: {{clientIP: {{timeoutSeconds: {seconds}}}}}");
        (read(&format!(", sessionAffinity: ClientIP, {config}")), read(&format!(", {config}")))
    };
    assert_eq!(timed(5), ((Some(Some(5)), 0), (None, 1)));
    assert_eq!(timed(86_400).0, (Some(Some(86_400)), 0));
    for refused in [0, 86_401] {
        assert_eq!(timed(refused).0, (None, 1), "{refused}");
    }
    assert_eq!(read(", sessionAffinity: Cookie"), (None, 1));
}

#[test]
fn lists_and_json_are_read_like_documents() {
    let item = "{\"metadata\": {\"name\": \"a\"}, \"spec\": {\"containers\": [{\"name\": \"c\"}]}}";
    let typed = format!("{{\"apiVersion\": \"v1\", \"kind\": \"PodList\", \"items\": [{item}]}}");
    assert_eq!(pod_names(&reading(&typed)), ["a"]);
    let nested = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {typed}\n- apiVersion: v1\n  kind: ConfigMap\n"
    );
    let reading = reading(&nested);
    assert_eq!(pod_names(&reading), ["a"]);
    assert_eq!(reading.skipped.get("ConfigMap"), Some(&1));
}

#[test]
fn anchors_and_merge_keys_are_resolved() {
    let text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n  labels: &l {team: a, env: p}\n---\n\
        x-base: &base {team: a, env: p}\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: z\n  labels:\n    env: q\n    <<: *base\n";
    let reading = reading(text);
    let labels = reading.parts.namespaces.get("z").unwrap();
    assert_eq!((labels.get("team"), labels.get("env")), (Some("a"), Some("q")));
}

#[test]
fn a_foreign_kind_can_be_left_out_knowingly() {
    let text = "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: p}}";
    assert!(!reading_with(text, &Options::default()).is_complete());
    let ignore_kinds = ["cilium.io/CiliumNetworkPolicy".to_owned()].into();
    let reading = reading_with(text, &Options { ignore_kinds, ..Options::default() });
    assert!(reading.is_complete());
    assert_eq!(reading.skipped.get("cilium.io/CiliumNetworkPolicy"), Some(&1));
}

#[test]
fn in_a_cluster_an_unreadable_network_policy_isolates() {
    use Direction::{Egress, Ingress};
    let left = |spec: &str| {
        let rules = rules(&in_cluster(&network_policy(spec)));
        assert!(rules.iter().all(|rule| rule.peers == Peers::OneOf(Vec::new())), "{spec}");
        rules.iter().map(Rule::direction).collect::<Vec<_>>()
    };
    let bad = "ingress: [{}, {from: [{}]}]";
    assert_eq!(left(&format!("podSelector: {{}}, {bad}")), [Ingress]);
    assert_eq!(left(&format!("podSelector: {{}}, policyTypes: [Egress], {bad}")), [Egress]);
    assert_eq!(left("podSelector: {}, policyTypes: [Outgress]"), [Egress, Ingress]);
    assert!(left("podSelector: {matchLabel: {}}").is_empty());
}

#[test]
fn in_a_cluster_an_unreadable_rule_never_allows() {
    let left = |rule: &str| {
        let spec = format!("tier: Admin, subject: {{namespaces: {{}}}}, egress: [{rule}]");
        let rules = rules(&in_cluster(&cluster_policy(&spec)));
        let rule = rules.first().unwrap().clone();
        (rule.action, rule.peers)
    };
    let nobody = (Action::Allow, Peers::OneOf(Vec::new()));
    let everybody = (Action::Deny, Peers::Any);
    let to = "to: [{namespaces: {}}]";
    assert_eq!(left("{action: Accept, to: [{fqdn: a}]}"), nobody);
    assert_eq!(left(&format!("{{action: Accept, {to}, protocols: [{{icmp: {{}}}}]}}")), nobody);
    assert_eq!(left("{action: Pass, to: [{fqdn: a}]}"), everybody);
    assert_eq!(left("{action: Deny, to: [{domainNames: [a.example]}]}"), everybody);
    assert_eq!(left(&format!("{{action: Allow, {to}}}")), everybody);
    assert_eq!(left("42"), everybody);
    let lost = ["tier: Top, subject: {namespaces: {}}", "tier: Admin, subject: {nodes: {}}"];
    for spec in lost {
        let spec = format!("{spec}, ingress: [{{action: Deny, from: [{{namespaces: {{}}}}]}}]");
        assert!(rules(&in_cluster(&cluster_policy(&spec))).is_empty(), "{spec}");
    }
}

#[test]
fn the_order_of_documents_does_not_matter() {
    let texts = [
        workload("StatefulSet", "replicas: 2,"),
        network_policy("podSelector: {}"),
        cluster_policy("tier: Baseline, subject: {namespaces: {}}"),
        "{apiVersion: v1, kind: Namespace, metadata: {name: x, labels: {a: b}}}".to_owned(),
    ];
    let documents: Vec<Document> = texts.iter().map(|text| document(text)).collect();
    let reversed: Vec<Document> = documents.iter().rev().cloned().collect();
    let one = read(&documents, &Options::default());
    let other = read(&reversed, &Options::default());
    assert_eq!(one.rules, other.rules);
    assert_eq!(one.parts.pods, other.parts.pods);
    assert_eq!(one.parts.namespaces, other.parts.namespaces);
}

#[test]
fn json_may_be_indented_by_tabs() {
    let text = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Namespace\",\n\t\"metadata\": {\n\t\t\"name\": \"a\\u0062\"\n\t}\n}\n";
    assert!(reading(text).parts.namespaces.contains_key("ab"));
}

#[test]
fn a_broken_document_does_not_hide_its_neighbours() {
    let text = "{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n---\nkind: [\n---\n\
        {apiVersion: v1, kind: Namespace, metadata: {name: b}}\n";
    let reading = reading_with(text, &Options::default());
    let names: Vec<&String> = reading.parts.namespaces.keys().collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(reading.problems.len(), 1);
}

#[test]
fn node_addresses_are_those_of_their_host_network_pods() {
    let text = "{apiVersion: v1, kind: Node, metadata: {name: m}, spec: {podCIDRs: [10.244.0.0/24]}, \
        status: {addresses: [{type: Hostname, address: m}, {type: InternalIP, address: 10.0.0.1}, \
        {type: InternalIP, address: 'fd00::1'}, {type: ExternalIP, address: 192.0.2.1}]}}\n---\n\
        {apiVersion: v1, kind: Pod, metadata: {name: a}, \
        spec: {nodeName: m, hostNetwork: true, containers: [{name: c}]}}";
    let reading = reading(text);
    assert_eq!(reading.parts.nodes.first().unwrap().addresses.len(), 3);
    assert_eq!(reading.parts.pods.first().unwrap().addresses.len(), 2);
    assert_eq!(reading.parts.pod_networks, ["10.244.0.0/24".parse().unwrap()]);
}

#[test]
fn slices_count_where_no_pod_is_selected() {
    let service = |selector: &str| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: s, namespace: x}}, \
             spec: {{ports: [{{name: web, port: 80}}]{selector}}}}}\n---\n"
        )
    };
    let slice = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, \
        metadata: {name: s-1, namespace: x, labels: {kubernetes.io/service-name: s}}, \
        ports: [{name: web, port: 8080}], endpoints: [{addresses: [10.0.0.1]}, \
        {addresses: [10.0.0.2], conditions: {ready: false}}]}\n---\n";
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x, labels: {app: a}}, \
        spec: {containers: [{name: c}]}}";
    let stated = |selector: &str| {
        let reading = reading(&format!("{}{slice}{pod}", service(selector)));
        reading.parts.services.first().unwrap().endpoints.len()
    };
    assert_eq!(stated(""), 1);
    assert_eq!(stated(", selector: {app: b}"), 1);
    assert_eq!(stated(", selector: {app: a}"), 0);
}
