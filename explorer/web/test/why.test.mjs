// What the page leads with: why, which step is to blame, and where two models part. And what acts on the property that
// was clicked.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { at, open } from "./pages.mjs";
import { click, count, stage, texts } from "./stage.mjs";

const on = stage("localhost:0", "--mutant", "own-value", "--finish-when", "exhausted", "--max-states", "60000");
const { onPage } = on;

/** The text of an element, without a part of it. */
const shows = (page, selector, text) =>
  page.waitForFunction(([s, t]) => document.querySelector(s)?.textContent.includes(t), [selector, text]);

onPage("a violation opens by itself, with all sentences, and the culprit leads to its step", { serve: ["localhost:0", "--mutant", "own-value", "--finish-when", "first-violation"] }, async (page) => {
  await at(page, 10, 10);
  await shows(page, "#because-title", "Violated: agreement");
  await count(page, ".sentences li", 10);
  const numbers = await page.locator(".sentences li").evaluateAll((all) => all.map((li) => li.dataset.step));
  assert.deepEqual(numbers, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  await texts(page, ".sentences .culprit .sentence", [
    "quorum {1, 2}, which missed acceptor 0, promised ballot (2, 1)",
    "the highest vote that they told of is that of acceptor 1 for 'A' at ballot (1, 0), but server 1 asks for 'B'",
  ]);
  // The culprit is seen without scrolling, and marked in the diagram.
  const seen = await page.evaluate(() => {
    const li = document.querySelector(".sentences .culprit").getBoundingClientRect();
    const ol = document.querySelector(".sentences").getBoundingClientRect();
    return li.top >= ol.top - 1 && li.bottom <= ol.bottom + 1;
  });
  assert.ok(seen, "the culprit is not seen");
  await page.click(".because >> text=step 8 is the culprit");
  await at(page, 8, 10);
  await page.waitForSelector(".culprit-ring");
  await page.waitForSelector("#step-8.culprit");
  await page.click(".sentences [data-step='6'] button");
  await at(page, 6, 10);
});

onPage("fold, shorten, export and the link are about the property that was clicked", {}, async (page) => {
  await page.waitForSelector(".pill.done");
  await page.click(".property:has-text('no answer contradicts') .bad");
  await at(page, 12, 12);
  await page.waitForFunction(() => document.querySelector("#because-title select")?.value === "no answer contradicts a decision");
  await page.keyboard.press("f");
  await page.waitForFunction(() => document.querySelector("[aria-pressed='true'] .icon-fold"));
  await page.waitForSelector("#step-12");
  await page.click("[aria-label='Search for a shorter path to what the last state shows']");
  await page.waitForSelector(".toast:has-text('No shorter path')");
  await page.keyboard.press("e");
  await page.waitForSelector("dialog .preview:has-text('\"property\": \"no answer contradicts a decision\"')");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => location.hash.includes("a=no%20answer") && location.hash.includes("d=1"));
  const other = await open(on.browser, page.url());
  await at(other, 12, 12);
  await other.waitForFunction(() => document.querySelector("#because-title select")?.value === "no answer contradicts a decision");
  await other.waitForSelector("[aria-pressed='true'] .icon-fold");
  // Another property of the same path can be asked about.
  await other.selectOption("#because-title select", "agreement");
  await other.waitForFunction(() => location.hash.includes("a=agreement"));
  await other.context().close();
});

onPage("a path is held against the sound model, and the first difference is marked", { address: (base) => `${base}#m=single-decree&c.mutant=own-value&t=compare` }, async (page, base) => {
  await page.waitForSelector(".pill.done");
  await page.click(".property:has-text('agreement') .bad");
  await at(page, 10, 10);
  await page.selectOption("[aria-label='Its other value']", "-");
  await page.waitForSelector(".pairs .first button:has-text('8')");
  await shows(page, ".verdict-line", "Step 9 is not possible there: no such message from server 1 to server 2 is in flight");
  await page.waitForSelector(".differences td:has-text(\"'B'\")");
  await page.waitForSelector(".differences caption:has-text('after step 8')");
  // The link knows what was compared.
  await page.waitForFunction(() => location.hash.includes("v=%7B"));
  const other = await open(on.browser, page.url());
  await other.waitForSelector(".pairs .first button:has-text('8')");
  await other.context().close();
  assert.ok(base);
});

onPage("a branch is held against another", { address: (base) => `${base}#m=single-decree` }, async (page) => {
  await click(page, "Put(3, 'A')");
  await at(page, 1, 1);
  await click(page, "Put(4, 'B')");
  await at(page, 2, 2);
  await page.keyboard.press("k");
  await click(page, "server 0 → server 1: Prepare");
  await page.waitForSelector("[aria-label='Next step (j)']:disabled");
  await page.click("#tab-compare");
  await page.selectOption("[aria-label='The other branch']", { index: 1 });
  await page.waitForSelector(".pairs .first button:has-text('Put(4')");
});

