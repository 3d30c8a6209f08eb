//! By which means programs stand on the hooks of an interface.
//!
//! Linux 6.6 brought tcx: links that nobody else can take away unnoticed. Before there is clsact
//! only. Which one it is, is decided once, when an instance is configured.

use std::sync::OnceLock;

use aya::programs::{ProgramError, SchedClassifier, TcAttachType};

/// The means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hooks {
    /// Pinned links at the head of a chain.
    Tcx,
    /// Filters of the qdisc clsact, with the weaker guarantees that `docs/design/company.md` names.
    Clsact,
}

/// The loopback device's index in every network namespace.
const LOOPBACK: u32 = 1;

impl Hooks {
    /// What this kernel offers: tcx, unless it does not know the question who stands there.
    #[must_use]
    pub fn of_this_kernel() -> Self {
        static FOUND: OnceLock<Hooks> = OnceLock::new();
        *FOUND.get_or_init(|| match SchedClassifier::query_tcx(LOOPBACK, TcAttachType::Ingress) {
            Err(ProgramError::SyscallError(error))
                if error.io_error.raw_os_error() == Some(libc::EINVAL) =>
            {
                Self::Clsact
            }
            Ok(_) | Err(_) => Self::Tcx,
        })
    }

    /// What is lacking, in words, with what follows from that.
    #[must_use]
    pub fn lacking(self) -> Option<&'static str> {
        match self {
            Self::Tcx => None,
            Self::Clsact => Some(
                "tcx (Linux 6.6): anybody who may change filters can take ours away until that is \
                 noticed",
            ),
        }
    }

    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcx => "tcx",
            Self::Clsact => "clsact",
        }
    }
}
