// The page of the partner, whose dashboard opens by tokens.
import assert from "node:assert/strict";

const ASKS = "**/api/embed-token";
const fate = (page, state) => page.locator(`[data-fate="${state}"]`);
const frame = (page) => page.frameLocator("iframe");

/** Makes time in frames of Amber go faster, so that a session nears its end soon. Runs in every frame. */
function hurry(times) {
  if (!location.pathname.startsWith("/embed/")) return;
  const [now, wait] = [performance.now.bind(performance), window.setTimeout.bind(window)];
  performance.now = () => now() * times;
  window.setTimeout = (act, ms = 0, ...rest) => wait(act, ms / times, ...rest);
}

/** Gives the page tokens of the test's own making. */
async function supply(stage, page, make) {
  const key = await stage.demo.apiKey(stage.url);
  const issue = (fields) => stage.demo.call("POST", "/api/embed/token", { dashboardId: "demo", ...fields }, key);
  await page.route(ASKS, async (route) => route.fulfill({ json: await make(issue) }));
}

export function embedding(scenario) {
  scenario("the partner's page shows the dashboard in its language and look", async (stage) => {
    const page = await stage.visitor({ colorScheme: "dark" });
    await page.goto("/hi/partner");
    await fate(page, "open").waitFor();
    await frame(page).getByRole("heading", { level: 1 }).waitFor();
    assert.equal(await frame(page).locator("html").getAttribute("lang"), "hi");
    assert.equal(await page.locator("iframe").getAttribute("title"), "सार्वजनिक हस्तियों का डैशबोर्ड");
    assert.ok(!page.frames().some((one) => one.url().includes("token")), "the token is in no address");
  });

  scenario("a session that nears its end is renewed and the frame stands", async (stage) => {
    const page = await stage.visitor();
    await page.addInitScript(hurry, 10);
    const purposes = [];
    await supply(stage, page, (issue) => {
      purposes.push(page.url());
      return issue({ maxSession: 60 });
    });
    // Asked for before there is a session, because a machine under load may be late with all that comes between.
    const renewal = page.waitForResponse("**/embed/v1/session/renew");
    const renewed = renewal.then((response) => [response.status(), purposes.length]);
    await page.goto("/en/partner");
    await fate(page, "open").waitFor();
    await frame(page)
      .locator("body")
      .evaluate(() => (window.mark = "kept"));
    assert.deepEqual(await renewed, [200, 2]);
    assert.equal(
      await frame(page)
        .locator("body")
        .evaluate(() => window.mark),
      "kept",
    );
    await fate(page, "open").waitFor();
  });

  scenario("expired tokens are given up after some attempts, and a good one opens again", async (stage) => {
    const page = await stage.visitor();
    let expired;
    await supply(stage, page, async (issue) => {
      expired ??= issue({ ttl: 1 }).then(async (token) => {
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        return token;
      });
      return expired;
    });
    await page.goto("/en/partner");
    await fate(page, "over").waitFor();
    await page.getByText("The session has ended: TOKEN_EXPIRED").first().waitFor();
    await page.unroute(ASKS);
    await page.getByRole("button", { name: "Load again" }).click();
    await fate(page, "open").waitFor();
  });

  scenario("a revoked token is refused with its reason", async (stage) => {
    const page = await stage.visitor();
    await supply(stage, page, async (issue) => {
      const token = await issue({});
      await stage.demo.call("POST", "/api/embed/revoke", { tokenId: token.tokenId });
      return token;
    });
    await page.goto("/en/partner");
    await fate(page, "over").waitFor();
    await page.getByText("The session has ended: TOKEN_REVOKED").first().waitFor();
  });

  scenario("tokens are for our pages alone", async (stage) => {
    const ask = (headers) => fetch(`${stage.url}/api/embed-token`, { method: "POST", headers });
    assert.equal((await ask({})).status, 403);
    assert.equal((await ask({ origin: "https://elsewhere.example" })).status, 403);
    assert.equal((await ask({ origin: stage.url, "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal((await ask({ origin: stage.url, "sec-fetch-site": "same-origin" })).status, 200);
  });
}
