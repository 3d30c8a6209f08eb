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

/// The subjects of all pods: their ids and slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    of_pod: BTreeMap<PodId, BTreeMap<ProcessMatch, u32>>,
    keys: BTreeMap<(PodId, u32), SubjectKey>,
    pub(crate) slots: BTreeMap<SubjectKey, u32>,
}

impl Subjects {
    /// Ids by content, and the slots that `slots` knows or the greatest that are free.
    pub(crate) fn number(named: &BTreeMap<PodId, (u32, Vec<ProcessMatch>)>, slots: &Slots) -> Self {
        let mut subjects = Self::default();
        let ids = ids(named);
        let mut free = slots.free_for_subjects();
        for (pod, (endpoint, of_pod)) in named {
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
    /// name are one file nobody can tell which was meant, so it is one that no rule names.
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
        for (one, id) in self.of(pod).filter(|(one, _)| one.container.as_deref() == wanted) {
            let found = match &one.executable {
                Some(path) => file(path),
                None => Some((0, 0)),
            };
            let Some((inode, device)) = found else { continue };
            let key = ProcessKey { container, inode, device, pad: 0 };
            let entry = processes.entry(key).and_modify(|other| *other = subject::OTHER);
            entry.or_insert(id);
        }
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

fn ids(named: &BTreeMap<PodId, (u32, Vec<ProcessMatch>)>) -> BTreeMap<ProcessMatch, u32> {
    let all: BTreeSet<&ProcessMatch> = named.values().flat_map(|(_, of_pod)| of_pod).collect();
    let mut taken = BTreeSet::from([subject::UNKNOWN, subject::OTHER]);
    let mut ids = BTreeMap::new();
    for one in all {
        let id = free_id(content_id("subject", one), u32::MAX, |id| taken.contains(&id));
        taken.insert(id);
        ids.insert(one.clone(), id);
    }
    ids
}
