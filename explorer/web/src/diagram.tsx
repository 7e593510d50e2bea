// The space-time diagram: a lifeline for each actor, time runs down, an arrow from the step that sent a message to the
// step that took it. Beside it the same steps stand as a list, row by row, for keyboards and screen readers.

import { computed, signal, useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { Step } from "./api";
import { Icon, meaning } from "./icons";
import * as s from "./store";

const rowHeight = 40;
const top = 26; // of the line of the initial state
const overscan = 12;

export const hovered = signal<number | null>(null);
const viewport = signal({ from: 0, to: 40, width: 640 });

/** Where the rows are: the step of each row, and the row of each step. */
const rowOf = computed(() => new Map(s.rows.value.map((step, i) => [step, i + 1])));
const y = (row: number) => top + row * rowHeight;

/** A finger does not hover: where it was last says nothing. */
const hovers = (step: number) => ({
  onPointerEnter: (e: PointerEvent) => {
    if (e.pointerType !== "touch") hovered.value = step || null;
  },
  onPointerLeave: () => (hovered.value = null),
});

const lit = computed(() => (hovered.value === null ? null : s.past(s.steps.value, hovered.value)));

/** Steps that the violation at the end does not depend on stand back, as long as one looks at it. */
const faded = (step: number) =>
  s.explanation.value?.kind === "violation" && s.selected.value === s.tip.value.depth && s.aside(step) ? " aside" : "";

const ballotPattern = /\((\d+), ?(\d+)\)/;
/** The ballots of the branch, in their order: each has a colour. */
const ballots = computed(() => {
  const all = new Map<string, [number, number]>();
  for (const step of s.steps.value) {
    const m = step?.message?.match(ballotPattern);
    if (m) all.set(m[0], [Number(m[1]), Number(m[2])]);
  }
  const sorted = [...all].sort(([, a], [, b]) => a[0] - b[0] || a[1] - b[1]);
  return new Map(sorted.map(([text], i) => [text, i % 6]));
});

export function ballotClass(message?: string): string {
  const m = message?.match(ballotPattern);
  const i = m && ballots.value.get(m[0]);
  return i === undefined || i === null ? "" : `ballot ballot-${i}`;
}

const violates = (step: Step | null, number: number) => {
  const properties = s.stateOf(s.here.value)?.properties ?? [];
  const terminal = number === s.tip.value.depth && s.terminal(s.tip.value);
  return properties.filter((p, i) => step && meaning(p.expect, step.answers[i] ?? true, terminal) === "violated").map((p) => p.name);
};


function Gutter({ from, to }: { from: number; to: number }) {
  const rows = s.rows.value;
  const all = s.steps.value;
  const hits = new Set(s.hits.value);
  const items = [];
  for (let row = from; row <= to; row++) {
    const step = row === 0 ? 0 : rows[row - 1];
    if (step === undefined) break;
    const of = step === 0 ? null : (all[step - 1] ?? null);
    const chosen = step === s.selected.value;
    const bad = violates(of, step);
    const text = step === 0 ? "the initial state" : (of?.text ?? "…");
    items.push(
      <li key={step} id={`step-${step}`} role="option" aria-selected={chosen} aria-setsize={rows.length + 1} aria-posinset={row + 1}
        tabIndex={chosen ? 0 : -1} style={{ top: `${y(row) - rowHeight / 2}px` }}
        class={`${chosen ? "chosen" : ""} ${lit.value ? (lit.value.has(step) ? "" : "dim") : faded(step)} ${hits.has(step) ? "match" : ""} ${s.culprit(step) ? "culprit" : ""}`}
        onClick={() => s.select(step)} {...hovers(step)}>
        <span class="number">{step === 0 ? "0" : step}</span>
        {step > 0 && <Icon name={bad.length ? "violated" : (of?.kind ?? "act")} />}
        {step > 0 && <span class="sr">{of?.kind}: </span>}
        <span class={s.withText.value ? "text" : "sr"} title={s.notes(step) ? `${text}\n${s.notes(step)}` : text}>
          {text}
          {s.withText.value && s.notes(step) && <span class="gutter-note">{s.notes(step)}</span>}
        </span>
        {s.culprit(step) && <span class={s.withText.value ? "badge bad" : "sr"}>culprit</span>}
        {bad.length > 0 && <span class="sr">; violates {bad.join(", ")}</span>}
        {step > 0 && step === s.tip.value.depth && s.loop.value > 0 && <span class="sr">; {s.loopText.value}</span>}
        {s.withText.value && s.aside(step) && <span class="aside-mark" title="What the path shows does not depend on this step">aside</span>}
      </li>,
    );
  }
  return (
    <ol class="gutter" role="listbox" aria-label="Steps of the path" tabIndex={-1} onKeyDown={gutterKeys}>
      {items}
    </ol>
  );
}

function gutterKeys(e: KeyboardEvent) {
  const rows = [0, ...s.rows.value];
  const at = rows.indexOf(s.selected.value);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[e.key];
  if (to === undefined) return;
  e.preventDefault();
  const step = rows[Math.max(0, Math.min(rows.length - 1, to))];
  if (step === undefined) return;
  s.select(step);
  requestAnimationFrame(() => document.getElementById(`step-${step}`)?.focus());
}

const letter = 6.95; // the width of a letter of a label

const cutText = (text: string, width: number) => {
  const room = Math.max(4, Math.floor(width / letter));
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
};

function Label({ text, x, at, anchor, room }: { text: string; x: number; at: number; anchor: "start" | "end"; room: number }) {
  const shown = cutText(text, room);
  const m = shown.match(ballotPattern);
  const i = m ? ballots.value.get(m[0]) : undefined;
  return (
    <text class="label" x={x} y={at} text-anchor={anchor}>
      {m && i !== undefined ? (
        <>{shown.slice(0, m.index)}<tspan class={`ballot-${i}`}>{m[0]}</tspan>{shown.slice((m.index ?? 0) + m[0].length)}</>
      ) : shown}
    </text>
  );
}

const markRadius = 5;

type Geometry = { x: (name: string) => number | null; lane: number; width: number };

/** Arrows lie under everything, so that labels stay readable. */
function Arrow({ step, number, row, g }: { step: Step; number: number; row: number; g: Geometry }) {
  const at = y(row);
  const x = g.x(step.actor);
  if (x === null) return null;
  const parts = (step.sent ?? []).map((m, i) => {
    const to = g.x(m.to);
    if (to === null || taken.value.has(`${number} ${m.to} ${m.message}`)) return null;
    const dx = to === x ? 14 : Math.sign(to - x) * Math.min(26, g.lane * 0.35);
    return <line key={`stub${i}`} class={`stub ${ballotClass(m.message)}`} x1={x} y1={at} x2={x + dx} y2={at + 15} />;
  });
  const fromX = step.cause !== undefined ? g.x(step.from ?? "") : null;
  if (fromX !== null) {
    const origin = step.cause ? rowOf.value.get(step.cause) : 0;
    const colour = ballotClass(step.message);
    const lost = step.kind === "drop";
    if (fromX === x) {
      parts.push(<path key="arrow" class={`arrow ${colour}`} d={`M${x} ${at - 26} q34 6 6 24`} marker-end="url(#head)" />);
    } else {
      const side = Math.sign(fromX - x); // the sender's side
      const startY = origin === undefined ? at - rowHeight : y(origin);
      const startX = origin === undefined ? x + side * Math.min(Math.abs(fromX - x), g.lane) : fromX;
      // The tip of the head touches the mark, from wherever it comes.
      const far = Math.hypot(startX - x, startY - at);
      const near = (markRadius + 1) / far;
      const endX = lost ? x + side * Math.min(24, g.lane / 3) : x + (startX - x) * near;
      const endY = lost ? at : at + (startY - at) * near; // A loss stands in its row.
      parts.push(
        <line key="arrow" class={`arrow ${lost ? "lost" : ""} ${colour}`} x1={startX} y1={startY} x2={endX} y2={endY}
          marker-end={lost ? undefined : "url(#head)"} />,
      );
      if (lost) parts.push(<path key="cross" class="cross" d={`M${endX - 5} ${endY - 5}l10 10m0-10l-10 10`} />);
    }
  }
  return <g class={classOf(step, number)} data-step={number}>{parts}</g>;
}

const classOf = (step: Step, number: number) =>
  `event kind-${step.kind}${lit.value ? (lit.value.has(number) ? "" : " dim") : faded(number)}${number === s.selected.value ? " chosen" : ""}${violates(step, number).length > 0 ? " bad" : ""}`;

function Event({ step, number, row, g }: { step: Step; number: number; row: number; g: Geometry }) {
  const at = y(row);
  const x = g.x(step.actor);
  if (x === null) return null;
  const events = {
    onClick: () => s.select(number),
    ...hovers(number),
  };
  const text = step.cause !== undefined ? (step.message ?? "") : step.text.replace(`${step.actor}: `, "");
  const fromX = step.cause !== undefined ? g.x(step.from ?? "") : null;
  const senderRight = fromX !== null && fromX > x;
  const need = text.length * letter + 14;
  const roomRight = g.width - x - 14;
  const roomLeft = x - 14;
  // On the side that no arrow comes from, if there is room; else below the arrow.
  const right = !senderRight ? roomRight >= need || roomRight >= roomLeft : roomLeft < need;
  const below = fromX !== null && right === senderRight;
  return (
    <g class={classOf(step, number)} {...events}>
      <title>{`${number}. ${step.text}`}</title>
      {s.culprit(number) && <circle class="culprit-ring" cx={x} cy={at} r="11" />}
      {!s.withText.value && <Label text={text} x={x + (right ? 13 : -13)} at={at + (below ? 17 : 4)} anchor={right ? "start" : "end"} room={right ? roomRight : roomLeft} />}
      {mark(step.kind, x, at)}
    </g>
  );
}

/** Messages that a later step of the branch takes: the sender's step, the recipient and the text. */
const taken = computed(() => {
  const all = new Set<string>();
  for (const step of s.steps.value) {
    if (step?.cause !== undefined && (step.kind === "deliver" || step.kind === "drop")) {
      all.add(`${step.cause} ${step.actor} ${step.message}`);
    }
  }
  return all;
});

function mark(kind: string, x: number, at: number) {
  switch (kind) {
    case "deliver":
      return <circle class="dot" cx={x} cy={at} r={markRadius} />;
    case "drop":
      return null;
    case "timeout":
      return <g class="dot clock"><circle cx={x} cy={at} r="7.5" /><path d={`M${x} ${at - 4}v4l3 2`} /></g>;
    case "choose":
      return <path class="dot" d={`M${x} ${at - 7}l7 7-7 7-7-7z`} />;
    case "crash":
      return <path class="dot crash" d={`M${x - 6} ${at - 6}l12 12m0-12l-12 12`} />;
    case "recover":
      return <g class="dot recover"><circle cx={x} cy={at} r="7" /><path d={`M${x - 3} ${at + 1}l3-4 3 4`} /></g>;
    case "act":
      return <rect class="dot" x={x - 5} y={at - 5} width="10" height="10" rx="2" />;
    default:
      return <path class="dot" d={`M${x} ${at - 7}l6 10h-12z`} />;
  }
}

/** Where actors are down: from a crash to the recovery. */
function Downs({ g, last }: { g: Geometry; last: number }) {
  const all = [];
  const since = new Map<string, number>();
  s.rows.value.forEach((number, i) => {
    const step = s.steps.value[number - 1];
    if (step?.kind === "crash") since.set(step.actor, i + 1);
    if (step?.kind === "recover") {
      all.push({ name: step.actor, from: since.get(step.actor) ?? 0, to: i + 1 });
      since.delete(step.actor);
    }
  });
  for (const [name, from] of since) all.push({ name, from, to: last + 1 });
  return (
    <>
      {all.map((d) => {
        const x = g.x(d.name);
        return x === null ? null : <line key={`${d.name} ${d.from}`} class="down" x1={x} x2={x} y1={y(d.from)} y2={y(d.to)} />;
      })}
    </>
  );
}

const leastLane = 88; // the least width of a lane, in which its name has room
const columnWidth = 138; // of a watched field
const loopRoom = 40; // beside the lifelines

/** A frame around the steps at the end that can repeat for ever, and the way back from the last to the first of them. */
function Loop({ g, height }: { g: Geometry; height: number }) {
  const rows = s.rows.value;
  const first = rows.findIndex((step) => step >= s.loop.value) + 1;
  if (first === 0 || rows.at(-1) !== s.tip.value.depth) return null; // folded away
  const begin = y(first) - rowHeight / 2;
  const end = y(rows.length) + rowHeight / 2;
  const x = g.width + loopRoom - 14;
  return (
    <g class="loop">
      <title>{s.loopText.value}</title>
      <rect x="1.5" y={begin} width={g.width - 3} height={end - begin} rx="8" />
      <path d={`M${g.width + 2} ${y(rows.length)}H${x - 8}q8 0 8-8V${begin + 8}q0-8-8-8H${g.width + 4}`} marker-end="url(#head)" />
      <text x={g.width - 4} y={Math.min(height - 4, end + 14)} text-anchor="end">↻ {s.loopText.value}</text>
    </g>
  );
}

/** The watched fields: what they are after each step, with their changes marked. */
function Columns({ left, from, to }: { left: number; from: number; to: number }) {
  const all = s.watching.value;
  const rows = [0, ...s.rows.value];
  const cells: JSX.Element[] = [];
  for (let row = from; row <= Math.min(to, rows.length - 1); row++) {
    const step = rows[row] as number;
    const before = row > 0 ? rows[row - 1] : undefined;
    s.watches.value.forEach((field, i) => {
      const text = all?.[step]?.[i]; // undefined before the server has told
      const changed = text !== undefined && before !== undefined && all?.[before]?.[i] !== text;
      cells.push(
        <span key={`${step} ${field}`} class={`column-cell ${changed ? "changed" : ""}`} title={text}
          style={{ left: `${left + i * columnWidth}px`, top: `${y(row) - rowHeight / 2}px`, width: `${columnWidth}px` }}>
          {text === undefined ? "…" : text === "" ? "none" : changed || row === from ? text : <span class="same">{text}</span>}
        </span>,
      );
    });
  }
  return <div class="columns" role="group" aria-label="Watched fields">{cells}</div>;
}

export function Diagram() {
  const scroller = useRef<HTMLDivElement>(null);
  const height = useRef(0); // that is seen; 0 while another view is shown
  const lanes = useRef<{ g: Geometry; gutter: number } | null>(null); // as they were drawn last
  /** Scrolls to the selected step and its actor, if they are not seen. */
  const reveal = (row: number) => {
    const el = scroller.current;
    if (!el || el.clientHeight === 0) return;
    const at = y(row);
    const head = 40;
    const step = s.steps.peek()[(s.rows.peek()[row - 1] ?? 0) - 1];
    const x = step && lanes.current?.g.x(step.actor);
    if (lanes.current && x !== undefined && x !== null) {
      const { g, gutter } = lanes.current;
      const seen = el.clientWidth - gutter;
      const from = g.x(step?.from ?? "") ?? x;
      const near = Math.abs(from - x) + g.lane <= seen ? (from + x) / 2 : x; // the sender too, if there is room for both
      if (x - g.lane / 2 < el.scrollLeft || x + g.lane / 2 > el.scrollLeft + seen) el.scrollLeft = near - seen / 2;
    }
    if (at - rowHeight < el.scrollTop) el.scrollTop = Math.max(0, at - rowHeight * 2);
    else if (at + rowHeight + head > el.scrollTop + el.clientHeight) el.scrollTop = at + rowHeight * 2 + head - el.clientHeight;
  };
  const measure = () => {
    const el = scroller.current;
    if (!el) return;
    // What was seen stays so where there is less room, or room at last.
    const row = rowOf.peek().get(s.selected.peek()) ?? 0;
    const was = height.current;
    if (was === 0 || (was > el.clientHeight && y(row) < el.scrollTop + was)) reveal(row);
    height.current = el.clientHeight;
    const from = Math.max(0, Math.floor(el.scrollTop / rowHeight / 6) * 6 - overscan);
    const to = Math.ceil((el.scrollTop + el.clientHeight) / rowHeight / 6) * 6 + overscan;
    const width = el.clientWidth;
    const v = viewport.value;
    if (v.from !== from || v.to !== to || v.width !== width) viewport.value = { from, to, width };
  };
  useLayoutEffect(() => {
    const el = scroller.current;
    if (!el) return;
    measure();
    const o = new ResizeObserver(measure);
    o.observe(el);
    return () => o.disconnect();
  }, []);
  const revealed = useRef("");
  useSignalEffect(() => {
    const row = rowOf.value.get(s.selected.value) ?? 0;
    const what = `${row} of ${rowOf.value.size}, ${s.selected.value}, ${s.steps.value[s.selected.value - 1]?.actor}`;
    if (revealed.current === what) return; // Something else arrived: who scrolled away stays there.
    revealed.current = what;
    requestAnimationFrame(() => {
      reveal(row);
      measure();
    });
  });
  const rows = s.rows.value;
  const v = viewport.value;
  const gutter = s.withText.value ? Math.min(440, Math.max(268, Math.floor(v.width * 0.44))) : s.tip.value.depth >= 1000 ? 66 : 56;
  const columns = s.watches.value.length * columnWidth;
  const beside = (s.loop.value > 0 ? loopRoom : 0) + columns;
  const chosen = s.actors.value.filter((n) => !s.hidden.value.has(n));
  // Where there is no room for all, those stand aside that take no part.
  const part = chosen.filter((n) => s.participants.value.has(n));
  const idle = chosen.length * leastLane > v.width - gutter - 12 - beside && part.length > 0 ? chosen.length - part.length : 0;
  const names = idle > 0 && !s.allLanes.value ? part : chosen;
  const lane = Math.min(190, Math.max(leastLane, Math.floor((v.width - gutter - 12 - beside) / Math.max(1, names.length))));
  const width = Math.max(lane * names.length, v.width - gutter - 12 - beside);
  const full = y(rows.length) + rowHeight;
  const from = Math.min(v.from, rows.length);
  const to = Math.min(v.to, rows.length);
  const g: Geometry = {
    lane,
    width,
    x: (name) => {
      const i = names.indexOf(name);
      return i < 0 ? null : lane * (i + 0.5);
    },
  };
  lanes.current = { g, gutter };
  const arrows = [];
  const events = [];
  for (let row = 1; row <= rows.length; row++) {
    const number = rows[row - 1] as number;
    const step = s.steps.value[number - 1];
    if (!step) continue;
    const origin = step.cause ? (rowOf.value.get(step.cause) ?? row) : step.cause === 0 ? 0 : row;
    if (row < from || Math.min(origin, row) > to) continue; // Arrows may begin far above what is seen.
    arrows.push(<Arrow key={number} step={step} number={number} row={row} g={g} />);
    if (row <= to) events.push(<Event key={number} step={step} number={number} row={row} g={g} />);
  }
  const chosenRow = s.selected.value === 0 ? 0 : rowOf.value.get(s.selected.value);
  return (
    <div class="scroller" ref={scroller} onScroll={measure} tabIndex={-1}>
      <div class="lanes" style={{ width: `${gutter + width + beside}px` }}>
        {idle > 0 && (
          <div class="idle-box"><button type="button" class="small-button idle" aria-pressed={s.allLanes.value} onClick={() => (s.allLanes.value = !s.allLanes.value)}
            title={s.allLanes.value ? "Leave out the lifelines of actors that take no part" : "Show the lifelines of actors that take no part, too"}>
            {s.allLanes.value ? "−" : "+"}{idle}<span class="sr"> idle actors</span>
          </button></div>
        )}
        <div class="lane-heads" style={{ paddingLeft: `${gutter}px` }} aria-hidden="true">
          {names.map((n) => (
            <span key={n} class="lane-head" style={{ width: `${lane}px` }}><b>{n}</b></span>
          ))}
          {s.watches.value.map((f, i) => (
            <span key={f} class="column-head" style={{ left: `${gutter + width + (s.loop.value > 0 ? loopRoom : 0) + i * columnWidth}px`, width: `${columnWidth}px` }} title={f}>
              {f}
            </span>
          ))}
        </div>
        <div class="lane-body" style={{ height: `${full}px` }}>
          {chosenRow !== undefined && <div class="band" style={{ top: `${y(chosenRow) - rowHeight / 2}px` }} />}
          <div class="gutter-box" style={{ width: `${gutter}px` }}><Gutter from={from} to={to} /></div>
          {s.watches.value.length > 0 && <Columns left={gutter + width + (s.loop.value > 0 ? loopRoom : 0)} from={from} to={to} />}
          <svg class="space-time" width={width + beside - columns} height={full} style={{ left: `${gutter}px` }} aria-hidden="true">
            <defs>
              <marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" markerUnits="userSpaceOnUse">
                <path d="M0 0.5L8 4 0 7.5z" fill="context-stroke" />
              </marker>
            </defs>
            {names.map((n) => {
              const x = g.x(n) as number;
              return <line key={n} class="lifeline" x1={x} x2={x} y1={y(Math.max(0, from)) - (from === 0 ? 0 : rowHeight)} y2={Math.min(full, y(to) + rowHeight)} />;
            })}
            {s.loop.value > 0 && <Loop g={g} height={full} />}
            <Downs g={g} last={rows.length} />
            {from === 0 && names.map((n) => <circle key={n} class="begin" cx={g.x(n) as number} cy={y(0)} r="3" />)}
            {arrows}
            {events}
          </svg>
        </div>
      </div>
    </div>
  );
}
