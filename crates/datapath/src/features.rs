//! What this machine lacks, in words for people.
//!
//! Found out before anything is made, so that a refusal leaves nothing behind.

use std::{fmt, path::Path};

use crate::{Features, FileError, instance::failed};

/// Something without which no instance can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Not root.
    Root,
    /// No type information of the kernel.
    TypeInformation,
    /// Older than what is tested.
    Kernel,
    /// No BPF file system.
    Bpffs,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "loading BPF programs needs root",
            Self::TypeInformation => {
                "the kernel has no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)"
            }
            Self::Kernel => "the kernel is older than 6.1, the oldest that is tested",
            Self::Bpffs => "there is no /sys/fs/bpf to mount the BPF file system on",
        })
    }
}

/// Everything that is missing; empty where an instance can be opened.
#[must_use]
pub fn probe() -> Vec<Missing> {
    [
        (crate::sys::is_root(), Missing::Root),
        (Path::new("/sys/kernel/btf/vmlinux").exists(), Missing::TypeInformation),
        (kernel_version().is_some_and(|version| version >= OLDEST), Missing::Kernel),
        (Path::new("/sys/fs/bpf").is_dir(), Missing::Bpffs),
    ]
    .into_iter()
    .filter(|(present, _)| !present)
    .map(|(_, missing)| missing)
    .collect()
}

impl Features {
    /// The name of the record beside the programs.
    pub(crate) const RECORD: &str = "features";

    /// What is lacking, in words, with what follows from that.
    pub fn lacking(self) -> impl Iterator<Item = &'static str> {
        [
            (
                self.ct_lookup,
                "the connection tracker's lookup (bpf_skb_ct_lookup, built in and not in a module): \
                 whoever the node's translation hides is judged as the node",
            ),
            (
                self.netns_cookie,
                "the namespace cookie of a packet (Linux 6.15): the node's own packets are known by \
                 device, socket and address alone",
            ),
            (
                self.host,
                "the namespace cookie of a socket's packet (Linux 6.15): policies of the node itself \
                 are not enforced",
            ),
        ]
        .into_iter()
        .filter(|(present, _)| !present)
        .map(|(_, lack)| lack)
    }

    /// What the pods' hooks use; whether there are programs of the node itself is known by their pins.
    /// Kept as where a symbolic link leads: the BPF file system has no other files of text.
    pub(crate) fn record(self, path: &Path) -> Result<(), FileError> {
        let words = [self.ct_lookup, self.netns_cookie].map(|used| if used { "yes" } else { "no" });
        std::os::unix::fs::symlink(words.join("-"), path).map_err(failed("write", path))
    }

    /// Nothing where there is no record that can be read.
    pub(crate) fn recorded(path: &Path) -> Option<Self> {
        let words = std::fs::read_link(path).ok()?;
        let (ct_lookup, netns_cookie) = words.to_str()?.split_once('-')?;
        let used = |word| match word {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let (ct_lookup, netns_cookie) = (used(ct_lookup)?, used(netns_cookie)?);
        Some(Self { ct_lookup, netns_cookie, host: false })
    }
}

/// The oldest kernel on which everything is tested.
const OLDEST: (u32, u32) = (6, 1);

fn kernel_version() -> Option<(u32, u32)> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_read_and_nothing_else() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        for (at, (ct_lookup, netns_cookie)) in
            [(true, true), (true, false), (false, true), (false, false)].into_iter().enumerate()
        {
            let path = folder.path().join(at.to_string());
            let features = Features { ct_lookup, netns_cookie, host: false };
            assert!(features.record(&path).is_ok());
            assert_eq!(Features::recorded(&path), Some(features));
            let lacking = usize::from(!ct_lookup) + usize::from(!netns_cookie);
            assert_eq!(features.lacking().count(), lacking + 1);
            assert_eq!(Features { host: true, ..features }.lacking().count(), lacking);
        }
        assert_eq!(Features::recorded(&folder.path().join("none")), None);
        let other = folder.path().join("other");
        std::os::unix::fs::symlink("yes-perhaps", &other)?;
        assert_eq!(Features::recorded(&other), None);
        Ok(())
    }
}
