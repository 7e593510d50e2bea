// What goes wrong around the page: a server that is slow, away or gone, requests that fail, many pages, small screens.

import assert from "node:assert/strict";
import { test } from "node:test";
import { at, blank, explore, open } from "./pages.mjs";
import { click, patience, stage, texts } from "./stage.mjs";

const on = stage("2", "localhost:0", "--idle");
const { onPage } = on;
const put = "Put(3, 'A')";
const narrow = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

test("a server that ends and comes back", { timeout: patience }, async () => {
  const first = await explore("2", "localhost:0");
  const page = await open(on.browser, first.base);
  await page.waitForSelector(".pill.done");
  await click(page, put);
  await at(page, 1, 1);
  await first.end();
  await page.waitForSelector(".status >> text=The server does not answer.");
  await page.keyboard.press("1");
  await page.waitForSelector(".center .banner:has-text('is paxos explore still running?')");
  await at(page, 1, 1);
  await page.keyboard.press("e");
  await page.waitForSelector("dialog .bad:has-text('Not exported: the server does not answer')");
  assert.equal(await page.locator("dialog .primary").isDisabled(), true);
  await page.keyboard.press("Escape");
  // Another one at the same address knows as much: the page is the one that remembers.
  const second = await explore("2", new URL(first.base).host);
  await page.waitForSelector(".status >> text=The server does not answer.", { state: "detached" });
  await page.keyboard.press("1");
  await at(page, 2, 2);
  assert.equal(await page.locator(".banner").count(), 0);
  await page.context().close();
  await second.end();
});

onPage("a slow server is waited for, and one is told so", {}, async (page) => {
  let answer;
  const held = new Promise((f) => (answer = f));
  await page.route("**/api/v1/state", async (route) => {
    await held;
    await route.continue();
  });
  await click(page, put);
  await page.waitForSelector(".toast.busy:has-text('Waiting for the server')");
  answer();
  await at(page, 1, 1);
  await page.waitForSelector(".toast.busy", { state: "detached" });
});

test("a stream that was refused is asked for again", { timeout: patience }, async () => {
  const page = await blank(on.browser, on.server.base);
  let asked = 0;
  await page.route("**/api/v1/check/events", (route) =>
    ++asked === 1 ? route.fulfill({ status: 503, contentType: "application/json", body: "{}" }) : route.continue());
  await page.goto(on.server.base);
  // The server answers, if only now and then.
  await page.waitForSelector(".status >> text=Many pages listen to this server");
  assert.equal(await page.locator(".status >> text=The server does not answer").count(), 0);
  await page.waitForSelector(".status .pill");
  await page.waitForSelector(".status >> text=Many pages listen to this server", { state: "detached" });
  await page.context().close();
});

