//! The node's network: which configuration a runtime takes, and whether a plugin can join its chain.
//!
//! The programs stand on the node's end of a pod's veth, so a network without such an end cannot have
//! them.

use cni::{Chain, PLUGIN};

use crate::finding::{Finding, Outcome};

const CHECK: &str = "cni";
/// Leave a veth, and tests chain behind them.
const TRIED: [&str; 3] = ["bridge", "ptp", "flannel"];
/// Leave a veth, as their makers say.
const UNTRIED: [&str; 7] =
    ["calico", "aws-cni", "azure-vnet", "cilium-cni", "antrea", "weave-net", "kube-ovn"];
/// Leave none.
const WITHOUT_VETH: [&str; 6] = ["macvlan", "ipvlan", "sriov", "host-device", "vlan", "dummy"];
/// Make no interface of their own, and stand behind one that does.
const CHAINED: [&str; 6] = ["portmap", "bandwidth", "firewall", "tuning", "sbr", PLUGIN];

/// What there is to say of the networks that a runtime would read, by name and text.
pub(crate) fn judge(networks: &Result<Vec<(String, String)>, String>) -> Vec<Finding> {
    match networks {
        Err(error) => vec![Finding::new(CHECK, Outcome::Unknown, error)],
        Ok(networks) => match networks.as_slice() {
            [] => vec![
                Finding::new(CHECK, Outcome::Blocks, "the node has no network configuration")
                    .advise("install a network first: the plugin joins its chain"),
            ],
            [(name, text), others @ ..] => {
                let rest = others.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
                let ignored = (!rest.is_empty()).then(|| {
                    let found = format!("a runtime takes {name} and not {}", rest.join(", "));
                    Finding::new(CHECK, Outcome::Note, found)
                });
                std::iter::once(one(name, text)).chain(ignored).collect()
            }
        },
    }
}

fn one(name: &str, text: &str) -> Finding {
    let kinds = match Chain::read(text).and_then(|chain| chain.kinds()) {
        Ok(kinds) => kinds,
        Err(error) => {
            let found = format!("{name} cannot have the plugin: {}", said(&error));
            return Finding::new(CHECK, Outcome::Blocks, found)
                .advise("the plugin stands last in a chain that has a cniVersion it speaks");
        }
    };
    let chain = kinds.join(", ");
    let first = kinds.iter().find(|kind| !CHAINED.contains(&kind.as_str()));
    let first = first.map(String::as_str).unwrap_or_default();
    let found = format!("{name}: {chain}");
    match first {
        kind if TRIED.contains(&kind) => Finding::good(CHECK, found),
        kind if UNTRIED.contains(&kind) => Finding::new(CHECK, Outcome::Note, found)
            .advise(format!("{kind} leaves a veth; chaining behind it was not tried")),
        kind if WITHOUT_VETH.contains(&kind) => Finding::new(CHECK, Outcome::Blocks, found).advise(
            format!("{kind} leaves no end on the node where policies could be enforced; its pods are refused"),
        ),
        kind => Finding::new(CHECK, Outcome::Warning, found).advise(format!(
            "{kind} is not known; pods whose interface has no end on the node are refused"
        )),
    }
}

fn said(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// The types of the plugins that a runtime runs.
pub(crate) fn kinds(networks: &Result<Vec<(String, String)>, String>) -> Vec<String> {
    let first = networks.as_ref().ok().and_then(|networks| networks.first());
    let chain = first.and_then(|(_, text)| Chain::read(text).ok());
    chain.and_then(|chain| chain.kinds().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(kinds: &[&str]) -> (String, String) {
        let plugins: Vec<String> =
            kinds.iter().map(|kind| format!(r#"{{"type":"{kind}"}}"#)).collect();
        let text =
            format!(r#"{{"cniVersion":"1.0.0","name":"n","plugins":[{}]}}"#, plugins.join(","));
        ("10-n.conflist".to_owned(), text)
    }

    fn outcomes(networks: Vec<(String, String)>) -> Vec<Outcome> {
        judge(&Ok(networks)).iter().map(|finding| finding.outcome).collect()
    }

    #[test]
    fn a_network_is_judged_by_what_makes_its_interfaces() {
        for (kinds, outcome) in [
            (["bridge", "portmap"].as_slice(), Outcome::Good),
            (&["ptp", "portmap", PLUGIN], Outcome::Good),
            (&["calico", "bandwidth"], Outcome::Note),
            (&["macvlan"], Outcome::Blocks),
            (&["something"], Outcome::Warning),
            (&[], Outcome::Blocks),
            (&[PLUGIN, "portmap"], Outcome::Blocks),
        ] {
            assert_eq!(outcomes(vec![network(kinds)]), [outcome], "{kinds:?}");
        }
    }

    #[test]
    fn a_node_without_a_network_is_blocked_and_one_with_two_is_told_which_counts() {
        assert_eq!(outcomes(Vec::new()), [Outcome::Blocks]);
        let broken = ("00-broken.conf".to_owned(), "{".to_owned());
        assert_eq!(outcomes(vec![broken]), [Outcome::Blocks]);
        let both = vec![network(&["bridge"]), network(&["macvlan"])];
        assert_eq!(outcomes(both), [Outcome::Good, Outcome::Note]);
        let findings = judge(&Err("no permission".to_owned()));
        assert_eq!(findings.iter().map(|it| it.outcome).collect::<Vec<_>>(), [Outcome::Unknown]);
    }
}
