//! As few words as say who is in a group.
//!
//! `shop/*` is everybody of that namespace who is in the input, `*` everybody in the cluster; a
//! person reads one word where a program reads a hundred names.

use std::collections::{BTreeMap, BTreeSet};

use analysis::{By, Members, Name};
use model::World;

/// Who is in the cluster, by namespace.
#[derive(Clone, Debug)]
pub struct Crowds {
    by_namespace: BTreeMap<String, BTreeSet<Name>>,
    all: BTreeSet<Name>,
    /// Nobody may say that these are all there are.
    is_partial: bool,
}

impl Crowds {
    /// Everybody in `world` at one grain.
    #[must_use]
    pub fn new(world: &World, by: By) -> Self {
        let mut new =
            Self { by_namespace: BTreeMap::new(), all: BTreeSet::new(), is_partial: false };
        for (_, pod) in world.pods() {
            let name = match by {
                By::Workload => Name::of_workload(pod),
                By::Pod => Name::of_pod(pod),
                By::Namespace => Name::Namespace(pod.namespace.as_str().into()),
            };
            new.by_namespace.entry(pod.namespace.clone()).or_default().insert(name.clone());
            new.all.insert(name);
        }
        let nodes = world.nodes().map(|(_, node)| Name::Node(node.name.as_str().into()));
        new.all.extend(nodes);
        new
    }

    /// The same, if others may be there who could not be read: `*` is then nobody's word.
    #[must_use]
    pub fn partial(self, is_partial: bool) -> Self {
        Self { is_partial, ..self }
    }

    /// The words for `members`, in order.
    #[must_use]
    pub fn words(&self, members: &Members) -> Vec<String> {
        match members {
            Members::Names(names) => self.named(names),
            Members::AllExcept(names) if self.is_partial => {
                let others = self.all.iter().filter(|name| !names.contains(name)).cloned();
                self.named(&others.collect::<Vec<_>>())
            }
            Members::AllExcept(names) if names.is_empty() => vec!["*".to_owned()],
            Members::AllExcept(names) => vec![format!("* except {}", self.named(names).join(", "))],
        }
    }

    fn named(&self, names: &[Name]) -> Vec<String> {
        let mut rest: BTreeSet<&Name> = names.iter().collect();
        if !self.is_partial && self.all.len() > 1 && self.all.iter().all(|name| rest.contains(name))
        {
            return vec!["*".to_owned()];
        }
        let mut words = BTreeSet::new();
        let namespaces: BTreeSet<&str> = names.iter().filter_map(Name::namespace).collect();
        for namespace in namespaces {
            let Some(crowd) = self.by_namespace.get(namespace).filter(|crowd| crowd.len() > 1)
            else {
                continue;
            };
            if crowd.iter().all(|name| rest.contains(name)) {
                rest.retain(|name| name.namespace() != Some(namespace));
                words.insert(format!("{namespace}/*"));
            }
        }
        words.extend(rest.into_iter().map(ToString::to_string));
        words.into_iter().collect()
    }
}
