"use client";
// Says what went wrong, and tries again when that can help.
import { useRouter } from "next/navigation";
import { useEffect, useTransition } from "react";
import { useText } from "@/i18n/provider";
import type { Text } from "@/i18n/text";
import type { Failure } from "@/model/failure";

/** A failure in words. */
export function inWords(text: Text, { kind, retryAfterMs = 0, detail = "" }: Failure): string {
  switch (kind) {
    case "unavailable":
      return text("error.unavailable");
    case "limited":
      return text("error.limited", { n: Math.max(1, Math.ceil(retryAfterMs / 1000)) });
    case "signed-out":
      return text("login.expired");
    case "wrong-secret":
      return text("login.wrong");
    case "denied":
      return text("error.denied");
    case "key":
      return text("error.key");
    case "invalid":
      return text("error.invalid", { detail });
    case "gone":
      return text("error.gone");
    case "item-gone":
      return text("error.itemGone");
    case "record":
      return text("error.record");
    case "busy":
      return text("error.busy");
    case "feature":
      return text("error.feature");
    case "other":
      return text("error.unknown");
  }
}

export function FailureNotice({ failure }: { failure: Failure }) {
  const text = useText();
  return (
    <div className="notice" role="alert">
      <span>{inWords(text, failure)}</span>
      {failure.requestId && <span className="fine">{text("error.request", { id: failure.requestId })}</span>}
    </div>
  );
}

const FIRST_WAIT_MS = 2_000;

/** A part of a page that could not be read. It reads the page anew until it can be. */
export function FailedPart({ failure, title }: { failure: Failure; title: string }) {
  const text = useText();
  const router = useRouter();
  const [pending, startTransition] = useTransition();
  const passes = failure.kind === "unavailable" || failure.kind === "limited";
  useEffect(() => {
    if (!passes) return;
    const again = () => startTransition(() => router.refresh());
    const timer = setInterval(again, Math.max(FIRST_WAIT_MS, failure.retryAfterMs ?? 0));
    window.addEventListener("online", again);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", again);
    };
  }, [passes, failure.retryAfterMs, router]);
  return (
    <section className="card failed" aria-label={title} aria-busy={pending}>
      <h2>{title}</h2>
      <p>{inWords(text, failure)}</p>
      {passes && <p className="fine">{text("error.unavailableHint")}</p>}
      {failure.requestId && <p className="fine">{text("error.request", { id: failure.requestId })}</p>}
      <button
        type="button"
        className="button small"
        onClick={() => startTransition(() => router.refresh())}
        disabled={pending}
      >
        {text("error.retry")}
      </button>
    </section>
  );
}
