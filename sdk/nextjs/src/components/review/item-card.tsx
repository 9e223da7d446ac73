"use client";
// One item of the review queue, and what a reviewer does with it.
import { useRef, useState, useTransition } from "react";
import { useText } from "@/i18n/provider";
import type { Failure, Outcome } from "@/model/failure";
import type { ReviewItem } from "@/model/review";
import { approveItem, editItem, type ReviewEdit, rejectItem } from "@/server/actions/reviews";
import { FailureNotice } from "../failure";
import { PostEmbed } from "../feed/post-embed";
import { TimedText } from "../local-time";
import { History } from "./history";
import { ItemDialog } from "./item-dialog";
import type { Deed } from "./queue";
import { Record } from "./record";
import css from "./review.module.css";
import { itemName } from "./words";

interface Props {
  readonly item: ReviewItem;
  readonly onDone: (item: ReviewItem, deed: Deed) => void;
}

export function ItemCard({ item, onDone }: Props) {
  const text = useText();
  const card = useRef<HTMLLIElement>(null);
  const { id, post, record, state, notes, reviewer, reviewed } = item;
  const done = (changed: ReviewItem, deed: Deed) => {
    onDone(changed, deed);
    // The button that was pressed may be gone now; the keyboard goes on from the item.
    if (deed !== "edited") card.current?.focus();
  };
  return (
    <li ref={card} className={`card ${css.item}`} tabIndex={-1} aria-labelledby={`item-${id}`} data-state={state}>
      <header className={css.head}>
        <h2 id={`item-${id}`}>{itemName(text, item)}</h2>
        <span className={`badge ${css[state]}`}>{text(`review.state.${state}`)}</span>
      </header>
      <p className={`fine ${css.facts}`}>
        <span className={css.reason}>{text(`review.reason.${item.reason}`)}</span>
        {post?.platform && <span>{post.platform}</span>}
        <span>
          <TimedText name="review.entered" iso={item.entered} />
        </span>
      </p>
      {post && (
        <div className={css.post}>
          <PostEmbed post={post} widget={false} id={id} />
        </div>
      )}
      {record && <Record record={record} />}
      {notes && (
        <div className={css.notes}>
          <h3>{text("review.notes")}</h3>
          <p dir="auto">{notes}</p>
        </div>
      )}
      {reviewer && reviewed && (
        <p className="fine">
          {text(`review.state.${state}`)}: <TimedText name="review.decided" iso={reviewed} values={{ reviewer }} />
        </p>
      )}
      <Tasks item={item} onDone={done} />
      <History key={item.updated} itemId={id} />
    </li>
  );
}

function Tasks({ item, onDone }: Props) {
  const text = useText();
  const [asked, setAsked] = useState<"reject" | "edit">();
  const [busy, setBusy] = useState<Deed>();
  const [failure, setFailure] = useState<Failure>();
  const [pending, startTransition] = useTransition();

  const run = (deed: Deed, work: () => Promise<Outcome<ReviewItem>>) => {
    if (pending) return;
    setBusy(deed);
    startTransition(async () => {
      const outcome = await work();
      setFailure(outcome.ok ? undefined : outcome.failure);
      if (!outcome.ok) return;
      setAsked(undefined);
      onDone(outcome.value, deed);
    });
  };
  const submit = (edit: ReviewEdit) =>
    asked === "reject"
      ? run("rejected", () => rejectItem(item.id, edit))
      : run("edited", () => editItem(item.id, edit));
  const ask = (task: "reject" | "edit") => {
    setFailure(undefined);
    setAsked(task);
  };
  // A button that is busy keeps the focus, which one that is disabled loses.
  const task = (name: "approve" | "reject" | "edit", look: string, act: () => void) => {
    const isBusy = pending && name === "approve" && busy === "approved";
    const words = text(isBusy ? "review.approving" : `review.${name}`);
    return (
      <button
        type="button"
        className={`button small ${look}`}
        onClick={() => !pending && act()}
        aria-disabled={pending}
        aria-label={text("review.taskOf", { task: words, item: itemName(text, item) })}
      >
        {words}
      </button>
    );
  };
  return (
    <div className={css.tasks} aria-busy={pending}>
      <div className={css.buttons}>
        {item.state !== "approved" && task("approve", "primary", () => run("approved", () => approveItem(item.id)))}
        {item.state !== "rejected" && task("reject", "danger", () => ask("reject"))}
        {task("edit", "plain", () => ask("edit"))}
      </div>
      {failure && !asked && <FailureNotice failure={failure} />}
      {asked && (
        <ItemDialog
          task={asked}
          item={item}
          pending={pending}
          failure={failure}
          onSubmit={submit}
          onClose={() => setAsked(undefined)}
        />
      )}
    </div>
  );
}
