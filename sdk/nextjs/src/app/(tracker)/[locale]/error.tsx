"use client";
// What a page shows that failed for a reason of its own.
import { useText } from "@/i18n/provider";

export default function ErrorPage({ reset }: { error: Error; reset: () => void }) {
  const text = useText();
  return (
    <div className="card failed" role="alert">
      <h1>{text("error.title")}</h1>
      <p>{text("error.unknown")}</p>
      <button type="button" className="button" onClick={reset}>
        {text("error.retry")}
      </button>
    </div>
  );
}
