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

/** Between `lose` and `regain` a refresh fails, says so, and harms nothing. */
async function survives(page, lose, regain) {
  const shown = () => page.inside(() => document.querySelector("main").innerText.length);
  const full = await shown();
  await page.inside(() => (window.mark = "kept"));
  await lose();
  let since = await page.said();
  try {
    await page.ask("tell", "refresh");
    const error = await page.hears("error", since);
    assert.match(error.reason, /^[A-Z_]+$/);
    assert.equal(await shown(), full, "what is shown stays");
  } finally {
    await regain();
  }
  since = await page.said();
  await until("a refresh works again", async () => {
    const token = page.ask("renew");
    return token.then(() => page.hears("renewed", since, 2_000)).catch(() => false);
  });
  assert.equal(await shown(), full);
  assert.equal(await page.inside(() => window.mark), "kept");
  assert.equal(await page.read("loads"), 1);
}
