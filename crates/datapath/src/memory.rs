//! An array map's memory, shared with the kernel's programs: 64-bit words that both sides change.
//!
//! A system call would copy a whole record and could be seen half done. An access to one aligned
//! word cannot.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    ptr::NonNull,
    sync::atomic::AtomicU64,
};

use crate::error::TableError;

/// The mapped words of one map.
#[derive(Debug)]
pub(crate) struct Memory {
    map: &'static str,
    start: NonNull<AtomicU64>,
    words: usize,
}

// SAFETY: all access goes through atomics, and the mapping lives as long as the value.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// Maps the first `words` words of the array `fd`, which is called `map`.
    pub(crate) fn map(map: &'static str, fd: &OwnedFd, words: usize) -> Result<Self, TableError> {
        let failed = |source| TableError { action: "map", map, source };
        // SAFETY: a new mapping is asked for at no particular place; the result is checked.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                words * size_of::<AtomicU64>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                fd.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(failed(io::Error::last_os_error()));
        }
        match NonNull::new(start.cast::<AtomicU64>()) {
            Some(start) => Ok(Self { map, start, words }),
            None => Err(failed(io::ErrorKind::InvalidData.into())),
        }
    }

    /// One word.
    pub(crate) fn word(&self, at: usize) -> Result<&AtomicU64, TableError> {
        if at >= self.words {
            let source = io::ErrorKind::InvalidInput.into();
            return Err(TableError { action: "write", map: self.map, source });
        }
        // SAFETY: the index is inside the mapping, which is aligned to pages and lives as long as
        // `self`; all other access to it, the kernel's included, is by whole words.
        Ok(unsafe { self.start.add(at).as_ref() })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and no reference to it outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.words * size_of::<AtomicU64>()) };
    }
}
