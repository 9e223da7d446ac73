// The session: it fetches the numbers anew, is renewed by tokens of the host, and ends. Time is counted from the moment at
// which a request was sent, by a clock that nobody can set.
const REFRESH_MS = 60_000;
const PATIENCE_MS = 15_000;
const LEAD_MS = 90_000; // Before its end the session asks to be renewed.
const FINAL = ["SESSION_ENDED", "TOKEN_REVOKED", "DASHBOARD_NOT_FOUND"];

let session = firstSession;
let ends = Number(expiresInMs); // The clock began when the browser set out for this page.
let failures = 0;
let wish = Object.fromEntries([...query].filter(([name]) => name === "theme" || name === "locale"));
let [isOver, isRefreshing, isRenewing, isStale] = [false, false, false, false];
let refreshTimer, renewTimer, endTimer;

// Exponential backoff with full jitter, after what the server asks for.
const backoff = ({ retryAfterMs }) => (retryAfterMs ?? 500) + Math.random() * Math.min(60_000, 1_000 * 2 ** failures);

const call = async (path, options) => {
  const [used, sent] = [session, performance.now()];
  const headers = { "Embed-Session": used, "Content-Type": "application/json" };
  const common = { headers, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) };
  try {
    const answer = await fetch(path, { ...common, ...options });
    if (answer.ok) return { sent, body: await answer.text() };
    const { reason = "UNAVAILABLE", requestId = null, retryAfterMs = null } = await answer.json().catch(() => ({}));
    return { refusal: { reason, requestId, retryAfterMs }, isFinal: FINAL.includes(reason) && used === session };
  } catch {
    return { refusal: { reason: "UNREACHABLE", requestId: null, retryAfterMs: null }, isFinal: false };
  }
};

const refresh = async () => {
  if (isOver) return;
  isStale = isRefreshing;
  if (isRefreshing) return;
  clearTimeout(refreshTimer);
  isRefreshing = true;
  const { body, refusal, isFinal } = await call(`${location.pathname}/content?${new URLSearchParams(wish)}`);
  isRefreshing = false;
  if (isOver) return;
  if (isFinal) return end(refusal.reason);
  if (refusal) {
    if (root.dataset.state === "live") host.tell("error", refusal);
    page.away();
    refreshTimer = setTimeout(refresh, backoff(refusal));
    failures += 1;
  } else {
    page.show(body);
    page.live();
    failures = 0;
    refreshTimer = setTimeout(refresh, isStale ? 0 : REFRESH_MS * (0.9 + Math.random() / 5));
  }
};

const askForToken = (why) => {
  host.tell("renew-needed", { reason: why });
  renewTimer = setTimeout(askForToken, Math.max(1_000, Math.min(PATIENCE_MS, (ends - performance.now()) / 2)), why);
};

const renew = async (token) => {
  if (isOver || isRenewing || typeof token !== "string") return;
  clearTimeout(renewTimer);
  isRenewing = true;
  const { sent, body, refusal, isFinal } = await call("/embed/v1/session/renew", {
    method: "POST",
    body: JSON.stringify({ token }),
  });
  isRenewing = false;
  if (isOver) return;
  if (refusal) {
    host.tell("error", refusal);
    renewTimer = setTimeout(askForToken, backoff(refusal), refusal.reason);
    if (isFinal) refresh(); // It tells whether it is the session that is over, or the token alone.
    return;
  }
  const renewed = JSON.parse(body);
  session = renewed.session;
  ends = sent + renewed.expiresIn * 1_000;
  plan();
  host.tell("renewed", { expiresInMs: left() });
  if (root.dataset.state === "away") refresh();
};

const left = () => Math.max(0, Math.round(ends - performance.now()));

const plan = () => {
  clearTimeout(renewTimer);
  clearTimeout(endTimer);
  renewTimer = setTimeout(askForToken, left() - Math.min(LEAD_MS, left() / 4), "EXPIRING");
  endTimer = setTimeout(end, left(), "SESSION_ENDED");
};

const end = (why) => {
  isOver = true;
  session = null;
  [refreshTimer, renewTimer, endTimer].forEach(clearTimeout);
  page.end(why);
  host.tell("ended", { reason: why });
};

host.listen(({ type, token, theme, locale }) => {
  if (type === "token") renew(token);
  if (type === "refresh") refresh();
  if (!["init", "theme", "locale"].includes(type)) return;
  const asked = Object.entries({ theme, locale }).filter(([name, value]) => value && wish[name] !== value);
  wish = { ...wish, ...Object.fromEntries(asked) };
  if (asked.length > 0) refresh();
});

window.addEventListener("online", () => {
  failures = 0;
  refresh();
});
window.addEventListener("offline", refresh);

plan();
refreshTimer = setTimeout(refresh, REFRESH_MS * (0.9 + Math.random() / 5));
host.tell("ready", { expiresInMs: left() });
