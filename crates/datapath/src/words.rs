//! The endpoints' words: memory that the kernel's programs read while we write it.
//!
//! A system call would copy a whole record and could be seen half done. A store of one aligned word
//! cannot, costs less than a microsecond, and is what makes a policy change atomic.

use std::{
    os::fd::OwnedFd,
    sync::atomic::{AtomicU64, Ordering},
};

use abi::{Endpoint, Sets};

use crate::{error::TableError, memory::Memory};

const WORDS: usize = size_of::<Endpoint>() / size_of::<u64>();

/// The mapped array of endpoint records.
#[derive(Debug)]
pub(crate) struct Words {
    memory: Memory,
    endpoints: u32,
}

/// Which word of a record.
#[derive(Clone, Copy, Debug)]
enum Word {
    Sets = 0,
    Generation = 1,
    Staged = 2,
    Hairpin = 3,
}

impl Words {
    /// Maps the array `map`, which has `endpoints` records.
    pub(crate) fn map(map: &OwnedFd, endpoints: u32) -> Result<Self, TableError> {
        let memory = Memory::map("endpoints", map, endpoints as usize * WORDS)?;
        Ok(Self { memory, endpoints })
    }

    pub(crate) fn set_sets(&self, endpoint: u32, sets: Sets) -> Result<(), TableError> {
        self.store(endpoint, Word::Sets, sets.0)
    }

    pub(crate) fn set_generation(&self, endpoint: u32, generation: u64) -> Result<(), TableError> {
        self.store(endpoint, Word::Generation, generation)
    }

    pub(crate) fn set_staged(&self, endpoint: u32, sets: Sets) -> Result<(), TableError> {
        self.store(endpoint, Word::Staged, sets.0)
    }

    pub(crate) fn set_hairpin(&self, endpoint: u32, sets: Sets) -> Result<(), TableError> {
        self.store(endpoint, Word::Hairpin, sets.0)
    }

    /// Writes a whole record; the word that makes it live comes after what it needs.
    pub(crate) fn set(&self, endpoint: u32, record: Endpoint) -> Result<(), TableError> {
        self.set_hairpin(endpoint, record.hairpin)?;
        self.set_staged(endpoint, record.staged)?;
        self.set_sets(endpoint, record.sets)?;
        self.set_generation(endpoint, record.generation)
    }

    /// Takes an endpoint's sets away and makes what is remembered of it stale. Whatever plan was
    /// under way, nothing is left of it. One beyond the table has none: every packet of it is refused.
    pub(crate) fn retire(&self, endpoint: u32) -> Result<(), TableError> {
        if endpoint >= self.endpoints {
            return Ok(());
        }
        let generation = plan::settled_after(self.get(endpoint)?.generation);
        let record = Endpoint { generation, ..Endpoint::default() };
        self.set(endpoint, record)
    }

    /// The records of a smaller array.
    pub(crate) fn copy(&self, from: &Self) -> Result<(), TableError> {
        from.entries()?.into_iter().try_for_each(|(slot, record)| self.set(slot, record))
    }

    /// Every record that is not all zero.
    pub(crate) fn entries(&self) -> Result<Vec<(u32, Endpoint)>, TableError> {
        let records = (0..self.endpoints).map(|slot| Ok((slot, self.get(slot)?)));
        records
            .filter(|record| !matches!(record, Ok((_, record)) if *record == Endpoint::default()))
            .collect()
    }

    pub(crate) fn get(&self, endpoint: u32) -> Result<Endpoint, TableError> {
        let word = |word| Ok(self.word(endpoint, word)?.load(Ordering::Acquire));
        Ok(Endpoint {
            sets: Sets(word(Word::Sets)?),
            generation: word(Word::Generation)?,
            staged: Sets(word(Word::Staged)?),
            hairpin: Sets(word(Word::Hairpin)?),
        })
    }

    fn store(&self, endpoint: u32, word: Word, value: u64) -> Result<(), TableError> {
        self.word(endpoint, word)?.store(value, Ordering::Release);
        Ok(())
    }

    fn word(&self, endpoint: u32, word: Word) -> Result<&AtomicU64, TableError> {
        self.memory.word(endpoint as usize * WORDS + word as usize)
    }
}
