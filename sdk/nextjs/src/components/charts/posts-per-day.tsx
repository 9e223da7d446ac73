// How many posts each day had, stacked by their sentiment.
import { count, day } from "@/i18n/format";
import type { Counts, DayCounts } from "@/model/counts";
import { TONES } from "@/model/post";
import css from "./charts.module.css";
import { DaysTable, Plot, type Words } from "./plot";
import { ceiling } from "./scale";

/** The width of a bar in days. */
const BAR = 0.72;

export function PostsPerDay({ counts: { days }, locale, text }: { counts: Counts } & Words) {
  const highest = ceiling(Math.max(...days.map(({ posts }) => posts), 1));
  const say = (one: DayCounts) => {
    const { posts: n, positive, neutral, negative } = one;
    return text("chart.point", { day: day(locale, one.date), n, positive, neutral, negative });
  };
  return (
    <section className={`card ${css.chart}`} aria-labelledby="posts-per-day">
      <h2 id="posts-per-day">{text("chart.posts")}</h2>
      <Plot
        locale={locale}
        label={text("chart.posts")}
        days={days}
        ordinates={[highest, highest / 2, 0].map((value) => count(locale, value))}
        top={0}
        height={highest}
        describe={say}
      >
        {days.map((one, index) => (
          <Bar key={one.date} x={index + (1 - BAR) / 2} highest={highest} {...one} />
        ))}
      </Plot>
      <DaysTable
        locale={locale}
        text={text}
        days={days}
        columns={[
          { name: text("chart.count"), of: ({ posts }) => count(locale, posts) },
          ...TONES.map((tone) => ({
            name: text(`sentiment.${tone}`),
            of: (one: DayCounts) => count(locale, one[tone]),
          })),
        ]}
      />
    </section>
  );
}

function Bar({ x, highest, ...day }: { x: number; highest: number } & DayCounts) {
  let below = 0;
  return TONES.map((tone) => {
    const height = day[tone];
    below += height;
    return height === 0 ? null : (
      <rect key={tone} className={css[tone]} x={x} y={highest - below} width={BAR} height={height} />
    );
  });
}
