// The network or the server goes away and comes back; the dashboard stands and goes on.
import assert from "node:assert/strict";
import { until } from "../../../../tests/browser/stage/until.js";
import { enters, loads, troubles } from "./expect.js";

export function outages(scenario) {
  scenario("offline and back: what is shown stays, and is refreshed", async ({ visit, partner, relay }) => {
    const page = await visit(partner);
    await page.mount({ dashboard: "offline" });
    await page.hears("ready");
    await survives(
      page,
      () => page.page.setOfflineMode(true),
      () => page.page.setOfflineMode(false),
    );
    assert.deepEqual(loads(relay, "offline"), ["POST 200"]);
  });

  scenario("the server goes down and comes back: the session goes on", async ({ visit, partner, relay, amber }) => {
    const page = await visit(partner);
    await page.mount({ dashboard: "restart" });
    await page.hears("ready");
    await survives(
      page,
      () => amber.kill(),
      () => amber.run(),
    );
    assert.deepEqual(loads(relay, "restart"), ["POST 200"]);
  });

  scenario("a dashboard that is mounted while the server is down opens once it is back", async (stage) => {
    const { visit, partner, amber } = stage;
    const page = await visit(partner);
    await amber.kill();
    try {
      await page.mount({ dashboard: "early" });
      const { reason, isFinal } = await page.hears("trouble");
      assert.deepEqual([reason, isFinal], ["TOKEN_SOURCE_FAILED", false]);
    } finally {
      await amber.run();
    }
    await enters(page, "open", 60_000);
    assert.ok(await page.shows());
  });
}

/** Between `lose` and `regain` a refresh fails, says so, and harms nothing; afterwards the frame goes on by itself. */
async function survives(page, lose, regain) {
  const shown = () => page.inside(() => document.querySelector("main").textContent.length);
  const state = () => page.inside(() => document.documentElement.dataset.state);
  const full = await shown();
  await page.inside(() => {
    window.mark = "kept";
  });
  await lose();
  try {
    await page.ask("call", "refresh");
    const trouble = await page.hears("trouble");
    assert.deepEqual([trouble.reason, trouble.isFinal], ["UNREACHABLE", false]);
    assert.equal(await page.read("state"), "open");
    assert.equal(await shown(), full, "what is shown stays");
  } finally {
    await regain();
  }
  await until("the frame is fresh again", async () => (await state()) === "live", 60_000);
  await page.ask("call", "renew");
  await page.hears("renewed");
  assert.equal(await shown(), full);
  assert.equal(await page.inside(() => window.mark), "kept");
  assert.ok((await troubles(page)).every((reason) => reason === "UNREACHABLE"));
}
