// Drives the page in a real browser over the real command.
//
//   SYNOD_PAXOS=bin/paxos node --test explorer/web/test/

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { at, open } from "./pages.mjs";
import { click, count, stage, texts } from "./stage.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const on = stage("2", "localhost:0");
const { onPage } = on;

const settled = (page) => page.waitForSelector(".pill.done");

/** The eight steps to a chosen value, as they are called on the page. */
const eight = ["Put(3, 'A')", "server 0 → server 1: Prepare", "server 1 → server 0: Prepared", "server 0 → server 1: Accept(", "server 1 → server 0: Accepted", "server 0 → server 1: Decided", "PutOk(3)", "Get(6)"];

async function walkEight(page) {
  for (const [i, text] of eight.entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
  }
}

onPage("a chosen value is eight clicks away", {}, async (page) => {
  await walkEight(page);
  await page.waitForSelector(".property.is-example:has-text('value chosen')");
  assert.equal(await page.locator(".property.is-violated").count(), 0);
  // The diagram has an arrow and a label for each step, and the list an item.
  await count(page, ".gutter li", 9);
  await count(page, ".arrow", 8);
});

onPage("a shared link shows the same in a fresh browser", {}, async (page) => {
  await walkEight(page);
  await page.keyboard.press("k");
  await at(page, 7, 8);
  await page.click("#tab-history");
  await page.waitForFunction(() => location.hash.includes("s=7") && location.hash.includes("t=history"));
  const other = await open(on.browser, page.url());
  await at(other, 7, 8);
  assert.equal(await other.locator("#tab-history").getAttribute("aria-selected"), "true");
  const cards = await page.locator(".card").allInnerTexts();
  await other.waitForFunction((all) => {
    const now = [...document.querySelectorAll(".card")].map((c) => c.innerText);
    return JSON.stringify(now) === JSON.stringify(all);
  }, cards);
  assert.deepEqual(other.problems, []);
  await other.context().close();
});

onPage("branches are kept, and undo and redo go between them", {}, async (page) => {
  await click(page, "Put(3, 'A')");
  await at(page, 1, 1);
  await page.keyboard.press("k");
  await at(page, 0, 1);
  await click(page, "Put(4, 'B')");
  await at(page, 1, 1);
  await count(page, ".branch-list li", 2);
  await page.keyboard.press("u");
  await page.waitForSelector(".caption:has-text(\"Put(3, 'A')\")");
  await page.keyboard.press("U");
  await page.waitForSelector(".caption:has-text(\"Put(4, 'B')\")");
  await page.keyboard.press("h");
  await page.waitForSelector(".caption:has-text(\"Put(3, 'A')\")");
});

onPage("what is said of a successor is evaluated there", {}, async (page) => {
  for (const [i, text] of eight.slice(0, 7).entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
  }
  const said = (choice, text) =>
    page.locator(".choice", { hasText: choice }).first().locator(`.answers[aria-label*="${text}"]`).waitFor();
  await said("Get(6)", "value chosen: example");
  await said("server 0 → server 2: Prepare", "value chosen: not here");
});

onPage("a violation is one key away, minimal, and shown on the time line", { serve: ["localhost:0", "--mutant", "own-value", "--finish-when", "first-violation"] }, async (page) => {
  await settled(page);
  await page.keyboard.press("d");
  await at(page, 10, 10);
  await page.waitForSelector(".property.is-violated:has-text('agreement')");
  await page.waitForSelector(".gutter li.chosen .icon-violated");
  await page.click("#tab-history");
  const frame = page.frameLocator("iframe");
  await frame.locator("svg text").first().waitFor();
  assert.equal(await page.locator("iframe").getAttribute("sandbox"), "allow-scripts");
  await page.click("[aria-label^='Search for a shorter path']");
  await page.waitForSelector(".toast:has-text('No shorter path')");
});

onPage("faults can be taken, and what a crash loses is marked", { serve: ["2", "localhost:0", "--max-crashes", "1", "--max-down", "1", "--lossy", "--idle"] }, async (page) => {
  await click(page, "Put(3, 'A')");
  await at(page, 1, 1);
  await page.waitForSelector("[aria-label='server 0'] .volatile", { state: "attached" });
  await page.locator(".choice:has(.icon-crash)", { hasText: "0" }).first().click();
  await at(page, 2, 2);
  await page.waitForSelector("[aria-label='server 0'] .badge:has-text('down')");
  await page.locator(".choice:has(.icon-recover)").first().click();
  await at(page, 3, 3);
  await page.waitForSelector("[aria-label='server 0'] .badge:has-text('recovered')");
  await page.click("#tab-network");
  await page.locator(".letter-actions button", { hasText: "Drop" }).first().click();
  await at(page, 4, 4);
  await page.waitForSelector(".space-time .cross");
});

