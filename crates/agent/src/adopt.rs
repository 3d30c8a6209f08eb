//! Pods that ran before the agent came: found by their sandboxes, named by their addresses.
//!
//! Nobody asks for them, so the node's network namespaces are looked through. An address is only as good
//! as the moment: the pod must be of this node, and run.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use enforce::PodInterface;

use crate::AgentError;
use crate::attachment::Attached;
use crate::host_end::{self, HostEnd};
use crate::node_agent::NodeAgent;

impl NodeAgent {
    /// Attaches pods of this node that run and are not attached. Their policies must be in force already.
    pub(crate) fn adopt(&mut self) -> Result<(), AgentError> {
        self.unattached = self.not_attached();
        if self.unattached.is_empty() {
            return Ok(());
        }
        let mut adopted: Vec<PodInterface> = Vec::new();
        for ((namespace, name), mut ends) in self.claims() {
            let Some((netns, end)) = ends.pop().filter(|_| ends.is_empty()) else {
                tracing::warn!(
                    pod = format!("{namespace}/{name}"),
                    "two interfaces have its address"
                );
                continue;
            };
            let (namespace, name) = (&namespace, &name);
            let Some(uid) = self.view.uid(namespace, name) else { continue };
            let sandbox = netns.file_name().unwrap_or_default().to_string_lossy();
            let id = format!("{sandbox}/{}", end.name);
            let attached = Attached {
                namespace: namespace.clone(),
                name: name.clone(),
                uid: uid.to_owned(),
                netns: netns.clone(),
                index: end.index,
                mac: end.mac,
                addresses: end.addresses,
                is_adopted: true,
            };
            tracing::info!(pod = format!("{namespace}/{name}"), "a pod that runs is adopted");
            adopted.push(attached.interface(&id, Some(format!("{namespace}/{name}"))));
            self.attachments.insert(&id, attached)?;
        }
        self.enforcer.attach(&adopted, &self.wanted.world)?;
        self.unattached = self.not_attached();
        Ok(())
    }

    /// The pods of this node that run, as `NAMESPACE/NAME`, and have no attachment of theirs.
    fn not_attached(&self) -> Vec<String> {
        let has_one = |namespace: &str, name: &str| {
            self.attachments.iter().any(|(_, one)| {
                (one.namespace.as_str(), one.name.as_str()) == (namespace, name)
                    && self.view.is_pod(namespace, name, &one.uid)
            })
        };
        let here = self.here().filter(|pod| !has_one(&pod.namespace, &pod.name));
        here.map(ToString::to_string).collect()
    }

    /// The pods of this node that have a network of their own and an address.
    fn here(&self) -> impl Iterator<Item = &model::Pod> {
        let pods = self.wanted.world.pods().map(|(_, pod)| pod);
        let here = pods.filter(|pod| pod.node.as_deref() == Some(self.settings.node.as_str()));
        here.filter(|pod| !pod.host_network && !pod.addresses.is_empty())
    }

    fn owners(&self) -> BTreeMap<IpAddr, (String, String)> {
        let of_pod = |pod: &model::Pod| {
            let name = (pod.namespace.clone(), pod.name.clone());
            pod.addresses.iter().map(move |address| (*address, name.clone())).collect::<Vec<_>>()
        };
        self.here().flat_map(of_pod).collect()
    }

    /// The interfaces that have a pod's address and are not attached. Whoever may configure its own network
    /// can give itself another's, so of two nobody knows which is the pod's.
    fn claims(&self) -> BTreeMap<(String, String), Vec<(PathBuf, HostEnd)>> {
        let owners = self.owners();
        let mut claims: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (netns, end) in self.ends() {
            let is_known = self.attachments.iter().any(|(_, one)| one.index == end.index);
            let pod = end.addresses.iter().find_map(|address| owners.get(address));
            if let Some(pod) = pod.filter(|_| !is_known) {
                claims.entry(pod.clone()).or_default().push((netns, end));
            }
        }
        claims
    }

    /// Every veth that leads from a sandbox to this node. A sandbox that goes meanwhile is none.
    fn ends(&self) -> Vec<(PathBuf, HostEnd)> {
        let folders = self.settings.sandboxes.iter().filter_map(|path| fs::read_dir(path).ok());
        let paths = folders.flatten().flatten().map(|entry| entry.path());
        let ends = paths.flat_map(|path| {
            let found = host_end::all(&self.settings.netns, &path).unwrap_or_default();
            found.into_iter().map(move |end| (path.clone(), end))
        });
        ends.collect()
    }
}
