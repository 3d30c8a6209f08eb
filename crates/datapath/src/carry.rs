//! Carrying established connections into a larger table while their packets go on.
//!
//! The programs write this table themselves, so a copy is old as soon as it is made. Nothing new comes in
//! while the hooks are led over, see `share`; what changes meanwhile is carried afterwards. So no packet
//! finds its connection missing, whichever of the two tables its hook asks.

use std::collections::HashMap;

use abi::{Connection, ConnectionKey};

use crate::{TableError, tables::Tables};

/// The connections as they were when they were copied.
pub(crate) struct Carried(HashMap<ConnectionKey, Connection>);

impl Tables {
    /// Copies the connections of `from`. No program uses this table yet.
    pub(crate) fn carry(&self, from: &Self) -> Result<Carried, TableError> {
        let entries = from.established.entries()?;
        let (keys, values): (Vec<_>, Vec<_>) = entries.iter().copied().unzip();
        self.established.insert_all(&keys, &values).map_err(|(_, error)| error)?;
        Ok(Carried(entries.into_iter().collect()))
    }

    /// Carries what the programs of `from` did since then. None of them runs any more.
    ///
    /// What they cut or opened anew goes; its place was given back by whoever took it out.
    pub(crate) fn catch_up(
        &self,
        from: &Self,
        Carried(mut gone): Carried,
    ) -> Result<(), TableError> {
        for (key, now) in from.established.entries()? {
            match gone.remove(&key) {
                Some(before) if before == now => {}
                Some(before) => self.add_changes(&key, &before, &now)?,
                None => self.established.add(&key, &now).map(drop)?,
            }
        }
        gone.keys().try_for_each(|key| self.established.remove(key).map(drop))
    }

    /// Packets go on meanwhile: those that are counted in this instant may be lost for the count. What
    /// they cut in this instant stays cut.
    fn add_changes(
        &self,
        key: &ConnectionKey,
        before: &Connection,
        now: &Connection,
    ) -> Result<(), TableError> {
        let Some(there) = self.established.get(key)? else { return Ok(()) };
        self.established.replace(key, &with_changes(&there, before, now)).map(drop)
    }
}

/// What became of a connection in two tables at once.
fn with_changes(there: &Connection, before: &Connection, now: &Connection) -> Connection {
    let sum = |of: fn(&Connection) -> [u64; 2]| {
        let [there, before, now] = [of(there), of(before), of(now)];
        let [[a, b], [from_a, from_b], [to_a, to_b]] = [there, before, now];
        [a + to_a.saturating_sub(from_a), b + to_b.saturating_sub(from_b)]
    };
    let is_later = now.seen_ticks.wrapping_sub(there.seen_ticks).cast_signed() > 0;
    Connection {
        packets: sum(|connection| connection.packets),
        bytes: sum(|connection| connection.bytes),
        seen_ticks: if is_later { now.seen_ticks } else { there.seen_ticks },
        flags: there.flags | now.flags,
        ..*there
    }
}

#[cfg(test)]
mod tests {
    use abi::connection_flags::{CLOSING, REPLIED};

    use super::*;

    #[test]
    fn what_both_tables_counted_since_the_copy_is_added_and_a_close_is_not_lost() {
        let of = |packets, seen_ticks, flags| Connection {
            packets: [packets, 2],
            bytes: [packets * 10, 20],
            seen_ticks,
            flags,
            generation: 7,
            ..Connection::default()
        };
        let (before, there) = (of(5, u32::MAX, REPLIED), of(9, u32::MAX - 1, REPLIED));
        let now = Connection { generation: 8, ..of(6, 3, REPLIED | CLOSING) };
        let both = with_changes(&there, &before, &now);
        assert_eq!((both.packets, both.bytes), ([10, 2], [100, 20]));
        assert_eq!((both.seen_ticks, both.flags), (3, REPLIED | CLOSING), "the clock wraps");
        assert_eq!(both.generation, 7, "it is judged once more rather than once too few");
        assert_eq!(with_changes(&there, &before, &before).seen_ticks, u32::MAX);
    }
}
