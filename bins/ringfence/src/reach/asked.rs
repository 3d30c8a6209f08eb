//! What is asked of reach: at which grain, between whom, on which ports.
//!
//! A picture and a table of the same question must show the same, so both are asked with these.

use analysis::reach::{Focus, Options, Report};
use analysis::{By, TrafficSet};
use clap::{Args, ValueEnum};
use model::{Direction, Rules, World};

use crate::input::Manifests;
use crate::progress;
use crate::reach::who::{self, WhoError};
use crate::word::PortWord;

/// What a name in the answer stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Grain {
    /// Deployments and their like; pods that nothing made stand for themselves
    Workload,
    /// Each pod
    Pod,
    /// Whole namespaces
    Namespace,
}

impl From<Grain> for By {
    fn from(grain: Grain) -> Self {
        match grain {
            Grain::Workload => Self::Workload,
            Grain::Pod => Self::Pod,
            Grain::Namespace => Self::Namespace,
        }
    }
}

/// Whose policy decides alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// What pods reach outside of the cluster
    Egress,
    /// What reaches pods from outside of the cluster
    Ingress,
}

/// The question.
#[derive(Args, Debug)]
pub(crate) struct Asked {
    /// What a name in the answer stands for
    #[arg(long, value_enum, default_value = "workload")]
    pub(crate) by: Grain,
    /// Only from these: a peer, NS/* or internet
    #[arg(long, value_name = "PEER")]
    from: Vec<String>,
    /// Only to these
    #[arg(long, value_name = "PEER")]
    to: Vec<String>,
    /// Only on these ports
    #[arg(long, value_name = "PORT")]
    port: Vec<PortWord>,
    /// Only with addresses outside, one way
    #[arg(long, value_enum)]
    direction: Option<Way>,
}

impl Asked {
    /// The answer; with the rules that decide, if it is to `explain`.
    ///
    /// # Errors
    /// Where a word means nobody.
    pub(crate) fn reached(
        &self,
        manifests: &Manifests,
        rules: &Rules,
        explain: bool,
    ) -> Result<Report, WhoError> {
        let Manifests { world, namespace, .. } = manifests;
        progress::during("looking who reaches whom", || {
            let reach = analysis::reach(world, rules, &Options::default());
            let focus = self.focus(namespace, world, reach.tables().roster())?;
            Ok(reach.report(world, self.by.into(), &focus, explain))
        })
    }

    /// Whom the words mean in `world`.
    fn focus(
        &self,
        namespace: &str,
        world: &World,
        roster: &compile::Roster,
    ) -> Result<Focus, WhoError> {
        let some = |words: &[String]| who::all(words, world, roster, namespace);
        let traffic = self.port.iter().map(who::traffic).collect::<Result<Vec<_>, _>>()?;
        let union =
            |all: Vec<TrafficSet>| all.iter().fold(TrafficSet::NONE, |all, one| all.union(one));
        Ok(Focus {
            from: some(&self.from)?,
            to: some(&self.to)?,
            traffic: (!traffic.is_empty()).then(|| union(traffic)),
            direction: self.direction.map(|way| match way {
                Way::Egress => Direction::Egress,
                Way::Ingress => Direction::Ingress,
            }),
        })
    }
}
