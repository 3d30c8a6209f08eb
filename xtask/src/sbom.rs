//! The list of what is in our programs, in SPDX 2.3: every crate that is linked, its licence, its checksum.
//!
//! Whoever runs an image has to know what is in it. Cargo knows, so nothing is guessed from files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::Sbom;
use crate::files::FilesError;
use crate::process::{self, ProcessError};

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SbomError {
    #[error("cannot ask cargo for the crates")]
    Ask(#[from] ProcessError),
    #[error("cannot read what cargo says about the crates")]
    Read(#[from] serde_json::Error),
    #[error(transparent)]
    Lock(#[from] FilesError),
    #[error("the workspace has no package {0}")]
    NoPackage(String),
}

/// Prints the list of the programs that are asked for.
pub(crate) fn run(root: &Path, options: &Sbom) -> Result<(), SbomError> {
    let mut cargo = process::command("cargo", root);
    cargo.args(["metadata", "--locked", "--format-version", "1", "--filter-platform"]);
    let metadata = serde_json::from_str(&process::output(cargo.arg(&options.target))?)?;
    let path = root.join("Cargo.lock");
    let lock = std::fs::read_to_string(&path).map_err(FilesError::at(&path))?;
    let list = list(&metadata, &checksums(&lock), options)?;
    println!("{}", serde_json::to_string_pretty(&list)?);
    Ok(())
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

/// A name and a version.
type Crate = (String, String);

/// Of each crate of a registry, from the text of Cargo.lock.
fn checksums(lock: &str) -> BTreeMap<Crate, String> {
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        line.and_then(|rest| rest.strip_suffix('"')).map(ToOwned::to_owned)
    };
    let crates = lock.split("[[package]]").filter_map(|block| {
        let name = (value(block, "name")?, value(block, "version")?);
        Some((name, value(block, "checksum")?))
    });
    crates.collect()
}

fn list(
    metadata: &Metadata,
    checksums: &BTreeMap<Crate, String>,
    options: &Sbom,
) -> Result<Value, SbomError> {
    let programs = options.package.iter().map(|name| {
        let found = metadata.packages.iter().find(|one| &one.name == name && one.source.is_none());
        found.ok_or_else(|| SbomError::NoPackage(name.clone()))
    });
    let programs = programs.collect::<Result<Vec<_>, _>>()?;
    let linked = linked(&metadata.resolve, programs.iter().map(|one| one.id.as_str()));
    let ids: BTreeMap<&str, String> =
        metadata.packages.iter().map(|one| (one.id.as_str(), spdx_id(one))).collect();
    let id = |package: &str| ids.get(package).cloned().unwrap_or_default();
    let mut packages: Vec<_> = metadata.packages.iter().collect();
    packages.retain(|one| linked.contains(one.id.as_str()));
    packages.sort_by_key(|one| (&one.name, &one.version));
    let describes =
        programs.iter().map(|one| relation("SPDXRef-DOCUMENT", "DESCRIBES", &id(&one.id)));
    let mut relations: Vec<Value> = describes.collect();
    let nodes = metadata.resolve.nodes.iter().filter(|node| linked.contains(node.id.as_str()));
    let edges: BTreeSet<_> = nodes
        .flat_map(|node| {
            node.deps.iter().filter(is_linked).map(|edge| (id(&node.id), id(&edge.pkg)))
        })
        .collect();
    relations.extend(edges.iter().map(|(from, to)| relation(from, "DEPENDS_ON", to)));
    let version = programs.first().map_or("", |one| one.version.as_str());
    Ok(json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": format!("ringfence-{version}-{}", options.target),
        "documentNamespace": format!("https://ringfence.io/sbom/{version}/{}", options.target),
        // Equal sources give equal lists, so this cannot be today.
        "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: ringfence-xtask"]},
        "packages": packages.iter().map(|one| described(one, checksums)).collect::<Vec<_>>(),
        "relationships": relations,
    }))
}

