//! What `ringfence graph` draws, looked at by a browser: what is there, what a keyboard reaches, and
//! what it looks like.
//!
//! Without a browser these say SKIPPED, which CI does not accept.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const SIZE: (u32, u32) = (900, 190);
/// Browsers of two versions do not smooth edges alike.
const CHANNEL_DIFFERENCE_MAX: u8 = 64;
const PIXELS_OF_A_THOUSAND_MAX: usize = 5;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn drawn(format: &str) -> String {
    let words = ["graph", "docs/tutorial/app.yaml", "docs/tutorial/3-policies", "-o", format];
    let (code, said, error) = support::ringfence(&root(), &words);
    assert_eq!(code, 0, "{error}");
    said
}

/// A browser that asks the network for nothing, or nothing and a word about it.
fn browser(folder: &Path) -> Option<Command> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let all = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    let Some(program) = all.into_iter().find(|program| program.is_file()) else {
        assert!(std::env::var_os("RINGFENCE_REQUIRE_KERNEL").is_none(), "there is no chromium");
        println!("SKIPPED: there is no chromium to look at pictures");
        return None;
    };
    let mut command = Command::new(program);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]);
    command.args(["--allow-file-access-from-files", "--force-device-scale-factor=1"]);
    command.args(["--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND"]);
    command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
    Some(command)
}

/// What `script` gives in the page.
fn asked(page: &str, script: &str) -> Option<Value> {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "<script>{{const answer = document.createElement('pre'); answer.id = 'answer'; \
         answer.textContent = JSON.stringify((() => {{{script}}})()); document.body.append(answer);}}</script>"
    );
    let file = folder.path().join("page.html");
    fs::write(&file, page.replace("</body>", &format!("{script}</body>"))).unwrap();
    let mut browser = browser(folder.path())?;
    let output =
        browser.arg("--dump-dom").arg(format!("file://{}", file.display())).output().unwrap();
    let dom = String::from_utf8(output.stdout).unwrap();
    let (_, answer) = dom.split_once("<pre id=\"answer\">").unwrap();
    let (answer, _) = answer.split_once("</pre>").unwrap();
    let answer = answer.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    Some(serde_json::from_str(&answer).unwrap())
}

#[test]
fn the_page_holds_what_the_graph_has_and_asks_for_nothing() {
    let page = drawn("html");
    let (dot_nodes, dot_edges) = {
        let dot = drawn("dot");
        let edges = dot.lines().filter(|line| line.contains(" -> ")).count();
        (
            dot.lines()
                .filter(|line| line.trim_start().starts_with('n') && line.contains("[label="))
                .count()
                - edges,
            edges,
        )
    };
    assert!(dot_nodes > 3 && dot_edges > 2, "{dot_nodes} {dot_edges}");
    let script = "
        const count = (selector) => document.querySelectorAll(selector).length;
        document.getElementById('show-matrix').click();
        return {nodes: count('#map .node'), edges: count('#map .edge'), boxes: count('#map .box'),
                cells: count('#matrix td button'), rows: count('#matrix tbody tr'),
                asked: performance.getEntriesByType('resource').length};";
    let Some(answer) = asked(&page, script) else { return };
    assert_eq!(answer["nodes"], dot_nodes);
    assert_eq!(answer["edges"], dot_edges);
    assert_eq!(answer["boxes"], 2);
    assert_eq!(answer["cells"], dot_edges);
    assert_eq!(answer["rows"], dot_nodes);
    assert_eq!(answer["asked"], 0);
}

