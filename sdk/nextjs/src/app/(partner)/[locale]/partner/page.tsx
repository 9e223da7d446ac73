// A page of an invented newspaper that shows a dashboard of Amber.
import type { Metadata } from "next";
import { cookies } from "next/headers";
import css from "@/components/partner/partner.module.css";
import { Story } from "@/components/partner/story";
import { LocaleLink } from "@/components/shell/locale-link";
import shell from "@/components/shell/shell.module.css";
import { ThemeToggle } from "@/components/shell/theme-toggle";
import { text as textOf } from "@/i18n/index";
import type { Locale } from "@/i18n/locales";
import { THEME_COOKIE, themeOf } from "@/model/choices";
import { apiKey } from "@/server/env";

export async function generateMetadata({ params }: PageProps<"/[locale]/partner">): Promise<Metadata> {
  return { title: textOf((await params).locale as Locale)("partner.title"), robots: { index: false } };
}

export default async function Page({ params }: PageProps<"/[locale]/partner">) {
  const locale = (await params).locale as Locale;
  const text = textOf(locale);
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <>
      <a className={shell.skip} href="#main">
        {text("app.skip")}
      </a>
      <div className={css.paper}>
        <header className={css.masthead}>
          <a className={shell.tool} href={`/${locale}`}>
            ← {text("app.name")}
          </a>
          <p className={css.title}>{text("partner.title")}</p>
          <div className={shell.tools}>
            <LocaleLink current={locale} />
            <ThemeToggle initial={theme} />
          </div>
        </header>
        <main id="main" className={css.story} tabIndex={-1}>
          <p className={css.kicker}>{text("partner.kicker")}</p>
          <h1>{text("partner.headline")}</h1>
          <p className={css.lead}>{text("partner.lead")}</p>
          {apiKey() ? <Story theme={theme} /> : <p className="notice">{text("partner.off")}</p>}
        </main>
      </div>
    </>
  );
}
