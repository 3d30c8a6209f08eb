//! A recorded test as YAML.
//!
//! Written by hand, because the file is read and edited by people: short lists stand on one line.

use std::fmt::Write as _;

use crate::read::{API_VERSION, KIND};

/// A line of text is at most this long where it can be.
const WIDTH: usize = 110;

/// One test in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// Fields with their lists; an item is a word or a mapping of words.
    pub(super) fields: Vec<(&'static str, Vec<Item>)>,
    pub(super) family: Option<&'static str>,
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Word(String),
    Mapping(Vec<(&'static str, String)>),
    /// A network without some others.
    Except(String, Vec<String>),
}

impl Item {
    /// How it is called in a name.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Mapping(fields) => {
                fields.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" ")
            }
            Self::Except(network, except) => match except.as_slice() {
                [one] => format!("{network} except {one}"),
                several => format!("{network} except {} networks", several.len()),
            },
        }
    }
}

/// The whole document.
pub(super) fn document(name: &str, about: &str, tests: &[Written]) -> String {
    let mut out = format!("# {about}\napiVersion: {API_VERSION}\nkind: {KIND}\nmetadata:\n");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  name: {}\nspec:\n  tests:", scalar(name));
    tests.iter().for_each(|test| one(&mut out, test));
    out
}

fn one(out: &mut String, test: &Written) {
    let _ = writeln!(out, "  - name: {}\n    {}:", scalar(&test.name), test.kind);
    for (field, items) in &test.fields {
        list(out, field, items);
    }
    if let Some(family) = test.family {
        let _ = writeln!(out, "      family: {family}");
    }
}

fn list(out: &mut String, field: &str, items: &[Item]) {
    let words: Vec<String> = items.iter().map(item).collect();
    let line = format!("      {field}: [{}]", words.join(", "));
    if line.len() <= WIDTH {
        let _ = writeln!(out, "{line}");
        return;
    }
    let _ = writeln!(out, "      {field}:");
    for word in words {
        let _ = writeln!(out, "      - {word}");
    }
}

fn item(item: &Item) -> String {
    match item {
        Item::Word(word) => scalar(word),
        Item::Mapping(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{key}: {}", scalar(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Item::Except(network, except) => {
            let except: Vec<String> = except.iter().map(|network| scalar(network)).collect();
            format!("{{network: {}, except: [{}]}}", scalar(network), except.join(", "))
        }
    }
}

/// Plain where nothing else can be read from it, else in quotes.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " ./_-*=".contains(c))
        && !text.ends_with(' ')
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text);
    let is_network = text.starts_with(|first: char| first.is_ascii_digit())
        && text.contains('/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "./-".contains(c));
    match is_plain || is_network {
        true => text.to_owned(),
        false => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_would_read_otherwise_is_quoted() {
        for text in ["fd00::/8", "no", "-x", "a, b", "a: b", "{a}", "80", "!x", "a #b"] {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
        for text in
            ["shop/*", "5432/tcp", "10.0.0.0/8", "app=web", "who reaches shop/web on 80/tcp"]
        {
            assert_eq!(scalar(text), text);
        }
    }
}
