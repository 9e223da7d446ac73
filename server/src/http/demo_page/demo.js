// Loads the frame by POST with its fresh token, follows the height it reports, and counts the token's life down.
(() => {
  "use strict";
  const form = document.getElementById("load");
  const frame = document.getElementById("frame");
  const life = document.getElementById("life");
  const state = document.getElementById("state");

  window.addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== location.origin || event.data?.v !== 1) return;
    const { type, height, reason } = event.data;
    if (type === "ready") state.textContent = "The frame is ready; its token is used up.";
    if (type === "error") state.textContent = `The frame was refused: ${reason}.`;
    if (type === "height" && Number.isFinite(height)) frame.height = String(Math.min(Math.max(height, 120), 8000));
  });

  const end = performance.now() + Number(life.dataset.seconds) * 1000;
  const count = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    life.textContent = left > 0 ? `${left} s` : "over";
    if (left > 0) setTimeout(count, 250);
  };
  count();

  document.getElementById("again").addEventListener("click", () => location.reload());
  form.requestSubmit();
})();
