//! The few names, numbers and networks that random cases are made of.
//!
//! Networks touch, nest and exclude each other on purpose.

use model::Protocol;

pub(super) const NAMESPACES: [&str; 3] = ["x", "y", "z"];
pub(super) const TEAMS: [&str; 2] = ["red", "blue"];
pub(super) const APPS: [&str; 3] = ["a", "b", "c"];
pub(super) const ROLES: [&str; 2] = ["front", "back"];
pub(super) const ZONES: [&str; 2] = ["east", "west"];
pub(super) const PORT_NAMES: [&str; 2] = ["http", "dns"];
pub(super) const CONTAINERS: [&str; 3] = ["web", "sidecar", "init"];
pub(super) const EXECUTABLES: [&str; 3] = ["/bin/web", "/bin/shell", "/bin/other"];
pub(super) const PORTS: [u16; 4] = [80, 8080, 53, 443];
pub(super) const RANGES: [(u16, u16); 4] = [(80, 80), (53, 90), (8000, 8080), (1, 65535)];

/// A protocol, TCP most often.
pub(super) const PROTOCOLS: [Protocol; 4] =
    [Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Tcp];

/// Networks with exceptions that lie inside them. Pod addresses are in 10.244.0.0/22 and
/// fd00:10:244::/64, nodes in 172.30.0.0/16.
pub(super) const BLOCKS: [(&str, &[&str]); 12] = [
    ("0.0.0.0/0", &["10.0.0.0/8", "198.51.100.0/24"]),
    ("0.0.0.0/0", &[]),
    ("::/0", &["fd00::/8"]),
    ("::/0", &[]),
    ("198.51.100.0/24", &["198.51.100.64/26"]),
    ("198.51.100.64/27", &["198.51.100.65/32", "198.51.100.80/28"]),
    ("198.51.100.77/32", &[]),
    ("10.244.0.0/30", &[]),
    ("10.244.0.0/16", &["10.244.0.4/32"]),
    ("172.30.0.0/30", &[]),
    ("fd00:10:244::/126", &[]),
    ("2001:db8::/33", &["2001:db8:0:1::/64"]),
];
