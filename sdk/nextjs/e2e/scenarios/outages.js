// Amber is away, and comes back.
import assert from "node:assert/strict";

export function outages(scenario) {
  scenario("an open feed goes on when Amber is back, and misses nothing", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/en");
    await page.locator('[data-connection="live"]').waitFor();
    const newest = await page.getByRole("article").first().getAttribute("aria-labelledby");
    stage.relay.cut();
    try {
      await page.locator('[data-connection="broken"]').waitFor();
      assert.equal(
        await page.getByRole("article").first().getAttribute("aria-labelledby"),
        newest,
        "what was shown stays",
      );
      await stage.demo.newPosts();
    } finally {
      stage.relay.mend();
    }
    await page.locator('[data-connection="live"]').waitFor();
    await page.waitForFunction(
      (newest) => document.querySelector("article").getAttribute("aria-labelledby") !== newest,
      newest,
    );
  });

  scenario("a page that is opened meanwhile says so and fills by itself", async (stage) => {
    const page = await stage.visitor();
    stage.relay.cut();
    try {
      // Counts are remembered for some seconds.
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      await page.goto("/en");
      await page.getByText("Amber cannot be reached at the moment.").first().waitFor();
      assert.equal(await page.getByRole("article").count(), 0);
    } finally {
      stage.relay.mend();
    }
    await page.getByRole("article").first().waitFor();
    await page.getByRole("heading", { name: "Posts per day" }).waitFor();
  });

  scenario("an action that does not reach Amber says so", async (stage) => {
    const page = await stage.administrator();
    const name = "Noorika Zelvani";
    const refresh = page.getByRole("button", { name: `Refresh ${name}` });
    await refresh.waitFor();
    stage.relay.cut();
    try {
      await refresh.click();
      await page.getByRole("listitem", { name }).getByText("Amber cannot be reached at the moment.").waitFor();
    } finally {
      stage.relay.mend();
    }
    await refresh.click();
    await page.getByRole("listitem", { name }).getByText("Done", { exact: true }).waitFor();
  });
}
