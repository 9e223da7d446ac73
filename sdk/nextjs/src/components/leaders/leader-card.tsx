"use client";
// One leader, with what somebody who is logged in can do.
import { useRouter } from "next/navigation";
import { useCallback, useEffect, useRef, useState, useTransition } from "react";
import { useText } from "@/i18n/provider";
import { COUNTS_LIFE_MS } from "@/model/counts";
import type { Failure } from "@/model/failure";
import type { Leader } from "@/model/leader";
import { profile } from "@/model/x-links";
import { refreshLeader, removeLeader } from "@/server/actions/leaders";
import { Avatar } from "../avatar";
import { FailureNotice } from "../failure";
import { Icon } from "../icon";
import { TimedText } from "../local-time";
import css from "./leaders.module.css";
import { RunProgress } from "./run-progress";

interface Props {
  readonly leader: Leader;
  readonly manages: boolean;
  readonly onRemoved: (name: string) => void;
}

export function LeaderCard({ leader, manages, onRemoved }: Props) {
  const text = useText();
  const { name, handle, state, topics } = leader;
  return (
    <li className={`card ${css.leader}`} aria-label={name}>
      <div className={css.who}>
        <Avatar name={name} picture={leader.picture} />
        <div>
          <h2>{name}</h2>
          {handle && (
            <a
              className="fine"
              href={profile(handle)}
              target="_blank"
              rel="noopener noreferrer nofollow"
              aria-label={text("post.author", { name })}
            >
              @{handle}
            </a>
          )}
        </div>
        <span className={`badge ${css[state] ?? ""}`}>{text(`leaders.state.${state}`)}</span>
      </div>
      {topics.length > 0 && (
        <ul className={css.topics}>
          {topics.map((topic) => (
            <li key={topic}>{topic}</li>
          ))}
        </ul>
      )}
      <p className={`fine ${css.facts}`}>
        {leader.posts !== undefined && <span>{text("leaders.posts", { n: leader.posts })}</span>}
        <span>{leader.read ? <TimedText name="leaders.read" iso={leader.read} /> : text("leaders.unread")}</span>
      </p>
      {manages && <Tasks leader={leader} onRemoved={onRemoved} />}
    </li>
  );
}

function Tasks({ leader: { id, name, handle }, onRemoved }: Omit<Props, "manages">) {
  const text = useText();
  const router = useRouter();
  const dialog = useRef<HTMLDialogElement>(null);
  const [runId, setRunId] = useState<string>();
  const [ended, setEnded] = useState(true);
  const [failure, setFailure] = useState<Failure>();
  const [pending, startTransition] = useTransition();

  const refresh = () =>
    startTransition(async () => {
      const started = await refreshLeader(id);
      setFailure(started.ok ? undefined : started.failure);
      if (!started.ok) return;
      setEnded(false);
      setRunId(started.value);
    });
  const remove = () =>
    startTransition(async () => {
      dialog.current?.close();
      const removed = await removeLeader(id);
      if (removed.ok) onRemoved(name);
      else setFailure(removed.failure);
    });
  const onEnd = useCallback(() => setEnded(true), []);
  // The first look may still meet the counts from before the run, which the second one cannot.
  useEffect(() => {
    if (!ended || runId === undefined) return;
    router.refresh();
    const second = setTimeout(() => router.refresh(), COUNTS_LIFE_MS + 500);
    return () => clearTimeout(second);
  }, [ended, runId, router]);
  return (
    <div className={css.tasks}>
      <div className={css.buttons}>
        <button
          type="button"
          className="button small"
          onClick={refresh}
          disabled={pending || !ended || handle === ""}
          aria-label={text("leaders.refreshOf", { name })}
        >
          <Icon name="refresh" />
          {text("leaders.refresh")}
        </button>
        <button
          type="button"
          className="button small plain danger"
          onClick={() => dialog.current?.showModal()}
          disabled={pending}
          aria-label={text("leaders.removeOf", { name })}
        >
          {text("leaders.remove")}
        </button>
      </div>
      {runId && <RunProgress key={runId} runId={runId} onEnd={onEnd} />}
      {failure && <FailureNotice failure={failure} />}
      <dialog ref={dialog} className={css.dialog} aria-labelledby={`remove-${id}`}>
        <h2 id={`remove-${id}`}>{text("leaders.removeAsk", { name })}</h2>
        <p>{text("leaders.removeWarn")}</p>
        <div className={css.buttons}>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {text("leaders.cancel")}
          </button>
          <button type="button" className="button danger" onClick={remove}>
            {text("leaders.remove")}
          </button>
        </div>
      </dialog>
    </div>
  );
}
