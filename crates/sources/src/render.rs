//! Rendering: charts and kustomizations become manifests by the tools that people deploy them with.
//!
//! Reading a chart's templates raw would drop what they mean, which may be a policy (ruling E6).

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use manifest::Document;

use crate::SourceError;

/// The comment in which Helm says which template a document comes from.
const SOURCE: &str = "# Source: ";

/// Who renders a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renderer {
    Helm,
    Kustomize(&'static str),
}

/// A directory that was rendered, for the header of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The directory as people know it.
    pub path: String,
    /// The renderer and its version.
    pub by: String,
}

impl Renderer {
    /// The file that says that a directory is the input of a renderer.
    const MARKERS: [(&'static str, Self); 4] = [
        ("kustomization.yaml", Self::Kustomize("kustomization.yaml")),
        ("kustomization.yml", Self::Kustomize("kustomization.yml")),
        ("Kustomization", Self::Kustomize("Kustomization")),
        ("Chart.yaml", Self::Helm),
    ];

    pub(crate) fn of(directory: &Path) -> Option<Self> {
        let (_, renderer) = Self::MARKERS.iter().find(|(name, _)| directory.join(name).exists())?;
        Some(*renderer)
    }

    /// Renders `directory`, which people know as `shown`.
    pub(crate) fn render(
        self,
        directory: &Path,
        shown: &str,
        helm_values: &[PathBuf],
    ) -> Result<(Vec<Document>, Rendered), SourceError> {
        match self {
            Self::Helm => {
                let (text, by) = self.first(helm(directory, helm_values), shown)?;
                Ok((by_template(&text, shown), rendered(shown, by)))
            }
            Self::Kustomize(_) => {
                let (text, by) = self.first(kustomize(directory), shown)?;
                let document = Document { name: shown.into(), text: text.into() };
                Ok((vec![document], rendered(shown, by)))
            }
        }
    }

    /// What the first of `ways` that is installed prints, and its version.
    fn first(
        self,
        ways: impl IntoIterator<Item = (Command, Command)>,
        shown: &str,
    ) -> Result<(String, String), SourceError> {
        for (mut render, mut version) in ways {
            let command = words(&render);
            let failed = |said| SourceError::NotRendered { path: shown.to_owned(), command, said };
            match render.output() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error.to_string())),
                Ok(output) if !output.status.success() => {
                    return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
                }
                Ok(output) => {
                    let text = String::from_utf8(output.stdout)
                        .map_err(|error| failed(error.to_string()))?;
                    return Ok((text, said_version(&render, &mut version)));
                }
            }
        }
        let (marker, renderer) = match self {
            Self::Helm => ("Chart.yaml", "helm"),
            Self::Kustomize(marker) => (marker, "kustomize"),
        };
        Err(SourceError::RendererMissing { path: shown.to_owned(), marker, renderer })
    }
}

fn rendered(shown: &str, by: String) -> Rendered {
    Rendered { path: shown.to_owned(), by }
}

fn helm(directory: &Path, values: &[PathBuf]) -> [(Command, Command); 1] {
    let mut render = Command::new("helm");
    render.arg("template").arg("release").arg(directory);
    for file in values {
        render.arg("--values").arg(file);
    }
    let mut version = Command::new("helm");
    version.args(["version", "--short"]);
    [(render, version)]
}

fn kustomize(directory: &Path) -> [(Command, Command); 2] {
    let mut own = Command::new("kustomize");
    own.arg("build").arg(directory);
    let mut own_version = Command::new("kustomize");
    own_version.arg("version");
    let mut kubectl = Command::new("kubectl");
    kubectl.arg("kustomize").arg(directory);
    let mut kubectl_version = Command::new("kubectl");
    kubectl_version.args(["version", "--client"]);
    [(own, own_version), (kubectl, kubectl_version)]
}

fn words(command: &Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    let first = command.get_args().next().map(|word| word.to_string_lossy().into_owned());
    [Some(program), first].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The program and the last line of what it says of its version, which names the renderer's.
fn said_version(render: &Command, version: &mut Command) -> String {
    let said = version.output().map(|output| output.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("unknown");
    format!("{} ({line})", words(render))
}

/// One document for each template, named after it; what comes before the first has the chart's name.
fn by_template(text: &str, shown: &str) -> Vec<Document> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for document in text.split_inclusive('\n').fold(Vec::<String>::new(), split_documents) {
        let source = document.lines().find_map(|line| line.strip_prefix(SOURCE));
        // Helm begins with the chart's own name, which people know as the directory.
        let template = source.and_then(|source| source.split_once('/')).map(|(_, path)| path);
        let name = template.map_or_else(|| shown.to_owned(), |path| format!("{shown}/{path}"));
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, text)) => text.push_str(&document),
            None => parts.push((name, document)),
        }
    }
    let document =
        |(name, text): (String, String)| Document { name: name.into(), text: Arc::from(text) };
    parts.into_iter().map(document).collect()
}

fn split_documents(mut documents: Vec<String>, line: &str) -> Vec<String> {
    let begins = line.trim_end() == "---";
    match documents.last_mut().filter(|_| !begins) {
        Some(last) => last.push_str(line),
        None => documents.push(line.to_owned()),
    }
    documents
}
