// Frames come and go, on viewers' machines with whatever clock.
import assert from "node:assert/strict";

const HOUR_MS = 3_600_000;

export function lifetime(scenario) {
  scenario("a frame that was taken off the page comes back with a token of its own", async ({ visit, partner, relay }) => {
    const page = await visit(partner);
    await page.mount({ dashboard: "again" });
    await page.hears("ready");
    const before = await page.said();
    await page.ask("destroy");
    assert.equal(await page.shows(), false);
    await page.ask("mount");
    await page.hears("ready", before);
    assert.ok(await page.shows());
    assert.deepEqual(relay.loads("again").map(({ status }) => status), [200, 200]);
    // Nothing of the first one is left that would speak up.
    const ready = (await page.read("messages")).filter(({ type }) => type === "ready");
    assert.equal(ready.length, 2);
  });

  for (const [word, offset] of [["ahead", HOUR_MS], ["behind", -HOUR_MS]]) {
    scenario(`a viewer's clock an hour ${word} changes nothing`, async ({ visit, partner }) => {
      const page = await visit(partner, { before: [shiftClock, offset] });
      await page.mount({ dashboard: "any-clock" });
      const { expiresInMs } = await page.hears("ready");
      assert.ok(expiresInMs > 0 && expiresInMs <= 600_000, `${expiresInMs}`);
      const wrong = await page.inside(() => Date.now());
      assert.ok(Math.abs(wrong - Date.now() - offset) < 60_000, "the clock in the frame is wrong");
      const since = await page.said();
      await page.ask("renew");
      await page.hears("renewed", since);
      assert.ok(await page.shows());
      const said = await page.read("messages");
      assert.ok(said.every(({ type }) => !["error", "ended", "renew-needed"].includes(type)), JSON.stringify(said));
    });
  }
}

/** Runs before every script of the page and of its frames. */
function shiftClock(offset) {
  const True = Date;
  globalThis.Date = class extends True {
    constructor(...parts) {
      if (parts.length === 0) super(True.now() + offset);
      else super(...parts);
    }
    static now() {
      return True.now() + offset;
    }
  };
}
