//! Network namespaces without names: each lives as long as a descriptor of it.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};

/// The settings of a new namespace, before it has any device.
const SETTINGS: [(&str, &str); 7] = [
    ("ipv4/ip_forward", "1"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv6/conf/all/disable_ipv6", "0"),
    ("ipv6/conf/all/forwarding", "1"),
    ("ipv6/conf/default/accept_dad", "0"),
    ("ipv6/conf/default/router_solicitations", "0"),
];

/// A network namespace.
#[derive(Debug)]
pub(crate) struct Netns(File);

impl Netns {
    /// That of the calling thread.
    pub(crate) fn current() -> io::Result<Self> {
        File::open("/proc/thread-self/ns/net").map(Self)
    }

    /// A new one.
    pub(crate) fn new() -> io::Result<Self> {
        let made = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            let root = Path::new("/proc/sys/net");
            for (name, value) in SETTINGS {
                fs::write(root.join(name), value)?;
            }
            Self::current()
        });
        made.join().map_err(|_| io::Error::other("the thread of a network namespace crashed"))?
    }

    /// Does something in it, on the calling thread, which comes back.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let home = Self::current()?;
        setns(&self.0, CloneFlags::CLONE_NEWNET)?;
        let done = work();
        setns(&home.0, CloneFlags::CLONE_NEWNET)?;
        done
    }

    /// A path that leads to it while this process has it open.
    pub(crate) fn path(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd()).into()
    }

    /// Its descriptor.
    pub(crate) fn file(&self) -> &File {
        &self.0
    }
}
