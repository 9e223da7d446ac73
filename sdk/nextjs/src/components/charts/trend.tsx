// The mean sentiment of each day. Days without a score interrupt the line.
import { day, score } from "@/i18n/format";
import type { Counts, DayCounts } from "@/model/counts";
import css from "./charts.module.css";
import { DaysTable, Plot, type Words } from "./plot";
import { extent } from "./scale";
import { type Point, segments } from "./segments";

export function Trend({ counts: { days }, locale, text }: { counts: Counts } & Words) {
  const say = ({ date, mean }: DayCounts) =>
    text("chart.mean", { day: day(locale, date), score: mean === undefined ? "–" : score(locale, mean) });
  const reach = extent(days.flatMap(({ mean }) => mean ?? []));
  return (
    <section className={`card ${css.chart}`} aria-labelledby="trend">
      <h2 id="trend">{text("chart.trend")}</h2>
      <Plot
        locale={locale}
        label={text("chart.trend")}
        days={days}
        ordinates={[reach, 0, -reach].map((value) => score(locale, value))}
        top={-reach}
        height={2 * reach}
        describe={say}
      >
        <line className={css.zero} x1={0} x2={days.length} y1={0} y2={0} />
        {segments(days.map(({ mean }) => mean)).map((points) => (
          <Stretch key={points[0]?.x} points={points} />
        ))}
      </Plot>
      <DaysTable
        locale={locale}
        text={text}
        days={days}
        columns={[
          {
            name: text("chart.trend"),
            of: ({ mean }) => (mean === undefined ? "–" : score(locale, mean)),
          },
        ]}
      />
    </section>
  );
}

/** Days that follow each other. Up is positive, which SVG counts downwards. */
function Stretch({ points }: { points: readonly Point[] }) {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return null;
  const along = points.map(({ x, value }) => `${x},${-value}`).join(" ");
  if (first === last) return <path className={css.dot} d={`M${along}h0`} />;
  return (
    <>
      <polygon className={css.under} points={`${first.x},0 ${along} ${last.x},0`} />
      <polyline className={css.line} points={along} />
    </>
  );
}
