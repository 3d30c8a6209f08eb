//! Painting: for one set and one peer, what the set says of every column.
//!
//! A row is painted tier by tier, rule by rule; each rule colours the columns it matches and that
//! nothing stronger has coloured. So the work follows the rules, not rules times columns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ipnet::IpNet;
use model::{
    Action, AddressSet, Block, Builtin, Coverage, Manner, Peer, Peers, PolicyRef, Tier, Verdict,
};
use roaring::RoaringBitmap;

use crate::atom::{Atom, Atoms};
use crate::canvas::{Area, Canvas, Match};
use crate::class::Signature;
use crate::column::Columns;
use crate::set::{PolicySet, SetPort, SetPorts, SetRule};

/// What one cell says, in the words of its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Said {
    /// Whether the flow may pass this end.
    pub verdict: Verdict,
    /// Why.
    pub because: Because,
    /// An address that is not known yet could change this (ruling N10).
    pub undetermined: bool,
}

/// The reason of a cell, as far as its set can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Because {
    /// The rule at this position of the set decided.
    Rule(u32),
    /// Nobody allowed what the policies of this tier isolate.
    DefaultDeny(Tier),
    /// No rule was needed.
    Builtin(Builtin),
}

impl From<Builtin> for Said {
    fn from(builtin: Builtin) -> Self {
        let because = Because::Builtin(builtin);
        Self { verdict: builtin.verdict(), because, undetermined: false }
    }
}

/// The rules whose blocks may contain an address that nobody knows yet (ruling N10).
#[derive(Clone, Debug, Default)]
pub(crate) struct Covered {
    /// Their blocks together cover every address that it could be.
    whole: BTreeSet<usize>,
    /// They cover some of those.
    part: BTreeSet<usize>,
}

impl Covered {
    /// Whether the blocks of the rule at `at` cover every address that it could be.
    pub(crate) fn is_whole(&self, at: usize) -> bool {
        self.whole.contains(&at)
    }

    /// Whether they cover some of those.
    pub(crate) fn is_part(&self, at: usize) -> bool {
        self.part.contains(&at)
    }

    /// Whether no rule's blocks come near.
    pub(crate) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.part.is_empty()
    }
}

/// Paints the rows of one set.
pub(crate) struct Painter<'a> {
    set: &'a PolicySet,
    atoms: &'a Atoms,
    columns: &'a Columns,
    tested: BTreeSet<u32>,
    /// Rules by the atoms of their peers, so that a class finds its rules without asking all.
    by_atom: HashMap<u32, Vec<usize>>,
    /// Rules without peers.
    of_anybody: Vec<usize>,
    /// By rule: the columns of ports that do not depend on the peer.
    fixed: Vec<RoaringBitmap>,
    /// The additive tiers in which somebody isolates.
    isolating: BTreeSet<Tier>,
}

impl<'a> Painter<'a> {
    pub(crate) fn new(set: &'a PolicySet, atoms: &'a Atoms, columns: &'a Columns) -> Self {
        let (mut by_atom, mut of_anybody) = (HashMap::<u32, Vec<usize>>::new(), Vec::new());
        for (at, rule) in (0..).zip(&set.rules) {
            match &rule.peers {
                Peers::Any => of_anybody.push(at),
                Peers::OneOf(peers) => atoms
                    .of_peers(peers)
                    .into_iter()
                    .for_each(|atom| by_atom.entry(atom).or_default().push(at)),
            }
        }
        let fixed = set.rules.iter().map(|rule| fixed_columns(rule, atoms, columns)).collect();
        let (tested, isolating) = (atoms.of_set(set), set.isolating());
        Self { set, atoms, columns, tested, by_atom, of_anybody, fixed, isolating }
    }

    /// The columns on which the rule at `at` matches whoever the peer is.
    pub(crate) fn fixed(&self, at: usize) -> RoaringBitmap {
        self.fixed.get(at).cloned().unwrap_or_default()
    }

