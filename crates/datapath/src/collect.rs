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

/// How far the clock of a packet that is on its way may be behind ours: a tick of the coarse clock and
/// what an interrupted processor adds. Until then the programs may still use what has expired for us.
const CLOCK_BEHIND_MAX: Duration = Duration::from_millis(100);

/// Connections that were found expired, to be ended by [`Instance::end_expired`].
#[derive(Clone, Debug)]
pub struct Expired {
    now_ns: u64,
    owners: BTreeMap<u32, Interface>,
    found: Vec<(ConnectionKey, bool)>,
}

impl Expired {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

impl Instance {
    /// Removes expired connections and due counts at the kernel's time `now_ns` (monotonic) and
    /// returns an event for each.
    ///
    /// # Errors
    /// Where a map cannot be read or written.
    pub fn collect(&self, now_ns: u64) -> Result<Vec<Event>, TableError> {
        let expired = self.expired(now_ns)?;
        let mut events = self.end_expired(&expired)?;
        events.extend(self.collect_denied(now_ns)?);
        Ok(events)
    }

    /// The connections that have expired at the kernel's time `now_ns`, and those of nobody. On the
    /// way, shares that do not add up are put right.
    ///
    /// # Errors
    /// Where a map cannot be read or written.
    pub fn expired(&self, now_ns: u64) -> Result<Expired, TableError> {
        let tables = &self.tables;
        let before = tables.shares.counted()?;
        let established = tables.established.entries()?;
        tables.shares.repair(&before, &by_endpoint(&established))?;
        let half = tables.half.entries()?;
        // After the connections: whoever came later than they have none of them.
        let owners = self.owners()?;
        let mut expired = Expired { now_ns, owners, found: Vec::new() };
        for (entries, established) in [(established, true), (half, false)] {
            let over = entries.into_iter().filter(|(key, connection)| {
                self.is_over(key, connection, established, &expired.owners, now_ns)
            });
            let over: Vec<_> = over.map(|(key, _)| (key, established)).collect();
            expired.found.extend(over);
        }
        Ok(expired)
    }

    /// Removes those that are still expired and returns an event for each. Packets go on meanwhile,
    /// and a connection that began anew since it was looked at is not the one that expired.
    ///
    /// # Errors
    /// Where a map cannot be read or written.
    pub fn end_expired(&self, expired: &Expired) -> Result<Vec<Event>, TableError> {
        let mut events = Vec::new();
        for (key, established) in &expired.found {
            events.extend(self.end_if_over(key, *established, expired)?);
        }
        Ok(events)
    }

    /// How many established connections an endpoint holds of its share.
    ///
    /// # Errors
    /// Where there is no such endpoint.
    pub fn established(&self, endpoint: u32) -> Result<u64, TableError> {
        self.tables.shares.held(endpoint)
    }

    /// Every established connection, in no order.
    ///
    /// # Errors
    /// Where the map cannot be read.
    pub fn connections(&self) -> Result<Vec<(ConnectionKey, Connection)>, TableError> {
        self.tables.established.entries()
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

    /// Looked at once more and taken at once. What is taken all the same though it is another by then
    /// goes back where it was; should a packet come in that instant, it finds no connection.
    fn end_if_over(
        &self,
        key: &ConnectionKey,
        established: bool,
        Expired { now_ns, owners, .. }: &Expired,
    ) -> Result<Option<Event>, TableError> {
        let tables = &self.tables;
        let table = if established { &tables.established } else { &tables.half };
        let Some(found) = table.get(key)? else { return Ok(None) };
        let is_nobodys = !owners.contains_key(&key.endpoint.into());
        let has_come = is_nobodys && self.owners()?.contains_key(&key.endpoint.into());
        if has_come || !self.is_over(key, &found, established, owners, *now_ns) {
            return Ok(None);
        }
        let Some(taken) = table.take(key)? else { return Ok(None) };
        let identity = |connection: &Connection| (connection.opened_ticks, connection.seen_ticks);
        if identity(&taken) != identity(&found) && table.add(key, &taken)? {
            return Ok(None);
        }
        if established {
            tables.shares.give_back(key.endpoint.into())?;
        }
        Ok(Some(closed(key, &taken, *now_ns, owners.get(&key.endpoint.into()))))
    }

    /// Whether no packet can be of this connection any more: it is nobody's, or has been silent for
    /// longer than the programs would let it.
    fn is_over(
        &self,
        key: &ConnectionKey,
        connection: &Connection,
        established: bool,
        owners: &BTreeMap<u32, Interface>,
        now_ns: u64,
    ) -> bool {
        let lifetime = self.lifetime(key, connection, established);
        let idle = Duration::from_nanos(connection.idle_ns(now_ns));
        !owners.contains_key(&key.endpoint.into()) || idle > lifetime + CLOCK_BEHIND_MAX
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
        duration_ns: connection.duration_ns(),
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
