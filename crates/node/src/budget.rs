//! Fills a table move by move, as long as it fits and a plan can lead there.
//!
//! Where many moves do not fit together, halves of them are tried: the earlier half first, and what
//! fits stays. So what is left out is found in few tries, and always the same.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use abi::Endpoint;
use compile::{Capacities, CompileError, Compiled, Counts, Draft, Image, Shortage};
use plan::{Op, PlanError};

use crate::moves::Move;

/// A table that fits, and the writes that lead there.
pub(crate) struct Fitting {
    pub(crate) compiled: Compiled,
    pub(crate) ops: Vec<Op>,
    /// Numbers of rules that were other rules' before.
    pub(crate) fresh: Vec<u16>,
}

/// A table while it is being filled.
pub(crate) struct Budget<'a> {
    nothing: Draft<'a>,
    observed: &'a Image,
    capacities: Capacities,
    pub(crate) fitting: Fitting,
    pub(crate) taken: Vec<Move>,
    pub(crate) left_out: Vec<(Move, Shortage)>,
    pub(crate) omitted: Vec<(IpAddr, Shortage)>,
    /// Not all addresses are known, and strangers are not denied: nobody may rely on addresses.
    knows_too_few: Option<Shortage>,
}

impl<'a> Budget<'a> {
    /// A table with nobody in it, which must fit. How many addresses there are is not counted yet.
    pub(crate) fn new(
        nothing: Draft<'a>,
        observed: &'a Image,
        capacities: Capacities,
    ) -> Result<Self, Shortage> {
        let capacities = Capacities { peers: u32::MAX, ..capacities };
        let fitting = fit(&nothing, observed, &capacities)?;
        let (taken, left_out, omitted) = (Vec::new(), Vec::new(), Vec::new());
        let knows_too_few = None;
        Ok(Self { nothing, observed, capacities, fitting, taken, left_out, omitted, knows_too_few })
    }

    /// Leaves out addresses until the table of peers, which has so many entries, has room: first
    /// those of `strangers`, which are unknown pods without an entry. Where these are too few,
    /// `others` go too, and no endpoint with rules is taken any more.
    pub(crate) fn omit(
        &mut self,
        peers: u32,
        strangers: Vec<IpAddr>,
        others: &[IpAddr],
    ) -> Result<(), Shortage> {
        self.capacities.peers = peers;
        let mut candidates = strangers.into_iter();
        while let Err(shortage) = self.take(&[]) {
            let room = (peers as usize).max(self.observed.peers.len());
            let excess = shortage.needed.saturating_sub(room);
            let mut excess: Vec<IpAddr> = candidates.by_ref().take(excess).collect();
            if shortage.table != "peers" || excess.is_empty() && self.knows_too_few.is_some() {
                return Err(shortage);
            }
            if excess.is_empty() {
                self.knows_too_few = Some(shortage);
                excess.extend(others);
            }
            excess.iter().for_each(|address| self.nothing.omit(*address));
            self.omitted.extend(excess.into_iter().map(|address| (address, shortage)));
        }
        Ok(())
    }

    /// Takes as many of `moves` as fit, the earlier ones first.
    pub(crate) fn include(&mut self, moves: &[Move]) {
        let Err(shortage) = self.take(moves) else { return };
        match moves {
            [] => {}
            [only] => self.left_out.push((only.clone(), shortage)),
            _ => {
                let (first, second) = moves.split_at(moves.len() / 2);
                self.include(first);
                self.include(second);
            }
        }
    }

    /// Takes all of them or none.
    fn take(&mut self, moves: &[Move]) -> Result<(), Shortage> {
        if let Some(shortage) = self.knows_too_few.filter(|_| moves.iter().any(Move::asks_peers)) {
            return Err(shortage);
        }
        let mut draft = self.nothing.clone();
        self.taken.iter().chain(moves).for_each(|one| one.apply(&mut draft));
        self.fitting = fit(&draft, self.observed, &self.capacities)?;
        self.taken.extend_from_slice(moves);
        Ok(())
    }
}

/// Who is not in the table goes first, which only closes, and what nobody uses any more with it: so
/// there is room, whatever an earlier plan left behind.
fn fit(draft: &Draft<'_>, observed: &Image, capacities: &Capacities) -> Result<Fitting, Shortage> {
    let mut ops = plan::plan_within(observed, &without_others(draft, observed), capacities)
        .map_err(shortage)?;
    let mut cleared = observed.clone();
    ops.iter().for_each(|op| op.apply(&mut cleared));
    let room = capacities.at_least(Counts::of(&cleared));
    let mut compiled = draft.compile(&room).map_err(|error| match error {
        CompileError::Capacity(shortage) => shortage,
    })?;
    let fresh = plan::number(observed, &mut compiled.image).fresh;
    ops.extend(plan::plan_within(&cleared, &compiled.image, capacities).map_err(shortage)?);
    Ok(Fitting { compiled, ops, fresh })
}

/// What there is, with everybody in quarantine who is not in the table.
fn without_others(draft: &Draft<'_>, observed: &Image) -> Image {
    let stays: BTreeSet<u32> = draft.endpoints().map(|(slot, _)| slot).collect();
    let pod_of: BTreeMap<u32, u32> =
        observed.subjects.iter().map(|(key, slot)| (*slot, key.endpoint)).collect();
    let mut image = observed.clone();
    for (slot, record) in &mut image.endpoints {
        if !stays.contains(pod_of.get(slot).unwrap_or(slot)) {
            *record = Endpoint { generation: record.generation, ..Endpoint::default() };
        }
    }
    image
}

/// A slot that is not free yet is one too few.
pub(crate) fn shortage(error: PlanError) -> Shortage {
    match error {
        PlanError::Capacity(shortage) => shortage,
        PlanError::SlotTaken { slot } => {
            Shortage { table: "endpoints", needed: slot as usize + 1, capacity: slot }
        }
    }
}