onPage("watched fields stand beside the diagram, and the link knows", { address: (base) => `${base}#m=single-decree` }, async (page) => {
  await click(page, "Put(3, 'A')");
  await at(page, 1, 1);
  await page.waitForSelector("[aria-label='server 0'] .is-changed"); // The card moves no more.
  await page.locator("[aria-label='server 0'] button.field", { hasText: "Proposal" }).last().click();
  await count(page, ".column-head", 1);
  await page.locator("[aria-label='server 0'] button.field", { hasText: "Prepares" }).click();
  await count(page, ".column-head", 2);
  await count(page, ".column-cell", 4);
  await shows(page, ".column-cell.changed", "A");
  await page.waitForFunction(() => /[#&]w=[^&]*~/.test(location.hash)); // of both fields: the link is written a little later
  const other = await open(on.browser, page.url());
  await count(other, ".column-cell", 4);
  await shows(other, ".column-cell.changed", "A");
  await other.context().close();
});

onPage("the hits of a search are counted", { address: (base) => `${base}#m=single-decree` }, async (page) => {
  for (const [i, text] of ["Put(3, 'A')", "server 0 → server 1: Prepare", "server 0 → server 2: Prepare"].entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
  }
  await page.fill("#find", "prepare");
  await page.waitForFunction(() => document.querySelector("#hits").textContent === "2/2");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#hits").textContent === "1/2");
  await at(page, 2, 3);
});

onPage("the picture shows ballots, promises and votes", { address: (base) => `${base}#m=single-decree&c.mutant=own-value&t=picture` }, async (page) => {
  await page.waitForSelector(".pill.done");
  await page.click(".property:has-text('agreement') .bad");
  await at(page, 10, 10);
  await texts(page, ".picture .tick", ["(1, 0)", "(2, 1)"]);
  await count(page, ".picture td .disc.chosen", 4); // Both have a quorum.
  await page.waitForSelector(".picture tr:has-text('server 1'):has-text(\"takes 'B' for chosen\")");
  for (let i = 0; i < 8; i++) await page.keyboard.press("k");
  await at(page, 2, 10);
  await count(page, ".picture td .disc.promised", 2);
});

onPage("branches, text, fold, tab and view are of the link", { address: (base) => `${base}#m=single-decree` }, async (page) => {
  await click(page, "Put(3, 'A')");
  await at(page, 1, 1);
  await page.keyboard.press("k");
  await click(page, "Put(4, 'B')");
  await at(page, 1, 1);
  await page.click("[aria-label='Show the steps as text']");
  await page.click("#tab-network");
  await page.click("#tab-history");
  await page.waitForFunction(() => ["y=", "x=1", "n=network", "t=history"].every((part) => location.hash.includes(part)));
  const other = await open(on.browser, page.url());
  await other.waitForSelector("#tab-network[aria-selected='true']");
  await other.waitForSelector("#tab-history[aria-selected='true']");
  await other.waitForSelector(".gutter .text");
  await other.click("#tab-branches");
  await count(other, ".branch-list li", 2);
  await other.waitForSelector(".branch-list li:has-text(\"Put(3, 'A')\")");
  await other.context().close();
});

onPage("a link that fails keeps its address and what is left of it, and says why", {}, async (page, base) => {
  const put = "deliver 3>0 register.Put{Request:3,Value:65}";
  const path = [put, "deliver 2>0 nonsense", put].map(encodeURIComponent).join("~");
  const address = `${base}#m=single-decree&p=${path}&s=3`;
  await page.goto("about:blank");
  await page.goto(address);
  await shows(page, ".center .banner", "no such message from server 2 to server 0 is in flight");
  await shows(page, ".center .banner", "The 2 steps that are left");
  await count(page, ".center .banner ol li", 2);
  await at(page, 1, 1);
  // Whatever is looked at, the address stays.
  await page.click("#tab-history");
  await page.click("[aria-label='Show the steps as text']");
  await page.waitForSelector(".gutter .text");
  assert.equal(page.url(), address);
  await page.click(".center .banner >> text=Go on without it");
  await shows(page, ".center .banner", "does not apply either");
  assert.equal(page.url(), address);
  // As soon as one walks on, it is another view.
  await click(page, "server 0 → server 1: Prepare");
  await at(page, 2, 2);
  await page.waitForFunction((a) => location.href !== a, address);
});

onPage("arrows end at their marks, and only who takes part has a lifeline where there is no room", { address: (base) => `${base}#m=single-decree&c.clients=26` }, async (page) => {
  for (const [i, text] of ["client 28 → server 1: Put", "client 3 → server 0: Put"].entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
  }
  await texts(page, ".lane-head", ["server 0", "server 1", "server 2", "client 3", "client 28"]);
  await page.click(".idle");
  await count(page, ".lane-head", 29);
  await page.click(".idle");
  await count(page, ".lane-head", 5);
  // From far above an arrow ends at its mark, too.
  for (const [i, text] of ["server 1 → server 2: Prepare", "server 1 → server 0: Prepare", "server 2 → server 1: Prepared"].entries()) {
    await click(page, text);
    await at(page, i + 3, i + 3);
  }
  const gaps = await page.evaluate(() =>
    [...document.querySelectorAll("g.event")].flatMap((g) => {
      const line = g.querySelector("line.arrow");
      const other = line && [...document.querySelectorAll("g.event")].find((x) => x.querySelector("circle.dot") && x.querySelector("title")?.textContent.startsWith(`${line.parentElement.dataset.step}.`));
      const dot = other?.querySelector("circle.dot");
      return dot ? [Math.hypot(line.x2.baseVal.value - dot.cx.baseVal.value, line.y2.baseVal.value - dot.cy.baseVal.value)] : [];
    }));
  assert.ok(gaps.length >= 4 && gaps.every((gap) => gap < 8), `arrows end ${gaps} from their marks`);
});

onPage("numbers in names are numbers in the order of actions", { address: (base) => `${base}#m=single-decree&c.clients=9` }, async (page) => {
  const all = await page.locator(".choice .what").allTextContents();
  const senders = all.map((t) => Number(t.match(/^client (\d+)/)?.[1]));
  assert.deepEqual(senders, [3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

onPage("the history names clients, follows the theme, and toasts cover no model's name", { colorScheme: "dark", address: (base) => `${base}#m=single-decree&t=history` }, async (page) => {
  await click(page, "Put(3, 'A')");
  await at(page, 1, 1);
  const frame = page.frameLocator(".timeline iframe");
  await frame.locator(".client-name", { hasText: "client 3" }).waitFor();
  await frame.locator(".client-name", { hasText: "client 4" }).waitFor();
  assert.deepEqual(await frame.locator("#canvas text").filter({ hasText: /^\d+$/ }).allTextContents(), []);
  const filter = await frame.locator("html").evaluate((html) => getComputedStyle(html).filter);
  assert.match(filter, /invert/);
  await page.keyboard.press("r");
  await page.waitForSelector(".toast:has-text('random step')");
  const [toast, model] = await page.evaluate(() => [".toast", ".model-button"].map((s) => document.querySelector(s).getBoundingClientRect().toJSON()));
  assert.ok(toast.top > model.bottom, "the toast lies over the model's name");
});

onPage("a row that stands back while another one is hovered can be read", { address: (base) => `${base}#m=single-decree` }, async (page) => {
  for (const [i, text] of ["Put(3, 'A')", "Put(4, 'B')"].entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
  }
  await page.click("[aria-label='Show the steps as text']");
  await page.hover("#step-2");
  await page.waitForSelector("#step-1.dim");
  const ratio = await page.evaluate(() => {
    const row = document.querySelector("#step-1");
    const channels = (c) => c.match(/[\d.]+/g).slice(0, 3).map((v) => Number(v) / (c.startsWith("color(") ? 1 : 255));
    const light = (c) => channels(c).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const text = row.querySelector(".text");
    let opacity = 1;
    for (let e = text; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
    const [a, b] = [light(getComputedStyle(text).color), light(getComputedStyle(row).backgroundColor)].sort((x, y) => y - x);
    return opacity * ((a + 0.05) / (b + 0.05));
  });
  assert.ok(ratio >= 4.5, `the contrast is ${ratio}`);
});

// Axe looks at what is new, in both themes.
const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
for (const colorScheme of ["light", "dark"]) {
  onPage(`axe finds nothing in the explanation, the picture and the comparison, ${colorScheme}`, {
    colorScheme, bypassCSP: true, address: (base) => `${base}#m=single-decree&c.mutant=own-value&x=1&w=server%200.Proposal`,
  }, async (page) => {
    await page.waitForSelector(".pill.done");
    await page.click(".property:has-text('agreement') .bad");
    await at(page, 10, 10);
    await page.waitForSelector(".sentences .culprit");
    for (const tab of ["picture", "compare"]) {
      await page.click(`#tab-${tab}`);
      if (tab === "compare") await page.selectOption("[aria-label='Its other value']", "-");
      await page.waitForSelector(tab === "compare" ? ".differences" : ".picture");
      await page.evaluate(axe);
      const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 140)).join(" | ")}`), []);
    }
  });
}
