//! What a path means: a kind's plural, a namespace, an object, a subresource.
//!
//! Read in one place, so that reading and writing take a path for the same object.

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    pub(crate) plural: String,
    /// Empty for the whole cluster.
    pub(crate) namespace: String,
    /// One object, or all.
    pub(crate) name: Option<String>,
    /// `status`, or the object itself.
    pub(crate) subresource: Option<String>,
}

impl Target {
    /// Nothing for a path that leads to no kind.
    pub(crate) fn of(path: &[&str]) -> Option<Self> {
        let rest = match path {
            ["api", "v1", rest @ ..] | ["apis", _, _, rest @ ..] => rest,
            _ => return None,
        };
        let of = |namespace: &str, plural: &str, rest: &[&str]| {
            let (name, subresource) = match rest {
                [] => (None, None),
                [name] => (Some((*name).to_owned()), None),
                [name, subresource] => (Some((*name).to_owned()), Some((*subresource).to_owned())),
                _ => return None,
            };
            let (plural, namespace) = (plural.to_owned(), namespace.to_owned());
            Some(Self { plural, namespace, name, subresource })
        };
        match rest {
            ["namespaces", namespace, plural, rest @ ..] => of(namespace, plural, rest),
            [plural, rest @ ..] => of("", plural, rest),
            [] => None,
        }
    }

    pub(crate) fn key(&self) -> (String, String) {
        (self.namespace.clone(), self.name.clone().unwrap_or_default())
    }
}
