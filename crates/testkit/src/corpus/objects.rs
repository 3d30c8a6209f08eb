//! The manifests of a case as separate objects that steps replace and delete.
//!
//! Each object keeps the line where it stands, so that a manifest's problem points into the case.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Fault;

#[derive(Deserialize)]
struct Header {
    kind: String,
    metadata: Name,
}

#[derive(Deserialize)]
struct Name {
    name: String,
    namespace: Option<String>,
}

/// Objects by `KIND NAME` or `KIND NAMESPACE/NAME`.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects(BTreeMap<String, Object>);

/// One object's text and the line before it.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) line: u64,
    pub(super) text: String,
}

impl Objects {
    /// Adds what `text` holds; an object that is there already is replaced.
    pub(super) fn apply(&mut self, text: &Spanned<String>) -> Result<(), Fault> {
        for object in split(&text.value, text.defined.line()) {
            self.0.insert(key(&object.text)?, object);
        }
        Ok(())
    }

    pub(super) fn delete(&mut self, key: &str) -> Result<(), Fault> {
        match self.0.remove(key) {
            Some(_) => Ok(()),
            None => Err(Fault::NothingToDelete(key.to_owned())),
        }
    }

    /// In the order of the file.
    pub(super) fn in_order(&self) -> Vec<&Object> {
        let mut objects: Vec<&Object> = self.0.values().collect();
        objects.sort_by_key(|object| object.line);
        objects
    }
}

/// A block's text begins in the line after its `|`.
fn split(text: &str, line: u64) -> Vec<Object> {
    let mut objects = vec![Object { line, text: String::new() }];
    for (at, row) in (line + 1..).zip(text.lines()) {
        match objects.last_mut() {
            Some(object) if row.trim_end() != "---" => {
                object.text.push_str(row);
                object.text.push('\n');
            }
            Some(_) | None => objects.push(Object { line: at, text: String::new() }),
        }
    }
    objects.retain(|object| !object.text.trim().is_empty());
    objects
}

fn key(text: &str) -> Result<String, Fault> {
    let nameless = |error: serde_saphyr::Error| Fault::Nameless(error.to_string());
    let header: Header = serde_saphyr::from_str(text).map_err(nameless)?;
    let name = header.metadata.name;
    Ok(match header.metadata.namespace {
        Some(namespace) => format!("{} {namespace}/{name}", header.kind),
        None => format!("{} {name}", header.kind),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_know_their_lines() {
        let objects = split("a: 1\n---\nb: 2\nc: 3\n---\n", 10);
        let lines: Vec<(u64, &str)> =
            objects.iter().map(|object| (object.line, object.text.as_str())).collect();
        assert_eq!(lines, [(10, "a: 1\n"), (12, "b: 2\nc: 3\n")]);
    }

    #[test]
    fn an_object_is_known_by_kind_namespace_and_name() {
        let of = |text| key(text).map_err(|fault| fault.to_string());
        assert_eq!(of("{kind: Node, metadata: {name: n}}"), Ok("Node n".to_owned()));
        assert_eq!(of("{kind: Pod, metadata: {name: p, namespace: x}}"), Ok("Pod x/p".to_owned()));
        assert!(of("kind: Pod").is_err());
    }
}
