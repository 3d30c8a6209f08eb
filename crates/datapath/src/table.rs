//! One map with its key and value types: the only way to its entries.

use std::{
    io,
    marker::PhantomData,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use crate::{
    error::{FileError, TableError},
    plain::Plain,
    sys,
};

/// How many entries one system call reads.
const CHUNK: usize = 8_192;

/// A pinned map.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    name: &'static str,
    fd: OwnedFd,
    types: PhantomData<(K, V)>,
}

impl<K: Plain, V: Plain> Table<K, V> {
    /// Opens the map `name` of the directory `maps`.
    pub(crate) fn open(maps: &Path, name: &'static str) -> Result<Self, FileError> {
        let path = maps.join(name);
        let fd =
            sys::open_pinned(&path).map_err(|source| FileError { action: "open", path, source })?;
        Ok(Self { name, fd, types: PhantomData })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    pub(crate) fn get(&self, key: &K) -> Result<Option<V>, TableError> {
        sys::lookup(self.fd.as_fd(), key).map_err(self.failed("read"))
    }

    /// Removes and returns in one step, so that no count is lost in between.
    pub(crate) fn take(&self, key: &K) -> Result<Option<V>, TableError> {
        sys::take(self.fd.as_fd(), key).map_err(self.failed("take from"))
    }

    pub(crate) fn insert(&self, key: &K, value: &V) -> Result<(), TableError> {
        sys::update(self.fd.as_fd(), key, value).map_err(self.failed("write"))
    }

    /// Writes an entry that is not there. Returns whether it was not.
    pub(crate) fn add(&self, key: &K, value: &V) -> Result<bool, TableError> {
        sys::add(self.fd.as_fd(), key, value).map_err(self.failed("write"))
    }

    /// Writes an entry that is there. Returns whether it was.
    pub(crate) fn replace(&self, key: &K, value: &V) -> Result<bool, TableError> {
        sys::replace(self.fd.as_fd(), key, value).map_err(self.failed("write"))
    }

    /// Returns whether the entry was there.
    pub(crate) fn remove(&self, key: &K) -> Result<bool, TableError> {
        sys::delete(self.fd.as_fd(), key).map_err(self.failed("remove from"))
    }

    /// Writes all entries in order. On failure says how many were written.
    pub(crate) fn insert_all(&self, keys: &[K], values: &[V]) -> Result<(), (usize, TableError)> {
        sys::update_batch(self.fd.as_fd(), keys, values)
            .map_err(|error| (error.done, self.failed("write")(error.source)))
    }

    /// Every entry, in no order. Entries that change meanwhile may be missing or doubled.
    pub(crate) fn entries(&self) -> Result<Vec<(K, V)>, TableError> {
        let mut entries = Vec::new();
        let mut position = sys::Position::start();
        let (mut keys, mut values) = (vec![K::ZERO; CHUNK], vec![V::ZERO; CHUNK]);
        loop {
            let (count, more) =
                sys::lookup_batch(self.fd.as_fd(), &mut position, &mut keys, &mut values)
                    .map_err(self.failed("read"))?;
            entries.extend(keys.iter().copied().zip(values.iter().copied()).take(count));
            if !more {
                return Ok(entries);
            }
        }
    }

    fn failed(&self, action: &'static str) -> impl Fn(io::Error) -> TableError + use<K, V> {
        let map = self.name;
        move |source| TableError { action, map, source }
    }
}
