//! Whose turn it is, decided from a Lease and from when it was seen to change.
//!
//! The times in a Lease are of other clocks and are never compared with ours: a holder is alive if the Lease
//! changes, and lost when it has not changed for as long as it says.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;

/// A Lease as it was when it was first seen so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    version: String,
    at: Duration,
}

impl Seen {
    /// Looks at a Lease at a time, on any clock that only goes on.
    pub fn look(&mut self, lease: &Lease, now: Duration) {
        let version = lease.metadata.resource_version.clone().unwrap_or_default();
        if self.version != version {
            *self = Self { version, at: now };
        }
    }
}

/// What to do about a Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// There is none.
    Make,
    /// Nobody has it, or who had it is lost.
    Take,
    /// It is ours.
    Renew,
    /// It is another's.
    Wait,
}

/// What `identity` does about a Lease that was seen as it is.
#[must_use]
pub fn claim(identity: &str, lease: Option<&Lease>, seen: &Seen, now: Duration) -> Claim {
    let Some(lease) = lease else { return Claim::Make };
    let spec = lease.spec.as_ref();
    let holder = spec.and_then(|spec| spec.holder_identity.as_deref()).unwrap_or_default();
    let seconds = spec.and_then(|spec| spec.lease_duration_seconds).unwrap_or_default();
    let lasts = Duration::from_secs(seconds.try_into().unwrap_or(0));
    match holder {
        "" => Claim::Take,
        holder if holder == identity => Claim::Renew,
        _ if now.saturating_sub(seen.at) >= lasts => Claim::Take,
        _ => Claim::Wait,
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::coordination::v1::LeaseSpec;
    use kube::api::ObjectMeta;

    use super::*;

    fn lease(holder: &str, version: &str) -> Lease {
        let spec = LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            ..LeaseSpec::default()
        };
        let resource_version = Some(version.to_owned());
        let metadata = ObjectMeta { resource_version, ..ObjectMeta::default() };
        Lease { metadata, spec: Some(spec) }
    }

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    #[test]
    fn a_lease_is_made_renewed_or_left_alone() {
        let mut seen = Seen::default();
        assert_eq!(claim("a", None, &seen, at(0)), Claim::Make);
        seen.look(&lease("a", "1"), at(0));
        assert_eq!(claim("a", Some(&lease("a", "1")), &seen, at(99)), Claim::Renew);
        assert_eq!(claim("b", Some(&lease("a", "1")), &seen, at(14)), Claim::Wait);
        assert_eq!(claim("b", Some(&lease("", "1")), &seen, at(0)), Claim::Take);
    }

    #[test]
    fn a_holder_is_lost_when_the_lease_has_not_changed_for_as_long_as_it_says() {
        let mut seen = Seen::default();
        seen.look(&lease("a", "1"), at(100));
        seen.look(&lease("a", "1"), at(114));
        assert_eq!(claim("b", Some(&lease("a", "1")), &seen, at(114)), Claim::Wait);
        assert_eq!(claim("b", Some(&lease("a", "1")), &seen, at(115)), Claim::Take);
        seen.look(&lease("a", "2"), at(115));
        assert_eq!(claim("b", Some(&lease("a", "2")), &seen, at(129)), Claim::Wait);
        assert_eq!(claim("b", Some(&lease("a", "2")), &seen, at(130)), Claim::Take);
    }
}
