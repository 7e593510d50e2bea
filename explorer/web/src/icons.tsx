// Icons are drawn here, so that nothing is loaded. They always stand beside a word, or carry one.

const shapes: Record<string, preact.JSX.Element> = {
  holds: <path d="M3.5 8.5l3 3 6-7" />,
  violated: <path d="M4 4l8 8M12 4l-8 8" />,
  example: <path d="M8 2.2l1.7 3.7 4 .4-3 2.7.9 4L8 10.9 4.4 13l.9-4-3-2.7 4-.4z" />,
  open: <circle cx="8" cy="8" r="4.5" />,
  deliver: <path d="M2.5 8h10M9 4.5L12.5 8 9 11.5" />,
  drop: <path d="M2.5 8h6M10 5.5l4 5M14 5.5l-4 5" />,
  timeout: <path d="M8 4.5V8l2.5 1.5M8 2.2a5.8 5.8 0 100 11.6A5.8 5.8 0 008 2.2z" />,
  choose: <path d="M3 3h10v10H3zM6 6h.01M10 10h.01M8 8h.01" />,
  act: <path d="M5 3l7 5-7 5z" />,
  crash: <path d="M9 1.5L4 9h4l-1 5.5L12 7H8z" />,
  recover: <path d="M3.5 8a4.5 4.5 0 108-2.8M12 2v3.5H8.5" />,
  cut: <path d="M2.5 8H6M10 8h3.5M7 4l2 8" />,
  heal: <path d="M2.5 8h11M8 5v6" />,
  play: <path d="M5 3l7 5-7 5z" />,
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  stop: <path d="M4 4h8v8H4z" />,
  undo: <path d="M6 3L2.5 6.5 6 10M3 6.5h6.5a3.5 3.5 0 010 7H7" />,
  redo: <path d="M10 3l3.5 3.5L10 10M13 6.5H6.5a3.5 3.5 0 000 7H9" />,
  up: <path d="M4 10l4-4 4 4" />,
  down: <path d="M4 6l4 4 4-4" />,
  left: <path d="M10 4L6 8l4 4" />,
  right: <path d="M6 4l4 4-4 4" />,
  sun: <path d="M8 5.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6zM8 1v1.8M8 13.2V15M1 8h1.8M13.2 8H15M3 3l1.3 1.3M11.7 11.7L13 13M13 3l-1.3 1.3M4.3 11.7L3 13" />,
  moon: <path d="M13 9.5A5.5 5.5 0 116.5 3 4.5 4.5 0 0013 9.5z" />,
  link: <path d="M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 014.5 4.5L11.5 9M9 11.5L7.5 13A3 3 0 013 8.5L4.5 7" />,
  export: <path d="M8 10V2.5M5 5l3-3 3 3M3 9.5V13h10V9.5" />,
  search: <path d="M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.5 10.5L14 14" />,
  eye: <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6.3a1.7 1.7 0 100 3.4 1.7 1.7 0 000-3.4z" />,
  loop: <path d="M12.5 6A5 5 0 104 11.5M12.5 2.5V6H9" />,
  wall: <path d="M3 3l10 10M8 2.2a5.8 5.8 0 100 11.6A5.8 5.8 0 008 2.2z" />,
  dice: <path d="M3 3h10v10H3zM5.8 5.8h.01M10.2 5.8h.01M8 8h.01M5.8 10.2h.01M10.2 10.2h.01" />,
  target: <path d="M8 2.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11zM8 6.5a1.5 1.5 0 100 3 1.5 1.5 0 000-3z" />,
  help: <path d="M6 6.2A2 2 0 118.5 8.1c-.4.2-.5.5-.5 1.1M8 11.5h.01M8 2.2a5.8 5.8 0 100 11.6A5.8 5.8 0 008 2.2z" />,
  list: <path d="M3 4h.01M3 8h.01M3 12h.01M6 4h7.5M6 8h7.5M6 12h7.5" />,
  fold: <path d="M4 2.5L8 6l4-3.5M4 13.5L8 10l4 3.5" />,
  shorten: <path d="M2 8h4M14 8h-4M4 5.5L6.5 8 4 10.5M12 5.5L9.5 8l2.5 2.5" />,
  close: <path d="M4 4l8 8M12 4l-8 8" />,
};

export function Icon({ name, label }: { name: string; label?: string }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" width="16" height="16" role={label ? "img" : undefined}
      aria-label={label} aria-hidden={label ? undefined : "true"} focusable="false">
      {shapes[name] ?? shapes["act"]}
    </svg>
  );
}

/** What a property's answer means in a state, and in one that nothing can follow. */
export function meaning(expect: string, answer: boolean, terminal = false): "holds" | "violated" | "example" | "open" {
  if (expect === "always" || (expect === "quiescent" && terminal)) return answer ? "holds" : "violated";
  if (expect === "sometimes") return answer ? "example" : "open";
  return answer ? "holds" : "open"; // of what is demanded of a path, a state only tells whether it is there
}

export const meaningText = { holds: "holds", violated: "violated", example: "example", open: "not here" } as const;
