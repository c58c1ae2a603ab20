// The topology as a drawing: from sources on the left (or at the top, where the page is narrow) to sinks.
import { bytes, drawing, number } from "./format.js";

const kHeight = 62,
  kGapAcross = 16,
  kMostNodes = 160;
// Of a box, as there is room.
const kWidths = { wide: [138, 172], narrow: [100, 172] };

// A node for each use of a component: an interceptor may stand in several chains.
function graph(topology) {
  const nodes = new Map(),
    edges = [];
  const add = (id, kind, component) => {
    if (!nodes.has(id)) nodes.set(id, { id, kind, path: component.path, name: component.name, type: component.type });
    return id;
  };
  const connect = (from, to) => edges.push({ from, to });
  const interceptors = new Map(topology.interceptors.map((each) => [each.path, each]));
  const chain = (owner, start) =>
    (owner.interceptors ?? []).reduce((before, path) => {
      const id = add(`${owner.path}>${path}`, "interceptor", interceptors.get(path));
      connect(before, id);
      return id;
    }, start);
  for (const channel of topology.channels) add(channel.path, "channel", channel);
  for (const source of topology.sources) {
    const end = chain(source, add(source.path, "source", source));
    for (const channel of source.channels ?? []) connect(end, channel);
  }
  const readers = [
    ...topology.sink_groups.map((each) => ["sink_group", each]),
    ...topology.sinks.map((each) => ["sink", each]),
  ];
  for (const [kind, reader] of readers) {
    add(reader.path, kind, reader);
    for (const channel of reader.channels ?? []) connect(chain(reader, channel), reader.path);
  }
  for (const group of topology.sink_groups) for (const sink of group.sinks ?? []) connect(group.path, sink);
  return { nodes, edges };
}

// Layers by the longest way from a source; in each layer the order that crosses least, about.
function layers({ nodes, edges }) {
  const depth = new Map([...nodes.keys()].map((id) => [id, 0]));
  for (let round = 0, changed = true; changed && round < nodes.size; round += 1) {
    changed = false;
    for (const { from, to } of edges) {
      if (depth.get(to) > depth.get(from)) continue;
      depth.set(to, depth.get(from) + 1);
      changed = true;
    }
  }
  // Rows end at the sinks: those stand together.
  const last = Math.max(...depth.values());
  for (const [id, node] of nodes) if (node.kind === "sink") depth.set(id, last);
  const found = [];
  for (const [id, at] of depth) (found[at] ??= []).push(nodes.get(id));
  const place = new Map();
  found.forEach((layer, number) => {
    const wanted = (node) => {
      const before = edges.filter((edge) => edge.to === node.id).map((edge) => place.get(edge.from) ?? 0);
      return before.length ? before.reduce((a, b) => a + b, 0) / before.length : 0;
    };
    if (number > 0) layer.sort((a, b) => wanted(a) - wanted(b));
    layer.forEach((node, at) => place.set(node.id, at - (layer.length - 1) / 2));
  });
  return found;
}

export class TopologyDrawing {
  constructor(holder, choose) {
    this.holder = holder;
    this.choose = choose;
    this.parts = [];
    this.edges = [];
  }

  draw(topology) {
    this.topology = topology;
    const found = graph(topology);
    this.holder.replaceChildren();
    this.parts = [];
    this.edges = [];
    if (found.nodes.size > kMostNodes) {
      this.holder.textContent = `${found.nodes.size} components are too many for a drawing: the table has them all.`;
      return;
    }
    const columns = layers(found);
    this.narrow = this.holder.clientWidth < 620;
    const most = Math.max(...columns.map((layer) => layer.length));
    const room = this.holder.clientWidth - 40;
    const side_by_side = this.narrow ? most : columns.length;
    const gap = this.narrow ? 10 : columns.length > 5 ? 40 : 58;
    const [least, widest] = this.narrow ? kWidths.narrow : kWidths.wide;
    this.width = Math.max(least, Math.min(widest, Math.floor((room - (side_by_side - 1) * gap) / side_by_side)));
    const along = this.narrow ? kHeight + 30 : this.width + gap;
    const across = this.narrow ? this.width + gap : kHeight + kGapAcross;
    const length = columns.length * along - (this.narrow ? 30 : gap),
      breadth = most * across - (this.narrow ? gap : kGapAcross);
    const [width, height] = this.narrow ? [breadth, length] : [length, breadth];
    const svg = drawing("svg", {
      width: width + 4,
      height: height + 4,
      viewBox: `-2 -2 ${width + 4} ${height + 4}`,
      role: "group",
      "aria-label": "Topology",
    });
    const places = new Map();
    columns.forEach((layer, number) =>
      layer.forEach((node, at) => {
        const side = (at - (layer.length - 1) / 2) * across + (breadth - (this.narrow ? this.width : kHeight)) / 2;
        places.set(node.id, this.narrow ? { x: side, y: number * along } : { x: number * along, y: side });
      }),
    );
    for (const edge of found.edges) {
      const line = drawing("path", { class: "edge", d: this.curve(places.get(edge.from), places.get(edge.to)) });
      svg.append(line);
      this.edges.push({
        line,
        from: found.nodes.get(edge.from).path,
        kind: found.nodes.get(edge.from).kind,
        to: found.nodes.get(edge.to).path,
      });
    }
    for (const node of found.nodes.values()) svg.append(this.box(node, places.get(node.id)));
    this.holder.append(svg);
  }

