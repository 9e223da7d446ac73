// Counts, charts and the feed.
import assert from "node:assert/strict";

const ids = (page) =>
  page.getByRole("article").evaluateAll((posts) => posts.map((post) => post.getAttribute("aria-labelledby")));

export function dashboard(scenario) {
  scenario("the dashboard counts and shows the newest posts", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/");
    await page.waitForURL("**/en");
    assert.equal(await page.title(), "Dashboard · Amber");
    for (const heading of [
      "Posts per day",
      "Mean sentiment per day",
      "Sentiment",
      "Languages",
      "Topics",
      "Newest posts",
    ]) {
      await page.getByRole("heading", { name: heading, exact: true }).waitFor();
    }
    const first = page.getByRole("article").first();
    await first.getByRole("link", { name: "View on X" }).waitFor();
    const permalink = await first.getByRole("link", { name: "View on X" }).getAttribute("href");
    assert.match(permalink, /^https:\/\/x\.com\/\w+\/status\/\d+$/);
    const author = await first.getByRole("link").first().getAttribute("href");
    assert.match(author, /^https:\/\/x\.com\/\w+$/);
  });

  scenario("scrolling loads more posts, each once and newest first", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/en");
    await page.getByRole("article").first().waitFor();
    for (const wanted of [40, 60, 80]) {
      await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
      await page.waitForFunction((wanted) => document.querySelectorAll("article").length >= wanted, wanted);
    }
    const shown = await ids(page);
    assert.equal(new Set(shown).size, shown.length, "no post twice");
    const times = await page.locator("article time").evaluateAll((times) => times.map(({ dateTime }) => dateTime));
    assert.deepEqual(times, times.toSorted().reverse());
  });

  scenario("a filter is part of the address and holds for every post", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/en");
    await page.getByRole("combobox", { name: "Sentiment" }).selectOption("negative");
    await page.waitForURL("**/en?tone=negative");
    await page.waitForFunction(() => {
      const posts = [...document.querySelectorAll("article")];
      return posts.length > 0 && posts.every((post) => post.querySelector(".badge.negative"));
    });
    await page.reload();
    assert.equal(await page.getByRole("combobox", { name: "Sentiment" }).inputValue(), "negative");
  });

  scenario("a post that is stored appears without a reload", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/en");
    await page.locator('[data-connection="live"]').waitFor();
    const before = await ids(page);
    await page.evaluate(() => (window.mark = "kept"));
    await stage.demo.newPosts();
    await page.waitForFunction(
      (newest) => document.querySelector("article").getAttribute("aria-labelledby") !== newest,
      before[0],
    );
    assert.equal(await page.evaluate(() => window.mark), "kept");
    const shown = await ids(page);
    assert.equal(new Set(shown).size, shown.length);
    assert.ok(
      before.every((id) => shown.includes(id)),
      "nothing that was shown is gone",
    );
  });

  scenario("further down new posts wait for a click", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/en");
    await page.locator('[data-connection="live"]').waitFor();
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await page.waitForFunction(() => document.querySelectorAll("article").length >= 40);
    const before = await ids(page);
    await stage.demo.newPosts();
    const button = page.getByRole("button", { name: /^Show \d+ new posts?$/ });
    await button.waitFor();
    assert.equal((await ids(page))[0], before[0], "nothing moves under the eyes");
    await button.click();
    await page.waitForFunction(
      (newest) => document.querySelector("article").getAttribute("aria-labelledby") !== newest,
      before[0],
    );
    await button.waitFor({ state: "detached" });
  });

  scenario("X's own view is loaded after a click alone", async (stage) => {
    const page = await stage.visitor();
    const asked = [];
    await page.route(/twitter\.com|twimg\.com/, (route) => {
      asked.push(route.request().url());
      return route.fulfill({ contentType: "text/html", body: "<title>X</title>" });
    });
    await page.goto("/en");
    await page.getByRole("article").first().waitFor();
    assert.deepEqual(asked, []);
    await page.getByRole("button", { name: "Load X’s view" }).first().click();
    await page.frameLocator("article iframe").locator("html").waitFor({ state: "attached" });
    assert.equal(asked.length, 1);
    assert.match(asked[0], /^https:\/\/platform\.twitter\.com\/embed\/Tweet\.html\?id=\d+&dnt=true/);
    await page.getByRole("button", { name: "Back to our view" }).click();
    assert.equal(await page.locator("article iframe").count(), 0);
  });
}
