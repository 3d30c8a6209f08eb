//! Namespaces: labels, and the one label that is implied (ruling N21).

use model::Labels;

use crate::object::Object;
use crate::problem::Warning;
use crate::reader::Reader;

/// The name and labels of a namespace.
pub(crate) fn namespace(object: &Object<'_>, reader: &mut Reader<'_>) -> (String, Labels) {
    let metadata = &object.metadata;
    let written = metadata.labels.get("kubernetes.io/metadata.name");
    if written.is_some_and(|written| written != metadata.name) {
        let warning = Warning::NamespaceLabel { namespace: metadata.name.clone() };
        reader.warn(metadata.name_span, warning);
    }
    (metadata.name.clone(), metadata.labels.clone())
}
