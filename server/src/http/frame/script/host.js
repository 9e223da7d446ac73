// The line to the page around the frame. Messages are version 1 and go to its exact origin alone; once the page has said
// `init`, they go through the private port that it brought.
const script = document.currentScript;
const { parents = "", session: firstSession, expiresInMs, reason, requestId, retryAfterMs } = script.dataset;
const query = new URLSearchParams(location.search);
script.remove(); // What was handed over lives in memory alone,
if (location.search) history.replaceState(null, "", location.pathname); // and so does a token in the address.

const host = {
  origins: window.parent === window ? [] : parents.split(" ").filter(Boolean),
  port: null,

  tell(type, body = {}) {
    const message = { v: 1, type, ...body };
    if (this.port) return this.port.postMessage(message);
    // Browsers deliver to the true origin only. Nobody but the holder of the port is asked for a token.
    if (!["ready", "error", "height"].includes(type)) return;
    for (const origin of this.origins) window.parent.postMessage(message, origin);
  },

  // Calls `hear` with every message of the host, the first of which is `init`.
  listen(hear) {
    window.addEventListener("message", ({ source, origin, data, ports }) => {
      if (source !== window.parent || !this.origins.includes(origin)) return;
      if (this.port || data?.v !== 1 || data.type !== "init" || ports.length !== 1) return;
      this.port = ports[0];
      this.port.onmessage = (event) => event.data?.v === 1 && hear(event.data);
      hear(data);
    });
  },
};

let lastHeight = 0;
new ResizeObserver(() => {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  if (height !== lastHeight) host.tell("height", { height });
  lastHeight = height;
}).observe(document.documentElement);

if (reason) {
  host.tell("error", { reason, requestId, retryAfterMs: retryAfterMs ? Number(retryAfterMs) : null });
  return;
}
