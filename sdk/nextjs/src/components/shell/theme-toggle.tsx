"use client";
// Switches between the system's theme, light and dark. The choice is a cookie, so pages come in it without a flash.
import { useState } from "react";
import { useText } from "@/i18n/provider";
import { THEME_COOKIE, THEMES, type Theme } from "@/model/choices";
import { Icon } from "../icon";
import css from "./shell.module.css";

const YEAR_SECONDS = 31_536_000;

export function ThemeToggle({ initial }: { initial: Theme }) {
  const text = useText();
  const [theme, setTheme] = useState(initial);
  const next = () => {
    const chosen = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
    document.documentElement.dataset["theme"] = chosen;
    // biome-ignore lint/suspicious/noDocumentCookie: not every browser has the other way
    document.cookie = `${THEME_COOKIE}=${chosen}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
    setTheme(chosen);
  };
  const label = text("theme.label", { theme: text(`theme.${theme}`) });
  return (
    <button type="button" className={css.tool} onClick={next} aria-label={label} title={label}>
      <Icon name={theme} />
    </button>
  );
}
