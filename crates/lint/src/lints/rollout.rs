//! What is wrong with how policies come into force: not with a policy, and still not what it says.
//!
//! It has come after the others, so its ids are the last.

use super::lint;
use crate::checks::rollout;
use crate::lint::{Check, Lint};

pub(super) static ROWS: &[Lint] = &[lint!("RF054", "enforcement-word", Error,
    why: "A namespace whose label ringfence.io/enforcement has another value than audit or enforce is enforced.",
    fix: "Write `audit` or `enforce`, or leave the label away, so that the cluster's switch holds.",
    elsewhere: [], needs: [Namespaces], check: Check::Facts(rollout::enforcement_word))];
