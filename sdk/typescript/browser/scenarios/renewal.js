// A session lives on by fresh tokens, without a reload.
import assert from "node:assert/strict";
import { until } from "../../../../tests/browser/stage/until.js";
import { loads } from "./expect.js";
import { hurry } from "./time.js";

const HASTE = 10;
/** The frame loads no faster than ever. */
const PATIENT = { handshakeTimeoutMs: HASTE * 30_000 };

export function renewal(scenario) {
  scenario("a session is renewed by itself, and what the viewer did to the page stays", async (stage) => {
    const { visit, partner, relay } = stage;
    const page = await visit(partner, { before: [hurry, HASTE] });
    await page.mount({ dashboard: "renewed", ask: { maxSession: 60 }, options: PATIENT });
    await page.hears("ready");
    await page.inside(leaveTraces);
    const { expiresInMs } = await page.hears("renewed");
    assert.ok(expiresInMs > 30_000 && expiresInMs <= 60_000, `${expiresInMs}`);
    await page.hears("renewed", (await page.said()) - 1, 60_000);
    assert.deepEqual(await page.inside(readTraces), { open: true, mark: "kept" });
    assert.deepEqual(loads(relay, "renewed"), ["POST 200"]);
    const asked = await page.read("asked");
    assert.equal(asked[0], "open");
    assert.ok(asked.length >= 2 && asked.slice(1).every((purpose) => purpose === "renew"), `${asked}`);
    assert.equal(await page.read("state"), "open");
  });

  scenario("theme and locale change in a frame that stands", async ({ visit, partner, relay }) => {
    const page = await visit(partner);
    await page.mount({ dashboard: "dressed" });
    await page.hears("ready");
    await page.inside(leaveTraces);
    await page.ask("call", "setTheme", "dark");
    await page.ask("call", "setLocale", "hi");
    const look = () => page.inside(() => [document.documentElement.dataset.theme, document.documentElement.lang]);
    await until("the frame is dark and speaks Hindi", async () => `${await look()}` === "dark,hi");
    assert.deepEqual(await page.inside(readTraces), { open: true, mark: "kept" });
    assert.deepEqual(loads(relay, "dressed"), ["POST 200"]);
  });

  scenario(
    "without tokens a session ends; with the next one the frame opens again",
    async ({ visit, partner, relay }) => {
      const page = await visit(partner, { before: [hurry, HASTE] });
      const ask = { maxSession: 60 };
      await page.mount({ dashboard: "unrenewed", ask, options: PATIENT, withheld: "renew" });
      await page.hears("ready");
      const withheld = await page.hears("trouble");
      assert.deepEqual([withheld.reason, withheld.isFinal], ["TOKEN_SOURCE_FAILED", false]);
      assert.match(withheld.cause, /withheld/);
      await until("the frame is loaded anew", () => relay.loads("unrenewed").length === 2, 60_000);
      const opened = async () => (await page.read("messages")).filter(({ type }) => type === "ready").length === 2;
      await until("it is open again", opened);
      const said = await page.read("messages");
      assert.ok(
        said.some(({ type, reason }) => type === "trouble" && reason === "SESSION_ENDED"),
        JSON.stringify(said),
      );
      assert.ok(await page.shows());
      assert.equal((await page.read("frames")).length, 1);
    },
  );
}

/** What a viewer does to a page, and what a reload would wipe out. Runs in the frame. */
function leaveTraces() {
  window.mark = "kept";
  document.querySelector("details").open = true;
}

/** Runs in the frame. */
function readTraces() {
  return { open: document.querySelector("details").open, mark: window.mark };
}
