// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Dashboard, type DashboardOptions, mountDashboard, type Trouble } from "../src/index.js";
import { EMBED_URL, greet, say } from "./frame.js";

const getToken = vi.fn<DashboardOptions["getToken"]>();
let place: HTMLElement;
let mounted: Dashboard[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  vi.spyOn(HTMLFormElement.prototype, "submit").mockImplementation(() => undefined);
  vi.spyOn(Math, "random").mockReturnValue(0);
  getToken.mockReset();
  getToken.mockImplementation(async () => ({ token: `token-${getToken.mock.calls.length}`, embedUrl: EMBED_URL }));
  place = document.body.appendChild(document.createElement("div"));
});

afterEach(() => {
  for (const dashboard of mounted) dashboard.destroy();
  mounted = [];
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A dashboard with what it tells. */
async function mount(options: Partial<DashboardOptions> = {}) {
  const dashboard = mountDashboard(place, { title: "Leaders", getToken, ...options });
  mounted.push(dashboard);
  const troubles: Trouble[] = [];
  dashboard.on("trouble", (trouble) => troubles.push(trouble));
  await settle();
  return { dashboard, troubles, reasons: () => troubles.map(({ reason }) => reason) };
}

/** Lets promises and ports go on, and `ms` pass. */
async function settle(ms = 0) {
  await vi.advanceTimersByTimeAsync(ms);
  await new Promise((resolve) => setImmediate(resolve));
  await vi.advanceTimersByTimeAsync(0);
}

test("a dashboard without a title is refused", () => {
  expect(() => mountDashboard(place, { title: " ", getToken })).toThrow(TypeError);
});

test("the frame is greeted with the look and a port, and only at its own origin", async () => {
  const { dashboard } = await mount({ theme: "dark" });
  const { init } = greet(dashboard);
  expect(init.message).toMatchObject({ v: 1, type: "init", theme: "dark" });
  expect(init.origin).toBe("https://amber.example.com");
  expect(dashboard.state).toBe("open");
});

test("what others say is not heard", async () => {
  const { dashboard } = await mount();
  say(dashboard, { type: "ready", expiresInMs: 1 }, { origin: "https://evil.example.com" });
  say(dashboard, { type: "ready", expiresInMs: 1 }, { source: window });
  say(dashboard, { v: 2, type: "ready", expiresInMs: 1 });
  expect(dashboard.state).toBe("opening");
});

test("however often the frame asks, one token is fetched for it", async () => {
  const { dashboard } = await mount();
  const { tell, heard } = greet(dashboard);
  let give: (token: { token: string; embedUrl: string }) => void = () => undefined;
  getToken.mockReturnValueOnce(
    new Promise((resolve) => {
      give = resolve;
    }),
  );
  for (let n = 0; n < 3; n += 1) tell({ type: "renew-needed", reason: "EXPIRING" });
  await settle();
  give({ token: "fresh", embedUrl: EMBED_URL });
  await settle();
  expect(getToken).toHaveBeenCalledTimes(2);
  expect(getToken.mock.calls[1]?.[0].purpose).toBe("renew");
  expect(heard).toEqual([{ v: 1, type: "token", token: "fresh" }]);
});

test("a source of tokens that fails is asked again, later and later", async () => {
  const { dashboard, reasons } = await mount();
  const { tell, heard } = greet(dashboard);
  vi.mocked(Math.random).mockReturnValue(1);
  getToken.mockRejectedValueOnce(new Error("away")).mockRejectedValueOnce(new Error("away"));
  tell({ type: "renew-needed", reason: "EXPIRING" });
  await settle();
  expect(getToken).toHaveBeenCalledTimes(2);
  await settle(1_249);
  expect(getToken).toHaveBeenCalledTimes(2);
  await settle(1);
  expect(getToken).toHaveBeenCalledTimes(3);
  await settle(2_250);
  expect(getToken).toHaveBeenCalledTimes(4);
  expect(heard).toHaveLength(1);
  expect(reasons()).toEqual(["TOKEN_SOURCE_FAILED", "TOKEN_SOURCE_FAILED"]);
  expect(dashboard.state).toBe("open");
});

test("a frame that does not ask gets its token unasked, before its session ends", async () => {
  const { dashboard } = await mount();
  const { heard } = greet(dashboard, 600_000);
  await settle(554_999);
  expect(heard).toEqual([]);
  await settle(1);
  expect(heard).toMatchObject([{ type: "token" }]);
});

test("a frame that never says that its session is over is opened again", async () => {
  getToken.mockImplementation(async ({ purpose }) => {
    if (purpose === "renew") throw new Error("withheld");
    return { token: "token", embedUrl: EMBED_URL };
  });
  const { dashboard, reasons } = await mount();
  greet(dashboard, 60_000);
  const first = dashboard.frame;
  await settle(75_000);
  expect(reasons()).toContain("SESSION_ENDED");
  await settle(250);
  expect(dashboard.frame).not.toBe(first);
  greet(dashboard);
  expect(dashboard.state).toBe("open");
});

test("a frame that says nothing is given up after a few tries", async () => {
  const { dashboard, troubles, reasons } = await mount({ handshakeTimeoutMs: 1_000 });
  await settle(20_000);
  expect(reasons()).toEqual(Array(4).fill("NO_ANSWER"));
  expect(troubles.map(({ isFinal }) => isFinal)).toEqual([false, false, false, true]);
  expect(dashboard.state).toBe("over");
  await settle(600_000);
  expect(getToken).toHaveBeenCalledTimes(4);
  dashboard.reopen();
  await settle();
  greet(dashboard);
  expect(dashboard.state).toBe("open");
});

test("what is tried without end does not use up the few tries of the rest", async () => {
  for (let n = 0; n < 6; n += 1) getToken.mockRejectedValueOnce(new Error("away"));
  const { dashboard, troubles } = await mount();
  for (let n = 0; n < 6; n += 1) await settle(250);
  expect(troubles).toHaveLength(6);
  for (const tries of [1, 2, 3, 4]) {
    expect(dashboard.state).toBe("opening");
    say(dashboard, { type: "error", reason: "TOKEN_EXPIRED" });
    expect(troubles.at(-1)).toMatchObject({ reason: "TOKEN_EXPIRED", isFinal: tries === 4 });
    await settle(250);
  }
  expect(dashboard.state).toBe("over");
});

test("a frame that stood for a while has all its tries again", async () => {
  const { dashboard, troubles } = await mount();
  for (let n = 0; n < 6; n += 1) {
    greet(dashboard);
    await settle(31_000);
    say(dashboard, { type: "error", reason: "TOKEN_REPLAYED" });
    await settle(250);
  }
  expect(troubles.map(({ isFinal }) => isFinal)).toEqual(Array(6).fill(false));
});

test("a frame that speaks late is taken, and not loaded again", async () => {
  const { dashboard } = await mount({ handshakeTimeoutMs: 1_000 });
  await settle(1_000);
  greet(dashboard);
  await settle(60_000);
  expect(dashboard.state).toBe("open");
  expect(getToken).toHaveBeenCalledTimes(1);
});

test("a page that says why it does not open decides what follows", async () => {
  const { dashboard, troubles } = await mount();
  say(dashboard, { type: "error", reason: "DATABASE_UNAVAILABLE", requestId: "r-1", retryAfterMs: 5_000 });
  expect(troubles[0]).toMatchObject({ reason: "DATABASE_UNAVAILABLE", requestId: "r-1", isFinal: false });
  await settle(4_999);
  expect(getToken).toHaveBeenCalledTimes(1);
  await settle(1);
  expect(getToken).toHaveBeenCalledTimes(2);
  say(dashboard, { type: "error", reason: "DASHBOARD_NOT_FOUND" });
  expect(dashboard.state).toBe("over");
});

test("being online again ends the wait", async () => {
  const { dashboard } = await mount();
  say(dashboard, { type: "error", reason: "DATABASE_UNAVAILABLE", retryAfterMs: 600_000 });
  window.dispatchEvent(new Event("online"));
  await settle();
  expect(getToken).toHaveBeenCalledTimes(2);
  window.dispatchEvent(new Event("online"));
  await settle();
  expect(getToken).toHaveBeenCalledTimes(2);
});

test("trouble of a frame that stands is told and changes nothing", async () => {
  const { dashboard, troubles } = await mount();
  greet(dashboard).tell({ type: "error", reason: "UNREACHABLE", requestId: null, retryAfterMs: null });
  await settle();
  expect(troubles).toMatchObject([{ reason: "UNREACHABLE", isFinal: false }]);
  expect(dashboard.state).toBe("open");
});

test("the frame is as high as it asks to be, within bounds", async () => {
  const { dashboard } = await mount({ minHeight: 200, maxHeight: 1_000 });
  const { tell } = greet(dashboard);
  const height = async (height: unknown) => {
    tell({ type: "height", height });
    await settle();
    return dashboard.frame?.style.height;
  };
  expect(await height(640)).toBe("640px");
  expect(await height(9_999_999)).toBe("1000px");
  expect(await height("1e9")).toBe("200px");
});

test("in a container that is on no page no token goes anywhere", async () => {
  place.remove();
  const { reasons } = await mount({ handshakeTimeoutMs: 1_000 });
  expect(HTMLFormElement.prototype.submit).not.toHaveBeenCalled();
  await settle(1_000);
  expect(reasons()).toEqual(["NO_ANSWER"]);
});

test("an answer without a usable address opens nothing", async () => {
  for (const embedUrl of ["javascript:alert(1)", "/relative", undefined as unknown as string]) {
    getToken.mockResolvedValueOnce({ token: "t", embedUrl });
    const { dashboard, reasons } = await mount();
    expect([dashboard.state, reasons(), dashboard.frame]).toEqual(["over", ["EMBED_URL_INVALID"], undefined]);
  }
});

test("a token that is fetched for a dashboard that is gone goes nowhere", async () => {
  let given: AbortSignal | undefined;
  getToken.mockImplementationOnce(({ signal }) => {
    given = signal;
    return new Promise(() => undefined);
  });
  const { dashboard, troubles } = await mount();
  dashboard.destroy();
  await settle();
  expect(given?.aborted).toBe(true);
  expect([troubles, place.children.length]).toEqual([[], 0]);
});

test("a listener that throws does not keep others from hearing, and may leave", async () => {
  const reported = vi.fn();
  vi.stubGlobal("reportError", reported);
  const { dashboard } = await mount();
  const [bad, good] = [vi.fn(), vi.fn()];
  bad.mockImplementation(() => {
    throw new Error("mine");
  });
  const leave = dashboard.on("ready", bad);
  dashboard.on("ready", good);
  greet(dashboard);
  expect(good).toHaveBeenCalledWith({ expiresInMs: 600_000 });
  expect(reported).toHaveBeenCalledTimes(1);
  leave();
  greet(dashboard);
  expect([bad.mock.calls.length, good.mock.calls.length]).toEqual([1, 2]);
});
