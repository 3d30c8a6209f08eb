//! A table before it is built: who is in it, and with which sets.
//!
//! Whoever finds that a table does not fit takes something out of it here and tries again. What is
//! taken out is never a rule: an endpoint is as it was or in quarantine, a Service is denied, and a
//! pod's address is an unknown pod's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use abi::Address;
use model::{Rules, World};

use crate::axes::Axes;
use crate::endpoint::{EndpointSets, Endpoints};
use crate::name::{Names, content_id, free_id};
use crate::row::Rows;
use crate::{Capacities, CompileError, Compiled, Counts, Image, Slots, Subjects, service};

/// The endpoints of a table that is to be built.
#[derive(Clone)]
pub struct Draft<'a> {
    world: &'a World,
    slots: &'a Slots,
    endpoints: Endpoints,
    refused: BTreeSet<IpAddr>,
    omitted: BTreeSet<IpAddr>,
}

impl<'a> Draft<'a> {
    /// Everything that is wanted.
    #[must_use]
    pub fn new(world: &'a World, rules: &Rules, slots: &'a Slots) -> Self {
        let endpoints = Endpoints::new(world, rules, slots);
        Self { world, slots, endpoints, refused: BTreeSet::new(), omitted: BTreeSet::new() }
    }

    /// The endpoints that are not in quarantine, with their sets.
    pub fn endpoints(&self) -> impl Iterator<Item = (u32, &EndpointSets)> {
        self.endpoints.iter()
    }

    /// The processes that it tells apart.
    #[must_use]
    pub fn subjects(&self) -> Subjects {
        self.endpoints.numbered(self.slots).subjects
    }

    /// Gives an endpoint these sets, or none, which is quarantine.
    pub fn give(&mut self, slot: u32, sets: Option<EndpointSets>) {
        self.endpoints.give(slot, sets);
    }

    /// Denies a Service's address on every port, instead of judging it by its backends or, worse, as
    /// an address like any other. A Service with several addresses is refused at all of them.
    pub fn refuse(&mut self, service: IpAddr) {
        self.refused.insert(service);
    }

    /// Takes a refusal back.
    pub fn admit(&mut self, service: IpAddr) {
        self.refused.remove(&service);
    }

    /// Leaves an address out, which then is what its network says: a pod's is an unknown pod's (ruling
    /// N34). Any other is a stranger's, so no endpoint with rules may be in a table without it.
    pub fn omit(&mut self, address: IpAddr) {
        self.omitted.insert(address);
    }

    /// Builds the table.
    ///
    /// # Errors
    /// Where a map would overflow. Capacity is counted before anything is committed, and cells before
    /// they are laid out.
    pub fn compile(&self, capacities: &Capacities) -> Result<Compiled, CompileError> {
        let endpoints = self.endpoints.numbered(self.slots);
        let axes = Axes::of(self.world, &endpoints);
        let mut names = Names::default();
        let rows = Rows::build(&axes, &mut names, capacities.cells)?;
        let compiled = self.table(&endpoints, &axes, &rows);
        Counts::of(&compiled.image).fit(capacities)?;
        Ok(Compiled { names, ..compiled })
    }

    /// The table without rows, cells and reasons: who is in it, where, and by which sets. It is what is
    /// known of a table that is too large to be built.
    #[must_use]
    pub fn outline(&self) -> Compiled {
        let endpoints = self.endpoints.numbered(self.slots);
        let axes = Axes::of(self.world, &endpoints);
        self.table(&endpoints, &axes, &Rows::default())
    }

    fn table(&self, endpoints: &Endpoints, axes: &Axes<'_>, rows: &Rows) -> Compiled {
        let mut image = Image {
            endpoints: endpoints.records(&axes.sets),
            subjects: endpoints.subjects.slots.clone(),
            peers: axes.classes.peers(),
            prefixes: axes.classes.prefixes(),
            ports: axes.columns.ports(),
            ..Image::default()
        };
        rows.write(&mut image);
        service::write(self.world, &self.refused, &mut image);
        refuse(&self.refused, &mut image);
        image.peers.retain(|address, _| !self.omitted.contains(&IpAddr::from(*address)));
        let (slots, hosts) = (endpoints.slots(), endpoints.hosts());
        let (names, subjects) = (Names::default(), endpoints.subjects.clone());
        Compiled { image, names, slots, hosts, subjects, unstaged: None }
    }
}

/// The refused addresses are a class for which no set has a row: every set denies it.
fn refuse(refused: &BTreeSet<IpAddr>, image: &mut Image) {
    let addressed = image.peers.values().chain(image.prefixes.values()).copied();
    let taken: BTreeSet<u32> = addressed.chain(image.rows.keys().map(|key| key.class)).collect();
    let class = free_id(content_id("class", &"refused"), u32::MAX, |id| taken.contains(&id));
    image.peers.extend(refused.iter().map(|address| (Address::from(*address), class)));
}
