// Pages that may not show the dashboard, alone or around a page that may.
import assert from "node:assert/strict";
import { until } from "../../../../tests/browser/stage/until.js";
import { enters, troubles } from "./expect.js";
import { hurry } from "./time.js";

/** The browser blocks these frames without a word, so nothing tells but the time. */
const HASTE = 10;
const IMPATIENT = { handshakeTimeoutMs: HASTE * 700 };

export function framing(scenario) {
  scenario("a page whose origin is not in the token sees nothing, uses nothing up, and gives up", async (stage) => {
    const { visit, partner, other, stranger, amber, relay } = stage;
    const { token } = await amber.issue({ dashboardId: "foreign", allowedOrigins: [partner.origin] });
    for (const site of [other, stranger]) {
      relay.forget();
      const page = await visit(site, { before: [hurry, HASTE] });
      await page.mount({ dashboard: "foreign", token, options: IMPATIENT });
      const { reason } = await enters(page, "over");
      assert.equal(reason, "NO_ANSWER");
      assert.deepEqual(await troubles(page), Array(4).fill("NO_ANSWER"));
      assert.ok(relay.loads("foreign").every(({ status }) => status === undefined || status === 403));
      assert.equal(await page.shows(), false);
    }
    const page = await visit(partner);
    await page.mount({ dashboard: "foreign", token });
    await page.hears("ready");
    assert.ok(await page.shows());
  });

  scenario(
    "a stranger around the partner's page blocks the frame in it",
    async ({ visit, partner, stranger, relay }) => {
      stranger.page("/around", `<iframe src="${partner.origin}/" width="800" height="600"></iframe>`);
      const page = await visit(stranger, { path: "/around", before: [hurry, HASTE] });
      const inner = await until("the partner's page is framed", () =>
        page.page.frames().find((frame) => frame.url() === `${partner.origin}/`),
      );
      await until("its script runs", () => inner.evaluate(() => typeof window.Embed === "function"));
      const spec = { server: page.server, dashboard: "nested" };
      const mount = (spec, options) => {
        window.embed = Object.assign(new window.Embed(spec), { options });
        window.embed.mount();
      };
      await inner.evaluate(mount, spec, IMPATIENT);
      const state = () => inner.evaluate(() => window.embed.state);
      await until("it gives up", async () => (await state()) === "over", 40_000);
      // The server saw nothing wrong: the page that asked is the partner's. The browser alone knows who stands around it.
      assert.ok(relay.loads("nested").some(({ status }) => status === 200));
      const said = await inner.evaluate(() => window.embed.messages);
      assert.ok(said.every(({ type, reason }) => type !== "ready" && (type !== "trouble" || reason === "NO_ANSWER")));
      assert.equal(await page.shows(), false);
    },
  );
}
