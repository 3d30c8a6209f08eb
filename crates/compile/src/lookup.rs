//! The executable model of the programs: the same look-ups in the same order.
//!
//! What this says of an endpoint and a remote address is what the kernel must say.

use abi::{Address, BackendKey, Cell, PrefixKey, RowKey, ServiceKey, column, port_slot};
use model::{Builtin, Direction, Traffic, Verdict};

use crate::Image;
use crate::row::builtin;

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the packet may pass this end.
    pub verdict: Verdict,
    /// The rule id, or 0.
    pub rule: u32,
    /// The reason, where no rule decided.
    pub reason: Option<Builtin>,
    /// Whether a connection that exists lives on all the same (ruling N25).
    pub keeps_existing: bool,
}

impl From<Cell> for Answer {
    fn from(cell: Cell) -> Self {
        Self {
            verdict: abi::verdict_code::verdict(cell.verdict),
            rule: cell.rule,
            reason: Builtin::from_code(cell.reason),
            keeps_existing: cell.verdict == abi::verdict_code::DENY_KEEP,
        }
    }
}

impl Image {
    /// What endpoint `slot` says in `direction` of traffic with `remote`.
    #[must_use]
    pub fn lookup(
        &self,
        slot: u32,
        direction: Direction,
        remote: impl Into<Address>,
        traffic: Traffic,
    ) -> Answer {
        let sets = self.endpoints.get(&slot).copied().unwrap_or_default().sets;
        if !sets.is_live() {
            return builtin(Builtin::Quarantine).into();
        }
        self.answer(set_of(sets, direction), direction, remote.into(), traffic)
    }

    /// What the staged sets of endpoint `slot` say (ruling N37); nothing where nothing is staged.
    #[must_use]
    pub fn lookup_staged(
        &self,
        slot: u32,
        direction: Direction,
        remote: impl Into<Address>,
        traffic: Traffic,
    ) -> Option<Answer> {
        let endpoint = self.endpoints.get(&slot).copied().unwrap_or_default();
        let is_told = endpoint.sets.is_live() && endpoint.staged.is_live();
        let set = set_of(endpoint.staged, direction);
        is_told.then(|| self.answer(set, direction, remote.into(), traffic))
    }

    /// As [`lookup_staged`](Self::lookup_staged) for what `subject` sends. A process that nobody knows
    /// would be denied where a staged rule asks; where an enforced one does it is, and that is all.
    #[must_use]
    pub fn lookup_staged_by(
        &self,
        slot: u32,
        subject: Option<u32>,
        remote: impl Into<Address>,
        traffic: Traffic,
    ) -> Option<Answer> {
        let endpoint = self.endpoints.get(&slot).copied().unwrap_or_default();
        let (sets, staged) = (endpoint.sets, endpoint.staged);
        let own = match (staged.is_live() && staged.has_subjects(), subject) {
            (true, Some(subject)) => {
                let key = abi::SubjectKey { endpoint: slot, subject };
                self.subjects.get(&key).copied().unwrap_or(slot)
            }
            (true, None) => {
                let is_told = sets.is_live() && !sets.has_subjects();
                return is_told.then(|| builtin(Builtin::Untagged).into());
            }
            (false, _) => slot,
        };
        self.lookup_staged(own, Direction::Egress, remote, traffic)
    }

    /// What set `set` says as an endpoint's own in `direction`.
    fn answer(&self, set: u32, direction: Direction, remote: Address, traffic: Traffic) -> Answer {
        match direction {
            Direction::Ingress => self.verdict(set, remote, traffic).into(),
            Direction::Egress => self.destination(set, remote, traffic).into(),
        }
    }

    /// What a process of endpoint `slot` is told that opens something: `subject` is its id, or
    /// nothing where nobody knows it (ruling N38).
    #[must_use]
    pub fn lookup_by(
        &self,
        slot: u32,
        subject: Option<u32>,
        remote: impl Into<Address>,
        traffic: Traffic,
    ) -> Answer {
        let sets = self.endpoints.get(&slot).copied().unwrap_or_default().sets;
        if !sets.has_subjects() {
            return self.lookup(slot, Direction::Egress, remote, traffic);
        }
        let Some(subject) = subject else { return builtin(Builtin::Untagged).into() };
        let key = abi::SubjectKey { endpoint: slot, subject };
        let own = self.subjects.get(&key).copied().unwrap_or(slot);
        self.lookup(own, Direction::Egress, remote, traffic)
    }

