import { signal, useSignalEffect } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import * as api from "./api";
import { filter, Left, possible } from "./actions";
import { begin } from "./begin";
import { Bottom } from "./bottom";
import { Diagram } from "./diagram";
import { Dialogs } from "./dialogs";
import { Icon, meaning } from "./icons";
import { Side } from "./state";
import * as s from "./store";
import "./styles.css";
import { shown, switchTheme, theme } from "./theme";
import { Cut } from "./values";
import { told, Why } from "./why";

const pane = signal<"actions" | "diagram" | "state" | "more">("actions"); // on a narrow screen
const lifelines = signal(false); // the panel that hides and moves lifelines
const low = signal(false); // the panel below is shut

function Header() {
  void theme.value;
  const options = s.catalogue.value.find((m) => m.name === s.model.value)?.options ?? [];
  const settings = options.filter((o, i) => {
    const word = s.config.value[o.name] ?? "";
    return word !== "" && (i < 2 || word !== o.default || o.name === "network");
  }).map((o) => [o.name, s.config.value[o.name] ?? ""] as const);
  return (
    <header class="top">
      <h1><span class="mark" aria-hidden="true" />Synod</h1>
      <button type="button" class="model-button" onClick={() => (s.dialog.value = "model")} title="Choose a model (m)">
        <b>{s.model.value || "…"}</b>
        <span class="settings">{settings.map(([n, w]) => `${n} ${w.replace(/_/g, " ")}`).join(" · ")}</span>
        <Icon name="down" />
      </button>
      <span class="spring" />
      <button type="button" class="icon-button" aria-label="Copy a link to this view" title="Copy a link to this view"
        onClick={() => void s.copy(location.href, "The link is copied.")}>
        <Icon name="link" />
      </button>
      <button type="button" class="icon-button" aria-label="Export" title="Export (e)" onClick={() => (s.dialog.value = "export")}><Icon name="export" /></button>
      <button type="button" class="icon-button" aria-label={shown() === "dark" ? "Use light colours" : "Use dark colours"} title="Light or dark (t)" onClick={switchTheme}>
        <Icon name={shown() === "dark" ? "sun" : "moon"} />
      </button>
      <button type="button" class="icon-button" aria-label="Help" title="Keys (?)" onClick={() => (s.dialog.value = "help")}><Icon name="help" /></button>
    </header>
  );
}

function Lifelines() {
  const names = s.actors.value;
  const move = (name: string, by: number) => {
    const all = [...names];
    const at = all.indexOf(name);
    all.splice(at, 1);
    all.splice(Math.max(0, Math.min(all.length, at + by)), 0, name);
    s.order.value = all;
  };
  const toggle = (name: string) => {
    const next = new Set(s.hidden.value);
    if (!next.delete(name)) next.add(name);
    s.hidden.value = next;
  };
  return (
    <div class="lifelines" id="lifelines">
      {names.map((n, i) => (
        <span key={n} class={`lifeline-chip ${s.hidden.value.has(n) ? "off" : ""}`}>
          <button type="button" class="mini" aria-label={`Move ${n} to the left`} disabled={i === 0} onClick={() => move(n, -1)}><Icon name="left" /></button>
          <label><input type="checkbox" checked={!s.hidden.value.has(n)} onChange={() => toggle(n)} />{n}</label>
          <button type="button" class="mini" aria-label={`Move ${n} to the right`} disabled={i === names.length - 1} onClick={() => move(n, 1)}><Icon name="right" /></button>
        </span>
      ))}
    </div>
  );
}

let seed = 1;
const walkRandom = () => void s.walkAtRandom(10, seed++);

