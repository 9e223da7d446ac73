"use client";
// A record of a platform that was no valid post: what is wrong, where, and the record itself.
import { useText } from "@/i18n/provider";
import { legible, type RefusedRecord } from "@/model/review";
import css from "./review.module.css";

export function Record({ record: { reason, path, raw, attempts } }: { record: RefusedRecord }) {
  const text = useText();
  return (
    <>
      <dl className={css.record}>
        <dt>{text("review.wrong")}</dt>
        <dd lang="en" dir="ltr">
          {reason}
        </dd>
        {path && (
          <>
            <dt>{text("review.path")}</dt>
            <dd>
              <code dir="ltr">{path}</code>
            </dd>
          </>
        )}
        {attempts > 0 && (
          <>
            <dt>{text("review.attempts")}</dt>
            <dd>{text("review.attemptsTimes", { n: attempts })}</dd>
          </>
        )}
      </dl>
      <details className={css.details}>
        <summary>{text("review.raw")}</summary>
        <pre className={css.raw} tabIndex={0} dir="ltr">
          {legible(raw)}
        </pre>
      </details>
    </>
  );
}
