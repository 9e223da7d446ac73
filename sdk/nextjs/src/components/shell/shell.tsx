// What stands around every page of the tracker.
import Link from "next/link";
import type { ReactNode } from "react";
import { text as textOf } from "@/i18n/index";
import type { Locale } from "@/i18n/locales";
import type { Theme } from "@/model/choices";
import { mayReview } from "@/model/role";
import { logout } from "@/server/actions/session";
import type { Session } from "@/server/session";
import { Brand } from "../icon";
import { LocaleLink } from "./locale-link";
import { NavLink } from "./nav-link";
import css from "./shell.module.css";
import { ThemeToggle } from "./theme-toggle";

interface Props {
  readonly locale: Locale;
  readonly theme: Theme;
  readonly session: Session | undefined;
  readonly children: ReactNode;
}

export function Shell({ locale, theme, session, children }: Props) {
  const text = textOf(locale);
  return (
    <>
      <a className={css.skip} href="#main">
        {text("app.skip")}
      </a>
      <header className={css.header}>
        <div className={css.bar}>
          <Link className={css.brand} href={`/${locale}`}>
            <Brand />
            {text("app.name")}
          </Link>
          <nav className={css.nav} aria-label={text("nav.label")}>
            <NavLink href={`/${locale}`}>{text("nav.dashboard")}</NavLink>
            <NavLink href={`/${locale}/leaders`}>{text("nav.leaders")}</NavLink>
            {session && mayReview(session.role) && <NavLink href={`/${locale}/review`}>{text("nav.review")}</NavLink>}
            <a href={`/${locale}/partner`}>{text("nav.partner")}</a>
          </nav>
          <div className={css.tools}>
            <LocaleLink current={locale} />
            <ThemeToggle initial={theme} />
            {session ? (
              <form action={logout}>
                <input type="hidden" name="locale" value={locale} />
                <button
                  type="submit"
                  className={css.tool}
                  title={text("login.as", { name: session.name, role: text(`role.${session.role}`) })}
                >
                  {text("nav.logout")}
                </button>
              </form>
            ) : (
              <Link className={css.tool} href={`/${locale}/login`}>
                {text("nav.login")}
              </Link>
            )}
          </div>
        </div>
      </header>
      <main id="main" className={css.main} tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
