//! Only one executable of one container may reach the database: a copy of another name in the same
//! container may not, nor one started from outside, and the record of flows says who it was. So it is
//! where the executables are in an overlay of file systems, as those of nearly every container are.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::{FlowFilter, FlowRecord, Lab};
use model::{
    Action, AddressPlan, Direction, Peer, Peers, PolicyKind, PolicyRef, PortMatch, PortRange,
    Ports, ProcessMatch, Protocol, Rule, RuleRef, Rules, Selector, Subject, Tier, World,
    WorldParts,
};
use support::{netns_of, pod, settings};

const PORT: u16 = 5432;
/// Seconds that a connection may take which must not come.
const SILENCE: &str = "0.7";

fn rule(name: &str, processes: ProcessMatch, peer: &str, ports: Ports) -> Rule {
    let of = |app: &str| Selector::equals("app", app);
    let policy = PolicyRef {
        name: name.to_owned(),
        namespace: Some("shop".to_owned()),
        kind: PolicyKind::NetworkPolicy,
    };
    Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: RuleRef { policy, direction: Direction::Egress, index: 0 },
        subject: Subject { processes, ..Subject::new(Selector::everything(), of("web")) },
        peers: Peers::OneOf(vec![Peer::Pods {
            namespaces: Selector::everything(),
            pods: of(peer),
        }]),
        ports,
        action: Action::Allow,
    }
}

/// `web` reaches `other`, and the database only from `executable` of the container `main`.
fn rules(executable: &Path) -> Rules {
    let nginx = ProcessMatch {
        container: Some("main".to_owned()),
        executable: Some(executable.to_str().unwrap().to_owned()),
    };
    let port = PortMatch::Numbers { protocol: Protocol::Tcp, range: PortRange::single(PORT) };
    Rules::new(vec![
        rule("nginx", nginx, "db", Ports::OneOf(vec![port])),
        rule("all", ProcessMatch::default(), "other", Ports::Any),
    ])
}

fn world() -> World {
    let listens = &[(Protocol::Tcp, PORT)];
    let pods =
        vec![pod("web", "web", &[]), pod("db", "db", listens), pod("other", "other", listens)];
    let mut parts = WorldParts { pods, ..WorldParts::default() };
    parts.assign(AddressPlan { nodes: 1 }).unwrap();
    World::new(parts).unwrap()
}

struct Scene {
    lab: Lab,
    netns: PathBuf,
    cgroup: PathBuf,
}

impl Scene {
    /// A lab in which only `executable` of `web` reaches the database, if this machine can have one.
    fn new(name: &str, executable: &Path) -> Option<Self> {
        let mut lab = Lab::up_enforced(settings(name)?, world(), rules(executable)).unwrap();
        lab.keep_flows();
        let web = lab.world().pods().find(|(_, pod)| pod.name == "web").unwrap().1.addresses[0];
        let netns = netns_of(lab.name(), web);
        Some(Self { cgroup: cgroup(name), netns, lab })
    }

    /// Whether `executable` gets a connection from `web` to `to`; without a cgroup it is started from
    /// outside of every container.
    fn reaches(&self, executable: &Path, to: &str, in_container: bool) -> bool {
        let (_, to) = self.lab.world().pods().find(|(_, pod)| pod.name == to).unwrap();
        let address = to.addresses.iter().find(|address| address.is_ipv4()).unwrap();
        let join = match in_container {
            true => format!("echo $$ > {}/cgroup.procs && ", self.cgroup.display()),
            false => String::new(),
        };
        let connect = format!("exec 3<>/dev/tcp/{address}/{PORT}");
        let script = format!(
            "{join}exec timeout {SILENCE} nsenter --net={} {} -c '{connect}'",
            self.netns.display(),
            executable.display(),
        );
        Command::new("sh").args(["-c", &script]).status().unwrap().success()
    }

    fn flows(&mut self, executables: &[&Path]) -> Vec<FlowRecord> {
        self.lab.listen().unwrap();
        let path = |path: &&Path| path.to_str().unwrap().to_owned();
        let executables = executables.iter().map(path).collect();
        self.lab.flows(0, &FlowFilter { executables, ..FlowFilter::default() }, 100).records
    }
}

/// A flow of `web` to the database, as `web`'s own node tells of it.
fn is_to_database(flow: &FlowRecord) -> bool {
    flow.direction == "egress" && flow.destination.name.as_deref() == Some("shop/db")
}

fn in_main(flow: &FlowRecord) -> bool {
    flow.source.container.as_deref() == Some("main")
}

/// The cgroup of the first container of `web`.
fn cgroup(name: &str) -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let root = mounts.lines().find(|line| line.starts_with("cgroup2 ")).unwrap();
    let root = Path::new(root.split(' ').nth(1).unwrap()).join("ringfence").join(name);
    root.join("n.node1/shop.web/main")
}

