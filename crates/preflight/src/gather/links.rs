//! The interfaces of pods on the node, and who stands on their hooks.
//!
//! A pod's is one whose other end is in another network namespace: it has a link, and no lower interface
//! here.

use std::fs;
use std::path::Path;

use datapath::{Direction, occupants};

use crate::facts::Occupied;

pub(super) fn occupied(interfaces: &Path) -> Result<Vec<Occupied>, String> {
    let mut occupied = Vec::new();
    for (name, index) in of_pods(interfaces)? {
        // An interface may go while it is looked at.
        let Ok(found) = occupants(index) else { continue };
        let others = found.into_iter().filter(|(_, occupant)| !occupant.is_ours);
        occupied.extend(others.map(|(direction, occupant)| Occupied {
            interface: name.clone(),
            direction: match direction {
                Direction::Egress => "ingress",
                Direction::Ingress => "egress",
            },
            program: occupant.name,
        }));
    }
    Ok(occupied)
}

/// Names and indexes.
fn of_pods(interfaces: &Path) -> Result<Vec<(String, u32)>, String> {
    let entries = fs::read_dir(interfaces);
    let entries = entries.map_err(|error| format!("{}: {error}", interfaces.display()))?;
    let mut found: Vec<(String, u32)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let number = |file: &str| {
                let text = fs::read_to_string(path.join(file)).ok()?;
                text.trim().parse::<u32>().ok()
            };
            let (index, link) = (number("ifindex")?, number("iflink")?);
            let is_of_pod = link != 0 && link != index && !has_lower(&path);
            is_of_pod.then(|| {
                (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), index)
            })
        })
        .collect();
    found.sort_unstable();
    Ok(found)
}

fn has_lower(interface: &Path) -> bool {
    let entries = fs::read_dir(interface).into_iter().flatten().filter_map(Result::ok);
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("lower_"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;

    #[test]
    fn a_pods_interface_has_its_other_end_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, index: u32, link: u32, lower: Option<&str>| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("ifindex"), format!("{index}\n")).unwrap();
            fs::write(path.join("iflink"), format!("{link}\n")).unwrap();
            lower.iter().for_each(|lower| fs::create_dir(path.join(lower)).unwrap());
        };
        make("lo", 1, 1, None);
        make("eth0", 2, 2, None);
        make("eth0.7", 3, 2, Some("lower_eth0"));
        make("veth1", 4, 9, None);
        assert_eq!(of_pods(folder.path()), Ok(vec![("veth1".to_owned(), 4)]));
        assert!(of_pods(&folder.path().join("none")).is_err());
    }
}
