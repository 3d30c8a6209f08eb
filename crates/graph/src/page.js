"use strict";
const graph = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const detail = byId("detail");
const folded = new Set();

const text = (tag, content) => {
  const element = document.createElement(tag);
  element.textContent = content;
  return element;
};

// The rules that let one edge pass, each with its lines.
function open(index) {
  const edge = graph.edges[index];
  const word = (node) => graph.nodes[node].word;
  detail.replaceChildren(text("h2", `${word(edge.from)} \u2192 ${word(edge.to)}`), text("p", edge.ports));
  for (const because of edge.because) {
    detail.append(text("h3", `${because.end}: ${because.reason}`));
    if (because.place) detail.append(text("p", because.place));
    if (because.yaml) detail.append(text("pre", because.yaml));
  }
  detail.hidden = false;
  document.querySelectorAll(".chosen").forEach((other) => other.classList.remove("chosen"));
  byId(`e${index}`).classList.add("chosen");
}

function close() {
  detail.hidden = true;
  document.querySelectorAll(".chosen").forEach((other) => other.classList.remove("chosen"));
}

// The rectangle that an end is drawn at: its namespace's title where that is folded.
function place(node) {
  const inside = graph.nodes[node].inside;
  const id = inside !== null && folded.has(inside) ? `b${inside}` : `n${node}`;
  const rect = byId(id).querySelector("rect");
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name)));
  return { x, y: y + (id[0] === "b" ? 12 : height / 2), right: x + width };
}

function draw(index) {
  const { from, to } = graph.edges[index];
  const [a, b] = [place(from), place(to)];
  const half = (b.x - a.right) / 2;
  const out = Math.max(a.right, b.right) + 46;
  const d = half > 0
    ? `M${a.right} ${a.y}C${a.right + half} ${a.y} ${b.x - half} ${b.y} ${b.x} ${b.y}`
    : `M${a.right} ${a.y - 8}C${out} ${a.y - 8} ${out} ${b.y + 8} ${b.right} ${b.y + 8}`;
  byId(`e${index}`).querySelectorAll("path").forEach((path) => path.setAttribute("d", d));
}

function fold(index) {
  folded.has(index) ? folded.delete(index) : folded.add(index);
  byId(`b${index}`).classList.toggle("folded", folded.has(index));
  byId(`b${index}`).setAttribute("aria-expanded", String(!folded.has(index)));
  graph.nodes.forEach((node, at) => {
    if (node.inside === index) byId(`n${at}`).classList.toggle("gone", folded.has(index));
  });
  graph.edges.forEach((edge, at) => {
    const ends = [edge.from, edge.to].map((node) => graph.nodes[node].inside);
    if (!ends.includes(index)) return;
    byId(`e${at}`).classList.toggle("gone", ends[0] === ends[1] && folded.has(index));
    draw(at);
  });
}

// What is found stays; edges stay with either end or their ports.
function search(words) {
  const wanted = words.trim().toLowerCase();
  const hit = graph.nodes.map((node) => node.word.toLowerCase().includes(wanted));
  let count = 0;
  graph.edges.forEach((edge, at) => {
    const found = hit[edge.from] || hit[edge.to] || edge.ports.includes(wanted);
    byId(`e${at}`).classList.toggle("dim", !found);
    count += found;
  });
  graph.nodes.forEach((_, at) => {
    const near = graph.edges.some((edge) => (edge.from === at && hit[edge.to]) || (edge.to === at && hit[edge.from]));
    byId(`n${at}`).classList.toggle("dim", !(hit[at] || near));
  });
  byId("count").textContent = `${graph.nodes.length} nodes, ${count} of ${graph.edges.length} edges`;
}

function matrix() {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  head.append(text("th", "from \\ to"), ...graph.nodes.map((node) => text("th", node.word)));
  head.querySelectorAll("th").forEach((cell) => { cell.scope = "col"; });
  const body = table.createTBody();
  graph.nodes.forEach((node, from) => {
    const row = body.insertRow();
    const name = text("th", node.word);
    name.scope = "row";
    row.append(name);
    graph.nodes.forEach((_, to) => {
      const cell = row.insertCell();
      const at = graph.edges.findIndex((edge) => edge.from === from && edge.to === to);
      if (at < 0) return;
      const button = text("button", graph.edges[at].ports);
      button.addEventListener("click", () => open(at));
      cell.append(button);
    });
  });
  byId("matrix").replaceChildren(table);
}

function show(name) {
  for (const view of ["map", "matrix"]) {
    byId(view).hidden = view !== name;
    byId(`show-${view}`).setAttribute("aria-selected", String(view === name));
  }
  if (name === "matrix" && !byId("matrix").firstChild) matrix();
}

// Enter does what a click does.
const press = (element, act) => {
  element.addEventListener("click", act);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act();
  });
};

graph.edges.forEach((_, at) => press(byId(`e${at}`), () => open(at)));
graph.boxes.forEach((_, at) => press(byId(`b${at}`), () => fold(at)));
graph.nodes.forEach((node, at) => press(byId(`n${at}`), () => {
  byId("search").value = node.word;
  search(node.word);
}));
byId("search").addEventListener("input", (event) => search(event.target.value));
byId("show-map").addEventListener("click", () => show("map"));
byId("show-matrix").addEventListener("click", () => show("matrix"));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
  if (event.key === "/" && document.activeElement !== byId("search")) {
    event.preventDefault();
    byId("search").focus();
  }
});
// Where there are many ways, their ports are shown for the one that is looked at.
byId("map").classList.toggle("busy", graph.edges.length > 20);
search("");