    /// What this set can see of a class.
    pub(crate) fn visible(&self, signature: &Signature) -> Signature {
        let seen = signature.atoms.iter().filter(|atom| self.tested.contains(atom));
        Signature { unknown: signature.unknown, atoms: seen.copied().collect() }
    }

    /// The rules by whose blocks an unknown address in `networks` is or may be matched.
    pub(crate) fn covered(&self, networks: &[IpNet]) -> Covered {
        let mut covered = Covered::default();
        for (at, rule) in self.set.rules.iter().enumerate() {
            match coverage(rule, networks) {
                Coverage::Whole => covered.whole.insert(at),
                Coverage::Part => covered.part.insert(at),
                Coverage::None => false,
            };
        }
        covered
    }

    /// What the set says of a peer on every column; `covered` where its address is not known.
    pub(crate) fn paint(&self, class: &Signature, covered: Option<&Covered>) -> Vec<Said> {
        let rules = self.rules_of(class, covered);
        let matched: Vec<Match<'_, RoaringBitmap>> = rules
            .iter()
            .filter_map(|(at, maybe)| Some((*at, *maybe, self.set.rules.get(*at)?)))
            .map(|(at, maybe, rule)| self.matched(at, maybe, rule, class))
            .collect();
        let width = self.columns.count();
        let mut cells = vec![Builtin::NotProgrammed.into(); width as usize];
        for (columns, cell) in self.combine((0..width).collect(), matched) {
            for column in columns {
                cells.get_mut(column as usize).into_iter().for_each(|place| *place = cell);
            }
        }
        cells
    }

    /// What all tiers say together, over `whole`.
    pub(crate) fn combine<A: Area>(&self, whole: A, matched: Vec<Match<'_, A>>) -> Vec<(A, Said)> {
        let mut canvas = Canvas::new(whole);
        let mut matched = matched;
        for tier in Tier::ALL {
            let of_tier: Vec<Match<'_, A>> =
                matched.extract_if(.., |matched| matched.rule.tier == tier).collect();
            match (tier.manner(), self.isolating.contains(&tier)) {
                (Manner::FirstMatch, _) => canvas.paint_first_match(&of_tier),
                (Manner::Additive, false) => {}
                (Manner::Additive, true) if self.set.hairpin => {
                    canvas.fill(self.set.floor().into());
                }
                (Manner::Additive, true) => canvas.paint_additive(&of_tier, tier),
            }
        }
        canvas.fill(self.set.floor().into());
        canvas.into_painted()
    }

    /// The rules whose peers match this class, by position, and whether that is undetermined.
    fn rules_of(&self, class: &Signature, covered: Option<&Covered>) -> BTreeMap<usize, bool> {
        let by_atom = |atom: &u32| self.by_atom.get(atom).into_iter().flatten().copied();
        let anybody = self.of_anybody.iter().copied();
        let certain: BTreeSet<usize> = match class.unknown {
            false => class.atoms.iter().flat_map(by_atom).chain(anybody).collect(),
            true => self.denying_unknown(class).chain(anybody).collect(),
        };
        let (whole, part) = covered.map(|it| (&it.whole, &it.part)).unzip();
        let maybe = part.into_iter().flatten().map(|at| (*at, true));
        let certain = certain.into_iter().chain(whole.into_iter().flatten().copied());
        maybe.chain(certain.map(|at| (at, false))).collect()
    }

    fn denying_unknown(&self, class: &Signature) -> impl Iterator<Item = usize> {
        let denying = self.by_atom.iter().filter(|(id, _)| self.denies_unknown(**id, class));
        let denying = denying.flat_map(|(_, rules)| rules.iter().copied());
        denying.filter(|at| self.set.rules.get(*at).is_some_and(|rule| rule.action == Action::Deny))
    }

