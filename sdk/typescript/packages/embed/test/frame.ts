// The part of the frame in a page without one: a test speaks as the window in it, and reads what the port brings.
import type { Dashboard } from "../src/index.js";

const ORIGIN = "https://amber.example.com";
export const EMBED_URL = `${ORIGIN}/embed/v1/dashboards/board`;

/** Says something as the window in the frame of this dashboard, or as somebody else. */
export function say(dashboard: Dashboard, message: object, from: { origin?: string; source?: unknown } = {}): void {
  const { origin = ORIGIN, source = dashboard.frame?.contentWindow } = from;
  const event = Object.assign(new Event("message"), { data: { v: 1, ...message }, origin, source });
  window.dispatchEvent(event);
}

/** Says that the frame is ready; answers the port that the page then gives it, with what comes by it. */
export function greet(dashboard: Dashboard, expiresInMs = 600_000) {
  const target = dashboard.frame?.contentWindow;
  if (!target) throw new Error("there is no frame yet");
  const received: { message: Record<string, unknown>; origin: string; ports: MessagePort[] }[] = [];
  target.postMessage = ((message: Record<string, unknown>, origin: string, ports: MessagePort[]) => {
    received.push({ message, origin, ports });
  }) as typeof target.postMessage;
  say(dashboard, { type: "ready", expiresInMs });
  const [init] = received;
  const port = init?.ports[0];
  if (!init || !port) throw new Error("the frame was not greeted");
  const heard: Record<string, unknown>[] = [];
  port.onmessage = ({ data }) => heard.push(data);
  return { init, heard, tell: (message: object) => port.postMessage({ v: 1, ...message }) };
}
