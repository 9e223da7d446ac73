// The charts of the dashboard, each group as one part of the page that comes when it is counted.
import { language } from "@/i18n/format";
import { readCounts } from "@/server/reads";
import { FailedPart } from "../failure";
import { LocalTime } from "../local-time";
import css from "./charts.module.css";
import { People } from "./people";
import type { Words } from "./plot";
import { PostsPerDay } from "./posts-per-day";
import { Shares } from "./shares";
import { Tallies } from "./tallies";
import { Totals } from "./totals";
import { Trend } from "./trend";

const MOST_LANGUAGES = 6;
const MOST_TOPICS = 8;

export async function Charts(words: Words) {
  const counted = await readCounts();
  if (!counted.ok) return <FailedPart failure={counted.failure} title={words.text("totals.label")} />;
  return (
    <>
      <Totals counts={counted.value} {...words} />
      <PostsPerDay counts={counted.value} {...words} />
      <Trend counts={counted.value} {...words} />
    </>
  );
}

export async function Aside({ locale, text }: Words) {
  const counted = await readCounts();
  // The other group says already why there is nothing.
  if (!counted.ok) return null;
  const counts = counted.value;
  const languages = counts.languages.slice(0, MOST_LANGUAGES).map(({ label, posts }) => ({
    label: language(locale, label) ?? text("chart.unknown"),
    posts,
  }));
  const topics = counts.topics.slice(0, MOST_TOPICS).map(({ label, posts }) => ({ label: `#${label}`, posts }));
  return (
    <>
      <Shares counts={counts} locale={locale} text={text} />
      <Tallies id="languages" title={text("chart.languages")} tallies={languages} locale={locale} text={text} />
      <Tallies id="topics" title={text("chart.topics")} tallies={topics} locale={locale} text={text} />
      <People counts={counts} locale={locale} text={text} />
      <Updated time={counts.time} text={text} />
    </>
  );
}

function Updated({ time, text }: { time: string; text: Words["text"] }) {
  const [before, after] = text("chart.updated", { time: "\u0000" }).split("\u0000");
  return (
    <p className={`fine ${css.updated}`}>
      {before}
      <LocalTime iso={time} />
      {after}
    </p>
  );
}

/** What stands in the place of charts until they come. */
export function Bones({ label, heights }: { label: string; heights: readonly ("tile" | "chart")[] }) {
  return (
    <>
      {heights.map((height, index) => (
        <div key={index} className={`card ${css.bones}`} aria-busy="true">
          {index === 0 && <p className="unseen">{label}</p>}
          <div className={`bone ${css[height]}`} />
        </div>
      ))}
    </>
  );
}
