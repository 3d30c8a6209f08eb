//! Hooks that are taken off, endpoints that are cleared, links that were not named yet: whoever starts
//! next has nothing to write about what is done, and finds whatever was cut off.

#![allow(clippy::unwrap_used, reason = "a failed test may say so in any way")]

mod net;
mod world;

use std::path::PathBuf;

use compile::Image;
use datapath::Instance;
use net::{CLIENT_DEVICE, Net, SERVER_DEVICE};
use plan::{Op, plan};
use ringfence_kernel::available;
use world::{DEFAULT_DENY, SERVER, SET, ops, rule};

const PORT: u16 = 8080;

fn net(name: &str) -> Net {
    Net::new(name, &ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false)))
}

/// What an agent that starts now finds, and does about hooks in the node's namespace.
fn agent<T: Send + 'static>(net: &Net, does: impl FnOnce(Instance) -> T + Send + 'static) -> T {
    let config = net.instance.config().clone();
    net.node.run(move || does(Instance::open(&config).unwrap())).unwrap()
}

fn links(net: &Net) -> PathBuf {
    net.instance.config().pin_dir.join(format!("v{}/links", abi::VERSION))
}

fn detach(net: &Net, device: u32) {
    agent(net, move |instance| drop(instance.detach(device, 1).unwrap()));
}

fn writes(net: &Net, wanted: &Image) -> Vec<Op> {
    plan(&net.instance.observe().unwrap(), wanted).unwrap()
}

/// The same table without the server.
fn without_server(net: &Net) -> Image {
    let mut wanted = net.instance.observe().unwrap();
    wanted.endpoints.remove(&SERVER.endpoint);
    wanted
}

#[test]
fn an_endpoint_that_is_cleared_after_its_pod_left_the_table_is_nothing_to_write() {
    if !available() {
        return;
    }
    let net = net("detach-after");
    let wanted = without_server(&net);
    net.instance.perform(&writes(&net, &wanted)).unwrap();
    assert_eq!(writes(&net, &wanted), []);
    detach(&net, SERVER_DEVICE);
    assert_eq!(writes(&net, &wanted), []);
}

#[test]
fn one_that_is_cleared_before_leaves_its_rows_to_be_removed_once() {
    if !available() {
        return;
    }
    let net = net("detach-before");
    net.flip(SERVER.endpoint, abi::Sets::live(SET, 0).unwrap(), 5);
    let here = net.instance.observe().unwrap();
    net.instance.perform(&writes(&net, &here)).unwrap();
    let wanted = without_server(&net);
    detach(&net, SERVER_DEVICE);
    let left = writes(&net, &wanted);
    let is_row = |op: &Op| matches!(op, Op::NoRow { .. });
    assert!(!left.is_empty() && left.iter().all(is_row), "{left:?}");
    net.instance.perform(&left).unwrap();
    assert_eq!(writes(&net, &wanted), []);
}

#[test]
fn a_detachment_that_was_cut_off_is_found_when_its_interface_is_gone() {
    if !available() {
        return;
    }
    let net = net("detach-cut");
    net.node.ip("link delete server").unwrap();
    let links = links(&net);
    // A folder cannot be removed as a pin is: the last step fails.
    let obstacle = links.join(format!("{SERVER_DEVICE}-ingress-new"));
    std::fs::create_dir(&obstacle).unwrap();
    agent(&net, |instance| assert!(instance.detach(SERVER_DEVICE, 1).is_err()));
    std::fs::remove_dir(&obstacle).unwrap();
    let stale = || agent(&net, |instance| instance.stale_interfaces().unwrap());
    assert_eq!(stale(), [SERVER_DEVICE]);
    detach(&net, SERVER_DEVICE);
    assert_eq!(stale(), []);
    let names = std::fs::read_dir(&links).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(
        names.collect::<Vec<_>>().iter().all(|name| name.starts_with(&CLIENT_DEVICE.to_string()))
    );
}

#[test]
fn a_link_that_was_pinned_and_not_named_is_the_one_that_stays() {
    if !available() {
        return;
    }
    let net = net("detach-name");
    let pin = links(&net).join(format!("{SERVER_DEVICE}-ingress"));
    let unnamed = links(&net).join(format!("{SERVER_DEVICE}-ingress-new"));
    std::fs::rename(&pin, &unnamed).unwrap();
    net.attach(SERVER_DEVICE, SERVER.interface());
    assert!(pin.exists() && !unnamed.exists());
    let chains = agent(&net, |instance| instance.company(SERVER_DEVICE).unwrap());
    let counts: Vec<usize> = chains.iter().map(|chain| chain.programs.len()).collect();
    assert_eq!(counts, [1, 1], "nothing stands there twice");
}
