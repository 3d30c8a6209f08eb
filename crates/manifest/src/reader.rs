//! Collects what is wrong while everything else is read on (ruling E4).
//!
//! One bad object never hides the rest, and nothing that was read badly counts as read.

use crate::problem::{Cause, Problem};
use crate::yaml::Span;
use crate::{Document, Options, ReadAs};

/// Proof that a problem was reported, so that nothing is left out in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(());

/// What a decoder returns.
pub(crate) type Read<T> = Result<T, Refused>;

/// The documents, how to read them, and what was found wrong so far.
pub(crate) struct Reader<'a> {
    pub(crate) documents: &'a [Document],
    pub(crate) options: &'a Options,
    pub(crate) problems: Vec<Problem>,
    pub(crate) lints: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(documents: &'a [Document], options: &'a Options) -> Self {
        Self { documents, options, problems: Vec::new(), lints: Vec::new() }
    }

    /// Reports an error.
    pub(crate) fn refuse(&mut self, span: Span, cause: impl Into<Cause>) -> Refused {
        self.problems.push(Problem::new(self.documents, span, cause.into()));
        Refused(())
    }

    /// Reports an error that has two places.
    pub(crate) fn refuse_pair(
        &mut self,
        span: Span,
        other: Span,
        cause: impl Into<Cause>,
    ) -> Refused {
        let problem = Problem::new(self.documents, span, cause.into());
        self.problems.push(problem.and_at(self.documents, other));
        Refused(())
    }

    /// Reports a warning.
    pub(crate) fn warn(&mut self, span: Span, cause: impl Into<Cause>) {
        self.lints.push(Problem::new(self.documents, span, cause.into()));
    }

    /// Reports a warning that has two places.
    pub(crate) fn warn_pair(&mut self, span: Span, other: Span, cause: impl Into<Cause>) {
        let problem = Problem::new(self.documents, span, cause.into());
        self.lints.push(problem.and_at(self.documents, other));
    }

    /// Whether this is of what there is, which later documents may replace.
    pub(crate) fn is_base(&self, span: Span) -> bool {
        (span.document as usize) < self.options.base
    }

    /// Whether what cannot be read must deny (rulings C4, E5).
    pub(crate) fn fails_closed(&self) -> bool {
        match self.options.read_as {
            ReadAs::File => false,
            ReadAs::Cluster => true,
        }
    }
}

/// All of `items`, read by `read`; every one is read even where one was refused.
pub(crate) fn all<T, U>(
    items: impl IntoIterator<Item = T>,
    mut read: impl FnMut(T) -> Read<U>,
) -> Read<Vec<U>> {
    let read: Vec<Read<U>> = items.into_iter().map(&mut read).collect();
    read.into_iter().collect()
}
