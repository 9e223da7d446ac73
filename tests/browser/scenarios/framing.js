// Pages that may not show the dashboard, alone or around a page that may.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../stage/until.js";

/** How long a blocked frame is given to say something after all. */
const SILENCE_MS = 1_500;

export function framing(scenario) {
  scenario("a page whose origin is not in the token sees nothing, and uses nothing up", async (stage) => {
    const { visit, partner, other, stranger, amber, relay } = stage;
    const { token } = await amber.issue({ dashboardId: "foreign", allowedOrigins: [partner.origin] });
    for (const site of [other, stranger]) {
      relay.forget();
      const page = await visit(site);
      await page.mount({ dashboard: "foreign", token });
      await until("the frame is refused", () => relay.loads("foreign")[0]?.status);
      assert.equal(relay.loads("foreign")[0].status, 403);
      await saysNothing(page);
    }
    const page = await visit(partner);
    await page.mount({ dashboard: "foreign", token });
    await page.hears("ready");
    assert.ok(await page.shows());
  });

  scenario("a stranger around the partner's page blocks the frame in it", async ({ visit, partner, stranger, relay }) => {
    stranger.page("/around", `<iframe src="${partner.origin}/" width="800" height="600"></iframe>`);
    const page = await visit(stranger, { path: "/around" });
    const inner = await until("the partner's page is framed", () =>
      page.page.frames().find((frame) => frame.url() === `${partner.origin}/`),
    );
    await until("its script runs", () => inner.evaluate(() => typeof Embed === "function"));
    await inner.evaluate(async (server) => {
      window.embed = new Embed({ server, dashboard: "nested" });
      await window.embed.mount();
    }, page.server);
    // The server saw nothing wrong: the page that asked is the partner's. The browser alone knows who stands around it.
    await until("the frame is answered", () => relay.loads("nested")[0]?.status);
    assert.equal(relay.loads("nested")[0].status, 200);
    await sleep(SILENCE_MS);
    assert.deepEqual(await inner.evaluate(() => window.embed.messages), []);
    assert.equal(await page.shows(), false);
  });
}

async function saysNothing(page) {
  await sleep(SILENCE_MS);
  assert.deepEqual(await page.read("messages"), []);
  assert.equal(await page.shows(), false);
}