#[test]
fn a_copy_in_the_same_container_and_a_shell_from_outside_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [nginx, curl] = ["nginx", "curl"].map(|name| folder.path().join(name));
    for copy in [&nginx, &curl] {
        fs::copy("/bin/bash", copy).unwrap();
    }
    let Some(mut scene) = Scene::new("process", &nginx) else { return };

    assert!(scene.reaches(&nginx, "db", true), "the one that may");
    assert!(!scene.reaches(&curl, "db", true), "another executable of the container");
    assert!(!scene.reaches(&nginx, "db", false), "the same executable from outside");
    assert!(!scene.reaches(Path::new("/bin/bash"), "db", true), "a shell in the container");
    for executable in [&nginx, &curl] {
        assert!(scene.reaches(executable, "other", true), "what everybody may");
    }

    let told = scene.flows(&[&nginx]);
    assert!(told.iter().all(|flow| flow.verdict == "allow" && flow.source.process.is_some()));
    assert!(told.iter().any(|flow| is_to_database(flow) && in_main(flow)), "{told:?}");
    let refused = scene.flows(&[&curl]);
    let is_refused = |flow: &FlowRecord| is_to_database(flow) && flow.verdict == "deny";
    assert!(refused.iter().any(|flow| is_refused(flow) && in_main(flow)), "{refused:?}");
    // Whoever comes from outside of every container was never seen to make a socket.
    let all = scene.flows(&[]);
    let untagged = all.iter().find(|flow| flow.reason == "untagged").unwrap();
    assert!(is_refused(untagged) && untagged.source.executable.is_none(), "{untagged:?}");

    // Another build of the same path is the same executable as soon as it has been looked at.
    fs::rename(&curl, &nginx).unwrap();
    scene.lab.look_after().unwrap();
    assert!(scene.reaches(&nginx, "db", true), "an upgraded executable");
    scene.lab.down().unwrap();
}

/// A root as a container has one: an image below, which others share, and a layer of its own.
struct Overlay(PathBuf);

impl Overlay {
    fn new(folder: &Path, name: &str, image: &Path, layer: &Path) -> Self {
        let at = folder.join(name);
        let [upper, work] = ["upper", "work"].map(|part| layer.join(name).join(part));
        [&at, &upper, &work].into_iter().for_each(|path| fs::create_dir_all(path).unwrap());
        let [lower, upper, work] = [image, &upper, &work].map(Path::display);
        mount("overlay", &at, &format!("lowerdir={lower},upperdir={upper},workdir={work}"));
        Self(at)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        nix::mount::umount(&self.0).unwrap_or_else(|error| eprintln!("{error}"));
    }
}

fn mount(kind: &str, at: &Path, options: &str) {
    let flags = nix::mount::MsFlags::empty();
    nix::mount::mount(Some(kind), at, Some(kind), flags, Some(options)).unwrap();
}

/// What must hold of executables in an overlay whose own layer is in `layer`.
fn holds_in_an_overlay(name: &str, folder: &Path, layer: &Path) {
    let image = folder.join("image");
    fs::create_dir(&image).unwrap();
    for executable in ["nginx", "curl", "next"] {
        fs::copy("/bin/bash", image.join(executable)).unwrap();
    }
    let [own, other] = ["own", "other"].map(|root| Overlay::new(folder, root, &image, layer));
    let nginx = own.path("nginx");
    let Some(mut scene) = Scene::new(name, &nginx) else { return };

    assert!(scene.reaches(&nginx, "db", true), "{name}: the one that may, from the image");
    assert!(!scene.reaches(&own.path("curl"), "db", true), "{name}: another executable");
    assert!(!scene.reaches(&other.path("nginx"), "db", true), "{name}: another root's");
    assert!(!scene.reaches(&image.join("nginx"), "db", true), "{name}: the image's own file");

    // What is written to goes up to the own layer first.
    fs::OpenOptions::new().append(true).open(&nginx).unwrap().set_len(2_000_000).unwrap();
    scene.lab.look_after().unwrap();
    assert!(scene.reaches(&nginx, "db", true), "{name}: changed in place");
    assert!(!scene.reaches(&own.path("curl"), "db", true), "{name}: still another executable");

    fs::rename(own.path("next"), &nginx).unwrap();
    scene.lab.look_after().unwrap();
    assert!(scene.reaches(&nginx, "db", true), "{name}: another build of it");
    assert!(!scene.reaches(&other.path("next"), "db", true), "{name}: the same file elsewhere");
    scene.lab.down().unwrap();
}

#[test]
fn executables_in_an_overlay_of_one_file_system_are_told_apart() {
    if settings("overlay").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    holds_in_an_overlay("overlay", folder.path(), &folder.path().join("layers"));
}

#[test]
fn executables_in_an_overlay_of_two_file_systems_are_told_apart() {
    if settings("overlay2").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let layer = folder.path().join("layers");
    fs::create_dir(&layer).unwrap();
    mount("tmpfs", &layer, "");
    let _unmounted = Overlay(layer.clone());
    holds_in_an_overlay("overlay2", folder.path(), &layer);
}
