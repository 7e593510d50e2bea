// What the page knows: the tree of places that were walked to, and what is looked at.

import { batch, computed, signal } from "@preact/signals";
import * as api from "./api";

/** A place: the end of a path. Places that were left stay, as branches. */
export type Place = {
  parent: Place | null;
  depth: number;
  key: string;
  step: api.Step | null; // that leads here; null at the beginning, and before the server told
  state: api.State | null; // fetched when it is looked at
  children: Map<string, Place>;
  loading: Promise<void> | null;
  about: string; // the property that it was walked to for; empty for whatever it shows
  dead: api.Dead | null; // letters that are, once they were asked for
};

const newPlace = (parent: Place | null, key: string): Place => ({
  parent, depth: parent ? parent.depth + 1 : 0, key, step: null, state: null, children: new Map(), loading: null,
  about: "", dead: null,
});

export const catalogue = signal<api.Model[]>([]);
export const model = signal("");
export const config = signal<api.Config>({});
export const initial = signal(0);
export const initials = signal(1);
export const root = signal<Place>(newPlace(null, ""));
export const tip = signal<Place>(root.value); // the end of the branch that is looked at
export const selected = signal(0); // the step of it that is looked at
export const base = signal<number | null>(null); // the step to compare with; null for the one before
export const fetched = signal(0); // grows when something of a place arrives
export const problem = signal<{ text: string; rest?: string[] } | null>(null); // with the steps that are left
export const notice = signal("");
export const busy = signal("");
export const waiting = signal(0); // places that the server takes long to tell of
export const said = signal(""); // for screen readers
export const tabs: [string, string][] = [
  ["branches", "Branches"], ["picture", "Picture"], ["history", "History"], ["compare", "Compare"], ["check", "Check"],
]; // below
export const tab = signal("branches");
/** What the path is compared with: a model with settings, or the end of another branch by its keys. */
export type Against = { model: string; config: api.Config } | { path: string[] };
export const against = signal<Against | null>(null);

export const hidden = signal<ReadonlySet<string>>(new Set());
export const order = signal<string[]>([]);
export const watches = signal<string[]>([]); // fields, as changes name them
export const found = signal(""); // what is searched for in the steps
export const allLanes = signal(false); // lifelines of those that take no part, too, where there is no room for all
export const folded = signal(false); // only the causal past of the selected step is shown
export const withText = signal(false); // the steps stand as text beside the diagram
export const deadShown = signal(false); // letters in flight that nothing can read any more are greyed
export const side = signal<"actors" | "network">("actors"); // of the right column
export const about = signal(0); // grows when a place is to be about another property
/** What is left of a path that does not apply as a whole, as long as one looks at where it ends. */
export const pending = signal<{ place: Place; rest: string[] } | null>(null);
export const check = signal<api.Check | null>(null);
export const series = signal<api.Point[]>([]);
export const engine = signal("bfs"); // of the next check
export const engines: [string, string][] = [["bfs", "breadth first: shortest paths"], ["dfs", "depth first"], ["walk", "random walks"]];
export const line = signal<api.Line>("live");
export const dialog = signal<"" | "help" | "export" | "model" | "seek">("");

const undone: Place[] = [];
const done: Place[] = [];
export const canUndo = signal(false);
export const canRedo = signal(false);

/** The places on the branch that is looked at, from the beginning. */
export const chain = computed(() => {
  const all: Place[] = [];
  for (let p: Place | null = tip.value; p; p = p.parent) all.push(p);
  return all.reverse();
});
export const here = computed(() => chain.value[selected.value] ?? tip.value);
export const baseStep = computed(() => {
  const b = base.value;
  return b !== null && b < chain.value.length ? b : Math.max(0, selected.value - 1);
});

/** The steps of the branch; those that were not fetched yet are null. */
export const steps = computed(() => {
  void fetched.value;
  return chain.value.slice(1).map((p) => p.step);
});

/**
 * The first of the steps at the end of the branch that lead back to the state before them, so that they can repeat for
 * ever; 0 if there are none. Of several such cycles it is the shortest. A step that changes nothing is no cycle.
 */
export const loop = computed(() => {
  void fetched.value;
  const all = chain.value.map((p) => p.step?.fingerprint ?? p.state?.fingerprint);
  const end = all.pop();
  let other = all.length - 1;
  while (other >= 0 && all[other] === end) other--;
  return end === undefined || other < 0 ? 0 : all.lastIndexOf(end, other) + 1;
});

