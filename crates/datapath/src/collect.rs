//! Collecting what has ended: connections by their time-stamps, and counts of denials that nobody
//! has been told yet.

use std::{collections::BTreeMap, time::Duration};

use abi::{
    Address, Connection, ConnectionKey, DeniedKey, DeniedValue, Event, EventKind, Interface,
    connection_flags, interface_flags, verdict_code,
};

use crate::{Instance, TableError};

const TCP: u8 = 6;
const ICMP: [u8; 2] = [1, 58];

impl Instance {
    /// Removes expired connections and due counts at the kernel's time `now_ns` (monotonic) and
    /// returns an event for each.
    ///
    /// # Errors
    /// Where a map cannot be read or written.
    pub fn collect(&self, now_ns: u64) -> Result<Vec<Event>, TableError> {
        let owners = self.owners()?;
        let tables = &self.tables;
        let before = tables.shares.counted()?;
        let established = tables.established.entries()?;
        tables.shares.repair(&before, &by_endpoint(&established))?;
        let mut events = self.collect_connections(established, now_ns, &owners, true)?;
        let half = tables.half.entries()?;
        events.extend(self.collect_connections(half, now_ns, &owners, false)?);
        events.extend(self.collect_denied(now_ns)?);
        Ok(events)
    }

    /// How many established connections an endpoint holds of its share.
    ///
    /// # Errors
    /// Where there is no such endpoint.
    pub fn established(&self, endpoint: u32) -> Result<u64, TableError> {
        self.tables.shares.held(endpoint)
    }

    /// Ends every connection of the endpoint that `owner` leads to: nobody inherits them.
    pub(crate) fn end_connections(
        &self,
        owner: &Interface,
        now_ns: u64,
    ) -> Result<Vec<Event>, TableError> {
        let mut events = Vec::new();
        for (table, established) in [(&self.tables.established, true), (&self.tables.half, false)] {
            let entries = table.entries()?.into_iter();
            for (key, _) in entries.filter(|(key, _)| u32::from(key.endpoint) == owner.endpoint) {
                let ended = self.end(&key, established)?;
                events.extend(ended.map(|ended| closed(&key, &ended, now_ns, Some(owner))));
            }
        }
        Ok(events)
    }

    /// Taken, not removed: what was counted since the reading is in what is returned.
    fn end(
        &self,
        key: &ConnectionKey,
        established: bool,
    ) -> Result<Option<Connection>, TableError> {
        let tables = &self.tables;
        let table = if established { &tables.established } else { &tables.half };
        let taken = table.take(key)?;
        if taken.is_some() && established {
            tables.shares.give_back(key.endpoint.into())?;
        }
        Ok(taken)
    }

    fn owners(&self) -> Result<BTreeMap<u32, Interface>, TableError> {
        let entries = self.tables.interfaces.entries()?;
        Ok(entries.into_iter().map(|(_, record)| (record.endpoint, record)).collect())
    }

    fn collect_connections(
        &self,
        entries: Vec<(ConnectionKey, Connection)>,
        now_ns: u64,
        owners: &BTreeMap<u32, Interface>,
        established: bool,
    ) -> Result<Vec<Event>, TableError> {
        let mut events = Vec::new();
        for (key, connection) in entries {
            let owner = owners.get(&key.endpoint.into());
            let lifetime = self.lifetime(&key, &connection, established);
            let idle = Duration::from_nanos(connection.idle_ns(now_ns));
            if owner.is_some() && idle <= lifetime {
                continue;
            }
            let ended = self.end(&key, established)?;
            events.extend(ended.map(|ended| closed(&key, &ended, now_ns, owner)));
        }
        Ok(events)
    }

    fn lifetime(
        &self,
        key: &ConnectionKey,
        connection: &Connection,
        established: bool,
    ) -> Duration {
        let lifetimes = &self.config.lifetimes;
        if !established {
            lifetimes.half
        } else if connection.flags & connection_flags::CLOSING != 0 {
            lifetimes.closing
        } else if key.protocol == TCP {
            lifetimes.stream
        } else {
            lifetimes.datagram
        }
    }

    fn collect_denied(&self, now_ns: u64) -> Result<Vec<Event>, TableError> {
        let interval = self.config.lifetimes.report_interval.as_nanos();
        let mut events = Vec::new();
        for (key, value) in self.tables.denied.entries()? {
            if u128::from(now_ns.saturating_sub(value.reported_ns)) <= interval {
                continue;
            }
            if let Some(value) = self.tables.denied.take(&key)?
                && value.packets > 0
            {
                events.push(denied(&key, &value, now_ns));
            }
        }
        Ok(events)
    }
}

/// How many connections each endpoint has.
fn by_endpoint(entries: &[(ConnectionKey, Connection)]) -> BTreeMap<u32, u64> {
    let mut found = BTreeMap::new();
    entries.iter().for_each(|(key, _)| *found.entry(key.endpoint.into()).or_default() += 1);
    found
}

fn own_address(family: u8, owner: Option<&Interface>) -> Address {
    match owner {
        Some(owner) if family == 4 && owner.flags & interface_flags::IPV4 != 0 => owner.ipv4,
        Some(owner) if family == 6 => owner.ipv6,
        Some(_) | None => Address::default(),
    }
}

/// The tuple of a flow, from the initiator's side.
fn tuple(key: &ConnectionKey, local: Address, remote_opened: bool) -> Event {
    let (source, destination) =
        if remote_opened { (key.remote, local) } else { (local, key.remote) };
    let turned = remote_opened && !ICMP.contains(&key.protocol);
    let (source_port, destination_port) =
        if turned { (key.remote_port, key.local_port) } else { (key.local_port, key.remote_port) };
    Event {
        source,
        destination,
        source_port,
        destination_port,
        endpoint: key.endpoint.into(),
        protocol: key.protocol,
        family: key.family,
        direction: u8::from(remote_opened),
        ..Event::default()
    }
}

fn closed(
    key: &ConnectionKey,
    connection: &Connection,
    now_ns: u64,
    owner: Option<&Interface>,
) -> Event {
    let remote_opened = connection.flags & connection_flags::REMOTE_OPENED != 0;
    Event {
        time_ns: now_ns,
        kind: EventKind::Closed as u8,
        verdict: verdict_code::ALLOW,
        rule: connection.rule,
        reason: connection.reason,
        generation: connection.generation,
        packets: connection.packets.iter().sum(),
        bytes: connection.bytes.iter().sum(),
        duration_ns: now_ns
            .saturating_sub(connection.idle_ns(now_ns))
            .saturating_sub(connection.opened_ns),
        ..tuple(key, own_address(key.family, owner), remote_opened)
    }
}

fn denied(key: &DeniedKey, value: &DeniedValue, now_ns: u64) -> Event {
    let kind =
        if key.verdict == verdict_code::ALLOW { EventKind::Opened } else { EventKind::Denied };
    Event {
        time_ns: now_ns,
        kind: kind as u8,
        verdict: key.verdict,
        rule: key.rule,
        reason: key.reason,
        denied: u32::try_from(value.packets).unwrap_or(u32::MAX),
        ..tuple(&key.connection, value.local, key.remote_opened != 0)
    }
}
