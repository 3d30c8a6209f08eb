//! Who else stands on the hooks of an interface, and whether ours still stand where they must.
//!
//! A program before ours that ends the chain takes the pod's policy away, and so does whoever
//! detaches our link. The kernel tells nobody, so this is looked at again and again: what drifted is
//! named, and put right without a moment in which a packet finds the hook open.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::Path,
};

use aya::programs::{ProgramInfo, SchedClassifier};

use crate::{
    AttachError, Direction, Hooks, Instance,
    link::{create, existing, pin, update},
    object,
    sys::{self, LinkData},
};

/// How often a chain is read that changes while it is read.
const READINGS_MAX: u32 = 5;

/// A program on a hook.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occupant {
    /// The kernel's number for it.
    pub id: u32,
    /// What its maker called it, as far as the kernel keeps that.
    pub name: String,
    /// Whether it is this instance's.
    pub is_ours: bool,
}

/// The programs of one hook in the order in which they run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The interface's index.
    pub interface: u32,
    /// Which side of the pod's traffic.
    pub direction: Direction,
    /// Changes whenever the chain does; 0 where nothing tells, as with [`Hooks::Clsact`].
    pub revision: u64,
    /// First who runs first.
    pub programs: Vec<Occupant>,
}

impl Chain {
    /// Whether nobody runs before ours.
    #[must_use]
    pub fn is_ours_first(&self) -> bool {
        self.programs.first().is_some_and(|first| first.is_ours)
    }

    /// Everybody but us.
    pub fn others(&self) -> impl Iterator<Item = &Occupant> {
        self.programs.iter().filter(|program| !program.is_ours)
    }
}

/// What somebody else did to one of our hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drift {
    /// The pin was removed.
    PinRemoved,
    /// Something else has the pin's name.
    PinChanged,
    /// The link was detached, or the interface made anew.
    Detached,
    /// The link leads to another program.
    ProgramChanged,
    /// A program runs before ours.
    Preceded,
}

/// What puts a drift right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// The link that is held was pinned again.
    Pinned,
    /// A new link was attached at the head.
    Attached,
    /// The link leads to our program again.
    Restored,
    /// A new link was attached at the head before the old one was given up.
    MovedToHead,
}

impl Drift {
    /// What puts it right.
    #[must_use]
    pub fn repair(self) -> Repair {
        match self {
            Self::PinRemoved | Self::PinChanged => Repair::Pinned,
            Self::Detached => Repair::Attached,
            Self::ProgramChanged => Repair::Restored,
            Self::Preceded => Repair::MovedToHead,
        }
    }

    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PinRemoved => "pin removed",
            Self::PinChanged => "pin changed",
            Self::Detached => "detached",
            Self::ProgramChanged => "program changed",
            Self::Preceded => "preceded",
        }
    }
}

impl Repair {
    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pinned => "pinned again",
            Self::Attached => "attached again",
            Self::Restored => "program restored",
            Self::MovedToHead => "moved to the head",
        }
    }
}

/// A drift that was found and put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The hook as it was found.
    pub chain: Chain,
    /// What had happened.
    pub drift: Drift,
    /// What was done.
    pub repair: Repair,
}

/// What a pin's name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinState {
    Nothing,
    Ours,
    Other,
}

impl Instance {
    /// Everybody on both hooks of an interface, in the calling thread's network namespace.
    ///
    /// # Errors
    /// Where the hooks cannot be read.
    pub fn company(&self, interface: u32) -> Result<Vec<Chain>, AttachError> {
        let of_one_hook = |direction| match self.config.hooks {
            Hooks::Tcx => self.chain(interface, direction),
            Hooks::Clsact => self.filters(interface, direction),
        };
        Direction::BOTH.into_iter().map(of_one_hook).collect()
    }

    /// Looks at both hooks of an interface that this process has attached and is still there, and
    /// puts right what drifted.
    ///
    /// # Errors
    /// Where a hook cannot be read or put right.
    pub fn put_right(&mut self, interface: u32) -> Result<Vec<Repaired>, AttachError> {
        let mut repaired = Vec::new();
        for direction in Direction::BOTH {
            let Some(link) = self.held.link(interface, direction) else { continue };
            if self.config.hooks == Hooks::Clsact {
                repaired.extend(self.put_filter_right(interface, direction)?);
                continue;
            }
            let chain = self.chain(interface, direction)?;
            let path = self.link_path(interface, direction);
            let held = sys::link_data(link.as_fd())
                .map_err(|source| AttachError::Inspect { path: path.clone(), source })?;
            for drift in drifts(pinned(&path, held), held, &chain) {
                self.repair(drift, &chain, link.as_fd())?;
                repaired.push(Repaired { chain: chain.clone(), drift, repair: drift.repair() });
            }
        }
        Ok(repaired)
    }

