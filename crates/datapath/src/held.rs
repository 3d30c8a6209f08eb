//! The links that this process attached, held by descriptors.
//!
//! A pin that somebody removes would take its link with it, and with the link the policy of a pod.
//! While a process holds the link it stays, and its pin can be made again.

use std::{
    collections::BTreeMap,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::Direction;

type Links = BTreeMap<(u32, Direction), Arc<OwnedFd>>;

/// Links by interface and direction.
#[derive(Debug, Default)]
pub(crate) struct Held(Mutex<Links>);

impl Held {
    pub(crate) fn hold(&self, interface: u32, direction: Direction, link: OwnedFd) {
        self.links().insert((interface, direction), Arc::new(link));
    }

    /// The same links, held twice.
    pub(crate) fn share(&self) -> Self {
        Self(Mutex::new(self.links().clone()))
    }

    /// Nothing where it is not held.
    pub(crate) fn link(&self, interface: u32, direction: Direction) -> Option<Arc<OwnedFd>> {
        self.links().get(&(interface, direction)).map(Arc::clone)
    }

    pub(crate) fn release(&self, interface: u32, direction: Direction) {
        drop(self.links().remove(&(interface, direction)));
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
