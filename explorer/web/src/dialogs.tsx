import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { Icon } from "./icons";
import * as s from "./store";

function Dialog({ title, children, wide }: { title: string; children: ComponentChildren; wide?: boolean }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const d = ref.current;
    const before = document.activeElement as HTMLElement | null;
    d?.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog ref={ref} class={wide ? "wide" : ""} aria-labelledby="dialog-title" onClose={() => (s.dialog.value = "")}
      onClick={(e) => e.target === ref.current && ref.current?.close()}>
      <div class="dialog-body">
        <header>
          <h2 id="dialog-title">{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => ref.current?.close()}><Icon name="close" /></button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

const keys: [string, string][] = [
  ["j / k", "next / previous step"],
  ["h / l", "previous / next branch"],
  ["1 – 9", "take an action"],
  ["/", "filter the actions"],
  ["s", "search in the steps"],
  ["d", "go to the next discovery"],
  ["u / U", "undo / redo"],
  ["[ / ]", "previous / next change of the watched fields"],
  ["f", "fold away all but the causal past"],
  ["g", "run until …"],
  ["r", "walk 10 steps at random"],
  ["p", "pause or resume the check"],
  ["e", "export"],
  ["m", "choose a model"],
  ["t", "light or dark"],
  ["?", "this help"],
];

function Help() {
  return (
    <Dialog title="Keys">
      <dl class="keys">
        {keys.map(([k, what]) => <div key={k}><dt>{k.split(" / ").map((one, i) => <>{i > 0 && " / "}<kbd>{one}</kbd></>)}</dt><dd>{what}</dd></div>)}
      </dl>
      <h3>Marks</h3>
      <ul class="marks">
        <li><Icon name="holds" /> holds in that state</li>
        <li><Icon name="violated" /> is violated in that state</li>
        <li><Icon name="example" /> that state is an example</li>
        <li><Icon name="open" /> that state is no example</li>
      </ul>
      <p class="muted">The address of the page holds the whole view: copy it, and a colleague with the same model sees the same.</p>
    </Dialog>
  );
}

const kept = signal<api.Format[]>([]);

function Export() {
  const [format, choose] = useState("");
  const [got, show] = useState<{ of: api.Format; text: string } | null>(null);
  const [problem, fail] = useState("");
  useEffect(() => {
    if (kept.value.length === 0) api.formats().then((all) => (kept.value = all), (e: unknown) => fail(s.textOf(e)));
  }, []);
  const chosen = kept.value.find((f) => f.name === format) ?? kept.value[0];
  useEffect(() => {
    if (!chosen) return;
    let old = false;
    fail("");
    api.exported(chosen.name, s.query(s.tip.value)).then(
      (text) => !old && show({ of: chosen, text }),
      (e: unknown) => !old && fail(s.textOf(e)),
    );
    return () => {
      old = true;
    };
  }, [chosen?.name]);
  // What arrived last may still be of the format that was chosen before.
  const there = got !== null && got.of === chosen && problem === "";
  const text = there ? got.text : "…";
  const save = () => {
    if (!chosen) return;
    const a = document.createElement("a");
    a.href = URL.createObjectURL(new Blob([text], { type: chosen.type }));
    a.download = chosen.file;
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 1000);
  };
  return (
    <Dialog title={`Export the path of ${s.stepsText(s.tip.value.depth)}`} wide>
      {problem && <p class="why bad" role="alert">Not exported: {problem}.</p>}
      <div class="export">
        <div class="formats" role="radiogroup" aria-label="Format">
          {kept.value.map((f) => (
            <label key={f.name} class={chosen === f ? "on" : ""}>
              <input type="radio" name="format" value={f.name} checked={chosen === f} onChange={() => choose(f.name)} /><span><b>{f.name}</b> {f.summary}</span>
            </label>
          ))}
        </div>
        <pre class="preview" tabIndex={0} aria-label="What is exported">{text.length > 20000 ? `${text.slice(0, 20000)}\n…` : text}</pre>
      </div>
      <p class="buttons">
        <button type="button" class="button primary" disabled={!there} onClick={save}>Save {chosen?.file}</button>
        <button type="button" class="button" disabled={!there} onClick={() => void s.copy(text, "Copied.")}>Copy</button>
      </p>
    </Dialog>
  );
}

/** A number that is 0 or 1 tells whether something is off or on. */
const isSwitch = (o: api.Option) => !o.values?.length && o.default === "0" && !o.min && o.max === 1;

