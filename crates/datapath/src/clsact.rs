//! Our filters on kernels without tcx: attached, looked after, and removed.
//!
//! A filter belongs to its interface and to nobody else: it outlives us, and anybody may take it
//! away. The program is pinned beside it, so that who comes later knows where it was put.

use std::{io, os::fd::AsFd, path::Path};

use aya::programs::SchedClassifier;

use crate::{
    AttachError, Direction, FilterError, Hooks, Instance, RemoveError,
    company::{Chain, Drift, Occupant, PinState, Repaired},
    instance::failed as file,
    link::{Pinned, pin, pinned_name},
    tc::{Filter, HANDLES, Place, TrafficControl},
};

/// What to do with one of our handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Put the program there, at the head if nothing is there.
    Put(u32),
    /// Remove what is there.
    Remove(u32),
}

/// What makes `wanted` the first to run, once. After each step one of ours stands where one stood.
fn steps(filters: &[Filter], wanted: u32) -> Vec<Step> {
    let mut ours = filters.iter().filter(|filter| filter.is_at_ours());
    let [first, second] = HANDLES;
    let Some(keep) = ours.next() else { return vec![Step::Put(first)] };
    let mut steps: Vec<Step> = ours.map(|extra| Step::Remove(extra.handle)).collect();
    let spare = if keep.handle == first { second } else { first };
    if filters.first() != Some(keep) {
        // A new filter goes before the others of its priority.
        steps.extend([Step::Put(spare), Step::Remove(keep.handle)]);
    } else if keep.program != Some(wanted) {
        steps.push(Step::Put(keep.handle));
    }
    steps
}

/// What somebody did: to the pin first, because it is put right first.
fn drifts(pinned: PinState, filters: &[Filter], wanted: u32) -> Vec<Drift> {
    let of_the_pin = match pinned {
        PinState::Ours => None,
        PinState::Nothing => Some(Drift::PinRemoved),
        PinState::Other => Some(Drift::PinChanged),
    };
    let ours = filters.iter().find(|filter| filter.is_at_ours());
    let of_the_filter = match ours {
        None => Some(Drift::Detached),
        Some(ours) if ours.program != Some(wanted) => Some(Drift::ProgramChanged),
        Some(ours) if filters.first() != Some(ours) => Some(Drift::Preceded),
        Some(_) => None,
    };
    of_the_pin.into_iter().chain(of_the_filter).collect()
}

fn failed(interface: u32) -> impl Fn(FilterError) -> AttachError {
    move |source| AttachError::Filter { interface, source }
}

/// The programs of one side's filters, with their names.
pub(crate) fn listed(
    interface: u32,
    direction: Direction,
) -> Result<Vec<(u32, String)>, AttachError> {
    let mut control = TrafficControl::open().map_err(failed(interface))?;
    let filters = control.list(Place { interface, direction }).map_err(failed(interface))?;
    Ok(filters.into_iter().map(|it| (it.program.unwrap_or_default(), it.name)).collect())
}

impl Instance {
    /// Makes our filter the first of the hook; writes nothing where it is.
    pub(crate) fn filter(
        &mut self,
        interface: u32,
        direction: Direction,
    ) -> Result<(), AttachError> {
        let place = Place { interface, direction };
        let wanted = self.program_id(interface, direction)?;
        let mut control = TrafficControl::open().map_err(failed(interface))?;
        let filters = control.list(place).map_err(failed(interface))?;
        self.perform_steps(&mut control, place, &steps(&filters, wanted))?;
        if self.pinned_program(place, wanted) != PinState::Ours {
            self.pin_program(place)?;
        }
        self.hold(interface, direction)
    }

    /// Removes our filters from the hook, and nothing else: what runs there must be this program or
    /// the one that is pinned.
    pub(crate) fn unfilter(&self, interface: u32, direction: Direction) -> Result<(), AttachError> {
        let own = self.program_id(interface, direction)?;
        let pinned = pinned_id(&self.link_path(interface, direction)).ok();
        std::iter::once(own)
            .chain(pinned.filter(|pinned| *pinned != own))
            .try_for_each(|program| remove_program(Place { interface, direction }, program))
            .map_err(failed(interface))
    }