/** What the cycle at the end of the branch means, in words. */
export const loopText = computed(() => (loop.value === 0 ? "" : `steps ${loop.value} to ${tip.value.depth} can repeat for ever`));

/** Fingerprints of all states that were visited. */
export const visited = computed(() => {
  void fetched.value;
  const all = new Set<string>();
  const stack = [root.value];
  for (let p = stack.pop(); p; p = stack.pop()) {
    if (p.step) all.add(p.step.fingerprint);
    else if (p.state) all.add(p.state.fingerprint);
    stack.push(...p.children.values());
  }
  return all;
});

/** What is known of a place. Whoever asks is told again when more of it arrives. */
export function stateOf(p: Place | undefined): api.State | null {
  void fetched.value;
  return p?.state ?? null;
}

/** Whether it is known that nothing can follow a place, other than itself. */
export const terminal = (p: Place) => !!stateOf(p)?.actions.every((c) => !!c.ignored || (!!c.same && !c.cut));

export const stepsText = (n: number) => (n === 1 ? "1 step" : `${n} steps`);

export const pathOf = (p: Place): string[] => {
  const keys: string[] = [];
  for (let at: Place | null = p; at?.parent; at = at.parent) keys.push(at.key);
  return keys.reverse();
};

export const query = (p: Place): api.Query => ({
  model: model.value, config: config.value, initial: initial.value, path: pathOf(p), property: p.about,
});

/** Lets a place be about one of the properties that it shows: it is explained, folded, shortened and exported for that. */
export function tellAbout(p: Place, property: string) {
  p.about = property;
  about.value++;
}

/** Whether a place is of the tree that is shown. Another may have been opened while something was awaited. */
export function shown(p: Place): boolean {
  while (p.parent) p = p.parent;
  return p === root.value;
}

const maxStates = 300; // that the page keeps
const kept: Place[] = [];

/** Fetches what is not known of a place and of the steps that lead there. */
export function load(p: Place): Promise<void> {
  if (p.state) return Promise.resolve();
  p.loading ??= patiently(fetchPlace(p)).finally(() => {
    p.loading = null;
  });
  return p.loading;
}

/** The letters that are dead at a place, once that is known. Whoever asks is told then. */
export function deadOf(p: Place): api.Dead | null {
  void fetched.value;
  return p.dead;
}

let seeking: Place | null = null;

/** Asks which letters in flight are dead. The server searches for that when it is first asked about a model. */
export async function loadDead(p: Place): Promise<void> {
  if (p.dead || seeking === p) return;
  seeking = p;
  try {
    const dead = await patiently(api.dead({ ...query(p), property: "" }));
    if (!shown(p)) return;
    p.dead = dead;
    fetched.value++;
  } catch (e) {
    if (shown(p)) {
      deadShown.value = false;
      fail(e);
    }
  } finally {
    if (seeking === p) seeking = null;
  }
}

const patience = 600; // milliseconds, after which one wants to know what is awaited

/** Says that something is awaited, if it takes a while. */
async function patiently<T>(what: Promise<T>): Promise<T> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    waiting.value++;
  }, patience);
  try {
    return await what;
  } finally {
    clearTimeout(timer);
    if (late) waiting.value--;
  }
}

async function fetchPlace(p: Place): Promise<void> {
  let from = p;
  while (from.parent && !from.step) from = from.parent;
  if (p.step) from = p;
  let state: api.State;
  try {
    state = await api.state({ ...query(p), from: from.depth });
  } catch (e) {
    if (!shown(p)) return; // Nobody looks at it any more.
    throw e;
  }
  if (!shown(p)) return;
  const missing: Place[] = [];
  for (let q = p; q !== from && q.parent; q = q.parent) missing.unshift(q);
  missing.forEach((q, i) => {
    q.step = state.steps[i] ?? null;
  });
  p.state = state;
  kept.push(p);
  while (kept.length > maxStates) {
    const old = kept.shift();
    if (old && old.parent && old !== here.value) old.state = null; // The beginning stays: the diagram needs it.
  }
  fetched.value++;
}

export const textOf = (e: unknown) => (e instanceof Error ? e.message : String(e));

export function fail(e: unknown) {
  busy.value = "";
  problem.value = { text: textOf(e) };
}

/** Puts a text where it can be pasted from. Browsers have no clipboard for pages of other machines: those do it the old way. */
export async function copy(text: string, told: string) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = document.createElement("textarea");
    box.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(box); // What is outside a dialog cannot be selected.
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    if (!done) return fail(new Error("the browser does not let the page copy"));
  }
  notice.value = told;
}

