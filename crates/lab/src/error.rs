//! Why a lab cannot do what it was asked, by the step that failed.
//!
//! A difference between reality and oracle is no error: it is the answer, in the report.

use std::io;
use std::path::PathBuf;

use enforce::EnforceError;

use crate::link::LinkError;
use crate::{LabName, LabNameError};

/// Why a lab cannot be made, probed or removed.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The name is no lab's.
    #[error(transparent)]
    Name(#[from] LabNameError),
    /// Something that a lab needs of the machine is missing.
    #[error("a lab needs {what}")]
    Missing {
        /// What.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// More than a lab can hold.
    #[error("a lab holds at most {limit} {what}, these manifests make {wanted}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many are possible.
        limit: usize,
        /// How many were asked for.
        wanted: usize,
    },
    /// A lab of this name is up.
    #[error("lab {0} is up already")]
    AlreadyUp(LabName),
    /// No lab of this name is up.
    #[error("no lab {0} is up")]
    NotUp(LabName),
    /// A pod that is not in the lab.
    #[error("there is no pod {0} in this lab")]
    NoPod(String),
    /// A file or directory of the lab cannot be made, read or removed.
    #[error("cannot {doing} {}", path.display())]
    State {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The network of a namespace cannot be made.
    #[error("cannot make the network of {}", netns.display())]
    Link {
        /// The namespace.
        netns: PathBuf,
        /// Which step failed.
        source: LinkError,
    },
    /// A helper process cannot be started or has ended.
    #[error("the process for {who} is not there")]
    HelperLost {
        /// Which container.
        who: String,
        /// What the system said.
        source: io::Error,
    },
    /// A helper process could not take its place.
    #[error("the process for {who} failed at step `{step}`: {message}")]
    Helper {
        /// Which container.
        who: String,
        /// Which step.
        step: String,
        /// What the system said.
        message: String,
    },
    /// The policies of a node cannot be enforced.
    #[error("cannot enforce the policies of node {node}")]
    Enforce {
        /// The node.
        node: String,
        /// Why.
        source: Box<EnforceError>,
    },
    /// The two ends of a probe have different families.
    #[error("a probe mixes address families")]
    Flow(#[from] model::FlowError),
    /// A report cannot be written as JSON.
    #[error("the report cannot be written as JSON")]
    Json(#[source] serde_json::Error),
    /// A report cannot be written as JUnit XML.
    #[error("the report cannot be written as JUnit XML")]
    Junit(#[source] crate::render::JunitError),
    /// A signal asked the lab to end; it has removed what it made.
    #[error("interrupted; everything that was made is removed")]
    Interrupted,
    /// The lab's own runtime cannot start.
    #[error("cannot start the lab's own runtime")]
    Runtime(#[source] io::Error),
}

impl LabError {
    /// What a person can do about it, if there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { hint, .. } => Some(hint.clone()),
            Self::AlreadyUp(lab) => Some(format!("`ringfence lab down --name {lab}` removes it")),
            Self::NotUp(lab) => Some(format!("`ringfence lab up --name {lab} FILES` starts it")),
            Self::Limit { .. } => Some(
                "`--replicas-max 1` makes one pod of every workload; or give fewer manifests"
                    .into(),
            ),
            Self::Name(_)
            | Self::NoPod(_)
            | Self::State { .. }
            | Self::Link { .. }
            | Self::HelperLost { .. }
            | Self::Helper { .. }
            | Self::Enforce { .. }
            | Self::Flow(_)
            | Self::Json(_)
            | Self::Junit(_)
            | Self::Interrupted
            | Self::Runtime(_) => None,
        }
    }
}

/// Names the file in an error of the file system.
pub(crate) fn state(
    doing: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> LabError {
    let path = path.into();
    move |source| LabError::State { doing, path, source }
}
