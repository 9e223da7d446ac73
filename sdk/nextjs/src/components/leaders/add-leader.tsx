"use client";
// The form that adds a leader.
import { useActionState, useEffect, useRef } from "react";
import { useText } from "@/i18n/provider";
import { addLeader } from "@/server/actions/leaders";
import { FailureNotice } from "../failure";
import css from "./leaders.module.css";

export function AddLeader() {
  const text = useText();
  const [outcome, submit, pending] = useActionState(addLeader, undefined);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (outcome?.ok) form.current?.querySelector("input")?.focus();
  }, [outcome]);
  return (
    <section className="card" aria-labelledby="add-leader">
      <h2 id="add-leader">{text("leaders.add")}</h2>
      <form ref={form} action={submit} className={css.form}>
        <div className="field">
          <label htmlFor="leader-name">{text("leaders.name")}</label>
          <input id="leader-name" name="name" required maxLength={200} autoComplete="off" />
        </div>
        <div className="field">
          <label htmlFor="leader-handle">{text("leaders.handle")}</label>
          <input
            id="leader-handle"
            name="handle"
            required
            maxLength={16}
            pattern="@?[A-Za-z0-9_]{1,15}"
            title={text("leaders.handleHint")}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            placeholder="@"
          />
        </div>
        <div className="field">
          <label htmlFor="leader-topics">
            {text("leaders.topics")} <span className="fine">({text("leaders.optional")})</span>
          </label>
          <input id="leader-topics" name="topics" maxLength={1000} autoComplete="off" />
        </div>
        <button type="submit" className="button primary" disabled={pending}>
          {text(pending ? "leaders.submitting" : "leaders.submit")}
        </button>
      </form>
      <div aria-live="polite">
        {outcome?.ok && <p className={css.done}>{text("leaders.added", { name: outcome.value })}</p>}
        {outcome && !outcome.ok && <FailureNotice failure={outcome.failure} />}
      </div>
    </section>
  );
}
