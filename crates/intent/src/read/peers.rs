//! The words for peers in a test file, resolved: `from`, `to` and `is`.
//!
//! A word must name somebody of the input; a selector must select somebody, or the test would hold
//! by speaking of nobody.

use std::net::IpAddr;

use compile::{AddressRange, Condition, Member};
use ipnet::IpNet;
use manifest::{Span, Tree};
use model::{Pod, Selector};
use roaring::RoaringBitmap;
use words::{PeerWord, PeersWord, ResolveError, SelectorWord};

use super::Known;
use super::fields::{Problems, Read, all, nearest};
use super::problem::Cause;
use crate::party::{
    NAMESPACE_NAME, anybody, likeness, node, of_namespace, one_namespace, pods, satisfies,
};
use crate::ranges::minus;
use crate::{Kind, Party};

/// Reads the lists of peers of one test.
pub(super) struct Reader<'r, 'w, 'd> {
    pub(super) known: &'r Known<'w>,
    pub(super) problems: &'r mut Problems<'d>,
    /// Of words that say none.
    pub(super) namespace: &'r str,
    pub(super) kind: Kind,
}

impl Reader<'_, '_, '_> {
    /// Everybody in the list `field`.
    pub(super) fn party(&mut self, body: Tree<'_>, field: &'static str) -> Read<Party> {
        let list = self.problems.need(body, field, self.kind.field())?;
        let items = self.problems.list(list, field)?;
        let may_be_nobody = self.excuses(field);
        if items.len() == 0 && !may_be_nobody {
            return Err(self
                .problems
                .refuse(list.span(), Cause::Empty { field: field.to_owned() }));
        }
        let parties = all(items, |item| self.peer(item, field))?;
        let mut party = Party::default();
        parties.into_iter().for_each(|one| party.join(one));
        Ok(party)
    }

    /// Whether the list names those who may, and nobody is asked because of it.
    fn excuses(&self, field: &str) -> bool {
        self.kind.lists_those_who_may() && field == self.kind.sources()
    }

    fn peer(&mut self, item: Tree<'_>, field: &'static str) -> Read<Party> {
        if item.is_mapping() {
            return match item.key_span("network") {
                Some(_) => self.network(item, field),
                None => self.selected(item, field),
            };
        }
        let word = self.problems.text(item, field)?;
        let party = self.word(word, item.span())?;
        let is_source = field == self.kind.sources();
        let is_universal = match self.kind {
            Kind::Allow | Kind::Deny => false,
            Kind::Only | Kind::Never | Kind::ReachableBy => true,
        };
        let has_special = !party.services.is_empty() || !party.domains.is_empty();
        if has_special && (is_source || is_universal) {
            let cause = Cause::Misplaced { word: word.to_owned(), kind: self.kind.field(), field };
            return Err(self.problems.refuse(item.span(), cause));
        }
        Ok(Party { words: vec![word.to_owned()], ..party })
    }

    /// `{network: CIDR, except: [CIDR...]}`.
    fn network(&mut self, item: Tree<'_>, field: &'static str) -> Read<Party> {
        let item = self.problems.mapping(item, field, &["network", "except"])?;
        let tree = self.problems.need(item, "network", "a peer")?;
        let network = self.cidr(tree, "network")?;
        let mut words = network.to_string();
        let mut holes = Vec::new();
        if let Some(except) = item.get("except") {
            let items = self.problems.list(except, "except")?;
            let networks = all(items, |item| self.cidr(item, "except"))?;
            let shown: Vec<String> = networks.iter().map(ToString::to_string).collect();
            words = format!("{words} except {}", shown.join(", "));
            holes.extend(networks.into_iter().map(AddressRange::of));
        }
        let ranges = minus(AddressRange::of(network), &holes);
        if ranges.is_empty() {
            let field = "network".to_owned();
            return Err(self.problems.refuse(item.span(), Cause::Empty { field }));
        }
        Ok(Party { words: vec![words], ranges, ..Party::default() })
    }

    fn cidr(&mut self, tree: Tree<'_>, field: &str) -> Read<IpNet> {
        let word = self.problems.text(tree, field)?;
        match word.parse::<PeersWord>() {
            Ok(PeersWord::Network(network)) => Ok(network),
            Ok(_) | Err(_) => {
                let cause = Cause::Peer(ResolveError::Address(word.to_owned()));
                Err(self.problems.refuse(tree.span(), cause))
            }
        }
    }

    /// `{namespace: NS | namespaces: SELECTOR, pods: SELECTOR}`.
    fn selected(&mut self, item: Tree<'_>, field: &'static str) -> Read<Party> {
        let item = self.problems.mapping(item, field, &["namespace", "namespaces", "pods"])?;
        let namespaces = match (item.get("namespace"), item.get("namespaces")) {
            (Some(_), Some(several)) => {
                let field = "namespaces".to_owned();
                let cause = Cause::Unknown { field, of: "a peer with `namespace`", near: None };
                return Err(self.problems.refuse(several.span(), cause));
            }
            (Some(one), None) => {
                let name = self.problems.text(one, "namespace")?;
                self.namespace_named(name, one.span())?;
                Selector::equals(NAMESPACE_NAME, name)
            }
            (None, Some(several)) => self.selector(several, "namespaces")?,
            (None, None) => {
                let cause = Cause::Missing { field: "namespace", of: "a peer" };
                return Err(self.problems.refuse(item.span(), cause));
            }
        };
        let pods = match item.get("pods") {
            Some(pods) => self.selector(pods, "pods")?,
            None => Selector::everything(),
        };
        let condition = Condition::Labels { namespaces, pods };
        let selected = self.satisfying(&condition);
        let words = condition_word(&condition);
        if selected.is_empty() && !self.excuses(field) {
            let cause = Cause::SelectsNobody { selector: words };
            return Err(self.problems.refuse(item.span(), cause));
        }
        let future = vec![condition];
        Ok(Party {
            words: vec![words],
            members: selected,
            universal: future.clone(),
            future,
            ..Party::default()
        })
    }

    fn selector(&mut self, tree: Tree<'_>, field: &str) -> Read<Selector> {
        let text = tree.text().map(str::trim);
        // All labels are a selector too, and an empty text says so.
        if text == Some("") {
            return Ok(Selector::everything());
        }
        let word = self.problems.text(tree, field)?;
        let parsed = word.parse::<SelectorWord>();
        parsed.map(|word| word.selector().clone()).map_err(|error| {
            self.problems.refuse(tree.span(), Cause::Selector { detail: error.to_string() })
        })
    }

    fn satisfying(&self, condition: &Condition) -> RoaringBitmap {
        let world = self.known.world;
        pods(world, |_, pod| satisfies(world, pod, condition))
    }

    fn namespace_named(&mut self, name: &str, span: Span) -> Read<()> {
        let names = || self.known.world.namespaces().map(|(name, _)| name);
        if names().any(|known| known == name) {
            return Ok(());
        }
        let near = nearest(name, names()).map(str::to_owned);
        Err(self.problems.refuse(span, Cause::NoSuchNamespace { name: name.to_owned(), near }))
    }

    fn word(&mut self, word: &str, span: Span) -> Read<Party> {
        let parsed = word.parse::<PeersWord>();
        let parsed = parsed.map_err(|error| self.problems.refuse(span, Cause::Peer(error)))?;
        match parsed {
            PeersWord::Cluster => {
                let members = self.known.roster.subjects().clone();
                let future = vec![anybody()];
                Ok(Party {
                    members,
                    universal: future.clone(),
                    future,
                    cluster: true,
                    ..Party::default()
                })
            }
            PeersWord::Namespace(name) => {
                self.namespace_named(&name, span)?;
                let condition = of_namespace(&name, Selector::everything());
                let members = self.satisfying(&condition);
                let future = vec![condition];
                Ok(Party { members, universal: future.clone(), future, ..Party::default() })
            }
            PeersWord::Nodes => {
                let ids = self.known.world.nodes().map(|(id, _)| node(self.known.roster, id));
                let members = ids.fold(RoaringBitmap::new(), |all, one| all | one);
                Ok(Party { members, ..Party::default() })
            }
            PeersWord::Network(network) => {
                Ok(Party { ranges: vec![AddressRange::of(network)], ..Party::default() })
            }
            PeersWord::One(peer) => self.one(&peer, word, span),
        }
    }

    /// Who has an address, or the address where nobody has.
    fn address(&self, address: IpAddr) -> Party {
        let world = self.known.world;
        let has = |number: &u32| match self.known.roster.member(*number) {
            Some(Member::Pod(id)) => world.pod(id).addresses.contains(&address),
            Some(Member::Node(id, _)) => world.node(id).addresses.contains(&address),
            None => false,
        };
        let members = (0..self.known.roster.len()).filter(has).collect();
        let ranges = vec![AddressRange::of(IpNet::from(address))];
        Party { members, ranges, ..Party::default() }
    }

    fn one(&mut self, peer: &PeerWord, word: &str, span: Span) -> Read<Party> {
        let in_namespace =
            |namespace: &Option<String>| namespace.clone().unwrap_or(self.namespace.to_owned());
        match peer {
            PeerWord::Pod { namespace, name } => {
                self.pod_or_workload(&in_namespace(namespace), name, peer, span)
            }
            PeerWord::Workload { namespace, kind, name } => {
                let namespace = in_namespace(namespace);
                let made = self.made(&namespace, name, |of| of == *kind);
                self.named(made, peer, span)
            }
            PeerWord::Service { namespace, name } => {
                let namespace = in_namespace(namespace);
                let mut services = self.known.world.services().iter();
                let at = services.position(|it| it.namespace == namespace && it.name == *name);
                match at {
                    Some(at) => Ok(Party { services: vec![at], ..Party::default() }),
                    None => Err(self.not_found(peer, span)),
                }
            }
            PeerWord::Node(name) => match self.known.world.find_node(name) {
                Some(id) => Ok(Party { members: node(self.known.roster, id), ..Party::default() }),
                None => Err(self.not_found(peer, span)),
            },
            PeerWord::Address(address) => Ok(self.address(*address)),
            PeerWord::Domain(name) => Ok(Party { domains: vec![name.clone()], ..Party::default() }),
            PeerWord::Internet => Ok(Party { internet: true, ..Party::default() }),
        }
        .map(|party| Party { words: vec![word.to_owned()], ..party })
    }

    /// A pod of this name, else the one workload that has it.
    fn pod_or_workload(
        &mut self,
        namespace: &str,
        name: &str,
        peer: &PeerWord,
        span: Span,
    ) -> Read<Party> {
        let world = self.known.world;
        if let Some(id) = world.find_pod(namespace, name) {
            let members = std::iter::once(id.0).collect();
            return self.named(members, peer, span);
        }
        let made = self.made(namespace, name, |_| true);
        let kinds = made.iter().filter_map(|pod| world.pod(model::PodId(pod)).owner.as_ref());
        let kinds: std::collections::BTreeSet<String> =
            kinds.map(|owner| owner.kind.to_lowercase()).collect();
        if kinds.len() > 1 {
            let (name, kinds) = (format!("{namespace}/{name}"), kinds.into_iter().collect());
            return Err(self.problems.refuse(span, Cause::Ambiguous { name, kinds }));
        }
        self.named(made, peer, span)
    }

    fn made(&self, namespace: &str, name: &str, is_kind: impl Fn(&str) -> bool) -> RoaringBitmap {
        let is_owned = |pod: &Pod| {
            let owner = pod.owner.as_ref();
            pod.namespace == namespace
                && owner.is_some_and(|owner| owner.name == name && is_kind(&owner.kind))
        };
        pods(self.known.world, |_, pod| is_owned(pod))
    }

    fn named(&mut self, members: RoaringBitmap, peer: &PeerWord, span: Span) -> Read<Party> {
        if members.is_empty() {
            return Err(self.not_found(peer, span));
        }
        let future = likeness(self.known.world, &members);
        Ok(Party { members, future, ..Party::default() })
    }

    fn not_found(&mut self, peer: &PeerWord, span: Span) -> super::fields::Refused {
        let family = model::Family::V4;
        let error = peer.resolve(self.known.world, self.namespace, family).err();
        let error = error.unwrap_or_else(|| ResolveError::Shape(format!("{peer:?}")));
        self.problems.refuse(span, Cause::Peer(error))
    }
}

/// A selector as a person would write it.
fn condition_word(condition: &Condition) -> String {
    let Condition::Labels { namespaces, pods } = condition else { return String::new() };
    let namespaces = match one_namespace(namespaces) {
        Some(name) => format!("namespace: {name}"),
        None => format!("namespaces: {}", analysis::selector_words(namespaces)),
    };
    match *pods == Selector::everything() {
        true => format!("{{{namespaces}}}"),
        false => format!("{{{namespaces}, pods: {}}}", analysis::selector_words(pods)),
    }
}
