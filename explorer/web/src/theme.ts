// Light or dark, as the system prefers, or as was chosen.

import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const key = "synod-theme";
const stored = (): Theme => {
  try {
    const t = localStorage.getItem(key);
    return t === "light" || t === "dark" ? t : "system";
  } catch {
    return "system";
  }
};

export const theme = signal<Theme>(stored());
const dark = matchMedia("(prefers-color-scheme: dark)");
export const isDark = signal(dark.matches);
dark.addEventListener("change", () => (isDark.value = dark.matches));

effect(() => {
  const chosen = theme.value === "system" ? (isDark.value ? "dark" : "light") : theme.value;
  document.documentElement.dataset["theme"] = chosen;
  try {
    if (theme.value === "system") localStorage.removeItem(key);
    else localStorage.setItem(key, theme.value);
  } catch {
    // Nothing is kept then.
  }
});

export const shown = () => (theme.value === "system" ? (isDark.value ? "dark" : "light") : theme.value);
export const switchTheme = () => (theme.value = shown() === "dark" ? "light" : "dark");
