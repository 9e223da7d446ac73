// A fresh token lets the frame go on as it stands.
import assert from "node:assert/strict";
import { until } from "../stage/until.js";

export function renewal(scenario) {
  scenario("a renewal keeps scroll, opened details and the document", async ({ visit, partner, relay }) => {
    const page = await visit(partner);
    await page.mount({ dashboard: "renewed" });
    await page.hears("ready");
    await page.inside(leaveTraces);
    const loads = await page.read("loads");
    for (let round = 0; round < 3; round += 1) {
      const since = await page.said();
      await page.ask("renew");
      const { expiresInMs } = await page.hears("renewed", since);
      assert.ok(expiresInMs > 60_000 && expiresInMs <= 600_000, `${expiresInMs}`);
      assert.deepEqual(await page.inside(readTraces), { scroll: 150, open: true, mark: "kept" });
    }
    const said = await page.said();
    await page.ask("tell", "theme", { theme: "dark" });
    await page.ask("tell", "locale", { locale: "hi" });
    await until("the frame speaks Hindi", () => page.inside(() => document.documentElement.lang === "hi"));
    assert.equal(await page.inside(() => document.documentElement.dataset.theme), "dark");
    assert.deepEqual(await page.inside(readTraces), { scroll: 150, open: true, mark: "kept" });
    const told = (await page.read("messages")).slice(said).map(({ type }) => type);
    assert.ok(told.every((type) => type === "height"), `${told}`);
    assert.equal(await page.read("loads"), loads);
    assert.equal(relay.loads("renewed").length, 1, "the page was loaded once");
  });

  scenario("a session that nears its end asks for a token and lives on", async ({ visit, partner, relay }) => {
    const page = await visit(partner, { before: [hurry, 10] });
    await page.mount({ dashboard: "short", ask: { maxSession: 60 }, renews: true });
    const { expiresInMs } = await page.hears("ready");
    assert.ok(expiresInMs > 0 && expiresInMs <= 60_000, `${expiresInMs}`);
    const asked = await page.hears("renew-needed");
    assert.equal(asked.reason, "EXPIRING");
    assert.equal(asked.via, "port", "nobody but the holder of the port is asked");
    const renewed = await page.hears("renewed");
    assert.ok(renewed.expiresInMs > 30_000, `${renewed.expiresInMs}`);
    assert.ok(await page.shows());
    assert.equal(relay.loads("short").length, 1);
  });

  scenario("a session that nobody renews ends in the frame, which says so", async ({ visit, partner }) => {
    const page = await visit(partner, { before: [hurry, 10] });
    await page.mount({ dashboard: "unrenewed", ask: { maxSession: 60 } });
    await page.hears("ready");
    const ended = await page.hears("ended");
    assert.equal(ended.reason, "SESSION_ENDED");
    assert.equal(await page.shows(), false, "the numbers are gone");
  });
}

/** What a viewer does to a page, and what a reload would wipe out. Runs in the frame. */
function leaveTraces() {
  window.mark = "kept";
  document.querySelector("details").open = true;
  window.scrollTo(0, 150);
}

/** Runs in the frame. */
function readTraces() {
  return { scroll: window.scrollY, open: document.querySelector("details").open, mark: window.mark };
}

/** Makes time run so many times as fast for the scripts of the page and its frames. Runs before them. */
function hurry(times) {
  const [wait, now] = [window.setTimeout, performance.now.bind(performance)];
  window.setTimeout = (act, delay, ...args) => wait(act, delay / times, ...args);
  performance.now = () => now() * times;
}
