// The partner's half of the frame: mounts it, hands tokens over, and notes what the frame says. Runs in the host page.
"use strict";

/** One frame on a partner's page. */
class Embed {
  /** What the frame said, in order. */
  messages = [];
  /** How often a document was loaded into the frame. */
  loads = 0;
  /** How the last token went into the frame: `form` or `address`. */
  delivery = null;
  /** Whether the frame is made as high as it asks to be. */
  follows = false;
  /** Whether the frame gets a fresh token as soon as it asks for one. */
  renews = false;
  /** What the frame is told at first: its theme and locale. */
  init = {};
  #port = null;
  #mounted = null;

  constructor({ server, dashboard, ask = {} }) {
    this.server = server;
    this.dashboard = dashboard;
    this.ask = ask;
  }

  /** Asks this page's own server for a token and opens the frame with it. */
  async mount({ token, query = "" } = {}) {
    this.query = query;
    const opening = token ?? (await this.token());
    this.frame = document.createElement("iframe");
    this.frame.name = `frame-${Math.random().toString(36).slice(2)}`;
    this.frame.title = "Dashboard";
    this.frame.width = "700";
    this.frame.height = "400";
    this.frame.referrerPolicy = "origin";
    const { signal } = (this.#mounted = new AbortController());
    window.addEventListener("message", (event) => this.#hear(event), { signal });
    document.body.append(this.frame);
    this.frame.addEventListener("load", () => (this.loads += 1), { signal });
    this.#open(opening);
  }

  /** Takes the frame off the page. */
  destroy() {
    this.#mounted.abort();
    this.#port?.close();
    this.#port = null;
    this.frame.remove();
  }

  /** A fresh token. */
  async token(more = {}) {
    const body = { dashboardId: this.dashboard, ...this.ask, ...more };
    const answer = await fetch("/token", { method: "POST", body: JSON.stringify(body) });
    return (await answer.json()).token;
  }

  /** Lets the frame go on with this token, or a fresh one. */
  async renew(token) {
    this.tell("token", { token: token ?? (await this.token()) });
  }

  /** Says something to the frame. */
  tell(type, fields = {}) {
    this.#port.postMessage({ v: 1, type, ...fields });
  }

  get address() {
    return `${this.server}/embed/v1/dashboards/${this.dashboard}`;
  }

  /** By a form, which keeps the token off the address; by the address where this page's own policy forbids forms. */
  #open(token) {
    const fallBack = () => this.delivery === "form" && this.#navigate(token);
    const violated = (event) => event.effectiveDirective === "form-action" && fallBack();
    document.addEventListener("securitypolicyviolation", violated, { signal: this.#mounted.signal });
    const form = document.createElement("form");
    form.method = "post";
    form.action = this.address + this.query;
    form.target = this.frame.name;
    form.hidden = true;
    const field = document.createElement("input");
    field.name = "token";
    field.value = token;
    form.append(field);
    document.body.append(form);
    this.delivery = "form";
    try {
      form.submit();
    } catch {
      // Firefox throws where Chromium tells by an event.
      fallBack();
    }
    form.remove();
  }

  #navigate(token) {
    this.delivery = "address";
    const address = new URL(this.address + this.query);
    address.searchParams.set("token", token);
    this.frame.src = address.href;
  }

  #hear(event) {
    if (event.source !== this.frame.contentWindow || event.origin !== this.server || event.data?.v !== 1) return;
    this.#note(event.data, "window");
    if (event.data.type !== "ready") return;
    const channel = new MessageChannel();
    this.#port = channel.port1;
    this.#port.onmessage = (said) => this.#note(said.data, "port");
    this.frame.contentWindow.postMessage({ v: 1, type: "init", ...this.init }, this.server, [channel.port2]);
  }

  #note(message, via) {
    this.messages.push({ ...message, via });
    if (message.type === "height" && this.follows) this.frame.height = String(message.height);
    if (message.type === "renew-needed" && this.renews) this.renew();
  }

}
