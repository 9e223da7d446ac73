"use client";
// The items of one state, page after page. What was decided stays in its place, so that a mistake can be mended.
import { useRouter } from "next/navigation";
import { useState, useTransition } from "react";
import { useText } from "@/i18n/provider";
import type { Failure } from "@/model/failure";
import { type ReviewItem, type ReviewPage, type ReviewState, withItem, withNext } from "@/model/review";
import { moreReviews } from "@/server/actions/reviews";
import { FailureNotice } from "../failure";
import { Icon } from "../icon";
import { ItemCard } from "./item-card";
import css from "./review.module.css";
import { itemName } from "./words";

/** What was done to an item. */
export type Deed = "approved" | "rejected" | "edited";

export function Queue({ state, first }: { state: ReviewState; first: ReviewPage }) {
  const text = useText();
  const router = useRouter();
  const [shown, setShown] = useState({ first, page: first });
  const [told, setTold] = useState("");
  const [failure, setFailure] = useState<Failure>();
  const [loading, startLoading] = useTransition();
  const [refreshing, startRefreshing] = useTransition();
  // The server has read the queue anew.
  if (shown.first !== first) setShown({ first, page: first });
  const { page } = shown;

  const onDone = (item: ReviewItem, deed: Deed) => {
    setShown((known) => ({ ...known, page: withItem(known.page, item) }));
    setTold(text(`review.done.${deed}`, { item: itemName(text, item) }));
  };
  const more = () =>
    startLoading(async () => {
      const next = await moreReviews(state, page.next);
      setFailure(next.ok ? undefined : next.failure);
      if (next.ok) setShown((known) => ({ ...known, page: withNext(known.page, next.value) }));
    });
  return (
    <>
      <div className={css.bar}>
        <p className="quiet">{text("review.waiting", { n: page.pending })}</p>
        <button
          type="button"
          className="button small"
          onClick={() => startRefreshing(() => router.refresh())}
          disabled={refreshing}
        >
          <Icon name="refresh" />
          {text("review.refresh")}
        </button>
      </div>
      <p role="status" className={told ? css.done : "unseen"}>
        {told}
      </p>
      {page.items.length === 0 ? (
        <div className={`card ${css.empty}`}>
          <p>{text(`review.empty.${state}`)}</p>
          {state === "pending" && <p className="fine">{text("review.emptyHint")}</p>}
        </div>
      ) : (
        <ul className={css.list} aria-label={text(`review.state.${state}`)} aria-busy={loading || refreshing}>
          {page.items.map((item) => (
            <ItemCard key={item.id} item={item} onDone={onDone} />
          ))}
        </ul>
      )}
      {failure && <FailureNotice failure={failure} />}
      {page.next !== "" && (
        <button type="button" className={`button ${css.more}`} onClick={more} disabled={loading}>
          {text(loading ? "review.loading" : "review.more")}
        </button>
      )}
    </>
  );
}
