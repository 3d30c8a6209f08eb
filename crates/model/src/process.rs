//! Processes inside a pod: what rules may ask of the one that sends.
//!
//! A pod is several programs with one address. What a packet shows of its sender ends at the sender's
//! own node, so only rules about what a pod sends can ask.

/// The process that made a flow's socket, as its own node knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Process {
    /// The name of its container.
    pub container: String,
    /// The path of its executable in that container.
    pub executable: String,
}

/// Which processes of a pod a rule speaks for; all where it asks for nothing (ruling N38).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessMatch {
    /// Those of the container with this name.
    pub container: Option<String>,
    /// Those of the executable with this path.
    pub executable: Option<String>,
}

impl ProcessMatch {
    /// Whether every process is meant, known or not.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        self.container.is_none() && self.executable.is_none()
    }

    /// Whether `process` is meant.
    #[must_use]
    pub fn matches(&self, process: &Process) -> bool {
        let is = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|it| it == has);
        is(&self.container, &process.container) && is(&self.executable, &process.executable)
    }
}
