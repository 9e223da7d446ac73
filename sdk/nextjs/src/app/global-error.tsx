"use client";
// What is shown when not even the document could be made. Its language is not known then.
import "@/styles/base.css";

export default function GlobalError({ reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main className="card failed" role="alert">
          <h1>This page could not be shown</h1>
          <p lang="hi">यह पृष्ठ नहीं दिखाया जा सका</p>
          <button type="button" className="button" onClick={reset}>
            Try again · <span lang="hi">फिर कोशिश करें</span>
          </button>
        </main>
      </body>
    </html>
  );
}