onPage("steps that lead back are framed, with the way back", { serve: ["2", "localhost:0", "--max-down", "1", "--idle"] }, async (page) => {
  let n = 0;
  const crash = async (actor) => {
    for (const icon of ["crash", "recover"]) {
      await page.locator(`.choice:has(.icon-${icon})`, { hasText: actor }).first().click();
      n++;
      await at(page, n, n);
    }
  };
  await click(page, "Put(3, 'A')");
  await at(page, ++n, n);
  // What server 0 made of the put is lost: no way back. Servers 1 and 2 have nothing to lose.
  await crash("0");
  await texts(page, ".loop text", []);
  await crash("1");
  await texts(page, ".loop text", ["↻ steps 4 to 5 can repeat for ever"]);
  await page.waitForSelector(".caption:has-text('then steps 4 to 5 can repeat for ever')");
  assert.match(await page.locator("#step-5").innerText(), /steps 4 to 5 can repeat for ever/);
  // The frame is around the rows of the steps, and the arrow beside it ends at the first of them.
  const boxes = await page.evaluate(() => {
    const box = (of) => document.querySelector(of).getBoundingClientRect().toJSON();
    return { frame: box(".loop rect"), arrow: box(".loop path"), first: box("#step-4"), last: box("#step-5") };
  });
  const near = (a, b, what) => assert.ok(Math.abs(a - b) < 3, `${what}: ${a}, expected ${b}`);
  near(boxes.frame.top, boxes.first.top, "the frame begins");
  near(boxes.frame.bottom, boxes.last.bottom, "the frame ends");
  near(boxes.arrow.top, boxes.first.top, "the arrow ends");
  assert.ok(boxes.arrow.left >= boxes.frame.right, "the arrow is beside the frame");
  // One more step, and the path ends elsewhere.
  await click(page, "server 0 → server 1: Prepare");
  await at(page, ++n, n);
  await texts(page, ".loop text", []);
  await page.keyboard.press("u");
  await page.waitForSelector(".loop rect");
});

onPage("every format is exported", {}, async (page) => {
  await walkEight(page);
  await page.keyboard.press("e");
  await page.waitForSelector(".formats label");
  const names = await page.locator(".formats b").allInnerTexts();
  assert.ok(names.length >= 7, names.join());
  const begins = { json: /^\{\s*"schema": "synod.trace/, mermaid: /sequenceDiagram/, html: /^<!doctype html>/i, go: /package \w+/, itf: /"#meta"/ };
  for (const name of names) {
    await page.locator(".formats label", { has: page.locator(`b:text-is("${name}")`) }).click();
    await page.waitForSelector(`.formats label.on b:text-is("${name}")`);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(".primary")]);
    const text = readFileSync(await download.path(), "utf8");
    assert.ok(text.length > 200, `${name}: ${text}`);
    assert.match(text, begins[name] ?? /Put/, name);
  }
});

