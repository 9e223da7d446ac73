// What the viewer sees: the content, a notice above it, or a farewell in its place.
const root = document.documentElement;
const notice = document.getElementById("notice");
const trusted = { createHTML: (html) => html };
const policy = window.trustedTypes?.createPolicy("amber-frame", trusted) ?? trusted;

const page = {
  get main() {
    return document.getElementById("dashboard");
  },

  // Puts new content in the place of the old one; what the viewer unfolded, scrolled or focused stays so.
  show(html) {
    const fresh = new DOMParser().parseFromString(policy.createHTML(html), "text/html").getElementById("dashboard");
    if (!fresh) return;
    const old = this.main;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const [left, top] = [window.scrollX, window.scrollY];
    const scrolled = [...old.querySelectorAll(".scroll")].map((box) => [box.id, box.scrollLeft, box.scrollTop]);
    for (const { id } of old.querySelectorAll("details[open]")) {
      fresh.querySelector(`details#${id}`)?.setAttribute("open", "");
    }
    old.replaceWith(fresh);
    root.lang = fresh.lang;
    root.dataset.theme = fresh.dataset.theme;
    document.title = fresh.dataset.title;
    for (const [id, x, y] of scrolled) document.getElementById(id)?.scrollTo(x, y);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    window.scrollTo(left, top);
  },

  live() {
    root.dataset.state = "live";
    notice.textContent = "";
  },

  away() {
    root.dataset.state = "away";
    notice.textContent = this.main.dataset.away;
  },

  // Takes the numbers away for good and says why.
  end(why) {
    const words = this.main.dataset;
    const texts = { TOKEN_REVOKED: words.revoked, DASHBOARD_NOT_FOUND: words.deleted };
    const card = document.createElement("section");
    card.className = "card";
    card.append(document.createElement("h1"), document.createElement("p"));
    card.firstChild.textContent = words.farewell;
    card.lastChild.textContent = texts[why] ?? words.ended;
    this.main.className = "farewell";
    this.main.replaceChildren(card);
    this.live();
    root.dataset.state = "ended";
  },
};
