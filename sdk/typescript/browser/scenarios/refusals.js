// Tokens that open nothing: some are answered by a fresh one, some by nothing.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { enters, loads, troubles } from "./expect.js";
import { hurry } from "./time.js";

export function refusals(scenario) {
  scenario("a used token opens nothing; a fresh one does, and without one it is over", async (stage) => {
    const { visit, partner, amber, relay } = stage;
    const { token } = await amber.issue({ dashboardId: "replay" });
    const first = await visit(partner);
    await first.mount({ dashboard: "replay", token });
    await first.hears("ready");
    const { token: fresh } = await amber.issue({ dashboardId: "replay" });
    const second = await visit(partner);
    await second.mount({ dashboard: "replay", tokens: [token, fresh] });
    await second.hears("ready");
    assert.deepEqual(await troubles(second), ["TOKEN_REPLAYED"]);
    relay.forget();
    const third = await visit(partner, { before: [hurry, 10] });
    await third.mount({ dashboard: "replay", token, options: { handshakeTimeoutMs: 300_000 } });
    const { reason } = await enters(third, "over");
    assert.equal(reason, "TOKEN_REPLAYED");
    assert.deepEqual(await troubles(third), Array(4).fill("TOKEN_REPLAYED"));
    const last = (await third.read("messages")).findLast(({ type }) => type === "trouble");
    assert.ok(last.isFinal);
    assert.match(last.requestId, /\S{8,}/);
    assert.deepEqual(loads(relay, "replay"), Array(4).fill("POST 401"));
    assert.ok(await first.shows(), "the first one stands");
  });

  scenario("an expired token is answered by a fresh one", async ({ visit, partner, amber }) => {
    const { token: late } = await amber.issue({ dashboardId: "late", ttl: 1 });
    await sleep(2_000);
    const { token } = await amber.issue({ dashboardId: "late" });
    const page = await visit(partner);
    await page.mount({ dashboard: "late", tokens: [late, token] });
    await page.hears("ready");
    assert.deepEqual(await troubles(page), ["TOKEN_EXPIRED"]);
    assert.ok(await page.shows());
  });

  scenario(
    "a revoked token is the end, until the page asks for another try",
    async ({ visit, partner, amber, relay }) => {
      const { token, tokenId } = await amber.issue({ dashboardId: "withdrawn" });
      await amber.revoke({ tokenId });
      const page = await visit(partner);
      await page.mount({ dashboard: "withdrawn", token });
      const { reason } = await enters(page, "over");
      assert.equal(reason, "TOKEN_REVOKED");
      assert.deepEqual(loads(relay, "withdrawn"), ["POST 403"]);
      assert.equal(await page.shows(), false);
      await page.page.evaluate(() => {
        window.embed.tokens = [];
        window.embed.call("reopen");
      });
      await page.hears("ready");
      assert.ok(await page.shows());
    },
  );

  scenario("a frame that stands ends when its token is revoked", async ({ visit, partner, amber, relay }) => {
    const { token, tokenId } = await amber.issue({ dashboardId: "cut-off" });
    const page = await visit(partner);
    await page.mount({ dashboard: "cut-off", token });
    await page.hears("ready");
    await amber.revoke({ tokenId });
    await page.ask("call", "refresh");
    const { reason } = await enters(page, "over");
    assert.equal(reason, "TOKEN_REVOKED");
    assert.equal(await page.shows(), false, "the numbers are gone");
    assert.equal(relay.loads("cut-off").length, 1);
  });
}