function Models() {
  const [name, choose] = useState(s.model.value);
  const [words, write] = useState<api.Config>(s.config.value);
  const chosen = s.catalogue.value.find((m) => m.name === name);
  const open = (check: boolean) => {
    s.dialog.value = "";
    const given = Object.fromEntries(Object.entries(words).filter(([, w]) => w !== ""));
    void s.openModel(name, given).then((opening) => {
      if (check && opening === "open") void s.startCheck().then((c) => (s.check.value = c), s.fail);
    });
  };
  return (
    <Dialog title="Model" wide>
      <form class="model-form" onSubmit={(e) => { e.preventDefault(); open(true); }}>
        <div class="model-list" role="radiogroup" aria-label="Model">
          {s.catalogue.value.map((m) => (
            <label key={m.name} class={m.name === name ? "on" : ""}>
              <input type="radio" name="model" value={m.name} checked={m.name === name}
                onChange={() => { choose(m.name); write(m.name === s.model.value ? s.config.value : {}); }} />
              <b>{m.name}</b><span>{m.summary}</span>
            </label>
          ))}
        </div>
        {chosen && chosen.options.length > 0 && <fieldset>
          <legend>Settings</legend>
          {chosen.options.map((o) => (
            <label key={o.name} class="setting">
              <span><b>{o.name}</b> <span class="muted">{o.doc}</span></span>
              {o.values?.length || isSwitch(o) ? (
                <select value={words[o.name] ?? o.default} onChange={(e) => write({ ...words, [o.name]: e.currentTarget.value })}>
                  {o.optional && <option value="">none</option>}
                  {isSwitch(o) && ["off", "on"].map((word, i) => <option key={word} value={String(i)}>{word}</option>)}
                  {o.values?.map((v) => <option key={v} value={v}>{v}</option>)}
                </select>
              ) : (
                <input type="number" min={o.min} max={o.max || undefined} placeholder={o.default} value={words[o.name] ?? ""}
                  onInput={(e) => write({ ...words, [o.name]: e.currentTarget.value })} />
              )}
            </label>
          ))}
        </fieldset>}
        <p class="buttons sticky">
          <label class="engine">Search <select value={s.engine.value} onChange={(e) => (s.engine.value = e.currentTarget.value)}>
            {s.engines.map(([id, title]) => <option key={id} value={id}>{title}</option>)}
          </select></label>
          <span class="spring" />
          <button type="button" class="button" onClick={() => open(false)}>Open</button>
          <button type="submit" class="button primary">Open and check</button>
        </p>
      </form>
    </Dialog>
  );
}

function Seek() {
  const state = s.stateOf(s.here.value);
  const [what, choose] = useState<"property" | "field" | "message">("property");
  const [property, pick] = useState("");
  const [field, name] = useState(s.watches.value.at(-1) ?? "");
  const [equals, is] = useState("");
  const [message, say] = useState("");
  const properties = state?.properties ?? [];
  const first = properties[0]?.name ?? "";
  const go = (e: Event) => {
    e.preventDefault();
    s.dialog.value = "";
    const p = properties.find((x) => x.name === (property || first));
    if (what === "property" && p) void s.runUntil({ property: p.name, answer: p.expect !== "always" });
    if (what === "message") void s.runUntil({ message });
    if (what === "field") {
      const slot = state?.slots.map((x) => x.name).filter((n) => field === n || field.startsWith(`${n}.`) || field.startsWith(`${n}[`))
        .sort((a, b) => b.length - a.length)[0];
      if (slot === undefined) s.notice.value = `“${field}” names no field: expected an actor and a field, such as server 0.Durable.Decided.`;
      else void s.runUntil({ slot, field: field.slice(slot.length).replace(/^\./, ""), equals });
    }
  };
  return (
    <Dialog title="Run until …">
      <form onSubmit={go} class="seek">
        <p class="muted">Searches breadth first from the selected step, and walks the shortest way.</p>
        <label class={what === "property" ? "on" : ""}><input type="radio" name="what" checked={what === "property"} onChange={() => choose("property")} />
          <span>a property is violated, or has its example</span></label>
        {what === "property" && (
          <select aria-label="Property" value={property || first} onChange={(e) => pick(e.currentTarget.value)}>
            {properties.map((p) => <option key={p.name} value={p.name}>{p.name}: {p.expect === "always" ? "violated" : "example"}</option>)}
          </select>
        )}
        <label class={what === "field" ? "on" : ""}><input type="radio" name="what" checked={what === "field"} onChange={() => choose("field")} />
          <span>a field changes, or has a value</span></label>
        {what === "field" && (
          <div class="pair">
            <input aria-label="Field" placeholder="server 0.Durable.Decided" value={field} onInput={(e) => name(e.currentTarget.value)} required />
            <input aria-label="Value; empty for any other than now" placeholder="any other value" value={equals} onInput={(e) => is(e.currentTarget.value)} />
          </div>
        )}
        <label class={what === "message" ? "on" : ""}><input type="radio" name="what" checked={what === "message"} onChange={() => choose("message")} />
          <span>a message is in flight that contains</span></label>
        {what === "message" && <input aria-label="Text of the message" placeholder="GetOk" value={message} onInput={(e) => say(e.currentTarget.value)} required />}
        <p class="buttons"><button type="submit" class="button primary">Run</button></p>
      </form>
    </Dialog>
  );
}

export function Dialogs() {
  switch (s.dialog.value) {
    case "help": return <Help />;
    case "export": return <Export />;
    case "model": return <Models />;
    case "seek": return <Seek />;
    default: return null;
  }
}