/** Does something that may take a while, and shows what goes wrong. */
export async function attempt<T>(what: string, f: () => Promise<T>): Promise<T | undefined> {
  busy.value = what;
  try {
    return await f();
  } catch (e) {
    fail(e);
    return undefined;
  } finally {
    busy.value = "";
  }
}

function remember(before: Place) {
  done.push(before);
  if (done.length > 500) done.shift();
  undone.length = 0;
  canUndo.value = true;
  canRedo.value = false;
}

/** Goes to a place, on its branch. */
export function goTo(p: Place, at = p.depth, history = true) {
  if (history && p !== tip.value) remember(tip.value);
  batch(() => {
    tip.value = p;
    selected.value = Math.max(0, Math.min(at, p.depth));
    if (base.value !== null && base.value > p.depth) base.value = null;
    problem.value = null;
    if (pending.value?.place !== p) pending.value = null;
    failed.value = null;
  });
}

export function select(step: number) {
  selected.value = Math.max(0, Math.min(step, tip.value.depth));
}

/** The place that some further steps lead to. */
export function extend(p: Place, keys: string[]): Place {
  for (const key of keys) {
    let next = p.children.get(key);
    if (!next) {
      next = newPlace(p, key);
      p.children.set(key, next);
    }
    p = next;
  }
  return p;
}

/** Takes an action where one looks. If this is not the end of the branch, another branch begins. */
export async function take(key: string) {
  await advance(here.value, [key]);
}

/** Takes steps from a place, unless another tree is shown meanwhile. They may lead to what shows a property. */
async function advance(from: Place, keys: string[], property = "") {
  if (!shown(from)) return;
  const p = extend(from, keys);
  try {
    await load(p);
    if (shown(p)) {
      if (property !== "") tellAbout(p, property);
      goTo(p);
    }
    else forget(p, from);
  } catch (e) {
    forget(p, from);
    fail(e);
  }
}

/** Takes back the places behind another one that the server does not know. */
export function forget(p: Place, from: Place) {
  for (let at = p; at !== from && at.parent; at = at.parent) {
    if (!at.step && at.children.size === 0) at.parent.children.delete(at.key);
  }
}

export function undo() {
  const p = done.pop();
  if (!p) return;
  undone.push(tip.value);
  goTo(p, p.depth, false);
  canUndo.value = done.length > 0;
  canRedo.value = true;
}

export function redo() {
  const p = undone.pop();
  if (!p) return;
  done.push(tip.value);
  goTo(p, p.depth, false);
  canUndo.value = true;
  canRedo.value = undone.length > 0;
}

/** The ends of all branches, from the first child on. */
export const branches = computed(() => {
  void fetched.value;
  void tip.value;
  const ends: Place[] = [];
  const stack = [root.value];
  for (let p = stack.pop(); p; p = stack.pop()) {
    if (p.children.size === 0) ends.push(p);
    stack.push(...[...p.children.values()].reverse());
  }
  return ends;
});

/** Goes to the branch that is a number of places away. */
export function otherBranch(by: number) {
  const all = branches.value;
  if (all.length < 2) return;
  let at = all.findIndex((end) => {
    for (let p: Place | null = end; p; p = p.parent) if (p === tip.value) return true;
    return false;
  });
  if (at < 0) at = 0;
  const next = all[(at + by + all.length) % all.length];
  if (!next) return;
  let fork: Place = next;
  const mine = new Set(chain.value);
  while (fork.parent && !mine.has(fork)) fork = fork.parent;
  goTo(next, Math.min(next.depth, Math.max(fork.depth + 1, Math.min(selected.value, next.depth))));
}

/** How the opening of a tree ended. Another one may have been asked for before this one was there: that one counts. */
export type Opening = "open" | "failed" | "overtaken";

/** The last tree that was opened: what stays when another one cannot be. */
let last: {
  model: string; config: api.Config; initial: number; root: Place; tip: Place; hidden: ReadonlySet<string>; order: string[];
} | null = null;

/** Whether something was opened, and whether it is what is shown. */
export const opened = () => last !== null;
export const settled = () => last !== null && root.value === last.root;

