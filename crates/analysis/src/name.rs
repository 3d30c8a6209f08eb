//! Names of those who stand at the ends of connections, at the grain that somebody asked for.
//!
//! Pods are many and alike; people think in workloads and namespaces.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use compile::{Member, Roster};
use model::{Pod, World};
use roaring::RoaringBitmap;
use serde::{Serialize, Serializer};

/// The grain of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// What made the pods; pods that nothing made stand for themselves.
    #[default]
    Workload,
    /// Each pod.
    Pod,
    /// Whole namespaces.
    Namespace,
}

/// Who stands at an end. Written as the word that the command line takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A namespace: `shop`.
    Namespace(Arc<str>),
    /// A workload: `shop/deployment/web`.
    Workload {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its kind as written in manifests.
        kind: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
    /// A pod: `shop/web-0`.
    Pod {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
    /// A node: `node/n1`.
    Node(Arc<str>),
}

impl Name {
    /// The name of the workload that made `pod`, or the pod's own.
    #[must_use]
    pub fn of_workload(pod: &Pod) -> Self {
        match &pod.owner {
            Some(owner) => Self::Workload {
                namespace: pod.namespace.as_str().into(),
                kind: owner.kind.as_str().into(),
                name: owner.name.as_str().into(),
            },
            None => Self::of_pod(pod),
        }
    }

    /// The name of a pod.
    #[must_use]
    pub fn of_pod(pod: &Pod) -> Self {
        Self::Pod { namespace: pod.namespace.as_str().into(), name: pod.name.as_str().into() }
    }

    /// The namespace, which a node has not.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Namespace(namespace)
            | Self::Workload { namespace, .. }
            | Self::Pod { namespace, .. } => Some(namespace),
            Self::Node(_) => None,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(name) => f.write_str(name),
            Self::Workload { namespace, kind, name } => {
                write!(f, "{namespace}/{}/{name}", kind.to_lowercase())
            }
            Self::Pod { namespace, name } => write!(f, "{namespace}/{name}"),
            Self::Node(name) => write!(f, "node/{name}"),
        }
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// All names of a world at one grain, sorted, and which members have each.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    names: Vec<Name>,
    /// By roster number: the name of its group, and its own.
    of_member: Vec<(u32, u32)>,
    members: Vec<RoaringBitmap>,
    by: By,
}

/// How many of those who are there each name stands for.
pub(crate) struct Present {
    sizes: Vec<u64>,
}

/// Members by the names that stand for them.
pub(crate) struct Folded {
    pub(crate) names: RoaringBitmap,
    /// Some name stands for members that are not meant.
    pub(crate) is_partial: bool,
}

impl Names {
    pub(crate) fn of(world: &World, roster: &Roster, by: By) -> Self {
        let members = (0..roster.len()).filter_map(|number| roster.member(number));
        Self::new(&members.map(|member| both(world, member, by)).collect::<Vec<_>>(), by)
    }

    /// Of the name of the group and the own name of each member, in the order of their numbers.
    pub(crate) fn new(named: &[(Name, Name)], by: By) -> Self {
        let all: BTreeSet<&Name> = named.iter().flat_map(|(group, own)| [group, own]).collect();
        let names: Vec<Name> = all.into_iter().cloned().collect();
        let numbers: HashMap<&Name, u32> =
            (0..).zip(&names).map(|(number, name)| (name, number)).collect();
        let number = |name| numbers.get(name).copied().unwrap_or(u32::MAX);
        let of_member: Vec<(u32, u32)> =
            named.iter().map(|(group, own)| (number(group), number(own))).collect();
        let mut members = vec![RoaringBitmap::new(); names.len()];
        for (member, (group, _)) in (0..).zip(&of_member) {
            if let Some(members) = members.get_mut(*group as usize) {
                members.insert(member);
            }
        }
        Self { names, of_member, members, by }
    }

    /// The names of `members` among those `present`. A workload of which some are not meant is named
    /// pod by pod; a namespace is named all the same, and that is said.
    pub(crate) fn fold(&self, members: &RoaringBitmap, present: &Present) -> Folded {
        let groups = members.iter().filter_map(|it| self.of_member.get(it as usize));
        let mut groups: Vec<u32> = groups.map(|(group, _)| *group).collect();
        // Most groups of an answer are small, so nothing is counted that is not in them.
        groups.sort_unstable();
        let mut folded = Folded { names: RoaringBitmap::new(), is_partial: false };
        for same in groups.chunk_by(|one, next| one == next) {
            let Some(&group) = same.first() else { continue };
            let size = present.sizes.get(group as usize).copied();
            match (u64::try_from(same.len()).ok() == size, self.by) {
                (true, By::Workload | By::Pod | By::Namespace) => {
                    folded.names.insert(group);
                }
                (false, By::Namespace) => {
                    folded.names.insert(group);
                    folded.is_partial = true;
                }
                (false, By::Workload | By::Pod) => {
                    let all = self.members.get(group as usize);
                    let meant = all.map(|all| all & members).unwrap_or_default();
                    folded.names.extend(self.own(&meant));
                }
            }
        }
        folded
    }

    /// Who is there, for folding.
    pub(crate) fn present(&self, members: &RoaringBitmap) -> Present {
        let size = |all: &RoaringBitmap| all.intersection_len(members);
        Present { sizes: self.members.iter().map(size).collect() }
    }

    /// The names of `members`, in order.
    pub(crate) fn listed(&self, members: &RoaringBitmap) -> Vec<Name> {
        self.numbered(&self.fold(members, &self.present(members)).names)
    }

    /// The names with these numbers, in order.
    pub(crate) fn numbered(&self, numbers: &RoaringBitmap) -> Vec<Name> {
        numbers.iter().filter_map(|number| self.get(number)).cloned().collect()
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Name> {
        self.names.get(number as usize)
    }

    /// The names that stand for more than one member.
    pub(crate) fn several(&self) -> RoaringBitmap {
        let numbered = (0..).zip(&self.members);
        numbered.filter(|(_, members)| members.len() > 1).map(|(name, _)| name).collect()
    }

    fn own<'a>(&'a self, members: &'a RoaringBitmap) -> impl Iterator<Item = u32> + 'a {
        let own = members.iter().filter_map(|member| self.of_member.get(member as usize));
        own.map(|(_, own)| *own)
    }
}

/// The name of the group of `member`, and its own.
pub(crate) fn both(world: &World, member: Member, by: By) -> (Name, Name) {
    match member {
        Member::Pod(id) => {
            let pod = world.pod(id);
            let own = Name::of_pod(pod);
            match by {
                By::Workload => (Name::of_workload(pod), own),
                By::Pod => (own.clone(), own),
                By::Namespace => (Name::Namespace(pod.namespace.as_str().into()), own),
            }
        }
        Member::Node(id, _) => {
            let own = Name::Node(world.node(id).name.as_str().into());
            (own.clone(), own)
        }
    }
}