function Toolbar() {
  const n = s.tip.value.depth;
  const at = s.selected.value;
  const tool = (icon: string, text: string, f: () => void, off = false, pressed?: boolean) => (
    <button type="button" class="icon-button" aria-label={text} title={text} disabled={off} aria-pressed={pressed} onClick={f}><Icon name={icon} /></button>
  );
  return (
    <div class="toolbar" role="toolbar" aria-label="Path">
      {tool("left", "Previous step (k)", () => s.select(at - 1), at === 0)}
      <span class="position"><b>{at}</b> <span class="muted">of {n}</span></span>
      {tool("right", "Next step (j)", () => s.select(at + 1), at === n)}
      <span class="bar" />
      {tool("undo", "Undo (u)", s.undo, !s.canUndo.value)}
      {tool("redo", "Redo (U)", s.redo, !s.canRedo.value)}
      <span class="bar" />
      {tool("target", "Run until … (g)", () => (s.dialog.value = "seek"))}
      {tool("dice", "Walk 10 steps at random (r)", walkRandom)}
      {tool("shorten", "Search for a shorter path to what the last state shows", () => void s.shorten(), n === 0 || s.explanation.value?.property === "")}
      <span class="bar" />
      {tool("fold", "Fold away all but the causal past of the selected step (f)", () => (s.folded.value = !s.folded.value), false, s.folded.value)}
      {tool("eye", "Hide and move lifelines", () => (lifelines.value = !lifelines.value), false, lifelines.value)}
      {tool("list", "Show the steps as text", () => (s.withText.value = !s.withText.value), false, s.withText.value)}
      <span class="spring" />
      <span class="search slim">
        <Icon name="search" />
        <input id="find" type="search" placeholder="Find a step" aria-label="Find in the steps of the path" value={s.found.value}
          onInput={(e) => (s.found.value = e.currentTarget.value)} aria-describedby="hits"
          onKeyDown={(e) => e.key === "Enter" && s.findNext(e.shiftKey ? -1 : 1)} />
        <span id="hits" class="hits" role="status">{s.found.value && hitsText()}</span>
      </span>
    </div>
  );
}

/** Which of the hits is selected, and how many there are. */
function hitsText() {
  const all = s.hits.value;
  const at = all.indexOf(s.selected.value);
  return at < 0 ? `${all.length}` : `${at + 1}/${all.length}`;
}

/** The selected step in full, with what it means. */
function Caption() {
  const at = s.selected.value;
  const step = s.steps.value[at - 1];
  const of = told() ? undefined : s.explanation.value?.steps[at - 1]; // The sentences stand above.
  return (
    <p class="caption">
      {at === 0 ? <span class="muted">The initial state. Take an action on the left, or press a number.</span> : (
        <>
          <b>{at}</b> <code><Cut key={at} text={step?.text ?? ""} /></code>
          {of?.notes?.map((n) => <span key={n} class="note">{n}</span>)}
          {at === s.tip.value.depth && s.loop.value > 0 && <span class="note">then {s.loopText.value}</span>}
          {of?.aside && <span class="note muted">what the path shows does not depend on it</span>}
        </>
      )}
    </p>
  );
}

/** What went wrong: above the diagram, or on a narrow screen above the names of the views, whichever is shown. */
function Problem() {
  const p = s.problem.value;
  if (!p) return null;
  return (
    <div class="banner" role="alert">
      <Icon name="violated" />
      <div>
        <p>{p.text}</p>
        {p.rest && (
          <details>
            <summary>{p.rest.length === 1 ? "The step that is left" : `The ${p.rest.length} steps that are left`}</summary>
            <ol start={s.tip.value.depth + 1}>{p.rest.slice(0, 50).map((key, i) => <li key={i}><code>{key}</code></li>)}</ol>
          </details>
        )}
      </div>
      {p.rest && p.rest.length > 1 && s.pending.value && (
        <button type="button" class="small-button" onClick={() => void s.skipStep()}>Go on without it</button>
      )}
      <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => (s.problem.value = null)}><Icon name="close" /></button>
    </div>
  );
}

function Center() {
  return (
    <section class="pane center" aria-label="Path">
      <Toolbar />
      {lifelines.value && <Lifelines />}
      <Problem />
      <Why />
      {s.watches.value.length > 0 && (
        <div class="watching">
          <span class="muted">watching</span>
          {s.watches.value.map((f) => (
            <span key={f} class="watch"><code>{f}</code>
              <button type="button" class="mini" aria-label={`Watch ${f} no more`} onClick={() => s.watch(f)}><Icon name="close" /></button>
            </span>
          ))}
          <span class="spring" />
          <button type="button" class="icon-button" aria-label="Previous change" title="Previous change ([)" onClick={() => s.nextChange(-1)}><Icon name="up" /></button>
          <button type="button" class="icon-button" aria-label="Next change" title="Next change (])" onClick={() => s.nextChange(1)}><Icon name="down" /></button>
        </div>
      )}
      <Diagram />
      <Caption />
    </section>
  );
}

