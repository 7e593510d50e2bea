// How a check went over time, drawn by hand: three lines need no library.

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Point } from "./api";
import * as s from "./store";

const size = signal({ width: 600, height: 160 });
const left = 52;
const right = 12;
const foot = 18;

export const short = (n: number) =>
  n >= 1e9 ? `${+(n / 1e9).toFixed(1)}G` : n >= 1e6 ? `${+(n / 1e6).toFixed(1)}M` : n >= 1e3 ? `${+(n / 1e3).toFixed(1)}k` : String(n >= 100 ? Math.round(n) : +n.toFixed(2));

/** Round numbers from 0 to the greatest. */
function ticks(most: number, about: number): number[] {
  const raw = Math.max(most, 1e-9) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((f) => f * power).find((x) => x >= raw) ?? raw;
  const all = [];
  for (let t = 0; t <= most * 1.0001; t += step) all.push(t);
  return all;
}

type Line = { name: string; of: (p: Point) => number; area?: boolean };

function Panel({ all, lines, top, height, last, unit }: {
  all: Point[]; lines: Line[]; top: number; height: number; last: boolean; unit: string;
}) {
  const width = size.value.width;
  const end = Math.max(0.01, all.at(-1)?.seconds ?? 1);
  const most = Math.max(1, ...all.flatMap((p) => lines.map((l) => l.of(p))));
  const x = (t: number) => left + (t / end) * (width - left - right);
  const y = (v: number) => top + height - (v / most) * (height - 10);
  const path = (l: Line) => all.map((p, i) => `${i ? "L" : "M"}${x(p.seconds).toFixed(1)} ${y(l.of(p)).toFixed(1)}`).join("");
  return (
    <g>
      {ticks(most, height > 90 ? 4 : height > 60 ? 3 : 2).map((t) => (
        <g key={t} class="tick">
          <line x1={left} x2={width - right} y1={y(t)} y2={y(t)} />
          <text x={left - 7} y={y(t) + 4} text-anchor="end">{short(t)}</text>
        </g>
      ))}
      {last && ticks(end, Math.max(2, width / 130)).map((t) => (
        <text key={t} class="time" x={x(t)} y={top + height + 14} text-anchor="middle">{short(t)} s</text>
      ))}
      {lines.map((l) => (
        <g key={l.name} class={`series ${l.name}`}>
          {l.area && <path class="area" d={`${path(l)}L${x(end)} ${y(0)}L${left} ${y(0)}z`} />}
          <path class="line" d={path(l)} />
        </g>
      ))}
      <text class="unit" x={left + 4} y={top + 9}>{unit}</text>
    </g>
  );
}

export function Chart() {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    const measure = () => {
      const next = { width: Math.max(200, el.clientWidth), height: Math.max(120, el.clientHeight) };
      if (next.width !== size.value.width || next.height !== size.value.height) size.value = next;
    };
    measure();
    const o = new ResizeObserver(measure);
    o.observe(el);
    return () => o.disconnect();
  }, []);
  const begin: Point = { seconds: 0, generated: 0, unique: 0, depth: 0, frontier: 0, memory: 0, rate: s.series.value[0]?.rate ?? 0 };
  const all = [begin, ...s.series.value];
  const { width, height } = size.value;
  const upper = Math.round((height - foot) * 0.64);
  const now = all.at(-1) ?? begin;
  return (
    <div class="chart" ref={box}>
      <svg width={width} height={height} role="img"
        aria-label={`After ${now.seconds.toFixed(1)} seconds: ${now.unique} states, ${now.frontier} on the frontier, ${Math.round(now.rate)} generated per second`}>
        <Panel all={all} top={0} height={upper} last={false} unit="states"
          lines={[{ name: "unique", of: (p) => p.unique, area: true }, { name: "frontier", of: (p) => p.frontier }]} />
        <Panel all={all} top={upper + 6} height={height - foot - upper - 6} last unit="per second" lines={[{ name: "rate", of: (p) => p.rate }]} />
      </svg>
    </div>
  );
}
