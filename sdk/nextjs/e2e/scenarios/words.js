// Languages, themes and the keyboard.
import assert from "node:assert/strict";

const DEVANAGARI_DIGITS = /[०-९]/;

export function words(scenario) {
  scenario("the page turns to Hindi with its digits and dates, and stays so", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/en/leaders");
    await page.getByRole("link", { name: "हिन्दी" }).click();
    await page.waitForURL("**/hi/leaders");
    assert.equal(await page.locator("html").getAttribute("lang"), "hi");
    assert.match(await page.title(), /^नेता · Amber$/);
    const facts = await page.getByRole("listitem", { name: "Noorika Zelvani" }).textContent();
    assert.match(facts, DEVANAGARI_DIGITS);
    assert.doesNotMatch(facts, /[0-9]/);
    await page.goto("/");
    await page.waitForURL("**/hi");
    const totals = await page.getByRole("region", { name: "आँकड़ों में" }).textContent();
    assert.match(totals, DEVANAGARI_DIGITS);
    assert.doesNotMatch(totals, /[0-9A-Za-z]/);
  });

  scenario("a browser that prefers Hindi gets it", async (stage) => {
    const page = await stage.visitor({ locale: "hi-IN" });
    await page.goto("/");
    await page.waitForURL("**/hi");
  });

  scenario("the theme follows the system until one is chosen, and comes with the page then", async (stage) => {
    const page = await stage.visitor({ colorScheme: "dark" });
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    await page.goto("/en");
    const dark = await ground();
    await page.getByRole("button", { name: "Theme: system" }).click();
    await page.getByRole("button", { name: "Theme: light" }).waitFor();
    const light = await ground();
    assert.notEqual(light, dark);
    const html = await (await page.reload()).text();
    assert.match(html, /<html[^>]* data-theme="light"/);
    assert.equal(await ground(), light);
  });

  scenario("the first stop of the keyboard leads to the content", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/en");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  });

  scenario("no page is wider than a small phone", async (stage) => {
    const page = await stage.visitor({ viewport: { width: 320, height: 640 } });
    for (const path of ["/en", "/hi", "/en/leaders", "/hi/leaders", "/en/login", "/hi/review", "/hi/partner"]) {
      await page.goto(path);
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(excess <= 0, `${path}: ${excess} px`);
    }
  });

  scenario("an address without a page says so in its language", async (stage) => {
    const page = await stage.visitor();
    const answer = await page.goto("/hi/nothing/here");
    assert.equal(answer.status(), 404);
    await page.getByRole("heading", { name: "यहाँ कुछ नहीं है" }).waitFor();
  });
}
