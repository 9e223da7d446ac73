// Everything that a site needs to show a dashboard of Amber: it opens the frame, says hello, brings tokens when the frame asks
// for them, and follows the height. `getToken` asks the site's own server and answers with { token, embedUrl }; `onMessage`
// hears what the frame says, and `silent` when it says nothing: then the browser blocked it.
"use strict";

const HELLO_MS = 5_000;

function embedDashboard({ iframe, getToken, onMessage, look = {} }) {
  let frameOrigin = null;
  let port = null;
  let silence;

  const send = (type, body = {}) => port?.postMessage({ v: 1, type, ...body });

  // The token goes by a form: no address and no history holds it.
  const post = (action, token) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action, target: iframe.name, hidden: true });
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "token", value: token });
    form.append(field);
    document.body.append(form);
    form.submit();
    form.remove();
  };

  const load = async ({ token, embedUrl }) => {
    const page = new URL(embedUrl);
    for (const [name, value] of Object.entries(look)) page.searchParams.set(name, value);
    frameOrigin = page.origin;
    port?.close();
    port = null;
    clearTimeout(silence);
    silence = setTimeout(onMessage, HELLO_MS, { type: "silent" });
    try {
      post(page, token);
    } catch {
      // The policy of this site forbids the form: the address has to do. Amber takes it away at once.
      page.searchParams.set("token", token);
      iframe.src = page;
    }
  };

  const renew = async () => send("token", { token: (await getToken()).token });

  const hear = (message) => {
    if (message?.v !== 1) return;
    if (message.type === "renew-needed") renew().catch(() => {}); // The frame asks again.
    if (message.type === "height") iframe.height = String(Math.min(Math.max(Number(message.height) || 0, 120), 10_000));
    onMessage(message);
  };

  // A frame speaks by its window until it has a port of its own.
  const onWindow = ({ source, origin, data }) => {
    if (source !== iframe.contentWindow || origin !== frameOrigin || data?.v !== 1) return;
    if (data.type === "ready" || data.type === "error") clearTimeout(silence);
    if (data.type === "ready") {
      const channel = new MessageChannel();
      port = channel.port1;
      port.onmessage = (event) => hear(event.data);
      iframe.contentWindow.postMessage({ v: 1, type: "init", ...look }, frameOrigin, [channel.port2]);
    }
    hear(data);
  };
  window.addEventListener("message", onWindow);

  return {
    load,
    renew,
    refresh: () => send("refresh"),
    setLook(name, value) {
      look = { ...look, [name]: value };
      send(name, { [name]: value });
    },
    destroy() {
      window.removeEventListener("message", onWindow);
      clearTimeout(silence);
      port?.close();
      iframe.removeAttribute("src");
    },
  };
}
