//! All that was heard, as documents: the state of the cluster as far as it is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::ResourceVersion;
use manifest::Document;

use crate::kind::{KINDS, Kind};
use crate::news::{Key, News, Object};

/// What is known of a cluster.
#[derive(Debug)]
pub struct Store {
    kinds: &'static [Kind],
    known: Vec<OfKind>,
}

impl Default for Store {
    /// Of all kinds that a verdict depends on.
    fn default() -> Self {
        Self::of(&KINDS)
    }
}

/// What is known of one kind.
#[derive(Debug, Default)]
struct OfKind {
    objects: BTreeMap<Key, Object>,
    /// The list that is under way.
    listing: Option<BTreeMap<Key, Object>>,
    is_complete: bool,
    /// Everything that was written up to this version is in `objects`.
    heard: ResourceVersion,
}

impl Store {
    /// Of these kinds, of which nothing is known yet.
    #[must_use]
    pub fn of(kinds: &'static [Kind]) -> Self {
        Self { kinds, known: kinds.iter().map(|_| OfKind::default()).collect() }
    }

    /// Takes what a watch says of the kind at `at` of the kinds. Whether that changed what is known.
    pub fn hear(&mut self, at: usize, news: News) -> bool {
        self.known.get_mut(at).is_some_and(|kind| kind.hear(news))
    }

    /// Whether every kind was listed once. Before that, nothing may be derived from an absence.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.known.iter().all(|kind| kind.is_complete)
    }

    /// The kinds that no complete list was heard of yet.
    pub fn incomplete(&self) -> impl Iterator<Item = &'static Kind> {
        let both = self.kinds.iter().zip(&self.known);
        both.filter(|(_, known)| !known.is_complete).map(|(kind, _)| kind)
    }

    /// All objects, each a document that is named as `kubectl` would name it.
    #[must_use]
    pub fn documents(&self) -> Vec<Document> {
        let both = self.kinds.iter().zip(&self.known);
        let of_kind = |(kind, known): (&Kind, &OfKind)| {
            let document = |object: &Object| document(kind, object);
            known.objects.values().map(document).collect::<Vec<_>>()
        };
        both.flat_map(of_kind).collect()
    }

    /// All objects of a kind.
    pub fn objects(&self, kind: &str) -> impl Iterator<Item = &Object> {
        self.known(kind).into_iter().flat_map(|known| known.objects.values())
    }

    /// An object by its kind's name and its own.
    #[must_use]
    pub fn get(&self, kind: &str, key: &Key) -> Option<&Object> {
        self.known(kind)?.objects.get(key)
    }

    /// How much of a kind is known: everything that was written up to this version.
    #[must_use]
    pub fn heard(&self, kind: &str) -> ResourceVersion {
        self.known(kind).map_or(ResourceVersion::NONE, |known| known.heard)
    }

    fn known(&self, kind: &str) -> Option<&OfKind> {
        let at = self.kinds.iter().position(|one| one.kind == kind)?;
        self.known.get(at)
    }
}

/// An object as a document that is named as `kubectl` would name it.
#[must_use]
pub fn document(kind: &Kind, object: &Object) -> Document {
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
                let is_new = !before.is_some_and(|before| before.says_what(&object));
                self.heard = object.version;
                self.objects.insert(object.key.clone(), object);
                is_new
            }
            News::Gone(key) => self.objects.remove(&key).is_some(),
        }
    }

    /// That a kind is complete for the first time is news, even where it has no objects.
    fn replace(&mut self, objects: BTreeMap<Key, Object>) -> bool {
        let is_new = !self.is_complete || !say_the_same(&self.objects, &objects);
        // It may be lower than before: what had the highest is gone.
        let versions = objects.values().map(|object| object.version);
        self.heard = versions.max().unwrap_or(ResourceVersion::NONE);
        self.objects = objects;
        self.is_complete = true;
        is_new
    }
}

fn say_the_same(ones: &BTreeMap<Key, Object>, others: &BTreeMap<Key, Object>) -> bool {
    let mut pairs = ones.values().zip(others.values());
    ones.len() == others.len() && pairs.all(|(one, other)| one.says_what(other))
}
