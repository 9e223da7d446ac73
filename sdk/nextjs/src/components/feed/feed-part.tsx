// The feed as a part of the dashboard: its filter, and the first page as the server renders it.
import { language } from "@/i18n/format";
import type { Locale } from "@/i18n/locales";
import type { Text } from "@/i18n/text";
import type { PostFilter } from "@/model/post";
import { offersWidget } from "@/server/env";
import { readCounts, readFeed } from "@/server/reads";
import { FailedPart } from "../failure";
import { Feed } from "./feed";
import css from "./feed.module.css";
import { FilterBar } from "./filter-bar";

/** What the filter offers when nothing could be counted. */
const USUAL_LANGUAGES = ["en", "hi"];

interface Props {
  readonly filter: PostFilter;
  readonly locale: Locale;
  readonly text: Text;
}

export async function FeedPart({ filter, locale, text }: Props) {
  const [page, counted] = await Promise.all([readFeed(filter), readCounts()]);
  if (!page.ok) return <FailedPart failure={page.failure} title={text("feed.title")} />;
  const tags = counted.ok ? counted.value.languages.map(({ label }) => label) : USUAL_LANGUAGES;
  const languages = tags.flatMap((value) => {
    const label = language(locale, value);
    return label ? [{ value, label }] : [];
  });
  const leaders = counted.ok ? counted.value.people.map(({ id, name }) => ({ value: id, label: name })) : [];
  leaders.sort((one, other) => one.label.localeCompare(other.label, locale));
  return (
    <div className={`card ${css.feed}`}>
      <div className={css.top}>
        <h2 id="feed">{text("feed.title")}</h2>
        <FilterBar filter={filter} leaders={leaders} languages={languages} />
      </div>
      <Feed key={JSON.stringify(filter)} first={page.value} filter={filter} widget={offersWidget()} />
    </div>
  );
}

export function FeedBones({ label }: { label: string }) {
  return (
    <div className={`card ${css.feed}`} aria-busy="true">
      <p className="unseen">{label}</p>
      {[0, 1, 2, 3].map((index) => (
        <div key={index} className={css.bones}>
          <div className={`bone ${css.face}`} />
          <div className="bone" />
          <div className={`bone ${css.words}`} />
        </div>
      ))}
    </div>
  );
}
