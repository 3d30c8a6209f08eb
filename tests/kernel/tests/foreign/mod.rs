//! Somebody else on the hooks: programs that are not ours, see `bpf/foreign.bpf.c`.
//!
//! They are attached as any tool would attach its own, and removed when they are dropped.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a failed test may say so in any way")]

use aya::{
    Ebpf, include_bytes_aligned,
    maps::Array,
    programs::{
        LinkOrder, SchedClassifier, TcAttachType,
        links::{FdLink, PinnedLink},
        tc::{SchedClassifierLink, TcAttach},
    },
};

const OBJECT: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/foreign.bpf.o"));

/// What a foreign program does with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Leaves it to the next program.
    Watches,
    /// Lets it pass and ends the chain.
    Passes,
}

/// A foreign program and its links.
pub(crate) struct Foreign {
    object: Ebpf,
    name: &'static str,
}

impl Foreign {
    pub(crate) fn load(manner: Manner) -> Self {
        let name = match manner {
            Manner::Watches => "foreign_watches",
            Manner::Passes => "foreign_passes",
        };
        let mut foreign = Self { object: Ebpf::load(OBJECT).unwrap(), name };
        foreign.program().load().unwrap();
        foreign
    }

    /// Attaches in the calling thread's network namespace.
    pub(crate) fn attach(&mut self, interface: u32, attach_type: TcAttachType, order: LinkOrder) {
        self.program().attach(interface, TcAttach::Tcx { attach_type, order }).unwrap();
    }

    /// Takes over the link that is pinned at `path`.
    pub(crate) fn usurp(&mut self, path: &str) {
        let link = FdLink::from(PinnedLink::from_pin(path).unwrap());
        let link = SchedClassifierLink::try_from(link).unwrap();
        self.program().attach_to_link(link).unwrap();
    }

    /// Pins the program at `path`.
    pub(crate) fn pin(&mut self, path: &str) {
        self.program().pin(path).unwrap();
    }

    /// How many datagrams it has seen.
    pub(crate) fn seen(&self) -> u64 {
        let seen: Array<_, u64> = self.object.map("seen").unwrap().try_into().unwrap();
        seen.get(&0, 0).unwrap()
    }

    fn program(&mut self) -> &mut SchedClassifier {
        self.object.program_mut(self.name).unwrap().try_into().unwrap()
    }
}
