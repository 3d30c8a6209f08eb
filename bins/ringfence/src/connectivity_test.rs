//! `ringfence connectivity-test`: whether the cluster's network does what the oracle says.
//!
//! The test itself is elsewhere; here is what can be typed, and how its report is printed.

use std::time::Duration;

use clap::Args;
use connectivity::{Failure, Settings, TestReport};
use report::{Header, Report, Table};

use crate::at::{At, online};
use crate::exit::Exit;
use crate::output::Output;

/// What the public has.
const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.53";

#[derive(Args, Debug)]
#[command(after_help = "\
Two namespaces are made, ringfence-test-clients and ringfence-test-servers, with a pod of each on
every node. Under one set of policies after another every client dials every server, in both address
families, by TCP and UDP, at the pod's address and at its Service's. What must come out is what
`ringfence explain` says of the cluster's objects at that moment, policies of others included.

It ends with 0 if all came out so, with 1 if not, or if nothing was denied or nothing allowed, and
with 2 if the test could not be made.

Examples:
  ringfence connectivity-test
  ringfence connectivity-test --context production --node a --node b
  ringfence connectivity-test --image registry.example.com/agnhost:2.53 -o json
  ringfence connectivity-test --clean-up")]
pub(crate) struct Arguments {
    #[command(flatten)]
    at: At,
    /// Image of the pods: agnhost, or one with the same words and a shell
    #[arg(long, default_value = IMAGE)]
    image: String,
    /// Only these nodes
    #[arg(long = "node", value_name = "NODE")]
    nodes: Vec<String>,
    /// At most so many nodes; pairs are their square
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    nodes_max: u16,
    /// How long pods may take to get ready, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    ready_timeout: u64,
    /// How long policies may take to be in force, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    settle_timeout: u64,
    /// How long a probe waits for an answer, milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..))]
    probe_timeout: u64,
    /// Leave there what was made
    #[arg(long)]
    keep: bool,
    /// Remove what earlier tests left, and test nothing
    #[arg(long, conflicts_with = "keep")]
    clean_up: bool,
    #[command(flatten)]
    output: Output,
}

/// Makes a test, or removes what another one left.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    online(async {
        let connection = arguments.at.connect().await?;
        if arguments.clean_up {
            let removed = connectivity::clean_up(&connection.client).await?;
            removed.iter().for_each(|name| eprintln!("removed {name}"));
            return Ok(Exit::Good);
        }
        let settings = arguments.settings();
        let ended = crate::interrupt::interrupted();
        let tell = |line: &str| eprintln!("{line}");
        match connectivity::run(&connection, &settings, &tell, ended).await? {
            Some(report) => Ok(arguments.say(&report)),
            None => {
                eprintln!("ended early: there is no answer");
                Ok(Exit::Incomplete)
            }
        }
    })
}

impl Arguments {
    fn settings(&self) -> Settings {
        Settings {
            image: self.image.clone(),
            nodes: self.nodes.clone(),
            nodes_max: self.nodes_max.into(),
            keep: self.keep,
            ready_max: Duration::from_secs(self.ready_timeout),
            settle_max: Duration::from_secs(self.settle_timeout),
            probe_max: Duration::from_millis(self.probe_timeout),
        }
    }

    fn say(&self, report: &TestReport) -> Exit {
        let mut table =
            Table::new(&["step", "from", "to", "by", "address", "expected", "found", "rule"], &[]);
        report.failures.iter().for_each(|failure| table.push(row(failure)));
        let proves_nothing = report.proves_nothing().map(str::to_owned);
        let closing: Vec<String> =
            proves_nothing.into_iter().chain([report.counts.to_string()]).collect();
        let said = self.output.say(&Report {
            header: &header(),
            body: report,
            lines: &report.failures,
            table: &table,
            closing: &closing,
        });
        said.unless_bad(!report.is_good())
    }
}

fn row(failure: &Failure) -> [String; 8] {
    let Failure { step, from, to, by, address, protocol, expected, found, rule } = failure.clone();
    [step, from, to, by.to_owned(), format!("{address}/{protocol}"), expected, found, rule]
}

/// Nothing that stays the same was read: the cluster was listed again for every round.
fn header() -> Header {
    Header {
        tool: "ringfence connectivity-test".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs: "live".to_owned(),
        options: Vec::new(),
        unknown: Vec::new(),
        staged: 0,
        complete: true,
    }
}
