// What scenarios wait for.
import { until } from "../../../../tests/browser/stage/until.js";

/** Waits until the dashboard is in this state; answers the last event that said so. */
export async function enters(page, state, patience = 40_000) {
  await until(`the dashboard is ${state}`, async () => (await page.read("state")) === state, patience).catch(
    async (error) => {
      throw new Error(`${error.message}; it told ${JSON.stringify(await page.read("messages"))}`);
    },
  );
  return (await page.read("messages")).findLast((message) => message.type === "state" && message.state === state);
}

/** The reasons of all trouble so far, in order. */
export async function troubles(page) {
  return (await page.read("messages")).filter(({ type }) => type === "trouble").map(({ reason }) => reason);
}

/** How the dashboard was loaded: the method and the status of each load. */
export function loads(relay, dashboard) {
  return relay.loads(dashboard).map(({ method, status }) => `${method} ${status}`);
}
