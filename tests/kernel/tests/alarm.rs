//! Alarms about a table that fills up, and what is said of maps: read from the kernel.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod net;
mod world;

use datapath::{Alarm, Fill};
use net::Net;
use ringfence_kernel::available;
use world::{SERVER, pod_ops, rule};

const PORT: u16 = 8080;
/// A connection between two pods of one node is two entries.
const CAPACITY: u32 = 10;

#[test]
fn a_table_that_fills_up_is_an_alarm_before_it_is_full_and_another_when_it_is() {
    if !available() {
        return;
    }
    let net = Net::with("alarm", &pod_ops(&[(PORT, rule(7, true))]), |config| {
        config.capacities.established = CAPACITY;
        config.capacities.established_share = CAPACITY;
    });
    let before = net.instance.counters().unwrap();
    let raised = || {
        let now = net.instance.counters().unwrap();
        Alarm::raised(&before, &now, net.instance.established_fill().unwrap())
    };
    let fill = |used| Fill { used, capacity: u64::from(CAPACITY) };
    let connect = || net.connection(SERVER.ipv4.unwrap().into(), PORT);
    let mut open = vec![connect(), connect(), connect(), connect()];
    assert_eq!(net.instance.established_fill().unwrap(), fill(8));
    assert_eq!(raised(), []);
    open.push(connect());
    assert_eq!(raised(), [Alarm::NearlyFull(fill(10))]);
    open.push(connect());
    assert_eq!(raised(), [Alarm::NearlyFull(fill(10)), Alarm::EstablishedFull(2)]);

    let maps = net.instance.maps().unwrap();
    let established = maps.iter().find(|map| map.map == "est").unwrap();
    assert_eq!(established.entries_max, CAPACITY);
    assert!(maps.len() > 15 && maps.iter().all(|map| map.memory > 0), "{maps:?}");
}
