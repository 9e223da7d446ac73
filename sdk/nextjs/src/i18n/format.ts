// Numbers and times as a language writes them.
import { INTL, type Locale } from "./locales";

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.DisplayNames>();

/** Formatters are costly to make and are made once. */
function once<F extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.DisplayNames>(key: string, make: () => F): F {
  const known = made.get(key) as F | undefined;
  if (known) return known;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}

function numbers(locale: Locale, name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return once(`${locale} ${name}`, () => new Intl.NumberFormat(INTL[locale], options));
}

/** `1,234`, or `१,२३४`. */
export const count = (locale: Locale, value: number): string => numbers(locale, "count", {}).format(value);

/** `1.2K`, for counts that only tell the order of things. */
export const brief = (locale: Locale, value: number): string =>
  numbers(locale, "brief", { notation: "compact", maximumFractionDigits: 1 }).format(value);

/** A fraction from 0 to 1 as `42%`. */
export const share = (locale: Locale, value: number): string =>
  numbers(locale, "share", { style: "percent", maximumFractionDigits: 0 }).format(value);

/** A score from -1 to 1 as `+0.42`. */
export const score = (locale: Locale, value: number): string =>
  numbers(locale, "score", {
    signDisplay: "exceptZero",
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  }).format(value);

/** `22 Nov 2026, 11:38`; without a zone in UTC. */
export function moment(locale: Locale, iso: string, timeZone = "UTC"): string {
  const options: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "short", hourCycle: "h23", timeZone };
  return once(`${locale} moment ${timeZone}`, () => new Intl.DateTimeFormat(INTL[locale], options)).format(
    new Date(iso),
  );
}

/** A UTC day `YYYY-MM-DD` as `22 Nov`. */
export function day(locale: Locale, date: string): string {
  const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", timeZone: "UTC" };
  return once(`${locale} day`, () => new Intl.DateTimeFormat(INTL[locale], options)).format(
    new Date(`${date}T00:00:00Z`),
  );
}

/** What a BCP 47 tag is called: `Hindi`, `हिन्दी`. */
export function language(locale: Locale, tag: string): string | undefined {
  if (tag === "und" || tag === "") return undefined;
  try {
    return once(`${locale} language`, () => new Intl.DisplayNames([INTL[locale]], { type: "language" })).of(tag);
  } catch {
    // X has tags of its own that are none of BCP 47, such as `qme`.
    return undefined;
  }
}
