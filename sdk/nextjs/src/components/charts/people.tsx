// How much each leader posts, and in which tone.
import { count, score } from "@/i18n/format";
import type { Counts } from "@/model/counts";
import css from "./charts.module.css";
import type { Words } from "./plot";

export function People({ counts: { people }, locale, text }: { counts: Counts } & Words) {
  return (
    <section className={`card ${css.chart}`} aria-labelledby="people">
      <h2 id="people">{text("chart.people")}</h2>
      <table className={css.people}>
        <thead className="unseen">
          <tr>
            {(["feed.leader", "chart.count", "totals.mood"] as const).map((name) => (
              <th key={name} scope="col">
                {text(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {people.map(({ id, name, posts, mean }) => (
            <tr key={id}>
              <th scope="row">{name}</th>
              <td className="quiet">{count(locale, posts)}</td>
              <td className={mean === undefined ? undefined : mean < 0 ? css.negativeText : css.positiveText}>
                {mean === undefined ? "–" : score(locale, mean)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