onPage("everything works from the keyboard", {}, async (page) => {
  await settled(page);
  const keys = (...all) => all.reduce((p, k) => p.then(() => page.keyboard.press(k)), Promise.resolve());
  await keys("/");
  await page.keyboard.type("Put(3");
  await keys("Enter", "Escape");
  await at(page, 1, 1);
  await keys("1");
  await at(page, 2, 2);
  await keys("k", "k");
  await at(page, 0, 2);
  await keys("j");
  await at(page, 1, 2);
  await keys("d");
  await at(page, 8, 8);
  await keys("?");
  await page.waitForSelector("dialog[open] >> text=next / previous step");
  await keys("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await keys("g");
  await page.waitForSelector("dialog >> text=Run until");
  await keys("Escape");
  // The list of steps is one stop, and arrows move in it.
  await page.locator(".gutter [tabindex='0']").focus();
  await keys("ArrowUp");
  await at(page, 7, 8);
  await keys("Home");
  await at(page, 0, 8);
  await page.waitForFunction(() => document.activeElement?.id === "step-0");
  const dark = await page.evaluate(() => document.documentElement.dataset.theme);
  await keys("t");
  await page.waitForFunction((old) => document.documentElement.dataset.theme !== old, dark);
});

onPage("the focus stays among the buttons that are pressed", {}, async (page) => {
  const focused = (selector) => page.waitForFunction((s) => document.activeElement.matches(s), selector);
  await page.focus("#filter");
  await page.keyboard.press("ArrowDown");
  await focused(".choice");
  for (let n = 1; n <= 3; n++) {
    await page.keyboard.press("Enter");
    await at(page, n, n);
    await focused(".choice");
  }
  await page.click("#tab-network");
  await page.locator(".letter-actions button:not(:disabled)").first().focus();
  await page.keyboard.press("Enter");
  await at(page, 4, 4);
  await focused(".letter-actions button");
});

onPage("run until a field changes, and go through its changes", {}, async (page) => {
  await page.keyboard.press("g");
  await page.locator("dialog label", { hasText: "a field" }).click();
  await page.getByLabel("Field", { exact: true }).fill("server 0.Durable.Decided");
  await page.keyboard.press("Enter");
  await at(page, 5, 5);
  await page.locator("[aria-label='server 0'] button.field", { hasText: "Decided" }).click();
  await page.keyboard.press("k");
  await page.keyboard.press("]");
  await at(page, 5, 5);
  await page.waitForSelector("[aria-label='server 0'] .is-changed:has-text('Decided') >> text=true");
});

onPage("lifelines are hidden and moved, and the link knows", {}, async (page) => {
  await page.click("[aria-label='Hide and move lifelines']");
  await page.getByRole("checkbox", { name: "server 2" }).uncheck();
  await page.click("[aria-label='Move client 4 to the left']");
  await texts(page, ".lane-head", ["server 0", "server 1", "client 4", "client 3"]);
  // The address may have been written between the two.
  await page.waitForFunction(() => location.hash.includes("h=server%202") && location.hash.includes("o="));
  const other = await open(on.browser, page.url());
  await texts(other, ".lane-head", ["server 0", "server 1", "client 4", "client 3"]);
  await other.context().close();
});

onPage("what is ignored has its reason, and what was visited is marked", {}, async (page) => {
  for (const [i, text] of eight.slice(0, 6).entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
  }
  await page.click(".group summary");
  await page.waitForSelector(".choice:disabled .why:has-text('changes nothing and sends nothing')");
  await page.keyboard.press("k");
  await at(page, 5, 6);
  await page.waitForSelector(".choice:has-text('server 0 → server 1: Decided') .why:has-text('already visited')");
});

onPage("folding leaves the causal past", {}, async (page) => {
  for (const [i, text] of ["Put(3, 'A')", "Put(4, 'B')", "server 0 → server 2: Prepare"].entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
  }
  await page.hover("#step-3");
  await page.waitForSelector("#step-2.dim");
  await page.keyboard.press("f");
  await page.waitForFunction(() => document.querySelectorAll(".gutter li").length === 3);
  assert.equal(await page.locator("#step-2").count(), 0);
});

onPage("a check is watched, paused, resumed and stopped", { serve: ["12", "localhost:0"] }, async (page) => {
  await page.waitForSelector(".pill.running");
  // Walking does not wait for it.
  await page.keyboard.press("1");
  await at(page, 1, 1);
  await page.keyboard.press("p");
  await page.waitForSelector(".status .pill.paused");
  await page.keyboard.press("p");
  await page.waitForSelector(".status .pill.running");
  await page.click("#tab-check");
  await page.waitForSelector(".series.unique .line");
  await page.click(".status [aria-label='Stop the check']");
  await page.waitForSelector(".pill.done:has-text('ended early')");
});

const ring = {
  serve: ["localhost:0", "--model", "token-ring", "--laps", "200", "--nodes", "5", "--idle"],
  address: async (base) => {
    const way = await (await fetch(new URL("api/v1/random?count=1000&seed=1", base))).json();
    assert.equal(way.path.length, 1000);
    return `${base}#m=token-ring&c.laps=200&c.nodes=5&p=${way.path.map(encodeURIComponent).join("~")}`;
  },
};

onPage("a path of a thousand steps scrolls", ring, async (page) => {
  await at(page, 1000, 1000);
  // Wherever it is scrolled to, the steps that are seen are drawn, and few others.
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    await page.evaluate((at) => {
      const el = document.querySelector(".scroller");
      el.scrollTop = (el.scrollHeight - el.clientHeight) * at;
    }, part);
    await page.waitForFunction(() => {
      const seen = document.querySelector(".scroller").getBoundingClientRect();
      const drawn = [...document.querySelectorAll(".gutter li")].map((li) => li.getBoundingClientRect());
      const middle = (seen.top + seen.bottom) / 2;
      return drawn.length < 120 && drawn.some((r) => r.top <= middle && r.bottom >= middle);
    });
  }
  await page.keyboard.press("k");
  await at(page, 999, 1000);
});

for (const colorScheme of ["light", "dark"]) {
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    onPage(`axe finds nothing: ${colorScheme}, ${width} wide`, { colorScheme, viewport: { width, height }, bypassCSP: true }, async (page) => {
      await settled(page);
      await page.keyboard.press("d");
      await at(page, 8, 8);
      const views = width < 500
        ? [".narrow-nav >> text=Path", ".narrow-nav >> text=State", "#tab-network", ".narrow-nav >> text=More", "#tab-check", ".narrow-nav >> text=Actions"]
        : ["#tab-network", "#tab-history", "#tab-check", "[aria-label='Show the steps as text']"];
      const look = async (what) => {
        await page.evaluate(axeSource);
        const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
        const told = found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join("; ")}`);
        assert.deepEqual(told, [], what);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${what}: ${over} pixels too wide`);
      };
      await look("at first");
      for (const view of views) {
        await page.click(view);
        await page.waitForTimeout(150);
        await look(view);
      }
      for (const key of ["m", "e", "g", "?"]) {
        await page.keyboard.press(key);
        await page.waitForSelector("dialog[open]");
        await page.waitForTimeout(200);
        await look(`dialog ${key}`);
        await page.keyboard.press("Escape");
        await page.waitForSelector("dialog", { state: "detached" });
      }
    });
  }
}
