//! What is wrong, where, and what was probably meant: the crate's only error type for people.
//!
//! Each area has its own small enum; the table of codes is made from them, so that a test can say
//! which of them no input reaches.

mod macros;
mod object_error;
mod policy_error;
mod value_error;
mod warning;
mod world_error;
mod yaml_error;

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode};
use model::Place;

pub(crate) use object_error::ObjectError;
pub(crate) use policy_error::PolicyError;
pub(crate) use value_error::ValueError;
pub(crate) use warning::Warning;
pub(crate) use world_error::WorldError;
pub(crate) use yaml_error::YamlError;

use crate::Document;
use crate::yaml::Span;

/// A stable word for a kind of problem, in kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// The codes of all errors and warnings.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let errors = [
            YamlError::CODES,
            ObjectError::CODES,
            ValueError::CODES,
            PolicyError::CODES,
            WorldError::CODES,
        ];
        errors.into_iter().flatten().chain(Warning::CODES).map(|code| Self(code)).collect()
    }

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! causes {
    ($($area:ident),+) => {
        /// A problem of any area.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum Cause { $($area($area),)+ }

        impl Cause {
            fn code(&self) -> Code {
                Code(match self { $(Self::$area(cause) => cause.code(),)+ })
            }

            fn message(&self) -> String {
                match self { $(Self::$area(cause) => cause.message(),)+ }
            }

            fn hint(&self) -> Option<String> {
                match self { $(Self::$area(cause) => cause.hint(),)+ }
            }
        }

        $(impl From<$area> for Cause {
            fn from(cause: $area) -> Self { Self::$area(cause) }
        })+
    };
}

causes!(YamlError, ObjectError, ValueError, PolicyError, WorldError, Warning);

/// A place in a document, with the document, so that a snippet can be shown.
#[derive(Clone, Debug)]
struct Spot {
    source: NamedSource<Arc<str>>,
    file: Arc<str>,
    span: Span,
}

impl Spot {
    fn new(documents: &[Document], span: Span) -> Self {
        let document = documents.get(span.document as usize);
        let file = document.map_or_else(|| Arc::from(""), |document| Arc::clone(&document.name));
        let text = document.map_or_else(|| Arc::from(""), |document| Arc::clone(&document.text));
        Self { source: NamedSource::new(&*file, text), file, span }
    }

    /// Marks what stands on the first line: whole lists would fill the screen.
    fn label(&self) -> LabeledSpan {
        let (start, end) = (self.span.start as usize, self.span.end as usize);
        let marked = self.source.inner().get(start..end).unwrap_or_default();
        let length = marked.lines().next().map_or(0, |line| line.trim_end().len());
        LabeledSpan::new(None, start, length)
    }
}

/// Something that is wrong (or, among the lints, worth a look) in a document.
#[derive(Clone, Debug)]
pub struct Problem {
    cause: Cause,
    spot: Spot,
    related: Vec<Elsewhere>,
}

impl Problem {
    pub(crate) fn new(documents: &[Document], span: Span, cause: Cause) -> Self {
        Self { cause, spot: Spot::new(documents, span), related: Vec::new() }
    }

    pub(crate) fn and_at(mut self, documents: &[Document], span: Span) -> Self {
        self.related.push(Elsewhere { spot: Spot::new(documents, span) });
        self
    }

    /// Where it stands among all documents, for sorting.
    pub(crate) fn position(&self) -> (u32, u32) {
        (self.spot.span.document, self.spot.span.start)
    }

    /// The stable word for it.
    #[must_use]
    pub fn code(&self) -> Code {
        self.cause.code()
    }

    /// What is wrong, without place and hint.
    #[must_use]
    pub fn message(&self) -> String {
        self.cause.message()
    }

    /// What was probably meant, if that can be told.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.cause.hint()
    }

    /// The name of the document.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.spot.file
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.spot.span.line
    }

    /// The column in characters, from 1.
    #[must_use]
    pub fn column(&self) -> u32 {
        self.spot.span.column
    }

    /// The other places that belong to it, where there are any.
    pub fn related_places(&self) -> impl Iterator<Item = Place> {
        self.related.iter().map(|elsewhere| Place {
            file: Arc::clone(&elsewhere.spot.file),
            line: elsewhere.spot.span.line,
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(Self::code(self)))
    }

    fn severity(&self) -> Option<Severity> {
        match &self.cause {
            // Ruling N12: what is enforced is not what is written.
            Cause::Warning(Warning::HostBits { .. }) => Some(Severity::Error),
            Cause::Warning(_) => Some(Severity::Warning),
            Cause::YamlError(_)
            | Cause::ObjectError(_)
            | Cause::ValueError(_)
            | Cause::PolicyError(_)
            | Cause::WorldError(_) => Some(Severity::Error),
        }
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.spot.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.spot.label())))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|other| other as &dyn Diagnostic)))
    }
}

/// The other place of a problem that has two.
#[derive(Clone, Debug)]
struct Elsewhere {
    spot: Spot,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spot { file, span, .. } = &self.spot;
        write!(f, "the other place is {file}:{}:{}", span.line, span.column)
    }
}

impl std::error::Error for Elsewhere {}

impl Diagnostic for Elsewhere {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.spot.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.spot.label())))
    }
}
