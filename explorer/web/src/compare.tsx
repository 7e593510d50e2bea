// Compare: one path in two models side by side, or two branches, with the first difference marked and the states there
// held against one another.

import { computed, effect, signal } from "@preact/signals";
import * as api from "./api";
import { Icon } from "./icons";
import * as s from "./store";
import { differences } from "./values";

/** The other side: its steps as far as they apply, and why not further. */
type Other = {
  of: s.Against;
  tip: s.Place;
  begin: string; // the fingerprint of where it begins
  steps: api.Step[];
  ends: string; // why the next step does not apply; empty if all do
};

const other = signal<Other | null>(null);
const trouble = signal("");
const looked = signal<number | null>(null); // the step whose states are compared; null for that of the first difference
const states = signal<{ mine: api.State; other: api.State } | null>(null);

const queryOf = (of: s.Against, path: string[]): api.Query =>
  "path" in of
    ? { model: s.model.value, config: s.config.value, initial: s.initial.value, path }
    : { model: of.model, config: of.config, initial: s.initial.value, path };

/** Follows a path on the other side, as far as it applies. */
async function follow(of: s.Against, tip: s.Place): Promise<Other> {
  const path = "path" in of ? of.path : s.pathOf(tip);
  const begin = (await api.state(queryOf(of, []))).fingerprint;
  try {
    return { of, tip, begin, steps: (await api.state(queryOf(of, path))).steps, ends: "" };
  } catch (e) {
    if (!(e instanceof api.ApiError) || e.code !== "no_step") throw e;
    const { steps } = await api.state(queryOf(of, path.slice(0, e.step - 1)));
    return { of, tip, begin, steps, ends: e.why };
  }
}

effect(() => {
  const of = s.against.value;
  const tip = s.tip.value;
  looked.value = null;
  trouble.value = "";
  if (!of || s.tab.value !== "compare") return;
  if (other.peek()?.of === of && other.peek()?.tip === tip) return;
  other.value = null;
  states.value = null;
  follow(of, tip).then(
    (found) => {
      if (s.against.value === of && s.tip.value === tip) other.value = found;
    },
    (e: unknown) => (trouble.value = s.textOf(e)),
  );
});

/** The first step at which the sides differ, 0 if they begin differently, and null if they never do. */
const divergence = computed(() => {
  const o = other.value;
  if (!o) return null;
  if (o.begin !== s.chain.value[0]?.state?.fingerprint) return 0;
  const mine = s.steps.value;
  for (let i = 0; i < Math.max(mine.length, o.steps.length); i++) {
    if (mine[i]?.key !== o.steps[i]?.key || mine[i]?.fingerprint !== o.steps[i]?.fingerprint) return i + 1;
  }
  return null;
});
const at = computed(() => looked.value ?? divergence.value);

effect(() => {
  const o = other.value;
  const n = at.value;
  const place = n === null ? undefined : s.chain.value[n];
  states.value = null;
  if (!o || n === null || !place || n > o.steps.length) return;
  const path = o.steps.slice(0, n).map((x) => x.key);
  Promise.all([s.load(place), api.state(queryOf(o.of, path))]).then(([, theirs]) => {
    if (other.value === o && at.value === n && place.state) states.value = { mine: place.state, other: theirs };
  }, s.fail);
});

/** What the path can be compared with: other values of a setting, or other branches. */
function Choice() {
  const options = s.catalogue.value.find((m) => m.name === s.model.value)?.options ?? [];
  const of = s.against.value;
  const named = of && !("path" in of) ? options.find((o) => (of.config[o.name] ?? "") !== (s.config.value[o.name] ?? "")) : undefined;
  const option = picked.value ? options.find((o) => o.name === picked.value) : (named ?? options.find((o) => o.name === "mutant") ?? options[0]);
  const value = of && !("path" in of) && option ? (of.config[option.name] ?? "") : "";
  const ends = s.branches.value.filter((end) => !s.chain.value.includes(end));
  const withValue = (name: string, word: string) => {
    const config = { ...s.config.value, [name]: word };
    if (word === "") delete config[name];
    s.against.value = { model: s.model.value, config };
  };
  return (
    <div class="compare-choice">
      {option && (
        <>
          <span>this path with</span>
          <select aria-label="The setting that differs" value={option.name} onChange={(e) => {
            picked.value = e.currentTarget.value;
            s.against.value = null;
          }}>
            {options.map((o) => <option key={o.name} value={o.name}>{o.name}</option>)}
          </select>
          {option.values?.length ? (
            <select aria-label="Its other value" value={of && !("path" in of) ? value || "-" : ""} onChange={(e) => withValue(option.name, e.currentTarget.value.replace(/^-$/, ""))}>
              <option value="" disabled>…</option>
              {option.optional && (s.config.value[option.name] ?? "") !== "" && <option value="-">none</option>}
              {option.values.filter((v) => v !== (s.config.value[option.name] ?? "")).map((v) => <option key={v} value={v}>{v}</option>)}
            </select>
          ) : (
            <input type="number" aria-label="Its other value" min={option.min} max={option.max || undefined} value={value}
              placeholder={s.config.value[option.name] ?? option.default} onChange={(e) => withValue(option.name, e.currentTarget.value)} />
          )}
        </>
      )}
      {ends.length > 0 && (
        <>
          <span>{option && "or "}with the branch</span>
          <select aria-label="The other branch" value={of && "path" in of ? JSON.stringify(of.path) : ""}
            onChange={(e) => (s.against.value = { path: JSON.parse(e.currentTarget.value) as string[] })}>
            <option value="" disabled>…</option>
            {ends.map((end, i) => <option key={i} value={JSON.stringify(s.pathOf(end))}>{s.stepsText(end.depth)}, to {end.step?.text.slice(0, 60)}</option>)}
          </select>
        </>
      )}
      {of && <button type="button" class="small-button" onClick={() => (s.against.value = null)}>Compare with nothing</button>}
    </div>
  );
}
const picked = signal("");