  curve(from, to) {
    if (this.narrow) {
      const [x1, y1, x2, y2] = [from.x + this.width / 2, from.y + kHeight, to.x + this.width / 2, to.y];
      return `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}`;
    }
    const [x1, y1, x2, y2] = [from.x + this.width, from.y + kHeight / 2, to.x, to.y + kHeight / 2];
    return `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
  }

  box(node, { x, y }) {
    const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
    const is_small = this.width < 138;
    const rate = drawing("text", {
      class: "rate",
      x: is_small ? 13 : this.width - 10,
      y: 48,
      "text-anchor": is_small ? "start" : "end",
    });
    const parts = [
      drawing("title", {}, `${node.path} (${node.type})`),
      drawing("rect", { class: "box", width: this.width, height: kHeight, rx: 9 }),
      drawing("rect", { class: "stripe", x: 0, y: 12, width: 3, height: kHeight - 24, rx: 1.5 }),
      drawing("text", { class: "name", x: 13, y: 24 }, short(node.name, Math.floor(this.width / 8.4))),
      is_small ? null : drawing("text", { class: "type", x: 13, y: 48 }, short(node.type, this.width < 165 ? 9 : 13)),
      rate,
    ];
    let level = null;
    if (node.kind === "channel") {
      level = drawing("rect", { class: "fill", x: 13, y: 31, width: 0, height: 3, rx: 1.5 });
      parts.push(drawing("rect", { class: "track", x: 13, y: 31, width: this.width - 23, height: 3, rx: 1.5 }), level);
    }
    const box = drawing(
      "g",
      {
        class: `node ${node.kind}`,
        transform: `translate(${x} ${y})`,
        tabindex: 0,
        role: "button",
        "aria-label": `${node.path}, ${node.type}`,
      },
      ...parts,
    );
    box.addEventListener("click", () => this.choose(node.path));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.choose(node.path);
    });
    this.parts.push({ node, box, rate, level });
    return box;
  }

  // Brings rates and states up to date; `components`: by path.
  update(components, chosen) {
    if (this.topology && this.holder.clientWidth < 620 !== this.narrow && this.parts.length) this.draw(this.topology);
    for (const { node, box, rate, level } of this.parts) {
      const component = components.get(node.path);
      if (!component) continue;
      box.setAttribute("class", `node ${node.kind} ${stateOf(component)}${chosen === node.path ? " chosen" : ""}`);
      rate.textContent =
        node.kind === "channel"
          ? bytes(component.bytes_waiting)
          : node.kind === "sink" && !component.state
            ? ""
            : `${number(rateOf(component))}/s`;
      if (level)
        level.setAttribute(
          "width",
          Math.min(1, component.capacity_bytes ? component.bytes_waiting / component.capacity_bytes : 0) *
            (this.width - 23),
        );
    }
    for (const { line, from, kind, to } of this.edges) {
      const ends = components.get(kind === "channel" ? to : from);
      const rows = ends ? rateOf(ends, kind === "channel") : 0;
      line.setAttribute("class", rows > 0 ? "edge flows" : "edge");
      line.setAttribute("stroke-width", rows > 0 ? Math.min(7, 1.2 + Math.log10(1 + rows) * 0.8).toFixed(1) : 1.2);
    }
  }
}

// Rows in a second that go out of it; `into`: into it.
export function rateOf(component, into = false) {
  const rates = component.rates;
  return (into ? rates.rows_in : undefined) ?? rates.rows_read ?? rates.rows_out ?? rates.rows_written ?? 0;
}

export function stateOf(component) {
  if (component.state && component.state !== "works") return component.state === "fails" ? "bad" : "warn";
  if (component.kind === "channel") {
    const full = component.capacity_bytes > 0 && component.bytes_waiting >= component.capacity_bytes * 0.95;
    return full ? "warn" : component.rows_waiting > 0 ? "good" : "idle";
  }
  return rateOf(component) > 0 ? "good" : "idle";
}
