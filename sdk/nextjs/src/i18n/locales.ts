// The languages of the application, and how one is chosen for a visitor.

export const LOCALES = ["en", "hi"] as const;
export type Locale = (typeof LOCALES)[number];
export const DEFAULT_LOCALE: Locale = "en";

/** What `Intl` is asked for: Hindi is written with Devanagari digits. */
export const INTL: Record<Locale, string> = { en: "en-GB", hi: "hi-IN-u-nu-deva" };

/** What each language calls itself. */
export const NAMES: Record<Locale, string> = { en: "English", hi: "हिन्दी" };

export function isLocale(text: string | undefined): text is Locale {
  return LOCALES.some((locale) => locale === text);
}

/** The language that a browser prefers by its `Accept-Language` (RFC 9110, section 12.5.4). */
export function preferred(acceptLanguage: string | null): Locale {
  const wishes = (acceptLanguage ?? "")
    .split(",")
    .map((wish) => {
      const [tag = "", ...parameters] = wish.trim().split(";");
      const weight = parameters.map((text) => /^\s*q=([\d.]+)/.exec(text)?.[1]).find((text) => text !== undefined);
      return { language: tag.split("-")[0]?.toLowerCase(), weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight);
  return wishes.map(({ language }) => language).find(isLocale) ?? DEFAULT_LOCALE;
}

/** The same page in another language. */
export function inLocale(path: string, locale: Locale): string {
  const [, first, ...rest] = path.split("/");
  return `/${[locale, ...(isLocale(first) ? rest : [first, ...rest])].filter(Boolean).join("/")}`;
}
