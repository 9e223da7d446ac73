// What all charts over days share: a scaled area with words beside and below it, and the same numbers as a table.
import type { ReactNode } from "react";
import { day } from "@/i18n/format";
import type { Locale } from "@/i18n/locales";
import type { Text } from "@/i18n/text";
import type { DayCounts } from "@/model/counts";
import css from "./charts.module.css";

export interface Words {
  readonly locale: Locale;
  readonly text: Text;
}

interface Plot {
  readonly locale: Locale;
  readonly label: string;
  readonly days: readonly DayCounts[];
  /** The words beside the area, from top to bottom. */
  readonly ordinates: readonly string[];
  /** The extent of the area in its own units; a day is one unit wide. */
  readonly top: number;
  readonly height: number;
  readonly describe: (day: DayCounts) => string;
  readonly children: ReactNode;
}

export function Plot({ locale, label, days, ordinates, top, height, describe, children }: Plot) {
  const shown = [days[0], days[Math.floor(days.length / 2)], days.at(-1)].filter((one) => one !== undefined);
  return (
    <div className={css.plot}>
      <div className={css.ordinates} aria-hidden="true">
        {ordinates.map((word) => (
          <span key={word}>{word}</span>
        ))}
      </div>
      <svg
        className={css.area}
        viewBox={`0 ${top} ${days.length} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {ordinates.map((word, index) => {
          const y = top + (height * index) / Math.max(1, ordinates.length - 1);
          return <line key={word} className={css.gridline} x1={0} x2={days.length} y1={y} y2={y} />;
        })}
        {children}
        {days.map((one, index) => (
          <rect key={one.date} className={css.hit} x={index} y={top} width={1} height={height}>
            <title>{describe(one)}</title>
          </rect>
        ))}
      </svg>
      <div className={css.abscissas} aria-hidden="true">
        {shown.map(({ date }) => (
          <span key={date}>{day(locale, date)}</span>
        ))}
      </div>
    </div>
  );
}

interface Table extends Words {
  readonly days: readonly DayCounts[];
  readonly columns: readonly { readonly name: string; readonly of: (day: DayCounts) => string }[];
}

/** The days with something to tell, newest first. */
export function DaysTable({ locale, text, days, columns }: Table) {
  return (
    <details className={css.table}>
      <summary>{text("chart.table")}</summary>
      <section tabIndex={0} aria-label={text("chart.table")}>
        <table>
          <thead>
            <tr>
              {[text("chart.day"), ...columns.map(({ name }) => name)].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days
              .filter(({ posts }) => posts > 0)
              .toReversed()
              .map((one) => (
                <tr key={one.date}>
                  <th scope="row">{day(locale, one.date)}</th>
                  {columns.map(({ name, of }) => (
                    <td key={name}>{of(one)}</td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
