//! What the facts of a node mean.
//!
//! Each finding is made from facts alone, so that it is tried without a kernel that lacks something.

use crate::engine::{Seen, Sign, seen};
use crate::facts::{KernelFacts, NodeFacts, Occupied};
use crate::finding::{Finding, Outcome};
use crate::{network, proxy};

const ENGINE: &str = "policy-engine";

/// Everything that there is to say of a node.
#[must_use]
pub fn judge(facts: &NodeFacts) -> Vec<Finding> {
    let mut findings = judge_kernel(&facts.kernel);
    findings.extend(network::judge(&facts.networks));
    findings.push(occupied(&facts.occupied));
    let engines = engines_of(facts);
    match &facts.chains {
        // That none was seen by its plugin says little.
        Err(error) if engines.is_empty() => {
            findings.push(Finding::new(ENGINE, Outcome::Unknown, error));
        }
        Ok(_) | Err(_) => findings.extend(judge_engines(&engines)),
    }
    findings.push(proxy::judge(&facts.chains));
    findings
}

/// What there is to say of the kernel: without it nothing works at all.
#[must_use]
pub fn judge_kernel(facts: &KernelFacts) -> Vec<Finding> {
    let missing = facts.missing.iter().map(|what| {
        Finding::new("kernel", Outcome::Blocks, format!("{what}; this is {}", facts.release))
            .advise("it takes Linux 6.1 or newer with BPF and CONFIG_DEBUG_INFO_BTF, and root")
    });
    let mut findings: Vec<Finding> = missing.collect();
    if findings.is_empty() {
        findings.push(Finding::good("kernel", format!("{} with type information", facts.release)));
    }
    findings.push(match &facts.cgroup2 {
        Some(path) => Finding::good("cgroup2", format!("mounted at {path}")),
        None => Finding::new("cgroup2", Outcome::Blocks, "no cgroup2 hierarchy is mounted")
            .advise("boot with systemd.unified_cgroup_hierarchy=1, or mount one beside the older"),
    });
    findings.push(match facts.has_bpffs {
        true => Finding::good("bpffs", "mounted at /sys/fs/bpf"),
        false => Finding::new("bpffs", Outcome::Note, "not mounted at /sys/fs/bpf")
            .advise("the agent mounts it"),
    });
    findings.push(programs(facts));
    findings.push(families(facts.families));
    findings.extend(capabilities(&facts.lacking_capabilities));
    findings
}

fn programs(facts: &KernelFacts) -> Finding {
    match &facts.loaded {
        None => Finding::new("programs", Outcome::Unknown, "loading them was not tried"),
        Some(Err(error)) => {
            Finding::new("programs", Outcome::Blocks, format!("the kernel refuses them: {error}"))
        }
        Some(Ok(lacking)) if lacking.is_empty() => {
            Finding::good("programs", "the kernel takes them, with all that they can use")
        }
        Some(Ok(lacking)) => {
            let found = "the kernel takes them, and they do without a part of what they can use";
            Finding::new("programs", Outcome::Note, found).advise(lacking.join("; "))
        }
    }
}

fn families([v4, v6]: [bool; 2]) -> Finding {
    match (v4, v6) {
        (true, true) => Finding::good("families", "IPv4 and IPv6"),
        (true, false) => Finding::new("families", Outcome::Note, "IPv4 alone"),
        (false, true) => Finding::new("families", Outcome::Note, "IPv6 alone"),
        (false, false) => Finding::new("families", Outcome::Blocks, "neither IPv4 nor IPv6"),
    }
}

fn capabilities(lacking: &[&str]) -> Option<Finding> {
    (!lacking.is_empty()).then(|| {
        let found = format!("this process lacks {}", lacking.join(" and "));
        Finding::new("capabilities", Outcome::Warning, found)
            .advise("the agent needs them; without them this could not find out everything")
    })
}

fn occupied(occupied: &Result<Vec<Occupied>, String>) -> Finding {
    const CHECK: &str = "tc-programs";
    match occupied {
        Err(error) => Finding::new(CHECK, Outcome::Unknown, error),
        Ok(occupied) => match occupied.first() {
            None => Finding::good(CHECK, "nobody else is on a hook of a pod's interface"),
            Some(first) => {
                let Occupied { interface, direction, program } = first;
                let count = occupied.len();
                let found = format!(
                    "{count} of others on hooks of pods' interfaces, such as {program} on {direction} of {interface}"
                );
                Finding::new(CHECK, Outcome::Warning, found).advise(
                    "ours run first and hand on what they let pass; see docs/design/company.md",
                )
            }
        },
    }
}

