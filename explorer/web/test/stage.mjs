// What the files of tests share: one browser and one server each, and tests that want a page without problems.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, explore, open } from "./pages.mjs";

/** How long a test may take, in milliseconds. Only what hangs takes that long; a machine may be slow. */
export const patience = 300_000;

/** Starts paxos explore with some arguments, and a browser, for the tests of a file. */
export function stage(...args) {
  const s = {};
  before(async () => {
    s.browser = await browse();
    s.server = await explore(...args);
  });
  after(async () => {
    await s.browser?.close();
    await s.server?.end();
  });
  /**
   * Opens a page, and wants in the end that nothing went wrong on it. Besides those of a page there are two options: serve,
   * the arguments of a server of its own, and address, which makes the address of the page of the server's.
   */
  s.onPage = (name, { serve, address, ...options }, f) =>
    test(name, { timeout: patience }, async () => {
      const server = serve ? await explore(...serve) : s.server;
      try {
        const page = await open(s.browser, (await address?.(server.base)) ?? server.base, options);
        try {
          await f(page, server.base);
          assert.deepEqual(page.problems, []);
        } finally {
          await page.context().close();
        }
      } finally {
        if (serve) await server.end();
      }
    });
  return s;
}

/** Clicks the first of the next actions that has a text. */
export const click = (page, text) => page.locator(".choice", { hasText: text }).first().click();

/** Waits until so many elements are there. */
export const count = (page, selector, n) =>
  page.waitForFunction(([s, n]) => document.querySelectorAll(s).length === n, [selector, n]);

/** Waits until the elements have these texts, in this order. */
export const texts = (page, selector, wanted) =>
  page.waitForFunction(
    ([s, wanted]) => JSON.stringify([...document.querySelectorAll(s)].map((e) => e.textContent)) === wanted,
    [selector, JSON.stringify(wanted)],
  );
