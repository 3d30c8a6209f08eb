//! Network namespaces that live as long as a file, and work inside of them.
//!
//! A namespace belongs to a thread, so everything inside one happens on a thread made for it; the
//! caller's own network is never left.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::thread;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};

/// Makes a namespace, prepares it with `prepare` from inside and keeps it under `path`.
///
/// # Errors
/// Where the kernel refuses, or `prepare` does.
pub fn create<E: From<io::Error> + Send>(
    path: &Path,
    prepare: impl FnOnce() -> Result<(), E> + Send,
) -> Result<(), E> {
    File::create(path)?;
    on_a_thread(|| {
        unshare(CloneFlags::CLONE_NEWNET).map_err(io::Error::from)?;
        mount(Some("/proc/thread-self/ns/net"), path, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .map_err(io::Error::from)?;
        prepare()
    })
}

/// Runs `work` inside the namespace under `path`.
///
/// # Errors
/// Where the namespace cannot be entered, or `work` fails.
pub fn within<T: Send, E: From<io::Error> + Send>(
    path: &Path,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> Result<T, E> {
    on_a_thread(|| {
        enter(path)?;
        work()
    })
}

/// Moves the calling thread into the namespace under `path`, for good.
///
/// # Errors
/// Where the file is no namespace or the kernel refuses.
pub fn enter(path: &Path) -> io::Result<()> {
    setns(File::open(path)?, CloneFlags::CLONE_NEWNET).map_err(io::Error::from)
}

/// Lets go of the namespace under `path`; it ends with the last process in it.
///
/// # Errors
/// Where the file cannot be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match umount2(path, MntFlags::MNT_DETACH) {
        Ok(()) | Err(nix::Error::EINVAL) => fs::remove_file(path),
        Err(error) => Err(error.into()),
    }
}

fn on_a_thread<T: Send, E: From<io::Error> + Send>(
    work: impl FnOnce() -> Result<T, E> + Send,
) -> Result<T, E> {
    thread::scope(|scope| {
        let lost = |_| E::from(io::Error::other("the thread of a network namespace crashed"));
        scope.spawn(work).join().map_err(lost)?
    })
}
