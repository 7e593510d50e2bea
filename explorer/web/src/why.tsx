// Why: what the end of the path shows, and how it came to that, in sentences. Each leads to its step.

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icons";
import * as s from "./store";

const shut = signal(false);
const most = 200; // sentences that are listed

/** What there is to say of a step: what it means, or where the model does not tell, what it is. */
function Sentence({ step }: { step: number }) {
  const of = s.explanation.value?.steps[step - 1];
  const text = s.steps.value[step - 1]?.text ?? "";
  if (!of?.notes?.length) return <code class="muted">{text}</code>;
  return <>{of.notes.map((n, i) => <span key={i} class="sentence">{n}</span>)}</>;
}

/** Whether the sentences are shown. */
export const told = () => !shut.value && !!s.explanation.value?.property && s.tip.value.depth > 0;

export function Why() {
  const list = useRef<HTMLOListElement>(null);
  const e = s.explanation.value;
  const n = s.tip.value.depth;
  const culprit = e ? e.steps.findIndex((x) => x.culprit) + 1 : 0;
  const key = `${e?.property} ${n} ${culprit} ${shut.value}`;
  // The culprit is seen at once, and then what is selected.
  const lead = (step: number) => {
    const ol = list.current;
    const li = ol?.querySelector<HTMLElement>(`[data-step="${step}"]`);
    if (!ol || !li) return;
    if (li.offsetTop < ol.scrollTop || li.offsetTop + li.offsetHeight > ol.scrollTop + ol.clientHeight) {
      ol.scrollTop = Math.max(0, li.offsetTop - (ol.clientHeight - li.offsetHeight) / 2);
    }
  };
  useLayoutEffect(() => lead(culprit || n), [key]);
  useLayoutEffect(() => {
    if (s.selected.value !== n) lead(s.selected.value);
  }, [s.selected.value]);
  if (!e || e.property === "" || n === 0) return null;
  const bad = e.kind === "violation";
  const aside = e.steps.filter((x) => x.aside).length;
  const told = e.steps.map((_, i) => i + 1).filter((step) => step === n || !e.steps[step - 1]?.aside);
  return (
    <section class={`because ${bad ? "bad" : "star"}`} aria-labelledby="because-title">
      <header>
        <Icon name={bad ? "violated" : "example"} />
        <h2 id="because-title">
          {bad ? "Violated" : "Example"}: {e.shows.length > 1 ? (
            <select aria-label="The property to explain" value={e.property} onChange={(ev) => s.tellAbout(s.tip.value, ev.currentTarget.value)}>
              {e.shows.map((name) => <option key={name} value={name}>{name}</option>)}
            </select>
          ) : e.property}
        </h2>
        <span class="muted small">{s.stepsText(n)}{aside > 0 && `, ${aside} aside`}</span>
        <span class="spring" />
        {culprit > 0 && <button type="button" class="small-button bad" onClick={() => s.select(culprit)}>step {culprit} is the culprit</button>}
        <button type="button" class="icon-button" aria-label={shut.value ? "Show the explanation" : "Hide the explanation"} aria-expanded={!shut.value}
          onClick={() => (shut.value = !shut.value)}><Icon name={shut.value ? "down" : "up"} /></button>
      </header>
      {!shut.value && (
        <ol ref={list} class="sentences">
          {told.slice(-most).map((step) => (
            <li key={step} data-step={step} class={`${step === culprit ? "culprit" : ""} ${step === s.selected.value ? "chosen" : ""}`}>
              <button type="button" aria-current={step === s.selected.value ? "step" : undefined} onClick={() => s.select(step)}>
                <span class="number">{step}</span>
                <span class="said"><Sentence step={step} /></span>
                {step === culprit && <span class="badge bad">culprit</span>}
              </button>
            </li>
          ))}
          {e.end && <li class="end muted">… {e.end}.</li>}
        </ol>
      )}
    </section>
  );
}
