//! The ruling ids, and whether the corpus shows each of them from both sides.
//!
//! A ruling that no case would miss is not a ruling; each needs a flow that is allowed and one step
//! outside another that is denied.

use std::collections::BTreeMap;
use std::fmt;

use model::{Flow, Rule, Verdict};

use crate::corpus::{Case, Expected, Step};

/// Where a ruling is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownBy {
    /// Cases of the corpus, with a twin of the other verdict.
    Corpus,
    /// The golden files of `manifest`: it is about what cannot be read.
    Golden,
}

macro_rules! rulings {
    ($($id:literal $shown:ident $title:literal;)+) => {
        /// Every ruling: its id, where it is shown, and a few words.
        pub const RULINGS: &[(&str, ShownBy, &str)] = &[$(($id, ShownBy::$shown, $title)),+];
    };
}

rulings! {
    "D1" Corpus "both ends decide, the first denying one is named";
    "D2" Corpus "the named rule is canonical";
    "D3" Corpus "reasons without a rule";
    "D4" Corpus "a connection is decided, not a packet";
    "N1" Corpus "policyTypes absent or empty";
    "N2" Corpus "empty and missing";
    "N3" Corpus "namespaceSelector and podSelector in one peer";
    "N4" Corpus "the empty namespaceSelector";
    "N5" Corpus "named ports";
    "N6" Corpus "absent protocol, port and ports";
    "N7" Corpus "endPort";
    "N8" Corpus "SCTP";
    "N9" Corpus "blocks match pods and nodes";
    "N10" Corpus "addresses that are not known";
    "N11" Corpus "except";
    "N12" Corpus "forms of a CIDR";
    "N13" Corpus "Service addresses";
    "N14" Corpus "a pod's own address";
    "N15" Corpus "the pod's own node";
    "N16" Corpus "host-network pods";
    "N17" Corpus "other protocols";
    "N18" Corpus "both ends";
    "N19" Corpus "union";
    "N20" Corpus "NotIn and DoesNotExist";
    "N21" Corpus "the implied namespace label";
    "N22" Corpus "labels that controllers add";
    "N23" Corpus "the absent namespace";
    "N24" Corpus "pod start";
    "N25" Corpus "existing connections";
    "N26" Corpus "refused flows";
    "N27" Corpus "terminating, completed and failed pods";
    "N28" Corpus "label changes";
    "N29" Corpus "dual stack";
    "N30" Corpus "a section outside of policyTypes";
    "N31" Corpus "egress to a named port without pods";
    "N32" Corpus "several interfaces and SNAT";
    "N33" Corpus "multicast and broadcast";
    "N34" Corpus "an unknown pod's address";
    "N35" Corpus "sources rewritten to a node's address";
    "N36" Corpus "unknown annotation values";
    "N37" Corpus "staged policies";
    "N38" Corpus "which process sends";
    "N39" Corpus "what nodes themselves send and receive";
    "N40" Corpus "the switch of the cluster";
    "N41" Corpus "the word of a namespace";
    "C1" Corpus "the order of tiers";
    "C2" Corpus "absent protocols";
    "C3" Corpus "equal priorities";
    "C4" Corpus "fail closed";
    "C5" Corpus "Accept is one end's word";
    "C6" Corpus "host-network pods, nodes and networks";
    "C7" Corpus "destinationNamedPort";
    "C8" Corpus "domainNames";
    "C9" Corpus "CIDRs and unknown addresses";
    "E1" Golden "malformed objects";
    "E2" Golden "YAML as kubectl reads it";
    "E3" Golden "looks like a policy";
    "E4" Golden "one bad object never hides the rest";
    "E5" Golden "the last good version";
    "E6" Golden "order and duplicates of documents";
}

/// Where `id` is shown, if it is a ruling.
#[must_use]
pub fn find(id: &str) -> Option<ShownBy> {
    RULINGS.iter().find(|(known, _, _)| *known == id).map(|(_, shown, _)| *shown)
}

/// What a ruling lacks in the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// No flow is tagged with it.
    NoCase(String),
    /// Flows with only one verdict are tagged with it, and no case names a twin.
    NoTwin(String),
    /// The case's twin is not there, or no flow of it has the other verdict.
    BadTwin {
        /// The case.
        case: String,
        /// The named twin.
        twin: String,
    },
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCase(id) => write!(f, "{id}: no case"),
            Self::NoTwin(id) => write!(f, "{id}: no case allows and denies, and none has a twin"),
            Self::BadTwin { case, twin } => {
                write!(f, "{case}: {twin} has no same flow with the other verdict")
            }
        }
    }
}

/// Everything that the corpus lacks; empty is good.
#[must_use]
pub fn gaps(cases: &[Case]) -> Vec<Gap> {
    let by_name: BTreeMap<&str, &Case> =
        cases.iter().map(|case| (case.name.as_str(), case)).collect();
    let twins = cases.iter().filter_map(|case| bad_twin(case, &by_name));
    let ids = RULINGS.iter().filter(|(_, shown, _)| *shown == ShownBy::Corpus);
    ids.filter_map(|(id, _, _)| gap(id, cases)).chain(twins).collect()
}

