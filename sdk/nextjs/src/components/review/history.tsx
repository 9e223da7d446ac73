"use client";
// Who did what with an item. It is read when somebody wants to see it.
import { useState, useTransition } from "react";
import { useText } from "@/i18n/provider";
import type { Text } from "@/i18n/text";
import type { Failure } from "@/model/failure";
import type { Change, ReviewEvent, ReviewHistory } from "@/model/review";
import { readHistory } from "@/server/actions/reviews";
import { FailureNotice } from "../failure";
import { LocalTime } from "../local-time";
import css from "./review.module.css";

export function History({ itemId }: { itemId: string }) {
  const text = useText();
  const [known, setKnown] = useState<ReviewHistory>();
  const [failure, setFailure] = useState<Failure>();
  const [pending, startTransition] = useTransition();
  const read = (from: ReviewHistory | undefined) =>
    startTransition(async () => {
      const answer = await readHistory(itemId, from?.next ?? "");
      setFailure(answer.ok ? undefined : answer.failure);
      if (!answer.ok) return;
      setKnown({ next: answer.value.next, events: [...(from?.events ?? []), ...answer.value.events] });
    });
  return (
    <details className={css.details} onToggle={({ currentTarget }) => currentTarget.open && read(undefined)}>
      <summary>{text("review.history")}</summary>
      <div className={css.history} aria-busy={pending}>
        {pending && !known && <p className="fine">{text("app.loading")}</p>}
        {failure && <FailureNotice failure={failure} />}
        {known?.events.length === 0 && <p className="fine">{text("review.historyEmpty")}</p>}
        {known && known.events.length > 0 && (
          <ol>
            {known.events.map((event) => (
              <Line key={event.id} event={event} />
            ))}
          </ol>
        )}
        {known && known.next !== "" && (
          <button type="button" className="button small" onClick={() => read(known)} disabled={pending}>
            {text("review.earlier")}
          </button>
        )}
      </div>
    </details>
  );
}

function Line({ event: { time, actor, action, changes } }: { event: ReviewEvent }) {
  const text = useText();
  return (
    <li>
      <p>
        <strong>{actor}</strong> {text(`review.action.${action}`)}{" "}
        <span className="fine">
          <LocalTime iso={time} />
        </span>
      </p>
      {changes.length > 0 && (
        <ul className="fine">
          {changes.map((change) => (
            <li key={change.what}>
              {text(`review.change.${change.what}`)}: {inWords(text, change)}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function inWords(text: Text, change: Change): string {
  const none = text("review.none");
  switch (change.what) {
    case "state":
      return turn(change.from && text(`review.state.${change.from}`), change.to && text(`review.state.${change.to}`));
    case "verification":
      return turn(change.from && text(`verification.${change.from}`), change.to && text(`verification.${change.to}`));
    case "tone":
      return turn(change.from && text(`sentiment.${change.from}`), change.to && text(`sentiment.${change.to}`));
    case "notes":
      return turn(change.from && `“${change.from}”`, change.to && `“${change.to}”`);
  }
  function turn(from: string | undefined, to: string | undefined): string {
    return `${from || none} → ${to || none}`;
  }
}
