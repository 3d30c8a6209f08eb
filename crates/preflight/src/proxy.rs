//! Who translates the addresses of Services on this node, as far as the packet filter shows.
//!
//! Where that happens decides which address a rule is asked about, so an administrator has to know.

use crate::facts::NamedChain;
use crate::finding::{Finding, Outcome};

const CHECK: &str = "kube-proxy";

/// What the chains of the packet filter say of kube-proxy.
pub(crate) fn judge(chains: &Result<Vec<NamedChain>, String>) -> Finding {
    let chains = match chains {
        Ok(chains) => chains,
        Err(error) => return Finding::new(CHECK, Outcome::Unknown, error),
    };
    let has = |is_meant: &dyn Fn(&NamedChain) -> bool| chains.iter().any(is_meant);
    // Mode ipvs keeps a few chains of the same beginning, and not this one.
    match (has(&|it| it.table == "kube-proxy"), has(&|it| it.chain.starts_with("KUBE-SVC-"))) {
        (true, false) => Finding::good(CHECK, "mode nftables"),
        (false, true) => Finding::good(CHECK, "mode iptables"),
        (true, true) => Finding::new(CHECK, Outcome::Warning, "chains of two modes are there")
            .advise("kube-proxy --cleanup takes away what an earlier mode left"),
        (false, false) if has(&|it| it.chain.starts_with("KUBE-")) => {
            Finding::new(CHECK, Outcome::Note, "neither mode nftables nor mode iptables; perhaps ipvs")
                .advise("only these two were tried")
        }
        (false, false) => Finding::new(CHECK, Outcome::Note, "no chain of kube-proxy is there").advise(
            "where a program translates instead, policies are judged as docs/semantics.md says (N13)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(chains: &[(&str, &str)]) -> (Outcome, String) {
        let chain = |(table, chain): &(&str, &str)| NamedChain {
            table: (*table).to_owned(),
            chain: (*chain).to_owned(),
        };
        let finding = judge(&Ok(chains.iter().map(chain).collect()));
        (finding.outcome, finding.found)
    }

    #[test]
    fn each_mode_is_known_by_its_chains() {
        assert_eq!(outcome(&[("kube-proxy", "services")]).1, "mode nftables");
        assert_eq!(outcome(&[("nat", "KUBE-SVC-ABC")]).1, "mode iptables");
        let both = outcome(&[("kube-proxy", "services"), ("nat", "KUBE-SVC-ABC")]);
        assert_eq!(both.0, Outcome::Warning);
        assert_eq!(outcome(&[("nat", "KUBE-SERVICES")]).0, Outcome::Note);
        assert_eq!(outcome(&[]).0, Outcome::Note);
        assert_eq!(judge(&Err("no".into())).outcome, Outcome::Unknown);
    }
}
