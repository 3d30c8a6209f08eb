//! `ringfence path`: how the nodes of both ends decide one flow, step by step.
//!
//! `explain` says what should be; this says what the tables and the kernels' maps say now.

use clap::{Args, ValueEnum};
use fleet::{NodePath, PathEnd, Steps};

use crate::agents::Agents;
use crate::at::online;
use crate::exit::Exit;
use crate::print::print;

#[derive(Args, Debug)]
#[command(after_help = "\
Every agent says what the oracle says of the objects that it knows. The agents of the two ends add
what they look up: the endpoint's slot, its set, the class of the other end's address, the column of
the traffic, where the row begins, and the rule; first in the table that they made, then in the
kernel's maps as they are now. It ends with 1 where these are not one.

Examples:
  ringfence path --from shop/web --to payments/db-0 --port 5432
  ringfence path --from shop/web --to 10.0.0.7 --port 53/udp -o json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    agents: Agents,
    /// Who sends: NS/POD, node/NAME or an address
    #[arg(long, value_name = "PEER")]
    from: String,
    /// To whom: NS/POD, node/NAME or an address
    #[arg(long, value_name = "PEER")]
    to: String,
    /// On what: 5432, 53/udp, a port's name, icmp
    #[arg(long, value_name = "PORT")]
    port: String,
    /// Of two pods that have addresses of both families: 4 or 6
    #[arg(long, value_name = "FAMILY", value_parser = clap::value_parser!(u8).range(4..=6))]
    family: Option<u8>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: PathOutput,
}

/// How a path is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PathOutput {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// Asks every agent, and says where they differ.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    online(async {
        let agents = arguments.agents.answering(&[]).await?;
        let Arguments { from, to, port, family, .. } = arguments;
        let mut paths: Vec<NodePath> = Vec::new();
        let mut is_whole = true;
        for said in fleet::paths(&agents, from, to, port, *family).await {
            match said {
                Ok(path) => paths.push(path),
                Err(error) => {
                    eprintln!("{:?}", miette::Report::new(error));
                    is_whole = false;
                }
            }
        }
        let text = match arguments.output {
            PathOutput::Text => text(&paths),
            // Plain structures always become JSON.
            PathOutput::Json => serde_json::to_string_pretty(&paths).unwrap_or_default() + "\n",
        };
        let said = Exit::of(print(&text, None));
        Ok(if is_whole { said.unless_bad(!agrees(&paths)) } else { Exit::Incomplete })
    })
}

/// Whether all nodes expect the same, and have it.
fn agrees(paths: &[NodePath]) -> bool {
    let same = paths.windows(2).all(|two| match two {
        [one, other] => one.oracle == other.oracle,
        _ => true,
    });
    same && paths.iter().flat_map(|path| &path.ends).all(|end| end.agrees)
}

fn text(paths: &[NodePath]) -> String {
    let Some(first) = paths.first() else { return String::new() };
    let mut text =
        format!("{} -> {} {}: {}\n", first.from, first.to, first.traffic, first.oracle.verdict);
    for path in paths {
        if path.oracle != first.oracle {
            let (verdict, node) = (&path.oracle.verdict, &path.node);
            text += &format!("\nthe agent of {node} knows other objects: there it is {verdict}\n");
        }
        path.ends.iter().for_each(|end| text += &of_end(&path.node, end));
    }
    if paths.iter().all(|path| path.ends.is_empty()) {
        text += "\nnone of the nodes that answered has one of the ends\n";
    }
    text
}

fn of_end(node: &str, end: &PathEnd) -> String {
    let PathEnd { pod, direction, interfaces, oracle, table, kernel, agrees } = end;
    let interfaces: String = interfaces.iter().map(|one| format!("  interface {one}\n")).collect();
    let oracle = format!("  oracle    {} because of {}\n", oracle.verdict, oracle.reason);
    let kernel = match (table == kernel, agrees) {
        (true, true) => "  kernel    the same\n".to_owned(),
        (_, _) => steps("kernel", kernel),
    };
    let differs = if *agrees { "" } else { "  THESE DIFFER\n" };
    format!(
        "\n{direction} of {pod} on {node}\n{interfaces}{oracle}{}{kernel}{differs}",
        steps("table", table)
    )
}

fn steps(what: &str, steps: &Steps) -> String {
    let Steps { endpoint, set, class, class_by, column, row, rule, verdict, reason } = steps;
    let number =
        |number: &Option<u32>| number.map_or_else(|| "none".to_owned(), |it| it.to_string());
    let by = class_by.as_ref().map(|by| format!(" (by {by})")).unwrap_or_default();
    format!(
        "  {what:<9} endpoint {}, set {}, class {}{by}, column {column}, row at {}, rule {rule}: \
         {verdict} because of {reason}\n",
        number(endpoint),
        number(set),
        number(class),
        number(row),
    )
}
