//! What a node or a cluster has, lacks, and is shared with, said before Ringfence is there.
//!
//! Facts are gathered first and judged afterwards, so that every judgement is tested on a machine that
//! has none of what it is about.
//!
//! **Invariant:** it leaves nothing behind: what it loads to try it is gone when it answers.
//! **Invariant:** what cannot be found out is unknown, never good.

mod engine;
mod facts;
mod finding;
#[cfg(target_os = "linux")]
mod gather;
mod live;
mod network;
mod node;
mod proxy;
mod text;

pub use engine::{ENGINES, Engine, Seen};
pub use facts::{KernelFacts, NamedChain, NodeFacts, Occupied};
pub use finding::{Finding, Outcome, blocks};
#[cfg(target_os = "linux")]
pub use gather::{Places, gather, gather_engines, gather_kernel};
pub use live::{LiveError, live};
pub use node::{engines_of, judge, judge_engines, judge_kernel};
pub use text::{json, text};
