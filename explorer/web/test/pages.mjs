// What the tests and the screenshots share: the real command, and a browser in front of it.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** After so many milliseconds what is waited for is taken to hang. A machine may be slow. */
const hang = 60_000;

// What goes wrong ends the process, and with it the servers.
process.setMaxListeners(100);
process.on("unhandledRejection", (e) => {
  console.error(e);
  process.exit(1);
});

/** Starts paxos explore on a free port, with further arguments, and gives its address and how to end it. */
export async function explore(...args) {
  const program = process.env.SYNOD_PAXOS;
  if (!program) throw new Error("SYNOD_PAXOS: expected the path of the command paxos");
  const child = spawn(program, ["explore", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  let text = "";
  const base = await new Promise((found, failed) => {
    child.stdout.on("data", (data) => {
      text += data;
      const address = text.match(/http:\S+/);
      if (address) found(address[0]);
    });
    child.on("exit", (code) => failed(new Error(`paxos ended with ${code}: ${text}`)));
  });
  const end = () =>
    new Promise((done) => {
      child.removeAllListeners("exit");
      child.on("exit", done);
      child.kill("SIGINT");
    });
  return { base, end };
}

/** Finds a browser: CHROMIUM names it, or it is where distributions put it. */
export function browserPath() {
  const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  return places.find((p) => p && existsSync(p));
}

export function browse() {
  return chromium.launch({ timeout: hang, executablePath: browserPath(), args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"] });
}

/**
 * Makes a page for an address that notes any error, and any request to elsewhere. It is still empty. SYNOD_SLOWDOWN
 * makes its processor so many times slower, to find tests that look before the page is ready.
 */
export async function blank(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(hang);
  const page = await context.newPage();
  const rate = Number(process.env.SYNOD_SLOWDOWN ?? 1);
  if (rate > 1) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate });
  page.problems = [];
  const here = new URL(address).origin;
  page.on("console", (m) => m.type() === "error" && !/status of 404/.test(m.text()) && page.problems.push(m.text()));
  page.on("pageerror", (e) => page.problems.push(String(e)));
  page.on("request", (r) => {
    if (!r.url().startsWith(here) && !r.url().startsWith("blob:") && !r.url().startsWith("data:")) page.problems.push(`loaded ${r.url()}`);
  });
  return page;
}

/** Opens a page, and waits until it shows a state. */
export async function open(browser, address, options = {}) {
  const page = await blank(browser, address, options);
  await page.goto(address);
  await page.waitForSelector(".choices .choice, .choices .empty", { state: "attached" });
  return page;
}

/** Waits until the step that is looked at, and the length of the path, are these. */
export const at = (page, step, of) =>
  page.waitForFunction(([s, n]) => document.querySelector(".position")?.textContent === `${s} of ${n}`, [step, of]);
