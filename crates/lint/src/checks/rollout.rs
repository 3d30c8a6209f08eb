//! Labels of namespaces that say whether policies count for their pods.
//!
//! Their words are read fail-closed, so a typing mistake enforces; here it is told to who made it.

use model::{ENFORCEMENT_LABEL, Enforcement};

use crate::facts::Facts;
use crate::found::Found;

/// RF054: what is no word of the switch means that policies count (ruling N41).
pub(crate) fn enforcement_word(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let namespaces = facts.objects.iter().enumerate().filter(|(_, it)| it.kind == "Namespace");
    for (at, object) in namespaces {
        let labels = object.tree.get("metadata").and_then(|metadata| metadata.get("labels"));
        let Some(label) = labels.and_then(|labels| labels.get(ENFORCEMENT_LABEL)) else { continue };
        let word = label.scalar().unwrap_or_default();
        if Enforcement::of_word(word).is_none() {
            let name = object.name;
            let message =
                format!("`{word}` is no word of {ENFORCEMENT_LABEL}, so {name} is enforced");
            found.at(Some(at), label.at(), message);
        }
    }
}
