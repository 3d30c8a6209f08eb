//! The chains of the packet filter: those of nf_tables from the kernel, those of the older iptables from
//! its own program, where the kernel has any.

use std::fs;
use std::process::Command;

use crate::facts::NamedChain;

/// The tables that the older iptables has made.
const LEGACY: [(&str, &str); 2] = [
    ("/proc/net/ip_tables_names", "iptables-legacy-save"),
    ("/proc/net/ip6_tables_names", "ip6tables-legacy-save"),
];

pub(super) fn gather() -> Result<Vec<NamedChain>, String> {
    let found = datapath::filter_chains();
    let found =
        found.map_err(|error| format!("the chains of nf_tables cannot be read: {error}"))?;
    let mut chains: Vec<NamedChain> =
        found.into_iter().map(|it| NamedChain { table: it.table, chain: it.chain }).collect();
    for (tables, program) in LEGACY {
        // Absent where the module is not loaded, and then nobody has made any.
        let has_some = fs::read_to_string(tables).is_ok_and(|names| !names.trim().is_empty());
        if has_some {
            chains.extend(saved(program)?);
        }
    }
    Ok(chains)
}

fn saved(program: &str) -> Result<Vec<NamedChain>, String> {
    let said = Command::new(program).output();
    let said = said.map_err(|error| {
        format!("iptables' older chains cannot be read: {program} cannot be started: {error}")
    })?;
    if !said.status.success() {
        return Err(format!(
            "iptables' older chains cannot be read: {program} ended with {}",
            said.status
        ));
    }
    Ok(read(&String::from_utf8_lossy(&said.stdout)))
}

/// `*TABLE` begins a table, `:CHAIN` names a chain of it.
fn read(text: &str) -> Vec<NamedChain> {
    let mut table = "";
    let mut chains = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name;
        } else if let Some(chain) = line.strip_prefix(':') {
            let chain = chain.split(' ').next().unwrap_or_default().to_owned();
            chains.push(NamedChain { table: table.to_owned(), chain });
        }
    }
    chains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_iptables_saves_names_its_chains() {
        let text = "# a comment\n*filter\n:INPUT ACCEPT [0:0]\n:cali-INPUT - [0:0]\n-A INPUT -j cali-INPUT\nCOMMIT\n*nat\n:X - [0:0]\n";
        let chain = |(table, chain): (&str, &str)| NamedChain {
            table: table.to_owned(),
            chain: chain.to_owned(),
        };
        let expected = [("filter", "INPUT"), ("filter", "cali-INPUT"), ("nat", "X")].map(chain);
        assert_eq!(read(text), expected);
    }
}
