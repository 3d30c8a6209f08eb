//! Two sets side by side: what each says of everybody who can be told apart.
//!
//! Equal tables would be too much to ask of two sets that say the same in other words, so both are
//! painted over the same atoms and columns.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use model::{ContainerPort, Family, RuleRef, Verdict};
use roaring::RoaringBitmap;

use crate::atom::Atoms;
use crate::class::Signature;
use crate::column::Columns;
use crate::paint::{Covered, Painter, Said};
use crate::region::Regions;
use crate::set::PolicySet;
use crate::tables::build::{HOST_SOMEWHERE, POD_SOMEWHERE, narrow, spans};
use crate::tables::index::Peers;
use crate::tables::partition::partition;
use crate::tables::roster::{FAMILIES, Member, place, whereabouts};
use crate::tables::space::{AddressRange, disjoint};
use crate::tables::spotlight::Spotlight;
use crate::tables::table::Span;
use crate::tables::variant::{Bindings, atom};
use crate::tables::workbench::Workbench;

/// Whom two sets are asked about.
#[derive(Clone, Debug)]
pub enum Who {
    /// Members of the cluster that neither set tells apart.
    Members(RoaringBitmap),
    /// A pod with the labels of a member that stands for pods to be.
    Like {
        /// The member.
        member: u32,
        /// Where its address lies; unknown if absent.
        address: Option<AddressRange>,
        /// The ports that it names.
        ports: Vec<ContainerPort>,
    },
    /// Addresses that are nobody's in the cluster.
    Outside(AddressRange),
    /// Addresses of the pod networks that no known pod has.
    UnknownPod(AddressRange),
}

/// Whether everything that could be told apart was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    /// It was, or the visitor had enough.
    Yes,
    /// Port names may be bound in too many ways.
    No,
}

/// What both sets say of somebody.
pub struct Answers<'a> {
    /// The family of the flows; none where the sets say the same in both.
    pub family: Option<Family>,
    spans: &'a [(Span, u32)],
    /// Of both sets, and of the spotlight if there is one.
    rows: &'a [Vec<Said>],
}

impl Answers<'_> {
    /// What each set says of all traffic, in order, where the spotlight is.
    pub fn cells(&self) -> impl Iterator<Item = (Span, [Said; 2])> {
        self.spans.iter().filter_map(|(span, column)| {
            let mut said = self.rows.iter().filter_map(|row| row.get(*column as usize)).copied();
            let (one, other) = (said.next()?, said.next()?);
            let is_lit = said.next().is_none_or(|lit| lit.verdict == Verdict::Deny);
            is_lit.then_some((*span, [one, other]))
        })
    }
}

/// A question about two sets.
pub struct Contrast<'q> {
    /// The sets.
    pub sets: [&'q PolicySet; 2],
    /// Only what these rules of the first set match, if it is about rules.
    pub about: Option<&'q dyn Fn(&RuleRef) -> bool>,
    /// The members that stand for pods to be, with any address and any named ports.
    pub strangers: &'q RoaringBitmap,
}

