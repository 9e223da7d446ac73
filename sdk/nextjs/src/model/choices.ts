// What a visitor chose, kept in cookies that say nothing else.

export const LOCALE_COOKIE = "amber-locale";
export const THEME_COOKIE = "amber-theme";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const themeOf = (text: string | undefined): Theme => THEMES.find((theme) => theme === text) ?? "auto";
