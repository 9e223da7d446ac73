// One viewer on one host page, and what a test asks of it.
import { until } from "./until.js";

export class Visit {
  /** Opens a page of `site` in a tab of its own. */
  static async to(browser, server, site, { path = "/", before } = {}) {
    const visit = new Visit();
    visit.server = server;
    visit.page = await browser.newPage();
    if (before) await visit.page.evaluateOnNewDocument(...before);
    await visit.page.goto(site.origin + path);
    return visit;
  }

  /** Puts a frame of `dashboard` on the page. */
  async mount({ dashboard = "demo", ask = {}, token, query, ...settings } = {}) {
    const spec = { server: this.server, dashboard, ask };
    await this.page.evaluate(
      async (spec, settings, opening) => {
        window.embed = Object.assign(new Embed(spec), settings);
        await window.embed.mount(opening);
      },
      spec,
      settings,
      { token, query },
    );
  }

  /** A field of the page's `Embed`. */
  read(name) {
    return this.page.evaluate((name) => window.embed[name], name);
  }

  /** Calls a method of the page's `Embed`. */
  ask(name, ...args) {
    return this.page.evaluate((name, args) => window.embed[name](...args), name, args);
  }

  /** How much the frame has said. */
  async said() {
    return (await this.read("messages")).length;
  }

  /** What the frame says of this type, after the first `since` messages. */
  hears(type, since = 0, patience = undefined) {
    const heard = async () => (await this.read("messages")).slice(since).find((message) => message.type === type);
    return until(`the frame says ${type}`, heard, patience).catch(async (error) => {
      throw new Error(`${error.message}; it said ${JSON.stringify(await this.read("messages"))}`);
    });
  }

  /** The document in the frame, when it comes from the server. */
  frame() {
    return this.page.frames().find((frame) => frame.url().startsWith(`${this.server}/embed/`));
  }

  /** Runs `act` inside the frame. */
  async inside(act, ...args) {
    // The driver may learn of the document a moment after the page did.
    const frame = await until("the driver knows the frame", () => this.frame());
    return frame.evaluate(act, ...args);
  }

  /** Whether a dashboard stands anywhere on the page. */
  async shows() {
    const counts = this.page.frames().map((frame) => frame.evaluate(() => document.querySelectorAll("details").length));
    return (await Promise.allSettled(counts)).some(({ value }) => value > 0);
  }

  leave() {
    return this.page.close();
  }
}