    pub(crate) fn own(&self, direction: Direction) -> &SchedClassifier {
        match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        }
    }

    fn chain(&self, interface: u32, direction: Direction) -> Result<Chain, AttachError> {
        let query = |source| AttachError::Query { interface, source: Box::new(source) };
        let ours = self.own(direction).info().map_err(query)?.id();
        let mut readings = 1;
        let (revision, programs) = loop {
            match SchedClassifier::query_tcx(interface, direction.hook()) {
                // A program went between its number and its name.
                Err(_) if readings < READINGS_MAX => readings += 1,
                read => break read.map_err(query)?,
            }
        };
        let occupant = |program: ProgramInfo| Occupant {
            id: program.id(),
            name: String::from_utf8_lossy(program.name()).into_owned(),
            is_ours: program.id() == ours,
        };
        let programs = programs.into_iter().map(occupant).collect();
        Ok(Chain { interface, direction, revision, programs })
    }

    fn repair(
        &mut self,
        drift: Drift,
        chain: &Chain,
        link: BorrowedFd<'_>,
    ) -> Result<(), AttachError> {
        let Chain { interface, direction, .. } = *chain;
        let path = self.link_path(interface, direction);
        self.pins.create()?;
        match drift {
            Drift::PinRemoved | Drift::PinChanged => pin(link, &path)?,
            Drift::Detached => create(self.program(direction), interface, direction, &path)?,
            Drift::ProgramChanged => self.restore(interface, direction, &path)?,
            Drift::Preceded => {
                let mut copy = object::copy(&self.config, &self.pins, direction)
                    .map_err(|source| AttachError::Copy { interface, source: Box::new(source) })?;
                create(&mut copy, interface, direction, &path)?;
                sys::detach_link(link)
                    .map_err(|source| AttachError::Inspect { path: path.clone(), source })?;
                self.restore(interface, direction, &path)?;
            }
        }
        self.hold(interface, direction)
    }

    /// Leads the link that is pinned to our program.
    fn restore(
        &mut self,
        interface: u32,
        direction: Direction,
        path: &Path,
    ) -> Result<(), AttachError> {
        let Some((link, _)) = existing(path)? else { return Ok(()) };
        update(self.program(direction), link)
            .map_err(|source| AttachError::Link { interface, source: Box::new(source) })
    }
}

/// Takes the link that is pinned at `path` off its hook, whoever holds it; the pin stays. Anybody who
/// may administer BPF can do this to us, and tests do.
///
/// # Errors
/// Where nothing is pinned there, or the kernel refuses.
pub fn detach_pinned(path: &Path) -> io::Result<()> {
    sys::detach_link(sys::open_pinned(path)?.as_fd())
}

fn pinned(path: &Path, held: LinkData) -> PinState {
    match existing(path) {
        Ok(None) => PinState::Nothing,
        Ok(Some((_, found))) if found == held => PinState::Ours,
        // What cannot be read is no link.
        Ok(Some(_)) | Err(_) => PinState::Other,
    }
}

/// What is wrong with a link that is held: its pin first, because what follows replaces the pin.
fn drifts(pinned: PinState, held: LinkData, chain: &Chain) -> Vec<Drift> {
    let of_the_pin = match pinned {
        PinState::Ours => None,
        PinState::Nothing => Some(Drift::PinRemoved),
        PinState::Other => Some(Drift::PinChanged),
    };
    let runs = chain.programs.iter().find(|one| one.id == held.program);
    let of_the_link = match runs {
        Some(_) if held.interface != chain.interface => Some(Drift::Detached),
        None => Some(Drift::Detached),
        Some(one) if !one.is_ours => Some(Drift::ProgramChanged),
        Some(_) if !chain.is_ours_first() => Some(Drift::Preceded),
        Some(_) => None,
    };
    of_the_pin.into_iter().chain(of_the_link).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: u32 = 7;

    fn chain(programs: &[u32]) -> Chain {
        let occupant = |id: &u32| Occupant { id: *id, name: String::new(), is_ours: *id == OURS };
        let programs = programs.iter().map(occupant).collect();
        Chain { interface: 1, direction: Direction::Egress, revision: 1, programs }
    }

    fn held(program: u32, interface: u32) -> LinkData {
        LinkData { kind: 11, id: 3, program, interface, cgroup: 0 }
    }

    fn found(pinned: PinState, program: u32, programs: &[u32]) -> Vec<Drift> {
        drifts(pinned, held(program, 1), &chain(programs))
    }

    #[test]
    fn company_behind_ours_is_no_drift_and_company_before_it_is() {
        assert_eq!(found(PinState::Ours, OURS, &[OURS, 8, 9]), []);
        assert_eq!(found(PinState::Ours, OURS, &[8, OURS]), [Drift::Preceded]);
    }

    #[test]
    fn a_link_whose_program_runs_nowhere_is_detached_and_one_of_another_is_changed() {
        assert_eq!(found(PinState::Ours, OURS, &[]), [Drift::Detached]);
        assert_eq!(found(PinState::Ours, OURS, &[8]), [Drift::Detached]);
        assert_eq!(found(PinState::Ours, 8, &[8]), [Drift::ProgramChanged]);
        assert_eq!(drifts(PinState::Ours, held(OURS, 0), &chain(&[OURS])), [Drift::Detached]);
    }

    #[test]
    fn the_pin_is_put_right_before_the_link() {
        let both = |pin| vec![pin, Drift::Preceded];
        assert_eq!(found(PinState::Nothing, OURS, &[8, OURS]), both(Drift::PinRemoved));
        assert_eq!(found(PinState::Other, OURS, &[8, OURS]), both(Drift::PinChanged));
    }
}
