//! From what can be removed to edited documents.
//!
//! The edited documents are read again, and must say exactly what is left.

use std::collections::BTreeMap;
use std::sync::Arc;

use analysis::prune::{Prune, Removed};
use manifest::{Document, Options, Written};
use model::{Direction, PolicyRef};

use crate::input::{Loaded, Manifests};
use crate::prune::patch::{Patch, PatchError};
use crate::prune::policy_text::{Edit, PolicyText};
use crate::prune::remaining;

/// The documents, and where objects stand in them.
pub(super) struct Sources {
    documents: Vec<Document>,
    options: Options,
    written: Vec<Written>,
}

/// The rules that go, by policy; of a whole policy, none by number.
type Gone<'p> = BTreeMap<&'p PolicyRef, Option<BTreeMap<Direction, Vec<u32>>>>;

impl Sources {
    pub(super) fn of(loaded: &Loaded) -> Self {
        Self {
            documents: loaded.documents.clone(),
            options: loaded.options.clone(),
            written: loaded.reading.written.clone(),
        }
    }

    /// The patch that removes everything removable.
    pub(super) fn patch(&self, manifests: &Manifests, prune: &Prune) -> Result<Patch, PatchError> {
        if !manifests.is_complete {
            return Err(PatchError::Incomplete);
        }
        let mut edits: BTreeMap<u32, Vec<Edit>> = BTreeMap::new();
        for (policy, rules) in gone(prune) {
            let written = self.written(policy)?;
            let document = written.tree().span().document;
            let text = self.documents.get(document as usize).map(|it| &*it.text);
            let text = PolicyText { text: text.unwrap_or_default(), written };
            let own = match rules {
                None => text.remove().map(|edit| vec![edit]),
                Some(rules) => {
                    let of = |(direction, indexes): (&Direction, &Vec<u32>)| {
                        text.remove_rules(*direction, indexes)
                    };
                    rules.iter().map(of).collect::<Option<Vec<_>>>().map(|all| all.concat())
                }
            };
            let own = own.ok_or_else(|| PatchError::NotPlain { what: policy.to_string() })?;
            edits.entry(document).or_default().extend(own);
        }
        let patch = self.edited(edits)?;
        self.verify(manifests, prune, &patch)?;
        Ok(patch)
    }

    fn written(&self, policy: &PolicyRef) -> Result<&Written, PatchError> {
        let kind = policy.kind.to_string();
        let namespace = policy.namespace.as_deref().unwrap_or_default();
        let mut found = self
            .written
            .iter()
            .filter(|it| *it.kind == *kind && it.name == policy.name && it.namespace == namespace);
        match (found.next(), found.next()) {
            (Some(written), None) => Ok(written),
            (_, _) => Err(PatchError::NotPlain { what: policy.to_string() }),
        }
    }

    fn edited(&self, edits: BTreeMap<u32, Vec<Edit>>) -> Result<Patch, PatchError> {
        let mut documents = Vec::new();
        for (at, mut edits) in edits {
            let Some(document) = self.documents.get(at as usize) else { continue };
            edits.sort();
            let (mut after, mut done) = (String::new(), 0);
            for Edit { start, end, text } in &edits {
                let kept = document.text.get(done..*start);
                let what = document.name.to_string();
                after.push_str(kept.ok_or(PatchError::NotPlain { what })?);
                after.push_str(text);
                done = *end;
            }
            after.push_str(document.text.get(done..).unwrap_or_default());
            let (name, before) = (Arc::clone(&document.name), Arc::clone(&document.text));
            documents.push(lint::Repaired { name, before, after, places: edits.len() });
        }
        Ok(Patch { documents })
    }

    /// Reads everything again as it would be.
    fn verify(
        &self,
        manifests: &Manifests,
        prune: &Prune,
        patch: &Patch,
    ) -> Result<(), PatchError> {
        let edited: BTreeMap<&str, &str> =
            patch.documents.iter().map(|it| (&*it.name, it.after.as_str())).collect();
        let documents: Vec<Document> = self
            .documents
            .iter()
            .map(|document| match edited.get(&*document.name) {
                Some(text) => Document { text: (*text).into(), ..document.clone() },
                None => document.clone(),
            })
            .collect();
        let reading = manifest::read(&documents, &self.options);
        let wanted = remaining::without(&manifests.rules, &prune.removable);
        let written = remaining::without(&reading.rules.with_everybody_enforced(), &[]);
        match reading.is_complete() && written == wanted {
            true => Ok(()),
            false => Err(PatchError::ReadsOtherwise),
        }
    }
}

fn gone(prune: &Prune) -> Gone<'_> {
    let mut gone = Gone::new();
    for one in &prune.removable {
        match &one.what {
            Removed::Policy(policy) => {
                gone.insert(policy, None);
            }
            Removed::Rule(rule) => {
                let rules = gone.entry(&rule.policy).or_insert_with(|| Some(BTreeMap::new()));
                if let Some(rules) = rules {
                    rules.entry(rule.direction).or_default().push(rule.index);
                }
            }
        }
    }
    gone
}
