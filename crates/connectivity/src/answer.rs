//! A client's script, and what its lines mean.
//!
//! One script tries everything that a client has to try, many at a time, so that a step takes one `exec`
//! for each client. The program that it starts is agnhost's, whose words these are.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use model::{Protocol, Verdict};

use crate::Probe;

/// Probes of one client that are under way at the same time.
const AT_ONCE: usize = 32;

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server answered.
    Open,
    /// Nobody answered, or the kernel did not let it out.
    Shut(String),
    /// Something said no, which neither a server nor a policy here does.
    Refused,
    /// The script said nothing of it.
    Unheard,
}

impl Outcome {
    /// Whether this is what the oracle says.
    #[must_use]
    pub fn is(&self, expected: Verdict) -> bool {
        match self {
            Self::Open => expected == Verdict::Allow,
            Self::Shut(_) => expected == Verdict::Deny,
            Self::Refused | Self::Unheard => false,
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "OPEN" => Self::Open,
            "REFUSED" => Self::Refused,
            word => Self::Shut(word.to_lowercase()),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Shut(how) => write!(f, "shut ({how})"),
            Self::Refused => f.write_str("refused"),
            Self::Unheard => f.write_str("no answer of the probe itself"),
        }
    }
}

/// A shell's script that tries probes, each under its number, and waits `patience_ms` for each.
pub(crate) fn script<'a>(
    probes: impl Iterator<Item = (usize, &'a Probe)>,
    patience_ms: u64,
) -> String {
    let mut script = format!(
        "t() {{ w=$(/agnhost connect --timeout={patience_ms}ms --protocol=$2 $3 2>&1) && w=OPEN; \
         w=${{w%%[!A-Z]*}}; echo \"$1 ${{w:-UNKNOWN}}\"; }}\n"
    );
    for (at, (number, probe)) in probes.enumerate() {
        if at > 0 && at % AT_ONCE == 0 {
            script.push_str("wait\n");
        }
        // Writing to a string never fails.
        let _ = writeln!(script, "t {number} {} {} &", word(probe.protocol), probe.target);
    }
    script + "wait\n"
}

fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    }
}

/// What a script said, by number. A line that is none of its own is left out.
pub(crate) fn heard(text: &str) -> BTreeMap<usize, Outcome> {
    let line = |line: &str| {
        let (number, word) = line.trim().split_once(' ')?;
        Some((number.parse().ok()?, Outcome::of(word)))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(target: &str, protocol: Protocol) -> Probe {
        Probe {
            client: 0,
            server: 0,
            target: target.parse().unwrap_or_else(|_| ([0, 0, 0, 0], 0).into()),
            is_service: false,
            protocol,
            expected: Verdict::Allow,
            reason: String::new(),
        }
    }

    #[test]
    fn a_script_names_every_probe_and_waits_in_between() {
        let tcp = probe("10.0.0.1:80", Protocol::Tcp);
        let udp = probe("[fd00::1]:53", Protocol::Udp);
        let many = [&tcp, &udp].into_iter().cycle().take(AT_ONCE + 1).enumerate();
        let script = script(many, 900);
        assert!(script.contains("t 0 tcp 10.0.0.1:80 &\n"), "{script}");
        assert!(script.contains("t 31 udp [fd00::1]:53 &\nwait\nt 32 tcp"), "{script}");
        assert!(script.ends_with("&\nwait\n") && script.contains("--timeout=900ms"), "{script}");
    }

    #[test]
    fn words_become_outcomes_and_noise_does_not() {
        let heard = heard("3 OPEN\n4 TIMEOUT\n5 REFUSED\nnoise\n7 OTHER\n");
        let of = |number: usize| heard.get(&number).cloned();
        assert_eq!(of(3), Some(Outcome::Open));
        assert_eq!(of(4), Some(Outcome::Shut("timeout".to_owned())));
        assert_eq!(of(5), Some(Outcome::Refused));
        assert_eq!(of(7), Some(Outcome::Shut("other".to_owned())));
        assert_eq!((of(6), heard.len()), (None, 4));
    }

    #[test]
    fn only_an_answer_is_an_allow_and_only_silence_is_a_denial() {
        let silence = Outcome::Shut("timeout".to_owned());
        let cases = [(Outcome::Open, true, false), (silence, false, true)];
        let never = [Outcome::Refused, Outcome::Unheard].map(|outcome| (outcome, false, false));
        for (outcome, is_allow, is_deny) in cases.into_iter().chain(never) {
            assert_eq!(
                (outcome.is(Verdict::Allow), outcome.is(Verdict::Deny)),
                (is_allow, is_deny)
            );
        }
    }
}
