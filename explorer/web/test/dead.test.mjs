// Letters in flight that nothing can read any more: greyed if that is asked for, in both themes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { at, open } from "./pages.mjs";
import { count, stage } from "./stage.mjs";

const on = stage("2", "localhost:0", "--idle");
const { onPage } = on;
const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
/** The address of a place where nothing can happen any more, so that whatever is in flight is dead. */
async function address(base) {
  const query = { model: "single-decree", config: { clients: "1" }, seed: 1, count: 5000 };
  const way = await (await fetch(`${base}api/v1/random`, { method: "POST", body: JSON.stringify(query) })).json();
  assert.equal(way.ended, "nothing more can happen");
  return `${base}#m=single-decree&c.clients=1&n=network&p=${way.path.map(encodeURIComponent).join("~")}`;
}

for (const colorScheme of ["light", "dark"]) {
  onPage(`dead letters are greyed when that is asked for, ${colorScheme}`, { colorScheme, bypassCSP: true, address }, async (page) => {
    await page.waitForSelector(".letter");
    await count(page, ".letter.dead", 0); // Off until it is asked for.
    const letters = await page.locator(".letter").count();
    await page.getByLabel("Grey what nothing can read any more").check();
    await count(page, ".letter.dead", letters);
    await page.waitForSelector(".dead-switch:has-text('Proved by a search of 137 states')");
    const why = await page.locator(".letter.dead").first().getAttribute("title");
    assert.match(why, /^nothing that (server|client) \d can still do reads this$/);
    assert.ok((await page.locator(".letter.dead").first().textContent()).includes(why), "a screen reader is not told why");
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 140)).join(" | ")}`), []);
    if (process.env.SYNOD_PICTURES) await page.screenshot({ path: `${process.env.SYNOD_PICTURES}/dead-${colorScheme}.png` });
    // The link knows.
    await page.waitForFunction(() => location.hash.includes("g=1"));
    const other = await open(on.browser, page.url());
    await count(other, ".letter.dead", letters);
    await other.context().close();
    await page.getByLabel("Grey what nothing can read any more").uncheck();
    await count(page, ".letter.dead", 0);
  });
}

onPage("a server whose checks are reduced shows what is dead from the beginning", { serve: ["1", "localhost:0", "--reduce", "--idle"] }, async (page) => {
  await page.click("#tab-network");
  await page.waitForSelector(".dead-switch input:checked");
  await page.waitForSelector(".dead-switch:has-text('Proved by a search of 137 states')");
  await count(page, ".letter.dead", 0); // The client's Put will be read.
  await at(page, 0, 0);
});

onPage("where it is not known what is dead, the page says why", { address: (base) => `${base}#m=single-decree&c.network=ordered&n=network&g=1` }, async (page) => {
  await page.waitForSelector(".dead-switch:has-text('Dead letters are kept: on an ordered network')");
  await count(page, ".letter.dead", 0);
});
