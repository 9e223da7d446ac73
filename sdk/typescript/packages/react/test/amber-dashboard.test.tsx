// @vitest-environment happy-dom
import { act } from "react";
import { beforeEach, expect, test, vi } from "vitest";
import { AmberDashboard, type GetToken } from "../src/index.js";
import { render, settle } from "./render.js";

const ORIGIN = "https://amber.example.com";
const getToken = vi.fn<GetToken>();

beforeEach(() => {
  vi.spyOn(HTMLFormElement.prototype, "submit").mockImplementation(() => undefined);
  getToken.mockReset();
  getToken.mockResolvedValue({ token: "token", embedUrl: `${ORIGIN}/embed/v1/dashboards/board` });
});

const frames = (place: HTMLElement) => [...place.querySelectorAll("iframe")];

/** Speaks as the frame, and answers what it was told. */
async function say(place: HTMLElement, message: object) {
  const [frame] = frames(place);
  const source = frame?.contentWindow;
  const told: Record<string, unknown>[] = [];
  if (source) {
    source.postMessage = ((init: Record<string, unknown>, _: string, [port]: MessagePort[]) => {
      told.push(init);
      if (port) port.onmessage = ({ data }) => told.push(data);
    }) as typeof source.postMessage;
  }
  const data = { v: 1, ...message };
  const event = Object.assign(new Event("message"), { data, origin: ORIGIN, source });
  await act(async () => void window.dispatchEvent(event));
  return told;
}

test("Strict Mode costs one token and leaves one frame", async () => {
  const { place, leave } = await render(<AmberDashboard title="Leaders" getToken={getToken} />);
  await settle(() => frames(place).length > 0);
  expect(getToken).toHaveBeenCalledTimes(1);
  expect(frames(place).map(({ title }) => title)).toEqual(["Leaders"]);
  await leave();
  expect(document.querySelectorAll("iframe")).toHaveLength(0);
});

test("the fallback stands until the dashboard is open, and callbacks hear of it", async () => {
  const onReady = vi.fn();
  const onStateChange = vi.fn();
  const { place, leave } = await render(
    <AmberDashboard
      title="Leaders"
      getToken={getToken}
      fallback={<p>loading</p>}
      onReady={onReady}
      onStateChange={onStateChange}
    />,
  );
  await settle(() => frames(place).length > 0);
  expect(place.textContent).toBe("loading");
  expect(place.querySelector("[aria-busy=true]")).not.toBeNull();
  await say(place, { type: "ready", expiresInMs: 5_000 });
  await settle(() => place.textContent === "");
  expect(onReady).toHaveBeenCalledWith({ expiresInMs: 5_000 });
  expect(onStateChange).toHaveBeenCalledWith({ state: "open", reason: null });
  await leave();
});

test("theme, locale and title follow without another frame, new functions neither", async () => {
  const show = (theme: "dark" | "light", title: string) => (
    <AmberDashboard title={title} theme={theme} locale="en" getToken={(asked) => getToken(asked)} />
  );
  const view = await render(show("light", "One"));
  await settle(() => frames(view.place).length > 0);
  const [frame] = frames(view.place);
  const told = await say(view.place, { type: "ready", expiresInMs: 60_000 });
  await settle();
  await view.show(show("dark", "Two"));
  await settle(() => told.length > 1);
  expect(told).toMatchObject([
    { type: "init", theme: "light" },
    { type: "theme", theme: "dark" },
  ]);
  expect(frames(view.place)).toEqual([frame]);
  expect(frame?.title).toBe("Two");
  expect(getToken).toHaveBeenCalledTimes(1);
  await view.leave();
});

test("what is over can be opened again", async () => {
  const onTrouble = vi.fn();
  const { place, leave } = await render(
    <AmberDashboard
      title="Leaders"
      getToken={getToken}
      onTrouble={onTrouble}
      over={({ trouble, reopen }) => (
        <button type="button" onClick={reopen}>
          {trouble?.reason}
        </button>
      )}
    />,
  );
  await settle(() => frames(place).length > 0);
  await say(place, { type: "error", reason: "TOKEN_REVOKED", requestId: "r-1" });
  await settle(() => place.querySelector("button") !== null);
  expect(place.querySelector("button")?.textContent).toBe("TOKEN_REVOKED");
  expect(onTrouble).toHaveBeenCalledWith(expect.objectContaining({ reason: "TOKEN_REVOKED", isFinal: true }));
  await act(async () => place.querySelector("button")?.click());
  await settle(() => getToken.mock.calls.length === 2);
  expect(place.querySelector("button")).toBeNull();
  await leave();
});
