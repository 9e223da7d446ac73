"use client";
// How the reading of one leader fares, told by the server as it happens.
import { useWatch } from "@amber/react";
import { useEffect, useState } from "react";
import { watchRun } from "@/browser/amber";
import { useText } from "@/i18n/provider";
import { hasEnded, type RunProgress as Progress } from "@/model/leader";
import { issueWatchToken } from "@/server/actions/session";
import css from "./leaders.module.css";

const STARTING: Progress = { status: "starting", done: 0, total: 0, fetched: 0, inserted: 0 };

export function RunProgress({ runId, onEnd }: { runId: string; onEnd: () => void }) {
  const text = useText();
  const [lost, setLost] = useState(false);
  const { last = STARTING, status } = useWatch(
    runId,
    (signal) => watchRun(runId, issueWatchToken, { signal, onInterrupted: () => setLost(true) }),
    () => setLost(false),
  );
  const ended = hasEnded(last);
  useEffect(() => {
    if (ended) onEnd();
  }, [ended, onEnd]);
  const words = () => {
    if (status === "failed") return text("run.unknown");
    return text(lost && !ended ? "run.lost" : `run.${last.status}`);
  };
  const measured = ended ? { value: 1, max: 1 } : last.done > 0 ? { value: last.done, max: last.total } : {};
  return (
    <div className={css.run} data-run={last.status}>
      <progress className={css.progress} aria-label={text("run.label")} {...measured} />
      <p role="status">
        <strong>{words()}</strong>
        {last.status !== "starting" && (
          <span className="quiet"> · {text("run.counts", { fetched: last.fetched, inserted: last.inserted })}</span>
        )}
      </p>
    </div>
  );
}
