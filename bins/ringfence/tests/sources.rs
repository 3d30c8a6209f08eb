//! Where manifests come from: a revision of a repository, charts and kustomizations.
//!
//! The renderers here are scripts that print what they were asked; whether Helm renders rightly is
//! Helm's business, whether it is asked rightly is ours.

#![allow(clippy::unwrap_used, reason = "a test may crash")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use support::{Said, said};
use tempfile::TempDir;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\nspec: {containers: []}\n";

fn pod(name: &str) -> String {
    POD.replace("NAME", name)
}

fn run(folder: &Path, program: &str, arguments: &[&str], path: Option<&Path>) -> Output {
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    command.output().unwrap()
}

fn reach(folder: &Path, arguments: &[&str], path: Option<&Path>) -> Said {
    let all = [&["reach", "-o", "json"], arguments].concat();
    let output = run(folder, env!("CARGO_BIN_EXE_ringfence"), &all, path);
    said(output)
}

/// A folder of programs, which is all that is on the `PATH`.
fn programs(scripts: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, script) in scripts {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

fn chart() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("chart")).unwrap();
    fs::write(folder.path().join("chart/Chart.yaml"), "name: chart").unwrap();
    fs::write(folder.path().join("chart/values.yaml"), "{{ broken").unwrap();
    folder
}

#[test]
fn a_chart_is_rendered_and_its_problems_name_the_template() {
    let bad = "apiVersion: v1\nkind: Pod\nmetadata: {name: UPPER}\nspec: {containers: []}\n";
    let template = format!(
        "case $1 in version) echo v3.19.0 ;; template) cat <<'END'\n---\n# Source: \
         chart/templates/pod.yaml\n{}---\n# Source: chart/templates/bad.yaml\n{bad}END\n;; esac",
        pod("web")
    );
    // The script needs `cat`, which it finds by its full path.
    let helm = programs(&[("helm", &template.replace("cat <<", "/bin/cat <<"))]);
    let (code, said, error) = reach(chart().path(), &["chart"], Some(helm.path()));
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("chart/templates/bad.yaml:5:"), "{error}");
    assert!(error.contains("rendered chart by helm template (v3.19.0)"), "{error}");
    assert!(said.contains("default/web"), "{said}");
}

#[test]
fn without_the_renderer_nothing_is_read_raw() {
    let none = programs(&[]);
    let (code, said, error) = reach(chart().path(), &["chart"], Some(none.path()));
    assert_eq!((code, said.as_str()), (2, ""), "{error}");
    assert!(error.contains("`helm` is not on the PATH"), "{error}");
}

#[test]
fn what_a_renderer_complains_of_is_shown() {
    let helm = programs(&[("helm", "echo 'no such value: port' >&2; exit 1")]);
    let (code, _, error) = reach(chart().path(), &["chart"], Some(helm.path()));
    assert_eq!(code, 2);
    assert!(error.contains("no such value: port"), "{error}");
}

#[test]
fn a_kustomization_is_built_by_kubectl_where_there_is_no_kustomize() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kustomization.yaml"), "resources: [pod.yaml]").unwrap();
    let script = format!(
        "case $1 in version) echo v1.36.0 ;; kustomize) /bin/cat <<'END'\n{}END\n;; esac",
        pod("built")
    );
    let kubectl = programs(&[("kubectl", &script)]);
    let (code, said, error) = reach(folder.path(), &["."], Some(kubectl.path()));
    assert_eq!(code, 0, "{error}");
    assert!(said.contains("default/built"), "{said}");
}

#[test]
fn a_revision_is_read_and_the_working_tree_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let all = [&["-c", "user.name=n", "-c", "user.email=e@example.org"], arguments].concat();
        let output = run(folder.path(), "git", &all, None);
        assert!(output.status.success(), "{output:?}");
    };
    fs::create_dir(folder.path().join("app")).unwrap();
    fs::write(folder.path().join("app/pod.yaml"), pod("before")).unwrap();
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "one"]);
    fs::write(folder.path().join("app/pod.yaml"), pod("after")).unwrap();
    let (code, said, error) = reach(folder.path(), &["--git", "HEAD", "app"], None);
    assert_eq!(code, 0, "{error}");
    assert!(said.contains("default/before") && !said.contains("default/after"), "{said}");
    let (_, said, _) = reach(folder.path(), &["app"], None);
    assert!(said.contains("default/after"), "{said}");
    let (code, _, error) = reach(folder.path(), &["--git", "nowhere", "app"], None);
    assert_eq!(code, 2);
    assert!(error.contains("git cannot read revision nowhere"), "{error}");
}
