"use client";
// Gives the texts of the page's language to the parts that run in the browser.
import { createContext, type ReactNode, use, useMemo } from "react";
import type { Locale } from "./locales";
import { type Messages, speaker, type Text } from "./text";

const Context = createContext<{ locale: Locale; text: Text } | undefined>(undefined);

export function TextProvider({
  locale,
  messages,
  children,
}: {
  locale: Locale;
  messages: Messages;
  children: ReactNode;
}) {
  const value = useMemo(() => ({ locale, text: speaker(locale, messages) }), [locale, messages]);
  return <Context value={value}>{children}</Context>;
}

function useContextValue() {
  const value = use(Context);
  if (!value) throw new Error("a part with texts stands outside of TextProvider");
  return value;
}

export const useText = (): Text => useContextValue().text;
export const useLocale = (): Locale => useContextValue().locale;
