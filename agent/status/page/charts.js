// Lines over time: small ones in the table, and those of the last minutes or hour with a scale.
import { amount, drawing, element } from "./format.js";

const kWidth = 420,
  kHeight = 132,
  kLeft = 4,
  kRight = 4,
  kTop = 10,
  kBottom = 18;

function path(values, most, x, y) {
  let text = "";
  values.forEach((value, at) => {
    text += `${at === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(value / most).toFixed(1)}`;
  });
  return text;
}

export function sparkline(values) {
  const svg = drawing("svg", {
    class: "sparkline",
    viewBox: "0 0 120 26",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  if (values.length < 2) return svg;
  const most = Math.max(...values, 1e-9);
  const first = 120 - values.length;
  const line = path(
    values,
    most,
    (at) => first + at,
    (share) => 24 - share * 21,
  );
  svg.append(drawing("path", { class: "area", d: `${line}L119 25L${first} 25Z` }), drawing("path", { d: line }));
  return svg;
}

// A scale that ends in 1, 2 or 5.
function roundUp(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

// Bytes end in powers of two.
function roundUpBytes(value) {
  let power = 1;
  while (power * 1024 <= value) power *= 1024;
  const steps = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
  return steps.map((step) => step * power).find((step) => step >= value * 0.999) ?? 1;
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

// One series: { name, unit, values, step (seconds), end (seconds since 1970), span (how many values fit) }.
export function chart(series) {
  const { values, unit, step, end, span } = series;
  // "pattern_rows:error" is what is counted for one of several names.
  const [kind, label] = series.name.split(":");
  const words = kind.replaceAll("_", " ");
  const name = label === undefined ? words : `${label}: ${words}`;
  const title = element("h3", {}, name, element("b"));
  const shown = title.lastChild;
  const last = values.length ? values[values.length - 1] : 0;
  shown.textContent = amount(last, unit);
  const peak = Math.max(...values, 0);
  const most = unit.startsWith("bytes") ? roundUpBytes(peak) : roundUp(peak);
  const x = (at) => kLeft + ((kWidth - kLeft - kRight) * (span - values.length + at)) / (span - 1);
  const y = (share) => kHeight - kBottom - share * (kHeight - kTop - kBottom);
  const svg = drawing("svg", {
    viewBox: `0 0 ${kWidth} ${kHeight}`,
    role: "img",
    "aria-label": `${name}: ${amount(last, unit)} now, at most ${amount(peak, unit)}`,
  });
  for (const share of [0, 0.5, 1]) {
    svg.append(drawing("line", { class: "grid", x1: kLeft, x2: kWidth - kRight, y1: y(share), y2: y(share) }));
    if (share > 0) svg.append(drawing("text", { x: kLeft + 2, y: y(share) - 3 }, amount(most * share, unit)));
  }
  const minutes = Math.round((span * step) / 60);
  svg.append(
    drawing("text", { x: kLeft, y: kHeight - 4 }, `${minutes} min ago`),
    drawing("text", { x: kWidth - kRight, y: kHeight - 4, "text-anchor": "end" }, "now"),
  );
  if (values.length > 1) {
    const line = path(values, most, x, y);
    svg.append(
      drawing("path", { class: "area", d: `${line}L${x(values.length - 1)} ${y(0)}L${x(0)} ${y(0)}Z` }),
      drawing("path", { class: "line", d: line }),
    );
  }
  const cross = drawing("line", { class: "cross", y1: kTop, y2: y(0), visibility: "hidden" });
  const dot = drawing("circle", { class: "dot", r: 4, visibility: "hidden" });
  svg.append(cross, dot);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const place = ((event.clientX - box.left) / box.width) * kWidth;
    const at = Math.round(((place - kLeft) / (kWidth - kLeft - kRight)) * (span - 1)) - (span - values.length);
    if (at < 0 || at >= values.length) return;
    for (const mark of [cross, dot]) mark.setAttribute("visibility", "visible");
    cross.setAttribute("x1", x(at));
    cross.setAttribute("x2", x(at));
    dot.setAttribute("cx", x(at));
    dot.setAttribute("cy", y(values[at] / most));
    shown.textContent = `${amount(values[at], unit)} at ${clock(end - (values.length - 1 - at) * step)}`;
  });
  svg.addEventListener("pointerleave", () => {
    for (const mark of [cross, dot]) mark.setAttribute("visibility", "hidden");
    shown.textContent = amount(last, unit);
  });
  return element("div", { class: "chart" }, title, svg);
}