    /// Everybody on the hook. Nothing tells how often the filters changed.
    pub(crate) fn filters(
        &self,
        interface: u32,
        direction: Direction,
    ) -> Result<Chain, AttachError> {
        let wanted = self.program_id(interface, direction)?;
        let mut control = TrafficControl::open().map_err(failed(interface))?;
        let filters = control.list(Place { interface, direction }).map_err(failed(interface))?;
        Ok(chain(Place { interface, direction }, &filters, wanted))
    }

    /// Looks at one hook and puts right what drifted.
    pub(crate) fn put_filter_right(
        &mut self,
        interface: u32,
        direction: Direction,
    ) -> Result<Vec<Repaired>, AttachError> {
        let place = Place { interface, direction };
        let wanted = self.program_id(interface, direction)?;
        let mut control = TrafficControl::open().map_err(failed(interface))?;
        let filters = control.list(place).map_err(failed(interface))?;
        let drifts = drifts(self.pinned_program(place, wanted), &filters, wanted);
        if drifts.iter().any(|drift| matches!(drift, Drift::PinRemoved | Drift::PinChanged)) {
            self.pins.create()?;
            self.pin_program(place)?;
        }
        self.perform_steps(&mut control, place, &steps(&filters, wanted))?;
        let chain = chain(place, &filters, wanted);
        let repaired =
            |drift: Drift| Repaired { chain: chain.clone(), drift, repair: drift.repair() };
        Ok(drifts.into_iter().map(repaired).collect())
    }

    fn perform_steps(
        &self,
        control: &mut TrafficControl,
        place: Place,
        steps: &[Step],
    ) -> Result<(), AttachError> {
        let failed = failed(place.interface);
        if steps.iter().any(|step| matches!(step, Step::Put(_))) {
            control.ensure_qdisc(place.interface).map_err(&failed)?;
        }
        let program = self.own(place.direction).fd().map_err(refused(place.interface))?;
        let name = format!("ringfence_{}", place.direction.word());
        steps.iter().try_for_each(|step| match *step {
            Step::Put(handle) => {
                control.put(place, handle, program.as_fd(), &name).map_err(&failed)
            }
            Step::Remove(handle) => control.remove(place, handle).map_err(&failed),
        })
    }

    fn program_id(&self, interface: u32, direction: Direction) -> Result<u32, AttachError> {
        let info = self.own(direction).info().map_err(refused(interface))?;
        Ok(info.id())
    }

    fn pin_program(&self, place: Place) -> Result<(), AttachError> {
        let program = self.own(place.direction).fd().map_err(refused(place.interface))?;
        pin(program.as_fd(), &self.link_path(place.interface, place.direction))
    }

    fn pinned_program(&self, place: Place, wanted: u32) -> PinState {
        match pinned_id(&self.link_path(place.interface, place.direction)) {
            Ok(found) if found == wanted => PinState::Ours,
            Err(error) if error.kind() == io::ErrorKind::NotFound => PinState::Nothing,
            // What cannot be read is no program.
            Ok(_) | Err(_) => PinState::Other,
        }
    }
}

fn refused(interface: u32) -> impl Fn(aya::programs::ProgramError) -> AttachError {
    move |source| AttachError::Link { interface, source: Box::new(source) }
}

fn pinned_id(path: &Path) -> io::Result<u32> {
    let info = SchedClassifier::from_pin(path).and_then(|program| program.info());
    match info {
        Ok(info) => Ok(info.id()),
        Err(_) if !path.exists() => Err(io::ErrorKind::NotFound.into()),
        Err(error) => Err(io::Error::other(error)),
    }
}

fn chain(place: Place, filters: &[Filter], wanted: u32) -> Chain {
    let occupant = |filter: &Filter| Occupant {
        id: filter.program.unwrap_or_default(),
        name: if filter.name.is_empty() { filter.kind.clone() } else { filter.name.clone() },
        is_ours: filter.program == Some(wanted),
    };
    let programs = filters.iter().map(occupant).collect();
    Chain { interface: place.interface, direction: place.direction, revision: 0, programs }
}

/// Removes the filters that the pins below `links` speak of, as far as their interfaces are in the
/// calling thread's network namespace. A filter that is not the pinned program is somebody else's.
pub(crate) fn remove_recorded(links: &Path) -> Result<(), RemoveError> {
    let entries = match std::fs::read_dir(links) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(file("read", links))?,
    };
    for entry in entries {
        let path = entry.map_err(file("read", links))?.path();
        if let (Some(pinned), Ok(program)) = (pinned_name(&path), pinned_id(&path))
            && pinned.hooks == Hooks::Clsact
        {
            let Pinned { interface, direction, .. } = pinned;
            remove_program(Place { interface, direction }, program)?;
        }
    }
    Ok(())
}

