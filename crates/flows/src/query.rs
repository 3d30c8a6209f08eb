//! What somebody asks a record for, as words of an URL's query, and the lines that come back.
//!
//! Both ends take it from here: who asks writes the words, who answers reads them.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{FlowEvent, FlowFilter, FlowRecord};

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowQuery {
    /// Which records.
    pub filter: FlowFilter,
    /// At most this many of those that were before; all that are kept where it is not said.
    pub last: Option<usize>,
    /// Go on with what comes.
    pub follow: bool,
}

/// A line of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FlowLine {
    /// A record.
    Record(Box<FlowRecord>),
    /// So many records went before anybody read them.
    Lost {
        /// How many.
        lost: u64,
    },
}

/// A word of a query that means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// There is no such word.
    Unknown(String),
    /// The word cannot have this value.
    Value(String, String),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(word) => write!(f, "flows cannot be asked for by {word:?}"),
            Self::Value(word, value) => write!(f, "{word} cannot be {value:?}"),
        }
    }
}

impl std::error::Error for QueryError {}

impl FlowQuery {
    /// The words, each with its value.
    #[must_use]
    pub fn words(&self) -> Vec<(&'static str, String)> {
        let FlowFilter {
            names,
            namespaces,
            addresses,
            ports,
            verdicts,
            staged,
            rules,
            containers,
            executables,
            events,
        } = &self.filter;
        let last = self.last.iter().map(|last| ("last", last.to_string()));
        let follow = self.follow.then(|| ("follow", "true".to_owned()));
        last.chain(follow)
            .chain(all("pod", names))
            .chain(all("namespace", namespaces))
            .chain(all("address", addresses))
            .chain(all("port", ports))
            .chain(all("verdict", verdicts))
            .chain(all("staged", staged))
            .chain(all("rule", rules))
            .chain(all("container", containers))
            .chain(all("executable", executables))
            .chain(all("event", events))
            .collect()
    }

    /// What these words ask for.
    ///
    /// # Errors
    /// Where one of them means nothing: an answer to less than was asked would be a wrong one.
    pub fn of_words(words: impl IntoIterator<Item = (String, String)>) -> Result<Self, QueryError> {
        let mut query = Self::default();
        words.into_iter().try_for_each(|(word, value)| query.add(&word, value))?;
        Ok(query)
    }

    fn add(&mut self, word: &str, value: String) -> Result<(), QueryError> {
        let filter = &mut self.filter;
        match word {
            "last" => self.last = Some(parsed(word, &value)?),
            // `?follow` alone is enough.
            "follow" => self.follow = value.is_empty() || parsed(word, &value)?,
            "pod" => filter.names.push(value),
            "namespace" => filter.namespaces.push(value),
            "address" => filter.addresses.push(parsed::<IpNet>(word, &value)?),
            "port" => filter.ports.push(parsed(word, &value)?),
            "verdict" => filter.verdicts.push(verdict(word, value)?),
            "staged" => filter.staged.push(verdict(word, value)?),
            "rule" => filter.rules.push(value),
            "container" => filter.containers.push(value),
            "executable" => filter.executables.push(value),
            "event" => filter.events.push(event(&value)?),
            _ => return Err(QueryError::Unknown(word.to_owned())),
        }
        Ok(())
    }
}

fn all<T: ToString>(
    word: &'static str,
    values: &[T],
) -> impl Iterator<Item = (&'static str, String)> {
    values.iter().map(move |value| (word, value.to_string()))
}

fn parsed<T: FromStr>(word: &str, value: &str) -> Result<T, QueryError> {
    value.parse().map_err(|_| QueryError::Value(word.to_owned(), value.to_owned()))
}

fn verdict(word: &str, value: String) -> Result<String, QueryError> {
    match value.as_str() {
        "allow" | "deny" => Ok(value),
        _ => Err(QueryError::Value(word.to_owned(), value)),
    }
}

fn event(value: &str) -> Result<FlowEvent, QueryError> {
    let known = [FlowEvent::Opened, FlowEvent::Denied, FlowEvent::Cut, FlowEvent::Closed];
    let found = known.into_iter().find(|event| event.to_string() == value);
    found.ok_or_else(|| QueryError::Value("event".to_owned(), value.to_owned()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;

    fn everything() -> FlowQuery {
        let words = |word: &str| vec![word.to_owned(), format!("{word}-2")];
        FlowQuery {
            filter: FlowFilter {
                names: words("shop/web"),
                namespaces: words("shop"),
                addresses: vec!["10.0.0.0/8".parse().unwrap()],
                ports: vec![53, 443],
                verdicts: vec!["deny".to_owned()],
                staged: vec!["allow".to_owned()],
                rules: words("shop/db"),
                containers: words("app"),
                executables: words("/bin/app"),
                events: vec![FlowEvent::Cut],
            },
            last: Some(7),
            follow: true,
        }
    }

    fn read(query: &FlowQuery) -> Result<FlowQuery, QueryError> {
        let words = query.words().into_iter();
        FlowQuery::of_words(words.map(|(word, value)| (word.to_owned(), value)))
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for query in [everything(), FlowQuery::default()] {
            assert_eq!(read(&query).unwrap(), query);
        }
    }

    #[test]
    fn a_word_that_means_nothing_is_refused_and_not_left_out() {
        let one =
            |word: &str, value: &str| FlowQuery::of_words([(word.to_owned(), value.to_owned())]);
        assert_eq!(one("colour", "red"), Err(QueryError::Unknown("colour".to_owned())));
        for (word, value) in
            [("port", "http"), ("verdict", "denied"), ("address", "shop"), ("event", "")]
        {
            let wrong = QueryError::Value(word.to_owned(), value.to_owned());
            assert_eq!(one(word, value), Err(wrong));
        }
        assert!(one("follow", "").unwrap().follow && !one("follow", "false").unwrap().follow);
    }
}
