//! A packet that still carries a Service's address: a raw socket's, or a virtual machine's.
//!
//! Which backend it will reach is decided later, by somebody else. So it is allowed only if every
//! backend is, each judged like any other peer (ruling N13).

use model::{Builtin, Direction, End, Flow, Rules, Traffic, Verdict, World};

use crate::subject::{Subjected, Who};
use crate::tier;
use crate::trace::EndTrace;

/// The first backend that is denied, else the last; nothing where the destination is no Service
/// with backends, which is then judged by its address.
pub(crate) fn judge(world: &World, rules: &Rules, flow: &Flow, who: Who) -> Option<EndTrace> {
    let End::External { address } = flow.destination() else { return None };
    let mut said = None;
    for backend in world.backends_at(*address, flow.traffic()) {
        let end = world.end_at(backend.address);
        let traffic = Traffic::Port(backend.protocol, backend.port);
        let to_backend =
            Flow::new(flow.source().clone(), end.clone(), traffic, flow.family()).ok()?;
        let to_backend = match flow.process() {
            Some(process) => to_backend.by(process.clone()),
            None => to_backend,
        };
        let subjected = Subjected { world, flow: &to_backend, who, direction: Direction::Egress };
        let judged = match subjected.is_untagged(rules) {
            true => Builtin::Untagged.into(),
            false => tier::judge(rules, &subjected),
        };
        let judged = EndTrace { backend: Some(end), ..judged };
        if judged.judgement.verdict == Verdict::Deny {
            return Some(judged);
        }
        said = Some(judged);
    }
    said
}
