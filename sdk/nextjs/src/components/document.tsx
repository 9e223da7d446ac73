// The document around every page: its language, its look, and the texts for what runs in the browser.
import "@/styles/base.css";
import type { ReactNode } from "react";
import { messages } from "@/i18n/index";
import type { Locale } from "@/i18n/locales";
import { TextProvider } from "@/i18n/provider";
import type { Theme } from "@/model/choices";

interface Props {
  readonly locale: Locale;
  readonly theme: Theme;
  readonly children: ReactNode;
}

export function Document({ locale, theme, children }: Props) {
  return (
    <html lang={locale} data-theme={theme}>
      <body>
        <TextProvider locale={locale} messages={messages(locale)}>
          {children}
        </TextProvider>
      </body>
    </html>
  );
}
