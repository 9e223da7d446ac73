// Texts by name, with places for values and with plural forms.
import type { en } from "./en";
import * as format from "./format";
import { INTL, type Locale } from "./locales";

/** All texts of one language. A name that ends in `.one` or `.other` is a plural form. */
export type Messages = Record<keyof typeof en, string>;
type Plural<Key> = Key extends `${infer Stem}.other` ? Stem : never;
export type Name = Exclude<keyof Messages, `${string}.one` | `${string}.other`> | Plural<keyof Messages>;
export type Values = Record<string, string | number>;
export type Text = (name: Name, values?: Values) => string;

/** The texts of a language as a function. Numbers are written as the language writes them; `n` chooses the plural form. */
export function speaker(locale: Locale, messages: Messages): Text {
  const plurals = new Intl.PluralRules(INTL[locale]);
  const table: Record<string, string> = messages;
  return (name, values = {}) => {
    const form = typeof values["n"] === "number" ? plurals.select(values["n"]) : "other";
    const pattern = table[name] ?? table[`${name}.${form}`] ?? table[`${name}.other`] ?? name;
    return pattern.replace(/\{(\w+)\}/g, (place, key: string) => {
      const value = values[key];
      if (value === undefined) return place;
      return typeof value === "number" ? format.count(locale, value) : value;
    });
  };
}
