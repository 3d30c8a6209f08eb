//! Which lines of the record somebody wants to see.
//!
//! Different words narrow, several of one kind widen, as with `kubectl`'s selectors of resources.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{FlowEnd, FlowEvent, FlowRecord};

/// What a line must have; an empty list asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowFilter {
    /// One end is one of these: `NAMESPACE/NAME` or `node/NAME`.
    pub names: Vec<String>,
    /// One end is a pod of one of these namespaces.
    pub namespaces: Vec<String>,
    /// One end has an address of these.
    pub addresses: Vec<IpNet>,
    /// One end has one of these ports.
    pub ports: Vec<u16>,
    /// The verdict is one of these.
    pub verdicts: Vec<String>,
    /// Staged policies would have said one of these verdicts.
    pub staged: Vec<String>,
    /// The reason contains one of these texts.
    pub rules: Vec<String>,
    /// The sender is one of these containers.
    pub containers: Vec<String>,
    /// The sender is one of these executables, by path or by its last part.
    pub executables: Vec<String>,
    /// It is one of these events.
    pub events: Vec<FlowEvent>,
}

impl FlowFilter {
    /// Whether somebody wants to see `record`.
    #[must_use]
    pub fn takes(&self, record: &FlowRecord) -> bool {
        let ends = [&record.source, &record.destination];
        let either = |is: &dyn Fn(&FlowEnd) -> bool| ends.iter().any(|end| is(end));
        some(&self.names, |name| either(&|end| end.name.as_ref() == Some(name)))
            && some(&self.namespaces, |namespace| either(&|end| is_of(end, namespace)))
            && some(&self.addresses, |block| either(&|end| block.contains(&end.address)))
            && some(&self.ports, |port| either(&|end| end.port == Some(*port)))
            && some(&self.verdicts, |verdict| record.verdict == *verdict)
            && some(&self.staged, |verdict| {
                record.staged.as_ref().is_some_and(|staged| staged.verdict == *verdict)
            })
            && some(&self.rules, |text| record.reason.contains(text.as_str()))
            && some(&self.containers, |name| record.source.container.as_ref() == Some(name))
            && some(&self.executables, |name| is_executable(&record.source, name))
            && some(&self.events, |event| record.event == *event)
    }
}

fn some<T>(wanted: &[T], holds: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(holds)
}

fn is_executable(end: &FlowEnd, name: &str) -> bool {
    let is = |path: &String| path == name || path.rsplit('/').next() == Some(name);
    end.executable.as_ref().is_some_and(is)
}

fn is_of(end: &FlowEnd, namespace: &str) -> bool {
    let own = end.name.as_deref().and_then(|name| name.split_once('/'));
    own.is_some_and(|(own, _)| own == namespace && own != "node")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may crash")]
    use super::*;
    use crate::Staged;

    fn end(name: &str, address: &str, port: u16) -> FlowEnd {
        FlowEnd {
            address: address.parse().unwrap(),
            port: Some(port),
            name: Some(name.to_owned()),
            container: None,
            executable: None,
            process: None,
        }
    }

    fn record() -> FlowRecord {
        let web = end("shop/web", "10.0.0.1", 40_000);
        let web = FlowEnd {
            container: Some("app".to_owned()),
            executable: Some("/usr/bin/app".to_owned()),
            ..web
        };
        let staged = Staged {
            verdict: "allow".to_owned(),
            reason: "default-allow".to_owned(),
            file: None,
            line: None,
        };
        let record = FlowRecord::example(web, end("data/db", "10.0.0.2", 5432));
        FlowRecord { staged: Some(staged), ..record }
    }

    #[test]
    fn each_word_has_a_record_that_it_takes_and_one_that_it_does_not() {
        let none = FlowFilter::default();
        let words = |words: [&str; 1]| words.map(str::to_owned).to_vec();
        let cases = [
            (FlowFilter { names: words(["shop/web"]), ..none.clone() }, true),
            (FlowFilter { names: words(["shop/we"]), ..none.clone() }, false),
            (FlowFilter { namespaces: words(["data"]), ..none.clone() }, true),
            (FlowFilter { namespaces: words(["dat"]), ..none.clone() }, false),
            (FlowFilter { addresses: vec!["10.0.0.2/31".parse().unwrap()], ..none.clone() }, true),
            (FlowFilter { addresses: vec!["10.0.0.3/32".parse().unwrap()], ..none.clone() }, false),
            (FlowFilter { ports: vec![5432], ..none.clone() }, true),
            (FlowFilter { ports: vec![5433], ..none.clone() }, false),
            (FlowFilter { verdicts: words(["deny"]), ..none.clone() }, true),
            (FlowFilter { verdicts: words(["allow"]), ..none.clone() }, false),
            (FlowFilter { staged: words(["allow"]), ..none.clone() }, true),
            (FlowFilter { staged: words(["deny"]), ..none.clone() }, false),
            (FlowFilter { rules: words(["data/db"]), ..none.clone() }, true),
            (FlowFilter { rules: words(["data/web"]), ..none.clone() }, false),
            (FlowFilter { containers: words(["app"]), ..none.clone() }, true),
            (FlowFilter { containers: words(["db"]), ..none.clone() }, false),
            (FlowFilter { executables: words(["/usr/bin/app"]), ..none.clone() }, true),
            (FlowFilter { executables: words(["app"]), ..none.clone() }, true),
            (FlowFilter { executables: words(["bin/app"]), ..none.clone() }, false),
            (FlowFilter { events: vec![FlowEvent::Cut, FlowEvent::Denied], ..none.clone() }, true),
            (FlowFilter { events: vec![FlowEvent::Cut], ..none.clone() }, false),
        ];
        assert!(none.takes(&record()));
        for (filter, taken) in cases {
            assert_eq!(filter.takes(&record()), taken, "{filter:?}");
        }
    }

    #[test]
    fn where_nothing_is_staged_no_staged_verdict_is_found() {
        let record = FlowRecord { staged: None, ..record() };
        for verdict in ["allow", "deny"] {
            let staged = vec![verdict.to_owned()];
            assert!(!FlowFilter { staged, ..FlowFilter::default() }.takes(&record));
        }
    }

    #[test]
    fn words_of_one_kind_widen_and_words_of_two_kinds_narrow() {
        let either = FlowFilter { ports: vec![1, 5432], ..FlowFilter::default() };
        assert!(either.takes(&record()));
        let both = FlowFilter { ports: vec![5432], verdicts: vec!["allow".to_owned()], ..either };
        assert!(!both.takes(&record()));
    }
}
