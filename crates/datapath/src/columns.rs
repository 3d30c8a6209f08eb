//! The table of ports as memory: 200,000 columns that are read back before each change.
//!
//! By system calls that takes longer than all the rest of a change. They are written by calls, because a
//! change writes few.

use std::{os::fd::OwnedFd, sync::atomic::Ordering};

use abi::PORT_SLOTS;

use crate::{error::TableError, memory::Memory};

/// The mapped columns of all ports.
#[derive(Debug)]
pub(crate) struct Columns(Memory);

impl Columns {
    /// Maps the array `map`.
    pub(crate) fn map(map: &OwnedFd) -> Result<Self, TableError> {
        Ok(Self(Memory::map("ports", map, PORT_SLOTS as usize)?))
    }

    /// Every column, by its port's slot.
    pub(crate) fn read(&self) -> Result<Vec<u32>, TableError> {
        (0..PORT_SLOTS as usize).map(|slot| self.column(slot)).collect()
    }

    /// An element of an array takes whole words, and begins with its value.
    fn column(&self, slot: usize) -> Result<u32, TableError> {
        let [a, b, c, d, ..] = self.0.word(slot)?.load(Ordering::Relaxed).to_ne_bytes();
        Ok(u32::from_ne_bytes([a, b, c, d]))
    }
}
