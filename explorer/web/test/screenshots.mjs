// Makes the pictures of docs/explorer.md. Each shows a view; most in both themes.
//
//   SYNOD_PAXOS=bin/paxos node explorer/web/test/screenshots.mjs docs/explorer

import { mkdirSync, writeFileSync } from "node:fs";
import { at, browse, explore, open } from "./pages.mjs";
import { small } from "./png.mjs";

const folder = process.argv[2] ?? "docs/explorer";
mkdirSync(folder, { recursive: true });
const browser = await browse();
const themes = ["light", "dark"];
const only = process.argv[3];

async function shoot(name, { args = ["localhost:0"], size = { width: 1280, height: 800 }, themes: list = themes, prepare }) {
  if (only && !name.includes(only)) return;
  for (const colorScheme of list) {
    const server = await explore(...args);
    const page = await open(browser, server.base, { viewport: size, colorScheme });
    await prepare(page);
    await page.evaluate(() => (document.querySelector(".toast-box").style.display = "none"));
    await page.waitForTimeout(250);
    writeFileSync(`${folder}/${name}-${colorScheme}.png`, small(await page.screenshot()));
    if (page.problems.length) console.log(name, page.problems);
    await page.context().close();
    await server.end();
  }
}

const settled = (page) => page.waitForSelector(".pill.done");
const discovery = async (page, steps) => {
  await settled(page);
  await page.keyboard.press("d");
  await at(page, steps, steps);
};

const main = async () => {
await shoot("overview", { args: ["3", "localhost:0"], prepare: (p) => discovery(p, 8) });
await shoot("violation", { args: ["--model", "single-copy", "localhost:0"], prepare: async (p) => {
  await at(p, 4, 4);
  await p.click("#tab-history");
  await p.waitForTimeout(500);
} });
const broken = ["--mutant", "own-value", "--finish-when", "first-violation", "localhost:0"];
await shoot("explained", { args: broken, prepare: async (p) => {
  await at(p, 10, 10);
  await p.waitForSelector(".sentences .culprit");
} });
await shoot("picture", { args: broken, prepare: async (p) => {
  await at(p, 10, 10);
  await p.click("#tab-picture");
  await p.waitForSelector(".picture");
} });
await shoot("compare", { args: broken, prepare: async (p) => {
  await at(p, 10, 10);
  await p.click("#tab-compare");
  await p.selectOption("[aria-label='Its other value']", "-");
  await p.waitForSelector(".differences");
} });
await shoot("watched", { args: ["2", "localhost:0", "--idle"], themes: ["light"], prepare: async (p) => {
  await p.keyboard.press("r");
  await at(p, 10, 10);
  await p.locator("[aria-label='server 0'] button.field", { hasText: "Ballot" }).first().click();
  await p.fill("#find", "server 0");
  await p.waitForSelector(".column-cell.changed");
} });
await shoot("network", { args: ["2", "localhost:0", "--lossy"], prepare: async (p) => {
  await settled(p);
  for (let i = 0; i < 4; i++) {
    await p.keyboard.press("1");
    await at(p, i + 1, i + 1);
  }
  await p.click("#tab-network");
} });
await shoot("faults", { args: ["2", "localhost:0", "--max-crashes", "1", "--max-down", "1"], prepare: async (p) => {
  await settled(p);
  for (let i = 0; i < 3; i++) {
    await p.keyboard.press("1");
    await at(p, i + 1, i + 1);
  }
  await p.click(".choice:has(.icon-crash)");
  await at(p, 4, 4);
  await p.keyboard.press("1");
  await at(p, 5, 5);
  await p.click(".choice:has(.icon-recover)");
  await at(p, 6, 6);
} });
await shoot("branches", { args: ["2", "localhost:0"], prepare: async (p) => {
  await discovery(p, 8);
  for (const back of [3, 2, 4]) {
    for (let i = 0; i < back; i++) await p.keyboard.press("k");
    await p.keyboard.press("r");
    await p.waitForTimeout(400);
  }
  await p.click("#tab-branches");
} });
await shoot("check", { args: ["5", "localhost:0", "--finish-when", "exhausted"], prepare: async (p) => {
  await p.click("#tab-check");
  await settled(p);
} });
await shoot("plain", { args: ["--model", "two-phase-commit", "localhost:0"], themes: ["light"], prepare: async (p) => {
  await settled(p);
  await p.keyboard.press("d");
  await p.waitForFunction(() => document.querySelectorAll(".gutter li").length > 3);
} });
await shoot("past", { args: ["3", "localhost:0"], themes: ["light"], prepare: async (p) => {
  await settled(p);
  await p.keyboard.press("r");
  await at(p, 10, 10);
  await p.keyboard.press("r");
  await p.waitForFunction(() => Number(document.querySelector(".position b").textContent) > 12);
  await p.hover("#step-12");
} });
await shoot("export", { args: ["2", "localhost:0"], themes: ["light"], prepare: async (p) => {
  await discovery(p, 8);
  await p.keyboard.press("e");
  await p.click("text=sequence diagram");
  await p.waitForTimeout(300);
} });
await shoot("models", { args: ["2", "localhost:0"], themes: ["dark"], prepare: async (p) => {
  await settled(p);
  await p.keyboard.press("m");
} });
await shoot("help", { args: ["2", "localhost:0"], themes: ["light"], prepare: async (p) => {
  await settled(p);
  await p.keyboard.press("?");
} });
for (const [name, tab] of [["narrow-actions", null], ["narrow-path", "Path"], ["narrow-state", "State"], ["narrow-more", "More"]]) {
  await shoot(name, { args: ["2", "localhost:0"], size: { width: 390, height: 844 }, themes: name === "narrow-path" ? themes : ["light"], prepare: async (p) => {
    await discovery(p, 8);
    if (tab) await p.click(`.narrow-nav >> text=${tab}`);
  } });
}
};
main().then(() => browser.close()).then(() => process.exit(0), (e) => {
  console.error(e);
  process.exit(1);
});
