// The document around every page of the tracker.
import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import { notFound } from "next/navigation";
import { Document } from "@/components/document";
import { Shell } from "@/components/shell/shell";
import { text as textOf } from "@/i18n/index";
import { isLocale, LOCALES } from "@/i18n/locales";
import { THEME_COOKIE, themeOf } from "@/model/choices";
import { appOrigin } from "@/server/env";
import { currentSession } from "@/server/session";

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#faf8f5" },
    { media: "(prefers-color-scheme: dark)", color: "#131110" },
  ],
};

export async function generateMetadata({ params }: LayoutProps<"/[locale]">): Promise<Metadata> {
  const { locale } = await params;
  if (!isLocale(locale)) return {};
  const text = textOf(locale);
  return {
    metadataBase: new URL(appOrigin()),
    title: { template: `%s · ${text("app.name")}`, default: text("app.name") },
    description: text("app.about"),
    alternates: { languages: Object.fromEntries(LOCALES.map((locale) => [locale, `/${locale}`])) },
  };
}

export default async function Layout({ params, children }: LayoutProps<"/[locale]">) {
  const { locale } = await params;
  if (!isLocale(locale)) notFound();
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <Document locale={locale} theme={theme}>
      <Shell locale={locale} theme={theme} session={await currentSession()}>
        {children}
      </Shell>
    </Document>
  );
}
