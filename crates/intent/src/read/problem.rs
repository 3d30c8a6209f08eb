//! What is wrong with a test file, where, and what was probably meant.
//!
//! A test that is quietly smaller than it reads is worse than none, so all of these are errors.

use std::fmt;
use std::sync::Arc;

use manifest::{Document, Span, Tree};
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use words::{PortError, ResolveError};

/// Something that is wrong in a test file.
#[derive(Clone, Debug)]
pub struct Problem {
    cause: Cause,
    source: NamedSource<Arc<str>>,
    span: Span,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A version of the kind that is not served.
    Version { found: String },
    /// A kind that is nearly the one that there is.
    NoSuchKind { kind: String },
    /// A field that is not there.
    Missing { field: &'static str, of: &'static str },
    /// A field that nobody asked for.
    Unknown { field: String, of: &'static str, near: Option<&'static str> },
    /// A value of another type.
    Type { field: String, expected: &'static str, found: &'static str, is_word: bool },
    /// A list without items, where somebody must be named.
    Empty { field: String },
    /// A test without what it expects, or with several expectations.
    Expectations { found: Vec<&'static str> },
    /// Two tests have one name.
    Twice { name: String, line: u32 },
    /// A word for a peer that is none, or names nobody.
    Peer(ResolveError),
    /// A name that two workloads have.
    Ambiguous { name: String, kinds: Vec<String> },
    /// A word for a port that is none.
    Port(PortError),
    /// A port that no destination has.
    NoSuchPort { name: String, near: Option<String> },
    /// A selector that is none.
    Selector { detail: String },
    /// A selector that no pod of the input satisfies.
    SelectsNobody { selector: String },
    /// A namespace that is not in the input.
    NoSuchNamespace { name: String, near: Option<String> },
    /// Who cannot stand on this side of this test.
    Misplaced { word: String, kind: &'static str, field: &'static str },
    /// Ports are said in two ways.
    PortsTwice,
    /// All ports are excepted.
    NoPorts,
    /// A family that is none.
    Family { word: String },
    /// No flow is asked about.
    NoFlow { kind: &'static str },
}

impl Problem {
    pub(crate) fn new(documents: &[Document], span: Span, cause: Cause) -> Self {
        let document = documents.get(span.document as usize);
        let (name, text) = document.map_or_else(
            || (Arc::from(""), Arc::from("")),
            |document| (Arc::clone(&document.name), Arc::clone(&document.text)),
        );
        Self { cause, source: NamedSource::new(&*name, text), span }
    }

    /// The name of the document.
    #[must_use]
    pub fn file(&self) -> &str {
        self.source.name()
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.span.line
    }

    /// The column in characters, from 1.
    #[must_use]
    pub fn column(&self) -> u32 {
        self.span.column
    }

    /// What was probably meant, if that can be told.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.cause.hint()
    }
}

impl Cause {
    fn code(&self) -> &'static str {
        match self {
            Self::Version { .. } => "wrong-api-version",
            Self::NoSuchKind { .. } => "unknown-kind",
            Self::Missing { .. } => "missing-field",
            Self::Unknown { .. } => "unknown-field",
            Self::Type { .. } => "wrong-type",
            Self::Empty { .. } => "empty-list",
            Self::Expectations { .. } => "one-expectation",
            Self::Twice { .. } => "test-twice",
            Self::Peer(_) => "peer",
            Self::Ambiguous { .. } => "ambiguous-name",
            Self::Port(_) | Self::NoSuchPort { .. } => "port",
            Self::Selector { .. } => "selector",
            Self::SelectsNobody { .. } => "selects-nobody",
            Self::NoSuchNamespace { .. } => "namespace",
            Self::Misplaced { .. } => "misplaced-peer",
            Self::PortsTwice => "ports-twice",
            Self::NoPorts => "no-ports",
            Self::Family { .. } => "family",
            Self::NoFlow { .. } => "no-flow",
        }
    }

