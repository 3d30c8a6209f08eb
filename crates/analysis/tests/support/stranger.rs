//! Pods that do not exist yet: every combination of labels that generated rules can ask for.

use model::{ContainerPort, Labels, Pod, World, WorldParts};

use super::Case;

/// A pod to be, and the labels of its namespace.
pub(crate) struct Stranger {
    pub(crate) namespace: String,
    pub(crate) namespace_labels: Labels,
    pub(crate) labels: Labels,
    pub(crate) ports: Vec<ContainerPort>,
}

fn optional(labels: Labels, key: &str, value: Option<&&str>) -> Labels {
    match value {
        Some(value) => labels.with(key, *value),
        None => labels,
    }
}

/// Every combination in an old and a new namespace, one in three with the ports of somebody.
pub(crate) fn strangers(world: &World) -> Vec<Stranger> {
    let policed = world.pods().filter(|(_, pod)| !pod.host_network);
    let bound: Vec<Vec<ContainerPort>> = policed.map(|(_, pod)| pod.ports.clone()).collect();
    let mut strangers = Vec::new();
    let teams = [None, Some(&"red"), Some(&"blue")];
    let new = teams.map(|team| {
        let labels = Labels::default().with("kubernetes.io/metadata.name", "new");
        ("new", optional(labels, "team", team))
    });
    let old = ["x", "z"].map(|name| (name, world.namespace_labels(name).clone()));
    for (namespace, namespace_labels) in new.into_iter().chain(old) {
        for app in [None, Some(&"a"), Some(&"b"), Some(&"other")] {
            for role in [None, Some(&"front"), Some(&"back")] {
                let labels = optional(Labels::default(), "app", app);
                let at = strangers.len();
                strangers.push(Stranger {
                    namespace: namespace.to_owned(),
                    namespace_labels: namespace_labels.clone(),
                    labels: optional(labels, "role", role),
                    ports: match at % 3 {
                        0 => bound.get(at % bound.len().max(1)).cloned().unwrap_or_default(),
                        _ => Vec::new(),
                    },
                });
            }
        }
    }
    strangers
}

impl Stranger {
    pub(crate) fn pod(&self) -> Pod {
        Pod {
            namespace: self.namespace.clone(),
            name: "stranger".to_owned(),
            labels: self.labels.clone(),
            owner: None,
            node: None,
            addresses: Vec::new(),
            host_network: false,
            containers: vec!["main".to_owned()],
            ports: self.ports.clone(),
        }
    }

    /// The world with it; its number follows those of the others.
    pub(crate) fn arrives(&self, case: &Case) -> Case {
        let mut parts: WorldParts = case.world.clone().into_parts();
        parts.pods.push(self.pod());
        parts.namespaces.insert(self.namespace.clone(), self.namespace_labels.clone());
        Case {
            name: case.name.clone(),
            world: World::new(parts).unwrap_or_else(|error| panic!("{error}")),
            rules: case.rules.clone(),
            traffic: case.traffic.clone(),
            outside: Vec::new(),
        }
    }
}
