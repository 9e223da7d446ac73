// Tokens that open nothing: the viewer reads why, and the page around the frame gets the reason.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

export function refusals(scenario) {
  scenario("a token opens one frame and no second one", async ({ visit, partner, amber }) => {
    const { token } = await amber.issue({ dashboardId: "replay" });
    const first = await visit(partner);
    await first.mount({ dashboard: "replay", token });
    await first.hears("ready");
    const second = await visit(partner);
    await second.mount({ dashboard: "replay", token });
    await refused(second, "TOKEN_REPLAYED");
    assert.ok(await first.shows(), "the first one stands");
  });

  scenario("an expired token opens nothing", async ({ visit, partner, amber }) => {
    const { token } = await amber.issue({ dashboardId: "late", ttl: 1 });
    await sleep(2_000);
    const page = await visit(partner);
    await page.mount({ dashboard: "late", token });
    await refused(page, "TOKEN_EXPIRED");
  });

  scenario("a revoked token opens nothing", async ({ visit, partner, amber }) => {
    const { token, tokenId } = await amber.issue({ dashboardId: "withdrawn" });
    await amber.revoke({ tokenId });
    const page = await visit(partner);
    await page.mount({ dashboard: "withdrawn", token });
    await refused(page, "TOKEN_REVOKED");
  });

  scenario("a frame that stands ends when its token is revoked", async ({ visit, partner, amber }) => {
    const { token, tokenId } = await amber.issue({ dashboardId: "cut-off" });
    const page = await visit(partner);
    await page.mount({ dashboard: "cut-off", token });
    await page.hears("ready");
    await amber.revoke({ tokenId });
    const since = await page.said();
    await page.ask("tell", "refresh");
    const ended = await page.hears("ended", since);
    assert.equal(ended.reason, "TOKEN_REVOKED");
    assert.equal(await page.shows(), false, "the numbers are gone");
  });
}

/** The frame says why, to the page and to the viewer. */
async function refused(page, reason) {
  const error = await page.hears("error");
  assert.equal(error.reason, reason);
  assert.match(error.requestId, /\S{8,}/);
  const text = await page.inside(() => document.body.innerText);
  assert.ok(text.includes(reason) && text.includes(error.requestId), text);
  assert.equal(await page.shows(), false);
  const said = await page.read("messages");
  assert.ok(said.every(({ type }) => type !== "ready"), JSON.stringify(said));
}
