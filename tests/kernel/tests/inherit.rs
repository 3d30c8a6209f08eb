//! Another version of the data types stands on the hooks: its links are taken over in place, and nothing of it stays.
//! The other version is our own, whose folder was given another name.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test may say so in any way"
)]

mod net;
mod world;

use std::path::Path;

use datapath::Instance;
use net::{CLIENT_DEVICE, Net, exchange};
use ringfence_kernel::available;
use world::{CLIENT, DEFAULT_DENY, SERVER, SET, ops, rule};

const PORT: u16 = 8080;
const OTHER: &str = "v1";

fn links(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("links")).map_or(0, Iterator::count)
}

/// How many programs run at the client's hooks.
fn programs(net: &Net) -> Vec<usize> {
    let config = net.instance.config().clone();
    let chains = net.node.run(move || Instance::open(&config).unwrap().company(CLIENT_DEVICE));
    chains.unwrap().unwrap().iter().map(|chain| chain.programs.len()).collect()
}

#[test]
fn links_of_another_version_are_led_to_our_programs_and_its_folder_goes() {
    if !available() {
        return;
    }
    let tables = ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false));
    let mut net = Net::new("inherit", &tables);
    net.flip(SERVER.endpoint, abi::Sets::live(SET, 0).unwrap(), 5);
    let (mut client, mut server) = net.connection(SERVER.ipv4.unwrap().into(), PORT);
    exchange(&mut client, &mut server);
    let pins = net.instance.config().pin_dir.clone();
    let (own, other) = (pins.join(format!("v{}", abi::VERSION)), pins.join(OTHER));
    std::fs::rename(&own, &other).unwrap();
    net.instance = Instance::open(net.instance.config()).unwrap();
    assert!(net.instance.is_inherited(CLIENT_DEVICE).unwrap());
    assert_eq!((links(&own), links(&other)), (0, 4));
    // The tables first: a hook that leads to empty ones is in quarantine.
    net.instance.perform(&tables).unwrap();
    net.flip(SERVER.endpoint, abi::Sets::live(SET, 0).unwrap(), 5);
    let now = datapath::ADOPTION.as_nanos() as u64 + ringfence_kernel::long_after().unwrap();
    for (device, pod) in [(CLIENT_DEVICE, CLIENT), (net::SERVER_DEVICE, SERVER)] {
        net.attach(device, abi::Interface { adopted_until_ns: now, ..pod.interface() });
    }
    assert_eq!((links(&own), links(&other)), (4, 0));
    assert!(!net.instance.is_inherited(CLIENT_DEVICE).unwrap());
    assert_eq!(programs(&net), [1, 1], "the links are the same, not more");
    net.instance.forget_others().unwrap();
    assert!(own.exists() && !other.exists());
    exchange(&mut client, &mut server);
    assert_eq!(net.instance.connections().unwrap().len(), 2, "ours know the connection now");
}