function Announcer() {
  const at = s.selected.value;
  const step = s.steps.value[at - 1];
  const properties = s.stateOf(s.here.value)?.properties ?? [];
  const bad = properties.filter((p) => meaning(p.expect, p.answer, s.terminal(s.here.value)) === "violated").map((p) => p.name);
  const text = at === 0 ? "Initial state" : `Step ${at} of ${s.tip.value.depth}: ${step?.text ?? ""}`;
  return <div class="sr" aria-live="polite">{text}{bad.length ? `. Violated: ${bad.join(", ")}` : ""}.</div>;
}

function Toast() {
  const timer = useRef(0);
  useSignalEffect(() => {
    if (!s.notice.value) return;
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => (s.notice.value = ""), 6000);
  });
  return (
    <div class="toast-box" role="status">
      {(s.busy.value || s.waiting.value > 0) && <p class="toast busy">{s.busy.value || "Waiting for the server"}…</p>}
      {s.notice.value && <p class="toast">{s.notice.value}</p>}
    </div>
  );
}

function togglePause() {
  const c = s.check.value;
  if (c?.state === "running") void api.commandCheck("pause").then((now) => (s.check.value = now), s.fail);
  else if (c?.state === "paused") void api.commandCheck("resume").then((now) => (s.check.value = now), s.fail);
}

const focus = (id: string, where: typeof pane.value) => {
  pane.value = where;
  requestAnimationFrame(() => document.getElementById(id)?.focus());
};

function onKey(e: KeyboardEvent) {
  const el = e.target as HTMLElement;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(el.tagName) && (el as HTMLInputElement).type !== "radio" && (el as HTMLInputElement).type !== "checkbox";
  if (e.key === "Escape" && typing) {
    if (el.id === "filter") filter.value = "";
    if (el.id === "find") s.found.value = "";
    el.blur();
    return;
  }
  if (typing || e.ctrlKey || e.metaKey || e.altKey || s.dialog.value !== "") return;
  const keys: Record<string, () => void> = {
    j: () => s.select(s.selected.value + 1),
    k: () => s.select(s.selected.value - 1),
    h: () => s.otherBranch(-1),
    l: () => s.otherBranch(1),
    "/": () => focus("filter", "actions"),
    s: () => focus("find", "diagram"),
    d: s.nextDiscovery,
    u: s.undo,
    U: s.redo,
    "[": () => s.nextChange(-1),
    "]": () => s.nextChange(1),
    f: () => (s.folded.value = !s.folded.value),
    g: () => (s.dialog.value = "seek"),
    r: walkRandom,
    p: togglePause,
    e: () => (s.dialog.value = "export"),
    m: () => (s.dialog.value = "model"),
    t: switchTheme,
    "?": () => (s.dialog.value = "help"),
  };
  const number = /^[1-9]$/.test(e.key) ? possible.value[Number(e.key) - 1] : undefined;
  const f = number ? () => void s.take(number.key) : keys[e.key];
  if (!f) return;
  e.preventDefault();
  f();
}

function App() {
  useEffect(() => {
    window.addEventListener("keydown", onKey);
    void begin();
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  const tabs = [["actions", "Actions"], ["diagram", "Path"], ["state", "State"], ["more", "More"]] as const;
  return (
    <div class={`app ${low.value ? "low" : ""}`} data-pane={pane.value}>
      <Header />
      <main>
      <Left />
      <Center />
      <Side />
      <div class="bottom-box">
        <button type="button" class="icon-button shut" aria-label={low.value ? "Open the panel below" : "Shut the panel below"} aria-expanded={!low.value}
          onClick={() => (low.value = !low.value)}><Icon name={low.value ? "up" : "down"} /></button>
        <Bottom />
      </div>
      </main>
      <div class="narrow-problem"><Problem /></div>
      <nav class="narrow-nav" aria-label="Views">
        {tabs.map(([id, title]) => (
          <button key={id} type="button" aria-current={pane.value === id ? "page" : undefined} onClick={() => (pane.value = id)}>{title}</button>
        ))}
      </nav>
      <Dialogs />
      <Toast />
      <Announcer />
    </div>
  );
}

const at = document.getElementById("app");
if (at) render(<App />, at);
