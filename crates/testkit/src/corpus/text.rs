//! A corpus file as it is written, before anything in it is looked up.
//!
//! Unknown fields are errors: a misspelt field would otherwise weaken a case in silence.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::lowered::{RuleText, WorldText};

/// A tier of testing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum TierName {
    /// The oracle.
    T0,
    /// The compiled table.
    T1,
    /// The program, by test runs.
    T2,
    /// Real packets.
    T3,
}

impl TierName {
    /// All tiers.
    pub const ALL: [Self; 4] = [Self::T0, Self::T1, Self::T2, Self::T3];
}

/// Where a case runs if not everywhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// The tiers.
    pub tiers: Vec<TierName>,
    /// Why not in the others.
    pub because: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseText {
    pub(super) about: String,
    pub(super) rulings: Vec<String>,
    pub(super) twin: Option<String>,
    pub(super) only: Option<Only>,
    #[serde(default)]
    pub(super) options: OptionsText,
    pub(super) manifests: Option<Spanned<String>>,
    pub(super) world: Option<Spanned<WorldText>>,
    pub(super) rules: Option<Vec<Spanned<RuleText>>>,
    #[serde(default)]
    pub(super) flows: Vec<Spanned<FlowText>>,
    #[serde(default)]
    pub(super) matrix: Vec<Spanned<MatrixText>>,
    #[serde(default)]
    pub(super) steps: Vec<Spanned<StepText>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OptionsText {
    pub(super) read_as: Option<ReadAs>,
    /// Staged policies decide as if they were enforced.
    #[serde(default)]
    pub(super) staged: bool,
    /// The cluster's switch.
    #[serde(default)]
    pub(super) enforcement: EnforcementText,
    #[serde(default)]
    pub(super) pod_cidr: Vec<String>,
    #[serde(default)]
    pub(super) addresses: Addresses,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ReadAs {
    /// As a cluster's objects: what cannot be read fails closed.
    Cluster,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EnforcementText {
    #[default]
    Enforce,
    Audit,
    Disabled,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Addresses {
    /// What lacks an address gets one.
    #[default]
    Assigned,
    /// What lacks an address stays without.
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FlowText {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) port: String,
    pub(super) family: Option<FamilyText>,
    pub(super) origin: Option<OriginText>,
    #[serde(default)]
    pub(super) through_service: bool,
    /// The container and the executable of the process that sends; both, or nobody knows it.
    pub(super) container: Option<String>,
    pub(super) executable: Option<String>,
    pub(super) egress: String,
    pub(super) ingress: String,
    #[serde(default)]
    pub(super) undetermined: Vec<EndText>,
    pub(super) verdict: VerdictText,
    /// What would be decided if staged policies were enforced; the same where nothing is said.
    pub(super) staged: Option<StagedText>,
    pub(super) rulings: Option<Vec<String>>,
}

/// An end that says nothing is as it is enforced.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StagedText {
    pub(super) egress: Option<String>,
    pub(super) ingress: Option<String>,
    pub(super) verdict: VerdictText,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FamilyText {
    V4,
    V6,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OriginText {
    Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EndText {
    Egress,
    Ingress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum VerdictText {
    Allow,
    Deny,
}

/// A table of flows: rows are sources, columns destinations, cells keys of `reasons`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MatrixText {
    pub(super) port: String,
    pub(super) family: Option<FamilyText>,
    pub(super) to: Vec<String>,
    pub(super) from: BTreeMap<String, String>,
    pub(super) reasons: BTreeMap<String, ReasonsText>,
    pub(super) rulings: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonsText {
    pub(super) egress: String,
    pub(super) ingress: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepText {
    pub(super) about: String,
    pub(super) apply: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) delete: Vec<String>,
    #[serde(default)]
    pub(super) flows: Vec<Spanned<FlowText>>,
    #[serde(default)]
    pub(super) matrix: Vec<Spanned<MatrixText>>,
}
