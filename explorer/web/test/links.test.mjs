// Links: what the address says, and what is pasted there while the page does something else.

import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { at, blank, open } from "./pages.mjs";
import { click, stage } from "./stage.mjs";

const on = stage("2", "localhost:0");
const { onPage } = on;
const first = "Put(3, 'A')";

const ask = async (path, body) =>
  (await fetch(new URL(`api/v1/${path}`, on.server.base), body && { method: "POST", body: JSON.stringify(body) })).json();

/** A link to the end of a random walk, with the number of its steps and the fingerprint of what it leads to. */
async function someLink(clients, seed, count = 10) {
  const way = await ask(`random?count=${count}&seed=${seed}&clients=${clients}`);
  assert.ok(way.path.length > 2);
  const state = await ask("state", { model: "single-decree", config: { clients: String(clients) }, path: way.path });
  assert.ok(state.fingerprint, JSON.stringify(state));
  const hash = `#m=single-decree&c.clients=${clients}&p=${way.path.map(encodeURIComponent).join("~")}`;
  return { hash, address: on.server.base + hash, n: way.path.length, fingerprint: state.fingerprint };
}

/** Holds back the answers to the next requests, until they are let go. */
async function hold(page, pattern, count) {
  const held = [];
  let arrived;
  const one = new Promise((f) => (arrived = f));
  await page.route(pattern, (route) => {
    if (held.length >= count) return route.continue();
    held.push(route);
    return arrived();
  });
  const release = async () => {
    await Promise.all(held.map(async (route) => {
      await route.continue();
      await (await route.request().response()).finished();
    }));
    await page.waitForTimeout(100); // Now the page has them, too.
  };
  return { one, release };
}

/** Waits until the page has written into its address where a link leads. */
const written = (page, link) => page.waitForFunction((end) => location.hash.endsWith(end), `&f=${link.fingerprint}`);

onPage("a long path makes a short link", {}, async (page) => {
  const link = await someLink(6, 4, 60);
  assert.ok(link.n > 15);
  // A link that is pasted into a page that shows something else.
  await page.goto(link.address);
  await at(page, link.n, link.n);
  await page.waitForFunction(() => /[#&]z=/.test(location.hash));
  assert.ok(page.url().length < 1500);
  const other = await open(on.browser, page.url());
  await at(other, link.n, link.n);
  await other.context().close();
});

onPage("a link whose step no longer applies says which, and shows what is before it", {}, async (page) => {
  await click(page, first);
  await at(page, 1, 1);
  await page.waitForFunction(() => location.hash.includes("p="));
  const broken = await open(on.browser, page.url().replace(/p=([^&]*)/, "p=$1~deliver%200%3E1%20nonsense~more"));
  await broken.waitForSelector(".banner:has-text('Step 2 of this path no longer applies')");
  await at(broken, 1, 1);
  await broken.context().close();
});

onPage("a link of which a part is missing says so", {}, async (page) => {
  const link = await someLink(6, 4, 60);
  await page.goto(link.address);
  await at(page, link.n, link.n);
  await page.waitForFunction(() => /[#&]z=/.test(location.hash));
  const whole = page.url();
  // As mail programs cut addresses, or one that stands for more than a path may have.
  const bomb = deflateRawSync(JSON.stringify(["x".repeat(20 << 20)])).toString("base64url");
  for (const broken of [whole.slice(0, whole.indexOf("z=") + 80), whole.replace(/z=[^&]*/, `z=${bomb}`), `${on.server.base}#m=abd&p=deliver%2`]) {
    const other = await open(on.browser, broken);
    await other.waitForSelector(".banner:has-text('A part of this link cannot be read')");
    await at(other, 0, 0);
    await other.context().close();
  }
});

onPage("a link to a model that does not exist says so, and the page can be used", { address: (base) => `${base}#m=nonsense` }, async (page) => {
  await page.waitForSelector(".banner:has-text('unknown model')");
  await click(page, first);
  await at(page, 1, 1);
});

onPage("a link that cannot be opened leaves what was shown", {}, async (page) => {
  await click(page, first);
  await at(page, 1, 1);
  await page.goto(`${on.server.base}#m=nonsense&p=some~more~steps`);
  await page.waitForSelector(".banner:has-text('unknown model')");
  await at(page, 1, 1);
  await page.waitForFunction(() => /^#m=single-decree&.*&p=/.test(location.hash));
});

onPage("a pasted link is opened whenever it comes", {}, async (page) => {
  const links = [await someLink(2, 1), await someLink(2, 2)];
  assert.notEqual(links[0].hash, links[1].hash);
  // The page writes its address 120 ms after a change.
  for (const [i, delay] of [0, 60, 100, 110, 115, 120, 125, 130, 140, 200, 300].entries()) {
    const link = links[i % 2];
    await page.keyboard.press("k");
    await at(page, i === 0 ? 0 : links[1 - (i % 2)].n - 1, i === 0 ? 0 : links[1 - (i % 2)].n);
    await page.waitForTimeout(delay);
    await page.goto(link.address);
    await at(page, link.n, link.n);
    await written(page, link);
  }
});

onPage("a pasted link wins over what is written between it and its event", {}, async (page) => {
  const link = await someLink(2, 1);
  await click(page, first);
  await at(page, 1, 1);
  await page.waitForFunction(() => location.hash.includes("&p="));
  // The event comes in a task of its own. A timer that was due before it does just this.
  await page.evaluate((hash) => {
    const old = location.hash;
    location.hash = hash;
    history.replaceState(null, "", old);
  }, link.hash);
  await at(page, link.n, link.n);
  await written(page, link);
});

for (const what of ["models", "state"]) {
  onPage(`a link is opened that is pasted before the page has got its first ${what}`, {}, async () => {
    const link = await someLink(2, 1);
    const page = await blank(on.browser, on.server.base);
    const first = await hold(page, `**/api/v1/${what}`, 1);
    await page.goto(on.server.base);
    await first.one;
    await page.goto(link.address);
    if (what === "state") await at(page, link.n, link.n);
    await first.release();
    await at(page, link.n, link.n);
    await written(page, link);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

onPage("a step whose answer comes after another link was opened changes nothing", {}, async (page) => {
  const link = await someLink(2, 1);
  const step = await hold(page, "**/api/v1/state", 1);
  await click(page, first);
  await step.one;
  await page.goto(link.address);
  await at(page, link.n, link.n);
  await step.release();
  await written(page, link);
  await at(page, link.n, link.n);
  await page.keyboard.press("k");
  await at(page, link.n - 1, link.n);
});

for (const [what, slow] of [["good", "#m=single-decree&c.clients=3"], ["bad", "#m=nonsense"]]) {
  onPage(`a ${what} link that is answered late does not replace the next one`, {}, async (page) => {
    const link = await someLink(2, 1);
    const late = await hold(page, "**/api/v1/state", 1);
    await page.goto(on.server.base + slow);
    await late.one;
    await page.goto(link.address);
    await at(page, link.n, link.n);
    await late.release();
    await written(page, link);
    await at(page, link.n, link.n);
    assert.equal(await page.locator(".banner").count(), 0);
  });
}
