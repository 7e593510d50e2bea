// The left column: how the check is going, the properties, and what may happen next.

import { computed, signal } from "@preact/signals";
import type { Choice } from "./api";
import * as api from "./api";
import { short } from "./chart";
import { ballotClass } from "./diagram";
import { Icon, meaning, meaningText } from "./icons";
import * as s from "./store";

export const filter = signal("");

/** Numbers in texts count as numbers: 3 comes before 10. */
const inOrder = new Intl.Collator("en", { numeric: true });

const groupOf = (c: Choice): string => {
  if (c.ignored) return "ignored";
  if (c.cut) return "outside the state constraint";
  if (c.kind === "deliver") return "deliver";
  if (c.kind === "timeout" || c.kind === "choose") return "timeouts and choices";
  if (c.kind === "act") return "actions";
  return "faults";
};
const groups = ["actions", "deliver", "timeouts and choices", "faults", "outside the state constraint", "ignored"];
const groupTitles: Record<string, string> = {
  actions: "Actions", deliver: "Deliver", "timeouts and choices": "Timeouts and choices", faults: "Faults",
  "outside the state constraint": "Outside the state constraint", ignored: "Ignored",
};

/** What may happen next, as it is shown: filtered, in groups, and numbered. */
export const choices = computed(() => {
  const word = filter.value.trim().toLowerCase();
  const all = (s.stateOf(s.here.value)?.actions ?? []).filter((c) => !word || `${c.kind} ${c.text}`.toLowerCase().includes(word));
  return groups.flatMap((g) => all.filter((c) => groupOf(c) === g).sort((a, b) => inOrder.compare(a.text, b.text)));
});
export const possible = computed(() => choices.value.filter((c) => !c.ignored && !c.cut));

function Answers({ c }: { c: Choice }) {
  const properties = s.stateOf(s.here.value)?.properties ?? [];
  if (!c.answers) return null;
  const all = properties.map((p, i) => ({ name: p.name, is: meaning(p.expect, c.answers?.[i] ?? false) }));
  const label = all.map((a) => `${a.name}: ${meaningText[a.is]}`).join("; ");
  return (
    <span class="answers" role="img" aria-label={label} title={label}>
      {all.slice(0, 8).map((a) => <Icon key={a.name} name={a.is} />)}
    </span>
  );
}

/** Takes an action by its button. The button goes; from the keyboard, the focus goes on to the first one that comes. */
export async function takeBy(e: MouseEvent, key: string, buttons: string) {
  const pressed = e.detail === 0; // and not clicked
  await s.take(key);
  if (!pressed) return;
  requestAnimationFrame(() => {
    if (document.activeElement === document.body) document.querySelector<HTMLElement>(`${buttons}:not(:disabled)`)?.focus();
  });
}

function Item({ c, number }: { c: Choice; number: number }) {
  const off = !!c.ignored || !!c.cut;
  const seen = !c.same && !!c.fingerprint && s.visited.value.has(c.fingerprint);
  return (
    <li>
      <button type="button" class="choice" disabled={off} onClick={(e) => void takeBy(e, c.key, ".choice")} data-key={c.key}>
        <span class="hotkey" aria-hidden="true">{!off && number <= 9 ? number : ""}</span>
        <Icon name={c.kind} />
        <span class="choice-text">
          <span class={`what ${ballotClass(c.message)}`} title={c.text.length > 150 ? c.text : undefined}>{c.text}</span>
          {c.ignored && <span class="why">{c.ignored}</span>}
          {c.cut && <span class="why">leaves the state constraint</span>}
          {c.same && <span class="why">leads back to this state</span>}
          {seen && <span class="why">already visited</span>}
        </span>
        <Answers c={c} />
      </button>
    </li>
  );
}

