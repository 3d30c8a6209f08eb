//! The plugin in a node's network configuration, and everything as it was after it.

#![allow(clippy::unwrap_used, reason = "a test may crash")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use agent::{InstallError, InstallSettings, Installed, install, uninstall_plugin};
use serde_json::Value;
use tempfile::TempDir;

const SOCKET: &str = "/run/ringfence/cni.sock";
const LIST: &str =
    r#"{"cniVersion":"1.0.0","name":"net","plugins":[{"type":"bridge","mtu":1400}]}"#;
const SINGLE: &str = r#"{ "cniVersion": "0.4.0", "name": "net", "type": "ptp" }"#;

struct Node {
    _root: TempDir,
    settings: InstallSettings,
}

impl Node {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let settings = InstallSettings {
            config_dir: at("net.d"),
            plugin_dir: at("bin"),
            plugin: at("ringfence-cni"),
        };
        fs::create_dir(&settings.config_dir).unwrap();
        fs::create_dir(&settings.plugin_dir).unwrap();
        fs::write(&settings.plugin, "a plugin").unwrap();
        Self { _root: root, settings }
    }

    fn config(&self, name: &str) -> PathBuf {
        self.settings.config_dir.join(name)
    }

    fn has(&self, name: &str, text: &str) {
        fs::write(self.config(name), text).unwrap();
    }

    fn install(&self) -> Installed {
        install(&self.settings, Path::new(SOCKET)).unwrap()
    }

    fn kinds(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.config(name)).unwrap();
        let chain: Value = serde_json::from_str(&text).unwrap();
        let plugins = chain.get("plugins").and_then(Value::as_array).unwrap().iter();
        plugins.map(|plugin| plugin.get("type").unwrap().as_str().unwrap().to_owned()).collect()
    }

    fn files(&self) -> Vec<(String, String)> {
        let entries = fs::read_dir(&self.settings.config_dir).unwrap().map(Result::unwrap);
        let mut files: Vec<_> = entries
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        files.sort_unstable();
        files
    }
}

#[test]
fn the_plugin_is_the_last_of_the_first_network_and_leaves_it_to_the_letter_as_it_was() {
    for (name, text) in [("10-net.conflist", LIST), ("10-net.conf", SINGLE)] {
        let node = Node::new();
        node.has(name, text);
        node.has("20-other.conflist", LIST);
        let before = node.files();
        assert_eq!(node.install(), Installed::Now);
        assert_eq!(node.kinds("10-net.conflist").last().unwrap(), "ringfence-cni");
        assert_eq!(node.kinds("20-other.conflist"), ["bridge"]);
        assert!(!node.config("10-net.conf").exists());
        let plugin = node.settings.plugin_dir.join("ringfence-cni");
        assert_eq!(fs::metadata(&plugin).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(node.install(), Installed::Already);
        uninstall_plugin(&node.settings).unwrap();
        uninstall_plugin(&node.settings).unwrap();
        assert_eq!(node.files(), before, "{name}");
        assert!(!plugin.exists());
    }
}

#[test]
fn what_another_changed_meanwhile_stays_changed() {
    let node = Node::new();
    node.has("10-net.conflist", LIST);
    node.install();
    let written = fs::read_to_string(node.config("10-net.conflist")).unwrap();
    node.has("10-net.conflist", &written.replace("1400", "1500"));
    uninstall_plugin(&node.settings).unwrap();
    let files = node.files();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(node.kinds("10-net.conflist"), ["bridge"]);
    assert!(files.iter().all(|(_, text)| text.contains("1500")));
}

#[test]
fn a_network_that_is_written_anew_gets_the_plugin_again() {
    let node = Node::new();
    node.has("10-net.conflist", LIST);
    node.install();
    node.has("10-net.conflist", LIST);
    assert_eq!(node.install(), Installed::Now);
    assert_eq!(node.kinds("10-net.conflist"), ["bridge", "ringfence-cni"]);
}

#[test]
fn a_node_without_a_network_is_told_and_so_is_one_whose_network_cannot_be_chained() {
    let node = Node::new();
    let failed = install(&node.settings, Path::new(SOCKET));
    assert!(matches!(failed, Err(InstallError::NoNetwork { .. })), "{failed:?}");
    let behind = LIST
        .replace("\"mtu\":1400}", "\"mtu\":1400},{\"type\":\"ringfence-cni\"},{\"type\":\"x\"}");
    node.has("10-net.conflist", &behind);
    let failed = install(&node.settings, Path::new(SOCKET));
    assert!(matches!(failed, Err(InstallError::Chain { .. })), "{failed:?}");
    assert_eq!(node.files(), [("10-net.conflist".to_owned(), behind)]);
}
