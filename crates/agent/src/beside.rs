//! What an agent looks at before it begins: whether the kernel can do it, and who else enforces there.
//!
//! Two engines that enforce hide each other's mistakes, and a cluster that has one already has policies
//! that nobody tried with a second. So beside another one policies are staged, until somebody says that both
//! are meant. Only what is on the node counts for that, which no pod can forge: chains of its packet filter,
//! and its network's plugins.

use preflight::{Places, blocks, gather_engines, gather_kernel, judge_kernel};

use crate::{AgentError, Settings};

/// Other engines beside which nobody said to enforce, in words.
///
/// # Errors
/// Where the kernel cannot do what the agent is there for.
pub(crate) fn look(settings: &Settings) -> Result<Vec<String>, AgentError> {
    let findings = judge_kernel(&gather_kernel());
    let blocking: Vec<String> = blocks(&findings).map(|finding| finding.found.clone()).collect();
    if !blocking.is_empty() {
        return Err(AgentError::Preflight(blocking));
    }
    let mut places = Places::default();
    if let Some(install) = &settings.install {
        places.cni_config_dir.clone_from(&install.config_dir);
    }
    let netns = &settings.netns;
    let seen = enforce::netns::within(netns, || Ok::<_, std::io::Error>(gather_engines(&places)));
    let seen = seen.map_err(AgentError::Process)?;
    let words = seen
        .iter()
        .map(|seen| format!("{} enforces here too ({})", seen.engine, seen.at.join(", ")));
    let engines: Vec<String> = words.collect();
    for engine in &engines {
        match settings.switch.beside_other_engine {
            true => tracing::warn!("{engine}, and it was said to enforce beside it"),
            false => tracing::warn!(
                "{engine}, so policies are staged on this node; --beside-other-engine enforces them"
            ),
        }
    }
    Ok(if settings.switch.beside_other_engine { Vec::new() } else { engines })
}
