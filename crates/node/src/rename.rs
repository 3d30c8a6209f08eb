//! Other names for processes, before and after the words that are said of them change.
//!
//! Rules that come and go tell other processes apart. If a name and its words changed at once, a
//! process would for a moment be judged by words that are neither its old nor its new ones. So a change
//! has three steps: the names of both, whose words are the old ones; then a plan, which changes words
//! alone; then the names of the new rules. Between two steps the kernel is told who is who.

use abi::SubjectKey;
use compile::{Image, Subjects};
use plan::Op;

/// The writes before the kernel is told of processes, and those after it.
pub(crate) struct Renaming {
    pub(crate) begin: Vec<Op>,
    pub(crate) end: Vec<Op>,
}

/// From the subjects `before` to the subjects `after`, where they are not the same.
pub(crate) fn between(observed: &Image, before: &Subjects, after: &Subjects) -> Renaming {
    let words = |slot| observed.endpoints.get(&slot).copied().unwrap_or_default();
    let is_known = |key: &SubjectKey| observed.subjects.contains_key(key);
    let begin =
        after.heirs(before).filter(|(key, ..)| !is_known(key)).flat_map(|(key, slot, was)| {
            // Whoever had the pod's slot before may have had other words for its own.
            let was = was.filter(|_| words(key.endpoint).sets.is_live());
            plan::begin_subject(key, slot, words(was.unwrap_or(key.endpoint)))
        });
    let gone = before.slots().iter().filter(|(key, slot)| {
        !after.slots().contains_key(key) && observed.subjects.get(key) == Some(*slot)
    });
    let end = gone.flat_map(|(key, slot)| plan::end_subject(*key, *slot));
    Renaming { begin: begin.collect(), end: end.collect() }
}
