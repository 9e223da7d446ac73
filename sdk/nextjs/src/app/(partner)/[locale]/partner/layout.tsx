// The document around the page of an invented partner, which has nothing of the tracker but the texts.
import "@/styles/base.css";
import { cookies } from "next/headers";
import { notFound } from "next/navigation";
import { messages } from "@/i18n/index";
import { isLocale } from "@/i18n/locales";
import { TextProvider } from "@/i18n/provider";
import { THEME_COOKIE, themeOf } from "@/model/choices";

export default async function Layout({ params, children }: LayoutProps<"/[locale]/partner">) {
  const { locale } = await params;
  if (!isLocale(locale)) notFound();
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value);
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
