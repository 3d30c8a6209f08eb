//! Services: new backends first, then the flip, then the old backends go.

use abi::{BackendKey, BackendValue, ServiceKey, ServiceValue};
use compile::Image;

use crate::Op;

/// The writes that lead to the wanted Services; none where nothing changed.
pub(crate) fn ops(old: &Image, wanted: &Image) -> Vec<Op> {
    let added = wanted.backends.iter().filter(|(key, value)| old.backends.get(key) != Some(value));
    let flipped =
        wanted.services.iter().filter(|(key, value)| old.services.get(key) != Some(value));
    let gone = old.services.keys().filter(|key| !wanted.services.contains_key(key));
    let unused = old.backends.keys().filter(|key| !wanted.backends.contains_key(key));
    let add = |(key, value): (&BackendKey, &BackendValue)| Op::Backend { key: *key, value: *value };
    let flip =
        |(key, value): (&ServiceKey, &ServiceValue)| Op::Service { key: *key, value: *value };
    added
        .map(add)
        .chain(flipped.map(flip))
        .chain(gone.map(|key| Op::NoService { key: *key }))
        .chain(unused.map(|key| Op::NoBackend { key: *key }))
        .collect()
}
