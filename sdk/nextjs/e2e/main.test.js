// The application in a real browser, with the real program behind it: `npm run build && npm run e2e`.
import { after, before, describe, test } from "node:test";
import { dashboard } from "./scenarios/dashboard.js";
import { embedding } from "./scenarios/embedding.js";
import { leaders } from "./scenarios/leaders.js";
import { outages } from "./scenarios/outages.js";
import { review } from "./scenarios/review.js";
import { secrets } from "./scenarios/secrets.js";
import { words } from "./scenarios/words.js";
import { browserPath, Stage } from "./stage/stage.js";

const SCENARIO_MS = 90_000;
const SETTING_UP_MS = 180_000;

const lacks = browserPath() ? undefined : "Chromium is not installed: install the package chromium";
if (lacks && process.env.AMBER_REQUIRE_TOOLS === "1") throw new Error(lacks);
if (lacks) console.error(`skipped: ${lacks}`);

describe("the application", { skip: lacks, concurrency: false }, () => {
  let stage;
  before(async () => (stage = await Stage.start()), { timeout: SETTING_UP_MS });
  after(() => stage?.end());

  /** A test that gets the stage; the pages that it opens are closed after it. */
  const scenario = (name, act) =>
    test(name, { timeout: SCENARIO_MS }, async () => {
      try {
        await act(stage);
      } finally {
        await Promise.all(stage.browser.contexts().map((context) => context.close()));
      }
    });

  // The last ones look at all that the others have seen.
  for (const scenarios of [dashboard, words, leaders, review, embedding, outages, secrets]) scenarios(scenario);
});
