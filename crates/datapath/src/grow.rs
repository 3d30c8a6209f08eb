//! Growing the tables: larger ones are filled beside them, and programs that use those take over.
//!
//! A map of the kernel never changes its size. So for a moment there are two that say the same, and
//! whichever a packet meets, the answer is one. What does not grow stays where it is: it is pinned a
//! second time and shared. Established connections are written by the programs, so `carry` copies them
//! while nothing new comes in.

use std::{fs, os::fd::AsFd, path::Path};

use crate::{
    AttachError, Capacities, Config, Direction, FileError, GrowError, Hooks, Instance, OpenError,
    host::name_of,
    instance::{Pins, failed},
    link::{existing, pinned_name, update},
    object,
    plain::Plain,
    sys,
    table::Table,
    tables::Tables,
};

/// Where the larger tables are while they are being filled.
const LARGER: &str = "maps-larger";

impl Instance {
    /// Makes the tables that grow at least as large as `wanted` says and leads every hook to programs
    /// that use them. Nothing is denied or let through meanwhile that is not otherwise. To be called
    /// where the interfaces are, in the node's network namespace. Returns whether any grew.
    ///
    /// Tables of policies, Services, endpoints and established connections grow; see
    /// `docs/design/overflow.md` for the others.
    ///
    /// # Errors
    /// Where a map or program is refused: then all is as it was.
    pub fn grow(&mut self, wanted: &Capacities) -> Result<bool, GrowError> {
        let capacities = larger(&self.config.capacities, wanted);
        if capacities == self.config.capacities {
            return Ok(false);
        }
        let config = Config { capacities, ..self.config.clone() };
        let mut larger = self.beside(&config)?;
        if let Err(error) = self.change_over(&mut larger) {
            let links = self.pins.links.clone();
            self.take_over(&links)?;
            self.tables.shares.thaw()?;
            forget(&self.pins)?;
            return Err(error);
        }
        larger.settle(&self.pins)?;
        *self = larger;
        Ok(true)
    }

    /// Leads every hook to `larger` and gives it the place of these tables. Where live tables grow,
    /// nothing new comes into them meanwhile: what proves itself stays where it began.
    fn change_over(&self, larger: &mut Self) -> Result<(), GrowError> {
        let (has, wanted) = (&self.config.capacities, &larger.config.capacities);
        let grows_established = has.established != wanted.established;
        let grows_shares = has.endpoints != wanted.endpoints;
        if grows_established || grows_shares {
            self.tables.shares.freeze()?;
            sys::await_programs().map_err(GrowError::Await)?;
        }
        if grows_shares {
            larger.tables.shares.copy(&self.tables.shares)?;
        }
        let carried = grows_established.then(|| larger.tables.carry(&self.tables)).transpose()?;
        larger.take_over(&self.pins.links)?;
        if let Some(carried) = carried {
            sys::await_programs().map_err(GrowError::Await)?;
            larger.tables.catch_up(&self.tables, carried)?;
        }
        let (own, other) = (&self.pins.maps, &larger.pins.maps);
        Ok(sys::exchange(own, other).map_err(failed("exchange", own))?)
    }

    /// Undoes what is left of a growth that was cut off: some hooks may be led to tables that nobody
    /// will write any more.
    pub(crate) fn end_growth(&mut self) -> Result<(), OpenError> {
        self.tables.shares.thaw()?;
        if !self.pins.version().join(LARGER).exists() {
            return Ok(());
        }
        let links = self.pins.links.clone();
        self.take_over(&links).map_err(|error| OpenError::Growth(Box::new(error)))?;
        Ok(forget(&self.pins)?)
    }

    /// An instance of its own that shares everything but the tables that grow, and says the same.
    fn beside(&self, config: &Config) -> Result<Self, GrowError> {
        let pins = Pins { maps: self.pins.version().join(LARGER), ..self.pins.clone() };
        forget(&self.pins)?;
        self.pins.keep_programs(&object::fingerprint(&self.config))?;
        pins.create()?;
        let growing = growing(&self.config, config);
        for entry in fs::read_dir(&self.pins.maps).map_err(failed("read", &self.pins.maps))? {
            let path = entry.map_err(failed("read", &self.pins.maps))?.path();
            let name = path.file_name().unwrap_or_default();
            if !growing.iter().any(|map| *map == name) {
                share(&path, &pins.maps.join(name))?;
            }
        }
        let fingerprint = object::fingerprint(config);
        let pin = |name: &str| pins.programs.join(format!("{name}-{fingerprint}"));
        object::load(config, &pins.maps, pin)?;
        let larger = Self::pinned(config.clone(), pins, self.held.share())?;
        larger.copy(&self.tables, &growing)?;
        Ok(larger)
    }