    /// Ruling N34.
    fn denies_unknown(&self, atom: u32, class: &Signature) -> bool {
        match self.atoms.peers.get(atom as usize) {
            Some(Atom::Pods { .. }) => true,
            Some(Atom::Block(_)) => class.atoms.binary_search(&atom).is_ok(),
            Some(Atom::Nodes(_) | Atom::NamedPort { .. }) | None => false,
        }
    }

    /// The columns on which a rule whose peers match this class matches.
    fn matched<'s>(
        &'s self,
        at: usize,
        undetermined: bool,
        rule: &'s SetRule,
        class: &Signature,
    ) -> Match<'s, RoaringBitmap> {
        let fixed = self.fixed.get(at).cloned().unwrap_or_default();
        let area = match &rule.ports {
            SetPorts::Any => fixed,
            SetPorts::OneOf(ports) => ports
                .iter()
                .flat_map(|port| self.on_peer(port, class))
                .filter_map(|atom| self.columns.of_atom(atom))
                .fold(fixed, |all, columns| all | columns),
        };
        Match { at: u32::try_from(at).unwrap_or(u32::MAX), rule, area, undetermined }
    }

    /// What a name that the peer resolves stands for on this class.
    fn on_peer(&self, port: &SetPort, class: &Signature) -> Vec<u32> {
        match port {
            SetPort::Numbers(..) => Vec::new(),
            SetPort::OnPeer(protocol, name) => self
                .atoms
                .bindings(name, *protocol)
                .filter(|(peer, _)| class.atoms.binary_search(peer).is_ok())
                .map(|(_, port)| port)
                .collect(),
        }
    }
}

impl PolicySet {
    /// The additive tiers in which some policy isolates the endpoint.
    pub(crate) fn isolating(&self) -> BTreeSet<Tier> {
        let tiers = self.rules.iter().map(|rule| rule.tier);
        tiers.filter(|tier| tier.manner() == Manner::Additive).collect()
    }

    /// Whether every policy that isolates the endpoint in `tier` keeps connections that exist.
    pub(crate) fn is_keeping_in(&self, tier: Tier) -> bool {
        self.rules.iter().filter(|rule| rule.tier == tier).all(|rule| rule.keeping)
    }

    /// The policies that isolate the endpoint in `tier`, sorted, each once (ruling D2).
    pub(crate) fn isolating_in(&self, tier: Tier) -> BTreeSet<&PolicyRef> {
        let rules = self.rules.iter().filter(|rule| rule.tier == tier);
        rules.map(|rule| &rule.origin.policy).collect()
    }
}

fn fixed_columns(rule: &SetRule, atoms: &Atoms, columns: &Columns) -> RoaringBitmap {
    let ports = match &rule.ports {
        SetPorts::Any => return (0..columns.count()).collect(),
        SetPorts::OneOf(ports) => ports,
    };
    let numbers = ports.iter().filter_map(|port| match port {
        SetPort::Numbers(protocol, range) => atoms.port((*protocol, *range)),
        SetPort::OnPeer(..) => None,
    });
    numbers
        .filter_map(|atom| columns.of_atom(atom))
        .fold(RoaringBitmap::new(), |all, columns| all | columns)
}

/// How the union of a rule's blocks relates to where an unknown address may lie.
fn coverage(rule: &SetRule, networks: &[IpNet]) -> Coverage {
    let blocks = blocks(rule).map(Block::addresses).reduce(AddressSet::union);
    let Some(union) = blocks else { return Coverage::None };
    let all: Vec<Coverage> = networks.iter().map(|network| union.covers(*network)).collect();
    match all.first() {
        Some(first) if all.iter().all(|one| one == first) => *first,
        Some(_) => Coverage::Part,
        None => Coverage::None,
    }
}

fn blocks(rule: &SetRule) -> impl Iterator<Item = &Block> {
    let peers = match &rule.peers {
        Peers::Any => &[],
        Peers::OneOf(peers) => peers.as_slice(),
    };
    peers.iter().filter_map(|peer| match peer {
        Peer::Block(block) => Some(block),
        Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_) => None,
    })
}
