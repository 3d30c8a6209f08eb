//! The chain's configuration file, with this plugin in it or without.
//!
//! The agent puts the plugin at the end of whatever chain the node has, and takes it out again; all
//! that others wrote stays as it was written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::config::PLUGIN;
use crate::refusal::Refusal;
use crate::result::missing;
use crate::version::Version;

type Fields = BTreeMap<String, Box<RawValue>>;

/// A network configuration, read from a `.conflist` or from a `.conf` of one plugin.
#[derive(Debug)]
pub struct Chain {
    /// All fields of the list but its plugins.
    fields: Fields,
    plugins: Vec<Box<RawValue>>,
}

/// Why a file is no chain that the plugin can join.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// It is not the JSON of a network configuration.
    #[error("it is no network configuration")]
    Json(#[from] serde_json::Error),
    /// Its version is not spoken here.
    #[error("its version is not supported")]
    Version(#[source] Refusal),
    /// There is nothing that could make an interface.
    #[error("it has no plugin that makes an interface")]
    Empty,
    /// A plugin is behind ours, and may undo or go past what ours saw.
    #[error("plugin {0:?} stands behind ringfence-cni")]
    Behind(String),
}

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type")]
    kind: String,
}

impl Chain {
    /// # Errors
    /// Where it is no chain that this plugin can join.
    pub fn read(text: &str) -> Result<Self, ChainError> {
        let mut fields: Fields = serde_json::from_str(text)?;
        let version: String = match fields.get("cniVersion") {
            Some(version) => serde_json::from_str(version.get())?,
            None => return Err(missing("cniVersion").into()),
        };
        Version::parse(&version).map_err(ChainError::Version)?;
        let plugins = match fields.remove("plugins") {
            Some(plugins) => serde_json::from_str(plugins.get())?,
            None => vec![single(&mut fields)?],
        };
        let chain = Self { fields, plugins };
        let kinds = chain.kinds()?;
        if kinds.iter().all(|kind| kind == PLUGIN) {
            return Err(ChainError::Empty);
        }
        match kinds.iter().position(|kind| kind == PLUGIN).and_then(|at| kinds.get(at + 1)) {
            Some(behind) if behind != PLUGIN => Err(ChainError::Behind(behind.clone())),
            Some(_) | None => Ok(chain),
        }
    }

    /// Whether this plugin is in it.
    ///
    /// # Errors
    /// Where a plugin has no type.
    pub fn has_plugin(&self) -> Result<bool, ChainError> {
        Ok(self.kinds()?.iter().any(|kind| kind == PLUGIN))
    }

    /// The types of its plugins, in order.
    ///
    /// # Errors
    /// Where a plugin has no type.
    pub fn kinds(&self) -> Result<Vec<String>, ChainError> {
        let kind = |plugin: &RawValue| Ok(serde_json::from_str::<Typed>(plugin.get())?.kind);
        self.plugins.iter().map(|plugin| kind(plugin)).collect()
    }

    /// The file's text with this plugin as the last one, listening at `socket`. Doing it twice is
    /// doing it once.
    ///
    /// # Errors
    /// Where a plugin has no type.
    pub fn with_plugin(&self, socket: &str, timeout_seconds: u64) -> Result<String, ChainError> {
        let ours = serde_json::json!({
            "type": PLUGIN,
            "ringfence": { "socket": socket, "timeoutSeconds": timeout_seconds },
        });
        let ours = to_raw_value(&ours)?;
        let others = self.others()?;
        self.written(&others.into_iter().chain([&*ours]).collect::<Vec<_>>())
    }

    /// The file's text without this plugin.
    ///
    /// # Errors
    /// Where a plugin has no type.
    pub fn without_plugin(&self) -> Result<String, ChainError> {
        self.written(&self.others()?)
    }

    fn others(&self) -> Result<Vec<&RawValue>, ChainError> {
        let kinds = self.kinds()?;
        let both = self.plugins.iter().zip(kinds);
        Ok(both.filter(|(_, kind)| kind != PLUGIN).map(|(plugin, _)| &**plugin).collect())
    }

    fn written(&self, plugins: &[&RawValue]) -> Result<String, ChainError> {
        let plugins = to_raw_value(plugins)?;
        let mut fields: BTreeMap<&str, &RawValue> =
            self.fields.iter().map(|(name, value)| (name.as_str(), &**value)).collect();
        fields.insert("plugins", &plugins);
        let mut text = serde_json::to_string_pretty(&fields)?;
        text.push('\n');
        Ok(text)
    }
}

/// A file of one plugin: the list has its version and name, and the rest is the plugin's.
fn single(fields: &mut Fields) -> Result<Box<RawValue>, serde_json::Error> {
    let is_of_list = |name: &str| matches!(name, "cniVersion" | "name");
    let (of_list, of_plugin): (Fields, Fields) =
        std::mem::take(fields).into_iter().partition(|(name, _)| is_of_list(name));
    *fields = of_list;
    to_raw_value(&of_plugin)
}
