// The review queue: who may see it, and what a reviewer decides.
import assert from "node:assert/strict";

const item = (page, words) =>
  page
    .getByRole("listitem")
    .filter({ hasText: words })
    .filter({ has: page.locator("h2") });
const reviewer = (stage, options) => stage.member("Reviewer", "**/en/review", options);

/** Opens a dialog of an item, and waits until it stands. */
async function open(page, one, task) {
  await one.getByRole("button", { name: new RegExp(`^${task}: `) }).click();
  const dialog = page.getByRole("dialog", { name: new RegExp(`^${task}: `) });
  await dialog.waitFor();
  return dialog;
}

export function review(scenario) {
  scenario("a viewer is refused, and has no way there", async (stage) => {
    const page = await stage.member("Viewer", "**/en/leaders");
    await page.getByText("Only admins manage leaders. You are logged in as Viewer.").waitFor();
    assert.equal(await page.getByRole("button", { name: /^(Refresh|Remove)/ }).count(), 0);
    assert.equal(await page.getByRole("link", { name: "Review" }).count(), 0);
    await page.goto("/en/review");
    await page.getByText("The review queue is for reviewers and admins.").waitFor();
    await page.getByText("You are logged in as Viewer.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Refresh" }).count(), 0);
  });

  scenario("a visitor is asked to log in before the review queue", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/en/review");
    await page.getByText("Log in as a reviewer or an admin to see the review queue.").waitFor();
    assert.equal(await page.getByRole("navigation").getByRole("link", { name: "Review" }).count(), 0);
  });

  scenario("what sounds good and bad at once waits, and an empty queue says so, for each state", async (stage) => {
    await stage.demo.doubtfulPosts(3);
    const page = await reviewer(stage);
    await page.getByText("3 items wait", { exact: true }).waitFor();
    assert.equal(await page.getByText("Sounds good and bad at once").count(), 3);
    for (const left of ["2 items wait", "1 item waits", "0 items wait"]) {
      await page
        .getByRole("button", { name: /^Approve: / })
        .first()
        .click();
      await page.getByText(left, { exact: true }).waitFor();
    }
    await page.getByRole("button", { name: "Refresh", exact: true }).click();
    await page.getByText("Nothing waits for a review.").waitFor();
    await page.getByRole("link", { name: "Rejected" }).click();
    await page.waitForURL("**/en/review?state=rejected");
    await page.getByText("Nothing has been rejected yet.").waitFor();
    assert.equal(await page.getByRole("link", { name: "Rejected" }).getAttribute("aria-current"), "page");
  });

  scenario("a reviewer approves by the keyboard, and the post is verified", async (stage) => {
    const words = "Seed packets went out to every school of the valley.";
    const name = await stage.demo.requestReview(words, "Is the number right?");
    const page = await reviewer(stage);
    const one = item(page, words);
    await one.getByText("Review requested").waitFor();
    await one.getByText("Is the number right?").waitFor();
    await page.getByText("1 item waits", { exact: true }).waitFor();
    await one.getByRole("button", { name: `Approve: Post of ${name}` }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText(`Approved: Post of ${name}`).waitFor();
    await page.getByText("0 items wait", { exact: true }).waitFor();
    await one.getByRole("article").getByText("Verified", { exact: true }).waitFor();
    assert.equal(await one.getByRole("button", { name: /^Approve/ }).count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.state), "approved");
    await one.getByText(/^Approved: asha, /).waitFor();

    await one.getByText("History").click();
    await one.getByText("State: Waiting → Approved").waitFor();
    await one.getByText("Post: Needs review → Verified").waitFor();
    await page.getByRole("button", { name: "Refresh", exact: true }).click();
    await page.getByText("Nothing waits for a review.").waitFor();
    await page.goto("/en/review?state=approved");
    await item(page, words).waitFor();
    await page.goto("/en");
    await page.getByRole("article").filter({ hasText: words }).getByText("Verified", { exact: true }).waitFor();
  });

  scenario("a reviewer rejects with notes, and may change the decision", async (stage) => {
    const words = "The bridge opened a year before it was built.";
    await stage.demo.requestReview(words, "");
    const page = await reviewer(stage);
    const one = item(page, words);
    const cancelled = await open(page, one, "Reject");
    await page.keyboard.press("Escape");
    await cancelled.waitFor({ state: "detached" });
    assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^Reject: /);

    const dialog = await open(page, one, "Reject");
    await dialog.getByText("The post stays in the feed, marked as rejected.").waitFor();
    await dialog.getByLabel("Notes").fill("No such bridge.\nSee the map.");
    await dialog.getByRole("button", { name: "Reject" }).click();
    await dialog.waitFor({ state: "detached" });
    await one.getByText("No such bridge. See the map.").waitFor();
    await one.getByRole("article").getByText("Rejected", { exact: true }).waitFor();
    await page.goto("/en/review?state=rejected");
    await one.getByRole("button", { name: /^Approve/ }).click();
    await one.getByRole("article").getByText("Verified", { exact: true }).waitFor();
    await one.getByText("History").click();
    await one.getByText("State: Rejected → Approved").waitFor();
    await one.getByText("State: Waiting → Rejected").waitFor();
  });

  scenario("a reviewer edits the notes and mends the sentiment", async (stage) => {
    const words = "Oh, what a splendid flood.";
    await stage.demo.requestReview(words, "Irony?");
    const page = await reviewer(stage);
    const one = item(page, words);
    const dialog = await open(page, one, "Edit");
    assert.equal(await dialog.getByLabel("Notes").inputValue(), "Irony?");
    await dialog.getByLabel("Notes").fill("Irony, of course.");
    await dialog.getByLabel("Sentiment").selectOption("Negative");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await page
      .getByRole("status")
      .getByText(/^Saved: /)
      .waitFor();
    await one.getByText("Irony, of course.").waitFor();
    await one.getByRole("article").getByText("Negative", { exact: true }).waitFor();
    await one.getByText("Waiting", { exact: true }).waitFor();
    await one.getByText("History").click();
    await one.getByText("Sentiment: Neutral → Negative").waitFor();
    await one.getByText("Notes: “Irony?” → “Irony, of course.”").waitFor();
  });

  scenario("a long queue is read page by page, each item once", async (stage) => {
    for (let number = 1; number <= 21; number += 1) await stage.demo.requestReview(`Item ${number} of many.`, "");
    const page = await reviewer(stage);
    const items = page.locator("[data-state]");
    await items.first().waitFor();
    assert.equal(await items.count(), 20);
    await page.getByRole("button", { name: "Load more" }).click();
    await item(page, "Item 1 of many.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Load more" }).count(), 0);
    const names = await items.evaluateAll((all) => all.map((one) => one.getAttribute("aria-labelledby")));
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.length >= 21, `${names.length} items`);
  });

  scenario("the queue speaks Hindi, with its digits and dates", async (stage) => {
    const page = await reviewer(stage, { colorScheme: "dark", viewport: { width: 400, height: 900 } });
    await page.goto("/hi/review");
    await page.getByRole("heading", { level: 1, name: "समीक्षा सूची" }).waitFor();
    await page.getByText(/^[०-९]+ प्रविष्टियाँ प्रतीक्षा में$/).waitFor();
    const entered = await page
      .locator("[data-state]")
      .first()
      .getByText(/को आई$/)
      .textContent();
    assert.match(entered, /[०-९]/);
    assert.doesNotMatch(entered, /[0-9]/);
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(excess <= 0, `${excess} px`);
  });

  scenario("a decision that does not reach Amber says so, and can be made again", async (stage) => {
    const words = "The ferry runs on Sundays too.";
    await stage.demo.requestReview(words, "");
    const page = await reviewer(stage);
    const one = item(page, words);
    await one.waitFor();
    stage.relay.cut();
    try {
      await one.getByRole("button", { name: /^Approve/ }).click();
      await one.getByText("Amber cannot be reached at the moment.").waitFor();
      await one.getByText("Waiting", { exact: true }).waitFor();
    } finally {
      stage.relay.mend();
    }
    await one.getByRole("button", { name: /^Approve/ }).click();
    await one.getByRole("article").getByText("Verified", { exact: true }).waitFor();
    assert.equal(await one.getByText("Amber cannot be reached at the moment.").count(), 0);
  });
}
