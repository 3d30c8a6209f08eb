//! Each core crate is under the ban on clocks, randomness, files and the network.
//!
//! Clippy takes the nearest `clippy.toml`, so each core crate links to the one list of the project;
//! a copy would drift and a missing link would lift the ban in silence.

use std::fs;
use std::path::Path;

use super::core_crates::CORE;
use super::finding::Finding;

const LIST: &str = "../../clippy.core.toml";

/// Looks at the links in `root`.
pub(crate) fn check(root: &Path) -> Vec<Finding> {
    CORE.iter().filter_map(|name| check_one(root, &format!("crates/{name}/clippy.toml"))).collect()
}

fn check_one(root: &Path, path: &str) -> Option<Finding> {
    let link = root.join(path);
    match fs::read_link(&link) {
        Ok(target) if target == Path::new(LIST) && link.exists() => None,
        Ok(_) | Err(_) => Some(Finding::file(path, format!("this must be a link to {LIST}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{CORE, LIST, check};
    use crate::tidy::finding::lines;

    #[test]
    fn a_copy_and_a_missing_link_are_found() {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("clippy.core.toml"), "").expect("a file");
        for name in CORE {
            let folder = root.path().join("crates").join(name);
            fs::create_dir_all(&folder).expect("a folder");
            match name {
                "model" => fs::write(folder.join("clippy.toml"), "").expect("a file"),
                "plan" => {}
                _ => symlink(LIST, folder.join("clippy.toml")).expect("a link"),
            }
        }
        let what = "this must be a link to ../../clippy.core.toml";
        let expected = ["model", "plan"].map(|name| format!("crates/{name}/clippy.toml: {what}"));
        assert_eq!(lines(check(root.path())), expected);
    }
}
