// A fresh token lets the frame go on as it stands.
import assert from "node:assert/strict";

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
    const since = await page.said();
    await page.ask("tell", "refresh");
    await page.ask("tell", "theme", { theme: "dark" });
    await page.ask("tell", "locale", { locale: "hi" });
    await page.page.waitForNetworkIdle({ idleTime: 300 });
    assert.deepEqual((await page.read("messages")).slice(since).filter(({ type }) => type === "error"), []);
    assert.deepEqual(await page.inside(readTraces), { scroll: 150, open: true, mark: "kept" });
    assert.equal(await page.inside(() => document.documentElement.lang), "hi");
    assert.equal(await page.read("loads"), loads);
    assert.equal(relay.loads("renewed").length, 1, "the page was loaded once");
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
