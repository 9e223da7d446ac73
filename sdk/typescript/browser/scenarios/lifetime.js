// Dashboards come and go, on viewers' machines with whatever clock.
import assert from "node:assert/strict";
import { loads } from "./expect.js";
import { shiftClock } from "./time.js";

const HOUR_MS = 3_600_000;

export function lifetime(scenario) {
  scenario("a dashboard that was destroyed is gone, and comes back with a token of its own", async (stage) => {
    const { visit, partner, relay } = stage;
    const page = await visit(partner);
    await page.mount({ dashboard: "again" });
    await page.hears("ready");
    await page.ask("call", "destroy");
    assert.equal(await page.shows(), false);
    assert.deepEqual(await page.read("frames"), []);
    assert.equal(await page.read("state"), "destroyed");
    const before = await page.said();
    await page.ask("mount");
    await page.hears("ready", before);
    assert.ok(await page.shows());
    assert.deepEqual(loads(relay, "again"), ["POST 200", "POST 200"]);
    assert.deepEqual(await page.read("asked"), ["open", "open"]);
    assert.equal((await page.read("messages")).filter(({ type }) => type === "ready").length, 2);
  });

  scenario("a dashboard that is destroyed in the same task costs no token", async ({ visit, partner, relay }) => {
    const page = await visit(partner);
    await page.mount({ dashboard: "twice" });
    await page.hears("ready");
    const before = await page.said();
    await page.page.evaluate(() => {
      window.embed.call("destroy");
      window.embed.mount();
      window.embed.call("destroy");
      window.embed.mount();
    });
    await page.hears("ready", before);
    assert.deepEqual(await page.read("asked"), ["open", "open"]);
    assert.deepEqual(loads(relay, "twice"), ["POST 200", "POST 200"]);
    assert.equal((await page.read("frames")).length, 1);
  });

  for (const [word, offset] of [
    ["ahead", HOUR_MS],
    ["behind", -HOUR_MS],
  ]) {
    scenario(`a viewer's clock an hour ${word} changes nothing`, async ({ visit, partner }) => {
      const page = await visit(partner, { before: [shiftClock, offset] });
      await page.mount({ dashboard: "any-clock" });
      const { expiresInMs } = await page.hears("ready");
      assert.ok(expiresInMs > 0 && expiresInMs <= 600_000, `${expiresInMs}`);
      const wrong = await page.page.evaluate(() => Date.now());
      assert.ok(Math.abs(wrong - Date.now() - offset) < 60_000, "the clock of the page is wrong");
      await page.ask("call", "renew");
      await page.hears("renewed");
      assert.ok(await page.shows());
      const said = await page.read("messages");
      assert.ok(
        said.every(({ type }) => type !== "trouble"),
        JSON.stringify(said),
      );
      assert.deepEqual(await page.read("asked"), ["open", "renew"]);
    });
  }
}
