//! Networks as a person would write them: a big one and what is missing from it, where that is
//! shorter than the list.
//!
//! `0.0.0.0/0 except 169.254.169.254/32` is one thought; the thirty-two networks that say the same
//! are none.

use compile::AddressRange;
use ipnet::IpNet;
use model::Family;

/// A list of at most this many networks is short.
const SHORT: usize = 4;

/// The words for disjoint `networks`, in order.
#[must_use]
pub fn words(networks: &[IpNet]) -> Vec<String> {
    [Family::V4, Family::V6]
        .into_iter()
        .flat_map(|family| {
            let own = networks.iter().filter(|network| Family::of(network.addr()) == family);
            of_family(&own.copied().collect::<Vec<_>>())
        })
        .collect()
}

fn of_family(networks: &[IpNet]) -> Vec<String> {
    let list = || networks.iter().map(ToString::to_string).collect();
    if networks.len() <= SHORT {
        return list();
    }
    let Some(whole) = around(networks) else { return list() };
    let missing = missing(whole, networks);
    if missing.len() * 2 > networks.len() {
        return list();
    }
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    vec![format!("{whole} except {}", missing.join(", "))]
}

/// The smallest network that holds all of them.
fn around(networks: &[IpNet]) -> Option<IpNet> {
    let mut whole = *networks.first()?;
    while !networks.iter().all(|network| whole.contains(network)) {
        whole = whole.supernet()?;
    }
    Some(whole)
}

fn missing(whole: IpNet, networks: &[IpNet]) -> Vec<IpNet> {
    let all = AddressRange::of(whole);
    let mut ranges: Vec<AddressRange> = networks.iter().map(|one| AddressRange::of(*one)).collect();
    ranges.sort_unstable();
    let mut next = Some(all.first);
    let mut holes = Vec::new();
    for range in ranges {
        let hole = next.zip(range.first.checked_sub(1)).filter(|(first, last)| first <= last);
        holes.extend(hole.map(|(first, last)| AddressRange { first, last, ..all }));
        next = range.last.checked_add(1);
    }
    let hole = next.filter(|first| *first <= all.last);
    holes.extend(hole.map(|first| AddressRange { first, ..all }));
    analysis::networks(&holes)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn parse(words: &[&str]) -> Vec<IpNet> {
        words.iter().filter_map(|word| word.parse().ok()).collect()
    }

    #[test]
    fn a_hole_is_said_as_a_hole() {
        let whole: IpNet = IpNet::new_assert(IpAddr::from([10, 0, 0, 0]), 8);
        let hole = parse(&["10.1.2.3/32"]);
        let rest = missing(whole, &hole);
        assert_eq!(rest.len(), 24);
        assert_eq!(words(&rest), ["10.0.0.0/8 except 10.1.2.3/32"]);
    }

    #[test]
    fn a_list_without_a_shorter_form_stays_a_list() {
        let list =
            ["10.0.0.0/24", "10.9.0.0/24", "172.16.0.0/24", "192.0.2.0/24", "203.0.113.0/24"];
        assert_eq!(words(&parse(&list)), list);
    }
}
