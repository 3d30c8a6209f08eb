//! All that was heard, as documents: the state of the cluster as far as it is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest::Document;

use crate::kind::{KINDS, Kind};
use crate::news::{Key, News, Object};

/// What is known of a cluster.
#[derive(Debug, Default)]
pub struct Store {
    kinds: [OfKind; KINDS.len()],
}

/// What is known of one kind.
#[derive(Debug, Default)]
struct OfKind {
    objects: BTreeMap<Key, Object>,
    /// The list that is under way.
    listing: Option<BTreeMap<Key, Object>>,
    is_complete: bool,
}

impl Store {
    /// Takes what a watch says of the kind at `at` of [`KINDS`]. Whether that changed what is known.
    pub fn hear(&mut self, at: usize, news: News) -> bool {
        self.kinds.get_mut(at).is_some_and(|kind| kind.hear(news))
    }

    /// Whether every kind was listed once. Before that, nothing may be derived from an absence.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.kinds.iter().all(|kind| kind.is_complete)
    }

    /// The kinds that no complete list was heard of yet.
    pub fn incomplete(&self) -> impl Iterator<Item = &'static Kind> {
        let both = KINDS.iter().zip(&self.kinds);
        both.filter(|(_, known)| !known.is_complete).map(|(kind, _)| kind)
    }

    /// All objects, each a document that is named as `kubectl` would name it.
    #[must_use]
    pub fn documents(&self) -> Vec<Document> {
        let both = KINDS.iter().zip(&self.kinds);
        let of_kind = |(kind, known): (&Kind, &OfKind)| {
            let document = |object: &Object| document(kind, object);
            known.objects.values().map(document).collect::<Vec<_>>()
        };
        both.flat_map(of_kind).collect()
    }

    /// All objects of a kind.
    pub fn objects(&self, kind: &str) -> impl Iterator<Item = &Object> {
        let at = KINDS.iter().position(|one| one.kind == kind);
        let known = at.and_then(|at| self.kinds.get(at));
        known.into_iter().flat_map(|known| known.objects.values())
    }

    /// An object by its kind's name and its own.
    #[must_use]
    pub fn get(&self, kind: &str, key: &Key) -> Option<&Object> {
        let at = KINDS.iter().position(|one| one.kind == kind)?;
        self.kinds.get(at)?.objects.get(key)
    }
}

pub(crate) fn document(kind: &Kind, object: &Object) -> Document {
    let Key { namespace, name } = &object.key;
    let name = match namespace.as_str() {
        "" => format!("{}/{name}", kind.plural),
        namespace => format!("{}/{namespace}/{name}", kind.plural),
    };
    Document { name: Arc::from(name), text: Arc::clone(&object.text) }
}

impl OfKind {
    fn hear(&mut self, news: News) -> bool {
        match news {
            News::Listing => {
                self.listing = Some(BTreeMap::new());
                false
            }
            News::Listed(object) => {
                self.listing.get_or_insert_default().insert(object.key.clone(), object);
                false
            }
            News::Complete => {
                let listed = self.listing.take().unwrap_or_default();
                self.replace(listed)
            }
            News::NoSuchKind => {
                self.listing = None;
                self.replace(BTreeMap::new())
            }
            News::Put(object) => {
                let before = self.objects.get(&object.key);
                let is_new = before != Some(&object);
                self.objects.insert(object.key.clone(), object);
                is_new
            }
            News::Gone(key) => self.objects.remove(&key).is_some(),
        }
    }

    /// That a kind is complete for the first time is news, even where it has no objects.
    fn replace(&mut self, objects: BTreeMap<Key, Object>) -> bool {
        let is_new = !self.is_complete || self.objects != objects;
        self.objects = objects;
        self.is_complete = true;
        is_new
    }
}
