// A page of a partner that shows dashboards by @amber/embed, and notes what it hears of them.
import { connect } from "/client.js";
import { mountDashboard } from "/embed.js";

/** One dashboard on the page. */
class Embed {
  /** What the dashboard told, in order, each with its event as `type`. */
  messages = [];
  /** For what tokens were asked, in order. */
  asked = [];
  /** Tokens to open the frame with, the first ones first; the last one again and again. Fresh ones when there are none. */
  tokens = [];
  /** For what no token is to be had. */
  withheld = null;
  /** More options of the dashboard. */
  options = {};

  constructor({ server, dashboard, ask = {} }) {
    Object.assign(this, { server, dashboard, ask });
  }

  mount({ token } = {}) {
    if (token) this.tokens = [token];
    this.place = document.createElement("div");
    document.body.append(this.place);
    const place = this.shadow ? this.place.attachShadow({ mode: "open" }) : this.place;
    const getToken = ({ purpose }) => this.token(purpose);
    this.mounted = mountDashboard(place, { title: "Leaders", getToken, ...this.options });
    for (const name of ["ready", "renewed", "height", "trouble", "state"]) {
      this.mounted.on(name, (event) => this.messages.push({ type: name, ...event, cause: String(event.cause) }));
    }
  }

  async token(purpose) {
    this.asked.push(purpose);
    if (purpose === this.withheld) throw new Error("withheld");
    const embedUrl = `${this.server}/embed/v1/dashboards/${this.dashboard}`;
    if (purpose === "open" && this.tokens.length > 0) {
      return { token: this.tokens.length > 1 ? this.tokens.shift() : this.tokens[0], embedUrl };
    }
    const body = JSON.stringify({ dashboardId: this.dashboard, ...this.ask });
    const answer = await fetch("/token", { method: "POST", body });
    if (!answer.ok) throw new Error(`the partner's server says ${answer.status}`);
    return answer.json();
  }

  get state() {
    return this.mounted.state;
  }

  get delivery() {
    return this.mounted.delivery;
  }

  get frames() {
    return [...this.place.querySelectorAll("iframe")].map(({ title, style }) => ({ title, height: style.height }));
  }

  /** The frames, and how high the last one of them asked to be, as of one moment. */
  get heights() {
    return { frames: this.frames, asked: this.messages.findLast(({ type }) => type === "height")?.height };
  }

  call(name, ...args) {
    return this.mounted[name](...args);
  }
}

Object.assign(window, { Embed, connectAmber: connect });
