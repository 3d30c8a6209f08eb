//! Annotations of ours on a policy: how it comes into force.
//!
//! They are for a transition; a value that is not known is an error and changes nothing (ruling N36).

use crate::metadata::Annotation;
use crate::problem::PolicyError;
use crate::reader::Reader;

const PREFIX: &str = "ringfence.io/";
const ON_EXISTING: &str = "ringfence.io/on-existing";
const MODE: &str = "ringfence.io/mode";
/// Suppressions of findings are read by whoever finds.
const IGNORE: &str = "ringfence.io/ignore.";

/// How a policy comes into force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transition {
    /// Connections that exist live on where it denies them (ruling N25).
    pub(crate) keeping: bool,
    /// It is judged beside the others and decides nothing (ruling N37).
    pub(crate) staged: bool,
}

impl Transition {
    /// What the annotations say. Unknown ones are errors.
    pub(crate) fn read(annotations: &[Annotation], reader: &mut Reader<'_>) -> Self {
        let mut transition = Self::default();
        for Annotation { key, value, span } in annotations {
            match (key.as_str(), value.as_str()) {
                (ON_EXISTING, "keep") => transition.keeping = true,
                (MODE, "audit") => transition.staged = true,
                (ON_EXISTING, "reevaluate") | (MODE, "enforce") => {}
                (key, _) if !key.starts_with(PREFIX) || key.starts_with(IGNORE) => {}
                _ => {
                    let (key, value) = (key.clone(), value.clone());
                    reader.refuse(*span, PolicyError::BadAnnotation { key, value });
                }
            }
        }
        transition
    }
}
