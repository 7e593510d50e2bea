// The API of the server, as docs/explorer-api.md describes it.

export type Change = { path: string; old?: string; new?: string };
export type Action = { key: string; kind: string; text: string; actor: string; from?: string; message?: string };
export type Sent = { from: string; to: string; message: string };
export type Step = Action & {
  cause?: number;
  sent?: Sent[];
  changes?: Change[];
  fingerprint: string;
  answers: boolean[];
};
export type Choice = Action & {
  ignored?: string;
  cut?: boolean;
  same?: boolean;
  fingerprint?: string;
  answers?: boolean[];
};
export type Property = { name: string; expect: string; answer: boolean };
export type Value = { name?: string; text: string; parts?: Value[]; more?: boolean };
export type Letter = {
  from: string;
  to: string;
  message: string;
  copies: number;
  deliverable: boolean;
  key: string;
};
export type Slot = {
  name: string;
  role: "actor" | "nobody" | "observer" | "state" | "other";
  type?: string;
  down?: boolean;
  value: Value;
  letters?: Letter[];
  timers?: string[];
  choices?: string[];
  durable?: boolean;
  lost?: Change[];
  visualized?: boolean;
};
export type Config = Record<string, string>;
export type State = {
  model: string;
  config: Config;
  initial: number;
  initials: number;
  length: number;
  from: number;
  steps: Step[];
  fingerprint: string;
  slots: Slot[];
  properties: Property[];
  actions: Choice[];
};
export type Option = {
  name: string;
  doc: string;
  default: string;
  values?: string[];
  min?: number;
  max?: number;
  optional?: boolean;
};
export type Model = { name: string; summary: string; options: Option[] };
export type Models = { models: Model[]; model: string; config: Config; reduce?: string };
export type Way = { found: boolean; path: string[]; visited?: number; ended?: string; initial?: number; shortest?: boolean };
export type Point = {
  seconds: number;
  generated: number;
  unique: number;
  depth: number;
  frontier: number;
  memory: number;
  rate: number;
};
export type Discovery = {
  property: string;
  expect: string;
  initial: number;
  path: string[];
  loop?: number;
  maximal?: boolean;
};
export type Check = {
  id: number;
  state: "none" | "running" | "paused" | "done";
  model?: string;
  config?: Config;
  engine?: string;
  now: Point;
  series?: Point[];
  properties: { name: string; expect: string; verdict: string }[];
  discoveries: Discovery[];
  exhausted?: boolean;
  stopped?: string;
  error?: string;
  exit: number;
};
export type Format = { name: string; summary: string; file: string; type: string };
export type Explained = { past?: boolean; aside?: boolean; culprit?: boolean; notes?: string[] };
export type Explanation = { property: string; kind: string; shows: string[]; end?: string; steps: Explained[] };
export type Cell = { column: number; text: string; mark?: string };
export type Picture = {
  title: string;
  axis: string;
  columns: string[];
  rows: { name: string; cells: Cell[]; note?: string }[];
  legend?: { mark: string; text: string }[];
};
export type Dead = { proved: boolean; evidence: string; states: number; letters: { slot: string; key: string; why: string }[] };
export type Goal = {
  property?: string;
  answer?: boolean;
  slot?: string;
  field?: string;
  equals?: string;
  message?: string;
};
export type Query = {
  model: string;
  config: Config;
  initial: number;
  path: string[];
  from?: number;
  goal?: Goal;
  seed?: number;
  count?: number;
  property?: string;
  fields?: string[];
};

/** What the server says is wrong. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly step = 0,
    readonly key = "",
    readonly why = "", // the step does not apply
  ) {
    super(message);
  }
}

async function checked(answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  let error = { message: `the server answered with ${answer.status}`, code: "http", step: 0, key: "", why: "" };
  try {
    error = { ...error, ...(await answer.json()).error };
  } catch {
    // Not from our server: what it says does not matter.
  }
  throw new ApiError(error.message, error.code, error.step, error.key, error.why);
}

async function ask(path: string, body?: unknown): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(`api/v1/${path}`, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  } catch {
    throw new ApiError("the server does not answer; is paxos explore still running?", "offline");
  }
  return checked(answer);
}

async function json<T>(path: string, body?: unknown): Promise<T> {
  return (await ask(path, body)).json() as Promise<T>;
}

export const models = () => json<Models>("models");
export const state = (q: Query) => json<State>("state", q);
export const random = (q: Query) => json<Way>("random", q);
export const seek = (q: Query) => json<Way>("seek", q);
export const explain = (q: Query) => json<Explanation>("explain", q);
export const dead = (q: Query) => json<Dead>("dead", q);
export const pictures = async (q: Query) => (await json<{ pictures: Picture[] }>("pictures", q)).pictures;
export const values = async (q: Query) => (await json<{ values: string[][] }>("values", q)).values;
export const minimize = (q: Query) => json<Way>("minimize", q);
export const formats = async () => (await json<{ formats: Format[] }>("formats")).formats;
export const exported = async (format: string, q: Query) =>
  (await ask(`export?format=${encodeURIComponent(format)}`, q)).text();
export const startCheck = (body: { model: string; config: Config; engine: string }) => json<Check>("check", body);
export const commandCheck = (command: "pause" | "resume" | "stop") => json<Check>(`check/${command}`, {});

/** The address of the visualization of the history at the end of a path. */
export function timelineAddress(q: Query, dark: boolean): string {
  const u = new URLSearchParams(q.config);
  if (dark) u.set("theme", "dark");
  u.set("model", q.model);
  u.set("initial", String(q.initial));
  for (const step of q.path) u.append("step", step);
  return `api/v1/timeline?${u}`;
}

const again = 2000; // milliseconds until a stream that was refused is asked for again

/** How the page hears of the check: as it goes, by asking now and then since too many others listen, or not at all. */
export type Line = "live" | "asking" | "none";

/**
 * Listens to the check, for as long as the page is there. A page that nobody sees does not: browsers have six connections
 * to a server, and six such pages would leave none for the seventh.
 */
export function listen(heard: (c: Check) => void, line: (is: Line) => void) {
  let source: EventSource | null = null;
  let timer = 0;
  const begin = () => {
    clearTimeout(timer);
    if (source || document.hidden) return;
    source = new EventSource("api/v1/check/events");
    source.addEventListener("check", (e) => heard(JSON.parse((e as MessageEvent<string>).data) as Check));
    source.onopen = () => line("live");
    source.onerror = () => {
      if (source?.readyState !== EventSource.CLOSED) return line("none"); // The browser tries again.
      source = null;
      // The server answered, but with no stream: all may be taken.
      void json<Check>("check").then(
        (c) => {
          line("asking");
          heard(c);
        },
        () => line("none"),
      ).then(() => {
        timer = window.setTimeout(begin, again);
      });
    };
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return begin();
    clearTimeout(timer);
    source?.close();
    source = null;
  });
  begin();
}
