//! Policies that are drawn anew at every flip, and the documents that say them.
//!
//! Pods differ by one label, their app, so what one pod may do follows from the apps of both ends and
//! the port: a table that the oracle fills once for each set of policies.

use std::fmt::Write;

use testkit::generate::{Random, Source};

use crate::agent::NAMESPACE;

/// How many apps there are.
pub(crate) const APPS: usize = 6;
/// The ports that pods serve.
pub(crate) const PORTS: [u16; 3] = [8001, 8002, 8003];

/// One rule: who, on which ports; everybody and everything where a list is empty.
#[derive(Clone, Debug)]
struct Rule {
    apps: Vec<usize>,
    ports: Vec<usize>,
}

/// What isolates the pods of one app, if anything.
#[derive(Clone, Debug, Default)]
struct Isolation {
    ingress: Option<Vec<Rule>>,
    egress: Option<Vec<Rule>>,
}

/// The policies at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    apps: Vec<Isolation>,
}

impl Policies {
    /// Nothing is isolated.
    pub(crate) fn none() -> Self {
        Self { apps: vec![Isolation::default(); APPS] }
    }

    /// Draws what isolates every app.
    pub(crate) fn draw(random: &mut Random) -> Self {
        Self { apps: (0..APPS).map(|_| Isolation::draw(random)).collect() }
    }

    /// Draws one app's isolation anew.
    pub(crate) fn flip(&mut self, random: &mut Random) {
        let at = random.below(APPS);
        if let Some(app) = self.apps.get_mut(at) {
            *app = Isolation::draw(random);
        }
    }

    /// The policies as they are applied.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (app, isolation) in self.apps.iter().enumerate() {
            let sides = [("Ingress", "ingress", "from", &isolation.ingress)].into_iter().chain([(
                "Egress",
                "egress",
                "to",
                &isolation.egress,
            )]);
            for (kind, field, peers, rules) in sides {
                if let Some(rules) = rules {
                    policy(&mut text, app, (kind, field, peers), rules);
                }
            }
        }
        text
    }
}

impl Isolation {
    /// Ingress is isolated more often than egress, as it is in clusters.
    fn draw(random: &mut Random) -> Self {
        let mut side = |of: usize| (random.below(of) != 0).then(|| rules(random));
        let ingress = side(4);
        let egress = side(2);
        Self { ingress, egress }
    }
}

fn rules(random: &mut Random) -> Vec<Rule> {
    let rule =
        |random: &mut Random| Rule { apps: some(random, APPS), ports: some(random, PORTS.len()) };
    (0..1 + random.below(3)).map(|_| rule(random)).collect()
}

/// Each of `of` with an even chance.
fn some(random: &mut Random, of: usize) -> Vec<usize> {
    (0..of).filter(|_| random.below(2) == 0).collect()
}

fn policy(text: &mut String, app: usize, (kind, field, peers): (&str, &str, &str), rules: &[Rule]) {
    let _ = write!(
        text,
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{name: {field}-{app}, namespace: {NAMESPACE}}}\n\
         spec:\n  podSelector: {{matchLabels: {{app: app{app}}}}}\n  policyTypes: [{kind}]\n  {field}:\n"
    );
    for rule in rules {
        let apps: Vec<String> = rule.apps.iter().map(|app| format!("app{app}")).collect();
        let ports = rule.ports.iter().filter_map(|port| PORTS.get(*port));
        let each =
            |port: &u16| ["TCP", "UDP"].map(|of| format!("{{protocol: {of}, port: {port}}}"));
        let ports: Vec<String> = ports.flat_map(each).collect();
        let mut fields = Vec::new();
        if !apps.is_empty() {
            let apps = apps.join(", ");
            let selector = format!("{{key: app, operator: In, values: [{apps}]}}");
            fields.push(format!("{peers}: [{{podSelector: {{matchExpressions: [{selector}]}}}}]"));
        }
        if !ports.is_empty() {
            fields.push(format!("ports: [{}]", ports.join(", ")));
        }
        let _ = writeln!(text, "  - {{{}}}", fields.join(", "));
    }
}