/** Opens a tree, and walks as far as a path applies. What cannot be opened leaves what was shown before. */
export async function openModel(name: string, words: api.Config, path: string[] = [], first = 0, property = ""): Promise<Opening> {
  if (last?.root === root.value) Object.assign(last, { tip: tip.value, hidden: hidden.value, order: order.value });
  const fresh = newPlace(null, "");
  batch(() => {
    if (name !== model.value) lookAt([], []); // Other actors.
    model.value = name;
    config.value = words;
    initial.value = first;
    root.value = fresh;
    tip.value = fresh;
    selected.value = 0;
    base.value = null;
    watches.value = [];
    folded.value = false;
    problem.value = null;
    pending.value = null;
  });
  done.length = undone.length = 0;
  canUndo.value = canRedo.value = false;
  try {
    await load(fresh);
    if (!shown(fresh)) return "overtaken";
    config.value = fresh.state?.config ?? words;
    initials.value = fresh.state?.initials ?? 1;
    if (path.length > 0) await walk(fresh, path, property);
  } catch (e) {
    if (!shown(fresh)) return "overtaken";
    if (last) goBack(last);
    fail(e);
    return "failed";
  }
  if (!shown(fresh)) return "overtaken";
  last = {
    model: name, config: config.value, initial: first, root: fresh, tip: tip.value, hidden: hidden.value, order: order.value,
  };
  return "open";
}

/** Says which lifelines are hidden, and how they are ordered. */
export function lookAt(without: Iterable<string>, names: string[]) {
  hidden.value = new Set(without);
  order.value = names;
}

function goBack(to: NonNullable<typeof last>) {
  batch(() => {
    lookAt(to.hidden, to.order);
    model.value = to.model;
    config.value = to.config;
    initial.value = to.initial;
    root.value = to.root;
    tip.value = to.tip;
    selected.value = to.tip.depth;
  });
}

/** Walks from the beginning as far as the path applies, unless another tree is shown meanwhile. */
async function walk(from: Place, path: string[], property: string): Promise<void> {
  const end = extend(from, path);
  try {
    await load(end);
    if (!shown(end)) return;
    if (property !== "") tellAbout(end, property);
    goTo(end);
  } catch (e) {
    forget(end, from);
    if (!(e instanceof api.ApiError) || e.code !== "no_step") throw e;
    const rest = path.slice(0, e.step - 1);
    const furthest = extend(from, rest);
    await load(furthest);
    if (!shown(furthest)) return;
    goTo(furthest);
    pending.value = { place: furthest, rest: path.slice(e.step - 1) };
    problem.value = {
      text: `Step ${e.step} of this path no longer applies: ${e.why}. You see ${rest.length > 0 ? `the ${stepsText(rest.length)} before it` : "where it begins"}.`,
      rest: path.slice(e.step - 1),
    };
  }
}

/** Goes on with what is left of a path, without the step that does not apply. */
export async function skipStep() {
  const p = pending.value;
  if (!p || p.place !== tip.value) return;
  problem.value = null;
  const rest = p.rest.slice(1);
  let at = p.place;
  for (const [i, key] of rest.entries()) {
    const next = extend(at, [key]);
    try {
      await load(next);
    } catch (e) {
      forget(next, at);
      if (!(e instanceof api.ApiError) || e.code !== "no_step") return fail(e);
      if (!shown(at)) return;
      goTo(at);
      pending.value = { place: at, rest: rest.slice(i) };
      problem.value = { text: `Then step ${at.depth + 1} does not apply either: ${e.why}.`, rest: rest.slice(i) };
      return;
    }
    if (!shown(next)) return;
    at = next;
  }
  pending.value = null;
  goTo(at);
}

export async function showDiscovery(d: api.Discovery) {
  const c = check.value;
  if (!c?.model) return;
  const same = c.model === model.value && sameConfig(c.config ?? {}, config.value) && d.initial === initial.value;
  const opening = await attempt("Walking to the discovery", async () => {
    if (!same) return openModel(c.model as string, c.config ?? {}, d.path, d.initial, d.property);
    await advance(root.value, d.path, d.property);
    return undefined;
  });
  if (opening === "overtaken") return;
  const further = d.loop ? `; steps ${d.loop} to ${d.path.length} repeat for ever` : d.maximal ? "; nothing can follow" : "";
  notice.value = `${d.expect === "sometimes" ? "Example" : "Violation"} of “${d.property}”, ${stepsText(d.path.length)}${further}`;
}

/** Starts a check of what is shown. */
export const startCheck = () => api.startCheck({ model: model.value, config: config.value, engine: engine.value });

