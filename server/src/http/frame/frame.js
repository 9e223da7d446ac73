// Tells the page around the frame that it is ready, how high it is, or why it failed. Messages are version 1.
(() => {
  "use strict";
  const script = document.currentScript;
  const parents = (script.dataset.parents || "").split(" ").filter(Boolean);
  if (window.parent === window || parents.length === 0) return;

  // Each origin is exact, so the browser delivers to the true one alone.
  const tell = (message) => {
    for (const origin of parents) window.parent.postMessage({ v: 1, ...message }, origin);
  };

  const { reason, requestId, retryAfterMs } = script.dataset;
  if (reason) {
    tell({ type: "error", reason, requestId, retryAfterMs: retryAfterMs ? Number(retryAfterMs) : null });
  } else {
    tell({ type: "ready" });
  }

  let last = 0;
  const measure = () => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    if (height === last) return;
    last = height;
    tell({ type: "height", height });
  };
  new ResizeObserver(measure).observe(document.documentElement);
  measure();
})();
