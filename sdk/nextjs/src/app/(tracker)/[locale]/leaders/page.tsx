// The leaders, and for whoever is logged in what can be done with them.
import type { Metadata } from "next";
import Link from "next/link";
import { FailedPart } from "@/components/failure";
import { AddLeader } from "@/components/leaders/add-leader";
import { LeaderList } from "@/components/leaders/leader-list";
import css from "@/components/leaders/leaders.module.css";
import shell from "@/components/shell/shell.module.css";
import { text as textOf } from "@/i18n/index";
import type { Locale } from "@/i18n/locales";
import { mayManage } from "@/model/role";
import { readLeaders } from "@/server/reads";
import { currentSession } from "@/server/session";

export async function generateMetadata({ params }: PageProps<"/[locale]/leaders">): Promise<Metadata> {
  return { title: textOf((await params).locale as Locale)("leaders.title") };
}

export default async function Page({ params }: PageProps<"/[locale]/leaders">) {
  const locale = (await params).locale as Locale;
  const text = textOf(locale);
  const [leaders, session] = await Promise.all([readLeaders(), currentSession()]);
  return (
    <div className={css.page}>
      <header className={shell.head}>
        <h1>{text("leaders.title")}</h1>
        <p className="quiet">{text("leaders.about")}</p>
      </header>
      {session && mayManage(session.role) && <AddLeader />}
      {session && !mayManage(session.role) && (
        <p className="card">{text("leaders.onlyAdmins", { role: text(`role.${session.role}`) })}</p>
      )}
      {!session && (
        <p className={`card ${css.guest}`}>
          {text("leaders.guest")}
          <Link className="button small" href={`/${locale}/login`}>
            {text("nav.login")}
          </Link>
        </p>
      )}
      {leaders.ok ? (
        <LeaderList leaders={leaders.value} manages={session !== undefined && mayManage(session.role)} />
      ) : (
        <FailedPart failure={leaders.failure} title={text("leaders.title")} />
      )}
    </div>
  );
}