function moveInList(e: KeyboardEvent) {
  if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
  const all = [...(e.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  e.preventDefault();
  all[Math.max(0, Math.min(all.length - 1, at + (e.key === "ArrowDown" ? 1 : -1)))]?.focus();
}

function NextActions() {
  const all = choices.value;
  const state = s.stateOf(s.here.value);
  let number = 0;
  return (
    <section class="block grow" aria-labelledby="next-title">
      <header class="block-head">
        <h2 id="next-title">Next actions</h2>
        <span class="count">{possible.value.length}</span>
      </header>
      <div class="search">
        <Icon name="search" />
        <input id="filter" type="search" placeholder="Filter" aria-label="Filter the next actions" value={filter.value}
          onInput={(e) => (filter.value = e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === "Enter" && possible.value[0]) {
              void s.take(possible.value[0].key);
              filter.value = "";
            }
            if (e.key === "ArrowDown") {
              e.preventDefault();
              document.querySelector<HTMLElement>(".choice:not(:disabled)")?.focus();
            }
          }} />
        <kbd aria-hidden="true">/</kbd>
      </div>
      <div class="choices" onKeyDown={moveInList}>
        {state && possible.value.length === 0 && (
          <p class="empty">{filter.value ? "Nothing like that can happen." : "Nothing more can happen: this state is terminal."}</p>
        )}
        {groups.map((g) => {
          const items = all.filter((c) => groupOf(c) === g);
          if (items.length === 0) return null;
          const list = <ul>{items.map((c) => <Item key={c.key} c={c} number={c.ignored || c.cut ? 0 : ++number} />)}</ul>;
          if (g === "ignored" || g === "outside the state constraint") {
            return <details key={g} class="group" open={filter.value !== ""}><summary>{groupTitles[g]} <span class="count">{items.length}</span></summary>{list}</details>;
          }
          return <div key={g} class="group"><h3>{groupTitles[g]}</h3>{list}</div>;
        })}
      </div>
    </section>
  );
}

function Properties() {
  const state = s.stateOf(s.here.value);
  const c = s.check.value;
  const mine = c && c.model === s.model.value && s.sameConfig(c.config ?? {}, s.config.value);
  return (
    <section class="block" aria-labelledby="properties-title">
      <header class="block-head"><h2 id="properties-title">Properties</h2><span class="muted small">here{mine ? " · check" : ""}</span></header>
      <ul class="properties">
        {state?.properties.map((p) => {
          const is = meaning(p.expect, p.answer, s.terminal(s.here.value));
          const verdict = mine ? c.properties.find((v) => v.name === p.name)?.verdict : undefined;
          const d = mine ? c.discoveries.find((x) => x.property === p.name) : undefined;
          return (
            <li key={p.name} class={`property is-${is}`}>
              <Icon name={is} label={`${meaningText[is]} in this state`} />
              <span class="property-name">{p.name}<span class="muted small"> {p.expect}</span></span>
              {d ? (
                <button type="button" class={`small-button ${d.expect === "sometimes" ? "star" : "bad"}`} onClick={() => void s.showDiscovery(d)}
                  title={`Walk to it: ${s.stepsText(d.path.length)}`}>
                  {d.expect === "sometimes" ? "example" : "violated"} · {d.path.length}
                </button>
              ) : verdict ? <span class={`verdict ${verdict.replace(/ .*/, "")}`}>{verdict}</span> : null}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

export const count = (n: number) =>
  n >= 1e9 ? `${(n / 1e9).toFixed(2)} G` : n >= 1e7 ? `${(n / 1e6).toFixed(1)} M` : n.toLocaleString("en-US");
export const bytes = (n: number) => (n >= 1 << 30 ? `${(n / 2 ** 30).toFixed(1)} GiB` : `${Math.round(n / 2 ** 20)} MiB`);

export const stateWord = (c: api.Check): string => {
  if (c.state === "done") {
    if (c.error) return "failed";
    return c.exhausted ? "complete" : "ended early";
  }
  return { none: "not started", running: "running", paused: "paused" }[c.state];
};

export function CheckButtons({ words = false }: { words?: boolean }) {
  const c = s.check.value;
  if (!c) return null;
  const act = (f: () => Promise<api.Check>) =>
    void f().then((now) => (s.check.value = { ...now, series: undefined }), s.fail);
  const button = (name: string, text: string, f: () => Promise<api.Check>) => (
    <button type="button" class={words ? "button" : "icon-button"} aria-label={words ? undefined : text} title={text} onClick={() => act(f)}>
      <Icon name={name} />{words && text.replace(" the check", "")}
    </button>
  );
  return (
    <>
      {c.state === "running" && button("pause", "Pause the check", () => api.commandCheck("pause"))}
      {c.state === "paused" && button("play", "Resume the check", () => api.commandCheck("resume"))}
      {(c.state === "running" || c.state === "paused") && button("stop", "Stop the check", () => api.commandCheck("stop"))}
      {(c.state === "done" || c.state === "none") &&
        button("play", "Start the check", s.startCheck)}
    </>
  );
}

function Status() {
  const c = s.check.value;
  const other = c?.model && (c.model !== s.model.value || !s.sameConfig(c.config ?? {}, s.config.value));
  return (
    <section class="block status" aria-labelledby="status-title">
      <header class="block-head">
        <h2 id="status-title">Check</h2>
        {c && <span class={`pill ${c.state} ${c.exhausted ? "complete" : ""}`}>{stateWord(c)}</span>}
        <span class="spring" />
        <CheckButtons />
      </header>
      {s.line.value === "none" && <p class="why">The server does not answer.</p>}
      {s.line.value === "asking" && <p class="why">Many pages listen to this server: the figures here are some seconds old.</p>}
      {c && c.state !== "none" && (
        <>
          {other && <p class="why">of {c.model}, {c.model === s.model.value ? "with other settings than shown here" : "not of the model shown here"}</p>}
          <dl class="figures">
            <div><dt>unique</dt><dd>{count(c.now.unique)}</dd></div>
            <div><dt>generated</dt><dd>{count(c.now.generated)}</dd></div>
            <div><dt>depth</dt><dd>{c.now.depth}</dd></div>
            <div><dt>frontier</dt><dd>{count(c.now.frontier)}</dd></div>
            <div><dt>per second</dt><dd>{short(c.now.rate)}</dd></div>
            <div><dt>memory</dt><dd>{bytes(c.now.memory)}</dd></div>
          </dl>
          {c.stopped && <p class="why">Ended early: {c.stopped === "an interrupt" ? "it was stopped" : c.stopped}.</p>}
          {c.error && <p class="why bad">{c.error}</p>}
        </>
      )}
    </section>
  );
}

export function Left() {
  return (
    <div class="pane left">
      <Status />
      <Properties />
      <NextActions />
    </div>
  );
}
