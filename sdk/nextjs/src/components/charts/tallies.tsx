// A list of things with their counts, the longest bar first.
import { count } from "@/i18n/format";
import type { Tally } from "@/model/counts";
import css from "./charts.module.css";
import type { Words } from "./plot";

interface Tallies extends Words {
  readonly id: string;
  readonly title: string;
  readonly tallies: readonly Tally[];
}

export function Tallies({ id, title, tallies, locale, text }: Tallies) {
  const most = Math.max(...tallies.map(({ posts }) => posts), 1);
  return (
    <section className={`card ${css.chart}`} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {tallies.length === 0 && <p className="quiet">{text("chart.none")}</p>}
      <ul className={css.rows}>
        {tallies.map(({ label, posts }) => (
          <li key={label}>
            <span>{label}</span>
            <span>{count(locale, posts)}</span>
            <svg viewBox={`0 0 ${most} 1`} preserveAspectRatio="none" aria-hidden="true">
              <rect width={posts} height={1} />
            </svg>
          </li>
        ))}
      </ul>
    </section>
  );
}
