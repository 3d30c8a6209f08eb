//! How a version of a policy came to the kernels: when the last node had it, and how long the slowest took.
//!
//! A node's word is about all changes of a kind, so it counts for a policy only while that policy is on its
//! way there.

use std::collections::BTreeSet;

use api::{InKernel, ResourceVersion};

use crate::standing::{Node, Standing};

/// How a version of a policy came to the kernels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) version: ResourceVersion,
    /// Nodes that did not have it when it was looked last.
    pending: BTreeSet<String>,
    pub(crate) in_kernel: Option<InKernel>,
}

impl Progress {
    /// Of a version that nobody has; or that had come so far when somebody wrote it down.
    pub(crate) fn begin(version: ResourceVersion, in_kernel: Option<InKernel>) -> Self {
        Self { version, pending: BTreeSet::new(), in_kernel }
    }

    /// Looks how far it is. `is_new` says that the version came while this process watched, so that every
    /// node that has it came to it since.
    pub(crate) fn look(&mut self, kind: &str, nodes: &[Node], standing: &Standing, is_new: bool) {
        let is_unknown = self.in_kernel.is_none();
        for node in nodes.iter().filter(|node| !standing.lacking.contains_key(&node.name)) {
            let Some((version, change)) = node.change(kind) else { continue };
            // A node that has nothing beyond it came to it by its last change.
            let is_first = is_unknown && version == self.version;
            if is_new || is_first || self.pending.contains(&node.name) {
                let known = self.in_kernel.unwrap_or(InKernel {
                    since: change.at,
                    milliseconds_max: change.milliseconds,
                });
                self.in_kernel = Some(InKernel {
                    since: known.since.max(change.at),
                    milliseconds_max: known.milliseconds_max.max(change.milliseconds),
                });
            }
        }
        self.pending = standing.nodes_without();
    }
}

#[cfg(test)]
mod tests {
    use api::{Change, Endpoints, Enforcement, NodeStatus, PolicyKindInForce, Timestamp};

    use super::*;
    use crate::standing::Which;

    const KIND: &str = "NetworkPolicy";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    fn node(name: &str, version: u64, second: i64, milliseconds: u32) -> Node {
        let status = NodeStatus {
            ready: true,
            since: at(0),
            lacks: Vec::new(),
            enforcement: Enforcement::Enforce,
            agent_version: "1".into(),
            endpoints: Endpoints { attached: 0, enforced: 0 },
            in_force: vec![PolicyKindInForce {
                kind: KIND.into(),
                resource_version: ResourceVersion::new(version),
                change: Some(Change { at: at(second), milliseconds }),
            }],
            not_programmed: Vec::new(),
            not_programmed_count: 0,
            unreadable: Vec::new(),
            unreadable_count: 0,
            last_change: None,
        };
        Node::new(name.into(), Some(status))
    }

    fn look(progress: &mut Progress, nodes: &[Node], is_new: bool) -> Option<(i64, u32)> {
        let version = progress.version;
        let which = Which { kind: KIND, namespace: "shop", name: "web", version };
        progress.look(KIND, nodes, &Standing::of(which, nodes), is_new);
        progress.in_kernel.map(|known| (known.since.as_second(), known.milliseconds_max))
    }

    #[test]
    fn the_last_node_says_when_and_the_slowest_how_long() {
        let mut progress = Progress::begin(ResourceVersion::new(5), None);
        let one = |version, second, ms| node("n1", version, second, ms);
        let two = |version, second, ms| node("n2", version, second, ms);
        assert_eq!(look(&mut progress, &[one(4, 1, 9), two(4, 1, 9)], true), None);
        assert_eq!(look(&mut progress, &[one(5, 2, 30), two(4, 1, 9)], false), Some((2, 30)));
        assert_eq!(look(&mut progress, &[one(5, 2, 30), two(7, 4, 20)], false), Some((4, 30)));
        // What comes after concerns other policies.
        assert_eq!(look(&mut progress, &[one(9, 8, 99), two(9, 8, 99)], false), Some((4, 30)));
    }

    #[test]
    fn of_what_was_in_force_before_somebody_watched_only_the_last_change_is_known() {
        let mut progress = Progress::begin(ResourceVersion::new(5), None);
        assert_eq!(look(&mut progress, &[node("n1", 9, 8, 99)], false), None);
        let mut progress = Progress::begin(ResourceVersion::new(5), None);
        assert_eq!(look(&mut progress, &[node("n1", 5, 8, 99)], false), Some((8, 99)));
    }
}