type Visit<'v> = &'v mut dyn FnMut(&Who, &Answers<'_>) -> ControlFlow<()>;

impl Workbench<'_> {
    /// Asks both sets about everybody, addresses first, until the visitor has enough.
    pub fn contrast(&mut self, question: &Contrast<'_>, visit: Visit<'_>) -> Complete {
        let light = question.about.map(|about| {
            let [first, _] = question.sets;
            Spotlight::on(first, about, &mut self.index)
        });
        if light.as_ref().is_some_and(Spotlight::is_off) {
            return Complete::Yes;
        }
        let sets = question.sets;
        let bindings = Bindings::of(&sets);
        let index = &self.index;
        let atoms = Atoms::of_sets(&sets, |name| {
            let known = index.bindings(name).chain(bindings.atoms(name));
            known.collect::<BTreeSet<_>>().into_iter()
        });
        let columns = Columns::of(&atoms);
        let painted = sets.into_iter().chain(light.as_ref().map(|light| &light.set));
        let comparison = Comparison {
            painters: painted.map(|set| Painter::new(set, &atoms, &columns)).collect(),
            spans: spans(&columns),
            bindings: &bindings,
            strangers: question.strangers,
            atoms: &atoms,
        };
        let complete = if bindings.complete { Complete::Yes } else { Complete::No };
        let regions = comparison.regions(self.world);
        if light.as_ref().is_none_or(|light| light.addresses)
            && comparison.outside(&regions, visit).is_break()
        {
            return complete;
        }
        let members = light.as_ref().and_then(|light| light.members.as_ref());
        let of_atoms = self.peers_of(&atoms, &sets, members);
        let families = if atoms.has_blocks() { FAMILIES.as_slice() } else { &[Family::V4] };
        for family in families {
            let mut present = self.roster.present(*family).clone();
            if !atoms.has_blocks() {
                present |= self.roster.present(Family::V6);
            }
            let within = members.map_or(present.clone(), |members| members & &present);
            let flow = Families { bench: self, family: *family, within, regions: &regions };
            if comparison.members(&flow, &of_atoms, visit).is_break() {
                break;
            }
        }
        complete
    }

    fn peers_of(
        &mut self,
        atoms: &Atoms,
        sets: &[&PolicySet; 2],
        members: Option<&RoaringBitmap>,
    ) -> Vec<Peers> {
        let mut all: Vec<Peers> = atoms.peers.iter().map(|atom| self.index.peers(atom)).collect();
        if members.is_none() && !sets.iter().any(|set| set.asks_names_of_anybody()) {
            narrow(atoms, &mut all);
        }
        all
    }
}

/// Who is asked in one family.
struct Families<'f, 'w> {
    bench: &'f Workbench<'w>,
    family: Family,
    within: RoaringBitmap,
    regions: &'f [Region],
}

/// Addresses, whether they are the pods', and the blocks that hold them.
type Region = (AddressRange, bool, Vec<u32>);

struct Comparison<'a> {
    /// Of both sets, and of the spotlight if there is one.
    painters: Vec<Painter<'a>>,
    spans: Vec<(Span, u32)>,
    bindings: &'a Bindings,
    strangers: &'a RoaringBitmap,
    atoms: &'a Atoms,
}

