// The review queue, for those who may decide.
import type { Metadata } from "next";
import Link from "next/link";
import { FailedPart } from "@/components/failure";
import { Queue } from "@/components/review/queue";
import css from "@/components/review/review.module.css";
import { StateTabs } from "@/components/review/state-tabs";
import shell from "@/components/shell/shell.module.css";
import { text as textOf } from "@/i18n/index";
import type { Locale } from "@/i18n/locales";
import type { Text } from "@/i18n/text";
import { type ReviewState, stateOf } from "@/model/review";
import { mayReview } from "@/model/role";
import { readReviews } from "@/server/reads";
import { currentSession } from "@/server/session";

export async function generateMetadata({ params }: PageProps<"/[locale]/review">): Promise<Metadata> {
  return { title: textOf((await params).locale as Locale)("review.title"), robots: { index: false } };
}

export default async function Page({ params, searchParams }: PageProps<"/[locale]/review">) {
  const locale = (await params).locale as Locale;
  const text = textOf(locale);
  const state = stateOf((await searchParams)["state"]);
  return (
    <div className={css.page}>
      <header className={shell.head}>
        <h1>{text("review.title")}</h1>
        <p className="quiet">{text("review.about")}</p>
      </header>
      <Content locale={locale} text={text} state={state} />
    </div>
  );
}

async function Content({ locale, text, state }: { locale: Locale; text: Text; state: ReviewState }) {
  const session = await currentSession();
  if (!session) {
    return (
      <p className={`card ${css.guest}`}>
        {text("review.guest")}
        <Link className="button small" href={`/${locale}/login`}>
          {text("nav.login")}
        </Link>
      </p>
    );
  }
  if (!mayReview(session.role)) {
    return (
      <div className={`card ${css.empty}`} role="alert">
        <p>{text("review.refused")}</p>
        <p className="fine">{text("review.refusedHint", { role: text(`role.${session.role}`) })}</p>
      </div>
    );
  }
  const page = await readReviews(state);
  return (
    <>
      <StateTabs current={state} locale={locale} text={text} />
      {page.ok ? (
        <Queue key={state} state={state} first={page.value} />
      ) : (
        <FailedPart failure={page.failure} title={text("review.title")} />
      )}
    </>
  );
}
