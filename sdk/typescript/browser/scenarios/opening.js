// How a dashboard comes onto a page: by a form, by its address, and at the right moment.
import assert from "node:assert/strict";
import { until } from "../../../../tests/browser/stage/until.js";
import { loads } from "./expect.js";

export function opening(scenario) {
  scenario("a form opens the dashboard, as high as what it shows, and the token is in no address", async (stage) => {
    const { visit, partner, relay } = stage;
    const page = await visit(partner);
    await page.mount({ dashboard: "by-form", options: { theme: "dark", locale: "hi" } });
    const { expiresInMs } = await page.hears("ready");
    assert.ok(expiresInMs > 0 && expiresInMs <= 600_000, `${expiresInMs}`);
    assert.ok(await page.shows());
    assert.equal(await page.read("delivery"), "post");
    const { height } = await page.hears("height");
    assert.ok(height > 400, `the frame wants to be ${height} high`);
    const { frames, asked } = await page.read("heights");
    assert.deepEqual(frames, [{ title: "Leaders", height: `${asked}px` }]);
    assert.deepEqual(loads(relay, "by-form"), ["POST 200"]);
    assert.equal(relay.loads("by-form")[0].headers.origin, partner.origin);
    assert.ok(relay.seen.every(({ path }) => !path.includes("token=")));
    const look = await page.inside(() => ({
      ...document.documentElement.dataset,
      lang: document.documentElement.lang,
    }));
    assert.deepEqual([look.theme, look.lang], ["dark", "hi"]);
  });

  scenario("where the page's policy forbids forms, the address opens it", async ({ visit, partner, relay, server }) => {
    const policy = `default-src 'self'; frame-src ${server}; form-action 'self'`;
    partner.page("/strict", "", { "content-security-policy": policy, "referrer-policy": "no-referrer" });
    const page = await visit(partner, { path: "/strict" });
    await page.mount({ dashboard: "by-address" });
    await page.hears("ready");
    assert.ok(await page.shows());
    assert.equal(await page.read("delivery"), "get");
    assert.deepEqual(loads(relay, "by-address"), ["GET 200"]);
    assert.equal(relay.loads("by-address")[0].headers.referer, `${partner.origin}/`);
    assert.deepEqual(await page.read("asked"), ["open"], "one token did for both ways");
  });

  scenario("a frame in a shadow tree is found by its form", async ({ visit, partner, relay }) => {
    const page = await visit(partner);
    await page.mount({ dashboard: "shadow", shadow: true });
    await page.hears("ready");
    assert.ok(await page.shows());
    assert.deepEqual(loads(relay, "shadow"), ["POST 200"]);
  });

  scenario("a prefetch is refused and leaves the token good", async ({ visit, partner, relay, amber, server }) => {
    const { token } = await amber.issue({ dashboardId: "ahead" });
    const address = `${server}/embed/v1/dashboards/ahead?token=${token}`;
    partner.page("/ahead", `<link rel="prefetch" href="${address}">`);
    const page = await visit(partner, { path: "/ahead" });
    await until("the browser prefetches", () => relay.loads("ahead")[0]?.status);
    assert.deepEqual(loads(relay, "ahead"), ["GET 425"]);
    await page.mount({ dashboard: "ahead", token });
    await page.hears("ready");
    assert.ok(await page.shows());
  });
}
