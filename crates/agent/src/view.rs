//! What the agent knows of the cluster, read: a world and its rules.
//!
//! An object that cannot be read keeps its last good version (ruling E5); what no watch says yet of a pod
//! of this node is known from the runtime.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use api::ResourceVersion;
use cluster::{Heard, KINDS, Key, Store};
use ipnet::IpNet;
use manifest::{Document, Options, ReadAs, Reading, Shelf};
use model::{Enforcement, Rules, World, WorldError, WorldParts};

use crate::Switch;
use crate::attachment::Attached;

/// Documents by their names.
type Texts = BTreeMap<Arc<str>, Arc<str>>;

/// What is known, and the last good version of everything.
#[derive(Debug)]
pub struct View {
    store: Store,
    shelf: Shelf,
    good: Texts,
    switch: Option<Switch>,
}

/// What was read.
#[derive(Debug)]
pub struct Known {
    /// Who exists.
    pub parts: WorldParts,
    /// What they may do.
    pub rules: Rules,
    /// Objects that cannot be read, each with what is wrong with it.
    pub unreadable: BTreeMap<String, String>,
}

impl View {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(pod_networks: Vec<IpNet>) -> Self {
        let options = Options { read_as: ReadAs::Cluster, pod_networks, ..Options::default() };
        let shelf = Shelf::new(options);
        Self { store: Store::default(), shelf, good: Texts::new(), switch: None }
    }

    /// The same, with a switch that says whether policies count; without one they do.
    #[must_use]
    pub fn with_switch(self, switch: Switch) -> Self {
        Self { switch: Some(switch), ..self }
    }

    /// The switch, if there is one.
    #[must_use]
    pub fn switch(&self) -> Option<&Switch> {
        self.switch.as_ref()
    }

    /// The same, to tell it something.
    pub fn switch_mut(&mut self) -> Option<&mut Switch> {
        self.switch.as_mut()
    }

    /// Takes what a watch says. Whether that changed what is known.
    pub fn hear(&mut self, (at, news): Heard) -> bool {
        self.store.hear(at, news)
    }

    /// The kinds that were not listed yet, by name; nothing may be derived before there is none.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let switch = self.switch.as_ref().filter(|switch| switch.is_waiting()).map(|_| "ConfigMap");
        self.store.incomplete().map(|kind| kind.kind).chain(switch).collect()
    }

    /// Of each kind of policy, up to which version everything that was written is known.
    #[must_use]
    pub fn heard(&self) -> Vec<(&'static str, ResourceVersion)> {
        let policies = KINDS.iter().filter(|kind| kind.is_policy());
        policies.map(|kind| (kind.kind, self.store.heard(kind.kind))).collect()
    }

    /// The uid of a node.
    #[must_use]
    pub fn uid_of_node(&self, node: &str) -> Option<&str> {
        let key = Key { namespace: String::new(), name: node.to_owned() };
        Some(self.store.get("Node", &key)?.uid.as_str())
    }

    /// How many objects are known, by kind.
    #[must_use]
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        KINDS.iter().map(|kind| (kind.kind, self.store.objects(kind.kind).count())).collect()
    }

    /// The pod of this name if it has this uid too, or is the mirror of the static pod that has.
    #[must_use]
    pub fn is_pod(&self, namespace: &str, name: &str, uid: &str) -> bool {
        let key = Key { namespace: namespace.to_owned(), name: name.to_owned() };
        self.store.get("Pod", &key).is_some_and(|pod| pod.uid == uid || pod.is_mirror_of(uid))
    }

    /// The uid of the pod of this name.
    #[must_use]
    pub fn uid(&self, namespace: &str, name: &str) -> Option<&str> {
        let key = Key { namespace: namespace.to_owned(), name: name.to_owned() };
        Some(self.store.get("Pod", &key)?.uid.as_str())
    }

    /// The pods that run on a node, by namespace and name, as they are kept.
    pub fn texts_of_node(&self, node: &str) -> impl Iterator<Item = (String, &str)> {
        let named = format!("\"nodeName\":\"{node}\"");
        let pods = self.store.objects("Pod").filter(move |pod| pod.text.contains(&named));
        pods.map(|pod| (format!("{}/{}", pod.key.namespace, pod.key.name), &*pod.text))
    }

    /// Reads everything.
    pub fn read(&mut self) -> Known {
        let switch = self.switch.as_ref();
        self.shelf.turn(switch.map_or_else(Enforcement::default, Switch::enforcement));
        let mut documents = self.store.documents();
        let mut reading = self.shelf.read(&documents);
        let unreadable = self.unreadable(&documents, &reading);
        let is_bad = |document: &Document| unreadable.contains_key(&*document.name);
        let mut good: Texts = Texts::new();
        let mut is_replaced = false;
        for document in &mut documents {
            if is_bad(document) {
                let Some(text) = self.good.get(&document.name) else { continue };
                document.text = Arc::clone(text);
                is_replaced = true;
            }
            good.insert(Arc::clone(&document.name), Arc::clone(&document.text));
        }
        self.good = good;
        if is_replaced {
            reading = self.shelf.read(&documents);
        }
        Known { parts: reading.parts, rules: reading.rules, unreadable }
    }

    /// The objects that are wrong by themselves. Two that contradict each other are not: the news of one
    /// may be late, and both are as they were written.
    fn unreadable(&self, documents: &[Document], reading: &Reading) -> BTreeMap<String, String> {
        let suspects: BTreeSet<&str> =
            reading.problems.iter().map(manifest::Problem::file).collect();
        let suspects = documents.iter().filter(|document| suspects.contains(&*document.name));
        let alone = suspects.filter_map(|document| {
            let alone = manifest::read(std::slice::from_ref(document), self.shelf.options());
            let first = alone.problems.first()?;
            Some((document.name.to_string(), first.message()))
        });
        alone.collect()
    }
}

