// The whole view as the fragment of the address, so that a link shows the same in another browser. The fragment never
// reaches the server.

import type { Config } from "./api";

export type View = {
  model: string;
  config: Config;
  initial: number;
  path: string[];
  selected: number;
  fingerprint: string; // of the last state
  base: number | null; // the step to compare with, null for the one before
  about: string; // the property that the path is looked at for
  folded: boolean;
  text: boolean; // the steps stand as text
  side: string;
  dead: boolean; // dead letters are greyed
  tab: string;
  watches: string[];
  branches: string[][]; // the paths of the other branches
  against: string; // what the path is compared with
  hidden: string[];
  order: string[];
  unread: boolean; // a part of the link could not be read
};

const long = 1500;
const mostOfBranches = 16_000; // characters of a link
const mostInflated = 8 << 20; // bytes; a short link may stand for a lot

const keyText = (key: string) => encodeURIComponent(key).replace(/~/g, "%7E");

function bytesText(bytes: Uint8Array): string {
  let s = "";
  for (const b of bytes) s += String.fromCharCode(b);
  return btoa(s).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function textBytes(text: string): Uint8Array<ArrayBuffer> {
  const s = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(s, (c) => c.charCodeAt(0));
}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: GenericTransformStream): Promise<Uint8Array<ArrayBuffer>> {
  const piped = new Blob([bytes]).stream().pipeThrough(stream as ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>);
  const reader = piped.getReader();
  const all: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(all).arrayBuffer());
    all.push(value);
    size += value.length;
    if (size > mostInflated) {
      await reader.cancel();
      throw new Error("more than a path may have");
    }
  }
}

const deflated = async (value: unknown) =>
  bytesText(await through(new TextEncoder().encode(JSON.stringify(value)), new CompressionStream("deflate-raw")));

async function inflated(text: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await through(textBytes(text), new DecompressionStream("deflate-raw"))));
}

const isPath = (keys: unknown): keys is string[] => Array.isArray(keys) && keys.every((k) => typeof k === "string");

/** Writes a view. Long paths are compressed. */
export async function write(v: Omit<View, "unread">): Promise<string> {
  const u = [`m=${encodeURIComponent(v.model)}`];
  for (const [name, word] of Object.entries(v.config).sort()) u.push(`c.${name}=${encodeURIComponent(word)}`);
  if (v.initial) u.push(`i=${v.initial}`);
  if (v.path.length) {
    const plain = v.path.map(keyText).join("~");
    if (plain.length <= long) u.push(`p=${plain}`);
    else u.push(`z=${await deflated(v.path)}`);
  }
  if (v.selected !== v.path.length) u.push(`s=${v.selected}`);
  if (v.base !== null) u.push(`b=${v.base}`);
  if (v.about) u.push(`a=${encodeURIComponent(v.about)}`);
  if (v.folded) u.push("d=1");
  if (v.text) u.push("x=1");
  if (v.side) u.push(`n=${encodeURIComponent(v.side)}`);
  if (v.dead) u.push("g=1");
  if (v.watches.length) u.push(`w=${v.watches.map(keyText).join("~")}`);
  if (v.against && v.against.length <= mostOfBranches) u.push(`v=${encodeURIComponent(v.against)}`);
  if (v.branches.length) {
    const packed = await deflated(v.branches);
    if (packed.length <= mostOfBranches) u.push(`y=${packed}`); // Else they are too many for a link.
  }
  if (v.tab) u.push(`t=${encodeURIComponent(v.tab)}`);
  if (v.hidden.length) u.push(`h=${v.hidden.map(keyText).join("~")}`);
  if (v.order.length) u.push(`o=${v.order.map(keyText).join("~")}`);
  if (v.fingerprint) u.push(`f=${v.fingerprint}`);
  return `#${u.join("&")}`;
}

/** Reads a view, or null if there is none. What is wrong in it is left out, and noted. */
export async function read(fragment: string): Promise<View | null> {
  const v: View = {
    model: "", config: {}, initial: 0, path: [], selected: -1, fingerprint: "", base: null, tab: "", hidden: [], order: [],
    about: "", folded: false, text: false, side: "", dead: false, watches: [], branches: [], against: "",
    unread: false,
  };
  const list = (text: string) => text.split("~").map(decodeURIComponent);
  for (const part of fragment.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    const name = part.slice(0, at);
    const text = part.slice(at + 1);
    try {
      if (name === "m") v.model = decodeURIComponent(text);
      else if (name.startsWith("c.")) v.config[name.slice(2)] = decodeURIComponent(text);
      else if (name === "i") v.initial = Math.max(0, parseInt(text, 10) || 0);
      else if (name === "p") v.path = list(text);
      else if (name === "z") {
        const keys = await inflated(text);
        if (!isPath(keys)) throw new Error("no path");
        v.path = keys;
      } else if (name === "s") v.selected = parseInt(text, 10);
      else if (name === "b") v.base = parseInt(text, 10);
      else if (name === "a") v.about = decodeURIComponent(text);
      else if (name === "d") v.folded = text === "1";
      else if (name === "x") v.text = text === "1";
      else if (name === "n") v.side = decodeURIComponent(text);
      else if (name === "g") v.dead = text === "1";
      else if (name === "w") v.watches = list(text);
      else if (name === "v") v.against = decodeURIComponent(text);
      else if (name === "y") {
        const all = await inflated(text);
        if (!Array.isArray(all) || !all.every(isPath)) throw new Error("no branches");
        v.branches = all;
      } else if (name === "t") v.tab = decodeURIComponent(text);
      else if (name === "h") v.hidden = list(text);
      else if (name === "o") v.order = list(text);
      else if (name === "f") v.fingerprint = text;
    } catch {
      v.unread = true;
    }
  }
  if (v.model === "") return null;
  if (!(v.selected >= 0 && v.selected <= v.path.length)) v.selected = v.path.length;
  if (v.base !== null && !(v.base >= 0 && v.base <= v.path.length)) v.base = null;
  return v;
}
