// The dashboard: counts, charts and the newest posts.
import type { Metadata } from "next";
import { Suspense } from "react";
import { Aside, Bones, Charts } from "@/components/charts/board";
import { FeedBones, FeedPart } from "@/components/feed/feed-part";
import { text as textOf } from "@/i18n/index";
import type { Locale } from "@/i18n/locales";
import { filterOf } from "@/model/post-request";
import css from "./dashboard.module.css";

export async function generateMetadata({ params }: PageProps<"/[locale]">): Promise<Metadata> {
  const text = textOf((await params).locale as Locale);
  return { title: { absolute: `${text("nav.dashboard")} · ${text("app.name")}` } };
}

export default async function Page({ params, searchParams }: PageProps<"/[locale]">) {
  // The layout has refused other languages.
  const locale = (await params).locale as Locale;
  const filter = filterOf(await searchParams);
  const text = textOf(locale);
  return (
    <div className={css.board}>
      <h1 className="unseen">{text("nav.dashboard")}</h1>
      <div className={css.charts}>
        <Suspense fallback={<Bones label={text("app.loading")} heights={["tile", "chart", "chart"]} />}>
          <Charts locale={locale} text={text} />
        </Suspense>
      </div>
      <section className={css.aside} tabIndex={0} aria-label={text("chart.more")}>
        <Suspense fallback={<Bones label={text("app.loading")} heights={["chart", "chart"]} />}>
          <Aside locale={locale} text={text} />
        </Suspense>
      </section>
      <section className={css.feed} aria-labelledby="feed">
        <Suspense key={JSON.stringify(filter)} fallback={<FeedBones label={text("app.loading")} />}>
          <FeedPart filter={filter} locale={locale} text={text} />
        </Suspense>
      </section>
    </div>
  );
}