/// What other engines mean.
#[must_use]
pub fn judge_engines(engines: &[Seen]) -> Vec<Finding> {
    if engines.is_empty() {
        return vec![Finding::good(ENGINE, "no other one was seen")];
    }
    let finding = |seen: &Seen| {
        let found = format!("{} enforces here too: {}", seen.engine, seen.at.join(", "));
        Finding::new(ENGINE, Outcome::Warning, found).advise(format!(
            "a connection then passes only if both let it, and neither says why the other did not. {}",
            seen.instead
        ))
    };
    engines.iter().map(finding).collect()
}

/// The engines that left signs on a node.
#[must_use]
pub fn engines_of(facts: &NodeFacts) -> Vec<Seen> {
    let plugins = network::kinds(&facts.networks).into_iter().map(Sign::Plugin);
    let chains = facts.chains.iter().flatten().cloned().map(Sign::Chain);
    seen(&plugins.chain(chains).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::NamedChain;

    fn good() -> NodeFacts {
        let network = r#"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"bridge"}]}"#;
        let chain = |chain: &str| NamedChain { table: "nat".into(), chain: chain.into() };
        NodeFacts {
            kernel: KernelFacts {
                release: "6.12.1".into(),
                cgroup2: Some("/sys/fs/cgroup".into()),
                has_bpffs: true,
                loaded: Some(Ok(Vec::new())),
                families: [true, true],
                ..KernelFacts::default()
            },
            networks: Ok(vec![("10-n.conflist".into(), network.into())]),
            chains: Ok(vec![chain("KUBE-SVC-A")]),
            occupied: Ok(Vec::new()),
        }
    }

    /// The outcomes that are not good, by check.
    fn bad(facts: &NodeFacts) -> Vec<(&'static str, Outcome)> {
        let findings = judge(facts);
        let bad = findings.iter().filter(|finding| finding.outcome != Outcome::Good);
        bad.map(|finding| (finding.check, finding.outcome)).collect()
    }

    #[test]
    fn a_node_that_has_everything_is_good() {
        assert_eq!(bad(&good()), []);
    }

    #[test]
    fn one_thing_that_is_missing_is_one_finding() {
        type Change = fn(&mut NodeFacts);
        let cases: [(Change, &str, Outcome); 10] = [
            (|it| it.kernel.missing = vec!["too old".into()], "kernel", Outcome::Blocks),
            (|it| it.kernel.cgroup2 = None, "cgroup2", Outcome::Blocks),
            (|it| it.kernel.has_bpffs = false, "bpffs", Outcome::Note),
            (|it| it.kernel.loaded = None, "programs", Outcome::Unknown),
            (|it| it.kernel.loaded = Some(Err("no".into())), "programs", Outcome::Blocks),
            (|it| it.kernel.loaded = Some(Ok(vec!["tcx".into()])), "programs", Outcome::Note),
            (|it| it.kernel.families = [false, true], "families", Outcome::Note),
            (
                |it| it.kernel.lacking_capabilities = vec!["NET_ADMIN"],
                "capabilities",
                Outcome::Warning,
            ),
            (|it| it.networks = Ok(Vec::new()), "cni", Outcome::Blocks),
            (|it| it.occupied = Err("no".into()), "tc-programs", Outcome::Unknown),
        ];
        for (change, check, outcome) in cases {
            let mut facts = good();
            change(&mut facts);
            assert_eq!(bad(&facts), [(check, outcome)]);
        }
    }

    #[test]
    fn another_engine_is_named_by_name_with_what_that_means() {
        let mut facts = good();
        let cali = NamedChain { table: "filter".into(), chain: "cali-FORWARD".into() };
        facts.chains.as_mut().into_iter().for_each(|chains| chains.push(cali.clone()));
        assert_eq!(bad(&facts), [("policy-engine", Outcome::Warning)]);
        let said = judge(&facts).into_iter().find(|finding| finding.check == "policy-engine");
        let said = said.map(|finding| format!("{} {:?}", finding.found, finding.advice));
        assert!(said.is_some_and(|said| said.contains("Calico") && said.contains("only if both")));
    }

    #[test]
    fn what_cannot_be_read_is_unknown_and_never_good() {
        let facts = NodeFacts {
            networks: Err("no".into()),
            chains: Err("no".into()),
            occupied: Err("no".into()),
            ..good()
        };
        let unknown = bad(&facts);
        let checks: Vec<&str> = unknown.iter().map(|(check, _)| *check).collect();
        assert_eq!(checks, ["cni", "tc-programs", "policy-engine", "kube-proxy"]);
        assert!(unknown.iter().all(|(_, outcome)| *outcome == Outcome::Unknown));
    }
}
