//! A cluster that is read again and again: pods that did not change are not read a second time.
//!
//! Nearly everything that a cluster has are pods, and a change is mostly about one object. A pod stays
//! here once it was read from a text of its own, without anything wrong with it.

use std::collections::HashMap;
use std::sync::Arc;

use model::Enforcement;

use crate::kind::pod::PodRead;
use crate::read::{Reading, read_beside};
use crate::{Document, Options};

/// More new documents than these are read in parts first: trees are ten times as large as what is read
/// from them, and need not all be there at once.
const BATCH: usize = 2048;

/// What stays from one reading to the next.
#[derive(Debug)]
pub struct Shelf {
    options: Options,
    /// By the name of their documents.
    pods: HashMap<Arc<str>, Kept>,
    readings: u64,
}

#[derive(Debug)]
struct Kept {
    text: Arc<str>,
    pod: PodRead,
    /// The last reading that had its document.
    reading: u64,
}

impl Shelf {
    /// Nothing was read yet. No document replaces another one here, whatever `options` say.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options: Options { base: 0, ..options }, pods: HashMap::new(), readings: 0 }
    }

    /// How documents are read.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Turns the cluster's switch, on which nothing depends that a pod says.
    pub fn turn(&mut self, enforcement: Enforcement) {
        self.options.enforcement = enforcement;
    }

    /// What [`crate::read`] says of these documents, but for what was written down of pods that were read
    /// before: their trees are gone.
    #[must_use]
    pub fn read(&mut self, documents: &[Document]) -> Reading {
        let is_new = |document: &&Document| !self.has(document);
        if documents.iter().filter(is_new).count() > BATCH {
            documents.chunks(BATCH).for_each(|batch| drop(self.take(batch)));
        }
        let reading = self.take(documents);
        let readings = self.readings;
        self.pods.retain(|_, kept| kept.reading == readings);
        reading
    }

    /// Reads these and keeps what can be kept of them.
    fn take(&mut self, documents: &[Document]) -> Reading {
        self.readings += 1;
        let known = (0..).zip(documents).filter_map(|(at, one)| self.known(at, one)).collect();
        let (reading, fresh) = read_beside(documents, &self.options, known);
        self.keep(documents, &reading, fresh);
        reading
    }

    fn has(&self, document: &Document) -> bool {
        self.pods.get(&document.name).is_some_and(|kept| kept.text == document.text)
    }

    /// The pod of the document at a place, if it was read from the same text before.
    fn known(&mut self, at: u32, document: &Document) -> Option<PodRead> {
        let same = |kept: &&mut Kept| kept.text == document.text;
        let kept = self.pods.get_mut(&document.name).filter(same)?;
        kept.reading = self.readings;
        kept.pod.span.document = at;
        Some(kept.pod.clone())
    }

    /// Keeps the pods whose documents have nothing else in them and nothing wrong with them.
    fn keep(&mut self, documents: &[Document], reading: &Reading, fresh: Vec<PodRead>) {
        let mut objects: HashMap<u32, usize> = HashMap::new();
        reading.written.iter().for_each(|one| *objects.entry(one.span.document).or_default() += 1);
        let complaints = reading.problems.iter().chain(&reading.lints);
        complaints.for_each(|one| *objects.entry(one.position().0).or_default() += 1);
        for pod in fresh {
            let at = pod.span.document;
            let document = documents.get(at as usize).filter(|_| objects.get(&at) == Some(&1));
            if let Some(Document { name, text }) = document {
                let kept = Kept { text: Arc::clone(text), pod, reading: self.readings };
                self.pods.insert(Arc::clone(name), kept);
            }
        }
    }
}