/// What is reached from `programs` by what is linked: neither tests nor build scripts are in a program.
fn linked<'a>(resolve: &'a Resolve, programs: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = programs.collect();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            let deps = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            open.extend(deps.filter(is_linked).map(|edge| edge.pkg.as_str()));
        }
    }
    found
}

fn is_linked(edge: &&Edge) -> bool {
    edge.dep_kinds.iter().any(|kind| kind.kind.is_none())
}

fn described(package: &Package, checksums: &BTreeMap<Crate, String>) -> Value {
    let Package { name, version, .. } = package;
    let sum = checksums.get(&(name.clone(), version.clone()));
    let sums = sum.map(|sum| json!({"algorithm": "SHA256", "checksumValue": sum}));
    let license = package.license.as_ref().map_or("NOASSERTION".to_owned(), |license| {
        // An older way to write OR, which SPDX does not know.
        license.replace('/', " OR ")
    });
    json!({
        "name": name,
        "SPDXID": spdx_id(package),
        "versionInfo": version,
        "downloadLocation": match &package.source {
            Some(_) => format!("https://crates.io/api/v1/crates/{name}/{version}/download"),
            None => "NOASSERTION".to_owned(),
        },
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": license,
        "copyrightText": "NOASSERTION",
        "checksums": sums.into_iter().collect::<Vec<_>>(),
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")),
        }],
    })
}

/// Letters, digits, dots and hyphens are all that SPDX allows.
fn spdx_id(package: &Package) -> String {
    let name = format!("SPDXRef-{}-{}", package.name, package.version);
    name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-', "-")
}

fn relation(from: &str, kind: &str, to: &str) -> Value {
    json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to})
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a failing test may crash")]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
        "packages": [
            {"id": "p", "name": "program", "version": "0.1.0", "license": "Apache-2.0", "source": null},
            {"id": "l", "name": "libs_a", "version": "1.0.0+x", "license": "MIT/Apache-2.0", "source": "registry"},
            {"id": "t", "name": "tests", "version": "1.0.0", "license": null, "source": "registry"},
            {"id": "b", "name": "builds", "version": "1.0.0", "license": null, "source": "registry"}],
        "resolve": {"nodes": [
            {"id": "p", "deps": [
                {"pkg": "l", "dep_kinds": [{"kind": null}, {"kind": "dev"}]},
                {"pkg": "t", "dep_kinds": [{"kind": "dev"}]},
                {"pkg": "b", "dep_kinds": [{"kind": "build"}]}]},
            {"id": "l", "deps": []}, {"id": "t", "deps": []}, {"id": "b", "deps": []}]}}"#;
    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"libs_a\"\nversion = \"1.0.0+x\"\n\
        source = \"registry\"\nchecksum = \"abc\"\n\n[[package]]\nname = \"program\"\nversion = \"0.1.0\"\n";

    fn listed(package: &str) -> Result<Value, SbomError> {
        let options = Sbom { target: "t".to_owned(), package: vec![package.to_owned()] };
        list(&serde_json::from_str(METADATA).unwrap(), &checksums(LOCK), &options)
    }

    #[test]
    fn what_is_linked_is_listed_and_what_only_builds_or_tests_is_not() {
        let list = listed("program").unwrap();
        let names: Vec<_> =
            list["packages"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert_eq!(names, ["libs_a", "program"]);
        let crates = &list["packages"][0];
        assert_eq!(crates["SPDXID"], "SPDXRef-libs-a-1.0.0-x");
        assert_eq!(crates["licenseDeclared"], "MIT OR Apache-2.0");
        assert_eq!(crates["checksums"][0]["checksumValue"], "abc");
        assert_eq!(list["packages"][1]["checksums"], json!([]), "our own are of no registry");
        let relations = list["relationships"].as_array().unwrap();
        let kinds: Vec<_> = relations.iter().map(|one| &one["relationshipType"]).collect();
        assert_eq!(kinds, ["DESCRIBES", "DEPENDS_ON"]);
    }

    #[test]
    fn a_program_that_is_not_ours_has_no_list() {
        for package in ["absent", "tests"] {
            assert!(matches!(listed(package), Err(SbomError::NoPackage(name)) if name == package));
        }
    }
}
