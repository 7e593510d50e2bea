// The panel below: the branches that were walked, the history of the clients, and how the check went.

import { useMemo } from "preact/hooks";
import * as api from "./api";
import { Chart } from "./chart";
import { Compare } from "./compare";
import { Pictures } from "./picture";
import { shown, theme } from "./theme";
import { bytes, CheckButtons, count, stateWord } from "./actions";
import { tabKeys } from "./state";
import * as s from "./store";

const lane = 26;

/** Every branch is a line from where it leaves the one above to its end. */
function Branches() {
  const ends = s.branches.value;
  const mine = new Set(s.chain.value);
  const deepest = Math.max(8, ...ends.map((e) => e.depth));
  const scale = Math.min(22, 620 / deepest);
  const x = (depth: number) => 14 + depth * scale;
  const laneOf = new Map<s.Place, number>();
  const drawn = ends.map((end, i) => {
    let fork = end;
    while (fork.parent && !laneOf.has(fork)) {
      laneOf.set(fork, i);
      fork = fork.parent;
    }
    if (!laneOf.has(fork)) laneOf.set(fork, i);
    return { end, fork, at: i, from: laneOf.get(fork) ?? i };
  });
  if (s.root.value.children.size === 0) {
    return <p class="empty">Take an action, and the path appears here. Go back and take another one, and it becomes a branch.</p>;
  }
  return (
    <div class="branches">
      <svg width={x(deepest) + 14} height={ends.length * lane + 8} aria-hidden="true">
        {drawn.map((b) => {
          const y = 16 + b.at * lane;
          const y0 = 16 + b.from * lane;
          const on = mine.has(b.end) || s.chain.value.includes(b.end);
          return (
            <g key={b.at} class={on ? "branch on" : "branch"}>
              <path d={`M${x(b.fork.depth)} ${y0} ${b.from === b.at ? "" : `C${x(b.fork.depth)} ${y} ${x(b.fork.depth)} ${y} ${x(b.fork.depth + 1)} ${y}`} L${x(b.end.depth)} ${y}`} />
              {scale > 7 && Array.from({ length: b.end.depth - b.fork.depth }, (_, i) => (
                <circle key={i} cx={x(b.fork.depth + i + 1)} cy={y} r="3" onClick={() => s.goTo(b.end, b.fork.depth + i + 1)} />
              ))}
              <circle class="end" cx={x(b.end.depth)} cy={y} r="5" onClick={() => s.goTo(b.end)} />
            </g>
          );
        })}
        {(() => {
          const at = laneOf.get(s.here.value) ?? 0;
          return <circle class="here" cx={x(s.here.value.depth)} cy={16 + at * lane} r="8" />;
        })()}
      </svg>
      <ol class="branch-list">
        {drawn.map((b) => (
          <li key={b.at} style={{ height: `${lane}px` }}>
            <button type="button" aria-current={mine.has(b.end) ? "true" : undefined} onClick={() => s.goTo(b.end)}>
              <b>{s.stepsText(b.end.depth)}</b>
              <span class="muted">{b.fork.depth > 0 || b.at > 0 ? `leaves after step ${b.fork.depth}` : "from the beginning"}</span>
              <span class="ellipsis">{b.end.step?.text ?? ""}</span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Timeline() {
  const place = s.here.value;
  const state = s.stateOf(place);
  const observers = state?.slots.filter((x) => x.visualized) ?? [];
  const text = observers[0]?.value.text ?? "";
  // Equal histories have one picture. A frame that were sent elsewhere would also be a step back in the browser's history.
  void theme.value;
  const dark = shown() === "dark";
  const address = useMemo(() => (state ? api.timelineAddress(s.query(place), dark) : ""), [s.root.value, text, !state, dark]);
  if (!state) return <p class="empty">…</p>;
  if (observers.length === 0) return <p class="empty">This model records no history of clients.</p>;
  return (
    <div class="timeline">
      <iframe key={address} title="History of the clients at the selected step, as Porcupine shows it" sandbox="allow-scripts" src={address}
        style={{ minHeight: `${86 + 45 * (text.match(/^\s*client \d+:/gm)?.length ?? 3)}px` }} />
      <details class="as-text"><summary>The same as text</summary><pre>{text}</pre></details>
    </div>
  );
}

function CheckPanel() {
  const c = s.check.value;
  if (!c || c.state === "none") {
    return <div class="check-panel"><p class="empty">No check was started. <CheckButtons words /></p></div>;
  }
  return (
    <div class="check-panel">
      <div class="check-facts">
        <p class="check-title"><span class={`pill ${c.state} ${c.exhausted ? "complete" : ""}`}>{stateWord(c)}</span> {c.model} <span class="muted">{c.engine}</span></p>
        <table>
          <tbody>
            <tr><th scope="row">unique states</th><td>{count(c.now.unique)}</td></tr>
            <tr><th scope="row">generated</th><td>{count(c.now.generated)}</td></tr>
            <tr><th scope="row">depth</th><td>{c.now.depth}</td></tr>
            <tr><th scope="row">memory</th><td>{bytes(c.now.memory)}</td></tr>
            <tr><th scope="row">time</th><td>{c.now.seconds.toFixed(2)} s</td></tr>
          </tbody>
        </table>
        <p class="buttons"><CheckButtons words /></p>
      </div>
      <div class="chart-box">
        <Chart />
        <p class="legend" aria-hidden="true"><span class="l-unique">unique</span><span class="l-frontier">frontier</span><span class="l-rate">states per second</span></p>
      </div>
      <ul class="verdicts">
        {c.properties.map((p) => {
          const d = c.discoveries.find((x) => x.property === p.name);
          return (
            <li key={p.name}><span class={`verdict ${p.verdict.replace(/ .*/, "")}`}>{p.verdict}</span> {p.name}
              {d && <button type="button" class="small-button" onClick={() => void s.showDiscovery(d)}>walk there, {s.stepsText(d.path.length)}</button>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Panel() {
  switch (s.tab.value) {
    case "picture": return <Pictures />;
    case "history": return <Timeline />;
    case "compare": return <Compare />;
    case "check": return <CheckPanel />;
    default: return <Branches />;
  }
}

export function Bottom() {
  return (
    <section class="pane bottom" aria-labelledby="bottom-title">
      <h2 class="sr" id="bottom-title">Branches, history and check</h2>
      <div class="pane-head">
        <div class="segments" role="tablist" aria-label="Panel" onKeyDown={tabKeys}>
          {s.tabs.map(([id, title]) => (
            <button key={id} type="button" role="tab" id={`tab-${id}`} aria-controls="bottom" aria-selected={s.tab.value === id}
              tabIndex={s.tab.value === id ? 0 : -1} onClick={() => (s.tab.value = id)}>
              {title}{id === "branches" && s.branches.value.length > 1 && <span class="count">{s.branches.value.length}</span>}
            </button>
          ))}
        </div>
      </div>
      <div class="pane-body" id="bottom" role="tabpanel" aria-labelledby={`tab-${s.tab.value}`} tabIndex={0}>
        <Panel />
      </div>
    </section>
  );
}