export const sameConfig = (a: api.Config, b: api.Config) => {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((n) => (a[n] ?? "") === (b[n] ?? ""));
};

const heard = { check: 0, properties: new Set<string>() }; // of which violations were found

/** What a check finds wrong opens by itself where nothing was walked yet; else the page says that it is there. */
export function hearOfDiscoveries(c: api.Check) {
  if (heard.check !== c.id) heard.properties.clear();
  heard.check = c.id;
  const news = c.discoveries.filter((d) => d.expect !== "sometimes" && !heard.properties.has(d.property));
  for (const d of news) heard.properties.add(d.property);
  const d = news[0];
  if (!d || c.model !== model.value || !sameConfig(c.config ?? {}, config.value)) return;
  const untouched = root.value === last?.root && root.value.children.size === 0 && tip.value === root.value;
  if (untouched && dialog.value === "" && d.initial === initial.value) void showDiscovery(d);
  else if (tip.value.about !== d.property) notice.value = `The check found a violation of “${d.property}”: press d to walk there.`;
}

let discovery = -1;
let discoveredBy = 0; // the check
export function nextDiscovery() {
  if (discoveredBy !== check.value?.id) discovery = -1;
  discoveredBy = check.value?.id ?? 0;
  const all = check.value?.discoveries ?? [];
  if (all.length === 0) {
    notice.value = "The check has found nothing to show yet.";
    return;
  }
  discovery = (discovery + 1) % all.length;
  const d = all[discovery];
  if (d) void showDiscovery(d);
}

export async function walkAtRandom(count: number, seed: number) {
  const from = here.value;
  const way = await attempt("Walking at random", () => api.random({ ...query(from), count, seed }));
  if (!way || !shown(from)) return;
  if (way.path.length > 0) await advance(from, way.path);
  const steps = way.path.length === 1 ? "1 random step" : `${way.path.length} random steps`;
  notice.value = way.path.length === 0 && way.ended ? `No step: ${way.ended}` : `${steps} from seed ${seed}${way.ended ? `; then ${way.ended}` : ""}`;
}

export async function runUntil(goal: api.Goal) {
  const from = here.value;
  const way = await attempt("Searching", () => api.seek({ ...query(from), goal }));
  if (!way || !shown(from)) return;
  if (way.found) await advance(from, way.path);
  notice.value = way.found
    ? `Reached in ${stepsText(way.path.length)}; ${way.visited === 1 ? "1 state was" : `${way.visited} states were`} met`
    : `Not found: ${way.ended}`;
}

export async function shorten() {
  const from = tip.value;
  const way = await attempt("Searching for a shorter path", () => api.minimize(query(from)));
  if (!way || !shown(from)) return;
  const property = from.about || (explanation.value?.property ?? "");
  if (way.found && (way.initial ?? 0) !== initial.value) await openModel(model.value, config.value, way.path, way.initial ?? 0, property);
  else if (way.found) await advance(root.value, way.path, property);
  notice.value = way.found
    ? `${stepsText(way.path.length)} instead of ${from.depth}${way.shortest ? ", the fewest there are" : ""}; the longer path is kept as a branch`
    : `No shorter path: ${way.ended}`;
}

/** Watches a field, or watches it no more. */
export function watch(field: string) {
  const all = watches.value;
  if (!all.includes(field) && all.length >= mostWatched) {
    notice.value = `${mostWatched} fields can be watched at once.`;
    return;
  }
  watches.value = all.includes(field) ? all.filter((f) => f !== field) : [...all, field];
}
const mostWatched = 8;

const inside = (path: string, field: string) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);

/** Goes to the next or previous step that changes a watched field. */
export function nextChange(by: 1 | -1) {
  const fields = watches.value;
  if (fields.length === 0) {
    notice.value = "Choose a field of an actor first.";
    return;
  }
  const all = steps.value;
  for (let i = selected.value + by; i >= 1 && i <= all.length; i += by) {
    if (all[i - 1]?.changes?.some((c) => fields.some((f) => inside(c.path, f)))) {
      select(i);
      return;
    }
  }
  notice.value = `${fields.length === 1 ? `${fields[0]} does not change` : "No watched field changes"} ${by > 0 ? "later" : "earlier"}.`;
}

/** What the watched fields are, from the beginning to a place, once the server has told. */
const watchedValues = signal<{ tip: Place; fields: string; all: string[][] } | null>(null);
export const watching = computed(() => {
  const v = watchedValues.value;
  return v && v.fields === JSON.stringify(watches.value) && chain.value.includes(v.tip) ? v.all : null;
});

