// The demo around it: buttons, lives and a log. No token is ever shown.
const at = (id) => document.getElementById(id);
const began = performance.now();
let usedUp = null; // The token that opened the frame.
let tokenEnds = null;
let sessionEnds = null;

const log = (who, type, facts = {}) => {
  const line = document.createElement("li");
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const told = Object.entries(facts).filter(([name, value]) => !["v", "type", "token"].includes(name) && value != null);
  const [when, speaker, what] = ["time", "b", "span"].map((tag) => document.createElement(tag));
  when.textContent = `${seconds} s`;
  speaker.textContent = who;
  what.textContent = [type, ...told.map(([name, value]) => `${name} ${value}`)].join(" · ");
  line.className = who;
  line.append(when, speaker, what);
  at("log").prepend(line);
};

const ask = async (path, body = {}) => {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.message);
  return told;
};

const getToken = async (origin = location.origin) => {
  const issued = await ask("/demo/token", { origin });
  tokenEnds = performance.now() + issued.expiresIn * 1000;
  log("page", "got a token from its server", { for: origin });
  return issued;
};

const states = {
  ready: () => "open",
  renewed: () => "open",
  error: (reason) => `refused: ${reason}`,
  ended: (reason) => `over: ${reason}`,
  silent: () => "blocked by the browser",
};

const onMessage = (message) => {
  const { type, reason, expiresInMs } = message;
  if (type !== "height") log("frame", type, message);
  if (expiresInMs) sessionEnds = performance.now() + expiresInMs;
  if (type === "error" && sessionEnds) return; // The frame is open and goes on trying.
  if (type === "ended") sessionEnds = null;
  if (type in states) at("state").textContent = states[type](reason);
};

const look = { theme: at("theme").value, locale: at("locale").value };
const dashboard = embedDashboard({ iframe: at("frame"), getToken, onMessage, look });

const load = async (issued) => {
  sessionEnds = null;
  at("state").textContent = "loading";
  usedUp = issued;
  await dashboard.load(issued);
};

const anotherOrigin = () => {
  const other = location.hostname === "localhost" ? "127.0.0.1" : "localhost";
  return location.origin.replace(location.hostname, other);
};

const actions = {
  load: async () => load(await getToken()),
  renew: () => dashboard.renew(),
  replay: () => usedUp && load(usedUp),
  foreign: async () => load(await getToken(anotherOrigin())),
  revoke: async () => {
    await ask("/demo/revoke");
    log("page", "had its server revoke everything so far");
    dashboard.refresh();
  },
};

for (const [id, act] of Object.entries(actions)) {
  const button = at(id);
  button.addEventListener("click", () => act()?.catch((error) => log("page", error.message)));
  for (const event of ["pointerenter", "focus"]) {
    button.addEventListener(event, () => (at("hint").textContent = button.title));
  }
}
for (const name of ["theme", "locale"]) {
  at(name).addEventListener("change", ({ target }) => {
    dashboard.setLook(name, target.value);
    log("page", name, { to: target.value });
  });
}

const count = () => {
  const left = (end) => (end === null ? "–" : end > performance.now() ? `${Math.ceil((end - performance.now()) / 1000)} s` : "over");
  at("token-life").textContent = left(tokenEnds);
  at("session-life").textContent = left(sessionEnds);
};
setInterval(count, 250);

actions.load().catch((error) => log("page", error.message));