test("pages that nobody sees leave the connections to others", { timeout: patience }, async () => {
  const first = await open(on.browser, on.server.base);
  const context = first.context();
  const hide = (page) => page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, value: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  const pages = [first];
  for (let i = 0; i < 7; i++) {
    await hide(pages.at(-1));
    const page = await context.newPage();
    await page.goto(on.server.base);
    await page.waitForSelector(".choice");
    pages.push(page);
  }
  await click(pages.at(-1), put);
  await at(pages.at(-1), 1, 1);
  // What one of them starts, another one hears of when it is looked at again.
  await pages.at(-1).click(".status [aria-label='Start the check']");
  await pages.at(-1).waitForSelector(".status .pill.done");
  await first.evaluate(() => {
    delete document.hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await first.waitForSelector(".status .pill.done");
  await context.close();
});

onPage("what goes wrong is told in every view of a narrow screen", narrow, async (page) => {
  await page.route("**/api/v1/state", (route) => route.abort());
  await page.locator(".choice").first().tap();
  for (const view of ["Actions", "Path", "State", "More"]) {
    await page.tap(`.narrow-nav >> text=${view}`);
    await page.locator(".banner:visible", { hasText: "is paxos explore still running?" }).waitFor();
    assert.equal(await page.locator(".banner:visible").count(), 1);
  }
  await page.locator(".banner:visible [aria-label='Dismiss']").tap();
  await page.waitForSelector(".banner", { state: "detached" });
  page.problems.length = 0; // The browser notes the requests that failed.
});

onPage("the path of a narrow screen opens where the selected step is", { ...narrow, viewport: { width: 390, height: 500 } }, async (page) => {
  await page.keyboard.press("r");
  await at(page, 10, 10);
  await page.tap(".narrow-nav >> text=Path");
  await page.waitForFunction(() => {
    const chosen = document.querySelector(".gutter li.chosen")?.getBoundingClientRect();
    const seen = document.querySelector(".scroller").getBoundingClientRect();
    return chosen && chosen.top >= seen.top && chosen.bottom <= seen.bottom;
  });
});

onPage("a tap selects a step, and fades none", narrow, async (page) => {
  for (const [i, text] of [put, "Put(4, 'B')", "server 0 → server 2: Prepare"].entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
  }
  await page.tap(".narrow-nav >> text=Path");
  await page.tap("#step-1");
  await at(page, 1, 3);
  assert.equal(await page.locator(".gutter .dim").count(), 0);
});

onPage("very long texts are cut, and can be unfolded", {}, async (page) => {
  const long = "very long text without an end ".repeat(40);
  await page.route("**/api/v1/state", async (route) => {
    const answer = await route.fetch();
    const text = (await answer.text()).replaceAll("Put(3, 'A')", long).replaceAll('"text":"nil"', `"text":"${long}"`);
    await route.fulfill({ response: answer, body: text });
  });
  await click(page, "Put(4, 'B')");
  await at(page, 1, 1);
  await page.waitForFunction(() => {
    const all = [...document.querySelectorAll(".choice, .part .line")].map((e) => e.getBoundingClientRect().height);
    return all.length > 8 && Math.max(...all) < 160;
  });
  const value = page.locator("[aria-label='server 0'] .part", { hasText: "Accepts" }).locator(".value");
  assert.ok((await value.innerText()).length < 300);
  await value.getByText("1,000 more").click();
  await page.waitForFunction(() => document.querySelector("[aria-label='server 0']").innerText.includes("less"));
  assert.ok((await value.innerText()).includes(long.trim()));
  await click(page, "very long text");
  await at(page, 2, 2);
  await page.waitForFunction(() => document.querySelector(".caption").getBoundingClientRect().height < 120);
  await page.locator(".caption .more").click();
  await page.waitForFunction(() => document.querySelector(".caption").getBoundingClientRect().height > 120);
});

onPage("the link is copied where there is no clipboard, too", {}, async (page) => {
  await click(page, put);
  await page.waitForFunction(() => location.hash.includes("p="));
  await page.evaluate(() => {
    Object.defineProperty(navigator, "clipboard", { value: undefined });
    document.addEventListener("copy", () => (window.copied = document.activeElement.value));
  });
  await page.click("[aria-label='Copy a link to this view']");
  await page.waitForSelector(".toast:has-text('The link is copied.')");
  assert.equal(await page.evaluate(() => window.copied), page.url());
  await page.keyboard.press("e");
  await page.waitForSelector("dialog .preview:has-text('synod.trace')");
  await page.click("dialog >> text=Copy");
  await page.waitForFunction(() => window.copied.includes("synod.trace"));
});

onPage("the history of clients is no step back of the browser", {}, async (page) => {
  await page.click("#tab-history");
  await page.frameLocator("iframe").locator("svg text").first().waitFor();
  const before = await page.evaluate(() => history.length);
  for (const [i, text] of [put, "server 0 → server 1: Prepare", "server 1 → server 0: Prepared"].entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
    await page.frameLocator("iframe").locator("svg text").first().waitFor();
  }
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => history.length), before);
});

onPage("back and forward go between the links that were opened", {}, async (page) => {
  // An address is complete once the page has written it.
  const shows = async (model) => {
    await page.waitForSelector(`.model-button:has-text('${model}')`);
    await page.waitForFunction((m) => location.hash.startsWith(`#m=${m}&`) && location.hash.includes("&f="), model);
  };
  for (const model of ["two-phase-commit", "lease"]) {
    await page.goto(`${on.server.base}#m=${model}`);
    await shows(model);
  }
  await page.goBack();
  await shows("two-phase-commit");
  await page.goForward();
  await shows("lease");
});

onPage("a check of something else says of what, and one that was stopped says so", { serve: ["12", "localhost:0"] }, async (page, base) => {
  await page.waitForSelector(".pill.running");
  await page.goto(`${base}#m=single-decree&c.clients=3`);
  await page.waitForSelector(".status >> text=of single-decree, with other settings than shown here");
  await page.goto(`${base}#m=abd`);
  await page.waitForSelector(".status >> text=of single-decree, not of the model shown here");
  await page.click(".status [aria-label='Stop the check']");
  await page.waitForSelector(".status >> text=Ended early: it was stopped.");
});

onPage("another model has all its lifelines", {}, async (page) => {
  await page.click("[aria-label='Hide and move lifelines']");
  await page.getByRole("checkbox", { name: "server 1" }).uncheck();
  await texts(page, ".lane-head", ["server 0", "server 2", "client 3", "client 4"]);
  // A link that cannot be opened leaves what was hidden.
  await page.goto(`${on.server.base}#m=nonsense&h=client%203`);
  await page.waitForSelector(".center .banner:has-text('unknown model')");
  await texts(page, ".lane-head", ["server 0", "server 2", "client 3", "client 4"]);
  await page.keyboard.press("m");
  await page.locator("dialog label", { hasText: "token-ring" }).click();
  await page.click("dialog >> text='Open'");
  await texts(page, ".lane-head", ["node 0", "node 1", "node 2"]);
});

onPage("a link with a view that does not exist shows the branches", { address: (base) => `${base}#m=single-decree&t=nonsense` }, async (page) => {
  await page.waitForSelector("#tab-branches[aria-selected='true']");
});
