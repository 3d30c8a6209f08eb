//! The options of an IPv4 header (RFC 791 section 3.1, "Options").
//!
//! They are walked for one reason: a source route says that the packet goes on to somewhere else
//! than its destination, and then policy would judge the wrong receiver.

use crate::{Refusal, octets::Octets};

const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const LOOSE_ROUTE: u8 = 131;
const STRICT_ROUTE: u8 = 137;

/// Looks at the options from `at` to the end of `header`.
pub(crate) fn check(header: Octets<'_>, mut at: usize) -> Result<(), Refusal> {
    while at < header.len() {
        match header.u8(at)? {
            END => return Ok(()),
            NO_OPERATION => at += 1,
            kind => at += size(header, at, kind)?,
        }
    }
    Ok(())
}

/// The size of an option of more than one octet: its kind, its length, and what it says.
fn size(header: Octets<'_>, at: usize, kind: u8) -> Result<usize, Refusal> {
    let field = |at| header.u8(at).map_err(|_| Refusal::Option);
    let length = field(at + 1)?;
    let size = usize::from(length);
    if size < 2 || at + size > header.len() {
        return Err(Refusal::Option);
    }
    if kind == LOOSE_ROUTE || kind == STRICT_ROUTE {
        // The route is used up when its pointer points behind it.
        if size < 3 || field(at + 2)? <= length {
            return Err(Refusal::SourceRoute);
        }
    }
    Ok(size)
}
