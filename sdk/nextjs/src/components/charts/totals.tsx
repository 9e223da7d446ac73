// The figures of the whole span.
import { count, score } from "@/i18n/format";
import { type Counts, meanScore } from "@/model/counts";
import { SCORED } from "@/model/post";
import css from "./charts.module.css";
import type { Words } from "./plot";

interface Totals extends Words {
  readonly counts: Counts;
}

export function Totals({ counts, locale, text }: Totals) {
  const { days, people, tones } = counts;
  const [yesterday, today] = [days.at(-2)?.posts ?? 0, days.at(-1)?.posts ?? 0];
  const mean = meanScore(days);
  const scored = SCORED.reduce((sum, tone) => sum + tones[tone], 0);
  const change = `${today < yesterday ? "−" : "+"}${count(locale, Math.abs(today - yesterday))}`;
  const tone = mean === undefined || Math.abs(mean) < 0.005 ? "" : mean > 0 ? css.positiveText : css.negativeText;
  const posting = people.filter(({ posts }) => posts > 0).length;
  return (
    <section className="card" aria-label={text("totals.label")}>
      <dl className={css.tiles}>
        <Tile name={text("totals.posts", { n: days.length })} value={count(locale, counts.total)} />
        <Tile name={text("totals.today")} value={count(locale, today)} fine={text("totals.change", { change })} />
        <Tile
          name={text("totals.mood")}
          value={mean === undefined ? "–" : score(locale, mean)}
          tone={tone}
          fine={text("totals.scored", { n: scored })}
        />
        <Tile
          name={text("totals.leaders")}
          value={count(locale, people.length)}
          fine={text("totals.posting", { n: posting })}
        />
      </dl>
    </section>
  );
}

function Tile({ name, value, fine, tone }: { name: string; value: string; fine?: string; tone?: string | undefined }) {
  return (
    <div className={css.tile}>
      <dt>{name}</dt>
      <dd className={tone}>{value}</dd>
      {fine && <dd className={css.fine}>{fine}</dd>}
    </div>
  );
}
