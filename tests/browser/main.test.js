// The frame in real browsers: thirteen scenarios, each in every engine that is installed.
//
// `just browser` builds the program, installs the driver and runs this file.
import { after, before, describe, test } from "node:test";
import { Amber } from "./stage/amber.js";
import { ENGINES, launch, missing } from "./stage/browsers.js";
import { Relay } from "./stage/relay.js";
import { Site } from "./stage/sites.js";
import { Visit } from "./stage/visit.js";
import { framing } from "./scenarios/framing.js";
import { lifetime } from "./scenarios/lifetime.js";
import { opening } from "./scenarios/opening.js";
import { outages } from "./scenarios/outages.js";
import { refusals } from "./scenarios/refusals.js";
import { renewal } from "./scenarios/renewal.js";

const SCENARIO_MS = 60_000;
const SETTING_UP_MS = 180_000;

/** What the scenarios play with; the browser changes with the engine. */
const stage = {};

before(
  async () => {
    stage.relay = await Relay.start();
    stage.server = stage.relay.url;
    const issue = (fields) => stage.amber.issue(fields);
    stage.partner = await Site.start(issue);
    stage.other = await Site.start(issue);
    stage.stranger = await Site.start(issue);
    const origins = [stage.partner.origin, stage.other.origin];
    stage.amber = await Amber.start({ origins, publicUrl: stage.server });
    stage.relay.lead(stage.amber.port);
  },
  { timeout: SETTING_UP_MS },
);

after(async () => {
  await stage.amber?.end();
  await Promise.all([stage.relay, stage.partner, stage.other, stage.stranger].map((one) => one?.end()));
});

/** A test that gets the stage and `visit`, which opens host pages; they are closed after it. */
function scenario(name, act) {
  test(name, { timeout: SCENARIO_MS }, async () => {
    stage.relay.forget();
    const visits = [];
    const visit = async (site, options) => {
      visits.push(await Visit.to(stage.browser, stage.server, site, options));
      return visits.at(-1);
    };
    try {
      await act({ ...stage, visit });
    } finally {
      await Promise.allSettled(visits.map((visit) => visit.leave()));
    }
  });
}

for (const engine of ENGINES) {
  const lacks = await missing(engine);
  if (lacks && process.env.AMBER_REQUIRE_TOOLS === "1") throw new Error(lacks);
  if (lacks) console.error(`skipped: ${lacks}`);
  describe(engine.name, { skip: lacks }, () => {
    before(async () => (stage.browser = await launch(engine)), { timeout: SETTING_UP_MS });
    after(() => stage.browser?.close());
    for (const scenarios of [opening, renewal, refusals, framing, outages, lifetime]) scenarios(scenario);
  });
}
