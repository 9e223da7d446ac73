// How a frame comes onto a page: by a form, by its address, and at the right moment.
import assert from "node:assert/strict";
import { until } from "../stage/until.js";

export function opening(scenario) {
  scenario("a form opens the dashboard, and the token is in no address", async ({ visit, partner, relay }) => {
    const page = await visit(partner);
    await page.mount({ dashboard: "by-form", follows: true });
    await page.hears("ready");
    const { height } = await page.hears("height");
    assert.ok(await page.shows());
    assert.ok(height > 400, `the frame wants to be ${height} high`);
    assert.equal(await page.read("delivery"), "form");
    const loads = relay.loads("by-form").map(({ method, status, headers }) => [method, status, headers.origin]);
    assert.deepEqual(loads, [["POST", 200, partner.origin]]);
    assert.ok(relay.seen.every(({ path }) => !path.includes("token=")));
    assert.ok(relay.seen.every(({ headers }) => headers.cookie === undefined));
  });

  scenario("where the page's policy forbids forms, the address opens it", async ({ visit, partner, relay, server }) => {
    const policy = `default-src 'self'; frame-src ${server}; form-action 'self'`;
    partner.page("/strict", "", { "content-security-policy": policy, "referrer-policy": "no-referrer" });
    const page = await visit(partner, { path: "/strict" });
    await page.mount({ dashboard: "by-address" });
    await page.hears("ready");
    assert.ok(await page.shows());
    assert.equal(await page.read("delivery"), "address");
    const loads = relay.loads("by-address").map(({ method, status, headers }) => [method, status, headers.referer]);
    assert.deepEqual(loads, [["GET", 200, `${partner.origin}/`]]);
    // What the page loads does not pass the address with the token on.
    const others = relay.seen.filter(({ path }) => !path.includes("token="));
    assert.ok(others.every(({ headers }) => !headers.referer?.includes("token")));
  });

  scenario("a prefetch is refused and leaves the token good", async ({ visit, partner, relay, amber, server }) => {
    const { token } = await amber.issue({ dashboardId: "ahead" });
    const address = `${server}/embed/v1/dashboards/ahead?token=${token}`;
    partner.page("/ahead", `<link rel="prefetch" href="${address}">`);
    const page = await visit(partner, { path: "/ahead" });
    const [ahead] = await until("the browser prefetches", () => {
      const loads = relay.loads("ahead").filter(({ status }) => status);
      return loads.length > 0 && loads;
    });
    assert.match(ahead.headers["sec-purpose"], /prefetch/);
    assert.equal(ahead.status, 425);
    await page.mount({ dashboard: "ahead", token });
    await page.hears("ready");
    assert.ok(await page.shows());
  });
}
