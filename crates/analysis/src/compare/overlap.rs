//! Which pods both sides select, and who can meet whom.
//!
//! Two sets that never meet cannot contradict each other, whatever they say.

use compile::{Assigned, Member, PolicySet, Roster, SetId, Who};
use model::{Direction, Family, PodId, Reason};
use roaring::RoaringBitmap;

use crate::compare::relation::{Side, Witness};
use crate::compare::{Found, Party};
use crate::strangers::Strangers;

/// Whether some rule speaks for a pod.
pub(super) fn is_selected(assigned: &Assigned, pod: PodId) -> bool {
    let sets = assigned.of(pod).into_iter().flatten();
    sets.filter_map(|set| set_of(assigned, set)).any(|set| !set.is_empty())
}

fn set_of(assigned: &Assigned, id: SetId) -> Option<&PolicySet> {
    assigned.sets().get(id.0 as usize).map(AsRef::as_ref)
}

/// Pods that both sides select in one direction.
pub(super) fn overlap(strangers: &Strangers, [a, b]: [&Assigned; 2]) -> Found {
    let mut found = Found::default();
    for (pod, _) in strangers.world.pods() {
        let (Some(of_a), Some(of_b)) = (a.of(pod), b.of(pod)) else { continue };
        for (direction, (in_a, in_b)) in Direction::ALL.into_iter().zip(of_a.into_iter().zip(of_b))
        {
            let first = |assigned, set| {
                let rule = set_of(assigned, set)?.rules().next()?;
                Some(Side { verdict: None, reason: Some(Reason::Rule(rule.clone())) })
            };
            let (Some(a), Some(b)) = (first(a, in_a), first(b, in_b)) else { continue };
            let own = Some(Party::member(strangers, Member::Pod(pod)));
            let (from, to) = match direction {
                Direction::Egress => (own, None),
                Direction::Ingress => (None, own),
            };
            found.keep(Witness { direction, from, to, family: None, ports: None, a, b });
        }
        if found.given.is_some() {
            break;
        }
    }
    found
}

/// A subject and a peer that can meet in some of `families`, and in which. Nobody is his own peer, but pods from
/// number `given_pods` on stand for any number of their kind.
pub(super) fn meeting(
    roster: &Roster,
    subjects: &RoaringBitmap,
    who: &Who,
    families: &[Family],
    given_pods: u32,
) -> Option<(u32, Option<Member>, Family)> {
    families.iter().find_map(|family| {
        let able = subjects & roster.present(*family);
        let ends: Option<(u32, Option<Member>)> = match who {
            Who::Outside(range) | Who::UnknownPod(range) => {
                (range.family == *family).then_some((able.min()?, None))
            }
            Who::Like { member, .. } => Some((able.min()?, roster.member(*member))),
            Who::Members(members) => {
                let mut members = members & roster.present(*family);
                let subject = able.min()?;
                if subject < given_pods && members.len() > 1 {
                    members.remove(subject);
                }
                let alone = members.len() == 1 && members.contains(subject);
                match alone && subject < given_pods {
                    false => Some((subject, roster.member(members.min()?))),
                    true => {
                        let other = able.iter().find(|it| *it != subject)?;
                        Some((other, roster.member(subject)))
                    }
                }
            }
        };
        ends.map(|(subject, peer)| (subject, peer, *family))
    })
}
