//! What is collected: from the API server, and from every agent.
//!
//! Everything goes through the scrubbers on its way in, so there is no second place where that could be
//! forgotten.

use cluster::{Connection, KINDS, Scope};
use fleet::{Agent, Fleet};
use futures::future::join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, LogParams};
use serde_json::{Value, json};

use crate::{Entry, scrubbed_object, scrubbed_text};

/// The file that says what is not in the others.
pub const NOT_COLLECTED: &str = "not-collected.txt";
/// Lines of a log.
const LOG_LINES: i64 = 5000;
/// Flows of a node.
const FLOWS: &str = "/flows?last=2000";
/// What every agent is asked for, and the name of the file.
const PAGES: [(&str, &str); 4] = [
    ("/status", "status.json"),
    ("/metrics", "metrics.txt"),
    ("/readyz", "readyz.txt"),
    (FLOWS, "flows.jsonl"),
];
/// Kinds of our own namespace, beside those that verdicts depend on.
const OWN: [(&str, &str, &str, &str); 5] = [
    ("apps", "v1", "DaemonSet", "daemonsets"),
    ("apps", "v1", "Deployment", "deployments"),
    ("batch", "v1", "Job", "jobs"),
    ("", "v1", "Event", "events"),
    ("", "v1", "ServiceAccount", "serviceaccounts"),
];

/// What was collected so far, and what could not be.
#[derive(Default)]
struct Collected {
    entries: Vec<Entry>,
    errors: Vec<String>,
}

impl Collected {
    fn object(&mut self, path: &str, value: Value) {
        let text = serde_json::to_string_pretty(&scrubbed_object(value)).unwrap_or_default();
        self.entries.push(Entry { path: path.to_owned(), text });
    }

    /// A line each may be JSON, which is scrubbed as such.
    fn text(&mut self, path: &str, text: &str) {
        let line = |line: &str| match serde_json::from_str::<Value>(line) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => scrubbed_object(value).to_string(),
            Ok(_) | Err(_) => line.to_owned(),
        };
        let lines: Vec<String> = text.split('\n').map(line).collect();
        let text = scrubbed_text(&lines.join("\n"));
        self.entries.push(Entry { path: path.to_owned(), text });
    }

    fn failed(&mut self, what: &str, error: &dyn std::error::Error) {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        let line =
            causes.fold(format!("{what}: {error}"), |text, cause| format!("{text}: {cause}"));
        self.errors.push(scrubbed_text(&line));
    }
}

/// Collects everything. `version` is that of who asks; `tell` hears what is going on.
pub async fn collect(
    connection: &Connection,
    fleet: &Fleet,
    system_namespace: &str,
    version: &str,
    tell: &(dyn Fn(&str) + Sync),
) -> Vec<Entry> {
    let mut collected = Collected::default();
    tell("versions");
    versions(connection, version, &mut collected).await;
    tell("objects");
    objects(connection, &mut collected).await;
    own(connection, system_namespace, &mut collected).await;
    tell("logs");
    logs(connection, system_namespace, &mut collected).await;
    tell("agents");
    agents(fleet, &mut collected).await;
    let Collected { mut entries, errors } = collected;
    entries.push(Entry { path: NOT_COLLECTED.to_owned(), text: errors.join("\n") });
    entries
}

async fn versions(connection: &Connection, version: &str, to: &mut Collected) {
    match connection.client.apiserver_version().await {
        Ok(server) => to.object(
            "versions.json",
            json!({ "ringfence": version, "kubernetes": server.git_version, "platform": server.platform }),
        ),
        Err(error) => to.failed("the API server's version", &error),
    }
}

/// Of what verdicts depend on all but the pods, of which there may be very many.
async fn objects(connection: &Connection, to: &mut Collected) {
    let scope = Scope { namespaces: vec![connection.namespace.clone()], is_whole: false };
    let listed = match cluster::list(connection, &scope, &|_| ()).await {
        Ok(listed) => listed,
        Err(error) => return to.failed("the cluster's objects", &error),
    };
    to.errors.extend(
        cluster::unread_words(&listed.unread).iter().map(|what| format!("{what}: may not be read")),
    );
    for kind in KINDS.iter().filter(|kind| kind.kind != "Pod") {
        let of_kind = listed.documents.iter().filter(|document| {
            document.name.split('/').next().is_some_and(|plural| plural == kind.plural)
        });
        let objects =
            of_kind.filter_map(|document| serde_json::from_str::<Value>(&document.text).ok());
        to.object(&format!("cluster/{}.json", kind.plural), objects.collect());
    }
}

/// Everything of our own namespace but what could be secret.
async fn own(connection: &Connection, namespace: &str, to: &mut Collected) {
    for (group, version, kind, plural) in OWN.into_iter().chain([("", "v1", "Pod", "pods")]) {
        let api_version =
            if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        let resource = ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version,
            kind: kind.to_owned(),
            plural: plural.to_owned(),
        };
        let api: Api<DynamicObject> =
            Api::namespaced_with(connection.client.clone(), namespace, &resource);
        match api.list(&ListParams::default()).await {
            Ok(list) => {
                let items = serde_json::to_value(list.items).unwrap_or_default();
                to.object(&format!("{namespace}/{plural}.json"), items);
            }
            Err(error) => to.failed(&format!("{plural} of {namespace}"), &error),
        }
    }
}

/// Of every container, this one's and the one's before.
async fn logs(connection: &Connection, namespace: &str, to: &mut Collected) {
    let api: Api<Pod> = Api::namespaced(connection.client.clone(), namespace);
    let pods = match api.list(&ListParams::default()).await {
        Ok(pods) => pods.items,
        Err(error) => return to.failed(&format!("logs of {namespace}"), &error),
    };
    for pod in pods {
        let name = pod.metadata.name.unwrap_or_default();
        let containers = pod.spec.into_iter().flat_map(|spec| {
            spec.init_containers.unwrap_or_default().into_iter().chain(spec.containers)
        });
        for container in containers.map(|container| container.name) {
            let asked = |previous| LogParams {
                container: Some(container.clone()),
                tail_lines: Some(LOG_LINES),
                previous,
                ..LogParams::default()
            };
            match api.logs(&name, &asked(false)).await {
                Ok(text) => to.text(&format!("logs/{name}/{container}.log"), &text),
                Err(error) => to.failed(&format!("the log of {name}/{container}"), &error),
            }
            // Most containers have no one before.
            if let Ok(text) = api.logs(&name, &asked(true)).await {
                to.text(&format!("logs/{name}/{container}.before.log"), &text);
            }
        }
    }
}

async fn agents(fleet: &Fleet, to: &mut Collected) {
    let asked = fleet.agents.iter().flat_map(|agent| PAGES.map(|page| (agent, page)));
    let asked =
        asked.map(|(agent, (path, file))| async move { (agent, file, agent.text(path).await) });
    for (Agent { node, .. }, file, said) in join_all(asked).await {
        match said {
            Ok(text) => to.text(&format!("agents/{node}/{file}"), &text),
            Err(error) => to.failed(&format!("{file} of the agent of {node}"), &error),
        }
    }
    to.errors.extend(fleet.without.iter().map(|(node, why)| format!("the agent of {node}: {why}")));
}
