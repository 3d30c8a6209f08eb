//! Subjects: the processes of a pod that rules tell apart.
//!
//! What a pod may send can depend on who sends it. Each subject that a rule names has sets of its
//! own, in a slot of its own that no interface leads to.

use std::collections::{BTreeMap, BTreeSet};

use abi::{ProcessKey, SubjectKey, subject};
use model::{Process, ProcessMatch, Rule};

use crate::Slots;
use crate::name::{content_id, free_id};

/// What rules name of the processes of one pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ProcessNames {
    containers: BTreeSet<String>,
    executables: BTreeSet<String>,
}

impl ProcessNames {
    pub(crate) fn of<'a>(all: impl Iterator<Item = &'a ProcessMatch> + Clone) -> Self {
        Self {
            containers: all.clone().filter_map(|one| one.container.clone()).collect(),
            executables: all.filter_map(|one| one.executable.clone()).collect(),
        }
    }

    pub(crate) fn and(mut self, other: Option<&Self>) -> Self {
        self.containers.extend(other.into_iter().flat_map(|it| it.containers.clone()));
        self.executables.extend(other.into_iter().flat_map(|it| it.executables.clone()));
        self
    }

    /// Every combination of a container and an executable that is named, or of one of them and
    /// whatever else.
    pub(crate) fn subjects(&self) -> Vec<ProcessMatch> {
        let with_others = |names: &BTreeSet<String>| -> Vec<Option<String>> {
            [None].into_iter().chain(names.iter().cloned().map(Some)).collect()
        };
        let executables = with_others(&self.executables);
        let pairs = with_others(&self.containers).into_iter().flat_map(|container| {
            let with = move |executable| ProcessMatch { container: container.clone(), executable };
            executables.clone().into_iter().map(with)
        });
        pairs.filter(|subject| !subject.is_everybody()).collect()
    }
}

/// What `rules` name.
pub(crate) fn named(rules: &[&Rule]) -> ProcessNames {
    ProcessNames::of(rules.iter().map(|rule| &rule.subject.processes))
}

/// Whether a rule about `processes` speaks for `subject`, whose absent names stand for all that no
/// rule names.
pub(crate) fn speaks_for(processes: &ProcessMatch, subject: &ProcessMatch) -> bool {
    let is = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
    is(&processes.container, &subject.container) && is(&processes.executable, &subject.executable)
}

/// The subjects of one pod before they have numbers.
pub(crate) struct NamedOf {
    pub(crate) subjects: Vec<ProcessMatch>,
    /// The executables that enforced rules name.
    pub(crate) enforced: BTreeSet<String>,
}

/// The subjects of all pods, by the pods' slots: their ids and slots.
///
/// An id says what is told apart beside it: a connection that remembers one from before other names
/// were told apart remembers nothing, and is asked again who opened it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    of: BTreeMap<u32, BTreeMap<ProcessMatch, u32>>,
    /// The executables that enforced rules name.
    enforced: BTreeMap<u32, BTreeSet<String>>,
    pub(crate) slots: BTreeMap<SubjectKey, u32>,
}

impl Subjects {
    /// Ids by content, and the slots that `slots` knows or the greatest that are free.
    pub(crate) fn number(named: BTreeMap<u32, NamedOf>, slots: &Slots) -> Self {
        let mut subjects = Self::default();
        let ids = ids(&named);
        let mut free = slots.free_for_subjects();
        for (endpoint, NamedOf { subjects: all, enforced }) in named {
            let of_naming = ids.get(&all);
            let id = |one| of_naming.and_then(|ids| ids.get(one)).copied();
            let of: BTreeMap<_, _> =
                all.iter().map(|one| (one.clone(), id(one).unwrap_or(subject::OTHER))).collect();
            for id in of.values() {
                let key = SubjectKey { endpoint, subject: *id };
                let slot = slots.of_subject(&key).or_else(|| free.next());
                subjects.slots.insert(key, slot.unwrap_or(u32::MAX));
            }
            subjects.of.insert(endpoint, of);
            subjects.enforced.insert(endpoint, enforced);
        }
        subjects
    }

    /// The subjects of the pod in slot `endpoint` and their ids.
    pub fn of(&self, endpoint: u32) -> impl Iterator<Item = (&ProcessMatch, u32)> {
        self.of.get(&endpoint).into_iter().flatten().map(|(subject, id)| (subject, *id))
    }

    /// All of them, and the slots of their words.
    #[must_use]
    pub fn slots(&self) -> &BTreeMap<SubjectKey, u32> {
        &self.slots
    }

    /// The slot of one of them.
    pub(crate) fn slot(&self, endpoint: u32, id: u32) -> Option<u32> {
        self.slots.get(&SubjectKey { endpoint, subject: id }).copied()
    }

