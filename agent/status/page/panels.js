// What is shown beside the topology: components, files, dead letters, configuration, plugins.
import { bytes, drain, duration, element, meter, number, whole } from "./format.js";
import { sparkline } from "./charts.js";
import { rateOf, stateOf } from "./topology.js";

const panel = (title, note, ...content) =>
  element(
    "div",
    { class: "panel" },
    element("div", { class: "panel-head" }, element("h2", {}, title), element("span", { class: "dim" }, note ?? "")),
    ...content,
  );

// What is shown already is left alone, with what is selected or has the focus in it.
const shown = new WeakMap();
function isShown(holder, found) {
  const text = JSON.stringify(found);
  if (shown.get(holder) === text) return true;
  shown.set(holder, text);
  return false;
}

// Whether somebody reads in it, or is about to: what moves away then cannot be read, and a click on it is lost.
function isInUse(holder) {
  const selection = getSelection();
  return (
    holder.querySelector("details[open]") !== null ||
    holder.querySelector(":focus-visible") !== null ||
    holder.matches(":active") ||
    (matchMedia("(hover: hover)").matches && holder.matches(":hover")) ||
    (!selection.isCollapsed && holder.contains(selection.anchorNode))
  );
}

export function tiles(holder, status) {
  const sum = (pick) => status.components.reduce((all, component) => all + (pick(component) ?? 0), 0);
  const channels = status.components.filter((component) => component.kind === "channel");
  const waiting = sum((component) => (component.kind === "channel" ? component.rows_waiting : 0));
  const slowest = channels.filter((component) => component.rows_waiting > 0).map(drain);
  const backlogs = status.components.filter((component) => component.backlog && component.backlog.left > 0);
  const left = backlogs.reduce((all, component) => all + component.backlog.left, 0);
  const process = status.process;
  const tile = (name, value, unit, note, bar) =>
    element(
      "div",
      { class: "tile" },
      element("dt", {}, name),
      element("dd", {}, value, element("small", {}, unit ? ` ${unit}` : "")),
      element("p", { class: "note" }, note || "\u00a0"),
      bar,
    );
  const of = (kind) => (component) => (component.kind === kind ? rateOf(component) : 0);
  holder.replaceChildren(
    tile("Read", number(sum(of("source"))), "rows/s", `${bytes(sum((component) => component.rates.bytes_read))}/s`),
    tile(
      "Written",
      number(sum((component) => of("sink")(component) + of("sink_group")(component))),
      "rows/s",
      `${number(sum((component) => component.counters.rows_written))} in all`,
    ),
    tile("Waiting in channels", number(waiting), "rows", slowest[0]),
    tile(
      "To be read",
      backlogs.length ? (backlogs[0].backlog.unit === "bytes" ? bytes(left) : number(left)) : "–",
      backlogs.length && backlogs[0].backlog.unit === "rows" ? "rows" : "",
      backlogs.length ? drain(backlogs[0].backlog) : "no backlog",
    ),
    tile(
      "Memory for rows",
      bytes(process.memory_bytes),
      "",
      `of ${bytes(process.memory_limit_bytes)}`,
      meter(process.memory_limit_bytes ? process.memory_bytes / process.memory_limit_bytes : 0),
    ),
    tile("CPU", process.cpu.toFixed(2), "cores", `${bytes(process.resident_bytes)} resident`),
  );
}

function noteOf(component) {
  const notes = [];
  if (component.state && component.state !== "works") notes.push(component.state);
  if (component.kind === "channel" && component.rows_waiting > 0) {
    notes.push(
      bytes(component.bytes_waiting) + (component.capacity_bytes ? ` of ${bytes(component.capacity_bytes)}` : ""),
    );
    notes.push(drain(component));
  }
  if (component.backlog && component.backlog.left > 0) notes.push(drain(component.backlog));
  if (component.oldest_unacknowledged_seconds >= 10)
    notes.push(`oldest rows ${duration(component.oldest_unacknowledged_seconds)}`);
  if (component.counters.calls_failed) notes.push(`${whole(component.counters.calls_failed)} calls failed`);
  return notes.filter(Boolean).join(" · ");
}

export function components(table, status, sparklines, chosen, choose) {
  const focused = table.contains(document.activeElement) ? document.activeElement.dataset.path : null;
  const head = element(
    "thead",
    {},
    element(
      "tr",
      {},
      ...[
        ["Component"],
        ["Last 2 min", "spark"],
        ["Rows/s", "number"],
        ["Rows", "number"],
        ["Rejected", "number"],
        ["Waiting", "number"],
        ["", "note"],
      ].map(([text, kind]) => element("th", { class: kind, scope: "col" }, text)),
    ),
  );
  const rows = status.components.map((component) => {
    const counters = component.counters;
    const total = counters.rows_read ?? counters.rows_out ?? counters.rows_written ?? counters.rows_stored;
    const is_channel = component.kind === "channel";
    const pick = element(
      "button",
      { class: "pick", "data-path": component.path, "aria-expanded": String(chosen === component.path) },
      element("span", { class: `state ${stateOf(component)}` }),
      element("span", { class: "kind" }, `${component.path.split(".")[0]}.`),
      component.name,
    );
    const row = element(
      "tr",
      { class: chosen === component.path ? "row chosen" : "row" },
      element("td", {}, pick, element("span", { class: "type" }, component.type)),
      element("td", { class: "spark" }, sparkline(sparklines[component.path] ?? [])),
      element("td", { class: "number" }, is_channel ? "" : number(rateOf(component))),
      element("td", { class: "number" }, total ? whole(total) : "–"),
      element(
        "td",
        { class: "number" },
        is_channel ? "" : counters.rows_rejected ? whole(counters.rows_rejected) : "–",
      ),
      element("td", { class: "number" }, is_channel ? whole(component.rows_waiting) : ""),
      element("td", { class: "note" }, noteOf(component)),
    );
    row.addEventListener("click", () => choose(component.path));
    return row;
  });
  table.replaceChildren(head, element("tbody", {}, ...rows));
  if (focused) table.querySelector(`[data-path="${CSS.escape(focused)}"]`)?.focus();
}

