//! What is attached, remembered from one agent to the next.
//!
//! A pin says that an interface is attached, and not whose it is: only this file does. It is written
//! before a link, so that none is ever without an owner.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use cni::AttachmentKey;
use enforce::PodInterface;
use serde::{Deserialize, Serialize};

/// An interface of a pod that is attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    /// Of its pod.
    pub namespace: String,
    /// Of its pod.
    pub name: String,
    /// Of its pod, as whoever attached it knew it: for a static pod the hash of its configuration.
    pub uid: String,
    /// The path of its network namespace.
    pub netns: PathBuf,
    /// The index of the end on the node.
    pub index: u32,
    /// Of the pod's end.
    pub mac: [u8; 6],
    /// Of the pod's end.
    pub addresses: Vec<IpAddr>,
    /// It ran before it was attached.
    pub is_adopted: bool,
}

impl Attached {
    /// As the node's enforcement wants it; `pod` says whose it is by now.
    #[must_use]
    pub fn interface(&self, id: &str, pod: Option<String>) -> PodInterface {
        PodInterface {
            id: id.to_owned(),
            pod,
            netns: self.netns.clone(),
            index: self.index,
            mac: self.mac,
            addresses: self.addresses.clone(),
            flags: 0,
            is_adopted: self.is_adopted,
        }
    }
}

/// What names an attachment on this node.
#[must_use]
pub(crate) fn id(key: &AttachmentKey) -> String {
    format!("{}/{}", key.container, key.interface)
}

/// Why it cannot be remembered.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentsError {
    /// The file.
    #[error("{} cannot be {doing}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its words.
    #[error("{} is no list of attachments", path.display())]
    Words {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
}

/// The version of the file.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    attachments: BTreeMap<String, Attached>,
}

/// All that is attached, by name, as it is on disk.
#[derive(Debug)]
pub struct Attachments {
    path: PathBuf,
    all: BTreeMap<String, Attached>,
}

impl Attachments {
    /// What the agent before left in `directory`; nothing where there was none.
    ///
    /// # Errors
    /// Where the file is there and cannot be read.
    pub fn open(directory: &Path) -> Result<Self, AttachmentsError> {
        let path = directory.join("attachments.json");
        let file = |doing| file(doing, &path);
        fs::create_dir_all(directory).map_err(file("made"))?;
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            text => Some(text.map_err(file("read"))?),
        };
        let all = text.map(|text| words(&text)).transpose();
        let all = all.map_err(|source| AttachmentsError::Words { path: path.clone(), source })?;
        Ok(Self { path, all: all.unwrap_or_default() })
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Attached)> {
        self.all.iter()
    }

    /// One by its name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Attached> {
        self.all.get(id)
    }

    /// Remembers one, instead of the one that had its name.
    ///
    /// # Errors
    /// Where the file cannot be written; then nothing is remembered.
    pub fn insert(&mut self, id: &str, attached: Attached) -> Result<(), AttachmentsError> {
        let mut all = self.all.clone();
        all.insert(id.to_owned(), attached);
        self.write(all)
    }

    /// Forgets some.
    ///
    /// # Errors
    /// Where the file cannot be written; then nothing is forgotten.
    pub fn remove(&mut self, ids: &[String]) -> Result<(), AttachmentsError> {
        if !ids.iter().any(|id| self.all.contains_key(id)) {
            return Ok(());
        }
        let mut all = self.all.clone();
        all.retain(|id, _| !ids.contains(id));
        self.write(all)
    }

    /// Whoever reads it meanwhile, or after a crash, finds the old file or the new one.
    fn write(&mut self, all: BTreeMap<String, Attached>) -> Result<(), AttachmentsError> {
        let written = Written { version: VERSION, attachments: all };
        let path = &self.path;
        let text = serde_json::to_vec(&written)
            .map_err(|source| AttachmentsError::Words { path: path.clone(), source })?;
        replace(path, &text).map_err(file("written", path))?;
        self.all = written.attachments;
        Ok(())
    }
}

fn words(text: &str) -> Result<BTreeMap<String, Attached>, serde_json::Error> {
    let written: Written = serde_json::from_str(text)?;
    match written.version {
        VERSION => Ok(written.attachments),
        other => Err(serde::de::Error::custom(format!("version {other} is not known"))),
    }
}

/// Writes a file beside the old one and puts it in its place.
pub(crate) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = fs::File::create(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn file(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> AttachmentsError + use<> {
    let path = path.to_owned();
    move |source| AttachmentsError::File { doing, path: path.clone(), source }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;

    fn web() -> Attached {
        Attached {
            namespace: "shop".into(),
            name: "web".into(),
            uid: "u1".into(),
            netns: "/run/netns/cni-1".into(),
            index: 7,
            mac: [2, 0, 0, 0, 0, 1],
            addresses: vec![[10, 0, 0, 1].into()],
            is_adopted: false,
        }
    }

    #[test]
    fn what_was_attached_is_known_to_the_next_agent_and_what_went_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let mut first = Attachments::open(directory.path()).unwrap();
        first.insert("a/eth0", web()).unwrap();
        first.insert("b/eth0", web()).unwrap();
        first.remove(&["a/eth0".to_owned(), "c/eth0".to_owned()]).unwrap();
        let second = Attachments::open(directory.path()).unwrap();
        assert_eq!(second.iter().collect::<Vec<_>>(), [(&"b/eth0".to_owned(), &web())]);
    }

    #[test]
    fn words_of_another_version_are_an_error_and_not_an_empty_node() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("attachments.json");
        for text in [r#"{"version":2,"attachments":{}}"#, "", "[]"] {
            fs::write(&path, text).unwrap();
            let opened = Attachments::open(directory.path());
            assert!(matches!(opened, Err(AttachmentsError::Words { .. })), "{text}");
        }
    }
}
