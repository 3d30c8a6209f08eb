//! Octets and the fields in them: the only place where a packet is indexed.
//!
//! Every read names its place and may find nothing there, so no length has to be checked before.

use crate::Refusal;

/// A packet up to some end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Octets<'a>(pub(crate) &'a [u8]);

impl<'a> Octets<'a> {
    pub(crate) fn len(self) -> usize {
        self.0.len()
    }

    /// The same without what is behind `end`.
    pub(crate) fn until(self, end: usize) -> Octets<'a> {
        Octets(self.0.get(..end).unwrap_or(self.0))
    }

    /// `N` octets at `at`.
    pub(crate) fn array<const N: usize>(self, at: usize) -> Result<[u8; N], Refusal> {
        let rest = self.0.get(at..).ok_or(Refusal::Short)?;
        rest.first_chunk().copied().ok_or(Refusal::Short)
    }

    pub(crate) fn u8(self, at: usize) -> Result<u8, Refusal> {
        self.array(at).map(|[octet]| octet)
    }

    /// Two octets, the high one first, as all numbers in packets.
    pub(crate) fn u16(self, at: usize) -> Result<u16, Refusal> {
        self.array(at).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(self, at: usize) -> Result<u32, Refusal> {
        self.array(at).map(u32::from_be_bytes)
    }
}