export function backlogs(holder, status) {
  const shown = status.components.filter((component) => component.backlog && component.backlog.items.length);
  holder.hidden = shown.length === 0;
  holder.replaceChildren(
    ...shown.map((component) => {
      const { unit, left, items } = component.backlog;
      const show = unit === "bytes" ? bytes : number;
      const lines = items
        .slice(0, 30)
        .map((item) =>
          item.name
            ? element(
                "div",
                { class: "file" },
                element("span", { class: "name", title: item.name }, item.name),
                meter(item.total > 0 ? item.done / item.total : 0),
                element(
                  "span",
                  { class: "amount" },
                  item.done > 0 ? `${show(item.done)} / ${show(item.total)}` : show(item.total),
                ),
              )
            : rest(item.count, item.total - item.done, show),
        );
      const hidden = items.slice(30);
      if (hidden.length) {
        lines.push(
          rest(
            hidden.reduce((all, item) => all + item.count, 0),
            hidden.reduce((all, item) => all + item.total - item.done, 0),
            show,
          ),
        );
      }
      return panel(
        `To be read by ${component.path}`,
        [`${show(left)}${unit === "rows" ? " rows" : ""} left`, drain(component.backlog)].filter(Boolean).join(" · "),
        element("div", { class: "files" }, ...lines),
      );
    }),
  );
}

const rest = (count, total, show) =>
  element(
    "div",
    { class: "file rest" },
    element("span", { class: "name" }, `${whole(count)} more`),
    element("span"),
    element("span", { class: "amount" }, show(total)),
  );

export function letters(holder, found) {
  if (found.rows === 0) {
    holder.replaceChildren(
      panel(
        "Dead letters",
        found.folder,
        element("p", { class: "empty" }, "No row was rejected since the agent started."),
      ),
    );
    return;
  }
  const head = element(
    "thead",
    {},
    element(
      "tr",
      {},
      ...[["Component"], ["Reason"], ["Rows", "number"], ["Share", "number"]].map(([text, kind]) =>
        element("th", { class: kind, scope: "col" }, text),
      ),
    ),
  );
  const rows = found.reasons.map((each) =>
    element(
      "tr",
      {},
      element("td", {}, each.component),
      element("td", { class: "wrap" }, each.reason),
      element("td", { class: "number" }, whole(each.rows)),
      element("td", { class: "number" }, `${((100 * each.rows) / found.rows).toFixed(1)} %`),
    ),
  );
  const latest = found.latest.map((letter) => {
    const fields = element("dl", { class: "fields" });
    for (const [name, value] of Object.entries(letter)) {
      fields.append(
        element("dt", {}, name),
        element("dd", { class: "mono" }, typeof value === "string" ? value : JSON.stringify(value)),
      );
    }
    return element(
      "details",
      { class: "letter" },
      element(
        "summary",
        {},
        element(
          "span",
          { class: "dim" },
          String(letter.rejected_at ?? "")
            .replace("T", " ")
            .replace(/\.\d+Z$/, ""),
        ),
        element("span", {}, letter.component ?? ""),
        element("span", {}, letter.reason ?? ""),
      ),
      fields,
    );
  });
  const reasons = panel(
    "Reasons",
    `${whole(found.rows)} rows since the start, in ${found.folder}`,
    element("div", { class: "scroll" }, element("table", {}, head, element("tbody", {}, ...rows))),
  );
  const list = holder.querySelector(".latest");
  if (list && isInUse(list)) {
    holder.firstElementChild.replaceWith(reasons);
    return;
  }
  if (isShown(holder, found)) return;
  holder.replaceChildren(
    reasons,
    panel(
      "The last ones",
      "all of them: levada channel dump dead_letters",
      element("div", { class: "latest" }, ...latest),
    ),
  );
}

export function configuration(holder, found) {
  if (isShown(holder, found)) return;
  const table = (name, text) =>
    element(
      "div",
      { class: "panel" },
      element("div", { class: "panel-head" }, element("h2", { class: "mono" }, `[${name}]`)),
      element("pre", {}, text.trim()),
    );
  holder.replaceChildren(
    element("p", { class: "dim" }, `${found.file}, with defaults; secrets are hidden`),
    element(
      "div",
      { class: "configuration" },
      table("agent", found.agent),
      ...found.components.map((each) => table(each.path, each.options)),
    ),
  );
}

export function plugins(holder, found) {
  if (isShown(holder, found)) return;
  const head = element(
    "thead",
    {},
    element(
      "tr",
      {},
      ...["Plugin", "Version", "License", "State", "File"].map((text) => element("th", { scope: "col" }, text)),
    ),
  );
  const rows = found.plugins.map((each) =>
    element(
      "tr",
      {},
      element("td", {}, element("b", {}, each.name)),
      element("td", {}, each.version),
      element("td", {}, each.license),
      element(
        "td",
        { class: "wrap" },
        element("span", { class: `state ${each.state === "loaded" ? "good" : "bad"}` }),
        each.state,
      ),
      element("td", { class: "wrap dim" }, each.file),
    ),
  );
  holder.replaceChildren(
    panel(
      "Plugins that this configuration uses",
      "",
      element("div", { class: "scroll" }, element("table", {}, head, element("tbody", {}, ...rows))),
    ),
  );
}
