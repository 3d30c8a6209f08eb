//! Attaching and detaching pods' interfaces, and following whose they are.
//!
//! Between the veth's making and its end an interface leads to its pod's endpoint or to nobody's, which
//! is quarantine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use abi::{Event, Interface};
use compile::{Scope, Slots};
use model::World;
use node::Node;

use crate::clock::{adoption_end_ns, now_ns};
use crate::pod::{PodInterface, PodState};
use crate::silent::Place;
use crate::{EnforceError, Enforcer, netns};

/// The endpoint of whoever is in quarantine because nobody knows who that is. Slots begin at 1, so its
/// words are never written.
const NOBODY: u32 = 0;

/// A pod whose hooks are attached.
#[derive(Debug)]
pub(crate) struct Attached {
    /// Its pod, if that is known.
    pub(crate) pod: Option<String>,
    pub(crate) interface: u32,
    record: Interface,
    /// Of its network namespace.
    cookie: u64,
    netns: PathBuf,
}

impl Attached {
    /// Where its sockets are.
    pub(crate) fn place(&self) -> Place {
        let endpoint = Some(self.record.endpoint).filter(|endpoint| *endpoint != NOBODY);
        Place { endpoint, netns: self.netns.clone() }
    }
}

impl Enforcer {
    /// Takes up what an earlier process attached, by the records that it left, without touching it.
    /// To be called before anything else is told; [`Enforcer::attach`] follows once the tables are as
    /// they should be.
    ///
    /// # Errors
    /// Where the records cannot be read.
    pub fn resume(&mut self, pods: &[PodInterface]) -> Result<(), EnforceError> {
        let mut held = BTreeMap::new();
        for pod in pods {
            let Some(record) = self.instance.interface(pod.index)? else { continue };
            let cookie = netns::within(&pod.netns, datapath::netns_cookie)?;
            let name = pod.pod.as_deref().and_then(|pod| pod.split_once('/'));
            if let Some((namespace, name)) = name.filter(|_| record.endpoint != NOBODY) {
                held.insert((namespace.to_owned(), name.to_owned()), record.endpoint);
            }
            self.attached.insert(pod.id.clone(), attached(pod, record, cookie));
        }
        let node = self.instance.host()?.map(|record| (self.name.clone(), record.endpoint));
        self.table = Node::restarted(Slots::held(held, node));
        Ok(())
    }

