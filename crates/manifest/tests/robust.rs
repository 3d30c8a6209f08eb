//! No text makes the reader panic: neither noise nor manifests with pieces moved about.

use std::sync::Arc;

use model::World;
use proptest::prelude::*;
use ringfence_manifest::{Document, Options, ReadAs, read};

const PIECES: [&str; 44] = [
    "apiVersion: v1",
    "apiVersion: networking.k8s.io/v1",
    "kind: Pod",
    "kind: NetworkPolicy",
    "kind: List",
    "kind: Service",
    "metadata:",
    "  name: a",
    "  namespace: b",
    "  labels:",
    "spec:",
    "  podSelector: {}",
    "  ingress:",
    "  - from:",
    "    - ipBlock:",
    "        cidr: 10.0.0.0/8",
    "        except: [10.0.0.0/9]",
    "    - podSelector:",
    "        matchExpressions:",
    "- &a",
    "*a",
    "<<: *a",
    "    ports:",
    "    - port: 80",
    "      endPort: 90",
    "items:",
    "---",
    "...",
    "%YAML 1.1",
    "{",
    "}",
    "[",
    "]",
    "|",
    ">-",
    "'",
    "\"",
    "\t",
    "\u{feff}",
    "é: ü",
    "? x",
    ": y",
    "!!str 1",
    "  containers: [{name: c, ports: [{containerPort: 80}]}]",
];

fn check(text: &str) {
    let documents = [Document { name: Arc::from("noise"), text: Arc::from(text) }];
    for read_as in [ReadAs::File, ReadAs::Cluster] {
        let reading = read(&documents, &Options { read_as, ..Options::default() });
        assert!(World::new(reading.parts).is_ok(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn noise_is_survived(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn shuffled_manifests_are_survived(lines in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let lines: Vec<&str> = lines.iter().filter_map(|at| PIECES.get(*at).copied()).collect();
        check(&lines.join("\n"));
        check(&lines.join(" "));
    }
}
