"use client";
// Leads to the same page in the other language.
import { usePathname } from "next/navigation";
import { inLocale, LOCALES, type Locale, NAMES } from "@/i18n/locales";
import css from "./shell.module.css";

export function LocaleLink({ current }: { current: Locale }) {
  const path = usePathname();
  const others = LOCALES.filter((locale) => locale !== current);
  // A plain link: the language of the document changes with the whole page.
  return others.map((locale) => (
    <a key={locale} className={css.tool} href={inLocale(path, locale)} hrefLang={locale} lang={locale}>
      {NAMES[locale]}
    </a>
  ));
}
