// Values as trees, with what changed.

import { useState } from "preact/hooks";
import diff from "microdiff";
import type { Change, Value } from "./api";
import * as s from "./store";

type Plain = { [name: string]: Plain | string };

/** A tree as an object, for the comparison. */
function plain(v: Value): Plain | string {
  if (!v.parts?.length) return v.text;
  const o: Plain = {};
  for (const p of v.parts) o[p.name ?? ""] = plain(p);
  return o;
}

export type Mark = { kind: "added" | "removed" | "changed"; old?: string };
export type Marks = Map<string, Mark>;

/** The text of a part of a value, as it is shown. */
function textAt(v: Value, path: (string | number)[]): string {
  let at: Value | undefined = v;
  for (const name of path) at = at?.parts?.find((p) => (p.name ?? "") === String(name));
  return at ? spaced(at) : "";
}

/** What changed between two values, by path. */
export function compare(before: Value | undefined, now: Value): Marks {
  const marks: Marks = new Map();
  if (!before) return marks;
  for (const d of diff({ v: plain(before) }, { v: plain(now) })) {
    const path = d.path.slice(1).join("\u0000");
    const old = textAt(before, d.path.slice(1));
    if (d.type === "CREATE") marks.set(path, { kind: "added" });
    else if (d.type === "REMOVE") marks.set(path, { kind: "removed", old });
    else marks.set(path, { kind: "changed", old });
  }
  return marks;
}

/** What differs between two values: the paths, as changes name them, with both texts; empty for what is not there. */
export function differences(before: Value | undefined, now: Value): { path: string; old: string; now: string }[] {
  return [...compare(before ?? { text: "" }, now)].map(([key, mark]) => {
    const names = key === "" ? [] : key.split("\u0000");
    return { path: names.reduce(joinName, ""), old: mark.old ?? "", now: mark.kind === "removed" ? "" : textAt(now, names) };
  });
}

const words = { added: "added", removed: "removed", changed: "changed" } as const;
const signs = { added: "+", removed: "−", changed: "~" } as const;

export function MarkSign({ kind }: { kind: Mark["kind"] }) {
  return <span class={`sign ${kind}`} title={words[kind]}><span aria-hidden="true">{signs[kind]}</span><span class="sr">{words[kind]}</span></span>;
}

const joinName = (path: string, name: string) => (path === "" ? name : name.startsWith("[") ? path + name : `${path}.${name}`);
const shownName = (name: string) => name.replace(/^\[(.*)\]$/, "$1");

const short = 34;
const long = 200;

/** A text, of which the rest is shown on demand if it is very long. */
export function Cut({ text }: { text: string }) {
  const [whole, show] = useState(false);
  if (text.length <= long * 1.3) return <>{text}</>;
  // Not between the halves of a character.
  const shown = whole ? text : text.slice(0, long).replace(/[\ud800-\udbff]$/, "");
  return (
    <>
      {shown}{!whole && "… "}
      <button type="button" class="more" aria-expanded={whole} onClick={() => show(!whole)}>
        {whole ? " less" : `${(text.length - shown.length).toLocaleString("en-US")} more`}
      </button>
    </>
  );
}

/** A part of a value, unfolded if it is long, or holds a change or what a crash would lose. */
function Part({ v, path, at, marks, lost, slot }: {
  v: Value; path: string; at: string; marks: Marks; lost: Set<string>; slot: string;
}) {
  const mark = marks.get(at);
  const inside = [...marks.keys()].some((k) => k.startsWith(at === "" ? "" : `${at}\u0000`) && k !== at)
    || [...lost].some((p) => p.startsWith(`${path}.`) || p.startsWith(`${path}[`));
  const leaf = !v.parts?.length;
  const open = !leaf && (inside || (v.text.length > short && !mark));
  const field = `${slot}.${path}`;
  const volatile = lost.has(path);
  return (
    <li class={`part ${mark ? `is-${mark.kind}` : ""}`}>
      <div class="line">
        <span class="mark-space">{mark && <MarkSign kind={mark.kind} />}</span>
        <button type="button" class={`field ${s.watches.value.includes(field) ? "watched" : ""}`} aria-pressed={s.watches.value.includes(field)}
          title={`Watch ${field} beside the diagram: [ and ] go to its changes`}
          onClick={() => s.watch(field)}>
          {shownName(v.name ?? "")}
        </button>
        {!open && (
          <span class={`value ${v.text.length + (mark?.old?.length ?? 0) > long ? "long" : ""}`}>
            {mark?.old !== undefined && mark.kind === "changed" && <><del><Cut text={mark.old} /></del><span class="to" aria-hidden="true">→</span></>}
            <span class={mark ? "now" : ""} title={v.text.length < 2000 ? v.text : undefined}><Cut text={spaced(v)} /></span>
          </span>
        )}
        {volatile && <span class="volatile" title="A crash would lose this">volatile</span>}
      </div>
      {open && <Parts v={v} path={path} at={at} marks={marks} lost={lost} slot={slot} />}
    </li>
  );
}

export function Parts({ v, path, at, marks, lost, slot }: {
  v: Value; path: string; at: string; marks: Marks; lost: Set<string>; slot: string;
}) {
  const gone = [...marks].filter(([k, m]) => m.kind === "removed" && parentOf(k) === at);
  return (
    <ul class="parts">
      {v.parts?.map((p) => (
        <Part key={p.name} v={p} path={joinName(path, p.name ?? "")} at={at === "" ? (p.name ?? "") : `${at}\u0000${p.name}`}
          marks={marks} lost={lost} slot={slot} />
      ))}
      {gone.map(([k, m]) => (
        <li key={k} class="part is-removed">
          <div class="line">
            <span class="mark-space"><MarkSign kind="removed" /></span>
            <span class="field">{shownName(k.split("\u0000").at(-1) ?? "")}</span>
            <del class="value"><Cut text={m.old ?? ""} /></del>
          </div>
        </li>
      ))}
      {v.more && <li class="part muted">… more than is shown</li>}
    </ul>
  );
}

/** A text with room to break it. */
export const spaced = (v: Value) => (v.parts?.length ? v.text.replace(/^&/, "").replace(/,/g, ", ").replace(/:/g, ": ") : v.text);

const parentOf = (path: string) => path.split("\u0000").slice(0, -1).join("\u0000");

/** The paths that a crash would change. */
export const lostPaths = (lost?: Change[]) => new Set((lost ?? []).map((c) => c.path));
