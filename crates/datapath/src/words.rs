//! The endpoints' words: memory that the kernel's programs read while we write it.
//!
//! A system call would copy a whole record and could be seen half done. A store of one aligned word
//! cannot, costs less than a microsecond, and is what makes a policy change atomic.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    ptr::NonNull,
    sync::atomic::{AtomicU64, Ordering},
};

use abi::{Endpoint, Sets};

use crate::error::TableError;

const WORDS: usize = size_of::<Endpoint>() / size_of::<u64>();
const NAME: &str = "endpoints";

/// The mapped array of endpoint records.
#[derive(Debug)]
pub(crate) struct Words {
    start: NonNull<AtomicU64>,
    endpoints: usize,
    length: usize,
}

// SAFETY: all access goes through atomics, and the mapping lives as long as the value.
unsafe impl Send for Words {}
// SAFETY: as above.
unsafe impl Sync for Words {}

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
        let endpoints = endpoints as usize;
        let length = endpoints * size_of::<Endpoint>();
        // SAFETY: a new mapping is asked for at no particular place; the result is checked.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                map.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(failed("map", io::Error::last_os_error()));
        }
        match NonNull::new(start.cast::<AtomicU64>()) {
            Some(start) => Ok(Self { start, endpoints, length }),
            None => Err(failed("map", io::ErrorKind::InvalidData.into())),
        }
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

    /// Every record that is not all zero.
    pub(crate) fn entries(&self) -> Result<Vec<(u32, Endpoint)>, TableError> {
        let records = (0..self.endpoints as u32).map(|slot| Ok((slot, self.get(slot)?)));
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
        let endpoint = endpoint as usize;
        if endpoint >= self.endpoints {
            return Err(failed("write", io::ErrorKind::InvalidInput.into()));
        }
        // SAFETY: the index is inside the mapping, which is aligned to pages and lives as long as
        // `self`; all other access to it, the kernel's included, is by whole words.
        Ok(unsafe { self.start.add(endpoint * WORDS + word as usize).as_ref() })
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and no reference to it outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

fn failed(action: &'static str, source: io::Error) -> TableError {
    TableError { action, map: NAME, source }
}
