//! Whether a policy can be read, asked of the reader that every agent has too.
//!
//! A second opinion, of a schema for example, would accept what agents refuse.

use std::sync::Arc;

use manifest::{Document, Options, ReadAs};

use crate::place;

/// Whether a policy can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It can, and is to be enforced.
    Enforced,
    /// It can, and decides nothing as long as it is staged (ruling N37).
    Staged,
    /// It cannot.
    Not {
        /// Where, and what is wrong.
        why: String,
    },
}

/// Reads one policy by itself. What else the cluster has cannot make it wrong.
pub(crate) fn accept(name: &str, text: &str) -> Accepted {
    let document = Document { name: Arc::from(name), text: Arc::from(text) };
    let options = Options { read_as: ReadAs::Cluster, ..Options::default() };
    let reading = manifest::read(&[document], &options);
    match reading.problems.first() {
        Some(problem) => {
            let place = place::path(text, problem.line());
            let place = if place.is_empty() { name.to_owned() } else { place };
            let hint = problem.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            Accepted::Not { why: format!("{place}: {}{hint}", problem.message()) }
        }
        None if reading.staged.is_empty() => Accepted::Enforced,
        None => Accepted::Staged,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn accepted(ingress: &Value, annotations: &Value) -> Accepted {
        let policy = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": { "name": "web", "namespace": "shop", "annotations": annotations },
            "spec": { "podSelector": {}, "ingress": ingress } });
        accept("networkpolicies/shop/web", &format!("{policy:#}"))
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert_eq!(accepted(&json!([]), &json!({})), Accepted::Enforced);
        let wrong = json!([{}, { "from": [{ "ipBlock": { "cidr": "10.0.0.0/99" } }] }]);
        let Accepted::Not { why } = accepted(&wrong, &json!({})) else {
            unreachable!("it is read")
        };
        assert!(why.starts_with("spec.ingress[1].from[0].ipBlock.cidr: "), "{why}");
    }

    #[test]
    fn a_staged_policy_is_read_and_not_enforced() {
        let staged = json!({ "ringfence.io/mode": "audit" });
        assert_eq!(accepted(&json!([]), &staged), Accepted::Staged);
        let enforced = json!({ "ringfence.io/mode": "enforce" });
        assert_eq!(accepted(&json!([]), &enforced), Accepted::Enforced);
    }
}
