//! Words for sets of peers: all that one word means, where one flow would take the first.

use std::fmt;
use std::net::IpAddr;

use analysis::TrafficSet;
use analysis::reach::Who;
use compile::{Member, Roster};
use ipnet::IpNet;
use model::{Family, Pod, Traffic, World};

use crate::word::{PeerWord, PortError, PortWord, ResolveError};

/// Why words mean nobody.
#[derive(Debug)]
pub(crate) enum WhoError {
    Peer(ResolveError),
    Port(PortError),
    /// Nobody in the input has this name.
    Nobody(String),
    /// The word means one thing outside of what reach can list.
    NotListed(String),
}

impl fmt::Display for WhoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(error) => error.fmt(f),
            Self::Port(error) => error.fmt(f),
            Self::Nobody(word) => write!(f, "nobody in the input is {word}"),
            Self::NotListed(word) => {
                write!(
                    f,
                    "{word} cannot be listed; try a workload, a pod, NS/*, ip:ADDR or internet"
                )
            }
        }
    }
}

/// Everybody that some of `words` means; nothing where there are none.
pub(crate) fn all(
    words: &[String],
    world: &World,
    roster: &Roster,
    namespace: &str,
) -> Result<Option<Who>, WhoError> {
    let mut all: Option<Who> = None;
    for word in words {
        let who = who(word, world, roster, namespace)?;
        all = Some(match all {
            None => who,
            Some(mut all) => {
                all.members |= who.members;
                all.addresses.extend(who.addresses);
                all
            }
        });
    }
    Ok(all)
}

fn who(word: &str, world: &World, roster: &Roster, default: &str) -> Result<Who, WhoError> {
    if let Some(namespace) = word.strip_suffix("/*") {
        return pods(word, world, roster, |pod| pod.namespace == namespace);
    }
    let in_namespace = |pod: &Pod, namespace: &Option<String>| {
        pod.namespace == namespace.as_deref().unwrap_or(default)
    };
    match word.parse().map_err(WhoError::Peer)? {
        PeerWord::Pod { namespace, name } => {
            pods(word, world, roster, |pod| in_namespace(pod, &namespace) && pod.name == name)
        }
        PeerWord::Workload { namespace, kind, name } => pods(word, world, roster, |pod| {
            let owner = pod.owner.as_ref();
            in_namespace(pod, &namespace)
                && owner.is_some_and(|owner| owner.kind == kind && owner.name == name)
        }),
        PeerWord::Node(name) => some(
            word,
            Who::of(roster, |member| match member {
                Member::Node(id, _) => world.node(id).name == name,
                Member::Pod(_) => false,
            }),
        ),
        PeerWord::Address(address) => Ok(at(address, world, roster)),
        PeerWord::Internet => Ok(Who::addresses(&[
            IpNet::new_assert(IpAddr::from([0; 4]), 0),
            IpNet::new_assert(IpAddr::from([0_u16; 8]), 0),
        ])),
        PeerWord::Service { .. } | PeerWord::Domain(_) => Err(WhoError::NotListed(word.to_owned())),
    }
}

/// The pod or node that has `address`, or the address itself.
fn at(address: IpAddr, world: &World, roster: &Roster) -> Who {
    let members = Who::of(roster, |member| match member {
        Member::Pod(id) => world.pod(id).addresses.contains(&address),
        Member::Node(id, _) => world.node(id).addresses.contains(&address),
    });
    match members.members.is_empty() {
        true => Who::addresses(&[IpNet::from(address)]),
        false => members,
    }
}

fn pods(
    word: &str,
    world: &World,
    roster: &Roster,
    wanted: impl Fn(&Pod) -> bool,
) -> Result<Who, WhoError> {
    some(
        word,
        Who::of(roster, |member| match member {
            Member::Pod(id) => wanted(world.pod(id)),
            Member::Node(..) => false,
        }),
    )
}

fn some(word: &str, who: Who) -> Result<Who, WhoError> {
    match who.members.is_empty() {
        true => Err(WhoError::Nobody(word.to_owned())),
        false => Ok(who),
    }
}

/// The traffic that a word means.
pub(crate) fn traffic(word: &PortWord) -> Result<TrafficSet, WhoError> {
    match word {
        PortWord::Numbers(protocol, range) => Ok(TrafficSet::ports_of(*protocol, *range)),
        PortWord::Icmp => Ok(TrafficSet::one(Traffic::icmp(Family::V4))),
        PortWord::Name(name) => Err(WhoError::Port(PortError::NameNeedsPod(name.clone()))),
    }
}
