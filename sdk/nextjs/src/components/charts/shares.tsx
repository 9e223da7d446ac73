// The share of each sentiment among the posts that could be scored, as a band and in words.
import { count, share } from "@/i18n/format";
import type { Counts } from "@/model/counts";
import { SCORED } from "@/model/post";
import css from "./charts.module.css";
import type { Words } from "./plot";

export function Shares({ counts: { tones }, locale, text }: { counts: Counts } & Words) {
  const all = SCORED.reduce((sum, tone) => sum + tones[tone], 0);
  let before = 0;
  const parts = SCORED.map((tone) => {
    const part = { tone, posts: tones[tone], start: before };
    before += tones[tone];
    return part;
  });
  return (
    <section className={`card ${css.chart}`} aria-labelledby="shares">
      <h2 id="shares">{text("chart.sentiment")}</h2>
      {all === 0 ? (
        <p className="quiet">{text("chart.none")}</p>
      ) : (
        <svg className={css.band} viewBox={`0 0 ${all} 1`} preserveAspectRatio="none" aria-hidden="true">
          {parts.map(({ tone, posts, start }) => (
            <rect key={tone} className={css[tone]} x={start} y={0} width={posts} height={1} />
          ))}
        </svg>
      )}
      <ul className={css.legend}>
        {parts.map(({ tone, posts }) => (
          <li key={tone}>
            <svg viewBox="0 0 12 12" aria-hidden="true">
              <rect className={css[tone]} width="12" height="12" rx="4" />
            </svg>
            <span>{text(`sentiment.${tone}`)}</span>
            <span className="quiet">{count(locale, posts)}</span>
            <span>{share(locale, all === 0 ? 0 : posts / all)}</span>
          </li>
        ))}
      </ul>
      <p className="fine">
        {text("totals.scored", { n: all })} · {text("sentiment.unscored")}: {count(locale, tones.unscored)}
      </p>
    </section>
  );
}