    fn hint(&self) -> Option<String> {
        let meant = |near: &str| format!("did you mean `{near}`?");
        match self {
            Self::Version { .. } => Some(format!("write `apiVersion: {}`", super::API_VERSION)),
            Self::NoSuchKind { .. } => Some(meant(super::KIND)),
            Self::Missing { field: "ports", .. } => {
                Some("name the ports, or write `ports: [all]`".to_owned())
            }
            Self::Missing { field: "is", .. } => Some("`is: []` says that nobody may".to_owned()),
            Self::Missing { field: "from", of: "only" } => {
                Some("`from: []` says that nobody may".to_owned())
            }
            Self::Missing { .. } => None,
            Self::Unknown { near, .. } => near.map(meant),
            Self::Type { is_word, field, .. } => {
                is_word.then(|| format!("write a list: `{field}: [...]`"))
            }
            Self::Empty { .. } | Self::PortsTwice | Self::NoPorts => None,
            Self::Expectations { found } => match found.as_slice() {
                [] => Some("write one of allow, deny, only, never, reachableBy".to_owned()),
                _ => Some("make a test of each".to_owned()),
            },
            Self::Twice { line, .. } => Some(format!("the other one is on line {line}")),
            Self::Peer(error) => peer_hint(error),
            Self::Ambiguous { name, kinds } => {
                let first = kinds.first()?;
                Some(format!("say which: {}", name.replace('/', &format!("/{first}/"))))
            }
            Self::Port(_) => {
                Some("a port is 5432, 53/udp, 8000-8100, http, tcp, icmp or all".to_owned())
            }
            Self::NoSuchPort { near, .. } | Self::NoSuchNamespace { near, .. } => {
                near.as_deref().map(meant)
            }
            Self::Selector { .. } => None,
            Self::SelectsNobody { .. } => {
                Some("a test that speaks of nobody would always hold".to_owned())
            }
            Self::Family { .. } => Some("write IPv4 or IPv6, or leave it out for both".to_owned()),
            Self::Misplaced { .. } => None,
            Self::NoFlow { .. } => {
                Some("a pod always reaches itself, and that is never asked".to_owned())
            }
        }
    }
}

fn peer_hint(error: &ResolveError) -> Option<String> {
    match error {
        ResolveError::NotFound { what: word, nearest: None } | ResolveError::Shape(word)
            if word.contains('=') =>
        {
            Some("labels are written as `{namespace: NS, pods: key=value}`".to_owned())
        }
        ResolveError::Shape(_) => {
            Some("NS/* is a namespace, cluster every pod, 10.0.0.0/8 a network".to_owned())
        }
        ResolveError::Address(_) | ResolveError::ServiceSource | ResolveError::NotFound { .. } => {
            None
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Version { found } => write!(f, "PolicyTest is not served as `{found}`"),
            Cause::NoSuchKind { kind } => write!(f, "ringfence.io has no kind `{kind}`"),
            Cause::Missing { field, of } => write!(f, "{of} lacks `{field}`"),
            Cause::Unknown { field, of, .. } => write!(f, "{of} has no field `{field}`"),
            Cause::Type { field, expected, found, .. } => {
                write!(f, "`{field}` must be {expected}, found {found}")
            }
            Cause::Empty { field } => write!(f, "`{field}` is empty, so nothing is tested"),
            Cause::Expectations { found } => match found.as_slice() {
                [] => f.write_str("the test expects nothing"),
                several => write!(f, "the test has several expectations: {}", several.join(", ")),
            },
            Cause::Twice { name, .. } => write!(f, "two tests are named {name:?}"),
            Cause::Peer(error) => error.fmt(f),
            Cause::Ambiguous { name, kinds } => {
                write!(f, "{name} is the name of a {}", kinds.join(" and of a "))
            }
            Cause::Port(error) => error.fmt(f),
            Cause::NoSuchPort { name, .. } => write!(f, "no destination has a port named {name:?}"),
            Cause::Selector { detail } => f.write_str(detail),
            Cause::SelectsNobody { selector } => {
                write!(f, "no pod of the input satisfies {selector}")
            }
            Cause::NoSuchNamespace { name, .. } => {
                write!(f, "namespace {name} is not in the input")
            }
            Cause::Misplaced { word, kind, field } => {
                write!(f, "{word} cannot stand in `{field}` of `{kind}`")
            }
            Cause::PortsTwice => f.write_str("`ports` and `exceptPorts` are both there"),
            Cause::NoPorts => f.write_str("no port is left to be asked about"),
            Cause::Family { word } => write!(f, "{word:?} is no address family"),
            Cause::NoFlow { kind } => write!(f, "this `{kind}` asks about no flow at all"),
        }
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.cause.code()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (start, end) = (self.span.start as usize, self.span.end as usize);
        let marked = self.source.inner().get(start..end).unwrap_or_default();
        let length = marked.lines().next().map_or(0, |line| line.trim_end().len());
        Some(Box::new(std::iter::once(LabeledSpan::new(None, start, length))))
    }
}

/// What of a tree is written down as wrong.
pub(crate) fn wrong_type(tree: Tree<'_>, field: &str, expected: &'static str) -> (Span, Cause) {
    let is_word = expected == "a list" && tree.scalar().is_some() && !tree.is_null();
    let cause = Cause::Type { field: field.to_owned(), expected, found: tree.what(), is_word };
    (tree.span(), cause)
}