/** What the states of both sides differ in, actor by actor. */
function Differences() {
  const both = states.value;
  const n = at.value;
  if (n === null) return null;
  if (!both) return <p class="empty">{other.value && n > other.value.steps.length ? `There is no step ${n} on the other side.` : "…"}</p>;
  const all = both.mine.slots.flatMap((mine) => {
    const theirs = both.other.slots.find((x) => x.name === mine.name);
    const letters = (x?: api.Slot) => (x?.letters ?? []).map((l) => `${l.from} → ${l.to}: ${l.message}`);
    const rows = differences(theirs?.value, mine.value);
    for (const l of letters(mine)) if (!letters(theirs).includes(l)) rows.push({ path: "message", old: "", now: l });
    for (const l of letters(theirs)) if (!letters(mine).includes(l)) rows.push({ path: "message", old: l, now: "" });
    return rows.map((r) => ({ ...r, name: mine.name }));
  });
  const shownRows = all.slice(0, 200);
  if (all.length === 0) return <p class="empty">After step {n} the states are equal.</p>;
  return (
    <table class="differences">
      <caption>The states after step {n}</caption>
      <thead><tr><th scope="col">actor</th><th scope="col">field</th><th scope="col">here</th><th scope="col">there</th></tr></thead>
      <tbody>
        {shownRows.map((r, i) => (
          <tr key={i}>
            {shownRows[i - 1]?.name !== r.name && <th scope="row" rowSpan={shownRows.filter((x) => x.name === r.name).length}>{r.name}</th>}
            <td><code>{r.path}</code></td>
            <td><code>{r.now || "none"}</code></td>
            <td><code>{r.old || "none"}</code></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Compare() {
  const o = other.value;
  const mine = s.steps.value;
  const first = divergence.value;
  const rows = o ? Math.max(mine.length, o.steps.length) : 0;
  return (
    <div class="compare-panel">
      <Choice />
      {trouble.value && <p class="why bad" role="alert">{trouble.value}.</p>}
      {s.against.value && !o && !trouble.value && <p class="empty">…</p>}
      {o && (
        <p class="verdict-line">
          <Icon name={first === null ? "holds" : "violated"} />
          {first === null ? "Both sides are the same, step by step." : first === 0 ? "They begin in different states." : (
            <>
              <span>They differ from</span>
              <button type="button" class="small-button bad" onClick={() => { looked.value = first; s.select(first); }}>step {first}</button>
              <span>on{o.ends && `. Step ${o.steps.length + 1} is not possible there: ${o.ends}`}.</span>
            </>
          )}
        </p>
      )}
      {o && (
        <div class="sides">
          <ol class="pairs" aria-label="The steps of both sides">
            <li class="head" aria-hidden="true"><span /><b>here</b><b>there</b></li>
            {Array.from({ length: Math.min(rows, 400) }, (_, i) => {
              const a = mine[i];
              const b = o.steps[i];
              const same = a?.key === b?.key;
              return (
                <li key={i} class={`${i + 1 === first ? "first" : ""} ${first !== null && i + 1 > first ? "after" : ""} ${i + 1 === at.value ? "chosen" : ""}`}>
                  <button type="button" aria-current={i + 1 === at.value ? "step" : undefined} onClick={() => { looked.value = i + 1; s.select(i + 1); }}>
                    <span class="number">{i + 1}</span>
                    <span>{a?.text ?? "—"}</span>
                    <span class={same ? "muted" : ""}>
                      {same ? (a?.fingerprint === b?.fingerprint ? "the same" : "the same step, another state") : (b?.text ?? (i === o.steps.length && o.ends ? `not possible: ${o.ends}` : "—"))}
                    </span>
                  </button>
                </li>
              );
            })}
          </ol>
          <div class="states" role="region" aria-label="Both states" tabIndex={0}><Differences /></div>
        </div>
      )}
      {!s.against.value && <p class="empty">See where the sound model and a variant of it part, or two branches of this one: choose what to compare with.</p>}
    </div>
  );
}
