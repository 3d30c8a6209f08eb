//! `ringfence sysdump`: everything that a report of a fault needs, in one file, without secrets.
//!
//! What is collected and what is left out is elsewhere; here the file is made.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use fleet::Fleet;
use sysdump::Entry;

use crate::agents::Agents;
use crate::at::online;
use crate::exit::Exit;

#[derive(Args, Debug)]
#[command(after_help = "\
In it are versions, how every agent is, its metrics and newest flows, policies, Namespaces, Nodes,
Services and EndpointSlices, and pods, events and logs of Ringfence's own namespace. Secrets and
ConfigMaps are never asked for; values of environments and annotations are left out, and what looks like
a credential is hidden. Names and addresses stay: look before you send it to strangers.

Examples:
  ringfence sysdump
  ringfence sysdump --context production --output-file fault.tar.gz && tar tzf fault.tar.gz")]
pub(crate) struct Arguments {
    #[command(flatten)]
    agents: Agents,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "ringfence-sysdump.tar.gz")]
    output_file: PathBuf,
}

/// Collects everything, and writes it. What could not be collected is named in the file and here.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    online(async {
        let Agents { at, system_namespace, servers } = &arguments.agents;
        let connection = at.connect().await?;
        let fleet = match servers.is_empty() {
            true => fleet::find(&connection, system_namespace).await.unwrap_or_else(|error| {
                eprintln!("warning: {error}");
                Fleet::default()
            }),
            false => arguments.agents.fleet().await?.1,
        };
        let tell = |line: &str| eprintln!("collecting {line}");
        let version = env!("CARGO_PKG_VERSION");
        let entries = sysdump::collect(&connection, &fleet, system_namespace, version, &tell).await;
        let missing = entries.iter().find(|entry| entry.path == sysdump::NOT_COLLECTED);
        let missing = missing.map(|entry| entry.text.as_str()).unwrap_or_default();
        missing.lines().for_each(|line| eprintln!("not collected: {line}"));
        Ok(Exit::of(write(&arguments.output_file, &entries)))
    })
}

fn write(path: &Path, entries: &[Entry]) -> Result<(), String> {
    let failed = |error: io::Error| format!("{}: {error}", path.display());
    let file = BufWriter::new(File::create(path).map_err(failed)?);
    let mut file = sysdump::archive(file, "ringfence-sysdump", entries)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    file.flush().map_err(failed)?;
    println!("{}", path.display());
    Ok(())
}
