//! What a lint is: one row of the table, from which help, documents, SARIF and tests are made.
//!
//! A row holds everything that people are told about a lint, so that nothing is said twice.

use std::fmt;

use crate::facts::Facts;
use crate::found::Found;

/// How bad it is that a lint fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Probably not meant.
    Warning,
    /// Does not do what it says.
    Error,
}

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Another list of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// CIS Kubernetes Benchmark.
    Cis,
    /// Kubernetes Hardening Guide of NSA and CISA, by chapter.
    NsaCisa,
    /// Controls of Kubescape.
    Kubescape,
    /// Checks of kube-linter.
    KubeLinter,
    /// Policies of Checkov.
    Checkov,
    /// Queries of KICS, by name.
    Kics,
    /// Checks of Polaris.
    Polaris,
    /// Checks of kube-score.
    KubeScore,
    /// Policies of Kyverno's library.
    Kyverno,
}

impl List {
    /// The name that people know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cis => "CIS Kubernetes",
            Self::NsaCisa => "NSA/CISA",
            Self::Kubescape => "Kubescape",
            Self::KubeLinter => "kube-linter",
            Self::Checkov => "Checkov",
            Self::Kics => "KICS",
            Self::Polaris => "Polaris",
            Self::KubeScore => "kube-score",
            Self::Kyverno => "Kyverno",
        }
    }
}

/// A kind of object without which a lint would only guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Pods or workloads that make them.
    Pods,
    /// Namespaces as objects.
    Namespaces,
    /// Services.
    Services,
    /// The pod network or nodes.
    Networks,
}

impl Need {
    /// What the input lacks, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pods => "pods or workloads",
            Self::Namespaces => "Namespaces",
            Self::Services => "Services",
            Self::Networks => "Nodes or --pod-cidr",
        }
    }

    /// Whether one of these kinds is a part of it.
    pub(crate) fn is_among(self, kinds: &[&str]) -> bool {
        let own = match self {
            // Who a pod is to a policy depends on its namespace's labels.
            Self::Pods => ["Pod", "Namespace"].as_slice(),
            Self::Namespaces => &["Namespace"],
            Self::Services => &["Service", "EndpointSlice"],
            Self::Networks => &["Node"],
        };
        own.iter().any(|kind| kinds.contains(kind))
    }
}

/// How a lint looks for what it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    /// It looks at everything that was read.
    Facts(fn(&Facts<'_>, &mut Found<'_, '_>)),
    /// `manifest` finds it while reading and reports it under this code.
    Reading(&'static str),
    /// It is about suppressions, which are known only after all others.
    Suppression,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// `RF` and three digits; never reused.
    pub id: &'static str,
    /// A word in kebab case.
    pub slug: &'static str,
    /// How bad it is, unless the configuration says otherwise.
    pub severity: Severity,
    /// Why it matters, in one sentence.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// The same check in other lists.
    pub elsewhere: &'static [(List, &'static str)],
    /// What the input must hold.
    pub needs: &'static [Need],
    /// Manifests on which it fires, at the lines that end in `# here`.
    pub fires: &'static str,
    /// Nearly the same manifests, on which it does not.
    pub twin: &'static str,
    pub(crate) check: Check,
}

impl Lint {
    /// The page that says everything about it, beside the project's other documents.
    #[must_use]
    pub fn page(&self) -> String {
        format!("docs/lints/{}.md", self.id)
    }
}

/// The same row; rows are distinct by their ids.
impl PartialEq for Lint {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Lint {}
