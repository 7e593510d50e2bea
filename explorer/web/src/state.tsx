// The right column: what the actors are, and what is under way.

import type { Choice, Dead, Letter, Slot, State } from "./api";
import { takeBy } from "./actions";
import { ballotClass } from "./diagram";
import { Icon } from "./icons";
import * as s from "./store";
import { compare, Cut, lostPaths, MarkSign, Parts } from "./values";

/** What came and went between two lists of texts. */
function listMarks(before: string[], now: string[]) {
  const left = [...before];
  const all = now.map((text) => {
    const i = left.indexOf(text);
    if (i >= 0) left.splice(i, 1);
    return { text, kind: i >= 0 ? null : ("added" as const) };
  });
  return [...all, ...left.map((text) => ({ text, kind: "removed" as const }))];
}

function Chips({ what, before, now }: { what: string; before: string[]; now: string[] }) {
  const all = listMarks(before, now);
  if (all.length === 0) return null;
  return (
    <p class="chips">
      <span class="muted">{what}</span>
      {all.map((c, i) => (
        <span key={i} class={`chip ${c.kind ? `is-${c.kind}` : ""}`}>{c.kind && <MarkSign kind={c.kind} />}{c.text}</span>
      ))}
    </p>
  );
}

function Card({ slot, before }: { slot: Slot; before?: Slot }) {
  // What an actor kept while it is down is no state: the two are not compared.
  const turned = before !== undefined && !!before.down !== !!slot.down;
  const marks = compare(turned ? undefined : before?.value, slot.value);
  const lost = lostPaths(slot.lost);
  const changed = marks.size > 0 || turned;
  const n = (slot.letters ?? []).reduce((sum, l) => sum + l.copies, 0);
  return (
    <section class={`card ${changed ? "changed" : ""}`} aria-label={slot.role === "actor" && /^\d+$/.test(slot.name) ? `Actor ${slot.name}` : slot.name}>
      <header>
        <h3>{slot.name}</h3>
        {slot.type && <span class="type">{slot.type}</span>}
        {slot.down && <span class="badge bad"><Icon name="crash" />down</span>}
        {turned && !slot.down && <span class="badge good"><Icon name="recover" />recovered</span>}
        {changed && !turned && <span class="badge">changed</span>}
        <span class="spring" />
        {n > 0 && <span class="muted small">{n} in flight</span>}
      </header>
      {slot.value.parts?.length ? (
        <Parts v={slot.value} path="" at="" marks={marks} lost={lost} slot={slot.name} />
      ) : (
        <p class="scalar">
          {marks.get("")?.old !== undefined && <><MarkSign kind="changed" /><del><Cut text={marks.get("")?.old ?? ""} /></del> <span aria-hidden="true">→</span> </>}
          <code class={marks.size ? "now" : ""}><Cut text={slot.value.text} /></code>
        </p>
      )}
      <Chips what="timers" before={before?.timers ?? []} now={slot.timers ?? []} />
      <Chips what="choices" before={before?.choices ?? []} now={slot.choices ?? []} />
      {slot.durable && (slot.lost?.length ?? 0) > 0 && (
        <details class="lost">
          <summary>A crash would lose {slot.lost?.length === 1 ? "1 field" : `${slot.lost?.length} fields`}</summary>
          <ul>{slot.lost?.map((c) => <li key={c.path}><code>{c.path || "all"}</code>: <Cut text={c.old || "nothing"} /> → <Cut text={c.new || "nothing"} /></li>)}</ul>
        </details>
      )}
    </section>
  );
}

function Observer({ slot, before }: { slot: Slot; before?: Slot }) {
  const changed = before !== undefined && before.value.text !== slot.value.text;
  return (
    <section class={`card ${changed ? "changed" : ""}`} aria-label={slot.name}>
      <header><h3>{slot.name}</h3><span class="type">observer</span>{changed && <span class="badge">changed</span>}</header>
      <pre>{slot.value.text.replace(/; /g, "\n  ").replace(/: /g, "\n  ")}</pre>
    </section>
  );
}

export function Actors({ now, before }: { now: State; before?: State }) {
  const shown = now.slots.filter((x) => x.role !== "nobody" && !s.hidden.value.has(x.name));
  const rank = (name: string) => {
    const i = s.actors.value.indexOf(name);
    return i < 0 ? s.actors.value.length : i;
  };
  const old = (name: string) => before?.slots.find((x) => x.name === name);
  return (
    <div class="cards">
      {[...shown].sort((a, b) => rank(a.name) - rank(b.name)).map((x) =>
        x.role === "observer" ? <Observer key={x.name} slot={x} before={old(x.name)} /> : <Card key={x.name} slot={x} before={old(x.name)} />,
      )}
    </div>
  );
}

const verbs: Record<string, string> = { deliver: "Deliver", drop: "Drop" };