    /// What is named of each pod that has any.
    pub(crate) fn names(&self) -> BTreeMap<u32, ProcessNames> {
        let of = |(endpoint, of): (&u32, &BTreeMap<ProcessMatch, u32>)| {
            (*endpoint, ProcessNames::of(of.keys()))
        };
        self.of.iter().map(of).collect()
    }

    /// For each subject of these, the slot whose words were its processes' by `before`; nothing where
    /// they had none but their pod's.
    pub fn heirs<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = (SubjectKey, u32, Option<u32>)> + 'a {
        self.of.iter().flat_map(move |(endpoint, of)| {
            of.iter().filter_map(move |(one, id)| {
                let key = SubjectKey { endpoint: *endpoint, subject: *id };
                let was = before.id_of(*endpoint, one);
                Some((key, *self.slots.get(&key)?, before.slot(*endpoint, was)))
            })
        })
    }

    /// What the kernel must be told of one container of the pod in slot `endpoint`, whose cgroup has the number
    /// `container`: `file` finds the inode and device of a path in it. Where two paths that rules
    /// name are one file nobody can tell which was meant, so it is one that no rule names; but what
    /// only a staged rule names takes no file from an enforced one.
    pub fn processes(
        &self,
        endpoint: u32,
        name: &str,
        container: u64,
        file: impl Fn(&str) -> Option<(u64, u32)>,
    ) -> BTreeMap<ProcessKey, u32> {
        let mut processes = BTreeMap::new();
        let of_container = self.of(endpoint).map(|(one, _)| one.container.as_deref());
        let is_named = of_container.into_iter().any(|one| one == Some(name));
        let wanted = is_named.then_some(name);
        let own = || self.of(endpoint).filter(|(one, _)| one.container.as_deref() == wanted);
        let key = |(inode, device)| ProcessKey { container, inode, device, pad: 0 };
        let others = own().find(|(one, _)| one.executable.is_none()).map(|(_, id)| id);
        let is_enforced =
            |path: &str| self.enforced.get(&endpoint).is_some_and(|it| it.contains(path));
        let executables = own().filter_map(|(one, id)| Some((one.executable.as_deref()?, id)));
        let (enforced, staged): (Vec<_>, Vec<_>) =
            executables.partition(|(path, _)| is_enforced(path));
        for names in [staged, enforced] {
            let mut found = BTreeMap::new();
            for (path, id) in names {
                let Some(file) = file(path) else { continue };
                let entry = found.entry(key(file));
                let unclear = others.unwrap_or(subject::OTHER);
                entry.and_modify(|other| *other = unclear).or_insert(id);
            }
            processes.extend(found);
        }
        processes.extend(others.map(|id| (key((0, 0)), id)));
        processes
    }

    /// The id of the subject that `process` of the pod in slot `endpoint` is.
    #[must_use]
    pub fn id(&self, endpoint: u32, process: &Process) -> u32 {
        let Process { container, executable } = process.clone();
        let whole = ProcessMatch { container: Some(container), executable: Some(executable) };
        self.id_of(endpoint, &whole)
    }

    /// The id of all processes that `one` is about, if names are told apart less finely here.
    fn id_of(&self, endpoint: u32, one: &ProcessMatch) -> u32 {
        let Some(of) = self.of.get(&endpoint) else { return subject::OTHER };
        let named = |name: &Option<String>, of_one: fn(&ProcessMatch) -> &Option<String>| {
            name.clone().filter(|_| of.keys().any(|one| of_one(one) == name))
        };
        let class = ProcessMatch {
            container: named(&one.container, |one| &one.container),
            executable: named(&one.executable, |one| &one.executable),
        };
        of.get(&class).copied().unwrap_or(subject::OTHER)
    }
}

type Naming = Vec<ProcessMatch>;

fn ids(named: &BTreeMap<u32, NamedOf>) -> BTreeMap<Naming, BTreeMap<ProcessMatch, u32>> {
    let namings: BTreeSet<&Naming> = named.values().map(|of| &of.subjects).collect();
    let mut taken = BTreeSet::from([subject::UNKNOWN, subject::OTHER]);
    let mut id = |one: &ProcessMatch, naming: &Naming| {
        let wanted = content_id("subject", &(one, naming));
        let id = free_id(wanted, u32::MAX, |id| taken.contains(&id));
        taken.insert(id);
        id
    };
    let mut of =
        |naming: &Naming| naming.iter().map(|one| (one.clone(), id(one, naming))).collect();
    namings.into_iter().map(|naming| (naming.clone(), of(naming))).collect()
}
