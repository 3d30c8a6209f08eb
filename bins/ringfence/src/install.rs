//! `ringfence install`, `upgrade` and `uninstall`: the plain manifests, applied and waited for.
//!
//! What is done in which order is elsewhere; here is what can be typed.

use std::time::Duration;

use clap::Args;
use deployment::Settings;

use crate::at::{At, online};
use crate::exit::Exit;
use crate::print::print;

/// Put Ringfence on every node of a cluster
#[derive(Args, Debug)]
#[command(after_help = "\
The manifests are those of deploy/manifests, as this version was built with them. They are applied one
by one by the API server, and it ends when every node is ready. For whoever has Helm there is a chart;
what Helm installed is left to it.

Examples:
  ringfence install --dry-run | less
  ringfence install --context staging --image registry.example.com/ringfence:0.1.0")]
pub(crate) struct Install {
    #[command(flatten)]
    how: How,
}

/// Make the Ringfence of a cluster what this version brings
#[derive(Args, Debug)]
pub(crate) struct Upgrade {
    #[command(flatten)]
    how: How,
}

/// Take Ringfence off a cluster, and all that it left on its nodes
#[derive(Args, Debug)]
#[command(after_help = "\
First the agents are ended; then a pod on every node takes the plugin out of the chain, and links,
programs, maps and files away; then the objects go, the namespace last. Pods keep their network, without
policies. Where a node does not get clean in time nothing more is removed, and it may be repeated.")]
pub(crate) struct Uninstall {
    #[command(flatten)]
    how: How,
    /// Leave the namespace there
    #[arg(long)]
    keep_namespace: bool,
}

/// What all three are told.
#[derive(Args, Debug)]
#[group(skip)]
struct How {
    #[command(flatten)]
    at: At,
    /// Image of agents and plugin, instead of this version's
    #[arg(long)]
    image: Option<String>,
    /// How long each step may take, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    wait_timeout: u64,
    /// Print the manifests, and ask no API server
    #[arg(long)]
    dry_run: bool,
}

impl How {
    fn settings(&self, keep_namespace: bool) -> Settings {
        let wait_max = Duration::from_secs(self.wait_timeout);
        Settings { image: self.image.clone(), wait_max, keep_namespace }
    }
}

fn tell(line: &str) {
    eprintln!("{line}");
}

pub(crate) fn install(Install { how }: &Install) -> Exit {
    if how.dry_run {
        return Exit::of(print(&deployment::agents(how.image.as_deref()), None));
    }
    online(async {
        let client = how.at.connect().await?.client;
        deployment::install(&client, &how.settings(false), &tell).await?;
        Ok(Exit::Good)
    })
}

pub(crate) fn upgrade(Upgrade { how }: &Upgrade) -> Exit {
    if how.dry_run {
        return Exit::of(print(&deployment::agents(how.image.as_deref()), None));
    }
    online(async {
        let client = how.at.connect().await?.client;
        deployment::upgrade(&client, &how.settings(false), &tell).await?;
        Ok(Exit::Good)
    })
}

pub(crate) fn uninstall(Uninstall { how, keep_namespace }: &Uninstall) -> Exit {
    if how.dry_run {
        return Exit::of(print(&deployment::uninstaller(how.image.as_deref()), None));
    }
    online(async {
        let client = how.at.connect().await?.client;
        deployment::uninstall(&client, &how.settings(*keep_namespace), &tell).await?;
        Ok(Exit::Good)
    })
}
