//! What is known of the switch, remembered from one agent to the next.
//!
//! An agent that starts while the API server is away, or the ConfigMap is gone, goes on as it was; and
//! a while that is over stays over.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cluster::Disabled;
use model::Enforcement;
use serde::{Deserialize, Serialize};

use super::outage::Outage;
use crate::attachment::replace;

const FILE: &str = "switch.json";

/// Why it cannot be remembered.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
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
    #[error("{} does not say what is known of the switch", path.display())]
    Words {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
}

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Remembered {
    pub(super) enforcement: Option<Enforcement>,
    pub(super) outages: Vec<Outage>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    enforcement: Option<String>,
    outages: Vec<WrittenOutage>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOutage {
    disabled: String,
    ends_since_boot_ms: u64,
    is_over: bool,
}

/// The file, and what is in it.
#[derive(Debug)]
pub(super) struct Memory {
    path: PathBuf,
    kept: Remembered,
}

impl Memory {
    /// What the agent before left in `directory`; nothing where there was none.
    pub(super) fn open(directory: &Path) -> Result<(Self, Remembered), MemoryError> {
        let path = directory.join(FILE);
        let file = |doing| file(doing, &path);
        fs::create_dir_all(directory).map_err(file("made"))?;
        let kept = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Remembered::default(),
            text => words(&text.map_err(file("read"))?)
                .map_err(|source| MemoryError::Words { path: path.clone(), source })?,
        };
        Ok((Self { path, kept: kept.clone() }, kept))
    }

    /// Writes it down, if it is new.
    pub(super) fn keep(&mut self, known: &Remembered) -> Result<(), MemoryError> {
        if self.kept == *known {
            return Ok(());
        }
        let path = &self.path;
        let text = serde_json::to_vec(&written(known))
            .map_err(|source| MemoryError::Words { path: path.clone(), source })?;
        replace(path, &text).map_err(file("written", path))?;
        self.kept = known.clone();
        Ok(())
    }
}

fn written(known: &Remembered) -> Written {
    let outage = |outage: &Outage| WrittenOutage {
        disabled: outage.disabled().text(),
        ends_since_boot_ms: u64::try_from(outage.ends().as_millis()).unwrap_or(u64::MAX),
        is_over: outage.is_over(),
    };
    Written {
        enforcement: known.enforcement.map(|it| it.word().to_owned()),
        outages: known.outages.iter().map(outage).collect(),
    }
}

/// A while that cannot be read is not believed, as in the ConfigMap.
fn words(text: &str) -> Result<Remembered, serde_json::Error> {
    let Written { enforcement, outages } = serde_json::from_str(text)?;
    let outage = |outage: WrittenOutage| {
        let disabled = Disabled::of_text(&outage.disabled).ok()?;
        let ends = Duration::from_millis(outage.ends_since_boot_ms);
        Some(Outage::remembered(disabled, ends, outage.is_over))
    };
    Ok(Remembered {
        enforcement: enforcement.as_deref().and_then(Enforcement::of_word),
        outages: outages.into_iter().filter_map(outage).collect(),
    })
}

fn file(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> MemoryError + use<> {
    let path = path.to_owned();
    move |source| MemoryError::File { doing, path: path.clone(), source }
}
