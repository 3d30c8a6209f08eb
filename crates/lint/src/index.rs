//! Finds the pods that a selector selects without looking at every pod.
//!
//! Lints ask this for each peer of each rule, and a cluster has tens of thousands of those.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use model::{Labels, Pod, PodId, Requirement, Selector, World};

/// The implied label of every namespace (ruling N21).
pub(crate) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Pods in order, each once.
pub(crate) type Pods = Rc<[PodId]>;

/// One namespace and the labels of its pods.
struct Namespace<'w> {
    name: &'w str,
    labels: &'w Labels,
    pods: Vec<PodId>,
    by_label: BTreeMap<(&'w str, &'w str), Vec<PodId>>,
}

/// The index of one world.
pub(crate) struct Index<'w> {
    world: &'w World,
    namespaces: Vec<Namespace<'w>>,
    by_name: BTreeMap<&'w str, usize>,
    found: RefCell<BTreeMap<(&'w Selector, &'w Selector), Pods>>,
    /// The same by where the selectors lie: every lint asks for the same ones again.
    known: RefCell<BTreeMap<(*const Selector, *const Selector), Pods>>,
    spaces: RefCell<BTreeMap<&'w Selector, Rc<[usize]>>>,
}

impl<'w> Index<'w> {
    /// Indexes the pods of `world` for which `counts` holds.
    pub(crate) fn new(world: &'w World, counts: impl Fn(&Pod) -> bool) -> Self {
        let mut namespaces: Vec<Namespace<'w>> = world
            .namespaces()
            .map(|(name, labels)| Namespace {
                name,
                labels,
                pods: Vec::new(),
                by_label: BTreeMap::new(),
            })
            .collect();
        let by_name: BTreeMap<&str, usize> =
            namespaces.iter().enumerate().map(|(at, namespace)| (namespace.name, at)).collect();
        for (id, pod) in world.pods().filter(|(_, pod)| counts(pod)) {
            let at = by_name.get(pod.namespace.as_str());
            if let Some(namespace) = at.and_then(|at| namespaces.get_mut(*at)) {
                namespace.pods.push(id);
                for label in pod.labels.iter() {
                    namespace.by_label.entry(label).or_default().push(id);
                }
            }
        }
        let (found, known, spaces) = Default::default();
        Self { world, namespaces, by_name, found, known, spaces }
    }

    /// The pods that both selectors select.
    pub(crate) fn pods(&self, namespaces: &'w Selector, pods: &'w Selector) -> Pods {
        let key = (std::ptr::from_ref(namespaces), std::ptr::from_ref(pods));
        if let Some(found) = self.known.borrow().get(&key) {
            return Rc::clone(found);
        }
        let found = self.find(namespaces, pods);
        self.known.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    fn find(&self, namespaces: &'w Selector, pods: &'w Selector) -> Pods {
        if let Some(found) = self.found.borrow().get(&(namespaces, pods)) {
            return Rc::clone(found);
        }
        let spaces = self.selected(namespaces);
        let all = spaces.iter().filter_map(|at| self.namespaces.get(*at));
        let found: Pods = all.flat_map(|namespace| self.within(namespace, pods)).collect();
        self.found.borrow_mut().insert((namespaces, pods), Rc::clone(&found));
        found
    }

    /// The names of the namespaces that `selector` selects.
    pub(crate) fn namespaces(&self, selector: &'w Selector) -> Vec<&'w str> {
        let spaces = self.selected(selector);
        spaces.iter().filter_map(|at| self.namespaces.get(*at)).map(|it| it.name).collect()
    }

    /// The pods of one namespace.
    pub(crate) fn of_namespace(&self, name: &str) -> &[PodId] {
        let at = self.by_name.get(name).and_then(|at| self.namespaces.get(*at));
        at.map_or(&[], |namespace| &namespace.pods)
    }

    /// The pods of one namespace that `selector` selects.
    pub(crate) fn in_namespace(&self, name: &str, selector: &Selector) -> Vec<PodId> {
        let at = self.by_name.get(name).and_then(|at| self.namespaces.get(*at));
        at.map_or_else(Vec::new, |namespace| self.within(namespace, selector))
    }

    /// All pods, namespace by namespace.
    pub(crate) fn all(&self) -> impl Iterator<Item = PodId> + '_ {
        self.namespaces.iter().flat_map(|namespace| namespace.pods.iter().copied())
    }

    fn selected(&self, selector: &'w Selector) -> Rc<[usize]> {
        if let Some(found) = self.spaces.borrow().get(selector) {
            return Rc::clone(found);
        }
        let named = selector.requirements().find_map(|requirement| match requirement {
            Requirement::In { key, values } if key == NAMESPACE_NAME => Some(values),
            Requirement::In { .. }
            | Requirement::NotIn { .. }
            | Requirement::Exists { .. }
            | Requirement::DoesNotExist { .. } => None,
        });
        let candidates: Vec<usize> = match named {
            Some(values) => {
                values.iter().filter_map(|name| self.by_name.get(name)).copied().collect()
            }
            None => (0..self.namespaces.len()).collect(),
        };
        let matches = |at: &usize| {
            self.namespaces.get(*at).is_some_and(|namespace| selector.matches(namespace.labels))
        };
        let found: Rc<[usize]> = candidates.into_iter().filter(matches).collect();
        self.spaces.borrow_mut().insert(selector, Rc::clone(&found));
        found
    }

    fn within(&self, namespace: &Namespace<'w>, selector: &Selector) -> Vec<PodId> {
        let matches = |id: &PodId| selector.matches(&self.world.pod(*id).labels);
        let values = selector.requirements().find_map(|requirement| match requirement {
            Requirement::In { key, values } => Some((key.as_str(), values)),
            Requirement::NotIn { .. }
            | Requirement::Exists { .. }
            | Requirement::DoesNotExist { .. } => None,
        });
        let Some((key, values)) = values else {
            return namespace.pods.iter().copied().filter(matches).collect();
        };
        let having = values.iter().filter_map(|value| namespace.by_label.get(&(key, value)));
        let mut found: Vec<PodId> = having.flatten().copied().filter(matches).collect();
        found.sort_unstable();
        found
    }
}