    fn copy(&self, from: &Tables, growing: &[&'static str]) -> Result<(), GrowError> {
        let to = &self.tables;
        for map in growing {
            match *map {
                "peers" => fill(&from.peers, &to.peers)?,
                "prefixes" => fill(&from.prefixes, &to.prefixes)?,
                "rows" => fill(&from.rows, &to.rows)?,
                "cells" => fill(&from.cells, &to.cells)?,
                "services" => fill(&from.services, &to.services)?,
                "backends" => fill(&from.backends, &to.backends)?,
                "interfaces" => fill(&from.interfaces, &to.interfaces)?,
                "pods" => fill(&from.pods, &to.pods)?,
                "subjects" => fill(&from.subjects, &to.subjects)?,
                "endpoints" => to.endpoints.copy(&from.endpoints)?,
                // Written by the programs; see `change_over`.
                "est" | "held" => {}
                _ => return Err(GrowError::Fixed { map }),
            }
        }
        Ok(())
    }

    /// Leads everything that is pinned in `links` to these programs, each in place.
    fn take_over(&mut self, links: &Path) -> Result<(), GrowError> {
        for entry in fs::read_dir(links).map_err(failed("read", links))? {
            let path = entry.map_err(failed("read", links))?.path();
            self.lead(&path)?;
        }
        Ok(())
    }

    /// Leads what is pinned at `path` to the program of these that belongs there.
    fn lead(&mut self, path: &Path) -> Result<(), GrowError> {
        if let Some(hook) = pinned_name(path) {
            return match hook.hooks {
                Hooks::Tcx => self.lead_hook(path, hook.direction),
                Hooks::Clsact => Ok(self.filter(hook.interface, hook.direction)?),
            };
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let of_host = Direction::BOTH.into_iter().find(|own| name.ends_with(name_of(*own)));
        if let Some(direction) = of_host {
            let host = self.host.as_mut().ok_or(GrowError::NoHost)?;
            return Ok(host.lead(direction, path)?);
        }
        Ok(self.calls.iter_mut().try_for_each(|call| call.lead(&name, path))?)
    }

    fn lead_hook(&mut self, path: &Path, direction: Direction) -> Result<(), GrowError> {
        match existing(path)? {
            // The veth of a link without an interface is gone.
            Some((link, data)) if data.interface != 0 => {
                let interface = data.interface;
                let refused = |source| AttachError::Link { interface, source: Box::new(source) };
                Ok(update(self.program(direction), link).map_err(refused)?)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Is where `before` was, whose maps have gone to the other folder.
    fn settle(&mut self, before: &Pins) -> Result<(), GrowError> {
        self.tables.shares.thaw()?;
        self.pins = before.clone();
        forget(&self.pins)?;
        Ok(self.pins.keep_programs(&object::fingerprint(&self.config))?)
    }
}

/// Removes the larger tables, or the smaller ones when they have exchanged their names.
fn forget(pins: &Pins) -> Result<(), FileError> {
    let larger = pins.version().join(LARGER);
    match fs::remove_dir_all(&larger) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(failed("remove", &larger)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn share(from: &Path, to: &Path) -> Result<(), FileError> {
    let map = sys::open_pinned(from).map_err(failed("open", from))?;
    sys::pin(map.as_fd(), to).map_err(failed("pin", to))
}

fn fill<K: Plain, V: Plain>(from: &Table<K, V>, to: &Table<K, V>) -> Result<(), GrowError> {
    let (keys, values): (Vec<K>, Vec<V>) = from.entries()?.into_iter().unzip();
    keys.iter().zip(&values).try_for_each(|(key, value)| Ok(to.insert(key, value)?))
}

/// No table shrinks.
fn larger(has: &Capacities, wanted: &Capacities) -> Capacities {
    Capacities {
        peers: has.peers.max(wanted.peers),
        prefixes: has.prefixes.max(wanted.prefixes),
        rows: has.rows.max(wanted.rows),
        cells: has.cells.max(wanted.cells),
        services: has.services.max(wanted.services),
        backends: has.backends.max(wanted.backends),
        endpoints: has.endpoints.max(wanted.endpoints),
        ..has.with_established(has.established.max(wanted.established))
    }
}

/// The maps whose size differs.
fn growing(has: &Config, wanted: &Config) -> Vec<&'static str> {
    let pairs = object::capacities(has).into_iter().zip(object::capacities(wanted));
    pairs.filter(|(has, wanted)| has != wanted).map(|((map, _), _)| map).collect()
}