function LetterRow({ letter, actions, fresh, dead }: { letter: Letter; actions: Choice[]; fresh: boolean; dead?: string }) {
  const about = actions.filter((a) => a.key.endsWith(` ${letter.key}`) && (a.from !== undefined || a.message !== undefined));
  return (
    <li class={`letter ${dead ? "dead" : ""}`} title={dead}>
      <div class="letter-text">
        <span class="ends">{letter.from} → {letter.to}</span>
        <span class={`message ${ballotClass(letter.message)}`}><Cut text={letter.message} /></span>
        {letter.copies > 1 && <span class="badge" title={`${letter.copies} copies`}>×{letter.copies}</span>}
        {fresh && <span class="badge good">new</span>}
        {dead && <span class="badge dead">dead<span class="sr">: {dead}</span></span>}
      </div>
      <div class="letter-actions">
        {about.map((a) => (
          <button key={a.key} type="button" class="small-button" disabled={!!a.ignored || a.cut}
            title={a.ignored ? `ignored: it ${a.ignored}` : a.cut ? "outside the state constraint" : a.text}
            onClick={(e) => void takeBy(e, a.key, ".letter-actions button")}>
            <Icon name={a.kind} />{verbs[a.kind] ?? a.kind}<span class="sr"> {letter.message} from {letter.from} to {letter.to}</span>
          </button>
        ))}
        {about.length === 0 && <span class="muted small">{letter.deliverable ? "" : "waits its turn"}</span>}
      </div>
    </li>
  );
}

/** The switch that greys dead letters, and how it is known which are. */
function DeadSwitch({ dead }: { dead: Dead | null }) {
  return (
    <div class="dead-switch">
      <label><input type="checkbox" checked={s.deadShown.value} onChange={(e) => (s.deadShown.value = e.currentTarget.checked)} /> Grey what nothing can read any more</label>
      <p class="muted small" role="status">{s.deadShown.value && (dead ? dead.evidence : "Searching for it, for ten seconds at most…")}</p>
    </div>
  );
}

export function Network({ now, before }: { now: State; before?: State }) {
  const slots = now.slots.filter((x) => (x.letters?.length ?? 0) > 0);
  const dead = s.deadOf(s.here.value);
  const why = new Map<string, string>();
  if (s.deadShown.value) for (const l of dead?.letters ?? []) why.set(`${l.slot} ${l.key}`, l.why);
  if (slots.length === 0) return <p class="empty">No message is in flight.</p>;
  const older = new Map<string, number>();
  for (const x of before?.slots ?? []) for (const l of x.letters ?? []) older.set(`${x.name} ${l.key}`, l.copies);
  return (
    <div class="cards">
      <DeadSwitch dead={dead} />
      {slots.map((x) => (
        <section key={x.name} class="card" aria-label={`Messages to ${x.name}`}>
          <header>
            <h3>To {x.name}</h3>
            <span class="spring" />
            <span class="muted small">{x.letters?.reduce((n, l) => n + l.copies, 0)} in flight</span>
          </header>
          <ul class="letters">
            {x.letters?.map((l, i) => (
              <LetterRow key={`${l.key} ${i}`} letter={l} actions={now.actions} dead={why.get(`${x.name} ${l.key}`)}
                fresh={before !== undefined && before !== now && l.copies > (older.get(`${x.name} ${l.key}`) ?? 0)} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

export function Side() {
  const now = s.stateOf(s.here.value);
  const before = s.chain.value[s.baseStep.value];
  const compared = before === s.here.value ? undefined : (s.stateOf(before) ?? undefined);
  const inFlight = now?.slots.reduce((n, x) => n + (x.letters ?? []).reduce((m, l) => m + l.copies, 0), 0) ?? 0;
  return (
    <section class="pane right" aria-labelledby="state-title">
      <h2 class="sr" id="state-title">State</h2>
      <div class="pane-head">
        <div class="segments" role="tablist" aria-label="State" onKeyDown={tabKeys}>
          <button type="button" role="tab" id="tab-actors" aria-controls="side" aria-selected={s.side.value === "actors"} tabIndex={s.side.value === "actors" ? 0 : -1}
            onClick={() => (s.side.value = "actors")}>Actors</button>
          <button type="button" role="tab" id="tab-network" aria-controls="side" aria-selected={s.side.value === "network"} tabIndex={s.side.value === "network" ? 0 : -1}
            onClick={() => (s.side.value = "network")}>Network <span class="count">{inFlight}</span></button>
        </div>
        <label class="compare" title="What changed since which step">
          <span>since</span>
          <select value={s.base.value === null ? "" : String(s.base.value)}
            onChange={(e) => (s.base.value = e.currentTarget.value === "" ? null : Number(e.currentTarget.value))}>
            <option value="">step before</option>
            <option value={String(s.selected.value)}>this step, {s.selected.value}</option>
            {s.base.value !== null && s.base.value !== s.selected.value && <option value={String(s.base.value)}>{s.base.value === 0 ? "the beginning" : `step ${s.base.value}`}</option>}
            {s.base.value !== 0 && s.selected.value !== 0 && <option value="0">the beginning</option>}
          </select>
        </label>
      </div>
      <div class="pane-body" id="side" role="tabpanel" aria-labelledby={`tab-${s.side.value}`} tabIndex={0}>
        {!now ? <p class="empty">…</p> : s.side.value === "actors" ? <Actors now={now} before={compared} /> : <Network now={now} before={compared} />}
      </div>
    </section>
  );
}

/** Arrow keys move between the tabs of a list. */
export function tabKeys(e: KeyboardEvent) {
  if (e.key !== "ArrowRight" && e.key !== "ArrowLeft") return;
  const all = [...(e.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=tab]")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = all[(at + (e.key === "ArrowRight" ? 1 : -1) + all.length) % all.length];
  e.preventDefault();
  e.stopPropagation();
  next?.focus();
  next?.click();
}
