//! What a watch of one kind says.
//!
//! It is the whole vocabulary between the watches, which know the network, and the store, which
//! knows nothing but these words.

use std::sync::Arc;

use api::ResourceVersion;

/// An object's name within its kind. The namespace is empty where the kind has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// An object as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Which one.
    pub key: Key,
    /// What the API server calls it, whatever its name.
    pub uid: String,
    /// Which of the kind's writes it is of; none where the API server's word for that is no number.
    pub version: ResourceVersion,
    /// What of it matters, in JSON.
    pub text: Arc<str>,
}

/// Where the API server's mirror of a static pod says which configuration it is of.
pub(crate) const MIRROR: &str = "kubernetes.io/config.mirror";

impl Object {
    /// Whether it says what `other` says, whenever that was written.
    #[must_use]
    pub fn says_what(&self, other: &Self) -> bool {
        (&self.key, &self.uid, &self.text) == (&other.key, &other.uid, &other.text)
    }

    /// Whether it is the mirror of the static pod that its node knows by `uid`: a runtime is told that and
    /// never the mirror's own.
    #[must_use]
    pub fn is_mirror_of(&self, uid: &str) -> bool {
        let object: serde_json::Value = serde_json::from_str(&self.text).unwrap_or_default();
        let annotations = object.pointer("/metadata/annotations");
        annotations.and_then(|all| all.get(MIRROR)).is_some_and(|mirrored| mirrored == uid)
    }
}

/// What a watch of one kind says, in the order in which it says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A list begins, at first or because the watch was lost. What is known stays until it is
    /// complete.
    Listing,
    /// An object of the list.
    Listed(Object),
    /// The list is complete; what it does not have is gone.
    Complete,
    /// An object is new, or changed.
    Put(Object),
    /// An object is gone.
    Gone(Key),
    /// The API server has no such kind.
    NoSuchKind,
}
