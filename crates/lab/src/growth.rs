//! Makes a node's tables larger where not all of its policies found room.
//!
//! What does not fit is left out and said; but most of the time there is memory for more.

use std::path::Path;

use datapath::Instance;
use node::Node;

use crate::guard::Guard;
use crate::netns;

/// Grows what was too small for `table`. Returns whether anything grew; that nothing could is news.
pub(crate) fn grow(instance: &mut Instance, netns: &Path, table: &Node, guard: &mut Guard) -> bool {
    let shortages = &table.not_programmed().shortages;
    let wanted = instance.config().capacities.with_room(shortages);
    let grown = netns::within(netns, || Ok::<_, std::io::Error>(instance.grow(&wanted)));
    match grown {
        Ok(Ok(grown)) => {
            let lines = shortages.iter().filter(|_| grown);
            lines.for_each(|short| guard.tell(format!("grown: {short}")));
            grown
        }
        Ok(Err(error)) => {
            guard.tell(format!("warning: {}", crate::error::chain(&error)));
            false
        }
        Err(error) => {
            guard.tell(format!("warning: {}", crate::error::chain(&error)));
            false
        }
    }
}
