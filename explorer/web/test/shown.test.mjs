// What is shown of steps and states: all of it, where it belongs, and when it is known.

import assert from "node:assert/strict";
import { at } from "./pages.mjs";
import { click, stage } from "./stage.mjs";

const on = stage("2", "localhost:0", "--idle");
const { onPage } = on;

// Without a check, which would draw it again and again.
onPage("all that is told of a step appears when the server has told it", { serve: ["2", "localhost:0", "--idle"] }, async (page) => {
  await page.keyboard.press("r");
  await at(page, 10, 10);
  await page.route("**/api/v1/state", async (route) => {
    await page.waitForTimeout(200); // The page draws that it knows nothing yet.
    await route.continue();
  });
  for (const step of [3, 7, 1]) {
    await page.click(`#step-${step}`);
    await at(page, step, 10);
    await page.waitForSelector(".property:has-text('agreement')");
    await page.waitForSelector(".card:has-text('singledecree.State')");
    await page.waitForSelector(".choice");
  }
});

onPage("the actor of the selected step is seen, however many there are", { address: (base) => `${base}#m=single-decree&c.clients=26&c.servers=20` }, async (page) => {
  const seen = (step) => page.waitForFunction((n) => {
    const dot = document.querySelector(".event.chosen .dot")?.getBoundingClientRect();
    const box = document.querySelector(".scroller").getBoundingClientRect();
    const list = document.querySelector(`#step-${n}`)?.getBoundingClientRect();
    return dot && list && dot.left > list.right && dot.right < box.right && dot.bottom < box.bottom;
  }, step);
  for (const [i, text] of ["client 39 → server 19: Put", "client 20 → server 0: Put", "server 19 → server 18: Prepare", "server 0 → server 1: Prepare"].entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
    await seen(i + 1);
  }
  await page.keyboard.press("k");
  await seen(3);
});

onPage("what nothing can follow is a violation where the property is about ends", { serve: ["localhost:0", "--model", "dining-philosophers"] }, async (page) => {
  await page.waitForSelector(".pill.done");
  await page.click(".property:has-text('nobody waits for ever') .bad");
  await page.waitForSelector(".property.is-violated:has-text('nobody waits for ever')");
  await page.waitForSelector(".gutter li.chosen .icon-violated");
  await page.keyboard.press("k");
  await page.waitForSelector(".property.is-open:has-text('nobody waits for ever'), .property.is-holds:has-text('nobody waits for ever')");
  // It is exported as what it is.
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  await page.waitForSelector("dialog .preview:has-text('\"kind\": \"violation\"')");
});

onPage("a message is lost in the row of its loss, and a field that a crash would lose is seen", { serve: ["localhost:0", "--model", "durable-abd", "--max-down", "1", "--lossy", "--idle"] }, async (page) => {
  await page.waitForSelector("[aria-label='server 0'] .part:has(> .line > .volatile) >> text=Run", { state: "attached" });
  for (const [i, text] of ["client 2 → server 0: Put(2", "timeout of resend", "lost: client 3 → server 1: Put(3"].entries()) {
    await click(page, text);
    await at(page, i + 1, i + 1);
  }
  const [cross, row] = await page.evaluate(() => [".space-time .cross", "#step-3"].map((s) => {
    const r = document.querySelector(s).getBoundingClientRect();
    return (r.top + r.bottom) / 2;
  }));
  assert.ok(Math.abs(cross - row) < 3, `the cross is at ${cross}, the row at ${row}`);
});