#[test]
fn a_keyboard_reaches_everything_and_opens_the_rules() {
    let script = "
        const all = [...document.querySelectorAll('#map .node, #map .edge, #map .box')];
        const reached = all.filter((one) => { one.focus(); return document.activeElement === one; });
        const key = (target, key) => target.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
        const detail = document.getElementById('detail');
        const db = [...document.querySelectorAll('#map .edge')]
            .find((edge) => edge.getAttribute('aria-label').includes('5432/tcp'));
        key(db, 'Enter');
        const opened = detail.textContent;
        key(document.body, 'Escape');
        const closed = detail.hidden;
        key(document.body, '/');
        const searching = document.activeElement.id;
        const search = document.getElementById('search');
        search.value = 'statefulset/db';
        search.dispatchEvent(new Event('input'));
        const dim = document.querySelectorAll('#map .edge.dim').length;
        const box = document.querySelector('#map .box');
        key(box, 'Enter');
        const folded = document.querySelectorAll('#map .node.gone').length;
        key(box, 'Enter');
        const again = document.querySelectorAll('#map .node.gone').length;
        return {all: all.length, reached: reached.length, opened, closed, searching, dim, folded, again};";
    let Some(answer) = asked(&drawn("html"), script) else { return };
    assert_eq!(answer["reached"], answer["all"]);
    let opened = answer["opened"].as_str().unwrap();
    for part in ["NetworkPolicy shop/db ingress[0]", "policies.yaml:17", "ports: [{port: 5432}]"] {
        assert!(opened.contains(part), "{part}: {opened}");
    }
    assert_eq!(answer["closed"], true);
    assert_eq!(answer["searching"], "search");
    assert!(answer["dim"].as_u64() > Some(0), "{answer}");
    assert!(answer["folded"].as_u64() > Some(0), "{answer}");
    assert_eq!(answer["again"], 0);
}

/// The pixels that a browser makes of an SVG with the font of the tests.
fn pixels(svg: &str) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/picture");
    fs::copy(data.join("picture.ttf"), folder.path().join("picture.ttf")).unwrap();
    let font = "<style>@font-face{font-family:Ringfence;src:url(picture.ttf)}</style>";
    let (head, body) = svg.split_once('\n').unwrap();
    let file = folder.path().join("map.svg");
    fs::write(&file, format!("{head}\n{font}{body}")).unwrap();
    let shot = folder.path().join("shot.png");
    let mut browser = browser(folder.path())?;
    browser.arg(format!("--window-size={},{}", SIZE.0, SIZE.1)).arg("--virtual-time-budget=2000");
    browser
        .arg(format!("--screenshot={}", shot.display()))
        .arg(format!("file://{}", file.display()));
    let output = browser.output().unwrap();
    assert!(shot.exists(), "{output:?}");
    if std::env::var_os("BLESS").is_some() {
        fs::copy(&shot, data.join("picture.png")).unwrap();
    }
    Some(decoded(&shot))
}

/// Red, green and blue of each pixel.
fn decoded(file: &Path) -> Vec<u8> {
    let mut reader =
        png::Decoder::new(BufReader::new(fs::File::open(file).unwrap())).read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut buffer).unwrap();
    assert_eq!((info.width, info.height), SIZE);
    let channels = info.color_type.samples();
    buffer.chunks(channels).flat_map(|pixel| pixel[..3].to_vec()).collect()
}

/// How many pixels of a thousand differ visibly.
fn difference(one: &[u8], other: &[u8]) -> usize {
    assert_eq!(one.len(), other.len());
    let pairs = one.chunks(3).zip(other.chunks(3));
    let differs = |one: &[u8], other: &[u8]| {
        one.iter().zip(other).any(|(one, other)| one.abs_diff(*other) > CHANNEL_DIFFERENCE_MAX)
    };
    pairs.filter(|(one, other)| differs(one, other)).count() * 3000 / one.len()
}

#[test]
fn the_picture_looks_as_it_did_when_somebody_looked_at_it() {
    let svg = drawn("svg");
    let Some(now) = pixels(&svg) else { return };
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/picture/picture.png");
    let kept = decoded(&kept);
    let changed = difference(&now, &kept);
    assert!(changed <= PIXELS_OF_A_THOUSAND_MAX, "{changed} pixels of a thousand differ");
    if std::env::var_os("BLESS").is_none() {
        let other =
            pixels(&svg.replace("class=\"node", "visibility=\"hidden\" class=\"node")).unwrap();
        assert!(difference(&other, &kept) > PIXELS_OF_A_THOUSAND_MAX, "another picture is seen");
    }
}
