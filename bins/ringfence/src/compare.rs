//! `ringfence compare`: how two sets of policies over one world relate.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use model::{PolicyRef, Rules, World};
use report::{Header, Report};

use crate::cli::Reading;
use crate::exit::Exit;
use crate::input::{self, Manifests, Unreadable};
use crate::live::{self, Snapshot};
use crate::output::Output;
use crate::progress;

#[derive(Args, Debug)]
#[command(after_help = "\
Policies in -f belong to both sides. With --policies only the two named policies are compared, each
as if it were alone.

Examples:
  ringfence compare old/ new/ -f cluster/
  ringfence compare -f manifests/ --policies shop/allow-web shop/allow-all")]
pub(crate) struct Arguments {
    /// The policies of side A
    #[arg(required_unless_present = "policies", requires = "b")]
    a: Option<PathBuf>,
    /// The policies of side B
    b: Option<PathBuf>,
    /// The world, and policies that both sides have
    #[arg(short = 'f', long = "filename", value_name = "PATH", required_unless_present_any = [
        "a", "live", "context", "kubeconfig", "all_namespaces",
    ])]
    world: Vec<PathBuf>,
    /// Two policies of one tree: NS/NAME, or NAME
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["a", "b"])]
    policies: Vec<String>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
}

/// Why there is nothing to compare.
enum CompareError {
    Unreadable,
    /// No policy has this name.
    NoPolicy(String),
    /// Several policies of different kinds have it.
    SeveralPolicies(String),
    /// A and B say different things of what exists.
    OtherWorld,
}

impl From<Unreadable> for CompareError {
    fn from(_: Unreadable) -> Self {
        Self::Unreadable
    }
}

impl fmt::Display for CompareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("nothing was compared"),
            Self::NoPolicy(name) => write!(f, "no policy is called {name}"),
            Self::SeveralPolicies(name) => write!(f, "several policies are called {name}"),
            Self::OtherWorld => {
                f.write_str("A and B have different pods or nodes: give these with -f, for both")
            }
        }
    }
}

/// Two sets of policies, the world around them, and what is said of the inputs.
struct Sides {
    world: World,
    rules: [Rules; 2],
    header: Header,
}

/// Compares two sets of policies.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let sides = match sides(arguments) {
        Ok(sides) => sides,
        Err(CompareError::Unreadable) => return Exit::Incomplete,
        Err(error) => return Exit::of(Err(error)),
    };
    let [a, b] = &sides.rules;
    sides.rules.iter().for_each(input::say_domains);
    let compare = || analysis::compare(&sides.world, a, b);
    let comparison = progress::during("comparing policies", compare);
    arguments.output.say(&Report {
        header: &sides.header,
        body: &comparison,
        lines: &comparison.relations,
        table: &report::compare::table(&comparison),
        closing: &[report::compare::closing(&comparison)],
    })
}

fn sides(arguments: &Arguments) -> Result<Sides, CompareError> {
    match (&arguments.a, &arguments.b) {
        (Some(a), Some(b)) => of_sources(arguments, a, b),
        (_, _) => of_names(arguments),
    }
}

fn read(
    arguments: &Arguments,
    paths: Vec<PathBuf>,
    cluster: Option<&Snapshot>,
) -> Result<Manifests, Unreadable> {
    input::told(input::load_over(paths, &arguments.reading, cluster, input::REPLICAS_MAX)?)
}

fn of_sources(arguments: &Arguments, a: &PathBuf, b: &PathBuf) -> Result<Sides, CompareError> {
    let with_world =
        |path: &PathBuf| std::iter::once(path).chain(&arguments.world).cloned().collect();
    let cluster = live::snapshot(&arguments.reading)?;
    let read = |path| read(arguments, with_world(path), cluster.as_ref());
    let [a, b] = [read(a)?, read(b)?];
    let header = a.header("compare", arguments.reading.words());
    let inputs = format!("{}..{}", a.digest, b.digest);
    let header = Header { inputs, complete: a.is_complete && b.is_complete, ..header };
    let same = a.world.pods().eq(b.world.pods()) && a.world.nodes().eq(b.world.nodes());
    if !same {
        return Err(CompareError::OtherWorld);
    }
    Ok(Sides { world: a.world, rules: [a.rules, b.rules], header })
}

fn of_names(arguments: &Arguments) -> Result<Sides, CompareError> {
    let cluster = live::snapshot(&arguments.reading)?;
    let all = read(arguments, arguments.world.clone(), cluster.as_ref())?;
    let mut header = all.header("compare", arguments.reading.words());
    header.options.push(format!("--policies {}", arguments.policies.join(" ")));
    let [a, b] = arguments.policies.as_slice() else { return Err(CompareError::Unreadable) };
    let namespace = &all.namespace;
    // Each is compared as if it were alone, so one that is staged is as good as any.
    let known = all.rules.with_staged_enforced();
    let rules = [only(&known, a, namespace)?, only(&known, b, namespace)?];
    Ok(Sides { world: all.world, rules, header })
}

/// The rules of the one policy that `word` names.
fn only(rules: &Rules, word: &str, default: &str) -> Result<Rules, CompareError> {
    let is_meant = |policy: &PolicyRef| match word.split_once('/') {
        Some((namespace, name)) => {
            policy.namespace.as_deref() == Some(namespace) && policy.name == name
        }
        None => policy.name == word && policy.namespace.as_deref().is_none_or(|own| own == default),
    };
    let meant: Vec<_> = rules.iter().filter(|rule| is_meant(&rule.origin.policy)).collect();
    let first = meant.first().map(|rule| &rule.origin.policy);
    let Some(first) = first else { return Err(CompareError::NoPolicy(word.to_owned())) };
    match meant.iter().all(|rule| rule.origin.policy == *first) {
        true => Ok(Rules::new(meant.into_iter().cloned().collect())),
        false => Err(CompareError::SeveralPolicies(word.to_owned())),
    }
}
