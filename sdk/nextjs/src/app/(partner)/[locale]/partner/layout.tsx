// The document around the page of an invented partner, which has nothing of the tracker but the texts.
import { cookies } from "next/headers";
import { notFound } from "next/navigation";
import { Document } from "@/components/document";
import { isLocale } from "@/i18n/locales";
import { THEME_COOKIE, themeOf } from "@/model/choices";

export default async function Layout({ params, children }: LayoutProps<"/[locale]/partner">) {
  const { locale } = await params;
  if (!isLocale(locale)) notFound();
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <Document locale={locale} theme={theme}>
      {children}
    </Document>
  );
}
