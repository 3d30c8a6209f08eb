//! Subjects: the processes of a pod that rules tell apart.
//!
//! What a pod may send can depend on who sends it. Each subject that a rule names has sets of its
//! own, in a slot of its own that no interface leads to.

use std::collections::{BTreeMap, BTreeSet};

use abi::{ProcessKey, SubjectKey, subject};
use model::{PodId, Process, ProcessMatch, Rule};

use crate::Slots;
use crate::name::{content_id, free_id};

/// The subjects of one pod: every combination of a container and an executable that rules name, or
/// of one of them and whatever else.
pub(crate) fn named(rules: &[&Rule]) -> Vec<ProcessMatch> {
    let all = || rules.iter().map(|rule| &rule.subject.processes);
    let containers: BTreeSet<Option<String>> = all().map(|it| it.container.clone()).collect();
    let executables: BTreeSet<Option<String>> = all().map(|it| it.executable.clone()).collect();
    let with_others = |names: BTreeSet<Option<String>>| names.into_iter().chain([None]);
    let pairs: BTreeSet<ProcessMatch> = with_others(containers)
        .flat_map(|container| {
            with_others(executables.clone())
                .map(move |executable| ProcessMatch { container: container.clone(), executable })
        })
        .collect();
    pairs.into_iter().filter(|subject| !subject.is_everybody()).collect()
}

/// Whether a rule about `processes` speaks for `subject`, whose absent names stand for all that no
/// rule names.
pub(crate) fn speaks_for(processes: &ProcessMatch, subject: &ProcessMatch) -> bool {
    let is = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
    is(&processes.container, &subject.container) && is(&processes.executable, &subject.executable)
}

/// The subjects of one pod before they have numbers.
pub(crate) struct NamedOf {
    /// The pod's slot.
    pub(crate) endpoint: u32,
    pub(crate) subjects: Vec<ProcessMatch>,
    /// The executables that enforced rules name.
    pub(crate) enforced: BTreeSet<String>,
}

/// The subjects of all pods: their ids and slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    of_pod: BTreeMap<PodId, BTreeMap<ProcessMatch, u32>>,
    /// The executables that enforced rules name.
    enforced: BTreeMap<PodId, BTreeSet<String>>,
    keys: BTreeMap<(PodId, u32), SubjectKey>,
    pub(crate) slots: BTreeMap<SubjectKey, u32>,
}

impl Subjects {
    /// Ids by content, and the slots that `slots` knows or the greatest that are free.
    pub(crate) fn number(named: &BTreeMap<PodId, NamedOf>, slots: &Slots) -> Self {
        let mut subjects = Self::default();
        let ids = ids(named);
        let mut free = slots.free_for_subjects();
        for (pod, NamedOf { endpoint, subjects: of_pod, enforced }) in named {
            subjects.enforced.insert(*pod, enforced.clone());
            for one in of_pod {
                let id = ids.get(one).copied().unwrap_or(subject::OTHER);
                let key = SubjectKey { endpoint: *endpoint, subject: id };
                let slot = slots.of_subject(&key).or_else(|| free.next());
                subjects.slots.insert(key, slot.unwrap_or(u32::MAX));
                subjects.of_pod.entry(*pod).or_default().insert(one.clone(), id);
                subjects.keys.insert((*pod, id), key);
            }
        }
        subjects
    }

    /// The subjects of `pod` and their ids.
    pub fn of(&self, pod: PodId) -> impl Iterator<Item = (&ProcessMatch, u32)> {
        self.of_pod.get(&pod).into_iter().flatten().map(|(subject, id)| (subject, *id))
    }

    /// The slot of one of them.
    pub(crate) fn slot(&self, pod: PodId, id: u32) -> Option<u32> {
        self.keys.get(&(pod, id)).and_then(|key| self.slots.get(key)).copied()
    }

    /// What the kernel must be told of one container of `pod`, whose cgroup has the number
    /// `container`: `file` finds the inode and device of a path in it. Where two paths that rules
    /// name are one file nobody can tell which was meant, so it is one that no rule names; but what
    /// only a staged rule names takes no file from an enforced one.
    pub fn processes(
        &self,
        pod: PodId,
        name: &str,
        container: u64,
        file: impl Fn(&str) -> Option<(u64, u32)>,
    ) -> BTreeMap<ProcessKey, u32> {
        let mut processes = BTreeMap::new();
        let of_container = self.of(pod).map(|(one, _)| one.container.as_deref());
        let is_named = of_container.into_iter().any(|one| one == Some(name));
        let wanted = is_named.then_some(name);
        let own = || self.of(pod).filter(|(one, _)| one.container.as_deref() == wanted);
        let key = |(inode, device)| ProcessKey { container, inode, device, pad: 0 };
        let others = own().find(|(one, _)| one.executable.is_none()).map(|(_, id)| id);
        let is_enforced = |path: &str| self.enforced.get(&pod).is_some_and(|it| it.contains(path));
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

    /// The id of the subject that `process` of `pod` is.
    #[must_use]
    pub fn id(&self, pod: PodId, process: &Process) -> u32 {
        let Some(of_pod) = self.of_pod.get(&pod) else { return subject::OTHER };
        let named = |name: &String, of: fn(&ProcessMatch) -> &Option<String>| {
            of_pod.keys().any(|one| of(one).as_ref() == Some(name)).then(|| name.clone())
        };
        let class = ProcessMatch {
            container: named(&process.container, |one| &one.container),
            executable: named(&process.executable, |one| &one.executable),
        };
        of_pod.get(&class).copied().unwrap_or(subject::OTHER)
    }
}

fn ids(named: &BTreeMap<PodId, NamedOf>) -> BTreeMap<ProcessMatch, u32> {
    let all: BTreeSet<&ProcessMatch> = named.values().flat_map(|of| &of.subjects).collect();
    let mut taken = BTreeSet::from([subject::UNKNOWN, subject::OTHER]);
    let mut ids = BTreeMap::new();
    for one in all {
        let id = free_id(content_id("subject", one), u32::MAX, |id| taken.contains(&id));
        taken.insert(id);
        ids.insert(one.clone(), id);
    }
    ids
}