    /// Learns who exists, and whose each interface is by now. What became nobody's is in quarantine at
    /// once, because its endpoint may be another's next. Returns the connections that end with that.
    ///
    /// # Errors
    /// Where a map or link cannot be written.
    pub fn follow(
        &mut self,
        world: &World,
        owner: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<Event>, EnforceError> {
        self.table.follow(world, Scope::Node(&self.name));
        let mut moves = Vec::new();
        for (id, attached) in &mut self.attached {
            attached.pod = owner(id);
            let endpoint = endpoint_of(&self.table, world, attached.pod.as_deref());
            if endpoint != attached.record.endpoint {
                moves.push((id.clone(), endpoint));
            }
        }
        let mut ended = Vec::new();
        for (id, _) in &moves {
            ended.extend(self.move_to(id, NOBODY)?);
        }
        for (id, endpoint) in moves.iter().filter(|(_, endpoint)| *endpoint != NOBODY) {
            ended.extend(self.move_to(id, *endpoint)?);
        }
        Ok(ended)
    }

    /// Leads an interface to another endpoint; what it had ends.
    fn move_to(&mut self, id: &str, endpoint: u32) -> Result<Vec<Event>, EnforceError> {
        let Self { instance, netns, attached, .. } = self;
        let Some(attached) = attached.get_mut(id) else { return Ok(Vec::new()) };
        if attached.record.endpoint == endpoint {
            return Ok(Vec::new());
        }
        let record = Interface { endpoint, ..attached.record };
        let ended = match attached.record.endpoint {
            NOBODY => Vec::new(),
            _ => instance.vacate(attached.interface, now_ns()?)?,
        };
        netns::within(netns, || {
            instance.set_pod(attached.cookie, record)?;
            Ok::<_, EnforceError>(instance.attach(attached.interface, record)?)
        })?;
        attached.record = record;
        Ok(ended)
    }

    /// Attaches pods of `world`, whose slots are known by [`Enforcer::follow`]. One that is not there
    /// is in quarantine until it is. Those that are attached already are attached again, which changes
    /// nothing but what drifted.
    ///
    /// # Errors
    /// Where a map or link cannot be written.
    pub fn attach(&mut self, pods: &[PodInterface], world: &World) -> Result<(), EnforceError> {
        let Self { instance, table, attached: known, netns, .. } = self;
        netns::within(netns, || {
            for pod in pods {
                let endpoint = endpoint_of(table, world, pod.pod.as_deref());
                let wanted = pod.record(endpoint);
                let before = known.get(&pod.id).map(|attached| attached.record);
                let same = before.filter(|one| (one.endpoint, one.mac) == (endpoint, wanted.mac));
                // What a pod began before its programs came is not to end with them.
                let adopted_until_ns = match same {
                    Some(same) => same.adopted_until_ns,
                    None if pod.is_adopted => adoption_end_ns()?,
                    None => 0,
                };
                let record = Interface { adopted_until_ns, ..wanted };
                let cookie = netns::within(&pod.netns, datapath::netns_cookie)?;
                instance.set_pod(cookie, record)?;
                instance.attach(pod.index, record)?;
                known.insert(pod.id.clone(), attached(pod, record, cookie));
            }
            Ok(())
        })
    }

    /// Whether an interface of this name is attached.
    #[must_use]
    pub fn is_attached(&self, id: &str) -> bool {
        self.attached.contains_key(id)
    }

    /// Detaches an interface, which may be gone, before its slot is another's. Returns the connections
    /// that end with it.
    ///
    /// # Errors
    /// Where a map or pin cannot be changed.
    pub fn detach(&mut self, id: &str) -> Result<Vec<Event>, EnforceError> {
        let Self { instance, netns, attached, .. } = self;
        let Some(pod) = attached.get(id) else { return Ok(Vec::new()) };
        let interface = pod.interface;
        instance.remove_pod(pod.cookie)?;
        let ended: Vec<Event> =
            netns::within(netns, || Ok::<_, EnforceError>(instance.detach(interface, now_ns()?)?))?;
        attached.remove(id);
        Ok(ended)
    }

    /// The names of attached interfaces that are gone.
    ///
    /// # Errors
    /// Where links cannot be read.
    pub fn gone(&self) -> Result<Vec<String>, EnforceError> {
        let Self { instance, netns, attached, .. } = self;
        let stale = netns::within(netns, || Ok::<_, EnforceError>(instance.stale_interfaces()?))?;
        let gone = attached.iter().filter(|(_, one)| stale.contains(&one.interface));
        Ok(gone.map(|(id, _)| id.clone()).collect())
    }

    /// Detaches what is pinned for interfaces that are gone and that nobody knows. Returns how many.
    ///
    /// # Errors
    /// Where links cannot be read or removed.
    pub fn collect_interfaces(&mut self) -> Result<usize, EnforceError> {
        let Self { instance, netns, attached, .. } = self;
        netns::within(netns, || {
            let stale = instance.stale_interfaces()?;
            let is_known = |index: &u32| attached.values().any(|one| one.interface == *index);
            let unknown: Vec<u32> = stale.into_iter().filter(|index| !is_known(index)).collect();
            for index in &unknown {
                instance.detach(*index, now_ns()?)?;
            }
            Ok(unknown.len())
        })
    }

    /// Ends what another version of the programs left, once everything is attached and programmed.
    ///
    /// # Errors
    /// Where a pin cannot be removed.
    pub fn forget_others(&self) -> Result<(), EnforceError> {
        Ok(self.instance.forget_others()?)
    }

    /// What is in force on an interface; nothing where it is not attached.
    #[must_use]
    pub fn state(&self, id: &str) -> Option<PodState> {
        let endpoint = self.attached.get(id)?.record.endpoint;
        let not_programmed = self.table.not_programmed();
        let held = not_programmed.endpoints.iter().find(|held| held.slot == endpoint);
        Some(match held {
            _ if endpoint == NOBODY => PodState::Unowned,
            _ if self.table.is_behind() || self.table.compiled().is_none() => PodState::Behind,
            Some(held) => PodState::Held(held.held, held.to_string()),
            None => PodState::Enforced,
        })
    }
}

fn attached(pod: &PodInterface, record: Interface, cookie: u64) -> Attached {
    let PodInterface { pod, netns, index, .. } = pod.clone();
    Attached { pod, interface: index, record, cookie, netns }
}

fn endpoint_of(table: &Node, world: &World, pod: Option<&str>) -> u32 {
    let named = pod.and_then(|pod| pod.split_once('/'));
    let id = named.and_then(|(namespace, name)| world.find_pod(namespace, name));
    id.and_then(|id| table.slots().get(world.pod(id))).unwrap_or(NOBODY)
}