impl Comparison<'_> {
    fn regions(&self, world: &model::World) -> Vec<Region> {
        let regions = Regions::of(world, self.atoms);
        let is_pods = |prefix: &ipnet::IpNet| {
            world.pod_networks().iter().any(|network| network.contains(prefix))
        };
        let cut = regions.iter().map(|(prefix, blocks)| (prefix, (is_pods(&prefix), blocks)));
        let ranges = disjoint(cut).into_iter();
        ranges.map(|(range, (pods, blocks))| (range, pods, blocks.to_vec())).collect()
    }

    fn outside(&self, regions: &[Region], visit: Visit<'_>) -> ControlFlow<()> {
        let mut asked = BTreeSet::new();
        for (range, unknown, blocks) in regions {
            let signature = Signature { unknown: *unknown, atoms: blocks.clone() };
            if asked.insert((range.family, *unknown, blocks)) {
                let who = match unknown {
                    true => Who::UnknownPod(*range),
                    false => Who::Outside(*range),
                };
                self.ask(&who, &signature, (None, None), visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn members(
        &self,
        flow: &Families<'_, '_>,
        of_atoms: &[Peers],
        visit: Visit<'_>,
    ) -> ControlFlow<()> {
        let at = place(flow.family);
        let own: Vec<RoaringBitmap> = of_atoms
            .iter()
            .filter_map(|peers| peers.get(at))
            .map(|peers| &**peers & &flow.within)
            .collect();
        let mut named: Vec<(u32, &RoaringBitmap)> = (0..).zip(&own).collect();
        let somewhere = [self.covered(flow, true), self.covered(flow, false)];
        let unaddressed = flow.bench.index.unaddressed.get(at);
        let unaddressed = unaddressed.map(|it| [&it.pods, &it.hosts].map(|it| it & &flow.within));
        let ids = [POD_SOMEWHERE, HOST_SOMEWHERE];
        for ((id, covered), members) in
            ids.into_iter().zip(&somewhere).zip(unaddressed.iter().flatten())
        {
            named.extend(covered.is_some().then_some((id, members)));
        }
        let groups = partition(&named);
        let rest = groups.iter().fold(flow.within.clone(), |rest, (_, group)| rest - group);
        let rest = (!rest.is_empty()).then_some((Vec::new(), rest));
        for (mut atoms, group) in rest.into_iter().chain(groups) {
            let [pods, hosts] = &somewhere;
            let covered = match atoms.pop_if(|atom| *atom >= POD_SOMEWHERE) {
                Some(HOST_SOMEWHERE) => hosts.as_deref(),
                Some(_) => pods.as_deref(),
                None => None,
            };
            let signature = Signature { unknown: false, atoms };
            let stranger = (&group & self.strangers).min();
            let family = self.atoms.has_blocks().then_some(flow.family);
            self.ask(&Who::Members(group), &signature, (family, covered), visit)?;
            if let Some(member) = stranger {
                self.variants(member, flow, &signature, pods.as_deref(), visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// What the rules' blocks say of an address that is not known, by set.
    fn covered(&self, flow: &Families<'_, '_>, is_pod: bool) -> Option<Vec<Covered>> {
        let networks = whereabouts(flow.bench.world, flow.family, is_pod);
        let covered: Vec<Covered> =
            self.painters.iter().map(|painter| painter.covered(&networks)).collect();
        covered.iter().any(|it| !it.is_empty()).then_some(covered)
    }

    /// The same pod at every address that it could get, and with names bound in every way.
    fn variants(
        &self,
        member: u32,
        flow: &Families<'_, '_>,
        plain: &Signature,
        covered: Option<&[Covered]>,
        visit: Visit<'_>,
    ) -> ControlFlow<()> {
        let is_pod = matches!(flow.bench.roster.member(member), Some(Member::Pod(_)));
        let has_networks =
            flow.regions.iter().any(|(it, pods, _)| *pods && it.family == flow.family);
        let possible = flow.regions.iter().filter(|(range, pods, blocks)| {
            range.family == flow.family
                && (*pods == is_pod || (is_pod && !has_networks))
                && !blocks.is_empty()
        });
        let mut regions: BTreeMap<&[u32], AddressRange> = BTreeMap::new();
        possible.for_each(|(range, _, blocks)| {
            regions.entry(blocks).or_insert(*range);
        });
        for way in &self.bindings.ways {
            let bound = way.iter().filter_map(|binding| self.atoms.id(&atom(binding)));
            let bound: Vec<u32> = bound.collect();
            let places = regions.iter().map(|(blocks, range)| (*blocks, Some(*range)));
            let nowhere = (!way.is_empty()).then_some((&[] as &[u32], None));
            for (blocks, address) in places.chain(nowhere) {
                let mut atoms = [plain.atoms.as_slice(), blocks, &bound].concat();
                atoms.sort_unstable();
                let signature = Signature { unknown: false, atoms };
                let covered = covered.filter(|_| address.is_none());
                let who = Who::Like { member, address, ports: way.iter().map(port).collect() };
                let family = self.atoms.has_blocks().then_some(flow.family);
                self.ask(&who, &signature, (family, covered), visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn ask(
        &self,
        who: &Who,
        signature: &Signature,
        (family, covered): (Option<Family>, Option<&[Covered]>),
        visit: Visit<'_>,
    ) -> ControlFlow<()> {
        let covered = |at: usize| covered.and_then(|covered| covered.get(at));
        let painters = self.painters.iter().enumerate();
        let rows: Vec<Vec<Said>> =
            painters.map(|(at, painter)| painter.paint(signature, covered(at))).collect();
        let family = match who {
            Who::Outside(range) | Who::UnknownPod(range) => Some(range.family),
            Who::Members(_) | Who::Like { .. } => family,
        };
        visit(who, &Answers { family, spans: &self.spans, rows: &rows })
    }
}

fn port((name, protocol, number): &(String, model::Protocol, u16)) -> ContainerPort {
    ContainerPort {
        container: "main".to_owned(),
        name: Some(name.clone()),
        protocol: *protocol,
        number: *number,
    }
}
