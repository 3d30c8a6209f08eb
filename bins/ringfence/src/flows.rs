//! `ringfence flows`: what the nodes of a cluster let through and what they denied.
//!
//! Agents keep the record; here it is asked for, put together and printed.

use ::flows::FlowQuery;
use clap::Args;
use fleet::Heard;

use crate::agents::Agents;
use crate::at::online;
use crate::exit::Exit;
use crate::flow_line::say;
use crate::flow_words::FlowWords;
use crate::interrupt::interrupted;

/// Which flows of which nodes.
#[derive(Args, Debug)]
#[command(after_help = "\
Each agent keeps its newest flows in memory. Words of one kind widen, words of different kinds narrow
what is shown. A flow between two nodes is told by both of them.

Examples:
  ringfence flows --verdict deny
  ringfence flows -f -n shop --port 5432
  ringfence flows --node worker-3 --last 1000 -o json | jq -r .reason | sort | uniq -c
  ringfence flows --server 127.0.0.1:9470")]
pub(crate) struct Arguments {
    #[command(flatten)]
    agents: Agents,
    /// Only from these nodes
    #[arg(long = "node", value_name = "NODE")]
    nodes: Vec<String>,
    #[command(flatten)]
    words: FlowWords,
}

/// Prints the record, and goes on with it if asked to.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    online(async {
        let agents = arguments.agents.answering(&arguments.nodes).await?;
        let words = &arguments.words;
        let query =
            FlowQuery { filter: words.filter(), last: Some(words.last), follow: words.follow };
        let mut is_whole = true;
        let told = fleet::flows(&agents, &query, |heard| match heard {
            // A closed pipe is the reader's choice, not a failure of ours.
            Heard::Flow(record) => say(&[*record], words.output).is_ok(),
            Heard::Lost { node, lost } => {
                eprintln!("warning: {lost} flows of {node} went by unseen");
                true
            }
            Heard::Failed(error) => {
                eprintln!("{:?}", miette::Report::new(error));
                is_whole = false;
                true
            }
        });
        tokio::select! {
            () = told => {}
            () = interrupted() => {}
        }
        Ok(if is_whole { Exit::Good } else { Exit::Incomplete })
    })
}