/// What is known of this node beside what the API server says.
#[derive(Debug)]
pub struct Local<'a> {
    /// The node's name.
    pub node: &'a str,
    /// The addresses of its network namespace.
    pub addresses: &'a [IpAddr],
    /// Pods by namespace and name, with their attachments.
    pub attached: BTreeMap<(&'a str, &'a str), &'a Attached>,
}

impl Local<'_> {
    /// Makes the world: a pod of this node has the addresses that its network gave it, whether or not its
    /// status says so, and nobody else has them.
    ///
    /// # Errors
    /// Where the parts contradict each other, which reading them ruled out.
    pub fn world(&self, mut parts: WorldParts) -> Result<World, WorldError> {
        let given: BTreeMap<IpAddr, (&str, &str)> = self
            .attached
            .iter()
            .flat_map(|(pod, attached)| attached.addresses.iter().map(|address| (*address, *pod)))
            .collect();
        for pod in parts.pods.iter_mut().filter(|pod| !pod.host_network) {
            let key = (pod.namespace.as_str(), pod.name.as_str());
            pod.addresses.retain(|address| given.get(address).is_none_or(|owner| *owner == key));
            if let Some(attached) = self.attached.get(&key) {
                add_families(&mut pod.addresses, &attached.addresses);
            }
        }
        self.add_own(&mut parts);
        World::new(parts)
    }

    /// The node's own addresses, also those that the API server does not know: of bridges, for example.
    fn add_own(&self, parts: &mut WorldParts) {
        let pods = parts.pods.iter().filter(|pod| !pod.host_network);
        let of_nodes = parts.nodes.iter().flat_map(|node| &node.addresses);
        let taken: HashSet<&IpAddr> = pods.flat_map(|pod| &pod.addresses).chain(of_nodes).collect();
        let new = self.addresses.iter();
        let new = new.filter(|address| is_of_one(**address) && !taken.contains(address));
        let new: Vec<IpAddr> = new.copied().collect();
        if let Some(node) = parts.nodes.iter_mut().find(|node| node.name == self.node) {
            node.addresses.extend(new);
        }
    }
}

/// Whether an address says which node has it.
fn is_of_one(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_link_local(),
        IpAddr::V6(address) => !address.is_unicast_link_local(),
    }
}

/// Of each family that is missing the first.
fn add_families(addresses: &mut Vec<IpAddr>, given: &[IpAddr]) {
    for address in given {
        if !addresses.iter().any(|own| own.is_ipv4() == address.is_ipv4()) {
            addresses.push(*address);
        }
    }
}
