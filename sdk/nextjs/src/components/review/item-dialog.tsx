"use client";
// Asks for the notes of a rejection, or for what is to be changed.
import { type FormEvent, useEffect, useId, useRef } from "react";
import { useText } from "@/i18n/provider";
import type { Failure } from "@/model/failure";
import { SCORED } from "@/model/post";
import { LONGEST_NOTES, type ReviewItem } from "@/model/review";
import type { ReviewEdit } from "@/server/actions/reviews";
import { FailureNotice } from "../failure";
import css from "./review.module.css";
import { itemName } from "./words";

interface Props {
  readonly task: "reject" | "edit";
  readonly item: ReviewItem;
  readonly pending: boolean;
  readonly failure: Failure | undefined;
  readonly onSubmit: (edit: ReviewEdit) => void;
  readonly onClose: () => void;
}

export function ItemDialog({ task, item, pending, failure, onSubmit, onClose }: Props) {
  const text = useText();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  // The browser gives the focus back to where it was when the dialog closes, and keeps it inside until then.
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [notes, tone] = [String(form.get("notes")), String(form.get("tone") ?? "")];
    const edit = { notes: notes === item.notes ? undefined : notes, tone: tone || undefined };
    if (task === "edit" && edit.notes === undefined && !edit.tone) dialog.current?.close();
    else onSubmit(edit);
  };
  const tone = item.post?.tone;
  const words = task === "edit" ? "review.save" : "review.reject";
  const busy = task === "edit" ? "review.saving" : "review.rejecting";
  return (
    <dialog ref={dialog} className={css.dialog} aria-labelledby={`${id}-title`} onClose={onClose}>
      <form onSubmit={submit} aria-busy={pending}>
        <h2 id={`${id}-title`}>
          {text("review.taskOf", { task: text(`review.${task}`), item: itemName(text, item) })}
        </h2>
        {task === "reject" && <p>{text(item.post ? "review.rejectPost" : "review.rejectRecord")}</p>}
        <div className="field">
          <label htmlFor={`${id}-notes`}>{text("review.notes")}</label>
          <textarea
            id={`${id}-notes`}
            name="notes"
            maxLength={LONGEST_NOTES}
            defaultValue={item.notes}
            aria-describedby={`${id}-hint`}
            dir="auto"
          />
          <p id={`${id}-hint`} className="fine">
            {text("review.notesHint", { n: LONGEST_NOTES })}
          </p>
        </div>
        {task === "edit" && tone && (
          <div className="field">
            <label htmlFor={`${id}-tone`}>{text("review.sentiment")}</label>
            <select id={`${id}-tone`} name="tone" defaultValue="">
              <option value="">{text("review.sentimentLeft", { tone: text(`sentiment.${tone}`) })}</option>
              {SCORED.filter((one) => one !== tone).map((one) => (
                <option key={one} value={one}>
                  {text(`sentiment.${one}`)}
                </option>
              ))}
            </select>
          </div>
        )}
        {failure && <FailureNotice failure={failure} />}
        <div className={css.buttons}>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {text("review.cancel")}
          </button>
          <button type="submit" className={`button ${task === "edit" ? "primary" : "danger"}`} aria-disabled={pending}>
            {text(pending ? busy : words)}
          </button>
        </div>
      </form>
    </dialog>
  );
}
