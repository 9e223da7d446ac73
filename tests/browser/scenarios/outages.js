// The network or the server goes away and comes back; the frame stands and goes on.
import assert from "node:assert/strict";
import { until } from "../stage/until.js";

export function outages(scenario) {
  scenario("offline and back: what is shown stays, and is refreshed", async ({ visit, partner, relay }) => {
    const page = await visit(partner);
    await page.mount({ dashboard: "offline" });
    await page.hears("ready");
    await survives(page, () => page.page.setOfflineMode(true), () => page.page.setOfflineMode(false));
    assert.equal(relay.loads("offline").length, 1);
  });

  scenario("the server goes down and comes back: the session goes on", async ({ visit, partner, relay, amber }) => {
    const page = await visit(partner);
    await page.mount({ dashboard: "restart" });
    await page.hears("ready");
    await survives(page, () => amber.kill(), () => amber.run());
    assert.equal(relay.loads("restart").length, 1);
  });
}

/** Between `lose` and `regain` a refresh fails, says so, and harms nothing; afterwards the frame goes on by itself. */
async function survives(page, lose, regain) {
  const shown = () => page.inside(() => document.querySelector("main").innerText.length);
  const state = () => page.inside(() => document.documentElement.dataset.state);
  const full = await shown();
  await page.inside(() => (window.mark = "kept"));
  const before = await page.said();
  await lose();
  try {
    await page.ask("tell", "refresh");
    const error = await page.hears("error", before);
    assert.equal(error.reason, "UNREACHABLE");
    assert.equal(await state(), "away");
    assert.equal(await shown(), full, "what is shown stays");
  } finally {
    await regain();
  }
  await until("the frame is fresh again", async () => (await state()) === "live", 60_000);
  const after = await page.said();
  await page.ask("renew");
  await page.hears("renewed", after);
  assert.equal(await shown(), full);
  assert.equal(await page.inside(() => window.mark), "kept");
  assert.equal(await page.read("loads"), 1);
}