    /// What set `set` says of a destination: of a Service, what all its backends allow (ruling N13).
    fn destination(&self, set: u32, address: Address, traffic: Traffic) -> Cell {
        let backends = self.backends_of(address, traffic);
        let cells = backends.iter().map(|(address, traffic)| self.verdict(set, *address, *traffic));
        let mut cells: Vec<Cell> = cells.collect();
        let denied = cells.iter().position(|cell| cell.verdict != abi::verdict_code::ALLOW);
        match denied {
            Some(first) => cells.swap_remove(first),
            None => cells.pop().unwrap_or_else(|| self.verdict(set, address, traffic)),
        }
    }

    /// Where a Service leads; nowhere if the address and port are no Service's.
    fn backends_of(&self, address: Address, traffic: Traffic) -> Vec<(Address, Traffic)> {
        let Traffic::Port(protocol, port) = traffic else { return Vec::new() };
        let key = ServiceKey { address, port, protocol: protocol.number(), pad: 0 };
        let Some(service) = self.services.get(&key) else { return Vec::new() };
        let backend = |index| {
            let key = BackendKey { backends: service.backends, index };
            self.backends.get(&key).map(|to| (to.address, Traffic::Port(protocol, to.port)))
        };
        (0..service.count).filter_map(backend).collect()
    }

    /// What endpoint `slot` says of reaching its own address through a Service (ruling N14).
    #[must_use]
    pub fn lookup_hairpin(
        &self,
        slot: u32,
        direction: Direction,
        own: impl Into<Address>,
        traffic: Traffic,
    ) -> Answer {
        let endpoint = self.endpoints.get(&slot).copied().unwrap_or_default();
        if !endpoint.sets.is_live() {
            return builtin(Builtin::Quarantine).into();
        }
        match set_of(endpoint.hairpin, direction) {
            0 => builtin(Builtin::Itself).into(),
            set => self.verdict(set, own.into(), traffic).into(),
        }
    }

    /// What set `set` says of traffic with `remote`.
    #[must_use]
    pub fn verdict(&self, set: u32, remote: Address, traffic: Traffic) -> Cell {
        if set == 0 {
            return builtin(Builtin::DefaultAllow);
        }
        let column = self.column(traffic);
        let cell = self.class(remote).and_then(|class| self.cell(RowKey { set, class }, column));
        cell.unwrap_or(builtin(Builtin::NotProgrammed))
    }

    /// The class of an address: exact, else by its longest prefix.
    #[must_use]
    pub fn class(&self, address: Address) -> Option<u32> {
        self.peers.get(&address).copied().or_else(|| self.prefix_class(address))
    }

    /// The class of the longest prefix around an address.
    #[must_use]
    pub fn prefix_class(&self, address: Address) -> Option<u32> {
        self.longest_prefix(address, 128).and_then(|key| self.prefixes.get(&key).copied())
    }

    /// The longest prefix around an address of at most `length_max` bits.
    #[must_use]
    pub fn longest_prefix(&self, address: Address, length_max: u32) -> Option<PrefixKey> {
        let mut longest = length_max;
        loop {
            let last = PrefixKey { length: longest, address: Address([u8::MAX; 16]) };
            let (present, _) = self.prefixes.range(..=last).next_back()?;
            let key = masked(address, present.length);
            if self.prefixes.contains_key(&key) {
                return Some(key);
            }
            longest = present.length.checked_sub(1)?;
        }
    }

    /// The column of traffic.
    #[must_use]
    pub fn column(&self, traffic: Traffic) -> u32 {
        let slot = port_slot(traffic).and_then(|slot| self.ports.get(slot as usize));
        slot.copied().unwrap_or(column::OTHER)
    }

    /// One cell of a row.
    #[must_use]
    pub fn cell(&self, key: RowKey, column: u32) -> Option<Cell> {
        let row = self.rows.get(&key).filter(|row| column < row.width)?;
        self.cells.get(&(row.base + column)).copied()
    }
}

fn set_of(sets: abi::Sets, direction: Direction) -> u32 {
    match direction {
        Direction::Ingress => sets.ingress(),
        Direction::Egress => sets.egress(),
    }
}

fn masked(address: Address, length: u32) -> PrefixKey {
    let bits = u128::from_be_bytes(address.0);
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    PrefixKey { length, address: Address((bits & mask).to_be_bytes()) }
}
