//! The settings of a new namespace, written from inside before it has any device.
//!
//! New devices inherit them, so no address ever waits for duplicate address detection and every
//! namespace can forward; a pod with one device has nowhere to forward to.

use std::fs;
use std::io;
use std::path::Path;

const SETTINGS: &[(&str, &str)] = &[
    ("ipv4/ip_forward", "1"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/all/send_redirects", "0"),
    ("ipv4/conf/default/send_redirects", "0"),
    ("ipv4/ping_group_range", "0 2147483647"),
    ("ipv4/ip_unprivileged_port_start", "0"),
];

const SETTINGS_V6: &[(&str, &str)] = &[
    ("ipv6/conf/all/disable_ipv6", "0"),
    ("ipv6/conf/default/disable_ipv6", "0"),
    ("ipv6/conf/all/forwarding", "1"),
    ("ipv6/conf/default/accept_dad", "0"),
    ("ipv6/conf/default/router_solicitations", "0"),
    ("ipv6/icmp/ratelimit", "0"),
];

/// Writes the settings of the calling thread's namespace. IPv6 settings are left out on a kernel
/// without IPv6; its addresses then fail by name.
///
/// # Errors
/// Where a setting cannot be written; the error names it.
pub(crate) fn prepare() -> io::Result<()> {
    let root = Path::new("/proc/sys/net");
    let v6 = if root.join("ipv6").exists() { SETTINGS_V6 } else { &[] };
    SETTINGS.iter().chain(v6).try_for_each(|(name, value)| {
        fs::write(root.join(name), value)
            .map_err(|error| io::Error::new(error.kind(), format!("sysctl net/{name}: {error}")))
    })
}
