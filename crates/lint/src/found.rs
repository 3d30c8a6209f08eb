//! Where lints put what they find.
//!
//! A lint says what and where; file names, lines, suppressions and severities are added later.

use crate::facts::Facts;
use crate::lint::Lint;
use manifest::Span;

/// A change of the text that keeps what the manifests mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edit {
    /// The document, by its position.
    pub(crate) document: u32,
    /// The first byte that goes.
    pub(crate) start: u32,
    /// The byte after the last that goes.
    pub(crate) end: u32,
    /// What comes.
    pub(crate) text: String,
}

/// A finding, before anybody asked whether it counts.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) lint: &'static Lint,
    pub(crate) at: Span,
    /// The object that it is about, if it is about one.
    pub(crate) object: Option<usize>,
    /// The namespace that it is about as a whole.
    pub(crate) namespace: Option<String>,
    pub(crate) message: String,
    pub(crate) fix: Option<String>,
    pub(crate) related: Vec<Span>,
    pub(crate) edits: Vec<Edit>,
}

impl Raw {
    /// Says what to do here; without it the lint's own advice stands.
    pub(crate) fn fix(&mut self, fix: impl Into<String>) -> &mut Self {
        self.fix = Some(fix.into());
        self
    }

    /// Points to another place.
    pub(crate) fn and_at(&mut self, at: impl IntoIterator<Item = Span>) -> &mut Self {
        self.related.extend(at);
        self
    }

    /// Offers a repair that keeps the meaning.
    pub(crate) fn edit(&mut self, edit: Option<Edit>) -> &mut Self {
        self.edits.extend(edit);
        self
    }

    /// Is about a namespace, so that the Namespace's annotations may suppress it.
    pub(crate) fn about(&mut self, namespace: &str) -> &mut Self {
        self.namespace = Some(namespace.to_owned());
        self
    }
}

/// The findings of one lint.
pub(crate) struct Found<'f, 'a> {
    pub(crate) lint: &'static Lint,
    pub(crate) facts: &'f Facts<'a>,
    pub(crate) raw: &'f mut Vec<Raw>,
}

impl Found<'_, '_> {
    /// Reports something about `object` at a place.
    pub(crate) fn at(
        &mut self,
        object: Option<usize>,
        at: Span,
        message: impl Into<String>,
    ) -> &mut Raw {
        self.raw.push(Raw {
            lint: self.lint,
            at,
            object,
            namespace: None,
            message: message.into(),
            fix: None,
            related: Vec::new(),
            edits: Vec::new(),
        });
        let last = self.raw.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "it was pushed just now")]
        &mut self.raw[last]
    }

    /// Reports something about a namespace: at its object, or else at `otherwise`.
    pub(crate) fn namespace(
        &mut self,
        namespace: &str,
        otherwise: Option<usize>,
        message: impl Into<String>,
    ) -> &mut Raw {
        let own = self.facts.find("Namespace", "", namespace);
        let object = own.or(otherwise);
        let at = object.map_or_else(Span::default, |object| self.facts.name_at(object));
        self.at(object, at, message).about(namespace)
    }
}