export async function fetchWatched(p: Place, fields: string[]) {
  if (fields.length === 0) return;
  const id = JSON.stringify(fields);
  if (watchedValues.value?.tip === p && watchedValues.value.fields === id) return;
  try {
    const all = await api.values({ ...query(p), property: "", fields });
    if (p === tip.value && id === JSON.stringify(watches.value)) watchedValues.value = { tip: p, fields: id, all };
  } catch (e) {
    if (shown(p)) fail(e);
  }
}

/** The steps that hold the text which is searched for. */
export const hits = computed(() => {
  const text = found.value.toLowerCase();
  if (text === "") return [];
  return steps.value.flatMap((step, i) => (step?.text.toLowerCase().includes(text) ? [i + 1] : []));
});

/** Goes to the next step that holds the text. */
export function findNext(by: 1 | -1) {
  const all = hits.value;
  if (all.length === 0) {
    if (found.value) notice.value = `No step holds “${found.value}”.`;
    return;
  }
  const next = by > 0 ? (all.find((i) => i > selected.value) ?? all[0]) : (all.findLast((i) => i < selected.value) ?? all.at(-1));
  select(next as number);
}

/** The steps that happened before a step: at the same actor, or by a message that arrived. */
export function past(all: (api.Step | null)[], step: number): Set<number> {
  const found = new Set<number>([step]);
  const actors = new Set<string>();
  for (let i = step; i >= 1; i--) {
    const s = all[i - 1];
    if (!s) continue;
    if (s.kind !== "drop" && actors.has(s.actor)) found.add(i);
    if (!found.has(i)) continue;
    if (s.kind !== "drop" || i === step) actors.add(s.actor);
    if (s.cause) found.add(s.cause);
  }
  return found;
}

/** What the steps of the branch mean, and which of them matter, once the server has told. */
export const explained = signal<{ tip: Place; about: string; of: api.Explanation } | null>(null);
export const explanation = computed(() => (explained.value?.tip === tip.value ? explained.value.of : null));
const mostExplained = 400; // steps

export async function explain(p: Place) {
  if ((explained.value?.tip === p && explained.value.about === p.about) || p.depth === 0 || p.depth > mostExplained) return;
  const property = p.about;
  try {
    const of = await api.explain(query(p));
    if (p === tip.value && p.about === property) explained.value = { tip: p, about: property, of };
  } catch {
    // The page is complete without.
  }
}

export const notes = (step: number) => explanation.value?.steps[step - 1]?.notes?.join("; ") ?? "";

/** Whether a step does what its protocol forbids, and is the first that does: the others may follow from it. */
export const culprit = (step: number) => step > 0 && firstCulprit.value === step;
const firstCulprit = computed(() => (explanation.value?.steps.findIndex((x) => x.culprit) ?? -1) + 1);

/** Whether what the end of the path shows does not depend on a step. */
export const aside = (step: number) => !!explanation.value?.steps[step - 1]?.aside;

/** The steps that the diagram shows. */
export const rows = computed(() => {
  const n = tip.value.depth;
  if (folded.value && selected.value === n && explanation.value?.property && explanation.value.steps.some((x) => x.aside)) {
    return Array.from({ length: n }, (_, i) => i + 1).filter((i) => i === n || !aside(i));
  }
  if (folded.value) return [...past(steps.value, selected.value)].filter((i) => i > 0).sort((a, b) => a - b);
  return Array.from({ length: n }, (_, i) => i + 1);
});

/** The names of the lifelines, in the order in which they are shown. */
export const actors = computed(() => {
  void fetched.value;
  const all = (root.value.state ?? here.value.state)?.slots.filter((s) => s.role === "actor" || s.role === "state") ?? [];
  const names = all.map((s) => s.name);
  return [...order.value.filter((n) => names.includes(n)), ...names.filter((n) => !order.value.includes(n))];
});

/** The actors that take part in the branch: who acts, and whose messages are sent or taken. */
export const participants = computed(() => {
  const all = new Set<string>();
  for (const step of steps.value) {
    if (!step) continue;
    all.add(step.actor);
    if (step.from) all.add(step.from);
    for (const m of step.sent ?? []) all.add(m.to);
  }
  return all;
});

/** What is shown in place of a link that cannot be opened, as long as nothing was done there. */
export const failed = signal<Place | null>(null);
