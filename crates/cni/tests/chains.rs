//! The plugin joins a node's chain, and leaves it as it was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test panics")]

use cni::{Chain, ChainError, PLUGIN};
use serde_json::{Value, json};

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn bridge() -> Value {
    json!({
        "cniVersion": "1.0.0", "name": "pods", "disableCheck": true, "later": 12345678901234567890_u64,
        "plugins": [
            { "type": "bridge", "bridge": "cni0", "ipam": { "type": "host-local" } },
            { "type": "portmap", "capabilities": { "portMappings": true } },
        ],
    })
}

#[test]
fn the_plugin_is_the_last_of_the_chain_and_the_rest_is_as_it_was() {
    let before = bridge();
    let chain = Chain::read(&before.to_string()).unwrap();
    let with = chain.with_plugin("/run/x.sock", 9).unwrap();
    let kinds = Chain::read(&with).unwrap().kinds().unwrap();
    assert_eq!(kinds, ["bridge", "portmap", PLUGIN]);
    let ours = &value(&with)["plugins"][2];
    assert_eq!(
        *ours,
        json!({
            "type": PLUGIN, "ringfence": { "socket": "/run/x.sock", "timeoutSeconds": 9 },
        })
    );
    let without = Chain::read(&with).unwrap().without_plugin().unwrap();
    assert_eq!(value(&without), before);
}

#[test]
fn joining_twice_is_joining_once() {
    let chain = Chain::read(&bridge().to_string()).unwrap();
    let once = chain.with_plugin("/run/x.sock", 9).unwrap();
    let joined = Chain::read(&once).unwrap();
    assert!(joined.has_plugin().unwrap());
    assert_eq!(joined.with_plugin("/run/x.sock", 9).unwrap(), once);
    assert!(!chain.has_plugin().unwrap());
}

#[test]
fn a_file_of_one_plugin_becomes_a_list() {
    let single = json!({ "cniVersion": "0.4.0", "name": "n", "type": "ptp", "mtu": 1400 });
    let chain = Chain::read(&single.to_string()).unwrap();
    assert_eq!(
        value(&chain.without_plugin().unwrap()),
        json!({
            "cniVersion": "0.4.0", "name": "n", "plugins": [{ "type": "ptp", "mtu": 1400 }],
        })
    );
}

#[test]
fn what_is_no_chain_to_join_is_refused() {
    let read = |text: Value| Chain::read(&text.to_string()).map(drop);
    let mut old = bridge();
    old["cniVersion"] = json!("0.2.0");
    assert!(matches!(read(old), Err(ChainError::Version(_))));
    let mut alone = bridge();
    alone["plugins"] = json!([{ "type": PLUGIN }]);
    assert!(matches!(read(alone), Err(ChainError::Empty)));
    let mut behind = bridge();
    behind["plugins"] = json!([{ "type": "bridge" }, { "type": PLUGIN }, { "type": "tuning" }]);
    assert!(matches!(read(behind), Err(ChainError::Behind(kind)) if kind == "tuning"));
    let mut untyped = bridge();
    untyped["plugins"] = json!([{ "kind": "bridge" }]);
    assert!(matches!(read(untyped), Err(ChainError::Json(_))));
    assert!(matches!(Chain::read("[1"), Err(ChainError::Json(_))));
    assert!(matches!(read(json!({ "plugins": [] })), Err(ChainError::Json(_))));
}
