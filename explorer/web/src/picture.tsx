// Pictures that a model gives of a state in the terms of its protocol: actors in rows, ballots or slots on an axis.

import { effect, signal } from "@preact/signals";
import * as api from "./api";
import * as s from "./store";

const drawn = signal<{ of: s.Place; all: api.Picture[] } | null>(null);
const kept = new WeakMap<s.Place, api.Picture[]>();

effect(() => {
  const place = s.here.value;
  if (s.tab.value !== "picture" || drawn.peek()?.of === place || !place.state) {
    void s.fetched.value;
    return;
  }
  const known = kept.get(place);
  if (known) {
    drawn.value = { of: place, all: known };
    return;
  }
  api.pictures({ ...s.query(place), property: "" }).then((all) => {
    kept.set(place, all);
    if (s.here.value === place) drawn.value = { of: place, all };
  }, s.fail);
});

const marks: [string, string][] = [
  ["promised", "promised"], ["proposed", "asked for"], ["accepted", "accepted"], ["chosen", "chosen"], ["applied", "executed"],
];

function One({ picture }: { picture: api.Picture }) {
  const used = new Set(picture.rows.flatMap((r) => r.cells.map((c) => c.mark)));
  return (
    <figure class="picture">
      <table>
        <caption>{picture.title}</caption>
        <thead>
          <tr>
            <th scope="col" class="axis">{picture.axis} →</th>
            {picture.columns.map((c) => <th key={c} scope="col"><span class="tick">{c}</span></th>)}
            <th scope="col"><span class="sr">remarks</span></th>
          </tr>
        </thead>
        <tbody>
          {picture.rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name}</th>
              {picture.columns.map((name, i) => {
                const c = row.cells.find((x) => x.column === i);
                return (
                  <td key={name} class={i === picture.columns.length - 1 ? "end" : ""}>
                    {c && (
                      <span class={`disc ${c.mark}`} title={`${row.name}, ${picture.axis} ${name}: ${markText(c.mark)} ${c.text}`}>
                        {c.text || <span class="sr">{markText(c.mark)}</span>}
                      </span>
                    )}
                    {c?.text && <span class="sr"> {markText(c.mark)}</span>}
                  </td>
                );
              })}
              <td class="remark">{row.note}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <figcaption>
        {marks.filter(([id]) => used.has(id)).map(([id, text]) => <span key={id}><span class={`disc small ${id}`} aria-hidden="true" />{text}</span>)}
      </figcaption>
    </figure>
  );
}

const markText = (mark?: string) => marks.find(([id]) => id === mark)?.[1] ?? "";

export function Pictures() {
  const d = drawn.value;
  if (!d || d.of !== s.here.value) return d ? <div class="pictures stale">{d.all.map((p) => <One key={p.title} picture={p} />)}</div> : <p class="empty">…</p>;
  if (d.all.length === 0) return <p class="empty">This model draws no picture of its states.</p>;
  return <div class="pictures">{d.all.map((p) => <One key={p.title} picture={p} />)}</div>;
}