fn remove_program(place: Place, program: u32) -> Result<(), FilterError> {
    let mut control = TrafficControl::open()?;
    let filters = control.list(place)?;
    let ours = filters.iter().filter(|one| one.is_at_ours() && one.program == Some(program));
    ours.into_iter().try_for_each(|filter| control.remove(place, filter.handle))
}

#[cfg(test)]
mod tests {
    use netlink_packet_route::tc::TcFilterBpf;

    use super::*;
    use crate::tc::PRIORITY;

    const OURS: u32 = 7;
    const FIRST: u32 = HANDLES[0];
    const SECOND: u32 = HANDLES[1];

    fn filter_of(handle: u32, program: u32) -> Filter {
        Filter {
            priority: PRIORITY,
            handle,
            kind: TcFilterBpf::KIND.to_owned(),
            name: String::new(),
            program: Some(program),
        }
    }

    /// Each step as the kernel would do it: what is new goes to the head.
    fn after(mut filters: Vec<Filter>, steps: &[Step]) -> Vec<Filter> {
        for step in steps {
            match *step {
                Step::Put(handle) => match filters.iter_mut().find(|one| one.handle == handle) {
                    Some(found) => found.program = Some(OURS),
                    None => filters.insert(0, filter_of(handle, OURS)),
                },
                Step::Remove(handle) => filters.retain(|one| one.handle != handle),
            }
        }
        filters
    }

    #[test]
    fn whatever_is_there_ours_is_then_first_and_there_once_and_others_stay() {
        let other = || filter_of(9, 8);
        let (old, ours, spare) =
            (filter_of(FIRST, 3), filter_of(FIRST, OURS), filter_of(SECOND, OURS));
        let found: [&[&Filter]; 9] = [
            &[],
            &[&ours],
            &[&old],
            &[&other()],
            &[&other(), &ours],
            &[&other(), &old],
            &[&other(), &spare],
            &[&spare, &ours, &other()],
            &[&other(), &spare, &other(), &ours],
        ];
        for filters in found {
            let filters: Vec<Filter> = filters.iter().map(|one| (*one).clone()).collect();
            let others =
                |filters: &[Filter]| filters.iter().filter(|one| !one.is_at_ours()).count();
            let then = after(filters.clone(), &steps(&filters, OURS));
            assert_eq!(then.first().and_then(|one| one.program), Some(OURS), "{filters:?}");
            assert_eq!(then.len() - others(&then), 1, "{filters:?}");
            assert_eq!(others(&then), others(&filters), "{filters:?}");
            assert_eq!(steps(&then, OURS), [], "{filters:?}");
        }
    }

    #[test]
    fn one_of_ours_stands_at_every_moment_where_one_stood() {
        let filters = vec![filter_of(9, 8), filter_of(SECOND, OURS), filter_of(FIRST, 3)];
        let steps = steps(&filters, OURS);
        for done in 0..=steps.len() {
            let then = after(filters.clone(), steps.get(..done).unwrap_or_default());
            assert!(then.iter().any(Filter::is_at_ours), "after {done}");
        }
    }

    #[test]
    fn a_filter_that_does_not_decide_is_another_program() {
        let mut silent = filter_of(FIRST, OURS);
        silent.program = None;
        assert_eq!(drifts(PinState::Ours, &[silent.clone()], OURS), [Drift::ProgramChanged]);
        assert_eq!(steps(&[silent], OURS), [Step::Put(FIRST)]);
        assert_eq!(drifts(PinState::Ours, &[filter_of(FIRST, OURS)], OURS), []);
    }

    #[test]
    fn what_was_done_is_named() {
        let (other, ours) = (filter_of(9, 8), filter_of(FIRST, OURS));
        assert_eq!(drifts(PinState::Ours, std::slice::from_ref(&other), OURS), [Drift::Detached]);
        let preceded = [other, ours.clone()];
        assert_eq!(
            drifts(PinState::Nothing, &preceded, OURS),
            [Drift::PinRemoved, Drift::Preceded]
        );
        assert_eq!(drifts(PinState::Other, &[ours], OURS), [Drift::PinChanged]);
    }
}
