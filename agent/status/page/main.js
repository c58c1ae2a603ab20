// The page's state: which view is open, which component is chosen, and when to ask the agent again.
import { ask, keepToken, NeedsToken } from "./api.js";
import { chart } from "./charts.js";
import { duration, element } from "./format.js";
import * as panels from "./panels.js";
import { TopologyDrawing } from "./topology.js";

const $ = (id) => document.getElementById(id);
const kViews = ["overview", "letters", "configuration", "plugins"];
const state = { view: "overview", chosen: null, span: "fine", turn: 0, topology: "", failed: 0 };
const drawing = new TopologyDrawing($("topology"), choose);

function showView(view, focus = false) {
  state.view = view;
  for (const each of kViews) {
    $(each).hidden = each !== view;
    $(`tab-${each}`).setAttribute("aria-selected", String(each === view));
    $(`tab-${each}`).tabIndex = each === view ? 0 : -1;
  }
  if (focus) $(`tab-${view}`).focus();
  history.replaceState(null, "", `#${view}`);
  refresh();
}

function choose(path) {
  state.chosen = state.chosen === path ? null : path;
  $("detail").hidden = !state.chosen;
  refresh();
  showDetail()
    .then(() => state.chosen && $("detail").scrollIntoView({ block: "nearest" }))
    .catch(() => {});
}

function choice(name, text) {
  const button = element("button", { "aria-pressed": String(state.span === name) }, text);
  button.addEventListener("click", () => {
    state.span = name;
    showDetail();
  });
  return button;
}

async function showDetail() {
  if (!state.chosen) return;
  const found = await ask(`/api/history?component=${encodeURIComponent(state.chosen)}`);
  const fine = state.span === "fine";
  const close = element("button", { class: "close", "aria-label": "Close", title: "Close (Escape)" }, "×");
  close.addEventListener("click", () => choose(state.chosen));
  const active = document.activeElement,
    place = $("detail").contains(active) ? [...$("detail").querySelectorAll("button")].indexOf(active) : -1;
  if ($("detail").matches(":hover") && $("detail").querySelector(".cross[visibility=visible]")) return;
  $("detail").replaceChildren(
    element(
      "div",
      { class: "panel-head" },
      element("h2", {}, found.component),
      element(
        "div",
        { class: "ends" },
        element("span", { class: "switch" }, choice("fine", "10 minutes"), choice("coarse", "1 hour")),
        close,
      ),
    ),
    element(
      "div",
      { class: "charts" },
      ...found.series.map((series) =>
        chart({
          name: series.name,
          unit: series.unit,
          values: fine ? series.fine : series.coarse,
          step: fine ? 1 : 10,
          end: fine ? found.end : found.end - found.coarse_behind,
          span: fine ? 600 : 360,
        }),
      ),
    ),
  );
  if (place >= 0) $("detail").querySelectorAll("button")[place]?.focus();
}

function showHealth(status) {
  const { health } = status;
  const good = health.ready && health.progressing;
  $("health").className = `pill ${good ? (health.problems.length ? "warn" : "good") : "bad"}`;
  $("health").textContent = good
    ? health.problems.length
      ? "has problems"
      : "healthy"
    : health.ready
      ? "stands still"
      : "not ready";
  $("banner").hidden = health.problems.length === 0;
  $("banner").className = good ? "banner warn" : "banner";
  $("banner").textContent = health.problems.map((each) => `${each.component} ${each.what}`).join("\n");
}

async function showOverview(status) {
  const topology = await ask("/topology");
  const text = JSON.stringify(topology);
  if (text !== state.topology) {
    state.topology = text;
    drawing.draw(topology);
  }
  const sparklines = await ask("/api/sparklines");
  // A click on what is replaced between press and release is lost.
  if ($("overview").matches(":active")) return;
  panels.tiles($("tiles"), status);
  drawing.update(new Map(status.components.map((each) => [each.path, each])), state.chosen);
  panels.components($("components"), status, sparklines, state.chosen, choose);
  panels.backlogs($("backlogs"), status);
  if (state.chosen && !status.components.some((each) => each.path === state.chosen)) choose(state.chosen);
  else if (state.span === "fine" || state.turn % 10 === 0) await showDetail();
}

const kOthers = {
  letters: async () => panels.letters($("letters"), await ask("/api/dead_letters")),
  configuration: async () => panels.configuration($("configuration"), await ask("/api/configuration")),
  plugins: async () => panels.plugins($("plugins"), await ask("/api/plugins")),
};

async function refreshOnce() {
  const status = await ask("/api/status");
  showHealth(status);
  $("version").textContent = `${status.version} · up ${duration(status.time - status.start)}`;
  $("file").textContent = status.configuration;
  $("letters-count").hidden = status.dead_letters === 0;
  $("letters-count").textContent = Intl.NumberFormat("en", { notation: "compact" }).format(status.dead_letters);
  if (state.view === "overview") await showOverview(status);
  else await kOthers[state.view]();
  state.failed = 0;
}

let refreshing = null;
function refresh() {
  refreshing ??= refreshOnce()
    .catch((failed) => {
      if (failed instanceof NeedsToken) {
        if (!$("login").open) $("login").showModal();
        return;
      }
      state.failed += 1;
      if (state.failed < 2) return;
      $("health").className = "pill bad";
      $("health").textContent = "no answer";
      $("banner").hidden = false;
      $("banner").className = "banner";
      $("banner").textContent = "The agent does not answer. What is shown is old; this page tries again each second.";
    })
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

function switchTheme() {
  const now =
    document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("levada-theme", document.documentElement.dataset.theme);
  } catch {
    /* It lasts as long as the page. */
  }
}

function start() {
  try {
    const kept = localStorage.getItem("levada-theme");
    if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
  } catch {
    /* As the system has it. */
  }
  for (const view of kViews) $(`tab-${view}`).addEventListener("click", () => showView(view));
  $("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) showView(kViews[(kViews.indexOf(state.view) + step + kViews.length) % kViews.length], true);
  });
  $("theme").addEventListener("click", switchTheme);
  $("login-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken($("token").value);
    $("login").close();
    refresh();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "t") switchTheme();
    if (event.key === "Escape" && state.chosen) choose(state.chosen);
    const view = kViews[Number(event.key) - 1];
    if (view) showView(view, true);
  });
  const wanted = location.hash.slice(1);
  showView(kViews.includes(wanted) ? wanted : "overview");
  setInterval(() => {
    if (document.hidden) return;
    state.turn += 1;
    refresh();
  }, 1000);
}

start();
