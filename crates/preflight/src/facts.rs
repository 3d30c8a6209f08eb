//! What was found on a node, before anybody says what it means.
//!
//! They are plain data, so that what they mean is tried without such a node.

/// What the kernel has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelFacts {
    /// Its release, as it says it.
    pub release: String,
    /// Without which no program can be loaded, in words.
    pub missing: Vec<String>,
    /// Where cgroup2 is mounted.
    pub cgroup2: Option<String>,
    /// Whether the BPF file system is mounted at its place.
    pub has_bpffs: bool,
    /// Whether the programs were loaded, with what they had to do without; nothing where it could not be
    /// tried.
    pub loaded: Option<Result<Vec<String>, String>>,
    /// Capabilities of this process that the agent needs and it lacks.
    pub lacking_capabilities: Vec<&'static str>,
    /// Whether each family is there: IPv4 and IPv6.
    pub families: [bool; 2],
}

/// A chain of nf_tables, those of iptables over nf_tables among them, or of the older iptables.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedChain {
    /// Its table.
    pub table: String,
    /// Its own name.
    pub chain: String,
}

/// Somebody else's program on a hook of an interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occupied {
    /// The interface.
    pub interface: String,
    /// `ingress` or `egress`.
    pub direction: &'static str,
    /// The program's name.
    pub program: String,
}

/// Everything that was found on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    /// The kernel.
    pub kernel: KernelFacts,
    /// The network configurations that a runtime would read, by name, the first first; or why they
    /// cannot be read.
    pub networks: Result<Vec<(String, String)>, String>,
    /// The chains of the packet filter, or why they cannot be read.
    pub chains: Result<Vec<NamedChain>, String>,
    /// Programs of others on interfaces of pods, or why they cannot be read.
    pub occupied: Result<Vec<Occupied>, String>,
}
