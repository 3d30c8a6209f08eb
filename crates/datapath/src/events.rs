//! The ring of events.
//!
//! It is how the kernel says which rule decided, without being asked.

use std::{
    fmt,
    os::fd::{AsFd, AsRawFd, BorrowedFd},
    path::Path,
};

use abi::{Address, Event};
use aya::maps::{Map, MapData, RingBuf};

use crate::EventsError;

/// A reader of the ring; readable when there are events.
pub struct Events {
    ring: RingBuf<MapData>,
}

impl Events {
    pub(crate) fn open(maps: &Path) -> Result<Self, EventsError> {
        let failed = |error| EventsError::Open(Box::new(error));
        let data = MapData::from_pin(maps.join("events")).map_err(failed)?;
        let map = Map::from_map_data(data).map_err(failed)?;
        Ok(Self { ring: RingBuf::try_from(map).map_err(failed)? })
    }

    /// Hands every waiting event to `consume`. Returns how many.
    ///
    /// # Errors
    /// Where a record is not an event; it is taken from the ring.
    pub fn drain(&mut self, mut consume: impl FnMut(Event)) -> Result<usize, EventsError> {
        let mut count = 0;
        while let Some(record) = self.ring.next() {
            consume(decode(&record)?);
            count += 1;
        }
        Ok(count)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("fd", &self.ring.as_raw_fd()).finish()
    }
}

impl AsFd for Events {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ring.as_fd()
    }
}

impl AsRawFd for Events {
    fn as_raw_fd(&self) -> i32 {
        self.ring.as_raw_fd()
    }
}

/// Reads one record.
///
/// # Errors
/// Where it has another size.
pub fn decode(record: &[u8]) -> Result<Event, EventsError> {
    let mut reader = Reader { rest: record };
    reader
        .event()
        .filter(|_| reader.rest.is_empty())
        .ok_or(EventsError::Size { found: record.len(), wanted: size_of::<Event>() })
}

/// Reads fields one after the other: an event has no gaps.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*field)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take().map(u8::from_ne_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_ne_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_ne_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_ne_bytes)
    }

    fn event(&mut self) -> Option<Event> {
        Some(Event {
            time_ns: self.u64()?,
            source: Address(self.take()?),
            destination: Address(self.take()?),
            source_port: self.u16()?,
            destination_port: self.u16()?,
            endpoint: self.u32()?,
            rule: self.u32()?,
            staged_rule: self.u32()?,
            kind: self.u8()?,
            verdict: self.u8()?,
            reason: self.u8()?,
            direction: self.u8()?,
            protocol: self.u8()?,
            family: self.u8()?,
            staged_verdict: self.u8()?,
            staged_reason: self.u8()?,
            denied: self.u32()?,
            generation: self.u32()?,
            packets: self.u64()?,
            bytes: self.u64()?,
            duration_ns: self.u64()?,
            container: self.u64()?,
            inode: self.u64()?,
            started_ns: self.u64()?,
            device: self.u32()?,
            process: self.u32()?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a failed test may say so in any way"
    )]
    use super::*;

    #[test]
    fn only_a_record_of_exactly_an_events_size_is_one() {
        let size = size_of::<Event>();
        let record: Vec<u8> = (0..size as u8 + 1).collect();
        assert!(decode(&record[..size]).is_ok());
        assert!(decode(&record[..size - 1]).is_err());
        assert!(decode(&record).is_err());
        assert!(decode(&[]).is_err());
    }

    #[test]
    fn fields_are_read_in_the_order_of_the_layout() {
        let record: Vec<u8> = (0..size_of::<Event>() as u8).collect();
        let event = decode(&record).unwrap();
        let at = |offset: usize| u32::from_ne_bytes(record[offset..offset + 4].try_into().unwrap());
        assert_eq!(event.rule, at(std::mem::offset_of!(Event, rule)));
        assert_eq!(event.generation, at(std::mem::offset_of!(Event, generation)));
        assert_eq!(usize::from(event.family), std::mem::offset_of!(Event, family));
    }
}
