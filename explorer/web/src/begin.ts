// How the page begins, and its address: the whole view is written into it, and opened from it.

import { batch, effect } from "@preact/signals";
import * as api from "./api";
import * as link from "./link";
import type { Against, Opening } from "./store";
import {
  about, against, attempt, base, baseStep, branches, catalogue, chain, check, config, deadShown,
  explain, extend, fail, failed, fetchWatched, fetched, folded, forget, hearOfDiscoveries, here,
  hidden, initial, line, load, loadDead, lookAt, model, openModel, opened, order, pathOf,
  pending, problem, root, select, selected, series, settled, shown, side, stateOf, tab,
  tabs, tip, watches, withText,
} from "./store";

function readAgainst(text: string): Against | null {
  try {
    const a = JSON.parse(text || "null") as Against | null;
    return a && ("path" in a ? Array.isArray(a.path) : typeof a.model === "string" && typeof a.config === "object" && a.config !== null) ? a : null;
  } catch {
    return null;
  }
}

let wanted = ""; // what the address has to say
let writing = 0; // the timer

/** Writes into the address what is shown. What is only being opened comes from there, or waits. */
async function writeLink() {
  if (!settled() || pending.value || failed.value === root.value) return;
  const view: Omit<link.View, "unread"> = {
    model: model.value, config: config.value, initial: initial.value, path: pathOf(tip.value), selected: selected.value,
    fingerprint: tip.value.step?.fingerprint ?? tip.value.state?.fingerprint ?? "",
    base: base.value, tab: tab.value === tabs[0]?.[0] ? "" : tab.value, hidden: [...hidden.value], order: order.value,
    about: tip.value.about, folded: folded.value, text: withText.value, side: side.value === "network" ? "network" : "", dead: deadShown.value,
    watches: watches.value, against: against.value === null ? "" : JSON.stringify(against.value),
    branches: branches.value.filter((end) => !chain.value.includes(end)).map(pathOf),
  };
  const id = JSON.stringify(view);
  wanted = id;
  const text = await link.write(view);
  if (wanted === id && location.hash !== text) history.replaceState(null, "", text);
}

const writeSoon = () => {
  clearTimeout(writing);
  writing = window.setTimeout(() => void writeLink(), 120);
};

let links = 0; // that were to be opened

/** Opens what a fragment of the address says, or what the server was started with where nothing else is shown. */
async function openLink(fragment: string, models: Promise<api.Models | undefined>) {
  const mine = ++links;
  const start = await models;
  const view = await link.read(fragment);
  if (!start || mine !== links) return;
  const opening = view ? await openView(view) : "failed";
  if (opening !== "failed" || opened()) return;
  deadShown.value = start.reduce !== undefined;
  const why = problem.value; // of a link that cannot be opened
  if ((await openModel(start.model, start.config)) !== "open" || !why) return;
  problem.value = why;
  failed.value = root.value; // The link stays in the address, until one walks on.
}

/** Begins: with what the address says, or with the model that the server was started with. */
export async function begin() {
  const models = attempt("Opening", api.models);
  // From the beginning, since a link may be pasted before the first view is there. The event tells what was pasted: the
  // address may have been written again before the event came.
  window.addEventListener("hashchange", (e) => {
    clearTimeout(writing); // What was to be written would replace what was pasted.
    wanted = "";
    void openLink(new URL(e.newURL).hash, models);
  });
  void models.then((list) => {
    if (list) catalogue.value = list.models;
  });
  await openLink(location.hash, models);
  if (!(await models)) return;
  effect(() => {
    void [model.value, config.value, tip.value, selected.value, base.value, tab.value, hidden.value, order.value];
    void [about.value, folded.value, withText.value, side.value, watches.value, against.value, pending.value, failed.value, deadShown.value];
    void fetched.value;
    writeSoon();
  });
  effect(() => {
    const p = here.value;
    const b = chain.value[baseStep.value];
    load(p).catch(fail);
    if (b && b !== p) load(b).catch(fail);
  });
  effect(() => {
    if (deadShown.value && side.value === "network" && stateOf(here.value)) void loadDead(here.value);
  });
  effect(() => void fetchWatched(tip.value, watches.value));
  let later = 0;
  effect(() => {
    const p = tip.value;
    void about.value;
    clearTimeout(later);
    later = window.setTimeout(() => void explain(p), 200);
  });
  api.listen(
    (c) => {
      if (c.series) series.value = c.series;
      else if (c.state === "running" || c.now.seconds > (series.value.at(-1)?.seconds ?? 0)) {
        series.value = [...series.value.slice(-1200), c.now];
      }
      check.value = c;
      hearOfDiscoveries(c);
    },
    (is) => {
      line.value = is;
    },
  );
}

/** Brings the branches of a link, one after the other. What does not apply any more of one is left out. */
async function openBranches(all: string[][]) {
  const from = root.value;
  for (const path of all) {
    if (!shown(from)) return;
    const end = extend(from, path);
    try {
      await load(end);
    } catch {
      forget(end, from);
    }
  }
}

async function openView(v: link.View): Promise<Opening> {
  const coming = openModel(v.model, v.config, v.path, v.initial, v.about);
  batch(() => {
    lookAt(v.hidden, v.order);
    tab.value = tabs.some(([id]) => id === v.tab) ? v.tab : (tabs[0]?.[0] ?? "");
    withText.value = v.text;
    side.value = v.side === "network" ? "network" : "actors";
    deadShown.value = v.dead;
    watches.value = v.watches;
    against.value = readAgainst(v.against);
  });
  const opening = await coming;
  if (opening === "open") {
    folded.value = v.folded;
    void openBranches(v.branches);
  }
  if (opening === "open" && v.unread && !problem.value) {
    problem.value = { text: "A part of this link cannot be read. Was all of it copied?" };
  }
  if (opening === "open" && tip.value.depth === v.path.length) {
    select(v.selected);
    base.value = v.base;
    const now = tip.value.state?.fingerprint;
    if (v.fingerprint && now && now !== v.fingerprint && !v.unread) {
      problem.value = { text: "All steps of this link still apply, but they lead to another state than when it was made." };
    }
  }
  return opening;
}