fn gap(id: &str, cases: &[Case]) -> Option<Gap> {
    let shows = |case: &&Case| tagged(case, id).next().is_some();
    let cases: Vec<&Case> = cases.iter().filter(shows).collect();
    if cases.is_empty() {
        return Some(Gap::NoCase(id.to_owned()));
    }
    let both = |case: &&Case| {
        let has = |verdict| tagged(case, id).any(|flow| flow.decision.verdict() == verdict);
        case.twin.is_some() || has(Verdict::Allow) && has(Verdict::Deny)
    };
    (!cases.iter().any(both)).then(|| Gap::NoTwin(id.to_owned()))
}

fn tagged<'a>(case: &'a Case, id: &'a str) -> impl Iterator<Item = &'a Expected> {
    flows(case).filter(move |flow| flow.rulings.iter().any(|ruling| ruling == id))
}

fn flows(case: &Case) -> impl Iterator<Item = &Expected> {
    case.steps.iter().flat_map(|step| &step.flows)
}

fn bad_twin(case: &Case, by_name: &BTreeMap<&str, &Case>) -> Option<Gap> {
    let twin = case.twin.as_ref()?;
    let is_other = |ours: &Expected, theirs: &Expected| {
        ours.text == theirs.text
            && kind(&ours.flow) == kind(&theirs.flow)
            && ours.decision.verdict() != theirs.decision.verdict()
    };
    let has_other = by_name.get(twin.as_str()).is_some_and(|twin| {
        flows(case).any(|ours| flows(twin).any(|theirs| is_other(ours, theirs)))
    });
    (!has_other).then(|| Gap::BadTwin { case: case.name.clone(), twin: twin.clone() })
}

fn kind(flow: &Flow) -> (model::Traffic, model::Family, model::Origin) {
    (flow.traffic(), flow.family(), flow.origin())
}

/// Pairs of cases whose worlds and rules are all equal.
#[must_use]
pub fn equal_worlds(cases: &[Case]) -> Vec<(String, String)> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut pairs = Vec::new();
    for case in cases {
        let states: Vec<String> = case.steps.iter().map(state).collect();
        if let Some(first) = seen.insert(states.join("\n"), &case.name) {
            pairs.push((first.to_owned(), case.name.clone()));
        }
    }
    pairs
}

/// Everything that can make a verdict differ; where a rule was written cannot.
fn state(step: &Step) -> String {
    let whole = step.rules.with_staged_enforced();
    let [rules, staged] = [&step.rules, &whole].map(|rules| rules.iter().collect::<Vec<&Rule>>());
    format!("{:?} {rules:?} {staged:?}", step.world)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::corpus;

    fn case(name: &str, head: &str, verdict: &str, ingress: &str) -> Case {
        let text = format!(
            "about: a test\n{head}\nworld: {{pods: {{x/a: {{}}, x/b: {{}}}}}}\nrules:\n\
             - {{rule: 'NetworkPolicy x/p ingress[0]', action: allow, subject: '* / *', \
             ports: [{name}]}}\nflows:\n- {{from: x/a, to: x/b, port: 80/tcp, \
             egress: default-allow, ingress: '{ingress}', verdict: {verdict}}}\n"
        );
        let file = format!("lowered/{}.yaml", name.replace('/', "-"));
        corpus::parse(Path::new(&file), &text).expect("the case is well-formed")
    }

    fn allow(head: &str) -> Case {
        case("80/tcp", head, "allow", "NetworkPolicy x/p ingress[0]")
    }

    fn deny(head: &str) -> Case {
        case("81/tcp", head, "deny", "default-deny by NetworkPolicy x/p")
    }

    #[test]
    fn one_verdict_alone_is_a_gap() {
        let found = gaps(&[allow("rulings: [N6]")]);
        assert!(found.contains(&Gap::NoTwin("N6".to_owned())), "{found:?}");
        assert!(found.contains(&Gap::NoCase("N7".to_owned())), "{found:?}");
    }

    #[test]
    fn a_named_twin_fills_the_gap_if_its_verdict_differs() {
        let twins = [allow("rulings: [N6]\ntwin: lowered/81-tcp"), deny("rulings: [N7]")];
        let found = gaps(&twins);
        let about_n6 = |gap: &&Gap| matches!(gap, Gap::NoTwin(id) | Gap::NoCase(id) if id == "N6");
        assert_eq!(found.iter().find(about_n6), None);
        assert!(!found.iter().any(|gap| matches!(gap, Gap::BadTwin { .. })), "{found:?}");
    }

    #[test]
    fn a_twin_that_agrees_is_none() {
        let itself = [allow("rulings: [N6]\ntwin: lowered/80-tcp")];
        let is_bad = |gap: &Gap| matches!(gap, Gap::BadTwin { .. });
        assert!(gaps(&itself).iter().any(is_bad));
    }

    #[test]
    fn equal_worlds_are_found_whatever_is_asked() {
        let (one, other) = (allow("rulings: [N6]"), allow("rulings: [N7]"));
        assert_eq!(equal_worlds(&[one.clone(), other]).len(), 1);
        assert_eq!(equal_worlds(&[one, deny("rulings: [N6]")]), []);
    }
}
